"""The figures that rules look at, read from a verified package."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from openscf.package import BuyerHistoryRow, Package

from ..profile import CheckName

# An average month of the Gregorian calendar, for a history given in days.
DAYS_A_MONTH = Decimal("30.44")
TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")

LABELS: dict[CheckName, tuple[str, str]] = {
    "buyer_late_share_percent": ("Paid late by the buyer", "%"),
    "buyer_overdue_percent": ("Overdue of what the buyer was invoiced", "%"),
    "buyer_days_late": ("Average lateness, weighted by amount", "days"),
    "history_months": ("Payment history shown", "months"),
    "history_invoices": ("Invoices to the buyer in the history", ""),
    "days_past_due": ("Document past its due date", "days"),
    "delivered_percent": ("Delivered of what was ordered", "%"),
    "requested_amount": ("Requested amount", ""),
}


def figures(package: Package, today: date) -> dict[CheckName, Decimal | None]:
    """Each figure; None where the package does not carry it. With several buyers, the worst of them counts."""
    histories = buyer_histories(package)
    cash = package.sections.cash_flow
    months = None
    if cash is not None and cash.period is not None:
        months = (Decimal((cash.period.to - cash.period.from_).days + 1) / DAYS_A_MONTH).quantize(TENTH)
    due_dates = [document.due_date for document in package.sections.transaction.documents if document.due_date]
    return {
        "buyer_late_share_percent": _worst([row.late_share_percent for row in histories]),
        "buyer_overdue_percent": _worst([_overdue_percent(row) for row in histories]),
        "buyer_days_late": _worst([row.weighted_days_late for row in histories]),
        "history_months": months,
        "history_invoices": Decimal(min(row.invoices for row in histories)) if histories else None,
        "days_past_due": Decimal(max((today - due).days for due in due_dates)) if due_dates else None,
        "delivered_percent": _delivered_percent(package),
        "requested_amount": package.sections.transaction.requested.amount,
    }


def buyer_histories(package: Package) -> list[BuyerHistoryRow]:
    """The payment histories of the buyers of the financed documents."""
    cash = package.sections.cash_flow
    buyers = {document.buyer for document in package.sections.transaction.documents}
    return [row for row in cash.buyer_history if row.buyer in buyers] if cash is not None else []


def outstanding(package: Package) -> Decimal:
    """What the financed documents still carry, in the requested currency."""
    return sum((document.totals.outstanding for document in package.sections.transaction.documents), Decimal(0))


def _worst(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _overdue_percent(row: BuyerHistoryRow) -> Decimal | None:
    return (row.overdue / row.invoiced * 100).quantize(HUNDREDTH) if row.invoiced > 0 else None


def _delivered_percent(package: Package) -> Decimal | None:
    flow = package.sections.order_flow
    lines = [line for order in flow.orders for line in order.lines] if flow is not None else []
    ordered = sum((line.ordered for line in lines), Decimal(0))
    if ordered <= 0:
        return None
    delivered = sum((min(line.delivered, line.ordered) for line in lines), Decimal(0))
    return (delivered / ordered * 100).quantize(HUNDREDTH)
