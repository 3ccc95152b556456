"""What happens to a loan, dated by value date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from openscf.errors import InputInvalid
from openscf.money import to_decimal


@dataclass(frozen=True, kw_only=True)
class Disbursement:
    """The principal is paid out; `amount` is the full principal, of which a deducted fee is a part."""

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


LoanEvent = Disbursement | Repayment | RepaymentReversal


def _positive(event_id: str, amount: Decimal) -> Decimal:
    exact = to_decimal(amount)
    if exact <= 0:
        raise InputInvalid(f"The event {event_id} has the amount {exact}; it must be positive (reverse it instead).")
    return exact
