"""Settings of all tests of the SDK."""

from __future__ import annotations

from hypothesis import settings

# No deadline per example: a busy machine is no defect. The whole suite is what has to be fast.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")
