"""Honest packages of random shape for several banks, as hypothesis draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asset_stories import evidence_of_goods, pledge, purchase, resale
from hypothesis import strategies as st
from stories import attachment, document, evidence, honest_sections, line, section, with_consent

from openscf.keys import SigningKey

UNITS = {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
OPTIONAL = (
    "order_flow", "logistics_flow", "tax_flow", "cash_flow", "inventory", "exposure", "evidence", "checks",
    "forecast", "attachments",
)  # fmt: skip
TECHNIQUES = {
    "sales_order": "pre_shipment", "customer_invoice": "receivables_discounting",
    "purchase_order": "distributor_finance", "vendor_bill": "distributor_finance", "pledged_goods": "inventory_loan",
}  # fmt: skip
PURCHASES = ("purchase_order", "vendor_bill")
LEVELS = ("grey", "green", "amber", "red")
MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")

named = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(lambda text: f"n{text}")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Views by bank, and for each bank the words that must not be in its file."""

    views: dict[str, dict[str, Any]]
    secrets: dict[str, set[str]]


@st.composite
def shapes(draw: st.DrawFn, key: SigningKey) -> Shape:
    """Sections whose sums come out and whose references lead somewhere, and banks that may read some of them."""
    sections = draw(whole_sections())
    others = [buyer for buyer in sections["party"]["buyers"] if buyer["key"].startswith("other")]
    views: dict[str, dict[str, Any]] = {}
    secrets: dict[str, set[str]] = {}
    for at in range(draw(st.integers(1, 3))):
        bank = f"https://bank-{at}.example"
        allowed = draw(st.sets(st.sampled_from(OPTIONAL)))
        pseudonymous = draw(st.booleans())
        view = {name: part for name, part in sections.items() if name not in OPTIONAL or name in allowed}
        if pseudonymous:
            view = with_pseudonyms(view, bank=at)
        secrets[bank] = {f"canary {name}" for name in set(OPTIONAL) - allowed}
        secrets[bank] |= {buyer["name"] for buyer in others} if pseudonymous else {f"P-canary-{at}"}
        views[bank] = with_consent(
            view, key, bank=bank, granted_by=f"canary of bank {at}",
            counterparties="pseudonymous" if pseudonymous else "named",
        )  # fmt: skip
    for bank in views:
        secrets[bank] |= {f"canary of bank {at}" for at, other in enumerate(views) if other != bank}
        secrets[bank] |= {f"P-canary-{at}" for at, other in enumerate(views) if other != bank}
    return Shape(views=views, secrets=secrets)


def with_pseudonyms(view: dict[str, Any], *, bank: int) -> dict[str, Any]:
    """Give the buyers of no financed document a key that only this bank sees."""

    def hidden(buyer: str) -> str:
        return f"P-canary-{bank}-{buyer.removeprefix('other')}" if buyer.startswith("other") else buyer

    buyers = [
        {"key": hidden(buyer["key"]), "pseudonymous": True} if buyer["key"].startswith("other") else buyer
        for buyer in view["party"]["buyers"]
    ]
    changed = {**view, "party": {**view["party"], "buyers": buyers}}
    if "cash_flow" in view:
        history = [
            {**row, "buyer": hidden(row["buyer"])} if "buyer" in row else row
            for row in view["cash_flow"]["buyer_history"]
        ]
        changed["cash_flow"] = {**view["cash_flow"], "buyer_history": history}
    return changed


@st.composite
def whole_sections(draw: st.DrawFn) -> dict[str, Any]:
    """Every section, each with a canary in its source."""
    currency = draw(st.sampled_from(sorted(UNITS)))
    unit = UNITS[currency]

    def money(most: int) -> str:
        return str(draw(st.integers(0, most)) * unit)

    kind = draw(st.sampled_from(sorted(TECHNIQUES)))
    parties = draw_parties(draw, kind)
    documents, taxes, payments = draw_documents(draw, kind, parties, currency, money)
    parties = [
        party for party in parties if party["key"] in {made.get("buyer", made.get("seller")) for made in documents}
    ]
    buyers, sellers = ([], parties) if kind in PURCHASES else (parties, [])
    others = [{"key": f"other{at}", "name": f"canary buyer {at}"} for at in range(draw(st.integers(0, 3)))]
    carried = sum(
        (Decimal(made["totals"]["gross" if kind.endswith("order") else "outstanding"]) for made in documents),
        0 * unit,
    )
    sections = {
        "party": section(
            applicant=honest_sections()["party"]["applicant"],
            buyers=buyers + others,
            **({"sellers": sellers} if sellers else {}),
        ),
        "transaction": section(
            technique=draw(st.sampled_from([TECHNIQUES[kind], "a technique of tomorrow"])),
            tenor_days=draw(st.integers(1, 360)),
            requested={"amount": str((carried / 2).quantize(unit)), "currency": currency},
            eligible={"amount": str(carried), "currency": currency},
            documents=documents,
        ),
        **draw_flows(draw, taxes, payments, buyers + others, currency, money),
        **draw_carriers(draw, documents, currency, money),
        **draw_position(draw, documents, currency, money),
    }
    for name in OPTIONAL:
        sections[name]["source"] = f"canary {name}"
    return sections


