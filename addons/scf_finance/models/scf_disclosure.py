from openscf.canonical import sha256_hex
from openscf.keys import KeySet
from openscf.package import PDF_MEDIA_TYPE

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ..evidence.sealing import verify_file

_lt = LazyTranslate(__name__)


class ScfDisclosure(models.Model):
    """What one bank got of a package: its file, byte for byte, and the consent that it rests on."""

    _name = "scf.disclosure"
    _description = "Evidence disclosed to a bank"
    _inherit = ["scf.record.unchanging"]
    _order = "id desc"
    _why_unchanged = _lt("What a bank received is never changed: a correction is a new package.")
    _why_kept = _lt("What a bank received is kept: it is the proof of it.")

    package_id = fields.Many2one("scf.package", required=True, readonly=True, index=True, ondelete="restrict")
    application_id = fields.Many2one(related="package_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="package_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one("scf.bank", required=True, readonly=True, index=True, ondelete="restrict")
    consent_id = fields.Many2one("scf.consent", required=True, readonly=True, index=True, ondelete="restrict")
    created_at = fields.Datetime(related="package_id.created_at", store=True, precompute=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    attachment_id = fields.Many2one("ir.attachment", string="File", required=True, readonly=True, ondelete="restrict")
    read_ids = fields.One2many("scf.package.read", "disclosure_id", string="Read By", readonly=True)
    verification = fields.Text(compute="_compute_verification", help="What the bank finds when it checks its file.")

    _once_per_bank = models.Constraint("unique(package_id, bank_id)", "A bank gets one file of a package.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("package_id.package_ref", "bank_id.name")
    def _compute_display_name(self):
        for disclosure in self:
            disclosure.display_name = self.env._(
                "%(package)s for %(bank)s",
                package=disclosure.package_id.package_ref,
                bank=disclosure.bank_id.sudo().name,
            )

    @api.depends("attachment_id")
    def _compute_verification(self):
        for disclosure in self:
            disclosure.verification = disclosure._verify()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_file(self):
        """Open the file as the bank received it, in the browser's own viewer where it has one."""
        return {"type": "ir.actions.act_url", "url": f"/web/content/{self._file().id}", "target": "new"}

    def action_download(self):
        """Download the file, as the bank received it."""
        url = f"/web/content/{self._file().id}?download=true"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}

    def action_verify(self):
        """Check seal, consent, digests and totals as the bank does, and say what was found."""
        self.ensure_one()
        self.check_access("read")
        is_sound, sentences = self._findings()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Package verified") if is_sound else self.env._("Package does not verify"),
                "message": sentences,
                "type": "success" if is_sound else "danger",
                "sticky": not is_sound,
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _file(self):
        self.ensure_one()
        self.check_access("read")
        return self.sudo().attachment_id

    @api.model
    @api.private
    def _keep(self, package, consent, content):
        """Keep the file of one bank, its bytes in `content`, beside its consent."""
        kept = self._keep_files(
            [
                {
                    "name": f"{package.application_id.name.replace('/', '-')}.pdf",
                    "raw": content,
                    "mimetype": PDF_MEDIA_TYPE,
                    "company_id": package.company_id.id,
                }
            ]
        )
        disclosure = self.create(
            {
                "package_id": package.id,
                "bank_id": consent.bank_id.id,
                "consent_id": consent.id,
                "sha256": sha256_hex(content),
                "attachment_id": kept.id,
            }
        )
        kept.with_context(scf_keep_package=True).res_id = disclosure.id
        return disclosure

    def _documents(self):
        """The file as the outbox wants documents: digest, bytes, media type."""
        return [(self.sha256, self.attachment_id.raw, PDF_MEDIA_TYPE)]

    def _verify(self):
        return self._findings()[1]

    def _findings(self):
        """Whether the file is sound, and what a check of it says."""
        disclosure = self.sudo()  # read access was checked; the file and the public keys belong to the disclosure
        keys = self.env["scf.key"].sudo().search([("company_id", "=", disclosure.company_id.id)])
        content = disclosure.attachment_id.raw or b""
        report = verify_file(content, KeySet.of(*keys.mapped("public_jwk")))
        lines = [f"{finding.pointer}: {finding.message}" for finding in report.findings]
        if report.ok and sha256_hex(content) != disclosure.sha256:
            return False, self.env._("The file is not the one that was sent: its digest differs.")
        if report.ok:
            lines.insert(0, self.env._("Seal, consent, digests and totals agree. Key %s.", report.kid))
        return report.ok, "\n".join(lines)
