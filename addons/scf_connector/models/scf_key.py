import json
import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from openscf.keys import SigningKey

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config


class ScfKey(models.Model):
    """The key that a company signs its messages to banks with.

    The private part is stored sealed (Fernet) by a secret that lives outside the database,
    so that neither a dump nor any call over RPC gives it away.
    """

    _name = 'scf.key'
    _description = "Signing Key"
    _inherit = ['scf.record.kept']
    _order = 'id desc'
    _rec_name = 'kid'

    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    kid = fields.Char(
        string="Key ID",
        required=True,
        readonly=True,
        copy=False,
        help="RFC 7638 thumbprint of the public key: what a bank's officer compares.",
    )
    alg = fields.Selection(
        [('EdDSA', "EdDSA (Ed25519)"), ('ES256', "ES256 (P-256)")], string="Algorithm", required=True, readonly=True
    )
    public_jwk = fields.Json(string="Public Key", required=True, readonly=True, copy=False)
    private_sealed = fields.Char(readonly=True, copy=False, exportable=False, groups=fields.NO_ACCESS)
    is_current = fields.Boolean(string="In Use", default=True, readonly=True, copy=False)
    bank_ids = fields.One2many('scf.bank', 'key_id', string="Known To", readonly=True)

    _kid_unique = models.Constraint('unique(kid)', "A signing key is stored once.")
    _one_current = models.UniqueIndex('(company_id) WHERE is_current', "A company signs with one key at a time.")

    # === BUSINESS METHODS === #

    @api.model
    @api.private
    def _for_company(self, company):
        """Give the key that ``company`` signs with now; make it when there is none.

        :param company: a ``res.company``
        :rtype: scf.key
        :raise UserError: when the server has no master key to seal a new key with
        """
        key = self.sudo().search([('company_id', '=', company.id), ('is_current', '=', True)], limit=1)
        if key:
            return key.sudo(self.env.su)
        signing_key = SigningKey.generate(alg='EdDSA')
        return (
            self.sudo()
            .create(
                {
                    'company_id': company.id,
                    'kid': signing_key.kid,
                    'alg': signing_key.alg,
                    'public_jwk': signing_key.public_jwk(),
                    'private_sealed': self._vault().encrypt(json.dumps(signing_key.private_jwk()).encode()).decode(),
                }
            )
            .sudo(self.env.su)
        )

    @api.private
    def _signing_key(self):
        """Open the sealed private key.

        :rtype: openscf.keys.SigningKey
        :raise UserError: when the master key is missing or is not the one that sealed this key
        """
        self.ensure_one()
        sealed = self.sudo().private_sealed
        if not sealed:
            raise UserError(
                self.env._(
                    "The private part of the key %(kid)s is not in this database (a neutralised copy has none). "
                    "Register with the bank again to make a new key.",
                    kid=self.sudo().kid,
                )
            )
        try:
            opened = self._vault().decrypt(sealed.encode())
        except InvalidToken:
            # The cause would carry the token: it must not reach a log.
            raise UserError(
                self.env._(
                    "The signing key %(kid)s was sealed with another master key. Put that master key back into "
                    "SCF_MASTER_KEY (several may be given, separated by commas, the newest first).",
                    kid=self.sudo().kid,
                )
            ) from None
        return SigningKey.from_private_jwk(json.loads(opened))

    @api.model
    @api.private
    def _vault(self):
        """Give the cipher that seals private keys, from the server's environment or configuration.

        :rtype: cryptography.fernet.MultiFernet
        :raise UserError: when no usable master key is set
        """
        configured = os.environ.get('SCF_MASTER_KEY') or config.get('scf_master_key') or ''
        secrets = [secret.strip() for secret in configured.split(',') if secret.strip()]
        if not secrets:
            raise UserError(
                self.env._(
                    "This server has no master key to seal signing keys with. Set the environment variable "
                    "SCF_MASTER_KEY (or scf_master_key in odoo.conf) to a Fernet key, restart Odoo and try again. "
                    "To make one: python3 -c \"from cryptography.fernet import Fernet; "
                    "print(Fernet.generate_key().decode())\""
                )
            )
        try:
            return MultiFernet([Fernet(secret) for secret in secrets])
        except ValueError:
            raise UserError(
                self.env._(
                    "SCF_MASTER_KEY is not a Fernet key: 32 bytes in URL-safe base64 are expected, several "
                    "separated by commas."
                )
            ) from None
