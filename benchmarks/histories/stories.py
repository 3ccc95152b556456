"""One sale of each kind, made by Odoo itself on the day of loading; `multiplication` makes a history of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

LINES_PER_ORDER = 5
PRODUCTS = 200
ORDERS_PER_BUYER = 50
FEWEST_BUYERS = 40
APPLICANT, UNRELATED = "Bench Applicant", "Bench Unrelated"
DAY = "scf_bench.day"
"""The system parameter that names the day on which the history ends."""

PROMISED_AFTER, LATE_AFTER = 5, 8
PAID_AFTER, LATE_PAID_AFTER = (30,), (45, 60)


@dataclass(frozen=True)
class Story:
    """A finished sale: its rows by table, and for how many days it goes on after the order."""

    name: str
    rows: dict[str, list[int]]
    days: int


@dataclass(frozen=True)
class Cast:
    """A company with its sales of each kind, and who takes the parts of their buyer and products in the copies."""

    company_id: int
    buyer_id: int
    product_ids: list[int]
    pool_of_buyers: list[int]
    pool_of_products: list[int]
    stories: list[Story]


def cast_companies(env, today: date, orders: dict[str, int]) -> list[Cast]:
    """Make the applicant and the unrelated company, `orders` being how many each of them is to have."""
    env["ir.config_parameter"].set_param(DAY, today.isoformat())
    applicant = env.company
    applicant.write({"name": APPLICANT, "vat": "US12-3456789", "country_id": env.ref("base.us").id})
    unrelated = env["res.company"].create(
        {"name": UNRELATED, "country_id": env.ref("base.us").id, "currency_id": applicant.currency_id.id}
    )
    env.user.company_ids += unrelated
    env.cr.flush()  # Odoo loads the chart of accounts of a new company when it would commit
    env["stock.warehouse"].create({"name": UNRELATED, "code": "UNREL", "company_id": unrelated.id})
    return [_cast(env, company, today, orders[company.name]) for company in (applicant, unrelated)]


def _cast(env, company, today: date, orders: int) -> Cast:
    env = env(context={**env.context, "allowed_company_ids": company.ids, "tracking_disable": True})
    company = company.with_env(env)
    _set_up(env, company)
    buyers = _buyers(env, company, max(FEWEST_BUYERS, orders // ORDERS_PER_BUYER))
    products = _products(env, company)
    buyer, sold = buyers[0], products[:LINES_PER_ORDER]
    stories = [
        _quotation(_order(env, buyer, sold, today)),
        _cancelled(_order(env, buyer, sold, today)),
        _sold(_order(env, buyer, sold, today), "open", today, done_after=0, paid_after=()),
        _sold(_order(env, buyer, sold, today), "paid", today, done_after=0, paid_after=PAID_AFTER),
        _sold(_order(env, buyer, sold, today), "late", today, done_after=LATE_AFTER, paid_after=LATE_PAID_AFTER),
    ]
    env.flush_all()
    return Cast(company.id, buyer.id, sold.ids, buyers.ids, products.ids, stories)


def _set_up(env, company) -> None:
    company._scf_create_accounts()
    company.scf_collection_bank_account_id = env["res.partner.bank"].create(
        {"acc_number": "DE89370400440532013000", "partner_id": company.partner_id.id, "allow_out_payment": True}
    )
    outstanding = env["account.account"].create(
        {"name": "Outstanding Receipts", "code": "101990", "account_type": "asset_current", "reconcile": True}
    )
    journals = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)])
    journals.inbound_payment_method_line_ids.payment_account_id = outstanding


def _buyers(env, company, count: int):
    return env["res.partner"].create(
        [
            {
                "name": f"{company.name}'s Buyer {n}",
                "is_company": True,
                "vat": f"US98-{company.id:02}{n:05}",
                "country_id": env.ref("base.us").id,
                "state_id": env.ref("base.state_us_5").id,
                "street": f"{n} Harbour Road",
                "zip": "94016",
                "city": "San Francisco",
                "company_id": company.id,
            }
            for n in range(count)
        ]
    )


def _products(env, company):
    products = env["product.product"].create(
        [
            {
                "name": f"Product {n}",
                "default_code": f"P{company.id}-{n:04}",
                "type": "consu",
                "is_storable": True,
                "list_price": 10 + n % 90,
                "standard_price": 7 + n % 60,
                "company_id": company.id,
            }
            for n in range(PRODUCTS)
        ]
    )
    stock = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).lot_stock_id
    for product in products:
        env["stock.quant"]._update_available_quantity(product, stock, 1000)
    return products


def _order(env, buyer, products, today: date):
    return env["sale.order"].create(
        {
            "partner_id": buyer.id,
            "date_order": _noon(today),
            "commitment_date": _noon(today + timedelta(days=PROMISED_AFTER)),
            "payment_term_id": env.ref("account.account_payment_term_30days").id,
            "order_line": [
                (0, 0, {"product_id": product.id, "product_uom_qty": 1 + n}) for n, product in enumerate(products)
            ],
        }
    )


def _quotation(order) -> Story:
    order.action_quotation_sent()
    return _told("quotation", order, 0)


def _cancelled(order) -> Story:
    order._action_cancel()
    return _told("cancelled", order, 0)


def _sold(order, name: str, today: date, *, done_after: int, paid_after: tuple[int, ...]) -> Story:
    order.action_confirm()
    order.date_order = _noon(today)
    done_on = today + timedelta(days=done_after)
    for move in order.picking_ids.move_ids:
        move.write({"quantity": move.product_uom_qty, "picked": True})
    order.picking_ids._action_done()
    order.picking_ids.write({"date_done": _noon(done_on)})
    order.picking_ids.move_ids.write({"date": _noon(done_on)})
    invoice = order._create_invoices()
    invoice.invoice_date = done_on
    invoice.action_post()
    payments = order.env["account.payment"]
    for left, days in zip(range(len(paid_after), 0, -1), paid_after, strict=True):
        payments += _pay(invoice, invoice.amount_residual / left, today + timedelta(days=days))
    return _told(name, order, max((done_after, *paid_after)), payments)


def _pay(invoice, amount: float, day: date):
    register = invoice.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
    return register.create({"payment_date": day, "amount": invoice.currency_id.round(amount)})._create_payments()


def _told(name: str, order, days: int, payments=()) -> Story:
    """The rows of a sale: what `order` led to."""
    moves = order.invoice_ids
    payment_ids: list[int] = []
    if payments:
        payment_ids, moves = payments.ids, moves + payments.move_id
    partials = moves.line_ids.matched_debit_ids | moves.line_ids.matched_credit_ids
    rows: dict[str, Any] = {
        "sale_order": order,
        "sale_order_line": order.order_line,
        "stock_picking": order.picking_ids,
        "stock_move": order.picking_ids.move_ids,
        "account_move": moves,
        "account_move_line": moves.line_ids,
        "account_partial_reconcile": partials,
        "account_full_reconcile": partials.full_reconcile_id,
    }
    return Story(name, {"account_payment": payment_ids, **{table: kept.ids for table, kept in rows.items()}}, days)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12))
