"""The lines of the financed documents with their net, tax and gross, adding up to each document's own totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from openscf.money import decimals, round_money

from odoo.tools import SQL

from ..amounts import exact

# Odoo's tax engine takes the lines of one order at a time, and would read these for each order anew.
READ_BY_TAX_ENGINE = (
    "payment_term_id.name",
    "order_line.display_type",
    "order_line.product_id.type",
    "order_line.product_uom_id.name",
    "order_line.tax_ids.repartition_line_ids.factor_percent",
    "order_line.tax_ids.children_tax_ids.repartition_line_ids.factor_percent",
)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line; amounts in the document's currency, quantity and unit price as the ERP keeps them.

    `id` is the invoice line or order line that it was read from, None where the ERP adds the line by computation.
    """

    id: int | None
    is_product: bool
    is_goods: bool
    is_down_payment: bool
    description: str
    product_code: str | None
    quantity: Decimal
    uom: str | None
    factor: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    net: Decimal
    tax: Decimal
    tax_ids: tuple[int, ...]
    tax_codes: tuple[str, ...]

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One tax of the document: base and amount in its currency."""

    tax_code: str
    rate_percent: Decimal | None
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PricedDocument:
    """Lines and taxes of one document; the lines' nets and taxes are the totals that the ERP states for it."""

    lines: tuple[PricedLine, ...]
    taxes: tuple[TaxAmount, ...]


def read_priced_documents(scope, orders) -> dict[int, PricedDocument]:
    """Read the lines of the financed sales orders and invoices, by document id, in a fixed number of queries."""
    if not scope.is_order:
        return agreeing(scope, read_invoice_lines(scope, sign=-1))
    tax_ids = SQL(
        """
        SELECT rel.account_tax_id
          FROM sale_order_line line
          JOIN account_tax_sale_order_line_rel rel ON rel.sale_order_line_id = line.id
         WHERE line.order_id = ANY(%s)
        """,
        scope.ids,
    )
    return agreeing(scope, read_order_lines(scope, orders, tax_ids=tax_ids, base_lines_of=_base_lines_of))


def _base_lines_of(order) -> list[dict]:
    lines = [line._prepare_base_line_for_taxes_computation() for line in order._get_priced_lines()]
    return lines + order._add_base_lines_for_early_payment_discount()


def agreeing(scope, priced: dict[int, PricedDocument]) -> dict[int, PricedDocument]:
    """The documents with their lines and taxes adding up to their totals.

    A tax that is rounded on the document, not on the line, leaves a difference of some minor units; so does, with more
    of them, a tax whose rate was changed after an order was priced. It goes to the line with the largest tax, and to
    the largest tax, so that lines, taxes and totals agree to the cent.
    """
    return {header.id: _agreeing(priced[header.id], header) for header in scope.headers}


def _agreeing(priced: PricedDocument, header) -> PricedDocument:
    lines = _spread(_spread(priced.lines, "net", header.net), "tax", header.tax)
    return PricedDocument(lines, _spread(priced.taxes, "amount", header.tax))


def _spread(rows: tuple, field: str, total: Decimal) -> tuple:
    """The rows with `field` adding up to `total`: what is missing goes to the row that has most of it."""
    gap = total - sum((getattr(row, field) for row in rows), Decimal(0))
    if not gap or not rows:
        return rows
    largest = max(range(len(rows)), key=lambda index: (abs(getattr(rows[index], field)), -index))
    changed = replace(rows[largest], **{field: getattr(rows[largest], field) + gap})
    return (*rows[:largest], changed, *rows[largest + 1 :])


def read_invoice_lines(scope, *, sign: int) -> dict[int, PricedDocument]:
    """Journal items are the truth of an invoice or bill: what they carry is what is owed. Three queries.

    :param sign: what makes the items of a document positive: -1 for what a buyer owes, 1 for what a supplier is owed
    """
    env, currency = scope.env, scope.currency
    names = dict(env.execute_query(_tax_names(scope.ids)))
    lines, taxes = defaultdict(list), defaultdict(list)
    for row in env.execute_query_dict(_invoice_lines(scope.ids, currency, sign)):
        lines[row["move_id"]].append(_invoice_line(row, names))
    for row in env.execute_query_dict(_invoice_taxes(scope.ids, sign)):
        taxes[row["move_id"]].append(_invoice_tax(row, currency))
    return {move_id: PricedDocument(tuple(lines[move_id]), tuple(taxes[move_id])) for move_id in scope.ids}


