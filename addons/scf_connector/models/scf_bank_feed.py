import logging
from datetime import timedelta

from openscf.errors import BankUnreachable, OpenSCFError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..adapters.base import seconds_to_wait
from .scf_bank import ADMIN

_logger = logging.getLogger(__name__)

# What a bank finances changes now and then: it is read again this often.
PROFILE_MAX_AGE = timedelta(days=1)
# A bank that is spoken to all the time is not written that often.
CONTACT_PRECISION = timedelta(minutes=1)


class ScfBank(models.Model):
    """Listening to a bank: its feed of events, and whether it can be reached."""

    _inherit = 'scf.bank'

    event_cursor = fields.Char(
        readonly=True, copy=False, default='0', groups=ADMIN, help="The bank's events are known up to here."
    )
    last_contact_at = fields.Datetime(string="Last Contact", readonly=True, copy=False)
    unreachable_since = fields.Datetime(readonly=True, copy=False)
    rest_until = fields.Datetime(
        string="Left Alone Until",
        readonly=True,
        copy=False,
        groups=ADMIN,
        help="The bank asked not to be called before this time.",
    )
    polled_at = fields.Datetime(readonly=True, copy=False, groups=ADMIN)
    last_error = fields.Text(readonly=True, copy=False, groups=ADMIN)

    # === ACTION METHODS === #

    def action_check_now(self):
        """Let the jobs look for news and send what waits, right after this click; the click itself asks nobody."""
        self.check_access('read')
        self._trigger_poll()
        self.env['scf.message']._trigger()
        return self._notification(self.env._("Looking for news. It shows here within a few seconds."), 'info')

    # === BUSINESS METHODS === #

    @api.model
    @api.private
    def _trigger_poll(self):
        """Wake the job that polls, after the current transaction is committed."""
        self.env.ref('scf_connector.cron_poll')._trigger()

    @api.model
    def _poll_banks(self):
        """Read and apply what every bank has to say, the longest unheard first; one's trouble is not another's."""
        banks = self.search(
            [
                ('client_id', '!=', False),
                ('state', 'in', ('pending', 'connected', 'suspended')),
                '|',
                ('rest_until', '=', False),
                ('rest_until', '<=', fields.Datetime.now()),
            ],
            order='polled_at ASC NULLS FIRST, id',
        )
        seconds_left = self.env['ir.cron']._commit_progress()
        for bank in banks:
            if not seconds_left:
                self._trigger_poll()
                break
            try:
                trouble = bank._poll()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same rows. Nothing was lost: the same page is read again.
                self.env.cr.rollback()
                self._trigger_poll()
                continue
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("scf.bank %s could not be polled", bank.id)
                trouble = error
            bank._note_contact(trouble, polled=True)
            seconds_left = self.env['ir.cron']._commit_progress(1)

    def _poll(self):
        """Read the bank's feed to its end, page by page; each page is committed before it is applied.

        :return: what kept the feed from being read to its end, or None
        :rtype: Exception | None
        """
        self.ensure_one()
        seconds_left, has_more = float('inf'), True
        while has_more and seconds_left:
            cursor = self.event_cursor
            try:
                adapter = self._adapter()
                # No transaction stays open while the bank thinks.
                self.env['ir.cron']._commit_progress()
                page = adapter.poll(cursor)
            except (OpenSCFError, UserError) as error:
                return error
            if not self.try_lock_for_update(allow_referencing=True) or self.event_cursor != cursor:
                self._trigger_poll()
                return None
            self.env['scf.event']._store(self, page.events)
            self.event_cursor = page.next_cursor
            self.env['ir.cron']._commit_progress()
            seconds_left = self.env['scf.event']._apply_due(self)
            if page.flaw:
                self._warn_administrators(
                    self.env._("%(bank)s sends news that cannot be trusted", bank=self.name), self._sentence(page.flaw)
                )
                return page.flaw
            has_more = page.has_more
        return self._refresh_profile() if seconds_left else None

    def _refresh_profile(self):
        """Read again what the bank finances, once a day.

        :return: what kept it from being read, or None
        :rtype: Exception | None
        """
        if self.profile_read_at and fields.Datetime.now() - self.profile_read_at < PROFILE_MAX_AGE:
            return None
        try:
            self._take_profile(self._adapter().discover())
        except (OpenSCFError, UserError) as error:
            return error
        return None

    def _note_contact(self, error=None, *, polled=False):
        """Record that the bank was reached, or what kept it from answering, in a transaction of its own.

        :param Exception error: what kept it from answering
        :param bool polled: whether this was its turn to be polled
        """
        self.ensure_one()
        self.env['ir.cron']._commit_progress()
        now = fields.Datetime.now()
        is_fresh = self.last_contact_at and now - self.last_contact_at < CONTACT_PRECISION
        if not error and not polled and is_fresh and not self.last_error:
            return
        values = {'last_error': self._sentence(error) if error else False, 'rest_until': False}
        if isinstance(error, BankUnreachable):
            values['unreachable_since'] = self.unreachable_since or now
            if (seconds := seconds_to_wait(error)) is not None:
                values['rest_until'] = now + timedelta(seconds=seconds)
        else:
            values |= {'unreachable_since': False, 'last_contact_at': now}
        if polled:
            values['polled_at'] = now
        try:
            if self.try_lock_for_update(allow_referencing=True):
                self.write(values)
            self.env['ir.cron']._commit_progress()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody else wrote this bank a moment ago; the next contact is noted again.
            self.env.cr.rollback()
