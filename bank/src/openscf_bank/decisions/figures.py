"""The figures that rules look at, read from a verified package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.kinds import SALES_KINDS
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
    "coverage_percent": ("Collections expected until the tenor ends, of what is asked", "%"),
    "late_deliveries_percent": ("Deliveries that went out late", "%"),
    "resale_days": ("Time until the financed goods are sold, the slowest", "days"),
    "goods_age_days": ("Age of the pledged goods, the oldest", "days"),
    "supplier_account_trusted": ("Supplier's account vouched for by the applicant", ""),
}


def figures(sections: Sections, today: date) -> dict[CheckName, Decimal | None]:
    """Each figure; None where the package does not carry it. With several buyers, the worst of them counts.

    Purchases and pledged goods have no buyer: they are repaid by whoever buys the goods, so that all the applicant's
    buyers together count, each by what it was invoiced.
    """
    paying = behaviours(sections)
    due_dates = [document.due_date for document in sections.transaction.documents if document.due_date]
    return {
        "buyer_late_share_percent": _worst([one.late_share_percent for one in paying]),
        "buyer_overdue_percent": _worst([one.overdue_percent for one in paying]),
        "buyer_days_late": _worst([one.days_late for one in paying]),
        "history_months": _history_months(sections),
        "history_invoices": Decimal(min(one.invoices for one in paying)) if paying else None,
        "days_past_due": Decimal(max((today - due).days for due in due_dates)) if due_dates else None,
        "delivered_percent": _delivered_percent(sections),
        "requested_amount": sections.transaction.requested.amount,
        "authenticity_light": _light(sections, "authenticity"),
        "self_liquidation_light": _light(sections, "self_liquidation"),
        "control_light": _light(sections, "control"),
        "contradictions": Decimal(len(sections.evidence.contradictions)) if sections.evidence else None,
        "coverage_percent": _coverage_percent(sections, today),
        "late_deliveries_percent": _late_deliveries_percent(sections),
        "resale_days": _resale_days(sections),
        "goods_age_days": _goods_age_days(sections, today),
        "supplier_account_trusted": _supplier_account_trusted(sections),
    }


@dataclass(frozen=True)
class Behaviour:
    """How a buyer, or all of them together, pays; a figure is None where the package does not carry it."""

    late_share_percent: Decimal | None
    overdue_percent: Decimal | None
    days_late: Decimal | None
    invoices: int


def behaviours(sections: Sections) -> list[Behaviour]:
    """How the buyers of the financed documents pay; where these have none, or none is financed, how all buyers do."""
    rows = sections.cash_flow.buyer_history if sections.cash_flow is not None else ()
    if sells(sections):
        buyers = {document.buyer for document in sections.transaction.documents}
        return [_behaviour([row]) for row in rows if row.buyer in buyers]
    # Amounts of different currencies have no common weight.
    comparable = [row for row in rows if row.currency == sections.transaction.requested.currency]
    return [_behaviour(comparable)] if comparable else []


def sells(sections: Sections) -> bool:
    """Whether the financed documents are the applicant's sales, whose buyers repay the loan."""
    documents = sections.transaction.documents
    return bool(documents) and all(document.kind in SALES_KINDS for document in documents)


def _behaviour(rows: Sequence[BuyerHistoryRow]) -> Behaviour:
    invoiced = sum((row.invoiced for row in rows), Decimal(0))
    overdue = sum((row.overdue for row in rows), Decimal(0))
    return Behaviour(
        late_share_percent=_weighted([(row.late_share_percent, row.invoiced) for row in rows]),
        overdue_percent=(overdue / invoiced * 100).quantize(HUNDREDTH) if invoiced > 0 else None,
        days_late=_weighted([(row.weighted_days_late, row.invoiced) for row in rows]),
        invoices=sum(row.invoices for row in rows),
    )


def _weighted(figures_by_amount: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """The mean by amount of what is known; one figure alone stays as it is."""
    known = [(figure, weight) for figure, weight in figures_by_amount if figure is not None]
    if len(known) == 1:
        return known[0][0]
    whole = sum((weight for _, weight in known), Decimal(0))
    if whole <= 0:
        return None
    return (sum((figure * weight for figure, weight in known), Decimal(0)) / whole).quantize(HUNDREDTH)


def carried(sections: Sections, limit_months: Decimal | None) -> Decimal:
    """What is lent on, in the requested currency: what the financed documents still carry; with `limit_months`, so many
    months of what the company collects on average over its history.
    """
    if limit_months is None:
        return sum((document.totals.outstanding for document in sections.transaction.documents), Decimal(0))
    months, cash, currency = _history_months(sections), sections.cash_flow, sections.transaction.requested.currency
    if cash is None or not months:
        return Decimal(0)
    collected = sum((row.collected for row in cash.months if row.currency == currency), Decimal(0))
    # Less than a month is no average.
    return max(collected, Decimal(0)) / max(months, Decimal(1)) * limit_months


def _history_months(sections: Sections) -> Decimal | None:
    cash = sections.cash_flow
    if cash is None or cash.period is None:
        return None
    return (Decimal((cash.period.to - cash.period.from_).days + 1) / DAYS_A_MONTH).quantize(TENTH)


def _worst(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _light(sections: Sections, light: str) -> Decimal | None:
    lights = sections.checks.lights if sections.checks is not None else ()
    return next((LIGHT_FIGURES.get(row.level) for row in lights if row.light == light), None)


def _coverage_percent(sections: Sections, today: date) -> Decimal | None:
    """Collections forecast up to the week in which the tenor ends: of the financed documents, or, where these are
    repaid by resale, of everything the applicant sells."""
    requested, forecast = sections.transaction.requested, sections.forecast
    if forecast is None or requested.amount <= 0:
        return None
    end = today + timedelta(days=sections.transaction.tenor_days)
    weeks = [week for week in forecast.weeks if week.currency == requested.currency and week.week <= end]
    of_documents = sells(sections)
    expected = sum((week.financed if of_documents else week.expected for week in weeks), Decimal(0))
    return (expected / requested.amount * 100).quantize(HUNDREDTH)


def _late_deliveries_percent(sections: Sections) -> Decimal | None:
    flow = sections.logistics_flow
    months = [month for month in flow.months if month.direction == "out"] if flow is not None else []
    done = sum(month.on_time + month.late for month in months)
    return (Decimal(sum(month.late for month in months)) / done * 100).quantize(HUNDREDTH) if done else None


def _resale_days(sections: Sections) -> Decimal | None:
    """Not known where some of the goods were not sold within the last twelve months."""
    rows = sections.inventory.resale if sections.inventory is not None else ()
    return _worst([row.days_to_sell for row in rows])


def _goods_age_days(sections: Sections, today: date) -> Decimal | None:
    pledged = [document.goods for document in sections.transaction.documents if document.goods is not None]
    return _worst([Decimal((today - goods.oldest_on).days) if goods.oldest_on else None for goods in pledged])


def _supplier_account_trusted(sections: Sections) -> Decimal | None:
    """1 where somebody in charge at the applicant vouched for the account of each supplier, else 0."""
    accounts = [seller.account for seller in sections.party.sellers]
    return Decimal(all(account is not None and account.trusted for account in accounts)) if accounts else None


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
