"""What happened between the company and its partners: a plan of dated facts, without Odoo.

`plan_history(today)` is deterministic: the same day and seed give the same plan. Dates are relative to `today`, and
nothing in the plan lies after it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from demo.company import ARTICLES, BUYERS, SUPPLIERS, Buyer, article, buyer

SEED = 20457
MONTHS_BACK = 13
SEASON = {1: 0.75, 2: 0.80, 3: 1.00, 4: 1.05, 5: 1.05, 6: 0.95, 7: 0.80, 8: 0.80, 9: 1.10, 10: 1.20, 11: 1.30, 12: 1.15}
"""Kitchens are sold before Christmas and in spring; January and the summer holidays are quiet."""
LATE_DELIVERY_SHARE = 0.12
PART_DELIVERY_SHARE = 0.09
QUIET_DAYS = 14
"""The ordinary orders end two weeks before `today`; what comes after are the open documents to finance."""
SAFETY_STOCK = 12
OPEN_INVOICE = "open_invoice"
OPEN_ORDER = "open_order"
WAITING_INVOICE = "waiting_invoice"
USD_INVOICE = "usd_invoice"
BAD_PAYER_INVOICE = "bad_payer_invoice"
OVERDUE_INVOICE = "overdue_invoice"
SHORT_INVOICE = "short_invoice"
"""It charges more than left the warehouse: the records contradict each other, and an officer is told."""
CHANGED_EVERY = 11
"""Of the ordinary orders, how many grow by a piece on the day after they were confirmed."""
QUOTED_DAYS = (6, 17)
"""Days of each month on which a quotation is made that never becomes a delivery."""
CANCELLED_EVERY = 3
"""Of those, how many were confirmed first, and cancelled."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    on: date
    percent: int
    """Share of the invoice's total; the last part pays whatever is left."""
    last: bool


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Goods taken back (`returned`) or an allowance for damage: a credit note over `quantity` of one article."""

    on: date
    code: str
    quantity: int
    returned: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Shipment:
    key: str
    on: date
    quantities: Mapping[str, int]
    invoiced_on: date
    left_behind: Mapping[str, int] = field(default_factory=dict)
    """Charged on the invoice by mistake, while it waits in the warehouse."""
    credit: Credit | None = None
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SaleOrder:
    key: str
    buyer: Buyer
    ordered_on: date
    promised_on: date
    quantities: Mapping[str, int]
    shipments: tuple[Shipment, ...]
    added: Mapping[str, int] = field(default_factory=dict)
    """Of the quantities, what the customer added on `added_on`."""

    @property
    def added_on(self) -> date:
        return business_day(self.ordered_on + timedelta(days=1))


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """An offer that brought nothing: unanswered, or confirmed and then cancelled by the customer."""

    key: str
    buyer: Buyer
    offered_on: date
    quantities: Mapping[str, int]
    cancelled_on: date | None


@dataclass(frozen=True, kw_only=True)
class Purchase:
    key: str
    supplier: str
    ordered_on: date
    quantities: Mapping[str, int]
    received_on: date
    billed_on: date
    paid_on: date


@dataclass(frozen=True, kw_only=True)
class History:
    start: date
    today: date
    opening_stock: Mapping[str, int]
    orders: tuple[SaleOrder, ...]
    quotations: tuple[Quotation, ...]
    purchases: tuple[Purchase, ...]

    @property
    def months(self) -> tuple[date, ...]:
        """The first day of each month from the start to today."""
        return tuple(_months(self.start, self.today))


@dataclass(kw_only=True)
class _Invoices:
    """Counts the invoices of each customer, as some of them are never paid."""

    issued: Counter[str] = field(default_factory=Counter)

    def is_paid(self, customer: Buyer) -> bool:
        self.issued[customer.key] += 1
        every = customer.habit.unpaid_every
        return every is None or self.issued[customer.key] % every != 0


def plan_history(today: date, *, seed: int = SEED) -> History:
    """Fourteen calendar months, the last one unfinished, and the documents that are open on `today`."""
    chance = random.Random(f"{seed}")  # noqa: S311 - invented history, nothing secret
    start = _month_back(today, MONTHS_BACK)
    invoices = _Invoices()
    orders = [*_ordinary_orders(chance, start, today, invoices), *_open_documents(today)]
    orders.sort(key=lambda order: (order.ordered_on, order.key))
    opening_stock, purchases = _supply(orders, start, today)
    return History(
        start=start,
        today=today,
        opening_stock=opening_stock,
        orders=tuple(orders),
        quotations=tuple(_quotations(start, today)),
        purchases=tuple(purchases),
    )


def orders_in_month(month: int) -> int:
    return 8 if SEASON[month] < 0.9 else 9 if SEASON[month] < 1.1 else 10


def _quotations(start: date, today: date) -> Iterator[Quotation]:
    """What was offered in vain, to each customer and of each article in turn."""
    days = (business_day(month + timedelta(days=day)) for month in _months(start, today) for day in QUOTED_DAYS)
    for number, offered_on in enumerate(days, start=1):
        cancelled_on = business_day(offered_on + timedelta(days=3)) if number % CANCELLED_EVERY == 0 else None
        if max(offered_on, cancelled_on or offered_on) <= today:
            yield Quotation(
                key=f"quotation-{number:02d}",
                buyer=BUYERS[number % len(BUYERS)],
                offered_on=offered_on,
                quantities={ARTICLES[number % len(ARTICLES)].code: 2 + number % 4},
                cancelled_on=cancelled_on,
            )


def _ordinary_orders(chance: random.Random, start: date, today: date, invoices: _Invoices) -> Iterator[SaleOrder]:
    last_day = today - timedelta(days=QUIET_DAYS)
    customers = _customers_in_turn(chance)
    number = 0
    for month in _months(start, last_day):
        days = _business_days_of_month(month)
        count = orders_in_month(month.month)
        for ordered_on in sorted(chance.choice(days) for _ in range(count)):
            customer = next(customers)
            number += 1
            order = _ordinary_order(chance, f"order-{number:03d}", customer, ordered_on, invoices)
            if number % CHANGED_EVERY == 0:
                order = replace(order, added=_last_piece(order.quantities))
            if ordered_on <= last_day:
                yield _until(order, today)


def _last_piece(quantities: Mapping[str, int]) -> Mapping[str, int]:
    """One piece of the article that most were ordered of; nothing where no article was ordered twice."""
    code = max(quantities, key=lambda one: (quantities[one], one))
    return {code: 1} if quantities[code] > 1 else {}


def _customers_in_turn(chance: random.Random) -> Iterator[Buyer]:
    """Every nine orders each customer has had its share, in another order each time."""
    while True:
        turn = [customer for customer in BUYERS for _ in range(customer.orders_share)]
        chance.shuffle(turn)
        yield from turn


def _ordinary_order(
    chance: random.Random, key: str, customer: Buyer, ordered_on: date, invoices: _Invoices
) -> SaleOrder:
    season = SEASON[ordered_on.month]
    codes = chance.sample([a.code for a in ARTICLES], k=chance.choice((2, 3, 3, 4)))
    quantities = {code: max(1, round(chance.randint(3, 8) * season)) for code in codes}
    promised_on = business_day(ordered_on + timedelta(days=chance.randint(6, 12)))
    late, in_parts = chance.random() < LATE_DELIVERY_SHARE, chance.random() < PART_DELIVERY_SHARE
    shipped_on = business_day(promised_on + timedelta(days=chance.randint(4, 11))) if late else promised_on
    loads = [(shipped_on, quantities)]
    if in_parts:
        first, rest = _split(quantities)
        loads = [(shipped_on, first), (business_day(shipped_on + timedelta(days=9)), rest)]
    shipments = tuple(
        _shipment(chance, f"{key}/{number}", customer, on, load, invoices)
        for number, (on, load) in enumerate(loads, start=1)
    )
    return SaleOrder(
        key=key,
        buyer=customer,
        ordered_on=ordered_on,
        promised_on=promised_on,
        quantities=quantities,
        shipments=shipments,
    )


def _shipment(
    chance: random.Random, key: str, customer: Buyer, on: date, quantities: Mapping[str, int], invoices: _Invoices
) -> Shipment:
    invoiced_on = business_day(on + timedelta(days=chance.choice((0, 1))))
    paid = invoices.is_paid(customer)
    return Shipment(
        key=key,
        on=on,
        quantities=quantities,
        invoiced_on=invoiced_on,
        credit=_credit(customer, invoices.issued[customer.key], invoiced_on, quantities),
        payments=_payments(chance, customer, invoiced_on) if paid else (),
    )


def _credit(customer: Buyer, number: int, invoiced_on: date, quantities: Mapping[str, int]) -> Credit | None:
    """One return by a good customer, one allowance to the bad payer."""
    code = min(quantities)
    if (customer.key, number) == ("wiener", 7):
        on = business_day(invoiced_on + timedelta(days=8))
        return Credit(on=on, code=code, quantity=1, returned=True, reason="Ordered one too many")
    if (customer.key, number) == ("baltic", 3):
        on = business_day(invoiced_on + timedelta(days=25))
        return Credit(on=on, code=code, quantity=2, returned=False, reason="Allowance for transport damage")
    return None


def _payments(chance: random.Random, customer: Buyer, invoiced_on: date) -> tuple[Payment, ...]:
    habit = customer.habit
    first_late, last_late = habit.days_late
    first = invoiced_on + timedelta(days=customer.terms_days + chance.randint(first_late, last_late))
    payments = []
    for number, (percent, days_after) in enumerate(habit.parts, start=1):
        on = first + timedelta(days=days_after)
        # Who pays by the due date does not become late through a weekend.
        on = business_day(on) if last_late > 0 or days_after else business_day_before(on)
        payments.append(Payment(on=on, percent=percent, last=number == len(habit.parts)))
    return tuple(payments)


def _open_documents(today: date) -> Iterator[SaleOrder]:
    """What is there to be financed on `today`, or should not be."""
    yield _open_document(
        OPEN_INVOICE, "elbblick", today, ordered=19, shipped=9, invoiced=8,
        quantities={"NL-BO60": 6, "NL-IK80": 6, "NL-DH90": 6, "NL-MW25": 4, "NL-WS14": 2},
    )  # fmt: skip
    yield _open_document(
        WAITING_INVOICE, "lefevre", today, ordered=16, shipped=7, invoiced=6,
        quantities={"NL-GS60": 6, "NL-DG45": 5, "NL-WS14": 6},
    )  # fmt: skip
    yield _open_document(
        USD_INVOICE, "harbor", today, ordered=22, shipped=12, invoiced=11,
        quantities={"NL-KV10": 6, "NL-WK34": 4, "NL-MW25": 4},
    )  # fmt: skip
    yield _open_document(
        BAD_PAYER_INVOICE, "baltic", today, ordered=20, shipped=11, invoiced=10,
        quantities={"NL-BO60": 4, "NL-DH90": 5, "NL-IK80": 3},
    )  # fmt: skip
    yield _open_document(
        OVERDUE_INVOICE, "wiener", today, ordered=47, shipped=38, invoiced=37,
        quantities={"NL-KG178": 4, "NL-GS60": 4, "NL-MW25": 3},
    )  # fmt: skip
    yield _open_document(
        SHORT_INVOICE, "vandijk", today, ordered=17, shipped=8, invoiced=7, left_behind={"NL-MW25": 1},
        quantities={"NL-IK80": 8, "NL-MW25": 10, "NL-DH90": 4},
    )  # fmt: skip
    yield _open_document(
        OPEN_ORDER, "lefevre", today, ordered=3, shipped=None, invoiced=None,
        quantities={"NL-KG178": 10, "NL-BO60": 8, "NL-GS60": 8, "NL-WK34": 5, "NL-MW25": 1},
    )  # fmt: skip


def _open_document(
    key: str,
    customer: str,
    today: date,
    *,
    ordered: int,
    shipped: int | None,
    invoiced: int | None,
    quantities: Mapping[str, int],
    left_behind: Mapping[str, int] | None = None,
) -> SaleOrder:
    """`ordered`, `shipped` and `invoiced` are days before today; `left_behind` is charged but not shipped."""
    missing = left_behind or {}
    shipments: tuple[Shipment, ...] = ()
    if shipped is not None and invoiced is not None:
        shipments = (
            Shipment(
                key=f"{key}/1",
                on=business_day_before(today - timedelta(days=shipped)),
                quantities={code: quantity - missing.get(code, 0) for code, quantity in quantities.items()},
                left_behind=missing,
                invoiced_on=business_day_before(today - timedelta(days=invoiced)),
            ),
        )
    ordered_on = business_day_before(today - timedelta(days=ordered))
    promised_on = shipments[0].on if shipments else business_day(today + timedelta(days=16))
    return SaleOrder(
        key=key,
        buyer=buyer(customer),
        ordered_on=ordered_on,
        promised_on=promised_on,
        quantities=quantities,
        shipments=shipments,
    )


def _supply(orders: Iterable[SaleOrder], start: date, today: date) -> tuple[Mapping[str, int], list[Purchase]]:
    """Buys in each month what is sold in the next one; the first two months are sold from the opening stock."""
    needed: dict[date, Counter[str]] = {month: Counter() for month in _months(start, _month_back(today, -2))}
    for order in orders:
        for shipment in order.shipments or (None,):
            month = (shipment.on if shipment else today).replace(day=1)
            needed[month].update(shipment.quantities if shipment else order.quantities)
    months = list(needed)
    opening = needed[months[0]] + needed[months[1]] + Counter({a.code: SAFETY_STOCK for a in ARTICLES})
    purchases = []
    for month, next_month in zip(months[1:], months[2:], strict=False):
        wanted = needed[next_month] if next_month <= today else _usual_month(needed, months[:-2])
        for supplier in SUPPLIERS:
            quantities = {code: n for code, n in sorted(wanted.items()) if article(code).supplier == supplier.key and n}
            ordered_on = business_day(month + timedelta(days=2))
            if not quantities or ordered_on > today:
                continue
            received_on = business_day(ordered_on + timedelta(days=supplier.lead_days))
            billed_on = business_day(received_on + timedelta(days=1))
            purchases.append(
                Purchase(
                    key=f"purchase-{month:%Y-%m}-{supplier.key}",
                    supplier=supplier.key,
                    ordered_on=ordered_on,
                    quantities=quantities,
                    received_on=received_on,
                    billed_on=billed_on,
                    paid_on=business_day_before(billed_on + timedelta(days=supplier.terms_days)),
                )
            )
    return dict(opening), purchases


def _usual_month(needed: Mapping[date, Counter[str]], months: list[date]) -> Counter[str]:
    total: Counter[str] = sum((needed[month] for month in months), Counter())
    return Counter({code: round(number / len(months)) for code, number in total.items()})


def _until(order: SaleOrder, today: date) -> SaleOrder:
    """The part of an order's life that has happened by `today`."""
    shipments = []
    for shipment in order.shipments:
        if shipment.on > today or shipment.invoiced_on > today:
            continue
        credit = shipment.credit if shipment.credit and shipment.credit.on <= today else None
        payments = tuple(payment for payment in shipment.payments if payment.on <= today)
        shipments.append(replace(shipment, credit=credit, payments=payments))
    return replace(order, shipments=tuple(shipments))


def _split(quantities: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """A first load of about three fifths, and the rest."""
    first = {code: max(1, quantity * 3 // 5) for code, quantity in quantities.items()}
    rest = {code: quantity - first[code] for code, quantity in quantities.items() if quantity > first[code]}
    if not rest:
        code = max(first)
        rest = {code: first.pop(code)}
    return first, rest


def business_day(day: date) -> date:
    """`day`, or the Monday after it."""
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def business_day_before(day: date) -> date:
    """`day`, or the Friday before it."""
    return day - timedelta(days={5: 1, 6: 2}.get(day.weekday(), 0))


def _business_days_of_month(month: date) -> list[date]:
    following = _month_back(month, -1)
    days = (month + timedelta(days=n) for n in range((following - month).days))
    return [day for day in days if day.weekday() < 5]


def _month_back(day: date, months: int) -> date:
    """The first of the month that lies `months` before the month of `day`."""
    ordinal = day.year * 12 + day.month - 1 - months
    return date(ordinal // 12, ordinal % 12 + 1, 1)


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _month_back(month, -1)
