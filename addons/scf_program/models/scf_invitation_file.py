import time
import uuid
from datetime import timezone

from openscf.programs import Invitation
from openscf.wire import Party

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import invitation_file
from .scf_program_member import INVITED

# Who has not joined yet may still do so from its own ERP; who has may need the keys anew.
JOINING = ("draft", "bounced", *INVITED, "submitted", "approved", "financed")
MEDIA_TYPE = "application/json"


class ScfProgramMember(models.Model):
    """The anchor's side of the invitation file: made anew each time, signed with the key that the bank knows."""

    _inherit = "scf.program.member"

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_download_invitation_file(self):
        """Download the file for a company that has this addon in an Odoo of its own."""
        self.ensure_one()
        self.check_access("read")
        if why_not := self._why_no_file():
            raise UserError(why_not)
        return {
            "type": "ir.actions.act_url",
            "url": f"/scf/program-member/{self.id}/invitation-file",
            "target": "download",
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _file_banks(self):
        """The program at those banks that an invitation file can be for."""
        return self.sudo().program_id.bank_ids.filtered(
            lambda bank: (
                bank.status == "active"
                and bank.bank_program_ref
                and bank.bank_id.state == "connected"
                and bank.bank_id.client_id
                and bank.bank_id.key_id
            )
        )

    def _why_no_file(self):
        """Why there is no invitation file for the company, as a sentence; None where there is one."""
        member = self.sudo()
        if member.program_id.kind == "dynamic_discounting":
            return self.env._("We pay early from our own cash here: no bank has to be connected, and there is no file.")
        if member.state not in JOINING:
            return self.env._("%s is not invited any more.", member.partner_id.name)
        if not self._file_banks():
            return self.env._("No bank runs the program yet: the file names the bank. Wait for its approval.")
        if not member.partner_id.commercial_partner_id.vat:
            return self.env._(
                "%s has no tax ID: the file is for one company only. Enter it on the contact.", member.partner_id.name
            )
        if not member.program_id.terms_version_id:
            return self.env._("The program has no terms in force yet.")
        return None

    def _invitation_files(self):
        """Send the file with the invitation: for each bank that runs the program one of its own."""
        files = super()._invitation_files()
        for member in self:
            if not member._why_no_file():
                made = [(*member._invitation_file(at_bank), MEDIA_TYPE) for at_bank in member._file_banks()]
                files[member.id] = files.get(member.id, []) + made
        return files

    @api.private
    def _invitation_file(self, program_bank=None):
        """The invitation file for this member.

        :param program_bank: the ``scf.program.bank``; the first that runs the program where none is given
        :return: (file name, bytes)
        :raise UserError: where there is none
        """
        self.ensure_one()
        if why_not := self._why_no_file():
            raise UserError(why_not)
        at_bank = (program_bank or self._file_banks()[:1]).sudo()
        member, bank = self.sudo(), at_bank.bank_id
        now = int(time.time())
        content = invitation_file.make(
            claims=Invitation(
                iss=bank.client_id,
                aud=bank.issuer,
                program=at_bank.bank_program_ref,
                member_id=member._reference_at(at_bank),
                party=_party(member.partner_id.commercial_partner_id).to_wire(),
                anchor=_party(member.company_id),
                iat=now,
                exp=self._file_ends_at(),
                jti=str(uuid.uuid4()),
            ),
            bank=invitation_file.BankPinned(
                name=bank.name,
                issuer=bank.issuer,
                keys=sorted(jwk["kid"] for jwk in (bank.jwks or {}).get("keys", [])),
            ),
            program=self._program_offered(at_bank),
            key=bank.key_id._signing_key(),
        )
        banks = self._file_banks()
        number = f"-{banks.ids.index(at_bank.id) + 1}" if len(banks) > 1 else ""
        return f"invitation-{member.reference.replace('/', '-')}{number}.json", content

    def _file_ends_at(self):
        """When the link ends, in Unix seconds; where it has ended, as long from now as links of the program work."""
        member, now = self.sudo(), fields.Datetime.now()
        ends_at = member.link_expires_at
        if not ends_at or ends_at <= now:
            ends_at = fields.Datetime.add(now, days=member.program_id.link_days)
        return int(ends_at.replace(tzinfo=timezone.utc).timestamp())

    def _program_offered(self, at_bank):
        program, terms = at_bank.program_id, at_bank.program_id.terms_version_id
        price = at_bank.bank_terms or {}
        return invitation_file.ProgramOffered(
            id=at_bank.bank_program_ref,
            program_id=program.reference,
            name=program.name,
            kind=program.kind,
            currency=program.currency_id.name,
            terms=terms._document().decode(),
            terms_sha256=terms.sha256,
            rate_pa=price.get("rate_pa"),
            fee_percent=price.get("fee_percent"),
            max_tenor_days=price.get("max_tenor_days") or program.max_tenor_days,
            documents=tuple(at_bank.documents_asked or program.document_kind_ids.mapped("code")),
        )


def _party(company):
    """A company, or a contact, as it is named on the wire."""
    return Party(name=company.name, tax_id=company.vat, country=company.country_id.code or None)
