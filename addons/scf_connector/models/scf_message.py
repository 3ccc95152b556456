import json
import logging
import random
import uuid
from datetime import timedelta
from functools import partial

from openscf.canonical import canonical_bytes
from openscf.errors import BankRefused, OpenSCFError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..adapters.base import is_retryable, seconds_to_wait

_logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 60 * 60
# Both must be used up before a message is dead, so that a bank's long weekend kills none.
MAX_ATTEMPTS = 20
MAX_AGE = timedelta(days=3)
# How often one run starts over because somebody else wrote the same rows.
MAX_COLLISIONS = 5
# The problem of a message that its addressee held back when it was due.
NOT_SENT = 'urn:openscf:problem:not-sent'

VERBS = [
    ('register', "Register"),
    ('apply', "Apply"),
    ('reply', "Reply"),
    ('cancel', "Cancel application"),
    ('accept', "Accept offer"),
    ('decline', "Decline offer"),
    ('collect', "Report collection"),
    ('repay', "Repay"),
    ('draw', "Draw on a line"),
    ('release', "Ask for goods back"),
    ('value', "Report the value of goods"),
    ('extend', "Ask for an extension"),
    ('accept_extension', "Accept extension"),
    ('withdraw_extension', "Withdraw extension"),
    ('substitute', "Ask for other documents"),
    ('revoke', "Revoke consent"),
    ('program', "Ask for a program"),
    ('close_program', "Close program"),
    ('prequalify', "Ask for pre-approval of members"),
    ('member', "Bring a member in"),
    ('leave', "Take a member out"),
    ('membership', "Join a program"),
    ('payables', "Register approved bills"),
    ('reduce', "Reduce an approved bill"),
    ('withdraw', "Withdraw an approved bill"),
    ('early_payment', "Ask for early payment"),
    ('confirm', "Confirm early payment"),
    ('refuse', "Refuse early payment"),
    ('settle', "Report payment of due bills"),
]
# What these are about has an id at the bank, which is part of the address they are sent to.
VERBS_WITH_TARGET = frozenset(verb for verb, _label in VERBS) - {'register', 'apply', 'program', 'membership'}


