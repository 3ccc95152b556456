"""What a supplier gets for an approved bill on an earlier day, and what that costs: by bank, and from own cash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import SimpleNamespace

from openscf.errors import InputInvalid
from openscf.money import Money
from openscf.payables import Discounted, early_payment

OWN_CASH = "own"
# A simple rate a year of 365 days, whatever the payer's own day count: so that quotes can be compared.
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One way to be paid early. Amounts in `currency`.

    :ivar payable_id: the `scf.payable` (Odoo's id)
    :ivar source: who pays: `OWN_CASH`, or `bank-<id of scf.payable.bank>`
    :ivar payer: the name of whoever pays
    :ivar pay_on: the day on which the money leaves
    :ivar amount: what is paid on the due date otherwise
    :ivar discount: what early payment costs
    :ivar payout: what comes early
    :ivar days: how many days earlier than on the due date
    :ivar rate_pa: the cost in percent a year of the money that comes early (simple, 365 days)
    """

    payable_id: int
    source: str
    payer: str
    pay_on: date
    due_on: date
    currency: str
    amount: Decimal
    discount: Decimal
    payout: Decimal
    days: int
    rate_pa: Decimal

    @property
    def figures(self) -> tuple[str, date, Decimal, Decimal]:
        """What somebody agrees to by accepting."""
        return self.source, self.pay_on, self.discount, self.payout


def cost_a_year(discount: Decimal, payout: Decimal, days: int) -> Decimal:
    """The cost of early money in percent a year, simple, of 365 days, to two decimals; 0 where no day is gained."""
    if days <= 0 or payout <= 0:
        return Decimal("0.00")
    return (discount * 100 * DAYS_A_YEAR / (payout * days)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def bank_figures(amount: Money, terms: Mapping, pay_on: date, due_on: date) -> Discounted | None:
    """What a bank keeps and pays on a day; None where its terms allow no payment on that day.

    :param terms: PayableTerms as on the wire: rates as decimal strings, days as ISO dates
    """
    first, last = date.fromisoformat(terms["first_on"]), date.fromisoformat(terms["last_on"])
    if not first <= pay_on <= last or (due_on - pay_on).days < int(terms["min_days"]):
        return None
    price = SimpleNamespace(
        rate_pa=Decimal(terms["rate_pa"]), day_count=terms["day_count"], fee_percent=Decimal(terms["fee_percent"])
    )
    try:
        return early_payment(amount, price, pay_on, due_on)
    except InputInvalid:  # nothing would be left to pay
        return None
