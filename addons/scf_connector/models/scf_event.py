import json
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# How often one run starts over because somebody else wrote the same rows.
MAX_COLLISIONS = 5

CLIENT_STATES = {
    'client.approved': 'connected',
    'client.declined': 'declined',
    'client.suspended': 'suspended',
}


class ScfEvent(models.Model):
    """What a bank said, as it was signed, and what became of it here.

    An event is stored before it is applied, so that nothing that a bank said is lost when it
    cannot be applied; it is applied once, in the order of its channel.
    """

    _name = 'scf.event'
    _description = "Inbox Event"
    _inherit = ['scf.record.kept']
    _order = 'id desc'
    _rec_name = 'type'

    bank_id = fields.Many2one('scf.bank', required=True, readonly=True, ondelete='restrict', index=True)
    company_id = fields.Many2one(related='bank_id.company_id', store=True, index=True)
    event_id = fields.Char(string="Event ID", required=True, readonly=True)
    cursor = fields.Char(required=True, readonly=True, help="Its place in the bank's feed.")
    type = fields.Char(required=True, readonly=True)
    channel = fields.Char(
        required=True,
        readonly=True,
        help="Events of one channel are applied in order; one that fails holds back its own channel only.",
    )
    jws = fields.Text(string="As Signed", required=True, readonly=True, help="The signed event, as it came.")
    payload = fields.Json(required=True, readonly=True)
    payload_text = fields.Text(string="Content", compute='_compute_payload_text')
    state = fields.Selection(
        [
            ('received', "Received"),
            ('applied', "Applied"),
            ('failed', "Failed"),
            ('ignored', "Ignored"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default='received',
    )
    error = fields.Text(readonly=True)
    received_at = fields.Datetime(string="Received On", required=True, readonly=True, default=fields.Datetime.now)
    applied_at = fields.Datetime(string="Applied On", readonly=True)

    _once = models.Constraint('unique(bank_id, event_id)', "A bank's event is stored once.")
    _pending_index = models.Index("(bank_id, channel, id) WHERE state IN ('received', 'failed')")

    # === COMPUTE METHODS === #

    @api.depends('payload')
    def _compute_payload_text(self):
        for event in self:
            event.payload_text = json.dumps(event.payload, indent=2, ensure_ascii=False)

    # === ACTION METHODS === #

    def action_apply_again(self):
        """Apply failed events again, now; what they held back follows by itself."""
        self.check_access('read')
        events = self.sudo().filtered(lambda event: event.state == 'failed').sorted('id')
        if not events:
            raise UserError(self.env._("Only an event that failed can be applied again."))
        for event in events:
            event._apply()
        self.env['scf.bank']._trigger_poll()

    # === BUSINESS METHODS === #

    @api.model
    @api.private
    def _store(self, bank, received):
        """Store verified events of a bank; one that is here already is left as it is.

        :param bank: the ``scf.bank``
        :param received: ``ReceivedEvent`` in the order of the feed
        """
        known = {
            event.event_id
            for event in self.search_fetch(
                [('bank_id', '=', bank.id), ('event_id', 'in', [event.payload['jti'] for event in received])],
                ['event_id'],
            )
        }
        self.create(
            [
                {
                    'bank_id': bank.id,
                    'event_id': event.payload['jti'],
                    'cursor': event.cursor,
                    'type': event.payload['type'],
                    'channel': self._channel_of(event.payload),
                    'jws': event.raw,
                    'payload': event.payload,
                }
                for event in received
                if event.payload['jti'] not in known
            ]
        )

    @api.model
    def _channel_of(self, payload):
        subject = payload.get('subject') or {}
        most_specific_first = ('loan_application_id', 'loan_id', 'payable_id', 'member_id', 'program_id')
        return next((subject[name] for name in most_specific_first if subject.get(name)), 'client')

    @api.model
    @api.private
    def _apply_due(self, bank):
        """Apply what a bank said and is not held back by a failed event of its channel.

        Each event is a transaction of its own.

        :return: seconds that the job has left
        """
        seconds_left, collisions = float('inf'), 0
        while seconds_left and collisions <= MAX_COLLISIONS:
            try:
                event = self._take_next(bank)
                if not event:
                    return seconds_left
                event._apply()
                seconds_left = self.env['ir.cron']._commit_progress()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A user or the outbox wrote the same record: the event is still there for another round.
                self.env.cr.rollback()
                collisions += 1
        self.env['scf.bank']._trigger_poll()
        return seconds_left

    @api.model
    def _take_next(self, bank):
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """ SELECT e.id FROM scf_event e
                 WHERE e.bank_id = %s AND e.state = 'received'
                   AND NOT EXISTS (
                       SELECT 1 FROM scf_event earlier
                        WHERE earlier.bank_id = e.bank_id AND earlier.channel = e.channel
                          AND earlier.id < e.id AND earlier.state IN ('received', 'failed')
                   )
                 ORDER BY e.id
                 LIMIT 1 FOR UPDATE OF e SKIP LOCKED """,
                bank.id,
            )
        )
        return self.browse(event_id for [event_id] in rows)

    def _apply(self):
        """Apply one event in a savepoint; what it wrote before it failed is undone."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                is_ours = self.with_company(self.company_id)._apply_business(self.payload)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.warning("scf.event %s (%s) could not be applied", self.id, self.type, exc_info=True)
            self.write({'error': str(error) or type(error).__name__})
            self._set_state('failed')
            self.bank_id._warn_administrators(
                self.env._("News from %(bank)s could not be taken in", bank=self.bank_id.name), self.error
            )
        else:
            self.write({'error': False, 'applied_at': fields.Datetime.now()})
            self._set_state('applied' if is_ours else 'ignored')

    def _apply_business(self, payload):
        """Change the business records as the event says. To be extended; call super() for what is not yours.

        :param dict payload: the verified payload: ``type``, ``subject``, ``data``, ``occurred_at``
        :return: False when nobody here knows what the event is about
        :rtype: bool
        """
        self.ensure_one()
        if state := CLIENT_STATES.get(payload['type']):
            self.bank_id._set_state(state, (payload.get('data') or {}).get('reason'))
            return True
        return False

    def _set_state(self, state):
        """Write the state; a repeat changes nothing."""
        self.ensure_one()
        if self.state == state:
            return
        _logger.info("scf.event %s (%s, bank %s): %s → %s", self.id, self.type, self.bank_id.id, self.state, state)
        self.state = state
