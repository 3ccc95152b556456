"""The pledged goods do not stand for another debt."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import GOODS_KIND

from odoo.tools.translate import LazyTranslate

from ...evidence.wire_text import goods_text
from ..result import CheckResult, not_made, said
from ..stated import documents_of, standing_out

_lt = LazyTranslate(__name__)

CODE = "goods-free"
LIGHT = "authenticity"
KINDS = frozenset((GOODS_KIND,))
TITLE = _lt("Goods free")


def check(sections, today, settings) -> CheckResult:
    """How many documents name goods that are pledged already, by what lies there at cost.

    Red where there is not enough for both pledges; amber where there is, and the goods lie with others that are held.
    """
    if "exposure" not in sections:
        return not_made(_lt("Debts and pledges are not part of the package."))
    held: dict[str, Decimal] = {}
    for row in sections["exposure"]["pledges"]:
        held[row["description"]] = held.get(row["description"], Decimal(0)) + Decimal(row["amount"])
    shared = [document for document in documents_of(sections) if _name(document) in held]
    short = [document for document in shared if not _is_enough(document, held[_name(document)])]
    telling = [document["number"] for document in short or shared]
    if short:
        level = "red"
        sentence = said(_lt("Pledged already, and not enough for both: %(documents)s."), documents=telling)
    elif shared:
        level = "amber"
        sentence = said(
            _lt("Of the same goods a part is pledged already; there is enough for both: %(documents)s."),
            documents=telling,
        )
    else:
        level, sentence = "green", said(_lt("None of the goods is pledged for another debt."))
    return CheckResult(
        level,
        sentence,
        figure=Decimal(len(telling)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, telling),
    )


def _name(document: dict) -> str:
    return goods_text(document["lines"][0]["description"], document["goods"].get("lot"), document["goods"]["place"])


def _is_enough(document: dict, held: Decimal) -> bool:
    line = document["lines"][0]
    return Decimal(document["goods"]["on_hand"]) * Decimal(line["unit_price"]) >= Decimal(line["net"]) + held
