"""Order before delivery and invoice, invoice before its due date, and nothing from tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS, SALES_KINDS

from odoo.tools.translate import LazyGettext, LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import day, documents_of, is_order_finance, standing_out
from ..thresholds import LATE_TYPING_DAYS

_lt = LazyTranslate(__name__)

CODE = "dates-in-order"
LIGHT = "authenticity"
KINDS = SALES_KINDS | PURCHASE_KINDS
TITLE = _lt("Dates in order")
OLDER_INVOICE = _lt("%(name)s of %(on)s is older than its order of %(limit)s.")
OLDER_DELIVERY = _lt("The delivery %(name)s of %(on)s is older than its order of %(limit)s.")
OLDER_DUE_DATE = _lt("%(name)s was due on %(on)s, before its date of %(limit)s.")
FROM_TOMORROW = _lt("%(name)s is dated %(limit)s, later than today, %(on)s.")


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened on `on` and may not have happened before `limit`."""

    documents: tuple[str, ...]
    name: str
    on: date
    limit: date
    words: LazyGettext

    @property
    def days_off(self) -> int:
        return max((self.limit - self.on).days, 0)


def check(sections, today, settings) -> CheckResult:
    """The largest number of days by which one step precedes what has to come before it."""
    steps = list(_steps(sections, today))
    off = sorted((step for step in steps if step.days_off), key=lambda step: -step.days_off)
    if not off and "order_flow" not in sections:
        return not_made(_lt("The orders are not part of the package, so their dates can't be compared."))
    figure = Decimal(off[0].days_off if off else 0)
    if off:
        first = off[0]
        sentence = said(first.words, name=first.name, on=first.on, limit=first.limit)
    else:
        sentence = said(_lt("Order, delivery, invoice and due date follow each other."))
    return CheckResult(
        graded(figure, green=Decimal(0), amber=LATE_TYPING_DAYS),
        sentence,
        figure=figure,
        threshold=Decimal(0),
        unit="days",
        documents=standing_out(sections, (number for step in off for number in step.documents)),
    )


def _steps(sections, today: date) -> Iterator[Step]:
    orders = {row["number"]: row for row in sections.get("order_flow", {}).get("orders", ())}
    documents = {row["number"]: row for row in documents_of(sections)}
    for number, document in documents.items():
        issued, due = day(document["issue_date"]), day(document.get("due_date"))
        yield Step((number,), number, today, issued, FROM_TOMORROW)
        if due:
            yield Step((number,), number, due, issued, OLDER_DUE_DATE)
    for order in orders.values():
        for number in order["documents"] if not is_order_finance(sections) else ():
            if number in documents:
                issued = day(documents[number]["issue_date"])
                yield Step((number,), number, issued, day(order["ordered_on"]), OLDER_INVOICE)
    for delivery in sections.get("logistics_flow", {}).get("deliveries", ()):
        done, order = day(delivery.get("done_on")), orders.get(delivery.get("order"))
        if done and order:
            financed = (order["number"], *order["documents"])
            yield Step(financed, delivery["number"], done, day(order["ordered_on"]), OLDER_DELIVERY)
            yield Step(financed, delivery["number"], today, done, FROM_TOMORROW)
