"""The electronic documents (UBL 2.1) that go with a package."""

import re
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext

from ..ubl.despatch_advice import Despatch, DespatchLine, OrderReference, Party, despatch_advice

# docs/package.md: letters, digits and a few marks; no path, no space, no company's name.
MAX_STEM = 80
PREFIXES = {"ubl_invoice": "invoice", "ubl_order": "order", "ubl_despatch_advice": "despatch-advice"}


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    def _scf_ubl_files(self, kinds, *, of_buyers_only=False):
        """The documents, their orders and their deliveries as UBL 2.1, to go with a package.

        Odoo's exporters write invoices and orders; what they refuse is noted on the document and has no file.

        :param kinds: which of `ubl_invoice`, `ubl_order` and `ubl_despatch_advice` are wanted
        :param bool of_buyers_only: leave out the orders, and their deliveries, that another company placed than one
            that owes these documents: the files name it with its address
        :return: (file name, kind, number of the financed document, content in bytes) of each file
        """
        made = []
        if "ubl_invoice" in kinds:
            made += [("ubl_invoice", *file) for file in self._scf_ubl_invoices()]
        sales = self._scf_ubl_sales(of_buyers_only)
        if "ubl_order" in kinds:
            made += [("ubl_order", *file) for file in self._scf_ubl_orders(sales)]
        if "ubl_despatch_advice" in kinds:
            made += [("ubl_despatch_advice", *file) for file in self._scf_ubl_despatch_advices(sales)]
        names = _file_names([(kind, number) for kind, number, _document, _content in made])
        return [
            (name, kind, document, content)
            for name, (kind, _number, document, content) in zip(names, made, strict=True)
        ]

    # Each of the three gives (number of what the file shows, number of the financed document, content).

    def _scf_ubl_invoices(self):
        return []

    def _scf_ubl_orders(self, sales):
        exporter = self.env["sale.edi.xml.ubl_bis3"].sudo()
        for order, document in sales.items():
            content = document._scf_exported(order, lambda item: (exporter._export_order(item), ()))
            if content:
                yield order.name, document.name, content

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
            yield picking.name, document.name, despatch_advice(despatch)

    def _scf_ubl_sales(self, of_buyers_only):
        """The orders behind these documents, read with full rights, each with the first document that it stands for."""
        buyers = self.sudo().partner_id.commercial_partner_id
        sales = {}
        for document in self:
            for order in document._scf_orders().sudo():
                if not of_buyers_only or order.partner_id.commercial_partner_id in buyers:
                    sales.setdefault(order, document)
        return sales

    def _scf_exported(self, record, export):
        """What Odoo's exporter makes of `record`, or None and a note on this document where it refuses.

        :param export: gives content and errors for a record
        """
        try:
            content, errors = export(record)
        except (UserError, ValueError) as error:
            content, errors = None, [str(error)]
        if not errors:
            return content
        self._scf_note_once(
            self.env._(
                "No electronic file of %(number)s goes to the banks: %(errors)s",
                number=record.name,
                errors=" ".join(sorted(errors)),
            )
        )
        return None

    def _scf_note_once(self, sentence):
        """Log a note that is not there yet: a package is drawn many times before it is sent."""
        if sentence not in (html2plaintext(message.body or "").strip() for message in self.sudo().message_ids):
            self.message_post(body=sentence)

    def _scf_orders(self):
        """The sales orders that the document stands on."""
        raise NotImplementedError


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_ubl_invoices(self):
        exporter = self.env["account.edi.xml.ubl_bis3"].sudo()
        for move in self:
            if content := move._scf_exported(move.sudo(), exporter._export_invoice):
                yield move.name, move.name, content

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
