"""The terms of a loan, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from openscf._internal.day_count import UNITS_A_YEAR, DayCount
from openscf._internal.loan_waterfall import COMPONENTS, expanded
from openscf.errors import InputInvalid
from openscf.money import EXACT, round_money, to_amount, to_decimal

RepaymentKind = Literal["bullet", "instalment", "equal_principal", "revolving", "sales_linked"]
FeeTiming = Literal["deducted", "on_repayment", "up_front", "periodic"]
REPAYMENT_KINDS: Final = get_args(RepaymentKind)
FEE_TIMINGS: Final = get_args(FeeTiming)
# The kinds that are repaid in a number of monthly instalments.
IN_INSTALMENTS: Final = ("instalment", "equal_principal")

# A hundred years; longer is a typing error.
MAX_TENOR_DAYS = 36_525
# Monthly for a hundred years; more due dates are a typing error.
MAX_DUE_DATES = 1200
# Percent; above it a rate is a typing error, and the annuity would lose digits.
MAX_RATE = Decimal(1000)
MAX_GRACE_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class LoanTerms:
    """What was agreed.

    `principal` and `fee` in `currency`; rates in percent per year, shares in percent. `repayment` is one of

    - `bullet`: due in one sum `tenor_days` after the disbursement;
    - `instalment`: equal monthly annuities of which the last falls on that day;
    - `equal_principal`: monthly, an equal part of the principal each and the interest accrued;
    - `revolving`: `principal` is the limit, drawn in parts, repaid and drawn again; interest is due monthly, principal
      when the tenor ends;
    - `sales_linked`: repaid by `sweep_percent` of collections; every `period_days` at least a further
      `minimum_percent` of the principal is due, with the interest accrued, and the rest when the tenor ends.

    `fee_timing`: `deducted` from the disbursement; `up_front`, due beside it; `on_repayment`, owed from the start and
    due with the first due date; `periodic`, owed anew on every due date. A sum is past due, and principal bears
    the penalty, from the day after its due date and `grace_days` on. `waterfall` names components, each for its three
    times, or single steps such as `past_due.interest`. Raises InputInvalid for terms that make no loan.
    """

    principal: Decimal
    currency: str
    rate_pa: Decimal
    tenor_days: int
    day_count: DayCount = "ACT/360"
    repayment: RepaymentKind = "bullet"
    instalments: int = 1
    fee: Decimal = Decimal(0)
    fee_timing: FeeTiming = "deducted"
    penalty_rate_pa: Decimal = Decimal(0)
    waterfall: tuple[str, ...] = COMPONENTS
    grace_days: int = 0
    sweep_percent: Decimal = Decimal(100)
    minimum_percent: Decimal | None = None
    period_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("principal", "fee"):
            object.__setattr__(self, name, Decimal(to_amount(getattr(self, name), self.currency)))
        for name in ("rate_pa", "penalty_rate_pa"):
            rate = to_decimal(getattr(self, name))
            object.__setattr__(self, name, rate)
            _require(0 <= rate <= MAX_RATE, f"{name} is {rate}; a rate lies between 0 and {MAX_RATE} percent.")
        object.__setattr__(self, "waterfall", tuple(self.waterfall))
        expanded(self.waterfall)
        _require(self.principal > 0, f"The principal is {self.principal}; a loan needs a positive one.")
        _require(self.fee >= 0, f"The fee is {self.fee}; it cannot be negative.")
        _require(
            self.day_count in UNITS_A_YEAR, f"day_count {self.day_count!r} is not one of {', '.join(UNITS_A_YEAR)}."
        )
        _require(self.repayment in REPAYMENT_KINDS, f"repayment {self.repayment!r} is not known.")
        _require(self.fee_timing in FEE_TIMINGS, f"fee_timing {self.fee_timing!r} is not known.")
        _require(
            1 <= self.tenor_days <= MAX_TENOR_DAYS,
            f"The tenor is {self.tenor_days} days; it lies between 1 and {MAX_TENOR_DAYS}.",
        )
        _require(
            0 <= self.grace_days <= MAX_GRACE_DAYS,
            f"grace_days is {self.grace_days}; it lies between 0 and {MAX_GRACE_DAYS}.",
        )
        if self.fee_timing == "deducted":
            _require(self.fee < self.principal, f"The deducted fee {self.fee} leaves nothing of {self.principal}.")
        self._check_instalments()
        self._check_sales_link()

    def _check_instalments(self) -> None:
        _require(
            self.instalments == 1 or (self.repayment in IN_INSTALMENTS and self.instalments > 1),
            f"{self.instalments} instalments do not go with repayment {self.repayment!r}.",
        )
        # However a year lies, n months are less than 3 days longer than n average ones (487/16 days): the last but
        # one instalment then falls before the tenor's end.
        _require(
            self.instalments == 1 or 487 * (self.instalments - 1) + 48 <= 16 * self.tenor_days,
            f"{self.instalments} monthly instalments do not fit into {self.tenor_days} days; lower their number.",
        )

    def _check_sales_link(self) -> None:
        object.__setattr__(self, "sweep_percent", to_decimal(self.sweep_percent))
        _require(
            0 < self.sweep_percent <= 100,
            f"sweep_percent is {self.sweep_percent}; the part of a collection lies above 0 and is at most 100.",
        )
        if self.repayment != "sales_linked":
            _require(
                self.minimum_percent is None and self.period_days is None,
                "minimum_percent and period_days go with repayment 'sales_linked' only; leave them out.",
            )
            return
        if self.minimum_percent is None or self.period_days is None:
            raise InputInvalid("A sales_linked loan needs minimum_percent and period_days; give both.")
        object.__setattr__(self, "minimum_percent", to_decimal(self.minimum_percent))
        _require(
            0 <= self.minimum_percent <= 100,
            f"minimum_percent is {self.minimum_percent}; the part of the principal lies between 0 and 100.",
        )
        _require(
            1 <= self.period_days <= MAX_TENOR_DAYS and self.tenor_days <= self.period_days * MAX_DUE_DATES,
            f"period_days is {self.period_days}; it is at least 1, and makes at most {MAX_DUE_DATES} periods.",
        )

    @property
    def in_hand(self) -> Decimal:
        """What the borrower (or its supplier) receives."""
        return self.principal - self.fee if self.fee_timing == "deducted" else self.principal

    def interest_on(self, principal_units: Decimal, rate_pa: Decimal) -> Decimal:
        """Return the interest, rounded to the currency, for a sum of principal × day count units at a percent rate."""
        return round_money(self.exact_interest_on(principal_units, rate_pa), self.currency)

    def exact_interest_on(self, principal_units: Decimal, rate_pa: Decimal) -> Decimal:
        """Return the same, unrounded."""
        return EXACT.divide(EXACT.multiply(principal_units, rate_pa), Decimal(100 * UNITS_A_YEAR[self.day_count]))

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
        """Return the part of an offer's `terms` that arithmetic needs.

        What came with later editions of the protocol is left out where it is the default, so that digests stay.
        """
        wire: dict[str, Any] = {
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
        if self.grace_days:
            wire["grace_days"] = self.grace_days
        if self.sweep_percent != 100:
            wire["sweep_percent"] = format(self.sweep_percent, "f")
        if self.minimum_percent is not None:
            wire.update(minimum_percent=format(self.minimum_percent, "f"), period_days=self.period_days)
        return wire


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InputInvalid(message)
