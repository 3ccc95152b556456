"""The supplier has been bought from before."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import day, financed_sellers
from ..thresholds import KNOWN_SUPPLIER_DAYS

_lt = LazyTranslate(__name__)

CODE = "supplier-known"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Supplier known")


def check(sections, today, settings) -> CheckResult:
    """For how many days the supplier has been bought from; a new one is amber."""
    since = [day(seller.get("supplier_since")) for seller in financed_sellers(sections)]
    if not since or None in since:
        return CheckResult("amber", said(_lt("Nothing was ever bought from the supplier before.")))
    figure = Decimal(max((today - max(since)).days, 0))
    known = figure >= KNOWN_SUPPLIER_DAYS
    words = _lt("The supplier has been bought from since %(since)s.")
    return CheckResult(
        "green" if known else "amber",
        said(words if known else _lt("The supplier is new: bought from since %(since)s."), since=max(since)),
        figure=figure,
        threshold=KNOWN_SUPPLIER_DAYS,
        unit="days",
    )
