"""The account that the buyers pay to is named, and somebody in charge has said that it is right."""

from __future__ import annotations

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import ALL_KINDS, COMPANY

_lt = LazyTranslate(__name__)

CODE = "collection-account"
LIGHT = "control"
KINDS = ALL_KINDS | {COMPANY}
TITLE = _lt("Collection account assigned")


def check(sections, today, settings) -> CheckResult:
    """Red without an account, amber while nobody has marked it as trusted."""
    account = sections["party"]["applicant"].get("collection_account")
    if not account:
        return CheckResult("red", said(_lt("No collection account is assigned.")))
    if not account.get("trusted"):
        return CheckResult(
            "amber", said(_lt("The collection account is assigned, but nobody has marked it as trusted yet."))
        )
    return CheckResult("green", said(_lt("The collection account is assigned and trusted.")))
