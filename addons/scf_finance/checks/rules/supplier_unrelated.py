"""The supplier is not the applicant itself by another name."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import documents_of, financed_sellers

_lt = LazyTranslate(__name__)

CODE = "supplier-unrelated"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Supplier not related")
# What a supplier shares with the applicant, worst first.
RELATIONS = {
    "own_company": _lt("The supplier is the applicant itself."),
    "same_group": _lt("The supplier belongs to the applicant's own group."),
    "same_tax_id": _lt("The supplier has the applicant's own tax ID."),
    "same_bank_account": _lt("The supplier has a bank account of the applicant."),
    "own_user": _lt("Somebody at the supplier works in the applicant's own books."),
}
# An accountant may work for both sides without being either of them.
AMBER_RELATION = "own_user"
UNRELATED = _lt("The supplier shares no company, tax ID, bank account or user with the applicant.")


def check(sections, today, settings) -> CheckResult:
    """How many financed documents are from somebody related to the applicant, as far as its records tell."""
    found = {seller["related"] for seller in financed_sellers(sections) if seller.get("related")}
    if found:
        closest = min(found, key=list(RELATIONS).index)
        level, words = "amber" if closest == AMBER_RELATION else "red", RELATIONS[closest]
        related = len(documents_of(sections))
    else:
        level, words, related = "green", UNRELATED, 0
    return CheckResult(level, said(words), figure=Decimal(related), threshold=Decimal(0), unit="documents")
