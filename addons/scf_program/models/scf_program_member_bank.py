from odoo import fields, models

STATUSES = [
    ("none", "Not Asked"),
    ("prequalified", "Pre-approved"),
    ("referred", "To Be Decided"),
    ("received", "Received"),
    ("action_required", "Needs an Answer"),
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("suspended", "Suspended"),
    ("left", "Left"),
]


class ScfProgramMemberBank(models.Model):
    """A member of a program at one bank: its limit there, and why."""

    _name = "scf.program.member.bank"
    _description = "Member of a program at a bank"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _rec_name = "program_bank_id"

    member_id = fields.Many2one("scf.program.member", required=True, readonly=True, index=True, ondelete="cascade")
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="member_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="member_id.currency_id")
    bank_member_ref = fields.Char(string="Bank's Number", readonly=True, help="The bank's id of the member.")
    status = fields.Selection(STATUSES, required=True, readonly=True, default="none")
    limit_amount = fields.Monetary(string="Limit", readonly=True)
    used_amount = fields.Monetary(string="Used", readonly=True)
    rate_pa = fields.Float(string="Rate (% a year)", digits=(8, 4), readonly=True)
    valid_until = fields.Date(readonly=True)
    reasons = fields.Json(readonly=True, help="How the bank came to the limit: its reasons, with their effects.")
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")

    _bank_once = models.UniqueIndex("(member_id, program_bank_id)", "A member is once at each bank.")

    def _scf_target(self, verb):
        return self.program_bank_id.bank_program_ref if verb == "member" else self.bank_member_ref or None
