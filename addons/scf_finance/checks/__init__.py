"""The applicant's own checks on what a package states, and the three lights that they make."""

from .lights import run_checks

__all__ = ["run_checks"]
