"""The plan by itself: its shape holds for whatever day the demonstration is started on."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban
from stdnum.eu import vat

from demo import history
from demo.company import ARTICLES, BUYERS, COMPANY, SUPPLIERS, USD_ACCOUNT_IBAN
from demo.history import History, plan_history

ANY_DAY = st.dates(min_value=date(2024, 1, 1), max_value=date(2032, 12, 31))


def dates_of(plan: History) -> list[date]:
    found = []
    for order in plan.orders:
        found.append(order.ordered_on)
        for shipment in order.shipments:
            found += [shipment.on, shipment.invoiced_on, *(payment.on for payment in shipment.payments)]
            found += [shipment.credit.on] if shipment.credit else []
    return found


@settings(max_examples=60, deadline=None)
@given(today=ANY_DAY)
def test_history_covers_thirteen_months_and_ends_today(today: date) -> None:
    plan = plan_history(today)
    assert len(plan.months) == 14
    assert min(dates_of(plan)) >= plan.start
    assert max(dates_of(plan)) <= today
    assert today - min(dates_of(plan)) > timedelta(days=365)


@settings(max_examples=20, deadline=None)
@given(today=ANY_DAY)
def test_same_day_gives_same_history(today: date) -> None:
    assert plan_history(today) == plan_history(today)


@settings(max_examples=60, deadline=None)
@given(today=ANY_DAY)
def test_a_full_month_has_eight_to_ten_ordinary_orders(today: date) -> None:
    plan = plan_history(today)
    ordinary = [order for order in plan.orders if order.key.startswith("order-")]
    per_month = Counter(order.ordered_on.replace(day=1) for order in ordinary)
    finished = [month for month in plan.months if month + timedelta(days=31) < today - timedelta(days=14)]
    assert all(8 <= per_month[month] <= 10 for month in finished)


@settings(max_examples=60, deadline=None)
@given(today=ANY_DAY)
def test_stock_never_runs_out(today: date) -> None:
    plan = plan_history(today)
    flow: dict[date, Counter[str]] = defaultdict(Counter)
    for purchase in plan.purchases:
        if purchase.received_on <= today:
            flow[purchase.received_on].update(purchase.quantities)
    for order in plan.orders:
        for shipment in order.shipments:
            flow[shipment.on].subtract(shipment.quantities)
    stock = Counter(plan.opening_stock)
    for day in sorted(flow):
        stock.update(flow[day])
        assert min(stock.values()) >= 0, f"{day}: {stock}"
    wanted = next(order.quantities for order in plan.orders if order.key == history.OPEN_ORDER)
    assert all(stock[code] >= quantity for code, quantity in wanted.items())


@settings(max_examples=60, deadline=None)
@given(today=ANY_DAY)
def test_shipments_never_exceed_the_order(today: date) -> None:
    for order in plan_history(today).orders:
        shipped: Counter[str] = Counter()
        for shipment in order.shipments:
            shipped.update(shipment.quantities)
        assert all(shipped[code] <= order.quantities[code] for code in shipped), order.key


def test_history_has_late_part_and_returned_deliveries_and_an_allowance() -> None:
    shipments = [(order, s) for order in plan_history(date(2026, 11, 22)).orders for s in order.shipments]
    late = [s for order, s in shipments if s.on > order.promised_on]
    in_parts = [order for order, _s in shipments if len(order.shipments) == 2]
    credits = [s.credit for _order, s in shipments if s.credit]
    assert len(late) >= 5
    assert len(in_parts) >= 4
    assert sorted(credit.returned for credit in credits) == [False, True]


def test_history_has_lost_offers_cancellations_and_orders_that_grew() -> None:
    plan = plan_history(date(2026, 11, 22))
    lost = [quotation for quotation in plan.quotations if not quotation.cancelled_on]
    grown = [order for order in plan.orders if order.added]
    assert len(lost) >= 15
    assert len(plan.quotations) - len(lost) >= 5
    assert len(grown) >= 8
    for order in grown:
        [(code, quantity)] = order.added.items()
        assert order.quantities[code] > quantity, "Something was ordered before it grew."
        assert order.ordered_on < order.added_on < order.promised_on


def test_one_invoice_charges_more_than_left_the_warehouse() -> None:
    plan = plan_history(date(2026, 11, 22))
    short = {order.key: s.left_behind for order in plan.orders for s in order.shipments if s.left_behind}
    assert short == {history.SHORT_INVOICE: {"NL-MW25": 1}}
    [order] = [order for order in plan.orders if order.key == history.SHORT_INVOICE]
    assert order.shipments[0].quantities["NL-MW25"] == order.quantities["NL-MW25"] - 1


@settings(max_examples=30, deadline=None)
@given(today=ANY_DAY)
def test_documents_to_finance_are_open_and_of_the_right_customer(today: date) -> None:
    orders = {order.key: order for order in plan_history(today).orders}
    customers = {key: orders[key].buyer.key for key in orders if not key.startswith("order-")}
    assert customers == {
        history.OPEN_INVOICE: "elbblick",
        history.WAITING_INVOICE: "lefevre",
        history.USD_INVOICE: "harbor",
        history.BAD_PAYER_INVOICE: "baltic",
        history.OVERDUE_INVOICE: "wiener",
        history.SHORT_INVOICE: "vandijk",
        history.OPEN_ORDER: "lefevre",
    }
    assert not orders[history.OPEN_ORDER].shipments
    overdue = orders[history.OVERDUE_INVOICE]
    assert overdue.shipments[0].invoiced_on + timedelta(days=overdue.buyer.terms_days) < today
    assert not any(payment for key in customers for s in orders[key].shipments for payment in s.payments)


@pytest.mark.parametrize("firm", [COMPANY, *(b.firm for b in BUYERS), *(s.firm for s in SUPPLIERS)])
def test_firm_carries_a_valid_vat_number(firm) -> None:
    if firm.address.country == "US":
        assert firm.vat is None
    else:
        assert vat.is_valid(firm.vat)


def test_ibans_are_valid() -> None:
    numbers = [COMPANY.iban, USD_ACCOUNT_IBAN, *(supplier.firm.iban for supplier in SUPPLIERS)]
    assert all(iban.is_valid(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_every_article_is_bought_from_a_known_supplier_below_its_price() -> None:
    suppliers = {supplier.key for supplier in SUPPLIERS}
    assert all(article.supplier in suppliers and article.cost < article.price for article in ARTICLES)
