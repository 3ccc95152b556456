"""The buyer is not the applicant itself by another name."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import documents_of, financed_buyers, standing_out

_lt = LazyTranslate(__name__)

CODE = "buyer-unrelated"
LIGHT = "authenticity"
KINDS = SALES_KINDS
TITLE = _lt("Buyer not related")
# What a buyer shares with the applicant, worst first.
RELATIONS = {
    "own_company": _lt("The buyer is the applicant itself: %(documents)s."),
    "same_group": _lt("The buyer belongs to the applicant's own group: %(documents)s."),
    "same_tax_id": _lt("The buyer has the applicant's own tax ID: %(documents)s."),
    "same_bank_account": _lt("The buyer has a bank account of the applicant: %(documents)s."),
    "own_user": _lt("Somebody at the buyer works in the applicant's own books: %(documents)s."),
}
# An accountant may work for both sides without being either of them.
AMBER_RELATION = "own_user"
UNRELATED = _lt("The buyer shares no company, tax ID, bank account or user with the applicant.")


def check(sections, today, settings) -> CheckResult:
    """How many financed documents are owed by somebody who is related to the applicant, as far as its records tell."""
    relations = {buyer["key"]: buyer.get("related") for buyer in financed_buyers(sections)}
    of_related = [row for row in documents_of(sections) if relations[row["buyer"]]]
    if of_related:
        closest = min((relations[row["buyer"]] for row in of_related), key=list(RELATIONS).index)
        level, words = "amber" if closest == AMBER_RELATION else "red", RELATIONS[closest]
    else:
        level, words, closest = "green", UNRELATED, None
    telling = [row["number"] for row in of_related if relations[row["buyer"]] == closest]
    return CheckResult(
        level,
        said(words, documents=telling),
        figure=Decimal(len(of_related)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, telling),
    )
