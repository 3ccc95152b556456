"""How a company's buyers pay: the one source of it is the payment history that the packages tell the banks."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..eligibility.resale_days import read_days_to_pay
from ..evidence.buyers import read_payers
from ..evidence.forecast import days_late
from ..evidence.money_moves import read_payments
from ..evidence.period import Period

# So many full months are looked back on.
HISTORY_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Habits:
    """How the buyers of one company pay.

    :ivar days_late: whole days late by buyer (id of the commercial partner), weighted by amount
    :ivar usual: the same of all buyers together: for those who have not paid anything yet
    :ivar days_to_pay: days from the invoice to the payment, for sales that are still to be made
    """

    days_late: dict[int, int] = field(default_factory=dict)
    usual: int = 0
    days_to_pay: int = 0

    def of_buyer(self, buyer_id: int) -> int:
        """By how many days the buyer is expected to be late."""
        return self.days_late.get(buyer_id, self.usual)

    def of_buyers(self, buyer_ids) -> Habits:
        """The same habits, of some buyers only: to be kept with a loan."""
        known = {buyer: self.days_late[buyer] for buyer in buyer_ids if buyer in self.days_late}
        return Habits(known, self.usual, self.days_to_pay)

    def to_json(self) -> dict:
        """As JSON, whose keys are text."""
        by_buyer = {str(buyer): days for buyer, days in self.days_late.items()}
        return {"days_late": by_buyer, "usual": self.usual, "days_to_pay": self.days_to_pay}

    @classmethod
    def from_json(cls, told: dict) -> Habits:
        """What `to_json` gave."""
        by_buyer = {int(buyer): days for buyer, days in told["days_late"].items()}
        return cls(by_buyer, told["usual"], told["days_to_pay"])


def read_habits(env, company, today) -> Habits:
    """The habits of all buyers of a company, by the payments of the last `HISTORY_MONTHS` months: three queries."""
    period = Period.of_months(HISTORY_MONTHS, today)
    payers = read_payers(env, company, period=period, payments=read_payments(env, company, period=period))
    by_buyer = days_late(payers)
    return Habits(
        {buyer: days for buyer, days in by_buyer.items() if buyer},
        by_buyer[None],
        read_days_to_pay(env, company, today),
    )
