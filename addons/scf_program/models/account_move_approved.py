"""Customer invoices that a customer approved in its program, and orders that such invoices belong to."""

from dataclasses import replace

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.scf_finance.models.scf_application import OPEN_STATES

from .scf_approved_invoice import HOLDING, SOLD

# As what the panel shows each: its badges are those of a financing.
PANEL_STATES = {
    "registered": "eligible",
    "to_approve": "offered",
    "sent": "requested",
    "requested": "requested",
    "confirmed": "accepted",
    "paid": "financed",
    "overdue": "financed",
    "settled": "repaid",
}


class AccountMove(models.Model):
    _inherit = "account.move"

    scf_approved_ids = fields.One2many(
        "scf.approved.invoice",
        "move_id",
        string="Approved by the Customer",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_get_paid_early(self):
        """Ask for the early payment of an invoice that its customer approved."""
        return self._scf_offered_early().action_choose_day()

    def action_scf_approve_early_payment(self):
        """Agree to the early payment that a colleague asked for."""
        return self._scf_approved_now().action_approve()

    def action_scf_open_approved(self):
        """Open the approval."""
        self.ensure_one()
        self._scf_check_requester()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.approved.invoice",
            "res_id": self._scf_approved_now().id,
            "views": [(False, "form")],
        }

    # -- panel ------------------------------------------------------------------------------------------------------

    def scf_panel(self):
        panel = super().scf_panel()
        approved = self._scf_approved_now() if panel["visible"] else self.env["scf.approved.invoice"]
        application = panel.get("application") and panel["state"] in OPEN_STATES
        if not approved or application:
            return panel
        return {**panel, **self._scf_panel_of_approval(approved, panel)}

    def _scf_panel_of_approval(self, approved, panel):
        """The panel of an invoice that its customer approved: what comes early, from which bank, at what cost."""
        offered = self.scf_approved_ids.filtered(lambda one: one.state == "registered" and one.offer_in_words)
        others = [action for action in panel["actions"] if action["kind"] != "primary"]
        if approved.state == "registered":
            # What a bank that knows nothing of the approval would lend stays possible, one click further down.
            others = [{**action, "kind": "secondary"} for action in panel["actions"]]
        return {
            "state": PANEL_STATES[approved.state],
            "headline": approved._headline(),
            "subline": approved._subline(),
            "eligible": None,
            "indicative": None,
            "reasons": panel["reasons"] if approved.state == "registered" else [],
            "rows": [one._panel_row() for one in (offered if approved.state == "registered" else approved)],
            "next_step": approved._next_step(),
            "actions": [
                *approved._panel_actions(),
                {"name": "action_scf_open_approved", "label": self.env._("Open the approval"), "kind": "secondary"},
                *others,
            ],
        }

    def _scf_approved_now(self):
        """The approval that a person is told of: the one that money moves on, else the best that is offered.

        Of an invoice with several due dates: what is offered for another one, where the money has moved already.
        """
        self.ensure_one()
        self._scf_check_requester()
        told = self.scf_approved_ids.filtered(lambda one: one.state in PANEL_STATES)
        held = told.filtered(lambda one: one.state in SOLD)
        offered = self._scf_offered_early()
        if offered and all(one.paid_on for one in held):
            return offered
        return held[:1] or offered or told[:1]

    def _scf_offered_early(self):
        """The approval whose bank pays most on its first day, of a due date for which nobody pays early yet."""
        held = self.scf_approved_ids.filtered(lambda one: one.state in SOLD)
        offered = self.scf_approved_ids.filtered(
            lambda one: one.state == "registered" and one.offer_in_words and one.due_date not in held.mapped("due_date")
        )
        return offered.sorted(lambda one: (-one._price(one._first_day()).payout.amount, one.id))[:1]

    # -- business ---------------------------------------------------------------------------------------------------

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        if invoices := posted.filtered(lambda move: move.move_type == "out_invoice"):
            self.env["scf.approved.invoice"].sudo()._match_waiting(invoices.sudo())
        return posted

    def _scf_refuse_while_financed(self):
        result = super()._scf_refuse_while_financed()
        approved = self.env["scf.approved.invoice"].sudo()  # the invoice is bound whoever may see the approval
        if held := approved.search([("move_id", "in", self.ids), ("state", "in", SOLD)], limit=1):
            raise UserError(
                self.env._(
                    "%(bank)s pays %(invoice)s early, or has paid it, so it can't be reset to draft, cancelled or "
                    "deleted. To correct it, write a credit note and tell %(anchor)s.",
                    bank=held.bank_name,
                    invoice=held.move_id.name,
                    anchor=held.anchor_name,
                )
            )
        if booked := approved.search([("payment_entry_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "%(entry)s books the early payment of %(invoice)s as the bank reported it. It can't be changed.",
                    entry=booked.payment_entry_id.name,
                    invoice=booked.number,
                )
            )
        return result

    def _scf_facts(self, banks, today):
        facts = super()._scf_facts(banks, today)
        return _with_early_payments(self, facts, {move.id: move.ids for move in self}, SOLD)

    def _scf_confirmations(self):
        """What buyers said by a link, and what customers approved: the last word on a document counts."""
        rows = {row["document"]: row for row in super()._scf_confirmations()}
        approved = (
            self.env["scf.approved.invoice"].sudo().search([("move_id", "in", self.ids)], order="approved_at, id")
        )
        for one in approved.filtered(lambda one: one._confirms()):
            row = one._confirmation_row()
            said = rows.get(row["document"])
            if not said or said["confirmed_at"] <= row["confirmed_at"]:
                rows[row["document"]] = row
        return list(rows.values())


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _scf_facts(self, banks, today):
        facts = super()._scf_facts(banks, today)
        return _with_early_payments(self, facts, {order.id: order.sudo().invoice_ids.ids for order in self}, HOLDING)


def _with_early_payments(documents, facts, invoices, states):
    """Facts of documents with the early payments of their invoices among the claims on them.

    :param dict invoices: ids of invoices by id of the document
    """
    # Read with full rights: who may not see what is sold is bound too.
    approved = (
        documents.env["scf.approved.invoice"]
        .sudo()
        .search([("move_id", "in", sum(invoices.values(), [])), ("state", "in", states)])
    )
    if not approved:
        return facts
    told = []
    for document, of_document in zip(documents, facts, strict=True):
        claims = [one._claim() for one in approved if one.move_id.id in invoices[document.id]]
        told.append(replace(of_document, claims=(*of_document.claims, *claims)) if claims else of_document)
    return tuple(told)
