from unittest.mock import patch

from openscf.jws import verify_event
from openscf.keys import KeySet, SigningKey

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ConnectorCase
from .odd_bank import Reply

INBOX_LOGGER = 'odoo.addons.scf_connector.models.scf_event'


@tagged('post_install', '-at_install')
class TestScfEvent(ConnectorCase):
    def setUp(self):
        super().setUp()
        self.rhone = self._open_bank()
        self.bank = self._connect(self.rhone)
        self.applied = []
        self.stumbles = {}
        self._stack.enter_context(
            patch.object(
                self.registry['scf.event'],
                '_apply_business',
                self._business(self.registry['scf.event']._apply_business),
            )
        )

    def _business(self, connector_business):
        """Give what a business module does with events: take in loans, stumble when told to, leave the rest."""

        def _apply_business(event, payload):
            if not payload['type'].startswith('loan'):
                return connector_business(event, payload)
            event.company_id.partner_id.comment = payload['jti']
            if error := self.stumbles.get(payload['jti']):
                raise error
            self.applied.append(payload['jti'])
            return True

        return _apply_business

    def _news(self, *applications, kind='loan_application.processing'):
        """Let the bank say something about each application."""
        for application in applications:
            self.rhone.says(kind, subject={'loan_application_id': application})

    def _inbox(self):
        return self.env['scf.event'].sudo().search([('bank_id', '=', self.bank.id)], order='id')

    def _states(self):
        return self._inbox().filtered(lambda event: event.channel != 'client').mapped('state')

    # --- reading ---

    def test_news_is_kept_as_signed_and_applied_in_order(self):
        self._news('app_1', 'app_2', 'app_1')
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2', 'evt_3', 'evt_4'])
        event = self._inbox()[-1]
        self.assertEqual((event.state, event.channel, event.cursor), ('applied', 'app_1', '4'))
        payload = verify_event(
            event.jws, keys=KeySet.of(self.rhone.key), issuer=self.rhone.url, audience=self.bank.sudo().client_id
        )
        self.assertEqual(payload, event.payload)
        self.assertEqual(self.bank.sudo().event_cursor, '4')

    def test_polling_again_applies_nothing_twice(self):
        self._news('app_1')
        self._run_poll()
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2'])

    def test_feed_that_starts_over_is_stored_and_applied_once(self):
        self._news('app_1', 'app_2')
        self._run_poll()
        self.bank.sudo().event_cursor = '0'
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2', 'evt_3'])
        self.assertEqual(len(self._inbox()), 3)

    def test_long_feed_is_read_page_by_page_to_its_end(self):
        self._news(*(f'app_{number}' for number in range(230)))
        for _run in range(10):
            # A run that has used up its time wakes the job again; here nobody else does it.
            self._run_poll()

        self.assertEqual(len(self.applied), 230)
        self.assertEqual(self.bank.sudo().event_cursor, '231')

    def test_run_out_of_time_wakes_the_job_for_the_rest(self):
        self._news('app_1', 'app_2', 'app_3')
        out_of_time = patch.object(self.registry['ir.cron'], '_commit_progress', side_effect=[60, 60, 60, 0, 0, 0, 0])
        with out_of_time, self.capture_triggers('scf_connector.cron_poll') as triggers:
            self.env['scf.bank'].sudo()._poll_banks()

        self.assertEqual(self.applied, ['evt_2'])
        self.assertTrue(triggers.records)
        self._run_poll()
        self.assertEqual(self.applied, ['evt_2', 'evt_3', 'evt_4'])

    def test_crash_between_page_and_commit_reads_the_same_page_again(self):
        self._news('app_1')
        crash = patch.object(self.registry['scf.event'], '_store', side_effect=KeyboardInterrupt)
        with (
            crash,
            self.assertRaises(KeyboardInterrupt),
            self.env.cr.savepoint(),
            patch.object(self.registry['ir.cron'], '_commit_progress', return_value=60),
        ):
            self.env['scf.bank'].sudo()._poll_banks()
        self.assertEqual(self.bank.sudo().event_cursor, '1')
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2'])

    def test_bank_that_is_down_does_not_keep_another_from_being_heard(self):
        hansa_bank = self._connect(hansa := self._open_bank("Hansa"))
        self.rhone.__exit__()
        hansa.says('loan.granted', subject={'loan_id': 'loan_1'})
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2'])
        self.assertTrue(self.bank.unreachable_since)
        self.assertFalse(hansa_bank.unreachable_since)

    def test_bank_that_asks_for_rest_is_left_alone(self):
        self.rhone.will('/v1/events', Reply.problem(503, 'unavailable', Retry_After='300'))
        self._run_poll()
        self._run_poll()

        self.assertEqual(len([call for call in self.rhone.calls if '/v1/events' in call.path]), 1)
        self.assertIn("503", self.bank.sudo().last_error)

    # --- trusting ---

    def test_forged_event_stops_the_feed_before_it_and_shows(self):
        self._news('app_1')
        self.rhone.says('loan.disbursed', subject={'loan_id': 'loan_1'}, key=SigningKey.generate())
        self._news('app_2')
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2'])
        self.assertEqual(self.bank.sudo().event_cursor, '2')
        self.assertIn("not signed with the keys", self.bank.sudo().last_error)
        self.assertIn("Banque du Rhône sends news that cannot be trusted", self.bank.activity_ids.mapped('summary'))

    def test_event_for_somebody_else_or_from_elsewhere_in_the_feed_is_not_taken(self):
        for claims in (
            {'aud': 'cli_2'},
            {'iss': 'https://other.example'},
            {'cursor': '99'},
            {'type': None},
            {'jti': 'x' * 65},
        ):
            self.rhone.says('loan.closed', **claims)
            self._run_poll()
            self.assertFalse(self.applied, claims)
            self.assertTrue(self.bank.sudo().last_error, claims)
            self.rhone.events.pop()

    def test_feed_is_trusted_again_once_the_bank_mended_it(self):
        self.rhone.says('loan.closed', key=SigningKey.generate())
        self._run_poll()
        self.rhone.events.pop()
        self._news('app_1')
        self._run_poll()

        self.assertEqual(self.applied, ['evt_2'])
        self.assertFalse(self.bank.sudo().last_error)

    # --- applying ---

    @mute_logger(INBOX_LOGGER)
    def test_event_that_fails_holds_back_its_own_channel_only(self):
        self.stumbles['evt_2'] = UserError("The journal is locked.")
        self._news('app_1', 'app_2', 'app_1')
        self._run_poll()

        self.assertEqual(self._states(), ['failed', 'applied', 'received'])
        self.assertEqual(self.applied, ['evt_3'])
        self.assertEqual(self._inbox()[1].error, "The journal is locked.")
        self.assertIn("News from Banque du Rhône could not be taken in", self.bank.activity_ids.mapped('summary'))

    @mute_logger(INBOX_LOGGER)
    def test_event_that_fails_leaves_nothing_half_written(self):
        self.stumbles['evt_2'] = ZeroDivisionError()
        self._news('app_1')
        self._run_poll()

        self.assertFalse(self.company.partner_id.comment)
        self.assertEqual(self._inbox()[1].error, "ZeroDivisionError")

    @mute_logger(INBOX_LOGGER)
    def test_apply_again_takes_in_the_event_and_what_it_held_back(self):
        self.stumbles['evt_2'] = UserError("The journal is locked.")
        self._news('app_1', 'app_1')
        self._run_poll()
        failed = self._inbox()[1].with_user(self.people['admin'])
        failed.action_apply_again()
        self.assertEqual(failed.state, 'failed')

        self.stumbles.clear()
        failed.action_apply_again()
        self.assertEqual((failed.state, failed.error), ('applied', False))
        self._run_poll()
        self.assertEqual(self.applied, ['evt_2', 'evt_3'])

    @mute_logger(INBOX_LOGGER)
    def test_later_news_joins_a_channel_that_is_held_back(self):
        self.stumbles['evt_2'] = UserError("The journal is locked.")
        self._news('app_1')
        self._run_poll()
        self._news('app_1', 'app_2')
        self._run_poll()

        self.assertEqual(self._states(), ['failed', 'received', 'applied'])

    @mute_logger(INBOX_LOGGER)
    def test_administrators_are_told_once_of_many_failures(self):
        for number in range(2, 6):
            self.stumbles[f'evt_{number}'] = UserError("The journal is locked.")
        self._news('app_1', 'app_2', 'app_3', 'app_4')
        self._run_poll()

        told = self.bank.activity_ids.filtered(lambda activity: activity.user_id == self.people['admin'])
        self.assertEqual(len(told), 1)

    def test_event_that_nobody_knows_is_ignored(self):
        self.rhone.says('weather.sunny')
        self._run_poll()

        self.assertEqual(self._inbox()[-1].state, 'ignored')

    def test_applied_event_cannot_be_applied_again(self):
        self._news('app_1')
        self._run_poll()
        with self.assertRaises(UserError):
            self._inbox()[-1].with_user(self.people['admin']).action_apply_again()

    def test_requester_neither_reads_nor_steers_the_inbox(self):
        event = self._inbox()[0].with_user(self.people['requester'])
        for attempt in (lambda: event.read(['payload']), lambda: event.action_apply_again()):
            with self.assertRaises(AccessError):
                attempt()

    def test_applying_costs_the_same_however_long_the_history_is(self):
        self._news('app_1')
        self._run_poll()
        costs = []
        for _round in range(2):
            self._news(*(f'app_{number}' for number in range(50)))
            self._run_poll()
            self._news('app_x')
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.transaction.reset()  # else it counts what environments and caches happen to know
            count = self.cr.sql_log_count
            self._run_poll()
            costs.append(self.cr.sql_log_count - count)

        self.assertLessEqual(costs[1], costs[0])
