"""The three lights against the checks that make them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from openscf._internal.finding import Finding
from openscf._internal.sections import ChecksSection, LightRow
from openscf.package import Package

LIGHTS: Final[tuple[str, ...]] = get_args(LightRow.model_fields["light"].annotation)
# Best first. Grey is no level but the lack of one: a check that could not be made.
_LEVELS: Final = ("green", "amber", "red")


def check_lights(package: Package) -> Iterator[Finding]:
    """Yield a finding for each light that is missing, stated twice, or not the worst of its checks."""
    checks = package.sections.checks
    if checks is None:
        return
    pointer, seen = "/sections/checks/lights", set[str]()
    worst_levels = {light: worst_level(checks, light) for light in LIGHTS}
    for at, row in enumerate(checks.lights):
        if row.light in seen:
            yield Finding(code="repeated", pointer=f"{pointer}/{at}", message=f"The light {row.light} is stated twice.")
        seen.add(row.light)
        worst = worst_levels[row.light]
        if row.level != worst:
            message = f"The light {row.light} is {row.level}; the worst of its checks is {worst}."
            yield Finding(code="light-mismatch", pointer=f"{pointer}/{at}/level", message=message)
    for light in LIGHTS:
        if light not in seen:
            yield Finding(code="light-missing", pointer=pointer, message=f"The light {light} is not stated.")


def worst_level(checks: ChecksSection, light: str) -> str:
    """Return the worst level among a light's checks, grey where none could be made."""
    made = [row.level for row in checks.results if row.light == light and row.level != "grey"]
    return max(made, key=_LEVELS.index, default="grey")
