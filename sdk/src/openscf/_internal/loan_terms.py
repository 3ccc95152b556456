"""The terms of a loan, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final, Literal

from openscf._internal.day_count import YEAR_DAYS, DayCount
from openscf.errors import InputInvalid
from openscf.money import EXACT, round_money, to_amount, to_decimal

Component = Literal["penalty", "fee", "interest", "principal"]
WATERFALL: Final[tuple[Component, ...]] = ("penalty", "fee", "interest", "principal")

# A hundred years; longer is a typing error.
MAX_TENOR_DAYS = 36_525
# Percent; above it a rate is a typing error, and the annuity would lose digits.
MAX_RATE = Decimal(1000)


@dataclass(frozen=True, kw_only=True)
class LoanTerms:
    """What was agreed.

    `principal` and `fee` in `currency`; `rate_pa` and `penalty_rate_pa` in percent per year; a `bullet` loan is due
    in one sum `tenor_days` after the disbursement, an `instalment` loan in equal monthly annuities of which the last
    falls on that day. `fee_timing`: `deducted` from the disbursement, or paid through the waterfall `on_repayment`.
    Raises InputInvalid for terms that make no loan.
    """

    principal: Decimal
    currency: str
    rate_pa: Decimal
    tenor_days: int
    day_count: DayCount = "ACT/360"
    repayment: Literal["bullet", "instalment"] = "bullet"
    instalments: int = 1
    fee: Decimal = Decimal(0)
    fee_timing: Literal["deducted", "on_repayment"] = "deducted"
    penalty_rate_pa: Decimal = Decimal(0)
    waterfall: tuple[Component, ...] = WATERFALL

    def __post_init__(self) -> None:
        for name in ("principal", "fee"):
            object.__setattr__(self, name, Decimal(to_amount(getattr(self, name), self.currency)))
        for name in ("rate_pa", "penalty_rate_pa"):
            rate = to_decimal(getattr(self, name))
            object.__setattr__(self, name, rate)
            _require(0 <= rate <= MAX_RATE, f"{name} is {rate}; a rate lies between 0 and {MAX_RATE} percent.")
        object.__setattr__(self, "waterfall", tuple(self.waterfall))
        _require(self.principal > 0, f"The principal is {self.principal}; a loan needs a positive one.")
        _require(self.fee >= 0, f"The fee is {self.fee}; it cannot be negative.")
        _require(self.day_count in YEAR_DAYS, f"day_count {self.day_count!r} is not one of {', '.join(YEAR_DAYS)}.")
        _require(self.repayment in ("bullet", "instalment"), f"repayment {self.repayment!r} is not known.")
        _require(self.fee_timing in ("deducted", "on_repayment"), f"fee_timing {self.fee_timing!r} is not known.")
        _require(
            sorted(self.waterfall) == sorted(WATERFALL),
            f"The waterfall {self.waterfall} must name each of {WATERFALL} once.",
        )
        _require(
            1 <= self.tenor_days <= MAX_TENOR_DAYS,
            f"The tenor is {self.tenor_days} days; it lies between 1 and {MAX_TENOR_DAYS}.",
        )
        _require(
            self.instalments == 1 or (self.repayment == "instalment" and self.instalments > 1),
            f"{self.instalments} instalments do not go with repayment {self.repayment!r}.",
        )
        # However a year lies, n months are less than 3 days longer than n average ones (487/16 days): the last but
        # one instalment then falls before the tenor's end.
        _require(
            self.instalments == 1 or 487 * (self.instalments - 1) + 48 <= 16 * self.tenor_days,
            f"{self.instalments} monthly instalments do not fit into {self.tenor_days} days; lower their number.",
        )
        if self.fee_timing == "deducted":
            _require(self.fee < self.principal, f"The deducted fee {self.fee} leaves nothing of {self.principal}.")

    @property
    def in_hand(self) -> Decimal:
        """What the borrower (or its supplier) receives."""
        return self.principal - self.fee if self.fee_timing == "deducted" else self.principal

    def interest_on(self, principal_days: Decimal, rate_pa: Decimal) -> Decimal:
        """Return the interest, rounded to the currency, for a sum of principal × days at a rate in percent."""
        return round_money(self.exact_interest_on(principal_days, rate_pa), self.currency)

    def exact_interest_on(self, principal_days: Decimal, rate_pa: Decimal) -> Decimal:
        """Return the same, unrounded."""
        return EXACT.divide(EXACT.multiply(principal_days, rate_pa), Decimal(100 * YEAR_DAYS[self.day_count]))

    @classmethod
    def from_wire(cls, terms: Mapping[str, Any]) -> LoanTerms:
        """Read the `terms` of an offer or a loan; what no arithmetic needs (recourse, …) is passed over."""
        try:
            principal, fee = terms["principal"], terms["fee"]
            if fee["currency"] != principal["currency"]:
                raise InputInvalid(f"The fee is in {fee['currency']}, the principal in {principal['currency']}.")
            taken = {field.name: terms[field.name] for field in fields(cls) if terms.get(field.name) is not None}
            taken.update(principal=principal["amount"], currency=principal["currency"], fee=fee["amount"])
            return cls(**taken)
        except (KeyError, TypeError) as error:
            raise InputInvalid(f"The terms are incomplete or of another shape: {error}.") from error

    def to_wire(self) -> dict[str, Any]:
        """Return the part of an offer's `terms` that arithmetic needs."""
        return {
            "principal": {"amount": to_amount(self.principal, self.currency), "currency": self.currency},
            "rate_pa": format(self.rate_pa, "f"),
            "day_count": self.day_count,
            "repayment": self.repayment,
            "tenor_days": self.tenor_days,
            "instalments": self.instalments,
            "fee": {"amount": to_amount(self.fee, self.currency), "currency": self.currency},
            "fee_timing": self.fee_timing,
            "penalty_rate_pa": format(self.penalty_rate_pa, "f"),
            "waterfall": list(self.waterfall),
        }


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InputInvalid(message)
