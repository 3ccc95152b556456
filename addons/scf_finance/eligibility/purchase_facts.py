"""The facts of purchases: what is owed to the supplier, where he is paid, and when the goods will have become money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from odoo import fields
from odoo.tools import SQL

from ..evidence.relations import relation
from .facts import COMPANY_SETUP, DISTRIBUTOR_FINANCE, DocumentFacts, facts_of, read_claims
from .goods_claims import pledged_lots_of_purchases, pledged_stock_of_purchases
from .resale_days import Resale, read_resales


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFacts(DocumentFacts):
    """A purchase order or a vendor bill as the rules see it; the counterparty is the supplier.

    :ivar supplier_id: the supplier's contact
    :ivar is_related: whether the supplier stands close to the company (`evidence.relations`)
    :ivar account_id: the bank account that the supplier would be paid on, None where none is known
    :ivar is_account_trusted: whether somebody vouched for it, and it is the supplier's own and not archived
    :ivar supplier_number: the number that the supplier gave his bill; None for orders
    :ivar duplicate: another bill of the supplier with the same number, None where there is none
    :ivar due_on: when a bill is due; None for orders
    :ivar resale: how the goods turn into money
    """

    supplier_id: int | None
    is_related: bool
    account_id: int | None
    is_account_trusted: bool
    supplier_number: str | None
    duplicate: str | None
    duplicate_id: int | None
    due_on: date | None
    resale: Resale


def read_purchase_order_facts(orders, *, banks, today: date) -> tuple[PurchaseFacts, ...]:
    """Facts of purchase orders, in their order: the same number of queries for one and for a thousand."""
    rows = orders.env.execute_query_dict(
        SQL(
            """
        SELECT po.id, po.name, po.state, po.company_id, po.invoice_status, po.amount_total::text AS total,
               (po.amount_total - COALESCE(billed.settled, 0) - COALESCE(advance.open, 0))::text AS open_amount,
               COALESCE(po.date_approve, po.date_order) AS ordered_at,
               currency.name AS currency, partner.name AS counterparty_name, partner.vat AS counterparty_tax_id,
               partner.id = company.partner_id AS is_own_company,
               GREATEST(SCALE(TRIM_SCALE(po.amount_total)), SCALE(TRIM_SCALE(po.amount_untaxed)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM purchase_order_line line
                          WHERE line.order_id = po.id)) AS amount_decimals,
               partner.id AS supplier_id, %(related)s IS NOT NULL AS is_related,
               account.id AS account_id, COALESCE(account.allow_out_payment, FALSE) AS is_account_trusted,
               %(setup)s
          FROM purchase_order po
          JOIN res_currency currency ON currency.id = po.currency_id
          JOIN res_company company ON company.id = po.company_id
          JOIN res_partner contact ON contact.id = po.partner_id
          JOIN res_partner partner ON partner.id = COALESCE(contact.commercial_partner_id, contact.id)
          LEFT JOIN LATERAL (%(settled)s) billed ON TRUE
          LEFT JOIN LATERAL (%(advance)s) advance ON TRUE
          LEFT JOIN LATERAL (%(account)s) account ON TRUE
         WHERE po.id = ANY(%(orders)s)
        """,
            orders=orders.ids,
            related=relation(orders.company_id[:1]),
            setup=COMPANY_SETUP,
            settled=_SETTLED_OF_ORDER,
            advance=_ADVANCE_ON_ORDER,
            account=_account(SQL("po.currency_id"), SQL("po.company_id")),
        )
    )
    for row in rows:
        row["issue_date"] = fields.Date.context_today(orders, row["ordered_at"])
    goods = SQL(
        """
        SELECT line.order_id AS document_id, line.product_id, %(to_come)s AS to_come, line.date_planned
          FROM purchase_order_line line
          JOIN product_product product ON product.id = line.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom uom ON uom.id = line.product_uom_id
          JOIN uom_uom product_uom ON product_uom.id = template.uom_id
         WHERE line.order_id = ANY(%(orders)s) AND line.is_downpayment IS NOT TRUE
        """,
        orders=orders.ids,
        to_come=_to_come(SQL("line"), SQL("uom")),
    )
    lines = SQL(
        "SELECT order_id AS document_id, id AS purchase_line_id, NULL::numeric AS quantity FROM purchase_order_line"
        " WHERE order_id = ANY(%s)",
        orders.ids,
    )
    same_asset = SQL(
        """
        SELECT id AS document_id, 'purchase_order_id' AS field, id AS record_id FROM unnest(%(orders)s) id
         UNION
        SELECT order_line.order_id, 'move_id', line.move_id
          FROM purchase_order_line order_line
          JOIN account_move_line line ON line.purchase_line_id = order_line.id
         WHERE order_line.order_id = ANY(%(orders)s)
         UNION
        %(pledged)s
        """,
        orders=orders.ids,
        pledged=_pledged(lines, "purchase_order_id"),
    )
    return _facts(orders, rows, goods, same_asset, banks, today)


def read_bill_facts(moves, *, banks, today: date) -> tuple[PurchaseFacts, ...]:
    """Facts of vendor bills, in their order: the same number of queries for one and for a thousand."""
    rows = moves.env.execute_query_dict(
        SQL(
            """
        SELECT move.id, move.name, move.state, move.move_type, move.payment_state, move.company_id,
               move.amount_total::text AS total, move.amount_residual::text AS open_amount,
               move.invoice_date AS issue_date, COALESCE(move.invoice_date_due, move.invoice_date) AS due_on,
               currency.name AS currency, partner.name AS counterparty_name, partner.vat AS counterparty_tax_id,
               GREATEST(SCALE(TRIM_SCALE(move.amount_total)), SCALE(TRIM_SCALE(move.amount_untaxed)),
                        SCALE(TRIM_SCALE(move.amount_residual)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM account_move_line line
                          WHERE line.move_id = move.id AND line.display_type = 'product')) AS amount_decimals,
               COALESCE(partner.id = company.partner_id, FALSE) AS is_own_company,
               partner.id AS supplier_id, %(related)s IS NOT NULL AS is_related,
               COALESCE(named.id, account.id) AS account_id,
               COALESCE(CASE WHEN named.id IS NULL THEN account.allow_out_payment
                             ELSE named.active AND named.allow_out_payment AND named.partner_id = partner.id END,
                        FALSE) AS is_account_trusted,
               NULLIF(TRIM(move.ref), '') AS supplier_number, twin.name AS duplicate, twin.id AS duplicate_id,
               %(setup)s
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_company company ON company.id = move.company_id
          LEFT JOIN res_partner partner ON partner.id = move.commercial_partner_id
          LEFT JOIN res_partner_bank named ON named.id = move.partner_bank_id
          LEFT JOIN LATERAL (%(account)s) account ON TRUE
          LEFT JOIN LATERAL (
                SELECT other.id, other.name FROM account_move other
                 WHERE other.ref = move.ref AND other.move_type = 'in_invoice' AND other.id <> move.id
                   AND other.company_id = move.company_id AND other.state = 'posted'
                   AND other.commercial_partner_id = move.commercial_partner_id
                   AND date_part('year', other.invoice_date) = date_part('year', move.invoice_date)
                 ORDER BY other.id LIMIT 1) twin ON TRUE
         WHERE move.id = ANY(%(moves)s)
        """,
            moves=moves.ids,
            related=relation(moves.company_id[:1]),
            setup=COMPANY_SETUP,
            account=_account(SQL("move.currency_id"), SQL("move.company_id")),
        )
    )
    goods = SQL(
        """
        SELECT item.move_id AS document_id, item.product_id,
               LEAST(%(to_come)s, item.quantity * (item_uom.factor / product_uom.factor)::numeric) AS to_come,
               line.date_planned
          FROM account_move_line item
          JOIN product_product product ON product.id = item.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom product_uom ON product_uom.id = template.uom_id
          LEFT JOIN uom_uom item_uom ON item_uom.id = item.product_uom_id
          LEFT JOIN purchase_order_line line ON line.id = item.purchase_line_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
         WHERE item.move_id = ANY(%(moves)s) AND item.display_type = 'product' AND line.is_downpayment IS NOT TRUE
        """,
        moves=moves.ids,
        to_come=_to_come(SQL("line"), SQL("uom")),
    )
    lines = SQL(
        """
        SELECT item.move_id AS document_id, item.purchase_line_id,
               item.quantity * (item_uom.factor / product_uom.factor)::numeric AS quantity
          FROM account_move_line item
          LEFT JOIN product_product product ON product.id = item.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN uom_uom product_uom ON product_uom.id = template.uom_id
          LEFT JOIN uom_uom item_uom ON item_uom.id = item.product_uom_id
         WHERE item.move_id = ANY(%s) AND item.purchase_line_id IS NOT NULL
        """,
        moves.ids,
    )
    same_asset = SQL(
        """
        SELECT id AS document_id, 'move_id' AS field, id AS record_id FROM unnest(%(moves)s) id
         UNION
        SELECT line.move_id, 'purchase_order_id', order_line.order_id
          FROM account_move_line line
          JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
         WHERE line.move_id = ANY(%(moves)s)
         UNION
        %(pledged)s
        """,
        moves=moves.ids,
        pledged=_pledged(lines, "move_id"),
    )
    return _facts(moves, rows, goods, same_asset, banks, today)


def _pledged(purchase_lines: SQL, field: str) -> SQL:
    """Claims on pledges of the goods that these purchases brought, with lots or without."""
    return SQL(
        "%s UNION %s", pledged_lots_of_purchases(purchase_lines), pledged_stock_of_purchases(purchase_lines, field)
    )


def _facts(documents, rows: list[dict], goods: SQL, same_asset: SQL, banks, today: date) -> tuple[PurchaseFacts, ...]:
    for row in rows:
        row["due_date"] = None
    claims = read_claims(documents.env, same_asset)
    resales = read_resales(documents.env, documents.company_id[:1], goods, today)
    by_id = {row["id"]: row for row in rows}
    facts = facts_of(documents, rows, DISTRIBUTOR_FINANCE, claims, banks, today)
    return tuple(
        _purchase(common, by_id[document_id], resales.get(document_id, Resale()))
        for document_id, common in zip(documents.ids, facts, strict=True)
    )


def _purchase(common: DocumentFacts, row: dict, resale: Resale) -> PurchaseFacts:
    facts, longest = common.in_common(), common.longest_tenor_days or None
    days = min((number for number in (resale.days, longest) if number is not None), default=None)
    facts["expected_payment"] = None if days is None else common.today + timedelta(days=days)
    return PurchaseFacts(
        **facts,
        supplier_id=row["supplier_id"],
        is_related=row["is_related"],
        account_id=row["account_id"],
        is_account_trusted=row["is_account_trusted"],
        supplier_number=row.get("supplier_number"),
        duplicate=row.get("duplicate"),
        duplicate_id=row.get("duplicate_id"),
        due_on=row.get("due_on"),
        resale=resale,
    )


def _account(currency: SQL, company: SQL) -> SQL:
    """The account that Odoo proposes for payments to `partner`: of the currency first, then a trusted one."""
    return SQL(
        """
        SELECT account.id, account.allow_out_payment
          FROM res_partner_bank account
         WHERE account.partner_id = partner.id AND account.active
           AND (account.company_id IS NULL OR account.company_id = %(company)s)
         ORDER BY COALESCE(account.currency_id <> %(currency)s, FALSE), account.allow_out_payment IS NOT TRUE,
                  account.sequence, account.id
         LIMIT 1
        """,
        company=company,
        currency=currency,
    )


def _to_come(line: SQL, uom: SQL) -> SQL:
    """What of an order's line was not received yet, in the product's unit of measure."""
    return SQL(
        """GREATEST(COALESCE(%(line)s.product_qty, 0) - COALESCE(%(line)s.qty_received, 0), 0)
           * COALESCE(%(uom)s.factor / product_uom.factor, 1)::numeric""",
        line=line,
        uom=uom,
    )


# The order's part of what its posted bills don't owe any more, in the order's currency.
_SETTLED_OF_ORDER = SQL(
    """
    SELECT SUM(part.amount * (bill.amount_total - bill.amount_residual) / bill.amount_total
               * CASE WHEN bill.currency_id = po.currency_id THEN 1
                      ELSE (po.currency_rate / bill.invoice_currency_rate)::numeric END) AS settled
      FROM (SELECT line.move_id, SUM(line.price_total) AS amount
              FROM purchase_order_line order_line
              JOIN account_move_line line ON line.purchase_line_id = order_line.id
             WHERE order_line.order_id = po.id
             GROUP BY line.move_id) part
      JOIN account_move bill ON bill.id = part.move_id
     WHERE bill.move_type = 'in_invoice' AND bill.state = 'posted' AND bill.amount_total <> 0
    """
)

# What banks have paid the supplier for the order and no bill has taken up yet, in the order's currency.
_ADVANCE_ON_ORDER = SQL(
    """
    SELECT SUM(item.amount_residual_currency) AS open
      FROM scf_application_document document
      JOIN scf_document_payout_rel payout ON payout.document_id = document.id
      JOIN account_move_line item ON item.id = payout.item_id AND item.parent_state = 'posted'
     WHERE document.purchase_order_id = po.id
    """
)
