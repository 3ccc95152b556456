"""The electronic documents (UBL 2.1) that go with a package."""

import re
from dataclasses import dataclass
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext

from ..ubl.despatch_advice import Despatch, DespatchLine, OrderReference, Party, despatch_advice

# docs/package.md: letters, digits and a few marks; no path, no space, no company's name.
MAX_STEM = 80
ADVICE = "ubl_despatch_advice"
PREFIXES = {"ubl_invoice": "invoice", "ubl_order": "order", ADVICE: "despatch-advice"}
LONGEST_REASON = 500
# Kinds of documents that the company issues itself. A purchase's files are its supplier's.
SOLD = ("sales_order", "customer_invoice")


@dataclass(frozen=True, slots=True)
class Made:
    """A file of a kind that goes with a financed document; `number` is the number of what it shows."""

    kind: str
    number: str
    document: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Unmade:
    """A file that could not be made, and why, as a sentence that says what to mend."""

    kind: str
    number: str
    document: str
    reason: str


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    def _scf_ubl_files(self, kinds, *, of_buyers_only=False):
        """The documents, their orders and their deliveries as UBL 2.1, to go with a package. Nothing is written.

        Odoo's exporters write invoices and orders; what they refuse has no file, and a reason in the user's language.

        :param kinds: which of `ubl_invoice`, `ubl_order` and `ubl_despatch_advice` are wanted
        :param bool of_buyers_only: leave out the orders, and their deliveries, that another company placed than one
            that owes these documents: the files name it with its address
        :return: (file name, kind, number of the financed document, content in bytes) of each file, and an `Unmade` for
            each file that could not be made; nothing for what the company does not sell
        """
        if self and self._scf_kind not in SOLD:
            return [], []
        found = []
        if "ubl_invoice" in kinds:
            found += self._scf_ubl_invoices()
        sales = self._scf_ubl_sales(of_buyers_only)
        if "ubl_order" in kinds:
            found += self._scf_ubl_orders(sales)
        if ADVICE in kinds:
            found += list(self._scf_ubl_despatch_advices(sales)) or self._scf_ubl_advices_kept_back(sales)
        made = [item for item in found if isinstance(item, Made)]
        names = _file_names([(item.kind, item.number) for item in made])
        files = [(name, item.kind, item.document, item.content) for name, item in zip(names, made, strict=True)]
        return files, [item for item in found if isinstance(item, Unmade)]

    # Each of these gives what was made, and what was not.

    def _scf_ubl_invoices(self):
        return []

    def _scf_ubl_orders(self, sales):
        exporter = self.env["sale.edi.xml.ubl_bis3"].sudo()
        for order, document in sales.items():
            yield document._scf_exported("ubl_order", order, lambda item: (exporter._export_order(item), ()))

    def _scf_ubl_despatch_advices(self, sales):
        orders = self.env["sale.order"].union(*sales)
        deliveries, line_numbers = _delivered(orders), _line_numbers(orders)
        exporter = self.env["account.edi.xml.ubl_bis3"]
        unit_code = {
            unit: exporter._get_uom_unece_code(unit) for moves in deliveries.values() for unit in moves.product_uom
        }
        for picking, moves in deliveries.items():
            despatch = _despatch(picking, moves, unit_code, line_numbers)
            document = sales[moves.sale_line_id.order_id[:1]]
            yield Made(ADVICE, picking.name, document.name, despatch_advice(despatch))

    def _scf_ubl_advices_kept_back(self, sales):
        """Why goods that went out have no despatch advice: another company ordered them, which `sales` leave out."""
        reason = self.env._(
            "The goods were ordered by another company than the one that owes the document, and the consent keeps "
            "other companies' names back: the despatch advice would tell this one's."
        )
        kept_back = {
            document: order
            for order, document in self._scf_ubl_sales(of_buyers_only=False).items()
            if order not in sales and _delivered(order)
        }
        return [Unmade(ADVICE, document.name, document.name, reason) for document in kept_back]

    def _scf_ubl_sales(self, of_buyers_only):
        """The orders behind these documents, read with full rights, each with the first document that it stands for."""
        buyers = self.sudo().partner_id.commercial_partner_id
        sales = {}
        for document in self:
            for order in document._scf_orders().sudo():
                if not of_buyers_only or order.partner_id.commercial_partner_id in buyers:
                    sales.setdefault(order, document)
        return sales

    def _scf_exported(self, kind, record, export):
        """What Odoo's exporter makes of `record`, which goes with this document, or why it makes nothing.

        :param export: gives content and errors for a record
        """
        try:
            content, errors = export(record)
        except (UserError, ValueError) as error:
            content, errors = None, [str(error)]
        if not errors:
            return Made(kind, record.name, self.name, content)
        reason = " ".join(" ".join(sorted(errors)).split()) or self.env._("The ERP gives no reason.")
        return Unmade(kind, record.name, self.name, reason[:LONGEST_REASON])

    def _scf_note_unmade(self, unmade):
        """Note on each document which of its electronic files did not go to the banks, once however often it is sent.

        :param unmade: `Unmade` of these documents
        """
        for document in self:
            known = [html2plaintext(message.body or "").strip() for message in document.sudo().message_ids]
            for item in unmade:
                sentence = self.env._(
                    "No electronic file of %(number)s goes to the banks: %(errors)s",
                    number=item.number,
                    errors=item.reason,
                )
                if item.document == document.name and sentence not in known:
                    document.message_post(body=sentence)
                    known.append(sentence)

    def _scf_orders(self):
        """The sales orders that the document stands on."""
        raise NotImplementedError


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_ubl_invoices(self):
        exporter = self.env["account.edi.xml.ubl_bis3"].sudo()
        for move in self:
            yield move._scf_exported("ubl_invoice", move.sudo(), exporter._export_invoice)

    def _scf_orders(self):
        return self.line_ids.sudo().sale_line_ids.order_id


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _scf_orders(self):
        return self


