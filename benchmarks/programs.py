"""Figures on many suppliers for a batch of a program, beside one SQL aggregation over the same rows.

Runs on a database of `benchmarks.histories.purchases`; nothing is written to it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, time
from time import perf_counter
from typing import Any
from unittest.mock import patch

import psycopg2

from benchmarks.histories.purchases import ANCHOR
from benchmarks.histories.stories import DAY
from benchmarks.packages import peak_bytes, resident_bytes
from benchmarks.scenarios import Scenario

SECRET = b"the codes of one bank"
FLOOR = """
    WITH lines AS (
        SELECT po.partner_id, COUNT(DISTINCT po.id) AS orders, COUNT(*) AS order_lines,
               SUM(line.price_subtotal / po.currency_rate) AS ordered,
               MIN(po.date_approve) AS first_order, MAX(po.date_approve) AS last_order
          FROM purchase_order_line line
          JOIN purchase_order po ON po.id = line.order_id
         WHERE po.company_id = %(company)s AND po.state = 'purchase' AND po.date_approve >= %(start)s
           AND po.partner_id = ANY(%(suppliers)s)
         GROUP BY po.partner_id
    ), moves AS (
        SELECT po.partner_id, COUNT(*) AS deliveries,
               COUNT(*) FILTER (WHERE move.date::date > move.date_deadline::date) AS late,
               SUM(move.quantity * line.price_unit) AS received
          FROM stock_move move
          JOIN purchase_order_line line ON line.id = move.purchase_line_id
          JOIN purchase_order po ON po.id = line.order_id
         WHERE po.company_id = %(company)s AND move.state = 'done' AND move.date >= %(start)s
           AND po.partner_id = ANY(%(suppliers)s)
         GROUP BY po.partner_id
    ), bills AS (
        SELECT commercial_partner_id AS partner_id, COUNT(*) AS invoices, SUM(-amount_untaxed_signed) AS invoiced
          FROM account_move
         WHERE company_id = %(company)s AND state = 'posted' AND move_type IN ('in_invoice', 'in_refund')
           AND invoice_date >= %(start)s AND commercial_partner_id = ANY(%(suppliers)s)
         GROUP BY commercial_partner_id
    )
    SELECT * FROM lines LEFT JOIN moves USING (partner_id) LEFT JOIN bills USING (partner_id)"""


def prequalification(env, suppliers: int) -> Scenario:
    """`read` the trade with so many suppliers, `batch` it for one bank, and the `floor`: sums of the same rows.

    Facts: rows and bytes, the peak of memory beside idle Odoo, and whether a second reading by another user in another
    time zone gave the same bytes.
    """
    from odoo.addons.scf_program.prequalification.batch import batch_of
    from odoo.addons.scf_program.prequalification.scope import Scope
    from odoo.addons.scf_program.prequalification.trade import read_trade

    company = env["res.company"].search([("name", "=", ANCHOR)]).ensure_one()
    today = date.fromisoformat(env["ir.config_parameter"].get_param(DAY))
    partners = env["res.partner"].search([("name", "=like", "Bench Supplier %")], order="id", limit=suppliers)
    scope = Scope(company, company.currency_id, tuple(partners.ids), today)
    read_rows: list[dict[str, Any]] = []

    def read() -> None:
        env.invalidate_all()
        read_rows[:] = [_row(trade) for trade in read_trade(scope)]

    def batch() -> None:
        batch_of(read_rows, company.currency_id.name)

    idle = resident_bytes()
    read()
    made = batch_of(read_rows, company.currency_id.name)
    peak = peak_bytes() - idle
    elsewhere = company.with_env(env(user=env.ref("base.user_admin"), context={"tz": "Pacific/Auckland"}))
    again = read_trade(Scope(elsewhere, company.currency_id, tuple(reversed(partners.ids)), today))
    facts = {
        "rows": made.rows,
        "bytes": sum(len(piece.content) for piece in made.pieces),
        "chunks": len(made.pieces),
        "peak_mb": peak / 1e6,
        "identical": [piece.sha256 for piece in made.pieces]
        == [piece.sha256 for piece in batch_of(map(_row, again), company.currency_id.name).pieces],
    }
    return {"read": read, "batch": batch, "floor": _floor(env, scope)}, facts


def invitation(env, suppliers: int) -> Scenario:
    """Invite so many suppliers: looked at, brought in, written to. Each once, as it takes minutes; nothing is sent.

    Facts: seconds and queries of each step.
    """
    program = env["scf.program"].create({"name": "Bench", "kind": "dynamic_discounting", "terms": "<p>Bench</p>"})
    for state in ("to_approve", "active"):
        program._set_state(state)
    partners = env["res.partner"].search([("name", "=like", "Bench Supplier %")], order="id", limit=suppliers)
    invitations, taken = env["scf.program.invitation"], {}

    def look() -> None:
        invitations._of_partners(program, partners, "rules").action_start()

    steps = {
        "look": look,
        "bring_in": invitations._cron_bring_in,
        "write": env["scf.program.member"]._cron_write,
    }
    with patch.object(type(env["ir.cron"]), "_commit_progress", lambda cron, *args, **kwargs: float("inf")):
        for name, step in steps.items():
            before, start = env.cr.sql_log_count, perf_counter()
            step()
            env.flush_all()
            taken[name] = perf_counter() - start, env.cr.sql_log_count - before
    states = env["scf.program.member"]._read_group([("program_id", "=", program.id)], ["state"], ["__count"])
    env.cr.rollback()
    return {}, {"taken": taken, "states": dict(states)}


def _row(trade) -> dict[str, Any]:
    code = hmac.new(SECRET, str(trade.supplier_id).encode(), hashlib.sha256).hexdigest()[:20]
    return {"member_ref": f"P-{code}", "named": False, "country": "US", **trade.figures()}


def _floor(env, scope):
    """The floor on a connection of its own: psycopg2 without Odoo, planning as we let PostgreSQL plan."""
    cursor = psycopg2.connect(dbname=env.cr.dbname).cursor()
    cursor.execute("SET random_page_cost = 1.1; SET jit = off")
    asked = {
        "company": scope.company.id,
        "start": datetime.combine(scope.start, time()),
        "suppliers": list(scope.supplier_ids),
    }

    def floor() -> int:
        cursor.execute(FLOOR, asked)
        cursor.fetchall()
        return 1

    return floor
