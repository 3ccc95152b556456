import uuid
from datetime import timezone

from openscf.jws import sign_claims

from odoo import api, fields, models
from odoo.exceptions import UserError

# A member's word that its customer writes down and signs with its key; the member has no key of its own here.
CONSENT_TYP = "openscf-member-consent+jwt"
PURPOSE = "program_membership"
SECTIONS = ("identity", "account", "contact", "signatories", "documents", "trade_history")
STATES = [("active", "In force"), ("revoked", "Taken back")]
MOVING_FIELDS = {"state", "revoked_at", "revoked_by_id"}


class ScfProgramConsent(models.Model):
    """What a member lets the anchor pass on to one bank. Never changed: it is taken back, or it ends."""

    _name = "scf.program.consent"
    _description = "Consent of a program's member"
    _inherit = ["scf.record.kept"]
    _order = "id desc"
    _rec_name = "consent_ref"

    consent_ref = fields.Char(string="Consent ID", required=True, readonly=True, index=True)
    joining_id = fields.Many2one("scf.program.joining", required=True, readonly=True, index=True, ondelete="restrict")
    member_id = fields.Many2one(related="joining_id.member_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="joining_id.company_id", store=True, index=True, precompute=True)
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    sections = fields.Json(required=True, readonly=True)
    given_by = fields.Char(required=True, readonly=True, help="Who signed, and in which role.")
    given_at = fields.Datetime(string="Given On", required=True, readonly=True)
    expires_on = fields.Date(string="Ends On", required=True, readonly=True)
    notice = fields.Text(string="What Was Agreed", required=True, readonly=True, help="The words as they were read.")
    notice_sha256 = fields.Char(string="SHA-256 of the Words", required=True, readonly=True)
    artefact = fields.Text(string="Signed Form", required=True, readonly=True, help="Compact JWS.")
    kid = fields.Char(string="Signed With", required=True, readonly=True, help="ID of the company's key.")
    state = fields.Selection(STATES, required=True, readonly=True, default="active")
    revoked_at = fields.Datetime(string="Taken Back On", readonly=True)
    revoked_by_id = fields.Many2one("res.users", string="Taken Back By", readonly=True)

    _ref_once = models.Constraint("unique(consent_ref)", "A consent's id is used once.")
    _in_force_once = models.UniqueIndex(
        "(joining_id, program_bank_id) WHERE state = 'active'", "A member has one consent in force for each bank."
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        own = vals.keys() & self._fields.keys()
        if own and (not self.env.su or own - MOVING_FIELDS):
            raise UserError(self.env._("A consent is never changed: it is taken back, and a new one is given."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A consent is kept: it is the proof of what was agreed."))

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _grant(self, joining):
        """Keep a consent for each of the program's banks, as all signatories gave it; those before it end.

        :param joining: the ``scf.program.joining``, which all have signed
        """
        key = self.env["scf.key"].sudo()._for_company(joining.company_id)
        signatures = joining._signatures().sorted("signed_at")
        self.sudo().search([("joining_id", "=", joining.id), ("state", "=", "active")])._revoke()
        return self.sudo().create(
            [self._values(joining, program_bank, signatures, key) for program_bank in joining._program_banks()]
        )

    def _values(self, joining, program_bank, signatures, key):
        reference = f"urn:uuid:{uuid.uuid4()}"
        last = signatures[-1]
        given_by = ", ".join(f"{item.name} ({item.role})" for item in signatures)
        claims = {
            "jti": reference,
            "iss": joining.company_id.name,
            "sub": joining.name,
            "sub_tax_id": joining.vat,
            "aud": program_bank.bank_id.issuer or "",
            "purpose": PURPOSE,
            "sections": list(SECTIONS),
            "iat": int(last.signed_at.replace(tzinfo=timezone.utc).timestamp()),
            "expires_on": joining.consent_ends_on.isoformat(),
            "notice_sha256": last.notice_sha256,
            "signatories": [item._wire() for item in signatures],
        }
        return {
            "consent_ref": reference,
            "joining_id": joining.id,
            "program_bank_id": program_bank.id,
            "sections": list(SECTIONS),
            "given_by": given_by,
            "given_at": last.signed_at,
            "expires_on": joining.consent_ends_on,
            "notice": last.notice,
            "notice_sha256": last.notice_sha256,
            "artefact": sign_claims(claims, key=key._signing_key(), typ=CONSENT_TYP),
            "kid": key.kid,
        }

    def _is_in_force(self):
        return self.state == "active" and fields.Date.context_today(self) <= self.expires_on

    def _revoke(self):
        """Take consents back; those that were taken back stay as they are."""
        self.filtered(lambda item: item.state == "active").write(
            {"state": "revoked", "revoked_at": fields.Datetime.now(), "revoked_by_id": self.env.user.id}
        )

    def _wire(self):
        """The consent as its bank is told of it."""
        return {
            "purpose": PURPOSE,
            "sections": self.sections,
            "recipient": self.program_bank_id.bank_id.issuer or "",
            "expires_on": self.expires_on.isoformat(),
            "given_by": self.given_by,
            "given_at": f"{self.given_at:%Y-%m-%dT%H:%M:%SZ}",
        }
