from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [
    ("open", "Open"),
    ("accepting", "Being accepted"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn by the bank"),
]


class ScfOffer(models.Model):
    """A bank's offer: the terms as it signed them, and what they cost."""

    _name = "scf.offer"
    _description = "Financing offer"
    _inherit = ["scf.addressee"]
    _order = "application_id desc, total_cost, id"

    submission_id = fields.Many2one("scf.submission", required=True, readonly=True, index=True, ondelete="restrict")
    application_id = fields.Many2one(related="submission_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="submission_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="submission_id.bank_id", store=True, index=True, precompute=True)
    bank_offer_ref = fields.Char(string="Bank's Reference", required=True, readonly=True)
    terms = fields.Json(readonly=True)
    terms_sha256 = fields.Char(string="Terms SHA-256", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    principal = fields.Monetary(readonly=True)
    rate_pa = fields.Float(string="Rate p.a. (%)", digits=(7, 4), readonly=True)
    fee = fields.Monetary(readonly=True)
    tenor_days = fields.Integer(string="Tenor (days)", readonly=True)
    repayment = fields.Selection(
        [("bullet", "In one sum"), ("instalment", "In monthly instalments")], readonly=True,
    )
    instalments = fields.Integer(readonly=True)
    advance_rate = fields.Float(string="Advance Rate (%)", digits=(5, 2), readonly=True)
    recourse = fields.Boolean(readonly=True, help="The company repays if the buyer does not.")
    conditions = fields.Text(readonly=True)
    due_date = fields.Date(string="Due if Paid Out Today", compute="_compute_due_date")
    in_hand = fields.Monetary(string="Cash in Hand", readonly=True)
    total_cost = fields.Monetary(readonly=True, help="Interest and fees until the due date.")
    apr = fields.Float(string="Effective Annual Cost (%)", digits=(7, 2), readonly=True)
    expires_at = fields.Datetime(readonly=True)
    approved_by_id = fields.Many2one("res.users", string="Approved By", readonly=True)
    accepted_at = fields.Datetime(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="open", index=True)

    _bank_reference_unique = models.UniqueIndex("(bank_id, bank_offer_ref)", "The bank used an offer's number twice.")
    _one_accepted = models.UniqueIndex(
        "(application_id) WHERE state IN ('accepting', 'accepted')",
        "Another offer of this application has just been accepted. Only one can be.",
    )
