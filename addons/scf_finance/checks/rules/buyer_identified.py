"""The buyer is somebody: it has a tax ID, and the number can be one."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..identity import identified
from ..result import GREY, CheckResult, said, worst
from ..stated import documents_of, financed_buyers, standing_out

_lt = LazyTranslate(__name__)

CODE = "buyer-identified"
LIGHT = "authenticity"
KINDS = SALES_KINDS
TITLE = _lt("Buyer identified")
SENTENCES = {
    "red": _lt("The buyer's tax ID can't be right: %(documents)s."),
    "amber": _lt("The buyer has no tax ID or no country: %(documents)s."),
    GREY: _lt("No rule is known for tax IDs of the buyer's country."),
    "green": _lt("The buyer's tax ID follows the rules of its country."),
}


def check(sections, today, settings) -> CheckResult:
    """How many financed documents are owed by somebody not identified; whether a number is in use is not asked."""
    levels = {buyer["key"]: identified(buyer) for buyer in financed_buyers(sections)}
    level = worst(levels.values())
    if level == GREY:
        return CheckResult(GREY, said(SENTENCES[GREY]))
    doubtful = [row for row in documents_of(sections) if levels[row["buyer"]] in ("amber", "red")]
    telling = [row["number"] for row in doubtful if levels[row["buyer"]] == level]
    return CheckResult(
        level,
        said(SENTENCES[level], documents=telling),
        figure=Decimal(len(doubtful)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, telling),
    )
