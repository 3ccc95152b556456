"""The lines of the financed document with their net, tax and gross, adding up to the document's own totals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL

from ..amounts import exact


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line; amounts in the document's currency, quantity and unit price as the ERP keeps them."""

    description: str
    product_code: str | None
    quantity: Decimal
    uom: str | None
    unit_price: Decimal
    discount_percent: Decimal
    net: Decimal
    tax: Decimal
    tax_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One tax of the document: base and amount in its currency."""

    tax_code: str
    rate_percent: Decimal | None
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PricedDocument:
    """Lines and taxes of one document, and the totals that the ERP states for it."""

    lines: tuple[PricedLine, ...]
    taxes: tuple[TaxAmount, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal


def read_priced_document(scope) -> PricedDocument:
    """Read the financed order or invoice of `scope` in a fixed number of queries.

    A tax that is rounded on the document, not on the line, leaves a difference of some minor units; it goes to the
    line with the largest tax, so that lines, taxes and totals agree to the cent.
    """
    priced = _read_order(scope) if scope.is_order else _read_invoice(scope)
    net_gap = priced.net - sum((line.net for line in priced.lines), Decimal(0))
    tax_gap = priced.tax - sum((line.tax for line in priced.lines), Decimal(0))
    lines = _spread(priced.lines, "net", net_gap)
    return replace(priced, lines=_spread(lines, "tax", tax_gap))


def _spread(lines: tuple[PricedLine, ...], field: str, gap: Decimal) -> tuple[PricedLine, ...]:
    if not gap or not lines:
        return lines
    largest = max(range(len(lines)), key=lambda index: (abs(getattr(lines[index], field)), -index))
    changed = replace(lines[largest], **{field: getattr(lines[largest], field) + gap})
    return (*lines[:largest], changed, *lines[largest + 1 :])


def _read_invoice(scope) -> PricedDocument:
    """Journal items are the truth of an invoice: what they carry is what the buyer owes."""
    move, currency = scope.document, scope.currency
    rows = scope.env.execute_query_dict(
        SQL(
            """
        SELECT line.name, product.default_code, line.quantity::text, uom.name->>'en_US' AS uom,
               line.price_unit::text, COALESCE(line.discount, 0)::text AS discount,
               (-line.amount_currency)::text AS net,
               (CASE WHEN line.display_type = 'product'
                     THEN line.price_total - line.price_subtotal ELSE 0 END)::text AS tax,
               ARRAY(SELECT tax.name->>'en_US' FROM account_move_line_account_tax_rel rel
                       JOIN account_tax tax ON tax.id = rel.account_tax_id
                      WHERE rel.account_move_line_id = line.id ORDER BY tax.sequence, tax.id) AS tax_codes
          FROM account_move_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
         WHERE line.move_id = %s AND line.tax_repartition_line_id IS NULL
           AND line.display_type IN ('product', 'rounding', 'non_deductible_product', 'non_deductible_product_total')
         ORDER BY line.sequence, line.id
        """,
            move.id,
        )
    )
    taxes = scope.env.execute_query_dict(
        SQL(
            """
        SELECT COALESCE(tax.name->>'en_US', line.name) AS tax_code,
               CASE WHEN tax.amount_type = 'percent' THEN tax.amount::text END AS rate_percent,
               SUM(ABS(line.tax_base_amount) * SIGN(-line.amount_currency)
                   * COALESCE(NULLIF(move.invoice_currency_rate, 0), 1))::numeric::text AS base,
               SUM(-line.amount_currency)::text AS amount
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          LEFT JOIN account_tax tax ON tax.id = line.tax_line_id
         WHERE line.move_id = %s AND line.tax_repartition_line_id IS NOT NULL
           AND line.display_type IN ('tax', 'rounding')
         GROUP BY 1, 2
         ORDER BY 1, 2
        """,
            move.id,
        )
    )
    return PricedDocument(
        lines=tuple(_line(row, currency) for row in rows),
        taxes=tuple(_tax(row, currency) for row in taxes),
        net=exact(move.amount_untaxed, currency),
        tax=exact(move.amount_tax, currency),
        gross=exact(move.amount_total, currency),
    )


def _tax(row: dict, currency: str) -> TaxAmount:
    return TaxAmount(
        tax_code=row["tax_code"],
        rate_percent=Decimal(row["rate_percent"]) if row["rate_percent"] is not None else None,
        base=round_money(Decimal(row["base"]), currency),
        amount=round_money(Decimal(row["amount"]), currency),
    )


def _line(row: dict, currency: str) -> PricedLine:
    return PricedLine(
        description=(row["name"] or "").strip(),
        product_code=row["default_code"],
        quantity=Decimal(row["quantity"] or 0),
        uom=row["uom"],
        unit_price=Decimal(row["price_unit"] or 0),
        discount_percent=Decimal(row["discount"]),
        net=round_money(Decimal(row["net"]), currency),
        tax=round_money(Decimal(row["tax"]), currency),
        tax_codes=tuple(row["tax_codes"]),
    )


def _read_order(scope) -> PricedDocument:
    """An order keeps no tax lines: Odoo's own tax engine gives them, exactly as it computed the order's total."""
    order, currency = scope.document, scope.currency
    tax_engine = scope.env["account.tax"]
    base_lines = [line._prepare_base_line_for_taxes_computation() for line in order._get_priced_lines()]
    base_lines += order._add_base_lines_for_early_payment_discount()
    tax_engine._add_tax_details_in_base_lines(base_lines, order.company_id)
    tax_engine._round_base_lines_tax_details(base_lines, order.company_id)
    return PricedDocument(
        lines=tuple(_order_line(base_line, currency) for base_line in base_lines),
        taxes=_order_taxes(base_lines, currency),
        net=exact(order.amount_untaxed, currency),
        tax=exact(order.amount_tax, currency),
        gross=exact(order.amount_total, currency),
    )


def _order_line(base_line: dict, currency: str) -> PricedLine:
    details, record = base_line["tax_details"], base_line["record"]
    is_sale_line = getattr(record, "_name", None) == "sale.order.line"
    taxes = [tax["tax"].with_context(lang="en_US").name for tax in details["taxes_data"]]
    return PricedLine(
        description=((record.name if is_sale_line else base_line.get("name")) or "").strip(),
        product_code=(base_line["product_id"].default_code or None) if base_line["product_id"] else None,
        quantity=Decimal(str(base_line["quantity"])),
        uom=record.product_uom_id.with_context(lang="en_US").name or None if is_sale_line else None,
        unit_price=Decimal(str(base_line["price_unit"])),
        discount_percent=Decimal(str(base_line["discount"])),
        net=exact(details["total_excluded_currency"] + details["delta_total_excluded_currency"], currency),
        tax=sum((exact(tax["tax_amount_currency"], currency) for tax in details["taxes_data"]), Decimal(0)),
        tax_codes=tuple(dict.fromkeys(taxes)),
    )


def _order_taxes(base_lines: list[dict], currency: str) -> tuple[TaxAmount, ...]:
    totals: dict[int, list] = {}
    for base_line in base_lines:
        for details in base_line["tax_details"]["taxes_data"]:
            tax = details["tax"]
            total = totals.setdefault(tax.id, [tax, Decimal(0), Decimal(0)])
            total[1] += exact(details["base_amount_currency"], currency)
            total[2] += exact(details["tax_amount_currency"], currency)
    return tuple(
        TaxAmount(
            tax.with_context(lang="en_US").name,
            Decimal(str(tax.amount)) if tax.amount_type == "percent" else None,
            base,
            amount,
        )
        for tax, base, amount in totals.values()
    )
