"""`python -m benchmarks.histories.purchases CONFIG DATABASE LINES SUPPLIERS`: an anchor that bought for three years.

A few purchases of each kind are made by Odoo; their rows are copied by SQL.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

import psycopg2

from benchmarks.histories.__main__ import MEMORY
from benchmarks.histories.multiplication import SPAN_DAYS, Copy, copy_stories, drop_indexes, tables_of
from benchmarks.histories.stories import DAY, LINES_PER_ORDER, PRODUCTS, Cast, Story

ANCHOR = "Bench Anchor"
RELATIONS = ("account_move_purchase_order_rel",)
COURSE = (
    "enquiry", "cancelled", "billed", "billed", "billed", "billed", "billed", "late", "returned", "disputed",
)  # fmt: skip
"""What becomes of ten orders."""
PROMISED_AFTER, LATE_AFTER = 5, 11
PRICE_STEPS = 997
"""So many prices around its own has each product: a prime, so that they fall on products and suppliers alike."""


def load(config: str, database: str, lines: int, suppliers: int) -> None:
    """Make the anchor with Odoo, its history with SQL, and let PostgreSQL look at what it got."""
    today = datetime.now(timezone.utc).date()
    cast = _cast(config, database, today, suppliers)
    connection = psycopg2.connect(dbname=database, user=os.environ["SCF_PG_SUPERUSER"], options=MEMORY)
    with connection, connection.cursor() as cursor:
        indexes = drop_indexes(cursor, (*tables_of(cast), *RELATIONS))
        copy_stories(cursor, cast, list(_copies(cast, lines // LINES_PER_ORDER)), RELATIONS)
        _spread_prices(cursor)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in ("VACUUM", *indexes, "VACUUM ANALYZE"):
            cursor.execute(statement)
    connection.close()


def _cast(config: str, database: str, today: date, suppliers: int) -> Cast:
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.sql_db import close_db
    from odoo.tools import config as odoo_config

    odoo_config.parse_config(["-c", config, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        cast = cast_purchases(env, today, suppliers)
        cursor.commit()
    close_db(database)
    return cast


def cast_purchases(env, today: date, suppliers: int) -> Cast:
    """Make the anchor, its suppliers and goods, and a purchase of each story."""
    env["ir.config_parameter"].set_param(DAY, today.isoformat())
    company = env.company
    company.write({"name": ANCHOR, "vat": "US12-3456789", "country_id": env.ref("base.us").id})
    pool = env["res.partner"].create(
        [
            {
                "name": f"Bench Supplier {n}",
                "is_company": True,
                "supplier_rank": 1,
                "email": f"finance@supplier{n}.example",
                "vat": f"US97-{n:07}",
                "country_id": env.ref("base.us").id,
            }
            for n in range(suppliers)
        ]
    )
    products = env["product.product"].create(
        [
            {"name": f"Part {n}", "default_code": f"PART-{n:04}", "is_storable": True, "standard_price": 10 + n % 90}
            for n in range(PRODUCTS)
        ]
    )
    bought = products[:LINES_PER_ORDER]
    stories = [
        _told("enquiry", _order(env, pool[0], bought, today)),
        _told("cancelled", _cancelled(_order(env, pool[0], bought, today))),
        _bought("billed", _order(env, pool[0], bought, today), today, done_after=PROMISED_AFTER),
        _bought("late", _order(env, pool[0], bought, today), today, done_after=LATE_AFTER),
        _bought("returned", _order(env, pool[0], bought, today), today, done_after=PROMISED_AFTER, sends_back=True),
        _bought("disputed", _order(env, pool[0], bought, today), today, done_after=PROMISED_AFTER, disputes=True),
    ]
    env.flush_all()
    return Cast(company.id, pool[0].id, bought.ids, pool.ids, products.ids, stories)


def _order(env, supplier, products, today: date):
    planned = _noon(today + timedelta(days=PROMISED_AFTER))
    return env["purchase.order"].create(
        {
            "partner_id": supplier.id,
            "date_order": _noon(today),
            "order_line": [
                (0, 0, {"product_id": product.id, "product_qty": 2 + n, "price_unit": 40.0, "date_planned": planned})
                for n, product in enumerate(products)
            ],
        }
    )


def _cancelled(order):
    order.button_cancel()
    return order


def _bought(
    name: str, order, today: date, *, done_after: int, sends_back: bool = False, disputes: bool = False
) -> Story:
    order.button_confirm()
    order.date_approve = _noon(today)
    done_on = today + timedelta(days=done_after)
    _finish(order.picking_ids, done_on)
    if sends_back:
        _send_one_back(order.picking_ids, done_on)
    bill = order.env["account.move"].browse(order.action_create_invoice()["res_id"])
    bill.write({"invoice_date": done_on, "ref": name})
    bill.action_post()
    if disputes:
        bill.action_toggle_block_payment()
    return _told(name, order, done_after)


def _finish(picking, day: date) -> None:
    for move in picking.move_ids:
        move.write({"quantity": move.product_uom_qty, "picked": True})
    picking._action_done()
    picking.date_done = _noon(day)
    picking.move_ids.date = _noon(day)


def _send_one_back(picking, day: date) -> None:
    wizard = (
        picking.env["stock.return.picking"]
        .with_context(active_ids=picking.ids, active_id=picking.id)
        .create({"picking_id": picking.id})
    )
    wizard.product_return_moves.quantity = 1
    _finish(picking.browse(wizard.action_create_returns()["res_id"]), day)


def _told(name: str, order, days: int = 0) -> Story:
    """The rows of a purchase: what `order` led to, and for how many days it went on."""
    moves, pickings = order.invoice_ids, order.picking_ids
    rows = {
        "purchase_order": order,
        "purchase_order_line": order.order_line,
        "stock_picking": pickings,
        "stock_move": pickings.move_ids,
        "account_move": moves,
        "account_move_line": moves.line_ids,
    }
    return Story(name, {table: kept.ids for table, kept in rows.items()}, days)


def _copies(cast: Cast, orders: int) -> Iterator[Copy]:
    """One half of the orders goes round all suppliers again and again, n² spreads the other over them unevenly."""
    by_name = {story.name: story for story in cast.stories}
    pool = cast.pool_of_buyers
    for n in range(orders):
        days_ago = (orders - 1 - n) * SPAN_DAYS // orders
        story = by_name[COURSE[n % len(COURSE)]]
        name = "enquiry" if days_ago < story.days else story.name
        # Moved on by one with each round, so that no supplier has orders of one kind only.
        yield n, name, -days_ago, pool[(n // 2 + n // (2 * len(pool)) if n % 2 else n * n) % len(pool)]


def _spread_prices(cursor) -> None:
    """No two years see one price: each line's moves up to a tenth around its own."""
    cursor.execute(
        """UPDATE purchase_order_line line
              SET price_unit = moved.price, price_subtotal = moved.price * product_qty,
                  price_total = moved.price * product_qty
             FROM (SELECT id, ROUND(price_unit * (0.9 + (id %% %(steps)s) * 0.2 / %(steps)s), 2) AS price
                     FROM purchase_order_line) moved
            WHERE moved.id = line.id""",
        {"steps": PRICE_STEPS},
    )
    cursor.execute(
        """UPDATE purchase_order po SET amount_untaxed = line.net, amount_total = line.net
             FROM (SELECT order_id, SUM(price_subtotal) AS net FROM purchase_order_line GROUP BY order_id) line
            WHERE line.order_id = po.id"""
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time().replace(hour=12))


if __name__ == "__main__":
    load(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