def _delivered(orders):
    """The finished transfers to the buyers of `orders`, oldest first, each with its moves on these orders."""
    reached_buyer = Domain("location_dest_id.usage", "=", "customer") | Domain(
        [("location_dest_id.usage", "=", "transit"), ("location_dest_id.company_id", "=", False)]
    )
    moves = orders.env["stock.move"].search(
        Domain([("sale_line_id.order_id", "in", orders.ids), ("state", "=", "done"), ("picking_id", "!=", False)])
        & reached_buyer,
        order="picking_id, id",
    )
    return moves.grouped("picking_id")


def _despatch(picking, moves, unit_code, line_numbers):
    order = moves.sale_line_id.order_id[:1]
    has_carrier = "carrier_tracking_ref" in picking._fields  # only where Odoo's module `stock_delivery` is installed
    return Despatch(
        number=picking.name,
        sent_on=fields.Date.context_today(picking, picking.date_done),
        seller=_party(picking.company_id.partner_id),
        buyer=_party(order.partner_id.commercial_partner_id),
        delivered_to=_party(picking.partner_id or order.partner_shipping_id),
        carrier=(has_carrier and picking.carrier_id.name) or "",
        tracking_reference=(has_carrier and picking.carrier_tracking_ref) or "",
        lines=tuple(
            DespatchLine(
                order=OrderReference(line.order_id.name, line.order_id.client_order_ref or ""),
                order_line=line_numbers[line],
                quantity=Decimal(str(move.quantity)),
                unit_code=unit_code[move.product_uom],
                name=move.product_id.name,
                seller_code=move.product_id.default_code or "",
                gtin=move.product_id.barcode or "",
            )
            for move in moves
            for line in move.sale_line_id
        ),
    )


def _line_numbers(orders):
    """The number of each line in its order, counted as in the package and in Odoo's UBL order."""
    return {
        line: number
        for order in orders
        for number, line in enumerate(order.order_line.filtered(lambda line: not line.display_type), start=1)
    }


def _party(partner):
    company = partner.commercial_partner_id
    return Party(
        name=company.name or partner.name or "",
        tax_id=company.vat or "",
        street=partner.street or "",
        street2=partner.street2 or "",
        city=partner.city or "",
        zip=partner.zip or "",
        country=partner.country_id.code or "",
    )


def _file_names(files):
    """A name for each (kind, number), safe everywhere and used once."""
    names, taken = [], set()
    for kind, number in files:
        stem = f"{PREFIXES[kind]}-{re.sub(r'[^A-Za-z0-9]+', '-', number).strip('-')}"[:MAX_STEM]
        name, count = f"{stem}.xml", 1
        while name.lower() in taken:
            count += 1
            name = f"{stem}.{count}.xml"
        taken.add(name.lower())
        names.append(name)
    return names
