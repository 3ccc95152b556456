from datetime import timezone

from openscf.canonical import sha256_hex
from openscf.errors import OpenSCFError
from openscf.fingerprint import OPEN_KEY
from openscf.keys import KeySet
from openscf.package import read_members, seal_package
from openscf.verify import verify_package

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..evidence.party import account_of, account_text, is_same_account
from ..evidence.sections import read_sections

MEDIA_TYPE = "application/vnd.openscf.package+json"
OPEN_KEY_VERSION = "open-1"


class ScfPackage(models.Model):
    """The sealed evidence that went to the banks. Never changed: a correction is a new package."""

    _name = "scf.package"
    _description = "Evidence package"
    _inherit = ["scf.record.kept"]
    _order = "id desc"
    _rec_name = "package_ref"

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    package_ref = fields.Char(string="Package", required=True, readonly=True, index=True)
    supersedes_id = fields.Many2one("scf.package", readonly=True, ondelete="restrict")
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    attachment_id = fields.Many2one("ir.attachment", string="File", required=True, readonly=True, ondelete="restrict")
    created_at = fields.Datetime(string="Sealed On", required=True, readonly=True)
    settled_partials = fields.Json(readonly=True, help="Reconciliations that the package already tells the bank of.")
    verification = fields.Text(compute="_compute_verification", help="What a bank finds when it checks the package.")

    collection_account = fields.Char(
        compute="_compute_collection_account",
        help="The company's bank account as it was sealed: the bank pays out to it and draws repayments from it.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("attachment_id")
    def _compute_verification(self):
        for package in self:
            package.verification = package._verify()

    @api.depends("attachment_id")
    def _compute_collection_account(self):
        for package in self:
            package.collection_account = account_text(package._sealed_account())

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        if vals:
            raise UserError(self.env._("A sealed package is never changed: a correction is a new package."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A sealed package is kept: it is the proof of what the banks received."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_download(self):
        """Download the package file, as the banks received it."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "download",
        }

    def action_verify(self):
        """Check seal, digests and totals as a bank does, and say what was found."""
        self.ensure_one()
        self.check_access("read")
        report = self._report()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Package verified") if report.ok else self.env._("Package does not verify"),
                "message": self._verify(),
                "type": "success" if report.ok else "danger",
                "sticky": not report.ok,
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _build(self, application, supersedes=None):
        """Read the evidence, seal it with the company's key, check it as a bank would, and keep it.

        :param application: the ``scf.application``
        :param supersedes: the ``scf.package`` that the new one replaces
        :raise UserError: where the records contradict each other, so that no bank would take the package, or where the
            collection account is not trusted or another one than in the package that is replaced
        """
        if supersedes:
            supersedes._refuse_changed_account()
        now = fields.Datetime.now()
        sections, scope = read_sections(application, as_of=now, today=fields.Date.context_today(application))
        company = application.company_id
        key = self.env["scf.key"]._for_company(company)
        try:
            sealed = seal_package(
                sections,
                key=key._signing_key(),
                issuer_name=company.name,
                issuer_tax_id=company.vat or "",
                created_at=now.replace(tzinfo=timezone.utc),
                supersedes=supersedes.package_ref if supersedes else None,
            )
        except OpenSCFError as error:
            raise UserError(self.env._("The evidence can't be sealed: %s", error)) from error
        report = verify_package(sealed, keys=KeySet.of(key.public_jwk), fingerprint_keys={OPEN_KEY_VERSION: OPEN_KEY})
        if not report.ok:
            raise UserError(
                self.env._(
                    "The records contradict each other, so no bank would accept them:\n%s",
                    "\n".join(f"{finding.pointer}: {finding.message}" for finding in report.findings),
                )
            )
        return self._keep(application, sealed, report.package, now, supersedes, scope)

    def _keep(self, application, sealed, package, now, supersedes, scope):
        attachment = self._keep_files(
            [
                {
                    "name": f"{application.name.replace('/', '-')}.scf.json",
                    "raw": sealed,
                    "mimetype": MEDIA_TYPE,
                    "company_id": application.company_id.id,
                }
            ]
        )
        record = self.create(
            {
                "application_id": application.id,
                "package_ref": package.header.package_id,
                "supersedes_id": supersedes.id if supersedes else False,
                "sha256": sha256_hex(sealed),
                "attachment_id": attachment.id,
                "created_at": now,
                "settled_partials": [settlement.partial_id for settlement in scope.settlements],
            }
        )
        attachment.with_context(scf_keep_package=True).res_id = record.id
        return record

    def _sealed_account(self):
        """The collection account that the package names (docs/package.md, `party`), with full rights as `_report`."""
        self.ensure_one()
        return read_members(self.sudo().attachment_id.raw)["sections"]["party"]["applicant"]["collection_account"]

    def _refuse_changed_account(self):
        if sentence := self._changed_account():
            raise UserError(sentence)

    def _changed_account(self):
        """Why the bank would pay out to another account than the company's own one of today; empty where it is that."""
        company = self.sudo().company_id
        sealed = self._sealed_account()
        current = account_of(company.scf_collection_bank_account_id, company.name)
        if is_same_account(sealed, current):
            return ""
        return self.env._(
            "The bank would pay out to %(sealed)s, but the company's collection account is by now %(current)s. "
            "Withdraw the request and ask again, or have an administrator choose the former account in the settings.",
            sealed=account_text(sealed),
            current=account_text(current),
        )

    def _documents(self):
        """The package as the outbox wants documents: digest, bytes, media type."""
        return [(self.sha256, self.attachment_id.raw, MEDIA_TYPE)]

    def _report(self):
        package = self.sudo()  # read access to the package was checked; its file and the public key belong to it
        keys = self.env["scf.key"].sudo().search([("company_id", "=", package.company_id.id)])
        return verify_package(
            package.attachment_id.raw or b"",
            keys=KeySet.of(*keys.mapped("public_jwk")),
            fingerprint_keys={OPEN_KEY_VERSION: OPEN_KEY},
        )

    def _verify(self):
        report = self._report()
        if report.ok and sha256_hex(self.sudo().attachment_id.raw) != self.sha256:
            return self.env._("The file is not the one that was sent: its digest differs.")
        lines = [f"{finding.pointer}: {finding.message}" for finding in report.findings]
        if report.ok:
            lines.insert(0, self.env._("Seal, digests and totals agree. Key %s.", report.kid))
        return "\n".join(lines)
