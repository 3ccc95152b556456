"""What an officer sees of a package, made from its sections: lights, graph, charts, buyers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from openscf.kinds import PURCHASE_KINDS
from openscf.package import BuyerHistoryRow, CheckRow, FinancedDocument, Sections

from ..decisions.figures import sells
from .charts import Chart, Series, columns
from .flow import Flow, flows
from .picture import Picture, draw

LIGHTS = {
    "authenticity": ("Authenticity", "Is the trade what it seems?"),
    "self_liquidation": ("Self-liquidation", "Does the trade repay the loan?"),
    "control": ("Control", "Does the money reach the bank?"),
}
GRAVITY = {"red": 0, "amber": 1, "grey": 2, "green": 3}
BUCKETS = {"not_due": "not due", "1-30": "1–30", "31-60": "31–60", "61-90": "61–90", "over_90": "over 90"}
# So many documents are drawn and listed line by line; the file has them all.
DOCUMENTS_SHOWN = 20


@dataclass(frozen=True)
class Light:
    """One of the three lights with the checks that make it, the gravest first."""

    name: str
    question: str
    level: str
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True)
class Behaviour:
    """How one buyer pays; `name` is None for all the others together."""

    row: BuyerHistoryRow
    name: str | None
    financed: bool
    picture: Picture | None


@dataclass(frozen=True)
class Shown:
    """A package for the page."""

    sections: Sections
    parties: dict[str, str]
    lights: tuple[Light, ...]
    flows: tuple[Flow, ...]
    charts: tuple[Chart, ...]
    behaviours: tuple[Behaviour, ...]

    @property
    def buys(self) -> bool:
        """Whether the financed documents are purchases."""
        return any(document.kind in PURCHASE_KINDS for document in self.sections.transaction.documents)

    @property
    def documents(self) -> tuple[FinancedDocument, ...]:
        """The documents that are listed line by line."""
        return self.sections.transaction.documents[:DOCUMENTS_SHOWN]

    @property
    def pledged(self) -> tuple[FinancedDocument, ...]:
        """The pledged goods that are listed; each is one line."""
        return tuple(document for document in self.documents if document.goods is not None and document.lines)

    @property
    def more_documents(self) -> int:
        """How many documents are not listed line by line."""
        return max(0, len(self.sections.transaction.documents) - DOCUMENTS_SHOWN)


def show(sections: Sections) -> Shown:
    """Prepare a package's sections for the page."""
    return Shown(
        sections=sections,
        parties=_parties(sections),
        lights=tuple(_lights(sections)),
        flows=tuple(flows(sections)[:DOCUMENTS_SHOWN]),
        charts=tuple(chart for chart in _charts(sections) if chart is not None),
        behaviours=tuple(_behaviours(sections)),
    )


def _parties(sections: Sections) -> dict[str, str]:
    """The names of buyers and sellers; one that the consent keeps pseudonymous goes by its key."""
    buyers = {buyer.key: buyer.name or buyer.key for buyer in sections.party.buyers}
    return buyers | {seller.key: seller.name for seller in sections.party.sellers}


def _lights(sections: Sections) -> Iterator[Light]:
    if sections.checks is None:
        return
    levels = {row.light: row.level for row in sections.checks.lights}
    for code, (name, question) in LIGHTS.items():
        checks = [row for row in sections.checks.results if row.light == code]
        checks.sort(key=lambda row: GRAVITY[row.level])
        yield Light(name, question, next((levels[one] for one in levels if one == code), "grey"), tuple(checks))


def _behaviours(sections: Sections) -> Iterator[Behaviour]:
    """The buyers of the financed documents first, then as the package has them."""
    cash = sections.cash_flow
    if cash is None:
        return
    financed = {document.buyer for document in sections.transaction.documents}
    names = _parties(sections)
    for row in sorted(cash.buyer_history, key=lambda one: one.buyer not in financed):
        name = names.get(row.buyer, row.buyer) if row.buyer else None
        pays_this = row.buyer is not None and row.buyer in financed
        yield Behaviour(row, name, pays_this, draw(row) if pays_this else None)


def _charts(sections: Sections) -> Iterator[Chart | None]:
    currency = sections.transaction.requested.currency
    yield _sales_and_collections(sections, currency)
    yield _forecast(sections, currency)
    yield _ageing(sections, currency)
    yield _punctuality(sections)


def _sales_and_collections(sections: Sections, currency: str) -> Chart | None:
    rows = [row for row in sections.cash_flow.months if row.currency == currency] if sections.cash_flow else []
    series = (
        Series("Invoiced", "first", tuple(row.invoiced for row in rows)),
        Series("Collected", "second", tuple(row.collected for row in rows)),
    )
    names = [_month(row.month) for row in rows]
    return columns("sales", "Sales and collections by month", names, series, unit=currency, write=_whole)


def _forecast(sections: Sections, currency: str) -> Chart | None:
    rows = [row for row in sections.forecast.weeks if row.currency == currency] if sections.forecast else []
    series: tuple[Series, ...] = (
        Series("From the financed documents", "second", tuple(row.financed for row in rows)),
        Series("From other invoices", "third", tuple(row.expected - row.financed for row in rows)),
    )
    if not sells(sections):
        series = (Series("From all that is sold", "second", tuple(row.expected for row in rows)),)
    names = [format_date(row.week, "d MMM", locale="en_GB") for row in rows]
    title = "Collections expected by week"
    return columns("forecast", title, names, series, unit=currency, write=_whole, stacked=True)


def _ageing(sections: Sections, currency: str) -> Chart | None:
    rows = [row for row in sections.cash_flow.ageing if row.currency == currency] if sections.cash_flow else []
    amounts: dict[tuple[str, str], Decimal] = {(row.direction, row.bucket): row.amount for row in rows}
    series = (
        Series("Owed to the applicant", "first", tuple(_amounts(amounts, "receivable"))),
        Series("Owed by the applicant", "fourth", tuple(_amounts(amounts, "payable"))),
    )
    title = "Ageing, by days past due"
    return columns("ageing", title, list(BUCKETS.values()), series, unit=currency, write=_whole)


def _punctuality(sections: Sections) -> Chart | None:
    flow = sections.logistics_flow
    rows = [row for row in flow.months if row.direction == "out"] if flow else []
    series = (
        Series("On time", "in-time", tuple(Decimal(row.on_time) for row in rows)),
        Series("Late", "late", tuple(Decimal(row.late) for row in rows)),
    )
    names = [_month(row.month) for row in rows]
    title = "Punctuality of deliveries by month"
    return columns("punctuality", title, names, series, unit="deliveries", write=_whole, stacked=True)


def _amounts(amounts: dict[tuple[str, str], Decimal], direction: str) -> Iterator[Decimal]:
    for bucket in BUCKETS:
        yield amounts.get((direction, bucket), Decimal(0))


def _month(month: str) -> str:
    return format_date(date.fromisoformat(f"{month}-01"), "MMM yy", locale="en_GB")


def _whole(value: Decimal) -> str:
    return f"{value:,.0f}"
