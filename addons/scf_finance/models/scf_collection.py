from odoo import api, fields, models

KINDS = [
    ("payment", "Payment"),
    ("undone", "Payment undone"),
    ("dilution", "Credit note"),
]
STATES = [
    ("found", "Found"),
    ("reported", "Reported to the bank"),
    ("allocated", "Credited to the loan"),
    ("refused", "Refused by the bank"),
    ("void", "Undone before it was reported"),
]


class ScfCollection(models.Model):
    """Money of the financed sale, or what reduces the claim on it, as found in our books."""

    _name = "scf.collection"
    _description = "Collection on a financed document"
    _inherit = ["scf.addressee"]
    _order = "id desc"
    _rec_name = "reference"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="loan_id.bank_id")
    reference = fields.Char(required=True, readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, index="btree_not_null",
                              ondelete="restrict")
    payment_id = fields.Many2one("account.payment", readonly=True, index="btree_not_null", ondelete="set null")
    partial_id = fields.Integer(string="Reconciliation", readonly=True, index=True,
                                help="Number of the reconciliation, which vanishes when it is undone.")
    counterpart_name = fields.Char(string="Paid By", readonly=True, help="Payment, statement line or credit note.")
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    collected_on = fields.Date(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    reverses_id = fields.Many2one("scf.collection", readonly=True, ondelete="restrict")
    cleared = fields.Boolean(compute="_compute_cleared", help="The payment has been matched with a bank statement.")
    entry_id = fields.Many2one("scf.loan.entry", string="Loan Entry", readonly=True, ondelete="restrict")
    refusal = fields.Char(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="found", index=True)

    _reference_unique = models.UniqueIndex("(loan_id, reference)", "A collection's reference is used once per loan.")
    _once_per_partial = models.UniqueIndex(
        "(loan_id, partial_id, kind) WHERE partial_id IS NOT NULL",
        "This payment has already been recorded as a collection of the loan.",
    )
