"""How much of the applicant's sales hangs on the buyer that is to pay."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import documents_of, documents_owed_by, financed_buyers, percent_about
from ..thresholds import CONCENTRATION_MIN_INVOICES, CONCENTRATION_RED_PERCENT

_lt = LazyTranslate(__name__)

CODE = "concentration"
LIGHT = "self_liquidation"
KINDS = SALES_KINDS
TITLE = _lt("Not one buyer alone")


def check(sections, today, settings) -> CheckResult:
    """The largest share of a financed buyer in what was invoiced over the history, in the documents' currency."""
    if "cash_flow" not in sections:
        return not_made(_lt("The history of sales is not part of the package."))
    currency = documents_of(sections)[0]["currency"]
    rows = [row for row in sections["cash_flow"]["buyer_history"] if row["currency"] == currency]
    invoiced = sum((Decimal(row["invoiced"]) for row in rows), Decimal(0))
    if sum(row["invoices"] for row in rows) < CONCENTRATION_MIN_INVOICES or invoiced <= 0:
        return not_made(_lt("Too few invoices were issued in the period to tell a share."))
    shares = {buyer["key"]: Decimal(0) for buyer in financed_buyers(sections)}
    for row in rows:
        if row.get("buyer") in shares:
            shares[row["buyer"]] = percent_about(Decimal(row["invoiced"]), invoiced)
    figure, limit = max(shares.values()), Decimal(settings.concentration_percent)
    largest = [buyer for buyer in financed_buyers(sections) if shares[buyer["key"]] == figure]
    return CheckResult(
        graded(figure, green=limit, amber=max(limit, CONCENTRATION_RED_PERCENT)),
        said(_lt("The buyer makes %(share)s %% of what was invoiced in the period."), share=figure),
        figure=figure,
        threshold=limit,
        unit="percent",
        documents=documents_owed_by(sections, largest),
    )
