"""One row and the bank's rules: a limit, and the steps that make it up, whose effects add up to it exactly.

Nothing but the row, the batch's days, the program's limits and the profile goes in, so that the same rows give the
same results on any day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from openscf.money import round_money, to_amount
from openscf.programs import LimitReason, PrequalificationRow, ResultStatus

from .figures import figures
from .section import FigureRule, PrequalificationSection


@dataclass(frozen=True)
class Frame:
    """What is the same for every row of a batch. Limits are in `currency`, `months` are the period's."""

    currency: str
    as_of: date
    months: int
    anchor_limit: Decimal
    member_limit: Decimal
    supplier_limit: Decimal
    rules: PrequalificationSection


@dataclass(frozen=True)
class Decided:
    """What became of a row."""

    status: ResultStatus
    limit: Decimal
    valid_until: date | None
    reasons: tuple[LimitReason, ...]


def decide(row: PrequalificationRow, frame: Frame) -> Decided:
    """Decide one row: base, reductions, caps, rounding; then what declines it, or leaves it to an officer."""
    known = figures(row, frame.as_of)
    steps = _Steps(frame.currency)
    _base(steps, row, frame)
    for reduction in frame.rules.reduce:
        for rule, figure, bound in _failing((reduction,), known, steps.left):
            shrunk = round_money(steps.left * reduction.percent / 100, frame.currency)
            steps.add(rule.check, -shrunk, rule.message, figure, bound)
    _caps(steps, frame)
    against = _failing(frame.rules.decline, known, steps.left)
    for rule, figure, bound in against:
        steps.add(rule.check, -steps.left, rule.message, figure, bound)
    if against:
        return Decided(ResultStatus.DECLINED, steps.left, None, tuple(steps.reasons))
    referring = _failing(frame.rules.refer, known, steps.left)
    for rule, figure, bound in referring:
        steps.add(rule.check, Decimal(0), rule.message, figure, bound)
    return Decided(
        ResultStatus.REFERRED if referring else ResultStatus.APPROVED,
        steps.left,
        frame.as_of + timedelta(days=frame.rules.valid_days),
        tuple(steps.reasons),
    )


class _Steps:
    """The way to a limit: what is left after each step, and the reason for it."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self.left = Decimal(0)
        self.reasons: list[LimitReason] = []

    def add(
        self,
        code: str,
        effect: Decimal,
        message: str,
        figure: Decimal | None = None,
        threshold: Decimal | None = None,
    ) -> None:
        exact = Decimal(to_amount(effect, self._currency))
        self.left += exact
        self.reasons.append(LimitReason(code=code, figure=figure, threshold=threshold, effect=exact, message=message))

    def cap(self, code: str, most: Decimal, message: str) -> None:
        if self.left > most:
            self.add(code, most - self.left, message, self.left, most)


def _base(steps: _Steps, row: PrequalificationRow, frame: Frame) -> None:
    monthly = round_money(row.invoiced / frame.months, frame.currency)
    base = round_money(monthly * frame.rules.base_months * frame.rules.base_percent / 100, frame.currency)
    sentence = (
        f"{frame.rules.base_percent} % of {frame.rules.base_months} average months of what was invoiced in "
        f"{frame.months} months."
    )
    steps.add("base", base, sentence, monthly)


def _caps(steps: _Steps, frame: Frame) -> None:
    share = round_money(frame.anchor_limit * frame.rules.max_share_percent / 100, frame.currency)
    steps.cap("member_cap", frame.member_limit, "The most for one member of this program.")
    steps.cap("supplier_cap", frame.supplier_limit, "The most for one company at this bank.")
    steps.cap("share_cap", share, f"One member has at most {frame.rules.max_share_percent} % of the program's limit.")
    multiple = frame.rules.round_to
    rounded = (steps.left / multiple).to_integral_value(rounding=ROUND_FLOOR) * multiple
    if rounded != steps.left:
        steps.add("rounding", rounded - steps.left, f"Rounded down to a multiple of {multiple}.")


def _failing(
    rules: Sequence[FigureRule], known: Mapping[str, Decimal | None], left: Decimal
) -> list[tuple[FigureRule, Decimal | None, Decimal | None]]:
    """The rules whose bound does not hold, each with its figure and the bound; `left` is what is left of the limit."""
    found = []
    for rule in rules:
        figure = left if rule.check == "limit" else known[rule.check]
        too_low = figure is not None and rule.minimum is not None and figure < rule.minimum
        too_high = figure is not None and rule.maximum is not None and figure > rule.maximum
        if too_low or too_high or (figure is None and rule.missing == "fail"):
            found.append((rule, figure, rule.maximum if rule.minimum is None else rule.minimum))
    return found
