from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [
    ("created", "Being sent"),
    ("processing", "With the bank"),
    ("action_required", "The bank asks"),
    ("offered", "Offer received"),
    ("offer_accepted", "Offer accepted"),
    ("granted", "Granted"),
    ("disbursement_initiated", "Being paid out"),
    ("disbursement_completed", "Paid out"),
    ("disbursed_failed", "Payout failed"),
    ("rejected", "Declined"),
    ("cancelled", "Withdrawn"),
    ("closed", "Repaid"),
]
REJECTION_REASONS = [
    ("LOW_CREDIT_SCORE", "Credit standing"),
    ("FRAUD", "Suspicion of fraud"),
    ("DOC_IRREGULARITIES", "Irregularities in the documents"),
    ("AA_FAILED", "Account information missing"),
    ("OTHERS", "Other"),
]


class ScfSubmission(models.Model):
    """An application at one bank."""

    _name = "scf.submission"
    _description = "Submission to a bank"
    _inherit = ["scf.addressee"]
    _order = "id"
    _rec_name = "reference"

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one("scf.bank", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="application_id.currency_id")
    reference = fields.Char(required=True, readonly=True)
    bank_application_ref = fields.Char(string="Bank's Reference", readonly=True, index="btree_not_null")
    package_id = fields.Many2one("scf.package", readonly=True, ondelete="restrict")
    state = fields.Selection(STATES, required=True, readonly=True, default="created", index=True)
    state_message = fields.Char(string="What Is Going On", compute="_compute_state_message")
    rejection_reason = fields.Selection(REJECTION_REASONS, readonly=True)
    rejection_message = fields.Char(readonly=True)
    action_message = fields.Text(string="What the Bank Asks", readonly=True)
    offer_ids = fields.One2many("scf.offer", "submission_id", readonly=True)
    waiting_since = fields.Datetime(readonly=True, help="When it became the bank's turn.")
    delayed = fields.Boolean(readonly=True, help="The bank can't be reached; what we sent waits in the outbox.")
    bank_updated_at = fields.Datetime(readonly=True, help="Time of the bank's last word on this submission.")
    bank_cursor = fields.Char(readonly=True, help="Cursor of the bank's last event on this submission.")

    _reference_unique = models.UniqueIndex("(bank_id, reference)", "A submission's reference is used once per bank.")
    _bank_reference_unique = models.UniqueIndex(
        "(bank_id, bank_application_ref) WHERE bank_application_ref IS NOT NULL",
        "The bank gave the same reference to two submissions.",
    )
