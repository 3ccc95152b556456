"""The pledged goods are there, and nobody else has a claim on them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from openscf.kinds import GOODS_KIND

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import documents_of, percent_at_least, standing_out

_lt = LazyTranslate(__name__)

CODE = "goods-on-hand"
LIGHT = "authenticity"
KINDS = frozenset((GOODS_KIND,))
TITLE = _lt("Goods on hand")
ALL = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """How much of what is pledged lies in its place, in percent; goods that are named twice have to be there twice."""
    pledged: dict[tuple, Decimal] = defaultdict(Decimal)
    for document in documents_of(sections):
        pledged[_goods(document)] += Decimal(document["lines"][0]["quantity"])
    shares = {
        document["number"]: min(percent_at_least(Decimal(document["goods"]["on_hand"]), pledged[_goods(document)]), ALL)
        for document in documents_of(sections)
    }
    short = [number for number, share in shares.items() if share < ALL]
    if short:
        sentence = said(_lt("Less lies in its place than is to be pledged: %(documents)s."), documents=short)
    else:
        sentence = said(_lt("All that is to be pledged lies in its place."))
    return CheckResult(
        "red" if short else "green",
        sentence,
        figure=min(shares.values()),
        threshold=ALL,
        unit="percent",
        documents=standing_out(sections, short),
    )


def _goods(document: dict) -> tuple:
    """The same goods in the same place."""
    line, goods = document["lines"][0], document["goods"]
    return line.get("product_code"), line["description"], goods.get("lot"), goods["place"]
