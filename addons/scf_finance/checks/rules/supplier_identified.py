"""The supplier is somebody: it has a tax ID, and the number can be one."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..identity import identified
from ..result import GREY, CheckResult, not_made, said, worst
from ..stated import documents_of, financed_sellers

_lt = LazyTranslate(__name__)

CODE = "supplier-identified"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Supplier identified")
SENTENCES = {
    "red": _lt("The supplier's tax ID can't be right."),
    "amber": _lt("The supplier has no tax ID or no country."),
    GREY: _lt("No rule is known for tax IDs of the supplier's country."),
    "green": _lt("The supplier's tax ID follows the rules of its country."),
}


def check(sections, today, settings) -> CheckResult:
    """How many financed documents are from somebody not identified; whether a number is in use is not asked."""
    level = worst(identified(seller) for seller in financed_sellers(sections))
    if level == GREY:
        return not_made(SENTENCES[GREY])
    doubtful = 0 if level == "green" else len(documents_of(sections))
    return CheckResult(level, said(SENTENCES[level]), figure=Decimal(doubtful), threshold=Decimal(0), unit="documents")
