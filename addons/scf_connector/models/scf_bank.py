import logging
from urllib.parse import urlsplit

from odoo import api, fields, models, modules
from odoo.exceptions import AccessError, UserError, ValidationError

from ..adapters.base import JOB_PATIENCE, BankAdapter

_logger = logging.getLogger(__name__)

ADMIN = 'scf_connector.group_scf_admin'
# What an administrator says of a bank. Everything else is what the bank said, or what it was told.
ADMIN_FIELDS = frozenset({'name', 'active', 'color', 'company_id', 'adapter', 'base_url'})
THREAD_MODELS = ('mail.thread', 'mail.activity.mixin')


class ScfBank(models.Model):
    """A bank that one company is connected to, or is about to be."""

    _name = 'scf.bank'
    _description = "Connected Bank"
    _inherit = ['mail.thread', 'mail.activity.mixin', 'scf.addressee', 'scf.record.kept']
    _order = 'name, id'

    name = fields.Char(
        compute='_compute_name',
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="The bank's own name is filled in when it is discovered.",
    )
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one('res.company', required=True, index=True, default=lambda self: self.env.company)
    adapter = fields.Selection(
        [('openscf', "OpenSCF")],
        string="Speaks",
        required=True,
        default='openscf',
        help="The language in which this bank is spoken to.",
    )
    base_url = fields.Char(
        string="Address",
        required=True,
        tracking=True,
        help="The bank's address, as the bank gave it to you, for example https://scf.bank.example",
    )
    state = fields.Selection(
        [
            ('draft', "New"),
            ('discovered', "Discovered"),
            ('pending', "Waiting for the Bank"),
            ('connected', "Connected"),
            ('declined', "Declined"),
            ('suspended', "Suspended"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default='draft',
        copy=False,
        tracking=True,
        index=True,
    )
    state_reason = fields.Char(string="Reason", readonly=True, copy=False)

    profile = fields.Json(readonly=True, copy=False, help="The bank's discovery document.")
    profile_read_at = fields.Datetime(string="Profile Read On", readonly=True, copy=False)

    client_id = fields.Char(
        string="Client ID", readonly=True, copy=False, groups=ADMIN, help="The name that the bank gave to this company."
    )
    key_id = fields.Many2one(
        'scf.key', string="Our Signing Key", readonly=True, copy=False, index='btree_not_null', groups=ADMIN
    )
    webhook_token = fields.Char(readonly=True, copy=False, exportable=False, groups=fields.NO_ACCESS)

    _address_unique = models.UniqueIndex(
        "(company_id, base_url) WHERE active AND state != 'draft'",
        "This company is connected to a bank at this address already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('base_url')
    def _compute_name(self):
        for bank in self:
            bank.name = bank.name or urlsplit(bank.base_url or '').netloc or bank.base_url

    # === CONSTRAINT METHODS === #

    @api.constrains('key_id', 'company_id')
    def _check_key_company(self):
        for bank in self.sudo():
            if bank.key_id and bank.key_id.company_id != bank.company_id:
                raise ValidationError(
                    self.env._(
                        "%(bank)s is connected to %(company)s, which does not sign with another company's key.",
                        bank=bank.name,
                        company=bank.company_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_writable(vals)
            if vals.get('base_url'):
                vals['base_url'] = self._normalised_address(vals['base_url'])
        return super().create(vals_list)

    def write(self, vals):
        self._check_writable(vals)
        if vals.get('base_url'):
            vals = {**vals, 'base_url': self._normalised_address(vals['base_url'])}
        moved = self.filtered(
            lambda bank: any(
                field in vals and bank._fields[field].convert_to_write(bank[field], bank) != vals[field]
                for field in ('base_url', 'company_id', 'adapter')
            )
        )
        if started := moved.filtered(lambda bank: bank.state not in ('draft', 'discovered')):
            raise UserError(
                self.env._(
                    "%(bank)s knows this company under its present address. To use another address, company or "
                    "language, archive this bank and connect it anew.",
                    bank=started[0].name,
                )
            )
        for bank in moved.sudo().filtered(lambda bank: bank.state == 'discovered'):
            bank.write({'profile': False, 'profile_read_at': False, 'issuer': False, 'jwks': False, 'key_id': False})
            bank._set_state('draft')
        return super().write(vals)

    @api.model
    def _check_writable(self, vals):
        """Refuse, without full rights, to write what the bank says, how it stands and which key signs."""
        if self.env.su:
            return
        if kept := {name for name in vals if name in self._fields} - self._fields_by_hand():
            raise AccessError(self.env._("These fields of a bank are kept by the system: %s", ', '.join(sorted(kept))))

    @api.model
    def _fields_by_hand(self):
        thread = {name for model in THREAD_MODELS for name in self.env[model]._fields} - {'id', 'display_name'}
        return super()._fields_by_hand() | ADMIN_FIELDS | thread

    @api.ondelete(at_uninstall=False)
    def _unlink_except_registered(self):
        if used := self.filtered('client_id'):
            raise UserError(
                self.env._(
                    "%(bank)s knows this company already. Archive it instead: what was said and signed "
                    "stays on record.",
                    bank=used[0].name,
                )
            )

    # === BUSINESS METHODS: FOR OTHER MODULES === #

    @api.private
    def _technique(self, code):
        """Give the bank's profile of a technique, as in docs/protocol.md, "Discovery".

        :param str code: ``receivables_discounting``, ``pre_shipment``, …
        :rtype: dict | None
        """
        self.ensure_one()
        techniques = (self.profile or {}).get('techniques', [])
        return next((technique for technique in techniques if technique['code'] == code), None)

    @api.private
    def _is_open(self):
        """Tell whether messages may be sent to this bank."""
        self.ensure_one()
        return self.active and self.state == 'connected'

    @api.private
    def _send(self, verb, payload, *, channel, addressee, documents=()):
        """Write a message into the outbox; nothing is sent before the current transaction is committed.

        :param str verb: register, apply, reply, cancel, accept, decline, collect, repay or revoke
        :param dict payload: the JSON body as docs/protocol.md gives it; amounts are strings
        :param str channel: messages of one channel reach the bank in order
        :param addressee: the record (``scf.addressee``) whose hooks take the outcome
        :param documents: ``(sha256 hex, bytes, media type)`` of what must be at the bank before the message
        :rtype: scf.message
        """
        self.ensure_one()
        message = (
            self.env['scf.message']
            .sudo()
            ._enqueue(self.sudo(), verb, payload, channel=channel, addressee=addressee, documents=documents)
        )
        return message.sudo(self.env.su)

    # === BUSINESS METHODS === #

    def _adapter(self, patience=JOB_PATIENCE):
        """Build what speaks to this bank, with its pinned keys and the company's signing key.

        :param patience: how long to wait for the bank
        :raise UserError: when the signing key cannot be opened
        """
        bank = self.sudo()
        return BankAdapter.of(bank.adapter)(
            address=bank.base_url,
            issuer=bank.issuer or None,
            jwks=bank.jwks or None,
            profile=bank.profile or None,
            client_id=bank.client_id or None,
            key=bank.key_id._signing_key() if bank.key_id else None,
            software=self._software(),
            patience=patience,
        )

    @api.model
    def _software(self):
        return f"scf_for_odoo/{modules.Manifest.for_addon('scf_connector').version}"

    def _set_state(self, state, reason=None):
        """Write the state and why; a repeat changes nothing. The chatter tells of it by tracking."""
        self.ensure_one()
        if self.state == state and (self.state_reason or '') == (reason or ''):
            return
        _logger.info("scf.bank %s: %s → %s", self.id, self.state, state)
        self.sudo().write({'state': state, 'state_reason': reason or False})
