from odoo import api, fields, models
from odoo.tools import format_list

# The bank has been asked to pay, and has not paid yet.
AWAITED_STATES = ("requested", "offered", "accepted")


class AccountPaymentRegister(models.TransientModel):
    """Warns of a bill that a bank is asked to pay: whoever pays it too pays it twice."""

    _inherit = "account.payment.register"

    scf_warning = fields.Text(string="Paid by a Bank", compute="_compute_scf_warning")

    @api.depends("line_ids")
    def _compute_scf_warning(self):
        for wizard in self:
            bills = wizard.line_ids.move_id.filtered(lambda move: move.move_type == "in_invoice")
            wizard.scf_warning = "\n".join(filter(None, map(wizard._scf_warning_of, bills)))

    def _scf_warning_of(self, bill):
        """Why this bill, or its order, is not to be paid from own money now; an empty text where it may be."""
        # Whoever pays need not see applications.
        orders = bill.sudo().line_ids.purchase_line_id.order_id
        documents = (
            self.env["scf.application.document"]
            .sudo()
            .search(["|", ("move_id", "=", bill.id), ("purchase_order_id", "in", orders.ids)])
        )
        awaited = documents.filtered(
            lambda document: document.is_open and document.application_id.state in AWAITED_STATES
        ).application_id
        if awaited:
            return self.env._(
                "A bank has been asked to pay %(supplier)s for %(bill)s (%(applications)s). Withdraw the request "
                "before you pay yourself, or the supplier is paid twice.",
                supplier=bill.commercial_partner_id.name,
                bill=bill.name,
                applications=format_list(self.env, awaited.mapped("name")),
            )
        unmatched = documents.payout_item_ids.filtered(lambda item: not item.reconciled)
        if unmatched:
            return self.env._(
                "A bank has paid %(supplier)s for the purchase that %(bill)s is part of, and the payment is not "
                "matched with a bill yet: match it before you pay.",
                supplier=bill.commercial_partner_id.name,
                bill=bill.name,
            )
        return ""