def _invoice_lines(move_ids: list[int], currency: str, sign: int) -> SQL:
    return SQL(
        """
        SELECT line.id, line.move_id, line.display_type, line.name, product.default_code,
               template.type AS product_type, line.is_downpayment,
               COALESCE(line.quantity, 0)::text AS quantity, uom.name->>'en_US' AS uom,
               COALESCE(uom.factor, 1)::text AS factor, COALESCE(line.price_unit, 0)::text AS price_unit,
               COALESCE(line.discount, 0)::text AS discount,
               (%(sign)s * ROUND(line.amount_currency, %(decimals)s))::text AS net,
               ROUND(CASE WHEN line.display_type = 'product'
                          THEN line.price_total - line.price_subtotal ELSE 0 END, %(decimals)s)::text AS tax,
               tax.tax_ids
          FROM account_move_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
          LEFT JOIN LATERAL (SELECT ARRAY_AGG(tax.id ORDER BY tax.sequence, tax.id) AS tax_ids
                               FROM account_move_line_account_tax_rel rel
                               JOIN account_tax tax ON tax.id = rel.account_tax_id
                              WHERE rel.account_move_line_id = line.id) tax ON TRUE
         WHERE line.move_id = ANY(%(moves)s) AND line.tax_repartition_line_id IS NULL
           AND line.display_type IN ('product', 'rounding', 'non_deductible_product', 'non_deductible_product_total')
         ORDER BY line.move_id, line.sequence, line.id
        """,
        moves=move_ids,
        sign=sign,
        decimals=decimals(currency),
    )


