"""What the arms run. Each function makes its records once and returns what a round calls, with facts to print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

Scenario = tuple[Callable[[], Any], dict[str, Any]]


def _specification(model, arch) -> dict[str, Any]:
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
    fields = {}
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


def sales_order_form(env) -> Scenario:
    """Open a confirmed sales order of five lines: the web client's own read of the form."""
    order = _order(env)
    views = env["sale.order"].get_views([(False, "form")])
    arch = etree.fromstring(views["views"]["form"]["arch"])
    specification = _specification(env["sale.order"], arch)
    env.flush_all()

    def run() -> None:
        env.invalidate_all()
        order.web_read(specification)

    return run, {"fields": len(specification)}
