from odoo import api, fields, models
from odoo.exceptions import UserError

MEDIA_TYPE = "application/vnd.openscf.package+json"


class ScfPackage(models.Model):
    """The sealed evidence that went to the banks. Never changed: a correction is a new package."""

    _name = "scf.package"
    _description = "Evidence package"
    _order = "id desc"
    _rec_name = "package_ref"

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    package_ref = fields.Char(string="Package", required=True, readonly=True, index=True)
    supersedes_id = fields.Many2one("scf.package", readonly=True, ondelete="restrict")
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    attachment_id = fields.Many2one("ir.attachment", string="File", required=True, readonly=True, ondelete="restrict")
    created_at = fields.Datetime(string="Sealed On", required=True, readonly=True)
    verification = fields.Text(compute="_compute_verification", help="What a bank finds when it checks the package.")
