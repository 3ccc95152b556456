import logging
import secrets
import time
from urllib.parse import urlsplit

from markupsafe import escape
from openscf.errors import AnswerInvalid, BankRefused, BankUnreachable, OpenSCFError, SignatureInvalid

from odoo import api, fields, models, modules
from odoo.exceptions import AccessError, UserError, ValidationError

from ..adapters.base import BUTTON_PATIENCE, JOB_PATIENCE, BankAdapter

_logger = logging.getLogger(__name__)

ADMIN = 'scf_connector.group_scf_admin'
LOOPBACK = frozenset({'localhost', '127.0.0.1', '::1'})
CLIENT_STATES = {
    'PENDING': 'pending',
    'APPROVED': 'connected',
    'DECLINED': 'declined',
    'SUSPENDED': 'suspended',
}
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

    client_id = fields.Char(
        string="Client ID", readonly=True, copy=False, groups=ADMIN, help="The name that the bank gave to this company."
    )
    key_id = fields.Many2one(
        'scf.key', string="Our Signing Key", readonly=True, copy=False, index='btree_not_null', groups=ADMIN
    )
    webhook_token = fields.Char(readonly=True, copy=False, exportable=False, groups=fields.NO_ACCESS)
    outbox_ids = fields.One2many('scf.message', 'bank_id', groups=ADMIN)
    inbox_ids = fields.One2many('scf.event', 'bank_id', groups=ADMIN)
    queued_count = fields.Integer(compute='_compute_outbox_counts', groups=ADMIN)
    dead_count = fields.Integer(string="Dead Letters", compute='_compute_outbox_counts', groups=ADMIN)
    event_count = fields.Integer(string="Events", compute='_compute_inbox_counts', groups=ADMIN)
    failed_event_count = fields.Integer(string="Failed Events", compute='_compute_inbox_counts', groups=ADMIN)

    _address_unique = models.UniqueIndex(
        "(company_id, base_url) WHERE active AND state != 'draft'",
        "This company is connected to a bank at this address already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('base_url')
    def _compute_name(self):
        for bank in self:
            bank.name = bank.name or urlsplit(bank.base_url or '').netloc or bank.base_url

    @api.depends('jwks', 'jwks_offered')
    def _compute_key_fingerprints(self):
        for bank in self:
            bank.key_fingerprints = self._fingerprints(bank.jwks)
            bank.offered_fingerprints = self._fingerprints(bank.jwks_offered)

    @api.depends('outbox_ids.state')
    def _compute_outbox_counts(self):
        counts = {
            (bank.id, state): count
            for bank, state, count in self.env['scf.message']._read_group(
                [('bank_id', 'in', self.ids), ('state', 'in', ('queued', 'dead'))], ['bank_id', 'state'], ['__count']
            )
        }
        for bank in self:
            bank.queued_count = counts.get((bank.id, 'queued'), 0)
            bank.dead_count = counts.get((bank.id, 'dead'), 0)

    @api.depends('inbox_ids.state')
    def _compute_inbox_counts(self):
        counts = {
            (bank.id, state): count
            for bank, state, count in self.env['scf.event']._read_group(
                [('bank_id', 'in', self.ids)], ['bank_id', 'state'], ['__count']
            )
        }
        states = dict(self.env['scf.event']._fields['state'].selection)
        for bank in self:
            bank.event_count = sum(counts.get((bank.id, state), 0) for state in states)
            bank.failed_event_count = counts.get((bank.id, 'failed'), 0)

    # === CONSTRAINT METHODS === #

    @api.constrains('base_url')
    def _check_address(self):
        for bank in self:
            if problem := bank._address_problem():
                raise ValidationError(problem)

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

    def _address_problem(self):
        """Say in a sentence why the address may not be asked, or give None."""
        address = urlsplit(self.base_url)
        try:
            has_host = bool(address.hostname) and (address.port or 1) > 0
        except ValueError:
            has_host = False
        if not has_host or address.scheme not in ('http', 'https'):
            return self.env._(
                "“%(address)s” is not an address. A bank's address looks like https://scf.bank.example",
                address=self.base_url,
            )
        if address.username or address.password:
            return self.env._("A bank's address carries no user name and no password. Remove what stands before the @.")
        if address.scheme == 'http' and address.hostname not in LOOPBACK and not self._allows_http():
            return self.env._(
                "%(address)s is not encrypted, so anybody between here and the bank could read along. Use the "
                "https:// address. (For a test network, set the system parameter scf_connector.allow_http to True.)",
                address=self.base_url,
            )
        return None

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

    # === ACTION METHODS === #

    def action_discover(self):
        """Ask the bank at the address who it is and what it finances: one short call, bounded in time and size."""
        self.ensure_one()
        self.check_access('write')
        if problem := self._address_problem():
            raise UserError(problem)
        try:
            found = self._adapter(BUTTON_PATIENCE).discover()
        except OpenSCFError as error:
            raise UserError(self._sentence(error)) from None
        self._take_profile(found)

    def action_register(self):
        """Queue the registration of this company; the bank's officer decides on it."""
        self.ensure_one()
        self.check_access('write')
        if self.state not in ('discovered', 'declined'):
            raise UserError(self.env._("Discover the bank first: its name and its keys are shown to be checked."))
        if not self.company_id.vat:
            raise UserError(
                self.env._(
                    "A bank knows a company by its tax ID. Fill in the Tax ID of %(company)s first.",
                    company=self.company_id.name,
                )
            )
        self.sudo().write(
            {
                'key_id': self.env['scf.key']._for_company(self.company_id).id,
                'last_error': False,
            }
        )
        self.sudo().webhook_token = self.sudo().webhook_token or secrets.token_urlsafe(24)
        self._set_state('pending', self.env._("The registration is on its way to the bank."))
        self._send('register', self._registration(), channel='client', addressee=self)

    def action_test(self):
        """Ask the bank how it sees this company: one short call, and a sentence either way."""
        self.ensure_one()
        self.check_access('write')
        if not self.client_id:
            raise UserError(
                self.env._(
                    "%(bank)s has not taken the registration yet. It is sent by itself; look again in a minute.",
                    bank=self.name,
                )
                if self.state == 'pending'
                else self.env._("Discover the bank and register with it first.")
            )
        started = time.monotonic()
        try:
            status = self._adapter(BUTTON_PATIENCE).client_status()
        except OpenSCFError as error:
            raise UserError(self._sentence(error)) from None
        seconds = time.monotonic() - started
        self._set_state(CLIENT_STATES.get(status, self.state))
        sentences = {
            'PENDING': self.env._(
                "%(bank)s answered in %(seconds).1f s. Its officer has not decided yet.",
                bank=self.name,
                seconds=seconds,
            ),
            'APPROVED': self.env._(
                "%(bank)s answered in %(seconds).1f s and knows this company. All is well.",
                bank=self.name,
                seconds=seconds,
            ),
            'DECLINED': self.env._(
                "%(bank)s answered in %(seconds).1f s: it declined this company.", bank=self.name, seconds=seconds
            ),
            'SUSPENDED': self.env._(
                "%(bank)s answered in %(seconds).1f s: it suspended this company for now.",
                bank=self.name,
                seconds=seconds,
            ),
        }
        return self._notification(
            sentences.get(status, self.env._("%(bank)s answered: %(status)s.", bank=self.name, status=status)),
            'success' if status == 'APPROVED' else 'warning',
        )

    def action_check_now(self):
        """Let the jobs look for news and send what waits, right after this click; the click itself asks nobody."""
        self.check_access('read')
        self._trigger_poll()
        self.env['scf.message']._trigger()
        return self._notification(self.env._("Looking for news. It shows here within a few seconds."), 'info')

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

    def action_open_outbox(self):
        return self._open_rows('scf_connector.action_scf_message')

    def action_open_inbox(self):
        return self._open_rows('scf_connector.action_scf_event')

    def _open_rows(self, action):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(action),
            'domain': [('bank_id', '=', self.id)],
            'context': {'search_default_pending': 0},
        }

    def _notification(self, sentence, kind):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': sentence,
                'type': kind,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

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

    # === BUSINESS METHODS: CONNECTING === #

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

    def _registration(self):
        """Give the body of ``POST /v1/clients`` for this bank's company."""
        company = self.company_id.sudo()
        party = {'name': company.name, 'tax_id': company.vat}
        if company.country_id:
            party['country'] = company.country_id.code
        registration = {
            'client_name': company.name,
            'software': self._software(),
            'party': party,
            'jwks': {'keys': [self.sudo().key_id.public_jwk]},
        }
        if company.email:
            registration['contact_email'] = company.email
        if webhook_url := self._webhook_url():
            registration['webhook_url'] = webhook_url
        return registration

    def _webhook_url(self):
        """Give the address that the bank may nudge, or None when it cannot be reached from outside safely."""
        base_url = self.sudo().get_base_url()
        if urlsplit(base_url).scheme != 'https' and urlsplit(self.base_url).hostname not in LOOPBACK:
            return None
        return f"{base_url}/scf/nudge/{self.id}/{self.sudo().webhook_token}"

    def _take_profile(self, found):
        """Record what a bank says of itself. Keys that differ from the trusted ones wait for a person's word."""
        self.ensure_one()
        values = {'profile': found.profile, 'profile_read_at': fields.Datetime.now(), 'last_error': False}
        if self.state in ('draft', 'discovered'):
            values |= {'name': found.name, 'issuer': found.issuer, 'jwks': found.jwks, 'jwks_offered': False}
        elif self._fingerprints(found.jwks) != self._fingerprints(self.jwks):
            values['jwks_offered'] = found.jwks
        else:
            values['jwks_offered'] = False
        self.sudo().write(values)
        if self.state == 'draft':
            self._set_state('discovered')

    def _scf_on_answer(self, message, answer):
        """Record the bank's name for this company and how it sees it."""
        if message.verb == 'register':
            self.client_id = answer['client_id']
            self._set_state(CLIENT_STATES[answer['status']], answer.get('status_reason'))
            self._trigger_poll()

    def _scf_on_refused(self, message, problem):
        """Go back to before the registration, with the bank's reason."""
        if message.verb == 'register':
            self._set_state('discovered', problem.get('detail') or problem.get('title'))

    def _scf_on_delayed(self, message):
        """Say that the registration is still on its way, and why."""
        if message.verb == 'register':
            self.state_reason = self.env._(
                "The registration has not reached the bank yet: %(error)s", error=message.last_error
            )

    def _set_state(self, state, reason=None):
        """Write the state and why; a repeat changes nothing. The chatter tells of it by tracking."""
        self.ensure_one()
        if self.state == state and (self.state_reason or '') == (reason or ''):
            return
        _logger.info("scf.bank %s: %s → %s", self.id, self.state, state)
        self.sudo().write({'state': state, 'state_reason': reason or False})

    # === BUSINESS METHODS: WORDS === #

    def _sentence(self, error):
        """Put an error of the adapter into a sentence that says what to do; it quotes no secret and no body."""
        self.ensure_one()
        name, address = self.name, self.base_url
        if isinstance(error, BankUnreachable):
            return self.env._(
                "%(bank)s cannot be reached at %(address)s at the moment: %(reason)s Nothing is lost; "
                "try again later or ask the bank.",
                bank=name,
                address=address,
                reason=error,
            )
        if isinstance(error, SignatureInvalid):
            return self.env._(
                "What came from %(address)s is not signed with the keys of %(bank)s that are trusted here: %(reason)s "
                "Nothing of it was used. Ask the bank whether it has new keys, then use Discover to compare them.",
                bank=name,
                address=address,
                reason=error,
            )
        if isinstance(error, AnswerInvalid):
            return self.env._(
                "%(address)s gave an answer that is not OpenSCF: %(reason)s Check the address with the bank.",
                address=address,
                reason=error,
            )
        if isinstance(error, BankRefused):
            return self.env._("%(bank)s refused: %(reason)s", bank=name, reason=error.problem.detail or error)
        if isinstance(error, (OpenSCFError, UserError)):
            return str(error)
        return self.env._(
            "An unexpected error (%(kind)s) came up with %(bank)s; the server's log has the details.",
            kind=type(error).__name__,
            bank=name,
        )

    def _warn_administrators(self, summary, note):
        """Put an activity on the bank for every financing administrator of its company, one per kind and person."""
        self.ensure_one()
        admins = self.env.ref(ADMIN).all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        told = self.activity_ids.filtered(lambda activity: activity.summary == summary).user_id
        for user in admins - told:
            self.activity_schedule(
                'mail.mail_activity_data_warning', summary=summary, note=escape(note), user_id=user.id
            )

    @api.model
    def _allows_http(self):
        return self.env['ir.config_parameter'].sudo().get_param('scf_connector.allow_http', '').lower() in ('true', '1')

    @api.model
    def _normalised_address(self, address):
        """Complete a pasted address: https when it names no scheme, and only scheme, host and port of it."""
        address = (address or '').strip()
        if not address:
            return ''
        if '://' not in address:
            address = f'https://{address}'
        parts = urlsplit(address)
        return f'{parts.scheme.lower()}://{parts.netloc.lower()}'

    @api.model
    def _fingerprints(self, jwks):
        """Give the key ids of a JWKS, one a line: RFC 7638 thumbprints, which a person can compare."""
        return '\n'.join(sorted(jwk['kid'] for jwk in (jwks or {}).get('keys', []))) or False