class ScfMessage(models.Model):
    """A message to a bank: written in the transaction that causes it, sent after it.

    A row that was rolled back was never there, so it sends nothing. A committed row is sent
    until the bank's answer is committed beside it; a crash in between sends it again with the
    same idempotency key, and the bank gives its first answer again.
    """

    _name = 'scf.message'
    _description = "Outbox Message"
    _inherit = ['scf.record.kept']
    _order = 'id desc'
    _rec_name = 'idempotency_key'

    bank_id = fields.Many2one('scf.bank', required=True, readonly=True, ondelete='restrict', index=True)
    company_id = fields.Many2one(related='bank_id.company_id', store=True, index=True)
    channel = fields.Char(
        required=True,
        readonly=True,
        help="Messages of one channel reach the bank in the order in which they were written.",
    )
    verb = fields.Selection(VERBS, string="Message", required=True, readonly=True)
    payload = fields.Text(string="Body", required=True, readonly=True, help="The exact bytes that are signed and sent.")
    document_ids = fields.One2many(
        'ir.attachment',
        'res_id',
        string="Documents",
        readonly=True,
        domain=[('res_model', '=', 'scf.message')],
        bypass_search_access=True,
    )
    idempotency_key = fields.Char(required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4()))
    res_model = fields.Char(string="About (Model)", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="About", model_field='res_model', required=True, readonly=True)
    state = fields.Selection(
        [
            ('queued', "Queued"),
            ('sent', "Sent"),
            ('refused', "Refused"),
            ('dead', "Dead Letter"),
            ('cancelled', "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default='queued',
        copy=False,
    )
    attempts = fields.Integer(readonly=True, copy=False)
    first_due_at = fields.Datetime(
        readonly=True,
        copy=False,
        required=True,
        default=fields.Datetime.now,
        help="Since when this message is being tried; starts again with Retry.",
    )
    next_attempt_at = fields.Datetime(
        string="Next Attempt", readonly=True, copy=False, required=True, default=fields.Datetime.now
    )
    last_error = fields.Text(readonly=True, copy=False)
    answer = fields.Text(readonly=True, copy=False, help="The bank's answer.")
    answered_at = fields.Datetime(string="Answered On", readonly=True, copy=False)

    _idempotency_key_unique = models.Constraint('unique(idempotency_key)', "An idempotency key is used once.")
    # What blocks a channel, and what is due, are found without reading what was sent long ago.
    _pending_index = models.Index("(bank_id, channel, id) WHERE state IN ('queued', 'dead')")

    # === COMPUTE METHODS === #

    @api.depends('verb', 'bank_id.name')
    def _compute_display_name(self):
        verbs = dict(self._fields['verb']._description_selection(self.env))
        for message in self:
            message.display_name = f"{verbs.get(message.verb)} → {message.bank_id.name}"

    # === ACTION METHODS === #

    def action_retry(self):
        """Send a dead letter again, or a queued message now, with its own idempotency key."""
        messages = self._for_administrator()
        if messages.filtered(lambda message: message.state not in ('queued', 'dead')):
            raise UserError(self.env._("Only a queued message or a dead letter can be sent again."))
        now = fields.Datetime.now()
        for message in messages:
            if message.state == 'dead':
                message.write({'attempts': 0, 'first_due_at': now})
            message.next_attempt_at = now
            message._set_state('queued')
        self._trigger()

    def action_cancel(self):
        """Give up a message that the bank has not answered; its addressee is told."""
        messages = self._for_administrator()
        if messages.filtered(lambda message: message.state not in ('queued', 'dead')):
            raise UserError(self.env._("Only a queued message or a dead letter can be cancelled."))
        for message in messages:
            message._abandon(
                'cancelled',
                {
                    'type': 'urn:openscf:problem:cancelled-here',
                    'title': self.env._("Cancelled"),
                    'status': 0,
                    'detail': self.env._(
                        "%(user)s cancelled this message before the bank answered it.", user=self.env.user.name
                    ),
                },
            )
        self._trigger()

    def action_open_addressee(self):
        """Open the record that the message is about."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': self.res_model,
            'res_id': self.res_id,
            'views': [(False, 'form')],
        }

    # === BUSINESS METHODS: QUEUE === #

    @api.model
    @api.private
    def _enqueue(self, bank, verb, payload, *, channel, addressee, documents=()):
        """Write a message into the outbox of the current transaction and wake the sender after it.

        :param bank: the ``scf.bank`` to send to
        :param str verb: one of :data:`VERBS`
        :param dict payload: the JSON body as docs/protocol.md gives it; amounts are strings
        :param str channel: messages of one channel are sent in order
        :param addressee: the record (``scf.addressee``) whose hooks take the outcome
        :param documents: ``(sha256 hex, bytes, media type)`` for each document to put before the message
        :rtype: scf.message
        """
        message = self.create(
            {
                'bank_id': bank.id,
                'channel': channel,
                'verb': verb,
                'payload': canonical_bytes(payload).decode(),
                'res_model': addressee._name,
                'res_id': addressee.id,
            }
        )
        self._keep_files(
            [
                {
                    'name': sha256,
                    'raw': content,
                    'mimetype': media_type,
                    'res_id': message.id,
                    'company_id': bank.company_id.id,
                }
                for sha256, content, media_type in documents
            ]
        )
        self._trigger()
        return message

    @api.model
    def _trigger(self, at=None):
        """Wake the job that sends, after the current transaction is committed (or at ``at``)."""
        self.env.ref('scf_connector.cron_outbox')._trigger(at)

    @api.model
    def _send_due(self):
        """Send what is due, one transaction per message, until nothing is or the job's time is up.

        A bank that fails rests until the next run, so that the others are not kept waiting.
        """
        resting, collisions, last_bank_id, seconds_left = set(), 0, 0, float('inf')
        while seconds_left:
            message = self.browse()
            try:
                message = self._take_next(resting, last_bank_id)
                if not message:
                    return
                last_bank_id = message.bank_id.id
                trouble = message._deliver()
                seconds_left = self.env['ir.cron']._commit_progress(1)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same record meanwhile. What was sent is sent again with the same key.
                self.env.cr.rollback()
                collisions += 1
                if collisions > MAX_COLLISIONS:
                    break
                continue
            except Exception as error:
                self.env.cr.rollback()
                if not message:
                    raise
                trouble = message._set_aside(error)
                seconds_left = self.env['ir.cron']._commit_progress(1)
            if trouble:
                resting.add(last_bank_id)
            self.env['scf.bank'].browse(last_bank_id)._note_contact(trouble)
        self._trigger()

    @api.model
    def _take_next(self, resting, last_bank_id):
        """Lock and give the next message that is due; banks take turns.

        :param set[int] resting: ids of banks to leave alone
        :param int last_bank_id: the bank of the message before, whose turn comes last
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
            SELECT m.id
              FROM scf_message m
              JOIN scf_bank b ON b.id = m.bank_id
             WHERE m.state = 'queued' AND m.next_attempt_at <= %(now)s
               AND b.active AND (b.state = 'connected' OR (b.state = 'pending' AND m.verb = 'register'))
               AND (b.rest_until IS NULL OR b.rest_until <= %(now)s)
               AND NOT b.id = ANY(%(resting)s)
               AND NOT EXISTS (
                   SELECT 1
                     FROM scf_message earlier
                    WHERE earlier.bank_id = m.bank_id AND earlier.channel = m.channel AND earlier.id < m.id
                      AND earlier.state IN ('queued', 'dead')
               )
             ORDER BY (m.bank_id = %(last_bank_id)s), m.id
             LIMIT 1
               FOR UPDATE OF m SKIP LOCKED
            """,
                now=fields.Datetime.now(),
                resting=list(resting),
                last_bank_id=last_bank_id,
            )
        )
        return self.browse(message_id for [message_id] in rows)

    # === BUSINESS METHODS: ONE MESSAGE === #

    def _deliver(self):
        """Send this message once and record what came of it. The caller holds the row's lock.

        :return: what kept the message from being answered, or None
        :rtype: Exception | None
        """
        self.ensure_one()
        addressee = self._addressee()
        if why_not := addressee._scf_before_send(self):
            self._settle(partial(self._abandon, 'cancelled', self._not_sent(why_not)))
            return None
        target = addressee._scf_target(self.verb) if self.verb in VERBS_WITH_TARGET else None
        if self.verb in VERBS_WITH_TARGET and not target:
            self._settle(
                partial(
                    self._abandon,
                    'refused',
                    {
                        'type': 'urn:openscf:problem:never-arrived',
                        'title': self.env._("Nothing to refer to"),
                        'status': 0,
                        'detail': self.env._(
                            "The bank never gave an id to what this message is about, because an earlier message was "
                            "refused or cancelled. Start again with a new application."
                        ),
                    },
                )
            )
            return None
        try:
            answer = self.bank_id._adapter().deliver(
                self.verb,
                target=target,
                body=self.payload.encode(),
                documents=[(document.name, document.raw, document.mimetype) for document in self.document_ids],
                idempotency_key=self.idempotency_key,
            )
        except BankRefused as error:
            if not is_retryable(error):
                self._settle(partial(self._abandon, 'refused', error.problem.to_wire()))
                return None
            return self._postpone(error)
        except (OpenSCFError, UserError) as error:
            return self._postpone(error)
        self._settle(partial(self._record_answer, answer))
        return None

    def _not_sent(self, sentence):
        """Give the problem of a message whose addressee no longer wants it sent."""
        return {'type': NOT_SENT, 'title': self.env._("Not sent"), 'status': 0, 'detail': sentence}

    def _settle(self, outcome):
        """Record an outcome and let the addressee take it in, both or neither.

        When this side cannot, the message is sent again later: the bank then repeats its answer.
        """
        try:
            with self.env.cr.savepoint():
                outcome()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("scf.message %s: the bank's answer could not be taken in", self.id)
            self._postpone(
                error,
                self.env._(
                    "The bank answered, but the answer could not be taken in here: %(error)s Once that is mended, the "
                    "message is sent again with the same key and the bank repeats its answer.",
                    error=error,
                ),
            )

    def _record_answer(self, answer):
        self.write(
            {
                'attempts': self.attempts + 1,
                'answer': json.dumps(answer, ensure_ascii=False, sort_keys=True),
                'answered_at': fields.Datetime.now(),
                'last_error': False,
            }
        )
        self._set_state('sent')
        self._addressee()._scf_on_answer(self, answer)

    def _abandon(self, state, problem):
        """End a message for good: ``refused`` by the bank, ``cancelled`` by a person or by its addressee."""
        self.write(
            {
                'last_error': problem.get('detail') or problem.get('title'),
                'answer': json.dumps(problem, ensure_ascii=False, sort_keys=True),
            }
        )
        if state == 'refused':
            self.write({'attempts': self.attempts + 1, 'answered_at': fields.Datetime.now()})
        self._set_state(state)
        self._addressee()._scf_on_refused(self, problem)

    def _postpone(self, error, sentence=None):
        """Plan the next attempt, or declare the message dead when all are used up.

        :param Exception error: what kept the message from being answered; may carry the seconds to wait
        :param str sentence: why the attempt failed, when the error does not say it
        :return: the error
        """
        now = fields.Datetime.now()
        attempts = self.attempts + 1
        self.write({'attempts': attempts, 'last_error': sentence or self.bank_id._sentence(error)})
        if attempts >= MAX_ATTEMPTS and now - self.first_due_at >= MAX_AGE:
            self._set_state('dead')
            self.bank_id._warn_administrators(
                self.env._("A message to %(bank)s could not be delivered", bank=self.bank_id.name), self.last_error
            )
        else:
            self.next_attempt_at = now + timedelta(seconds=self._delay_seconds(attempts, seconds_to_wait(error)))
            self._trigger(self.next_attempt_at)
        try:
            with self.env.cr.savepoint():
                self._addressee()._scf_on_delayed(self)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            # The message itself tells of the delay; its addressee's view of it must not stop the outbox.
            _logger.exception("scf.message %s: its addressee could not take in the delay", self.id)
        return error

    def _set_aside(self, error):
        """Postpone a message that met an error which nobody foresaw, so that the others still go out."""
        _logger.error("scf.message %s could not be sent", self.id, exc_info=error)
        return self._postpone(
            error,
            self.env._(
                "An unexpected error (%(kind)s) kept this message from being sent; the server's log has the details.",
                kind=type(error).__name__,
            ),
        )

    @api.model
    def _delay_seconds(self, attempts, retry_after=None):
        """Give the seconds to wait after the ``attempts``-th failure; jitter keeps a crowd from returning at once."""
        if retry_after is not None:
            return retry_after
        longest = min(FIRST_DELAY_SECONDS * 2 ** min(attempts, 20), LONGEST_DELAY_SECONDS)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreading load, not a secret

    def _set_state(self, state):
        """Write the state; a repeat changes nothing."""
        self.ensure_one()
        if self.state == state:
            return
        _logger.info("scf.message %s (%s, bank %s): %s → %s", self.id, self.verb, self.bank_id.id, self.state, state)
        self.state = state

    def _addressee(self):
        """Give the record whose hooks take the outcome, or the no-op one when it was deleted since."""
        if self.res_model not in self.env:
            return self.env['scf.addressee']
        record = self.env[self.res_model].browse(self.res_id).exists()
        return record.with_company(self.company_id) or self.env['scf.addressee']

    def _for_administrator(self):
        """Check that the user may steer these messages, lock them, and give them with full rights.

        Nobody may write an outbox row over RPC: what is signed and sent is what was queued.
        """
        self.check_access('read')
        try:
            self.sudo().lock_for_update()
        except LockError:
            raise UserError(
                self.env._("This message is being sent at this moment. Look again in half a minute.")
            ) from None
        self.sudo().invalidate_recordset()
        return self.sudo()
