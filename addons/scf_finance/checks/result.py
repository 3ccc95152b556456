"""What a check says: a level, what was measured against what, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from odoo.tools.translate import LazyGettext

# Best first. Grey is the lack of a level: the check could not be made.
LEVELS = ("green", "amber", "red")
GREY = "grey"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as a template and what fills it in, so that it can be told in any language.

    A parameter is a text, a term to translate, a number (`int` or `Decimal`), a date, an amount
    (`openscf.money.Money`), or a list of document numbers. No company is named: a package may keep names back.
    """

    template: LazyGettext
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found.

    `figure` and `threshold` are in `unit` ("percent", "days", "documents"); the threshold is the worst figure that is
    still green.
    `documents` are the financed documents that the level comes from; none where all are alike.
    """

    level: str
    sentence: Sentence
    figure: Decimal | None = None
    threshold: Decimal | None = None
    unit: str | None = None
    documents: tuple[str, ...] = ()


def said(template: LazyGettext, **params) -> Sentence:
    """A sentence in the order in which it is read: the words, then what fills them in."""
    return Sentence(template, params)


def not_made(template: LazyGettext, **params) -> CheckResult:
    """The result where the data is missing, and why."""
    return CheckResult(GREY, said(template, **params))


def worst(levels: Iterable[str]) -> str:
    """The worst of the levels, grey where none was reached."""
    return max((level for level in levels if level != GREY), key=LEVELS.index, default=GREY)


def graded(figure: Decimal, *, green: Decimal, amber: Decimal) -> str:
    """The level of a figure that is better the smaller it is; both limits belong to the better side."""
    if figure <= green:
        return "green"
    return "amber" if figure <= amber else "red"
