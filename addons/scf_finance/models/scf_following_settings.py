from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    scf_warning_days = fields.Integer(
        string="Warn Before a Due Date",
        default=10,
        help="So many days before it falls due, you are warned of what the expected collections will not cover.",
        prefetch="scf",
    )
    scf_cover_warning_percent = fields.Integer(
        string="Warn of Thin Cover",
        default=5,
        help="You are warned where pledged goods that lost value carry less than so many percent above what they have "
        "to.",
        prefetch="scf",
    )

    _scf_warning_limits = models.Constraint(
        "CHECK (scf_warning_days BETWEEN 0 AND 180 AND scf_cover_warning_percent BETWEEN 0 AND 100)",
        "Warnings come between 0 and 180 days before, and for cover up to 100 % above what is needed.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    scf_warning_days = fields.Integer(related="company_id.scf_warning_days", readonly=False)
    scf_cover_warning_percent = fields.Integer(related="company_id.scf_cover_warning_percent", readonly=False)
