"""The rules by which a bank decides prequalifications, as its profile says them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from ..exact import Exact, ProfileSection

# Percents are of what the second word counts: deliveries that were late, received that was returned, and so on.
FigureName = Literal[
    "months_active",
    "orders",
    "invoices",
    "days_since_last_order",
    "late_deliveries_percent",
    "days_late",
    "received_percent",
    "returned_percent",
    "credited_percent",
    "disputed_percent",
    "price_deviation_percent",
    "share_percent",
    "limit",
]


class FigureRule(ProfileSection):
    """A bound on one figure, `limit` being what is left after all steps before. `missing`: what no figure means."""

    check: FigureName
    minimum: Exact | None = None
    maximum: Exact | None = None
    missing: Literal["pass", "fail"] = "pass"
    message: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_bound(self) -> FigureRule:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


class Reduction(FigureRule):
    """Where the bound does not hold, the limit shrinks by `percent` of what is left by then."""

    percent: Exact = Field(gt=0, lt=100)


class PrequalificationSection(ProfileSection):
    """The base is `base_percent` of what was invoiced in an average month, times `base_months`.

    Reductions shrink it, in their order; then come the caps: the program's for one member, the bank's for one company,
    and `max_share_percent` of the program's limit. The limit is rounded down to a multiple of `round_to`. Then
    refusals make 0 of it and referrals leave it to an officer. A result stands for `valid_days`.
    """

    base_percent: Exact = Field(gt=0)
    base_months: Exact = Field(gt=0)
    max_share_percent: Exact = Field(default=Decimal(100), gt=0, le=100)
    round_to: Exact = Field(default=Decimal(1), gt=0)
    valid_days: int = Field(default=180, ge=1, le=1825)
    reduce: tuple[Reduction, ...] = ()
    decline: tuple[FigureRule, ...] = ()
    refer: tuple[FigureRule, ...] = ()
