from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date
from odoo.tools.sql import column_exists, create_column

from odoo.addons.scf_finance.eligibility.facts import Claim
from odoo.addons.scf_finance.eligibility.findings import Fix


class AccountMove(models.Model):
    """A vendor bill that may be paid early, and what must not be done to one that was."""

    _inherit = "account.move"

    scf_posted_by_id = fields.Many2one(
        "res.users",
        string="Posted By",
        readonly=True,
        copy=False,
        help="Who posted the entry last.",
        prefetch="scf",
    )
    scf_payable_ids = fields.One2many(
        "scf.payable", "move_id", string="Early Payment", readonly=True, groups="scf_connector.group_scf_requester"
    )
    # Kept with the bill and named by its form, which is read without a query more.
    scf_payable_states = fields.Char(
        compute="_compute_scf_payable_states",
        store=True,
        groups="scf_connector.group_scf_requester",
        help="Codes of the states of what was approved of the bill, in the order of the due dates.",
        prefetch="scf",
    )
    scf_payable_state = fields.Char(
        string="Early Payment Status",
        compute="_compute_scf_payable_state",
        groups="scf_connector.group_scf_requester",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("scf_payable_ids.state")
    def _compute_scf_payable_states(self):
        for move in self:
            payables = move.scf_payable_ids.filtered(lambda payable: payable.state != "withdrawn")
            move.scf_payable_states = ",".join(dict.fromkeys(payables.mapped("state"))) or False

    @api.depends("scf_payable_states")
    @api.depends_context("lang")
    def _compute_scf_payable_state(self):
        labels = dict(self.env["scf.payable"]._fields["state"]._description_selection(self.env))
        for move in self:
            states = (move.scf_payable_states or "").split(",")
            move.scf_payable_state = ", ".join(labels[state] for state in states if state) or False

    def _auto_init(self):
        # No bill was approved before: nothing is worked out for each entry of a long history at installation.
        if not column_exists(self.env.cr, self._table, "scf_payable_states"):
            create_column(self.env.cr, self._table, "scf_payable_states", "varchar")
        return super()._auto_init()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_approve_payable(self):
        """Approve the bills for early payment: one at once, a selection with a page that shows how far it is."""
        if len(self) != 1:
            return self.env["scf.payable.selection"]._start(self)
        _payables, reasons = self.env["scf.payable"]._approve(self)
        if reasons:
            raise UserError(reasons[self])
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_scf_open_payables(self):
        """Open what was approved of the bill."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Early payment"),
            "res_model": "scf.payable",
            "views": [(False, "list"), (False, "form")],
            "domain": [("move_id", "in", self.ids)],
        }

    def action_scf_withdraw_payables(self):
        """Take the approval of the bills back, as far as no early payment was agreed."""
        self.check_access("read")
        payables = self.env["scf.payable"].search([("move_id", "in", self.ids)])
        payables.action_withdraw()

    def action_toggle_block_payment(self):
        result = super().action_toggle_block_payment()
        self._scf_payables()._reconsider()
        return result

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        credited = posted.filtered(lambda move: move.move_type == "in_refund").reversed_entry_id
        if credited and not self.env.context.get("scf_payable_booking"):
            credited._scf_payables()._reconsider()
        return posted

    def write(self, vals):
        if "scf_posted_by_id" in vals and not self.env.su:
            # Whoever could write it could approve for early payment what he posted himself.
            raise AccessError(self.env._("Who posted an entry is kept by the system."))
        if vals.get("state") == "posted":
            # Within the very write that posts: one of its own has Odoo check and write the entry again.
            vals = {**vals, "scf_posted_by_id": self.env.uid}
        return super().write(vals)

    def button_draft(self):
        if self:
            self._scf_let_go_of_payables()
        return super().button_draft()

    def button_cancel(self):
        if self:
            self._scf_let_go_of_payables()
        return super().button_cancel()

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_payables(self):
        """Open payables of these bills, with full rights: whoever changes a bill need not see programs."""
        return self.env["scf.payable"].sudo()._open_of(self)

    def _scf_poster(self):
        """Who posted the bill; of one that was posted before programs came, who entered it."""
        return self.scf_posted_by_id or self.create_uid

    def _scf_let_go_of_payables(self):
        """Withdraw approvals of bills that are about to be no bills any more; refuse where somebody relies on them."""
        self._scf_refuse_entry_of_payables()
        self._scf_refuse_agreed_discount()
        payables = self._scf_payables()
        for payable in payables:
            if payable.state != "approved":
                raise UserError(payable._why_bill_stays())
        payables._withdraw(self.env._("The bill was taken back."))

    def _scf_refuse_entry_of_payables(self):
        # Read with full rights: the journal entry is bound whoever may see the payable.
        if entry := self.env["scf.payable.entry"].sudo().search([("move_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "%(move)s books what became of the approved payable %(payable)s. It can't be changed; a correction "
                    "comes from the bank.",
                    move=entry.move_id.name,
                    payable=entry.payable_id.name,
                )
            )

    def _scf_refuse_agreed_discount(self):
        # Read with full rights: the credit note is bound whoever may see the early payment.
        agreed = self.env["scf.payable.request"].sudo().search([("credit_note_id", "in", self.ids)], limit=1)
        if agreed.is_live:
            raise UserError(
                self.env._(
                    "%(note)s is the agreed discount of %(payable)s, for which %(supplier)s is paid on %(day)s. It "
                    "stays: to change what is owed, enter another document.",
                    note=agreed.credit_note_id.name,
                    payable=agreed.payable_id.name,
                    supplier=agreed.partner_id.name,
                    day=format_date(self.env, agreed.pay_on),
                )
            )

    def _scf_facts(self, banks, today):
        facts = super()._scf_facts(banks, today)
        if self._scf_kind != "vendor_bill":
            return facts
        pairs = SQL("SELECT id AS document_id, id AS move_id FROM unnest(%s) id", self.ids)
        return _with_payables(self.env, self.ids, facts, pairs)


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    def _scf_facts(self, banks, today):
        pairs = SQL(
            """
            SELECT DISTINCT ordered.order_id AS document_id, item.move_id
              FROM purchase_order_line ordered
              JOIN account_move_line item ON item.purchase_line_id = ordered.id
             WHERE ordered.order_id = ANY(%s)
            """,
            self.ids,
        )
        return _with_payables(self.env, self.ids, super()._scf_facts(banks, today), pairs)


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    def _scf_fix(self, finding):
        if finding.fix is Fix.APPLICATION and not finding.fix_id:
            return None  # approved for early payment: no application holds it
        return super()._scf_fix(finding)


def _with_payables(env, ids, facts, pairs):
    """Facts of documents with the claims of bills that are approved for early payment: one query.

    :param list ids: of the documents, in the order of `facts`
    :param SQL pairs: rows of `document_id` and the `move_id` of bills that are the same purchase
    """
    rows = env.execute_query(
        SQL(
            """
        SELECT asset.document_id, payable.name, move.name
          FROM (%s) asset
          JOIN scf_payable payable ON payable.move_id = asset.move_id
               AND payable.state IN ('approved', 'agreed', 'paid', 'overdue')
          JOIN account_move move ON move.id = payable.move_id
         ORDER BY payable.id
        """,
            pairs,
        )
    )
    claims = {}
    for document_id, payable, bill in rows:
        claims.setdefault(document_id, []).append(Claim(0, payable, bill))
    return tuple(
        replace(one, claims=(*one.claims, *claims[document_id])) if document_id in claims else one
        for document_id, one in zip(ids, facts, strict=True)
    )
