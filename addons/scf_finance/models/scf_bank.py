import hmac
import secrets

from cryptography.fernet import InvalidToken

from odoo import fields, models
from odoo.exceptions import UserError

from ..evidence.views import ALWAYS

SECRET_BYTES = 32
PSEUDONYM_DIGITS = 20


class ScfBank(models.Model):
    """What a bank asks to read, and under which codes it knows the counterparties that are kept from it."""

    _inherit = "scf.bank"

    pseudonym_secret_sealed = fields.Char(readonly=True, copy=False, exportable=False, groups=fields.NO_ACCESS)

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_asked_sections(self, technique):
        """Names of the sections that the bank asks for, beyond those that are in every package."""
        profile = self.sudo()._technique(technique) or {}
        return [name for name in profile.get("sections") or () if name not in (*ALWAYS, "consent")]

    def _scf_asked_files(self, technique):
        """Kinds of the files that the bank asks for (`embedded` of docs/protocol.md, "Discovery")."""
        profile = self.sudo()._technique(technique) or {}
        return list(profile.get("embedded") or ())

    def _scf_pseudonym(self, secret):
        """The function that gives a partner's pseudonym by its id.

        Stable for one bank of one company; nobody who has not the secret can tell whether two banks' codes are one.
        """

        def pseudonym(partner_id):
            digest = hmac.new(secret, str(partner_id).encode(), "sha256").hexdigest()
            return f"P-{digest[:PSEUDONYM_DIGITS]}"

        return pseudonym

    def _scf_pseudonym_secret(self):
        """The secret behind this bank's pseudonyms, made at its first use and kept sealed as signing keys are.

        :raise UserError: where the server's master key is missing, or is not the one that sealed the secret
        """
        bank = self.sudo()
        if not bank.pseudonym_secret_sealed:
            vault = self.env["scf.key"].sudo()._vault()
            bank.pseudonym_secret_sealed = vault.encrypt(secrets.token_bytes(SECRET_BYTES)).decode()
        return self._scf_kept_pseudonym_secret()

    def _scf_kept_pseudonym_secret(self):
        """The secret where one is kept already, None otherwise; raises as `_scf_pseudonym_secret` does."""
        bank, vault = self.sudo(), self.env["scf.key"].sudo()._vault()
        if not bank.pseudonym_secret_sealed:
            return None
        try:
            return vault.decrypt(bank.pseudonym_secret_sealed.encode())
        except InvalidToken:
            raise UserError(
                self.env._(
                    "The secret behind the pseudonyms for %s was sealed with another master key. Put that master key "
                    "back into SCF_MASTER_KEY (several may be given, separated by commas, the newest first).",
                    bank.name,
                )
            ) from None