Money = Callable[[int], str]


def draw_parties(draw: st.DrawFn, kind: str) -> list[dict[str, Any]]:
    """Buyers of sales, the seller of purchases, nobody for goods."""
    most = {"pledged_goods": 0, "purchase_order": 1, "vendor_bill": 1}.get(kind, 3)
    return [
        {"key": f"{'s' if kind in PURCHASES else 'b'}{at}", "name": draw(named),
         **draw(st.just({}) | st.fixed_dictionaries({"tax_id": named}))}
        for at in range(draw(st.integers(min(1, most), most)))
    ]  # fmt: skip


def draw_documents(
    draw: st.DrawFn, kind: str, parties: list[dict[str, Any]], currency: str, money: Money
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Documents of one kind with their taxes and payments."""
    if kind == "pledged_goods":
        return [draw_pledge(draw, at, currency, money) for at in range(draw(st.integers(1, 4)))], [], []
    zero = 0 * UNITS[currency]
    documents, taxes, payments = [], [], []
    for at in range(draw(st.integers(1, 4))):
        lines = [line(number, net=money(10**7), tax=money(10**6)) for number in range(draw(st.integers(1, 4)))]
        lines[0]["net"] = str(Decimal(lines[0]["net"]) + 10**7)
        lines[0]["gross"] = str(Decimal(lines[0]["net"]) + Decimal(lines[0]["tax"]))
        number = f"{draw(named)}/{at}"
        parts = [(draw(st.sampled_from(["payment", "credit_note", "other"])), money(10**5)) for _ in range(at)]
        credited = sum((Decimal(amount) for how, amount in parts if how == "credit_note"), zero)
        paid = sum((Decimal(amount) for how, amount in parts if how != "credit_note"), zero)
        other, settled = draw(st.sampled_from(parties)), {"paid": str(paid), "credited": str(credited)}
        if kind in PURCHASES:
            made = purchase(
                kind, lines, number=number, seller=other, currency=currency, issuer_number=draw(named), **settled
            )
        else:
            made = document(lines, number=number, kind=kind, currency=currency, buyer=other, **settled)
        for name in ("net", "tax", "gross", "outstanding"):
            made["totals"][name] = str(Decimal(made["totals"][name]).quantize(UNITS[currency]))
        documents.append(made)
        row = {"document": number, "currency": currency}
        taxes += [{**row, "tax_code": "S", "base": each["net"], "amount": each["tax"]} for each in lines]
        payments += [
            {**row, "date": "2026-10-20", "amount": amount, "kind": how, "cleared": draw(st.booleans())}
            for how, amount in parts
        ]
    return documents, taxes, payments


def draw_pledge(draw: st.DrawFn, at: int, currency: str, money: Money) -> dict[str, Any]:
    """Goods with a lot, with a product code, or with neither."""
    quantity = draw(st.integers(1, 10**6))
    return pledge(
        f"{draw(named)}/{at}", value=str(Decimal(money(10**6)) + 2 * UNITS[currency]),
        quantity=str(quantity), on_hand=str(quantity + draw(st.integers(0, 9))), lot=draw(st.none() | named),
        code=draw(st.none() | named), description=draw(named), currency=currency,
    )  # fmt: skip


def draw_carriers(draw: st.DrawFn, documents: list[dict[str, Any]], currency: str, money: Money) -> dict[str, Any]:
    """The order and the delivery behind the documents; goods that are pledged have none."""
    kind = documents[0]["kind"]
    if kind == "pledged_goods":
        return {"order_flow": section(orders=[]), "logistics_flow": section(deliveries=[])}
    base = honest_sections()
    [order], [delivery] = base["order_flow"]["orders"], base["logistics_flow"]["deliveries"]
    order.update(currency=currency, total=money(10**6), documents=[])
    if kind in PURCHASES:
        del order["buyer"]
        order["seller"] = documents[0]["seller"]
        delivery["direction"] = "in"
    else:
        order["buyer"] = documents[0]["buyer"]
    return {"order_flow": section(orders=[order]), "logistics_flow": section(deliveries=[delivery])}


def draw_flows(
    draw: st.DrawFn, taxes: list[dict[str, Any]], payments: list[dict[str, Any]], buyers: list[dict[str, Any]],
    currency: str, money: Money,
) -> dict[str, Any]:  # fmt: skip
    """Tax and cash with their history: what was invoiced by month is what was invoiced to the buyers."""
    history = [
        {"buyer": buyer["key"], "currency": currency, "invoices": 1, "invoiced": money(10**6), "paid": money(10**6),
         "overdue": money(10**3)}
        for buyer in buyers
    ]  # fmt: skip
    history.append(
        {"buyers": 4, "currency": currency, "invoices": 9, "invoiced": money(9), "paid": money(9), "overdue": money(9)}
    )
    months = sorted(draw(st.sets(st.sampled_from(MONTHS), min_size=1)))
    zero = money(0)
    cash = [
        {"month": month, "currency": currency, "invoiced": zero, "credited": money(99), "collected": money(999),
         "paid_out": money(9)}
        for month in months
    ]  # fmt: skip
    cash[0]["invoiced"] = str(sum(Decimal(row["invoiced"]) for row in history))
    period = draw(st.sampled_from([None, {"from": "2025-11-01", "to": "2026-11-22"}]))
    return {
        "tax_flow": section(taxes=taxes),
        "cash_flow": {**section(payments=payments, buyer_history=history, months=cash), "period": period},
    }


def draw_position(draw: st.DrawFn, documents: list[dict[str, Any]], currency: str, money: Money) -> dict[str, Any]:
    """What is owned, owed, expected and checked, with totals that come out."""

    def totals(rows: list[dict[str, Any]], amount: str) -> list[dict[str, Any]]:
        return [{"currency": currency, "amount": str(sum(Decimal(row[amount]) for row in rows))}] if rows else []

    def rows(**content: Any) -> list[dict[str, Any]]:
        return [{**content, "currency": currency} for _ in range(draw(st.integers(0, 3)))]

    stock = [{**row, "value": money(10**6)} for row in rows(description="Lamp", products=1)]
    loans = [{**row, "principal": money(99), "outstanding": money(99)} for row in rows(technique="t", state="active")]
    weeks = [
        {**row, "week": f"2026-11-{16 + 7 * at}", "expected": money(9999), "financed": money(0)}
        for at, row in enumerate(rows(documents=1)[:2])
    ]
    results = [
        {"code": f"check-{at}", "light": draw(st.sampled_from(["authenticity", "self_liquidation", "control"])),
         "level": draw(st.sampled_from(LEVELS)), "sentence": "It is so."}
        for at in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    lights = [
        {
            "light": light,
            "level": max((row["level"] for row in results if row["light"] == light), key=LEVELS.index, default="grey"),
        }
        for light in ("authenticity", "self_liquidation", "control")
    ]
    sold, kind = [], documents[0]["kind"]
    if kind in PURCHASES or kind == "pledged_goods":
        sold = [
            resale(made, at, sold=str(draw(st.integers(1, 99))), days=draw(st.none() | st.just("2555")))
            for made in documents for at in range(len(made["lines"])) if draw(st.booleans())
        ]  # fmt: skip
    return {
        "inventory": section(stock=stock, totals=totals(stock, "value"), **({"resale": sold} if sold else {})),
        "exposure": section(loans=loans, totals=totals(loans, "outstanding")),
        "evidence": evidence_of_goods(documents) if kind == "pledged_goods" else evidence(documents),
        "checks": section(results=results, lights=lights),
        "forecast": section(weeks=weeks, totals=totals(weeks, "expected")),
        "attachments": section(files=[attachment("a.xml", b"", document=documents[0]["number"])]),
    }
