"""The figures of a row that the rules look at."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from openscf.programs import Period, PrequalificationRow

_CENT = Decimal("0.01")
# An average month, in days.
_DAYS_A_MONTH = Decimal("30.4375")


def figures(row: PrequalificationRow, as_of: date) -> dict[str, Decimal | None]:
    """Each figure by its name; None where the row does not tell it. Percents have two decimals."""
    return {
        "months_active": Decimal(row.months_active),
        "orders": Decimal(row.orders),
        "invoices": Decimal(row.invoices),
        "days_since_last_order": None if row.last_order_on is None else Decimal((as_of - row.last_order_on).days),
        "late_deliveries_percent": _percent(Decimal(row.deliveries_late), Decimal(row.deliveries)),
        "days_late": row.days_late,
        "received_percent": _percent(row.received, row.ordered),
        "returned_percent": _percent(row.returned, row.received),
        "credited_percent": _percent(row.credited, row.invoiced),
        "disputed_percent": _percent(row.disputed, row.invoiced),
        "price_deviation_percent": row.price_deviation_percent,
        "share_percent": row.share_percent,
    }


def months(period: Period) -> int:
    """How many months a period has, to the nearest one, and one at least."""
    days = Decimal((period.to - period.from_).days + 1)
    return max(1, int((days / _DAYS_A_MONTH).to_integral_value(rounding=ROUND_HALF_UP)))


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return None if whole == 0 else (part * 100 / whole).quantize(_CENT, rounding=ROUND_HALF_UP)
