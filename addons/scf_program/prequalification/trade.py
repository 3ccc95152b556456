"""The trade with each supplier as the bank reads it: one row, in figures, of two years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from openscf.money import round_money, to_amount

from odoo.addons.scf_finance.evidence.wire_text import day, without_none

from .bills import read_bills
from .orders import read_order_lines, read_orders
from .plans import summing_plans
from .receipts import read_receipts
from .scope import Scope

ZERO, HUNDRED = Decimal(0), Decimal("100.00")
SUMS = ("ordered", "received", "returned", "invoiced", "credited", "disputed")
"""Amounts of a row, in the program's currency and net of tax."""
COUNTS = ("months_active", "orders", "order_lines", "deliveries", "deliveries_late", "invoices")
RATIOS = {"days_late": 1, "price_deviation_percent": 2}
"""Days and percentages, with the decimals that they are told with."""


@dataclass(frozen=True)
class Trade:
    """What was done with one supplier between two days.

    Amounts are decimals of `currency` (ISO 4217 code), net of tax. Days and percentages are rounded as they are told.

    :ivar first_order_on: of all orders ever; None where nothing was ever ordered, but billed
    :ivar last_order_on: None where nothing was ordered in the period
    :ivar days_late: None where nothing came late
    :ivar price_deviation_percent: None where nothing with a price was ordered
    :ivar share_percent: of all that the company ordered; None where it ordered nothing
    """

    supplier_id: int
    currency: str
    first_order_on: date | None
    last_order_on: date | None
    months_active: int
    orders: int
    order_lines: int
    ordered: Decimal
    received: Decimal
    returned: Decimal
    deliveries: int
    deliveries_late: int
    days_late: Decimal | None
    invoices: int
    invoiced: Decimal
    credited: Decimal
    disputed: Decimal
    price_deviation_percent: Decimal | None
    share_percent: Decimal | None

    @property
    def late_percent(self) -> Decimal:
        """Share of the deliveries that came late."""
        return percent(self.deliveries_late, self.deliveries)

    @property
    def returned_percent(self) -> Decimal:
        """Share of what came, by worth, that was sent back."""
        return percent(self.returned, self.received)

    def figures(self) -> dict:
        """The figures as on the wire: counts as integers, everything else as decimal strings, days as ISO dates.

        What the books cannot tell is left out.
        """
        return without_none(
            {
                "first_order_on": day(self.first_order_on),
                "last_order_on": day(self.last_order_on),
                **{name: getattr(self, name) for name in COUNTS},
                **{name: to_amount(getattr(self, name), self.currency) for name in SUMS},
                **{name: _text(getattr(self, name)) for name in (*RATIOS, "share_percent")},
            }
        )


def read_trade(scope: Scope) -> list[Trade]:
    """The trade with each supplier of the scope that there was any with in the period, by the supplier's id.

    Six queries, however many suppliers and however long the history: each table is read once. The same records give
    the same figures, whoever reads them and in whatever order they lie: sums are exact and rounded once, at the end.
    """
    env = scope.env
    env.flush_all()
    with summing_plans(env):
        parts = [read(scope) for read in (read_orders, read_order_lines, read_receipts, read_bills)]
    suppliers = sorted({supplier_id for part in parts for supplier_id in part})
    trades = (_trade(scope, supplier_id, parts) for supplier_id in suppliers)
    return [trade for trade in trades if trade.orders or trade.invoices]


def _trade(scope: Scope, supplier_id: int, parts: list[dict[int, dict]]) -> Trade:
    read: dict = {}
    for part in parts:
        read.update(part.get(supplier_id, {}))
    currency = scope.currency.name
    sums = {name: _decimal(read, name) for name in SUMS}
    whole = _decimal(read, "all_ordered")
    sums["received"] += _decimal(read, "accepted")
    return Trade(
        supplier_id=supplier_id,
        currency=currency,
        first_order_on=read.get("first_order_on"),
        last_order_on=read.get("last_order_on"),
        **{name: int(read.get(name) or 0) for name in COUNTS},
        # Discounts beyond what was bought leave nothing, and no debt.
        **{name: round_money(max(value, ZERO), currency) for name, value in sums.items()},
        **{
            name: rounded(Decimal(read[name]), places) if read.get(name) is not None else None
            for name, places in RATIOS.items()
        },
        share_percent=min(percent(max(sums["ordered"], ZERO), whole), HUNDRED) if whole > 0 else None,
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _decimal(read: Mapping, name: str) -> Decimal:
    return Decimal(read.get(name) or 0)


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """`part` of `whole` in percent with two decimals; 0 where there is no whole."""
    return rounded(100 * Decimal(part) / Decimal(whole), 2) if whole else rounded(ZERO, 2)


def rounded(value: Decimal, places: int) -> Decimal:
    """Half away from zero, with exactly so many decimals."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
