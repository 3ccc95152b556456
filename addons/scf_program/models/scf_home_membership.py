from odoo import api, models
from odoo.tools import SQL

from odoo.addons.scf_finance.home.attention import Matter

from .account_move_approved import SOLD
from .scf_approved_invoice import HOLDING


class ScfHome(models.AbstractModel):
    """What waits for a person of a company that is a member of somebody's program."""

    _inherit = "scf.home"

    @api.model
    def _matters(self):
        return (
            *super()._matters(),
            Matter(
                "early_payments",
                "scf.approved.invoice",
                [("state", "=", "to_approve")],
                lambda n: self.env._("Early payments to approve: %s", n),
            ),
            Matter(
                "unmatched_approvals",
                "scf.approved.invoice",
                [("state", "=", "registered"), ("mismatch", "!=", False)],
                lambda n: self.env._("Approvals of customers that match no invoice: %s", n),
            ),
            Matter(
                "memberships",
                "scf.membership",
                [("state", "in", ("draft", "signed", "action_required"))],
                lambda n: self.env._("Invitations and banks' questions to answer: %s", n),
            ),
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _scf_held(self, listing):
        return SQL(
            "(%s UNION SELECT move_id FROM scf_approved_invoice WHERE move_id IS NOT NULL AND state IN %s)",
            super()._scf_held(listing),
            SOLD,
        )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _scf_held(self, listing):
        return SQL(
            """
            (%s
              UNION
             SELECT order_line.order_id
               FROM scf_approved_invoice approved
               JOIN account_move_line line ON line.move_id = approved.move_id
               JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
               JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
              WHERE approved.state IN %s)
            """,
            super()._scf_held(listing),
            HOLDING,
        )
