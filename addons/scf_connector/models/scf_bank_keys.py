from odoo import api, fields, models
from odoo.exceptions import UserError

from .scf_bank import ADMIN


class ScfBank(models.Model):
    """A bank's keys: those that its answers must be signed with, and those that a person has yet to agree to."""

    _inherit = 'scf.bank'

    issuer = fields.Char(readonly=True, copy=False, groups=ADMIN)
    jwks = fields.Json(
        string="Bank's Keys",
        readonly=True,
        copy=False,
        groups=ADMIN,
        help="The keys that every answer of this bank must be signed with.",
    )
    jwks_offered = fields.Json(
        string="Bank's New Keys",
        readonly=True,
        copy=False,
        groups=ADMIN,
        help="Keys that the bank shows now and that nobody here has agreed to yet.",
    )
    key_fingerprints = fields.Text(string="Bank's Key Fingerprint", compute='_compute_key_fingerprints', groups=ADMIN)
    offered_fingerprints = fields.Text(
        string="Bank's New Key Fingerprint", compute='_compute_key_fingerprints', groups=ADMIN
    )

    # === COMPUTE METHODS === #

    @api.depends('jwks', 'jwks_offered')
    def _compute_key_fingerprints(self):
        for bank in self:
            bank.key_fingerprints = self._fingerprints(bank.jwks)
            bank.offered_fingerprints = self._fingerprints(bank.jwks_offered)

    # === ACTION METHODS === #

    def action_trust_offered_keys(self):
        """Accept the keys that the bank shows now, after a person compared the fingerprint."""
        self.ensure_one()
        self.check_access('write')
        if not self.jwks_offered:
            raise UserError(self.env._("The bank shows no other keys than the ones trusted already."))
        self.message_post(
            body=self.env._(
                "The bank's new keys are trusted from now on: %(fingerprints)s", fingerprints=self.offered_fingerprints
            )
        )
        self.sudo().write({'jwks': self.jwks_offered, 'jwks_offered': False, 'last_error': False})
        self._trigger_poll()

    # === BUSINESS METHODS === #

    @api.model
    def _fingerprints(self, jwks):
        """Give the key ids of a JWKS, one a line: RFC 7638 thumbprints, which a person can compare."""
        return '\n'.join(sorted(jwk['kid'] for jwk in (jwks or {}).get('keys', []))) or False
