from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import formatLang

TECHNIQUES = [
    ("pre_shipment", "Order finance"),
    ("receivables_discounting", "Invoice finance"),
]
STATES = [
    ("draft", "Draft"),
    ("requested", "Requested"),
    ("offered", "Offers received"),
    ("accepted", "Offer accepted"),
    ("financed", "Financed"),
    ("repaid", "Repaid"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("requested", "offered", "accepted", "financed")
# What a requester may write over RPC, and only while the application is a draft. Everything else is written by the
# methods of this module.
REQUESTER_FIELDS = {"sale_order_id", "move_id", "requested_amount", "tenor_days", "repayment", "bank_ids"}


class ScfApplication(models.Model):
    _name = "scf.application"
    _description = "Financing application"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/", index="trigram")
    company_id = fields.Many2one("res.company", compute="_compute_document", store=True, precompute=True, index=True)
    sale_order_id = fields.Many2one("sale.order", string="Sales Order", index="btree_not_null", ondelete="restrict",
                                    copy=False)
    move_id = fields.Many2one("account.move", string="Invoice", index="btree_not_null", ondelete="restrict",
                              copy=False)
    technique = fields.Selection(TECHNIQUES, compute="_compute_document", store=True, precompute=True)
    partner_id = fields.Many2one("res.partner", string="Buyer", compute="_compute_document", store=True,
                                 precompute=True, index=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_document", store=True, precompute=True)
    document_name = fields.Char(string="Document", compute="_compute_document_name")
    line_ids = fields.One2many("scf.application.document", "application_id", string="Financed Documents", copy=False)
    eligible_amount = fields.Monetary(compute="_compute_eligible_amount", store=True, precompute=True)
    requested_amount = fields.Monetary(compute="_compute_request", store=True, precompute=True, readonly=False,
                                       tracking=True)
    tenor_days = fields.Integer(string="Tenor (days)", compute="_compute_request", store=True, precompute=True,
                                readonly=False)
    repayment = fields.Selection(
        [("bullet", "In one sum"), ("instalment", "In monthly instalments")], required=True, default="bullet",
    )
    bank_ids = fields.Many2many("scf.bank", string="Banks to Ask", compute="_compute_request", store=True,
                                precompute=True, readonly=False, check_company=True, copy=False)
    submission_ids = fields.One2many("scf.submission", "application_id", string="Submissions", copy=False)
    offer_ids = fields.One2many("scf.offer", "application_id", string="Offers", copy=False)
    loan_ids = fields.One2many("scf.loan", "application_id", string="Loans", copy=False)
    package_id = fields.Many2one("scf.package", string="Evidence Package", readonly=True, copy=False)
    requester_id = fields.Many2one("res.users", string="Requested By", readonly=True, copy=False,
                                   default=lambda self: self.env.user)
    approver_id = fields.Many2one("res.users", string="Approved By", readonly=True, copy=False, tracking=True)
    requested_at = fields.Datetime(string="Requested On", readonly=True, copy=False)
    state = fields.Selection(STATES, required=True, readonly=True, default="draft", copy=False, tracking=True,
                             index=True)
    state_reason = fields.Char(readonly=True, copy=False, help="Why the application is in this state.")

    _one_document = models.Constraint(
        "CHECK (num_nonnulls(sale_order_id, move_id) = 1)",
        "An application finances either a sales order or an invoice: choose one.",
    )
    _requested_not_negative = models.Constraint(
        "CHECK (requested_amount >= 0)", "The requested amount can't be negative.",
    )
