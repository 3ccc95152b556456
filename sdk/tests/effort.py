"""How hard the properties are tried: a quarter in every run of the suite, in full where SCF_THOROUGH=1 asks for it."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("SCF_THOROUGH") == "1"


def examples(in_full: int) -> int:
    """The number of examples of a property that `in_full` ones try well."""
    return in_full if THOROUGH else in_full // 4
