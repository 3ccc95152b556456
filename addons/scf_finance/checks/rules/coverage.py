"""Within the tenor, enough money is expected to come in to pay the loan back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.kinds import SALES_KINDS
from openscf.money import Money

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import ALL_KINDS, day, documents_of, kind_of, percent_at_least
from ..thresholds import WAITING_DAYS

_lt = LazyTranslate(__name__)

CODE = "coverage"
LIGHT = "self_liquidation"
KINDS = ALL_KINDS
TITLE = _lt("Expected money covers the repayment")
FULL = Decimal(100)
FROM_DOCUMENTS = _lt(
    "Until %(until)s, %(financed)s is expected from the financed documents and %(others)s from others: "
    "%(share)s %% of the amount asked for."
)
FROM_CUSTOMERS = _lt(
    "Until %(until)s, customers are expected to pay %(others)s that repays no other loan: %(share)s %% of the amount "
    "asked for."
)


@dataclass(frozen=True, slots=True)
class Collections:
    """Money expected by some day, in the currency asked for; `others` after what repays other loans."""

    financed: Decimal
    others: Decimal

    @property
    def total(self) -> Decimal:
        return self.financed + self.others


def check(sections, today, settings) -> CheckResult:
    """Collections expected within the tenor by the amount asked for, in percent.

    The money of the financed documents, and that of others as far as it does not repay other loans. Weeks count as a
    whole. What comes up to WAITING_DAYS after the tenor makes amber of red. Purchases and goods bring nothing by
    themselves: what customers owe already has to do.
    """
    if "forecast" not in sections:
        return not_made(_lt("The forecast of collections is not part of the package."))
    transaction = sections["transaction"]
    asked, currency = Decimal(transaction["requested"]["amount"]), transaction["requested"]["currency"]
    if asked <= 0:
        return not_made(_lt("No amount is asked for that would have to be covered."))
    end = today + timedelta(days=transaction["tenor_days"])
    in_time = _expected(sections, currency, end)
    in_the_end = _expected(sections, currency, end + timedelta(days=WAITING_DAYS))
    figure, threshold = percent_at_least(in_time.total, asked), Decimal(settings.coverage_percent)
    if figure >= threshold:
        level = "green"
    else:
        level = "amber" if max(figure, percent_at_least(in_the_end.total, asked)) >= FULL else "red"
    return CheckResult(
        level,
        said(
            FROM_DOCUMENTS if kind_of(sections) in SALES_KINDS else FROM_CUSTOMERS,
            until=end,
            financed=Money(amount=in_time.financed, currency=currency),
            others=Money(amount=in_time.others, currency=currency),
            share=figure,
        ),
        figure=figure,
        threshold=threshold,
        unit="percent",
    )


def _expected(sections, currency: str, until: date) -> Collections:
    weeks = [row for row in sections["forecast"]["weeks"] if row["currency"] == currency and day(row["week"]) <= until]
    financed = sum((Decimal(row["financed"]) for row in weeks), Decimal(0))
    others = sum((Decimal(row["expected"]) for row in weeks), Decimal(0)) - financed
    if kind_of(sections) == "sales_order":
        financed = _orders_due(sections, until)
        others -= _open_invoices_of_orders(sections)
    loans = sections.get("exposure", {}).get("loans", ())
    others -= sum((Decimal(row["outstanding"]) for row in loans if row["currency"] == currency), Decimal(0))
    return Collections(financed, max(others, Decimal(0)))


def _orders_due(sections, until: date) -> Decimal:
    """What the financed orders still bring, as far as it is due by then; no forecast knows an order."""
    return sum(
        (
            Decimal(row["totals"]["outstanding"])
            for row in documents_of(sections)
            if row.get("due_date") and day(row["due_date"]) <= until
        ),
        Decimal(0),
    )


def _open_invoices_of_orders(sections) -> Decimal:
    """At most this of the forecast is for invoices of the financed orders, and counted with them already."""
    invoiced = {row["number"] for row in sections.get("order_flow", {}).get("orders", ()) if row["documents"]}
    return sum(
        (Decimal(row["totals"]["outstanding"]) for row in documents_of(sections) if row["number"] in invoiced),
        Decimal(0),
    )
