import secrets

from odoo import fields, models

STATES = [
    ("draft", "To Invite"),
    ("invited", "Invited"),
    ("opened", "Opened"),
    ("started", "Started"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("financed", "Financed"),
    ("declined", "Declined"),
    ("bounced", "Not Reached"),
    ("suspended", "Suspended"),
    ("left", "Left"),
]
FUNNEL = ("draft", "invited", "opened", "started", "submitted", "approved", "financed")


class ScfProgramMember(models.Model):
    """A supplier, or a distributor, in a program: how far it came from the invitation to the first money."""

    _name = "scf.program.member"
    _description = "Member of a program"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _rec_name = "partner_id"

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Company", required=True, index=True, ondelete="restrict")
    reference = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/")
    email = fields.Char(help="Whom the invitation goes to.")
    state = fields.Selection(STATES, required=True, readonly=True, copy=False, default="draft", tracking=True)
    access_token = fields.Char(
        readonly=True, copy=False, groups="base.group_system", default=lambda self: secrets.token_urlsafe(32)
    )
    bank_ids = fields.One2many("scf.program.member.bank", "member_id", string="At the Banks")

    _partner_once = models.UniqueIndex("(program_id, partner_id)", "A company is in a program once.")
    _token_once = models.UniqueIndex("(access_token)", "A link leads to one member.")
