"""It is known which goods are pledged: by their lot, or because nothing else of the kind lies in their place."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import GOODS_KIND

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, said
from ..stated import documents_of, standing_out

_lt = LazyTranslate(__name__)

CODE = "goods-set-apart"
LIGHT = "control"
KINDS = frozenset((GOODS_KIND,))
TITLE = _lt("Goods set apart")


def check(sections, today, settings) -> CheckResult:
    """How many documents name goods that lie mixed with more of their kind; the place is always known."""
    documents = documents_of(sections)
    mixed = [row["number"] for row in documents if not row["goods"].get("lot") and _is_part(row)]
    places = list(dict.fromkeys(row["goods"]["place"] for row in documents))
    if mixed:
        sentence = said(
            _lt("More goods of the same kind lie in the place, without lots to tell them apart: %(documents)s."),
            documents=mixed,
        )
    else:
        sentence = said(_lt("The goods lie in %(places)s, and it is known which they are."), places=places)
    return CheckResult(
        "amber" if mixed else "green",
        sentence,
        figure=Decimal(len(mixed)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, mixed),
    )


def _is_part(document: dict) -> bool:
    return Decimal(document["goods"]["on_hand"]) > Decimal(document["lines"][0]["quantity"])
