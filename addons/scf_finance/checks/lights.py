"""The checks on one package, and the three lights that they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import ModuleType

from .catalogue import LIGHTS, rules_for
from .result import CheckResult, worst
from .stated import kind_of
from .thresholds import Thresholds, thresholds_of
from .wording import in_package

SOURCE = "scf for odoo/19.0 checks"


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of the catalogue with what it found."""

    rule: ModuleType
    result: CheckResult


def make_checks(sections: dict[str, dict], today: date, settings: Thresholds) -> list[Checked]:
    """Make the checks of the catalogue on such documents, in its order, on the sections that there are."""
    return [Checked(rule, rule.check(sections, today, settings)) for rule in rules_for(kind_of(sections))]


def run_checks(sections: dict[str, dict], env, today: date) -> dict:
    """Make the checks on what one bank gets to read, and return the section `checks` of its package.

    Give the sections as the bank reads them, after its consent has cut them: a check on a section that is kept back is
    grey, so that no figure of it gets out this way. The limits are those of `env.company`; sentences are English.
    """
    checked = make_checks(sections, today, thresholds_of(env.company))
    return {
        "as_of": sections["transaction"]["as_of"],
        "period": None,
        "source": SOURCE,
        "assurance": "asserted",
        "results": [_row(item, env) for item in checked],
        "lights": [{"light": light, "level": level_of(light, checked)} for light in LIGHTS],
    }


def level_of(light: str, checked: list[Checked]) -> str:
    """The worst level among the checks of a light; grey where none could be made."""
    return worst(item.result.level for item in checked if item.rule.LIGHT == light)


def _row(item: Checked, env) -> dict:
    result = item.result
    row = {"code": item.rule.CODE, "light": item.rule.LIGHT, "level": result.level}
    if result.figure is not None:
        row["figure"] = format(result.figure, "f")
    if result.threshold is not None:
        row["threshold"] = format(result.threshold, "f")
    if result.unit is not None:
        row["unit"] = result.unit
    return {**row, "documents": list(result.documents), "sentence": in_package(result.sentence, env)}
