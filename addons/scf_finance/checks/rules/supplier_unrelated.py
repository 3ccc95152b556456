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
    "own_company": ("red", _lt("The supplier is the applicant itself.")),
    "same_group": ("red", _lt("The supplier belongs to the applicant's own group.")),
    "same_tax_id": ("red", _lt("The supplier has the applicant's own tax ID.")),
    "same_bank_account": ("red", _lt("The supplier has a bank account of the applicant.")),
    "own_user": ("amber", _lt("Somebody at the supplier works in the applicant's own books.")),
}
UNRELATED = _lt("The supplier shares no company, tax ID, bank account or user with the applicant.")


def check(sections, today, settings) -> CheckResult:
    """How many financed documents are from somebody related to the applicant, as far as its records tell."""
    found = {seller["related"] for seller in financed_sellers(sections) if seller.get("related")}
    level, words = RELATIONS[min(found, key=list(RELATIONS).index)] if found else ("green", UNRELATED)
    related = len(documents_of(sections)) if found else 0
    return CheckResult(level, said(words), figure=Decimal(related), threshold=Decimal(0), unit="documents")
