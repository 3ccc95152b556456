"""What happens to a loan, dated by value date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from openscf.errors import InputInvalid
from openscf.money import to_decimal

# A hundred years; longer is a typing error.
MAX_EXTENSION_DAYS = 36_525


@dataclass(frozen=True, kw_only=True)
class Disbursement:
    """Principal is paid out; a deducted fee is a part of `amount`.

    It is the full principal, except for a revolving loan: there each is a drawdown, the first starts the loan.
    """

    id: str
    on: dt.date
    amount: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _positive(self.id, self.amount))


@dataclass(frozen=True, kw_only=True)
class Repayment:
    """Money came in; `on` is its value date, however late it is told."""

    id: str
    on: dt.date
    amount: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _positive(self.id, self.amount))


@dataclass(frozen=True, kw_only=True)
class RepaymentReversal:
    """The whole repayment with the id `reverses` was taken back on the day `on`."""

    id: str
    on: dt.date
    reverses: str


@dataclass(frozen=True, kw_only=True)
class Charge:
    """The bank charges a sum beside the terms (an extension, a dunning letter); it is owed and due on its day."""

    id: str
    on: dt.date
    amount: Decimal
    component: Literal["fee", "penalty"] = "fee"

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _positive(self.id, self.amount))
        if self.component not in ("fee", "penalty"):
            raise InputInvalid(f"The charge {self.id} is for {self.component!r}; a charge is a 'fee' or a 'penalty'.")


@dataclass(frozen=True, kw_only=True)
class ChargeReversal:
    """The whole charge with the id `reverses` was taken back on the day `on`."""

    id: str
    on: dt.date
    reverses: str


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Every due date on or after the day `on` moves by `days`; where all have passed, the last one moves."""

    id: str
    on: dt.date
    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MAX_EXTENSION_DAYS:
            raise InputInvalid(
                f"The extension {self.id} is of {self.days} days; it lies between 1 and {MAX_EXTENSION_DAYS}."
            )


@dataclass(frozen=True, kw_only=True)
class Call:
    """The bank calls the loan: all that is owed is due on the day `on`, without grace."""

    id: str
    on: dt.date


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """Money that came in above what was owed is paid on to the applicant."""

    id: str
    on: dt.date
    amount: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _positive(self.id, self.amount))


@dataclass(frozen=True, kw_only=True)
class WriteOff:
    """The bank gives up all that is owed at the end of the day `on`, or at most `amount` of it, by the waterfall.

    A line of which nothing is left ends with it.
    """

    id: str
    on: dt.date
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if self.amount is not None:
            object.__setattr__(self, "amount", _positive(self.id, self.amount))


Reversal = RepaymentReversal | ChargeReversal
LoanEvent = (
    Disbursement | Repayment | RepaymentReversal | Charge | ChargeReversal | Extension | Call | Surplus | WriteOff
)


def _positive(event_id: str, amount: Decimal) -> Decimal:
    exact = to_decimal(amount)
    if exact <= 0:
        raise InputInvalid(f"The event {event_id} has the amount {exact}; it must be positive (reverse it instead).")
    return exact
