"""The panel's own calls on documents of long histories, as the web client makes them once a form is on screen.

Runs on a database of `load`; what it adds, a bank and the company's set-up, is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.histories.stories import APPLICANT
from benchmarks.scenarios import Scenario, connected_bank


def panels(env) -> Scenario:
    """`scf_panel` of the newest unpaid invoice, of its order, its delivery and its buyer; `lights` of the invoice."""
    company = env["res.company"].search([("name", "=", APPLICANT)]).ensure_one()
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    connected_bank(env, "receivables_discounting", "pre_shipment")
    env.flush_all()
    unpaid = [
        ("company_id", "=", company.id),
        ("move_type", "=", "out_invoice"),
        ("state", "=", "posted"),
        ("payment_state", "=", "not_paid"),
    ]
    invoice = env["account.move"].search(unpaid, order="invoice_date DESC, id DESC", limit=1).ensure_one()
    order = invoice.line_ids.sale_line_ids.order_id[:1].ensure_one()
    delivery = order.picking_ids[:1].ensure_one()
    runs: dict[str, Callable[[], int | None]] = {
        "invoice": _call(invoice, "scf_panel"),
        "lights": _call(invoice, "scf_panel_lights"),
        "order": _call(order, "scf_panel"),
        "delivery": _call(delivery, "scf_panel"),
        "buyer": _call(invoice.commercial_partner_id, "scf_panel"),
    }
    return runs, {}


def _call(record, method: str) -> Callable[[], None]:
    def run() -> None:
        record.env.invalidate_all()
        getattr(record, method)()

    return run
