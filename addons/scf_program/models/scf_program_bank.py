from odoo import fields, models

STATUSES = [
    ("none", "Not Asked"),
    ("requested", "Asked"),
    ("active", "Running"),
    ("declined", "Declined"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]


class ScfProgramBank(models.Model):
    """A program at one bank: what the bank agreed to."""

    _name = "scf.program.bank"
    _description = "Program at a bank"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _rec_name = "bank_id"

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    bank_id = fields.Many2one(
        "scf.bank", required=True, ondelete="restrict", check_company=True, domain="[('company_id', '=', company_id)]"
    )
    bank_program_ref = fields.Char(string="Bank's Number", readonly=True, help="The bank's id of the program.")
    status = fields.Selection(STATUSES, required=True, readonly=True, default="none")
    limit_amount = fields.Monetary(string="Limit", readonly=True)
    used_amount = fields.Monetary(string="Used", readonly=True, help="Paid early and not settled, as the bank says.")
    rate_pa = fields.Float(string="Rate (% a year)", digits=(8, 4), readonly=True)
    bank_terms = fields.Json(readonly=True, help="The terms as the bank sent them; amounts and rates are strings.")
    valid_until = fields.Date(readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")

    _bank_once = models.UniqueIndex("(program_id, bank_id)", "A program is once at each bank.")

    def _scf_target(self, verb):
        return None if verb == "program" else self.bank_program_ref or None
