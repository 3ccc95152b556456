from odoo import fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.scf_finance.amounts import exact

_lt = LazyTranslate(__name__)

KINDS = [
    ("paid", "Paid to the supplier by the bank"),
    ("payout_failed", "Payout taken back"),
    ("settled", "Paid to the bank"),
]


class ScfPayableEntry(models.Model):
    """What was booked of a payable: the company's side of the program's account at the bank. Never changed."""

    _name = "scf.payable.entry"
    _description = "Booked step of a payable"
    _inherit = ["scf.record.unchanging"]
    _order = "value_date, id"
    _rec_name = "kind"
    _why_unchanged = _lt("What was booked of a payable is never changed: a correction comes from the bank.")
    _why_kept = _lt("What was booked of a payable is never deleted: a correction comes from the bank.")

    payable_id = fields.Many2one("scf.payable", required=True, readonly=True, index=True, ondelete="restrict")
    request_id = fields.Many2one("scf.payable.request", required=True, readonly=True, index=True, ondelete="restrict")
    settlement_line_id = fields.Many2one(
        "scf.payable.settlement.line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="payable_id.company_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(related="payable_id.partner_id", string="Supplier", store=True, precompute=True)
    currency_id = fields.Many2one(related="payable_id.currency_id", store=True, precompute=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    value_date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="Below 0 where the bank took back that it was paid.")
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", required=True, readonly=True, index=True, ondelete="restrict"
    )

    _payout_once = models.UniqueIndex(
        "(request_id, kind) WHERE kind IN ('paid', 'payout_failed')", "A payout is booked once."
    )
    _settled_once = models.UniqueIndex(
        "(settlement_line_id) WHERE settlement_line_id IS NOT NULL", "A settlement is booked once."
    )

    def _owed(self):
        """What these entries leave owed to the bank, in their currency, as an exact decimal."""
        return sum(
            (exact(entry.amount, entry.currency_id.name) * (1 if entry.kind == "paid" else -1) for entry in self),
            0,
        )
