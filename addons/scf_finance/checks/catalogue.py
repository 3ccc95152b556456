"""All checks there are: one file each in `rules`, found by themselves.

A file says what it is called (`CODE` in packages, `TITLE` on screens), which light it belongs to (`LIGHT`), for which
kinds of documents it makes sense (`KINDS`, as on the wire), and checks:
`check(sections, today, settings) -> CheckResult`. `sections` are those of docs/package.md as dicts, perhaps not all of
them; `today` is the day of the package; `settings` the company's `thresholds.Thresholds`. It reads nothing else, so it
says the same of a package that somebody else has built.
"""

from __future__ import annotations

import importlib
import pkgutil

from . import rules

LIGHTS = ("authenticity", "self_liquidation", "control")


def _found():
    for module in pkgutil.iter_modules(rules.__path__):
        yield importlib.import_module(f"{rules.__name__}.{module.name}")


def rules_for(kind: str) -> tuple:
    """The checks on documents of one kind, in the order of the catalogue."""
    return tuple(rule for rule in CATALOGUE if kind in rule.KINDS)


# By light, then by file name: the same order in every package.
CATALOGUE = tuple(sorted(_found(), key=lambda rule: (LIGHTS.index(rule.LIGHT), rule.__name__)))
