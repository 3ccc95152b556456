"""What the arms run. Each function makes its records once and returns what a round calls, with facts to print."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

Scenario = tuple[dict[str, Callable[[], int | None]], dict[str, Any]]
SECTIONS = [
    "party",
    "transaction",
    "consent",
    "order_flow",
    "logistics_flow",
    "tax_flow",
    "cash_flow",
    "inventory",
    "exposure",
    "evidence",
    "checks",
    "forecast",
]
HISTORY_MONTHS = 24


def specification(model, arch) -> dict[str, Any]:
    """The fields that the web client asks for when it opens this view, as its `web_read` specification."""
    specification: dict[str, Any] = {}
    for field in arch.xpath(".//field[not(ancestor::field)]"):
        name = field.get("name")
        definition = model._fields.get(name)
        if definition is None:
            continue
        if definition.type == "many2one":
            specification[name] = {"fields": {"display_name": {}}}
        elif definition.type in ("one2many", "many2many"):
            comodel = model.env[definition.comodel_name]
            subview = field.find("list")
            inner = _inline_fields(comodel, subview) if subview is not None else {}
            specification[name] = {"fields": inner, "limit": 40}
        else:
            specification[name] = {}
    return specification


def _inline_fields(comodel, subview) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for field in subview.iterfind("field"):
        definition = comodel._fields.get(field.get("name"))
        if definition is not None:
            fields[definition.name] = (
                {"fields": {"display_name": {}}} if definition.type in ("many2one", "many2many") else {}
            )
    return fields


def _customer(env):
    return env["res.partner"].create({"name": "Bench Buyer", "is_company": True, "vat": "US1234"})


def _order(env, lines: int = 5):
    products = env["product.product"].create(
        [{"name": f"Bench product {n}", "list_price": 100 + n, "type": "consu"} for n in range(lines)]
    )
    order = env["sale.order"].create(
        {
            "partner_id": _customer(env).id,
            "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 3}) for product in products],
        }
    )
    order.action_confirm()
    return order


def technique(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "currencies": ["USD", "EUR"],
        "min_amount": "100.00",
        "max_amount": "1000000.00",
        "min_tenor_days": 1,
        "max_tenor_days": 365,
        "max_advance_rate": "80.00",
        "recourse": "with",
        "repayment": ["bullet"],
        "indicative_rate_pa": "7.90",
        "indicative_fee_percent": "0.50",
        "sections": SECTIONS,
    }


def connected_bank(env, *codes: str):
    """Make the environment's company ready to ask, and connect a bank that offers these techniques."""
    company = env.company
    company.vat = company.vat or "US12-3456789"
    company._scf_create_accounts()
    company.scf_collection_bank_account_id = company.partner_id.bank_ids[:1] or env["res.partner.bank"].create(
        {"acc_number": "DE89370400440532013000", "partner_id": company.partner_id.id}
    )
    company.scf_collection_bank_account_id.allow_out_payment = True
    bank = env["scf.bank"].create(
        {
            "name": "Bench Bank",
            "base_url": "https://bench.example",
            "issuer": "https://bench.example",
            "profile": {"name": "Bench Bank", "techniques": [technique(code) for code in codes]},
        }
    )
    bank._set_state("connected")
    return bank


def _application(env):
    """A draft application for a confirmed order of five lines, with a company that is ready to ask."""
    bank = connected_bank(env, "pre_shipment")
    application = env["scf.application"].create(
        {"line_ids": [(0, 0, {"sale_order_id": _order(env).id})], "bank_ids": bank.ids}
    )
    env.flush_all()
    return application


def order_package(env) -> Scenario:
    """`build`: read the evidence of a five-line order, cut it by the bank's consent, seal and draw it, check and keep
    the file. `rows`: the floor of reading it, the very SELECTs that it makes, sent again as raw SQL.
    """
    application = _application(env)
    consents = application._grant_consents()
    file = env["scf.package"]._build(application, consents).disclosure_ids.attachment_id.raw
    selects = _selects_of_evidence(application)

    def build() -> None:
        env.invalidate_all()
        env["scf.package"]._build(application, consents)
        env.flush_all()

    def rows() -> None:
        for statement, params in selects:
            env.cr.execute(statement, params)
            env.cr.fetchall()

    return {"build": build, "rows": rows}, {"file": base64.b64encode(file).decode()}


def _selects_of_evidence(application) -> list[tuple[str, Any]]:
    from odoo.addons.scf_finance.evidence.sections import read_sections  # there is no such addon in the other arm

    cursor = application.env.cr
    execute, selects = cursor.execute, []

    def record(query, params=None, *args, **kwargs):
        statement, values = (query, params) if isinstance(query, str) else (query.code, query.params)
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            selects.append((statement, values))
        return execute(query, params, *args, **kwargs)

    now = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None, microsecond=0)
    application.env.invalidate_all()
    cursor.execute = record
    try:
        read_sections(application, as_of=now, today=now.date(), history_months=HISTORY_MONTHS)
    finally:
        cursor.execute = execute
    return selects
