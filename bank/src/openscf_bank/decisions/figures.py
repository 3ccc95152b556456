"""The figures that rules look at, read from a verified package."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from openscf.package import BuyerHistoryRow, Sections

from ..profile import LIGHT_FIGURES, CheckName

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
    "requested_amount": ("Size of the request", ""),
    "authenticity_light": ("Light: authenticity", ""),
    "self_liquidation_light": ("Light: self-liquidation", ""),
    "control_light": ("Light: control", ""),
    "contradictions": ("Contradictions between the streams", ""),
    "coverage_percent": ("Collections expected from the documents, of what is asked", "%"),
    "late_deliveries_percent": ("Deliveries that went out late", "%"),
}


def figures(sections: Sections, today: date) -> dict[CheckName, Decimal | None]:
    """Each figure; None where the package does not carry it. With several buyers, the worst of them counts."""
    histories = buyer_histories(sections)
    cash = sections.cash_flow
    months = None
    if cash is not None and cash.period is not None:
        months = (Decimal((cash.period.to - cash.period.from_).days + 1) / DAYS_A_MONTH).quantize(TENTH)
    due_dates = [document.due_date for document in sections.transaction.documents if document.due_date]
    return {
        "buyer_late_share_percent": _worst([row.late_share_percent for row in histories]),
        "buyer_overdue_percent": _worst([_overdue_percent(row) for row in histories]),
        "buyer_days_late": _worst([row.weighted_days_late for row in histories]),
        "history_months": months,
        "history_invoices": Decimal(min(row.invoices for row in histories)) if histories else None,
        "days_past_due": Decimal(max((today - due).days for due in due_dates)) if due_dates else None,
        "delivered_percent": _delivered_percent(sections),
        "requested_amount": sections.transaction.requested.amount,
        "authenticity_light": _light(sections, "authenticity"),
        "self_liquidation_light": _light(sections, "self_liquidation"),
        "control_light": _light(sections, "control"),
        "contradictions": Decimal(len(sections.evidence.contradictions)) if sections.evidence else None,
        "coverage_percent": _coverage_percent(sections, today),
        "late_deliveries_percent": _late_deliveries_percent(sections),
    }


def buyer_histories(sections: Sections) -> list[BuyerHistoryRow]:
    """The payment histories of the buyers of the financed documents."""
    cash = sections.cash_flow
    buyers = {document.buyer for document in sections.transaction.documents}
    return [row for row in cash.buyer_history if row.buyer in buyers] if cash is not None else []


def outstanding(sections: Sections) -> Decimal:
    """What the financed documents still carry, in the requested currency."""
    return sum((document.totals.outstanding for document in sections.transaction.documents), Decimal(0))


def _worst(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _overdue_percent(row: BuyerHistoryRow) -> Decimal | None:
    return (row.overdue / row.invoiced * 100).quantize(HUNDREDTH) if row.invoiced > 0 else None


def _light(sections: Sections, light: str) -> Decimal | None:
    lights = sections.checks.lights if sections.checks is not None else ()
    return next((LIGHT_FIGURES.get(row.level) for row in lights if row.light == light), None)


def _coverage_percent(sections: Sections, today: date) -> Decimal | None:
    """Collections forecast from the financed documents up to the week in which the tenor ends."""
    requested, forecast = sections.transaction.requested, sections.forecast
    if forecast is None or requested.amount <= 0:
        return None
    end = today + timedelta(days=sections.transaction.tenor_days)
    weeks = [week for week in forecast.weeks if week.currency == requested.currency and week.week <= end]
    expected = sum((week.financed for week in weeks), Decimal(0))
    return (expected / requested.amount * 100).quantize(HUNDREDTH)


def _late_deliveries_percent(sections: Sections) -> Decimal | None:
    flow = sections.logistics_flow
    months = [month for month in flow.months if month.direction == "out"] if flow is not None else []
    done = sum(month.on_time + month.late for month in months)
    return (Decimal(sum(month.late for month in months)) / done * 100).quantize(HUNDREDTH) if done else None


def _delivered_percent(sections: Sections) -> Decimal | None:
    """From the evidence, by amount; without it from the orders, by quantity."""
    if sections.evidence is not None:
        needed = sum((row.deliverable for row in sections.evidence.documents), Decimal(0))
        moved = sum((row.delivered for row in sections.evidence.documents), Decimal(0))
    else:
        flow = sections.order_flow
        lines = [line for order in flow.orders for line in order.lines] if flow is not None else []
        needed = sum((line.ordered for line in lines), Decimal(0))
        moved = sum((min(line.delivered, line.ordered) for line in lines), Decimal(0))
    return (moved / needed * 100).quantize(HUNDREDTH) if needed > 0 else None
