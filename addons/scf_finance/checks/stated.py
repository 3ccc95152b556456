"""What the sections of a package state, as several checks want to read it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from openscf.kinds import GOODS_KIND, ORDER_KINDS, PURCHASE_KINDS, SALES_KINDS

from .thresholds import PRICE_PERCENT

ALL_KINDS = SALES_KINDS | PURCHASE_KINDS | {GOODS_KIND}
# A line for the company as a whole: no document is financed. No kind of the wire.
COMPANY = "company"
TENTH = Decimal("0.1")


def documents_of(sections: dict[str, dict]) -> list[dict]:
    """The financed documents, all of one kind: at least one, but for a line."""
    return sections["transaction"]["documents"]


def kind_of(sections: dict[str, dict]) -> str:
    """The kind of the financed documents, as on the wire; COMPANY where a line names none."""
    documents = documents_of(sections)
    return documents[0]["kind"] if documents else COMPANY


def is_order_finance(sections: dict[str, dict]) -> bool:
    """Whether orders are financed, so that goods and invoices or bills may still be to come."""
    return kind_of(sections) in ORDER_KINDS


def financed_buyers(sections: dict[str, dict]) -> list[dict]:
    """The buyers of the financed documents; they always have names."""
    keys = {document["buyer"] for document in documents_of(sections)}
    return [row for row in sections["party"]["buyers"] if row["key"] in keys]


def financed_sellers(sections: dict[str, dict]) -> list[dict]:
    """The sellers of the financed documents."""
    keys = {document["seller"] for document in documents_of(sections)}
    return [row for row in sections["party"].get("sellers", ()) if row["key"] in keys]


def documents_owed_by(sections: dict[str, dict], buyers: list[dict]) -> tuple[str, ...]:
    """Numbers of the financed documents of some of the buyers; none where it is all of them."""
    keys = {buyer["key"] for buyer in buyers}
    return standing_out(sections, [row["number"] for row in documents_of(sections) if row["buyer"] in keys])


def standing_out(sections: dict[str, dict], numbers) -> tuple[str, ...]:
    """The numbers once each, in the order of the documents; none where it is all of them."""
    wanted = set(numbers)
    found = tuple(row["number"] for row in documents_of(sections) if row["number"] in wanted)
    return () if len(found) == len(documents_of(sections)) else found


def confirmed_by_buyer(sections: dict[str, dict]) -> set[str]:
    """Numbers of the documents that their buyers confirmed through their own link and did not dispute."""
    answers = sections["transaction"].get("confirmations", ())
    disputed = {row["document"] for row in answers if row["answer"] == "disputed"}
    return {row["document"] for row in answers if row["answer"] == "confirmed"} - disputed


def is_compared(sections: dict[str, dict]) -> bool:
    """Whether any stream but the documents' own carries an amount of them."""
    streams = ("delivered",) if is_order_finance(sections) else ("ordered", "delivered")
    return any(Decimal(row[stream]) for row in sections["evidence"]["documents"] for stream in streams)


def price_is_off(contradiction: dict) -> bool:
    """Whether a price is so much above the order's that it is no slip of rounding."""
    if contradiction["code"] != "price-differs":
        return False
    charged, agreed = Decimal(contradiction["figure"]), Decimal(contradiction["expected"])
    return charged > agreed + abs(agreed) * PRICE_PERCENT / 100


def added_by_computation(lines) -> defaultdict[str, Decimal]:
    """What the ERP adds to each document without anybody ordering it, such as cash rounding: amounts of no quantity."""
    added: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if not Decimal(line["quantity"]):
            added[line["document"]] += Decimal(line["gross"])
    return added


def unconfirmed_orders(sections: dict[str, dict]) -> list[str]:
    """Numbers of the financed orders of which the section `order_flow` tells no confirmation."""
    confirmed = {row["number"] for row in sections["order_flow"]["orders"] if row.get("confirmed_on")}
    return [row["number"] for row in documents_of(sections) if row["number"] not in confirmed]


def ordered_shares(sections: dict[str, dict]) -> dict[str, Decimal]:
    """How much of each document its orders carry, in percent; none of those without an amount to carry."""
    added = added_by_computation(sections["evidence"]["lines"])
    return {
        row["document"]: percent_at_least(Decimal(row["ordered"]), gross)
        for row in sections["evidence"]["documents"]
        if (gross := Decimal(row["gross"]) - added[row["document"]]) > 0
    }


def resale_of(sections: dict[str, dict]) -> list[dict]:
    """How fast the financed goods sell, line by line; none for services."""
    return sections["inventory"].get("resale", [])


def percent_at_least(part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` in percent, rounded down to a tenth: 100 is said of no less."""
    return (100 * part / whole).quantize(TENTH, rounding=ROUND_DOWN)


def percent_about(part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` in percent, to the nearest tenth."""
    return (100 * part / whole).quantize(TENTH, rounding=ROUND_HALF_UP)


def day(text: str | None) -> date | None:
    """A date of a package; None where there is none."""
    return date.fromisoformat(text) if text else None