def _tax_names(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT tax.id, tax.name->>'en_US'
          FROM account_move_line line
          JOIN account_move_line_account_tax_rel rel ON rel.account_move_line_id = line.id
          JOIN account_tax tax ON tax.id = rel.account_tax_id
         WHERE line.move_id = ANY(%s)
        """,
        move_ids,
    )


def _invoice_taxes(move_ids: list[int], sign: int) -> SQL:
    # Each repartition line of a tax is booked on the same base: reverse charge on both sides, a split tax in parts.
    return SQL(
        """
        SELECT part.move_id, part.tax_code, part.rate_percent,
               (ARRAY_AGG(part.base ORDER BY ABS(part.base) DESC, part.base DESC))[1]::text AS base,
               SUM(part.amount)::text AS amount
          FROM (SELECT line.move_id, COALESCE(tax.name->>'en_US', line.name) AS tax_code,
                       CASE WHEN tax.amount_type = 'percent' THEN tax.amount::text END AS rate_percent,
                       SUM(ABS(line.tax_base_amount) * SIGN(%(sign)s * line.amount_currency)
                           * CASE WHEN tax.amount * repartition.factor_percent < 0 THEN -1 ELSE 1 END
                           * COALESCE(NULLIF(move.invoice_currency_rate, 0), 1))::numeric AS base,
                       tax.id AS tax_id, SUM(%(sign)s * line.amount_currency) AS amount
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN account_tax_repartition_line repartition ON repartition.id = line.tax_repartition_line_id
                  LEFT JOIN account_tax tax ON tax.id = line.tax_line_id
                 WHERE line.move_id = ANY(%(moves)s) AND line.display_type IN ('tax', 'rounding')
                 GROUP BY line.move_id, tax_code, rate_percent, tax.id, repartition.id) part
         GROUP BY part.move_id, part.tax_code, part.rate_percent, part.tax_id
         ORDER BY part.move_id, part.tax_code, part.rate_percent, part.tax_id
        """,
        moves=move_ids,
        sign=sign,
    )


def _invoice_tax(row: dict, currency: str) -> TaxAmount:
    return TaxAmount(
        tax_code=row["tax_code"],
        rate_percent=Decimal(row["rate_percent"]) if row["rate_percent"] is not None else None,
        base=round_money(Decimal(row["base"]), currency),
        amount=round_money(Decimal(row["amount"]), currency),
    )


def _invoice_line(row: dict, tax_names: dict[int, str]) -> PricedLine:
    tax_ids = tuple(row["tax_ids"] or ())
    return PricedLine(
        id=row["id"],
        is_product=row["display_type"] == "product",
        is_goods=row["product_type"] == "consu",
        is_down_payment=bool(row["is_downpayment"]),
        description=(row["name"] or "").strip(),
        product_code=row["default_code"],
        quantity=Decimal(row["quantity"]),
        uom=row["uom"],
        factor=Decimal(row["factor"]),
        unit_price=Decimal(row["price_unit"]),
        discount_percent=Decimal(row["discount"]),
        net=Decimal(row["net"]),
        tax=Decimal(row["tax"]),
        tax_ids=tax_ids,
        tax_codes=tuple(tax_names[tax_id] for tax_id in tax_ids),
    )


def read_order_lines(
    scope, orders, *, tax_ids: SQL, base_lines_of: Callable[..., list[dict]]
) -> dict[int, PricedDocument]:
    """An order keeps no tax lines. Where each line has one tax at most, and the lines add up to the order's totals,
    what the lines say is all there is to know; else Odoo's tax engine tells, exactly as it computed the totals.

    :param tax_ids: ids of the taxes on the orders' lines
    :param base_lines_of: gives the lines of an order as the tax engine takes them
    """
    taxes = {row["id"]: row for row in scope.env.execute_query_dict(_taxes(tax_ids))}
    priced = {header.id: _stated_order(header, orders.by_id[header.id], taxes) for header in scope.headers}
    computed = scope.documents.filtered(lambda order: priced[order.id] is None).with_context(lang="en_US")
    for path in READ_BY_TAX_ENGINE if computed else ():
        computed.mapped(path)
    return {
        **priced,
        **{order.id: _compute_order(order, base_lines_of(order), scope.currency) for order in computed},
    }


def _taxes(tax_ids: SQL) -> SQL:
    return SQL(
        """
        SELECT tax.id, tax.name->>'en_US' AS name, tax.amount_type, tax.amount::text AS amount
          FROM account_tax tax
         WHERE tax.id IN (%s)
        """,
        tax_ids,
    )


def _stated_order(header, order, taxes: dict[int, dict]) -> PricedDocument | None:
    """The order from its lines' own columns, None where they do not tell all of it.

    :param taxes: rows of the lines' taxes by id: `name`, `amount_type` and `amount`
    """
    has_one_tax = all(
        not line.tax_ids or (len(line.tax_ids) == 1 and taxes[line.tax_ids[0]]["amount_type"] != "group")
        for line in order.lines
    )
    lines = tuple(_stated_line(line, taxes, header.currency) for line in order.lines) if has_one_tax else ()
    net, tax = sum((line.net for line in lines), Decimal(0)), sum((line.tax for line in lines), Decimal(0))
    if not has_one_tax or (net, tax) != (header.net, header.tax):
        return None
    totals: dict[int, list[Decimal]] = {}
    for line in lines:
        for tax_id in line.tax_ids:
            total = totals.setdefault(tax_id, [Decimal(0), Decimal(0)])
            total[0] += line.net
            total[1] += line.tax
    return PricedDocument(lines, tuple(_stated_tax(taxes[tax_id], *total) for tax_id, total in totals.items()))


def _stated_line(line, taxes: dict[int, dict], currency: str) -> PricedLine:
    return PricedLine(
        id=line.id,
        is_product=True,
        is_goods=line.is_goods,
        is_down_payment=line.is_down_payment,
        description=line.description,
        product_code=line.product_code,
        quantity=line.ordered,
        uom=line.uom,
        factor=line.factor,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        net=round_money(line.net, currency),
        tax=round_money(line.tax, currency),
        tax_ids=line.tax_ids,
        tax_codes=tuple(taxes[tax_id]["name"] for tax_id in line.tax_ids),
    )


def _stated_tax(tax: dict, base: Decimal, amount: Decimal) -> TaxAmount:
    return TaxAmount(tax["name"], Decimal(tax["amount"]) if tax["amount_type"] == "percent" else None, base, amount)


def _compute_order(order, base_lines: list[dict], currency: str) -> PricedDocument:
    tax_engine = order.env["account.tax"]
    tax_engine._add_tax_details_in_base_lines(base_lines, order.company_id)
    tax_engine._round_base_lines_tax_details(base_lines, order.company_id)
    return PricedDocument(
        lines=tuple(_computed_line(base_line, currency, of=order.order_line._name) for base_line in base_lines),
        taxes=_computed_taxes(base_lines, currency),
    )


def _computed_line(base_line: dict, currency: str, *, of: str) -> PricedLine:
    """A line of Odoo's tax engine; `of` is the model of order lines, other records have no line of the order."""
    details, record = base_line["tax_details"], base_line["record"]
    line = record if getattr(record, "_name", None) == of else record.browse()
    uom, product = base_line["product_uom_id"], base_line["product_id"]
    taxes = [tax["tax"] for tax in details["taxes_data"]]
    return PricedLine(
        id=line.id or None,
        is_product=bool(line),
        is_goods=bool(product) and product.type == "consu",
        is_down_payment=bool(line) and line.is_downpayment,
        description=((line.name if line else base_line.get("name")) or "").strip(),
        product_code=(product.default_code or None) if product else None,
        quantity=Decimal(str(base_line["quantity"])),
        uom=uom.name or None if uom else None,
        factor=Decimal(str(uom.factor)) if uom else Decimal(1),
        unit_price=Decimal(str(base_line["price_unit"])),
        discount_percent=Decimal(str(base_line["discount"])),
        net=exact(details["total_excluded_currency"] + details["delta_total_excluded_currency"], currency),
        tax=sum((exact(tax["tax_amount_currency"], currency) for tax in details["taxes_data"]), Decimal(0)),
        tax_ids=tuple(line.tax_ids.ids) if line else (),
        tax_codes=tuple(dict.fromkeys(tax.name for tax in taxes)),
    )


def _computed_taxes(base_lines: list[dict], currency: str) -> tuple[TaxAmount, ...]:
    """The taxes that Odoo's tax engine found on the lines, added up."""
    totals: dict[int, list] = {}
    for base_line in base_lines:
        for details in base_line["tax_details"]["taxes_data"]:
            tax = details["tax"]
            total = totals.setdefault(tax.id, [tax, Decimal(0), Decimal(0)])
            total[1] += exact(details["base_amount_currency"], currency)
            total[2] += exact(details["tax_amount_currency"], currency)
    return tuple(
        TaxAmount(
            tax.name,
            Decimal(str(tax.amount)) if tax.amount_type == "percent" else None,
            base,
            amount,
        )
        for tax, base, amount in totals.values()
    )
