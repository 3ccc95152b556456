"""The account that the bank is to pay is the supplier's, and somebody in charge has said so."""

from __future__ import annotations

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import financed_sellers

_lt = LazyTranslate(__name__)

CODE = "supplier-account"
LIGHT = "control"
KINDS = PURCHASE_KINDS
TITLE = _lt("Supplier's account trusted")


def check(sections, today, settings) -> CheckResult:
    """Red without an account, or with one that nobody has marked as trusted: money would go there."""
    accounts = [seller.get("account") for seller in financed_sellers(sections)]
    if not accounts or None in accounts:
        return CheckResult("red", said(_lt("No bank account of the supplier is known.")))
    if not all(account.get("trusted") for account in accounts):
        return CheckResult("red", said(_lt("Nobody has marked the supplier's bank account as trusted yet.")))
    return CheckResult("green", said(_lt("The supplier's bank account is known and trusted.")))
