from datetime import timedelta
from unittest.mock import patch

from openscf.canonical import sha256_hex
from openscf.errors import BankUnreachable
from openscf.jws import verify_detached
from openscf.keys import KeySet, SigningKey

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..adapters.base import Patience
from ..models.scf_message import MAX_AGE, MAX_ATTEMPTS
from .common import ConnectorCase
from .odd_bank import Reply

OUTBOX_LOGGER = 'odoo.addons.scf_connector.models.scf_message'


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@tagged('post_install', '-at_install')
class TestScfMessage(ConnectorCase):
    def setUp(self):
        super().setUp()
        self.rhone = self._open_bank()
        self.bank = self._connect(self.rhone)

    # --- the transaction ---

    def test_nothing_is_sent_before_the_job_runs(self):
        message = self._send(self.bank)

        self.assertEqual(message.state, 'queued')
        self.assertFalse(self.rhone.calls)

    def test_rolled_back_transaction_sends_nothing(self):
        with self.assertRaises(Killed), self.env.cr.savepoint():
            self._send(self.bank)
            raise Killed
        self._run_outbox()

        self.assertFalse(self.rhone.posts())

    def test_queueing_wakes_the_job_with_the_same_transaction(self):
        with self.capture_triggers('scf_connector.cron_outbox') as triggers:
            self._send(self.bank)

        self.assertEqual(len(triggers.records), 1)

    def test_committed_message_is_delivered_with_its_own_key_and_exact_signed_bytes(self):
        self._listen()
        message = self._send(self.bank, payload={'tenor_days': 45, 'reference': "FIN/2026/ü"})
        self._run_outbox()

        [call] = self.rhone.posts('/v1/loan-applications')
        self.assertEqual(call.body, '{"reference":"FIN/2026/ü","tenor_days":45}'.encode())
        self.assertEqual(call.idempotency_key, message.idempotency_key)
        header = verify_detached(
            call.body, call.headers['x-jws-signature'], keys=KeySet.of(self.bank.sudo().key_id.public_jwk)
        )
        self.assertEqual(
            (header['htm'], header['htu'], header['aud']), ('POST', '/v1/loan-applications', self.rhone.url)
        )
        self.assertEqual(message.state, 'sent')
        self.assertIn('PROCESSING', message.answer)

    def test_sent_message_is_not_sent_again(self):
        self._listen()
        self._send(self.bank)
        self._run_outbox()
        self._run_outbox()

        self.assertEqual(len(self.rhone.posts()), 1)

    def test_crash_between_answer_and_commit_sends_again_with_the_same_key_and_records_once(self):
        heard = self._listen()
        message = self._send(self.bank)
        killed = patch.object(self.registry['scf.message'], '_record_answer', side_effect=Killed)
        with killed, self.assertRaises(Killed), self.env.cr.savepoint():
            self.env['scf.message'].sudo()._send_due()
        self.assertEqual(message.state, 'queued')
        self._run_outbox()

        first, second = self.rhone.posts()
        self.assertEqual(first.idempotency_key, second.idempotency_key)
        self.assertEqual(first.body, second.body)
        self.assertEqual(message.state, 'sent')
        self.assertEqual([hook for hook, *_rest in heard], ['answer'])

    def test_message_that_its_addressee_holds_back_is_never_sent(self):
        heard = self._listen(why_not_send="The consent was taken back.")
        content = b'{}'
        message = self._send(self.bank, documents=[(sha256_hex(content), content, 'application/json')])
        self._run_outbox()
        self._run_outbox()

        self.assertFalse([call for call in self.rhone.calls if call.method in ('PUT', 'POST')])
        self.assertEqual((message.state, message.last_error), ('cancelled', "The consent was taken back."))
        [(hook, _addressee, _message, problem)] = heard
        self.assertEqual((hook, problem['type']), ('refused', 'urn:openscf:problem:not-sent'))

    def test_consent_is_taken_back_at_its_own_address(self):
        self._listen(target='urn:uuid:1')
        message = self._send(self.bank, verb='revoke', payload={'reason': "No longer needed."})
        self._run_outbox()

        [call] = self.rhone.posts()
        self.assertEqual(call.path, '/v1/consents/urn%3Auuid%3A1/revoke')
        self.assertEqual(message.state, 'sent')

    def test_message_and_its_documents_share_one_limit(self):
        self.rhone.will('/v1/documents', *[Reply(201, b'{}', seconds=0.4, signed=True)] * 3)
        adapter = self.bank.sudo()._adapter(Patience(connect=1, read=1, total=1))
        documents = [(sha256_hex(content), content, 'text/plain') for content in (b'a', b'b', b'c')]
        with self.assertRaisesRegex(BankUnreachable, "did not finish its answer in time"):
            adapter.deliver('apply', target=None, body=b'{}', documents=documents, idempotency_key='k')
        self.assertFalse(self.rhone.posts())

    def test_documents_reach_the_bank_before_their_message(self):
        self._listen()
        content = b'{"header":{}}'
        message = self._send(
            self.bank, documents=[(sha256_hex(content), content, 'application/vnd.openscf.package+json')]
        )
        self.rhone.will('/v1/documents', Reply(201, b'{}', signed=True))
        self._run_outbox()

        put, post = [call for call in self.rhone.calls if call.path.startswith('/v1/')]
        self.assertEqual((put.method, put.path), ('PUT', f'/v1/documents/{sha256_hex(content)}'))
        self.assertEqual((put.body, put.headers['content-type']), (content, 'application/vnd.openscf.package+json'))
        self.assertEqual(post.idempotency_key, message.idempotency_key)

    # --- order ---

    def test_one_channel_keeps_its_order_while_another_goes_on(self):
        self._listen()
        hansa_bank = self._connect(self._open_bank("Hansa"))
        first, second = self._send(self.bank, channel='a'), self._send(self.bank, channel='a')
        other = self._send(hansa_bank, channel='b')
        self.rhone.will('/v1/loan-applications', Reply.problem(503, 'unavailable'))
        self._run_outbox()

        self.assertEqual((first | second | other).mapped('state'), ['queued', 'queued', 'sent'])
        self._let_time_pass(first)
        self._run_outbox()
        self.assertEqual(
            [call.idempotency_key for call in self.rhone.posts()],
            [first.idempotency_key, first.idempotency_key, second.idempotency_key],
        )

    def test_banks_take_turns_so_that_a_backlog_at_one_delays_no_other(self):
        self._listen()
        hansa_bank = self._connect(hansa := self._open_bank("Hansa"))
        for number in range(4):
            self._send(self.bank, channel=f'a{number}')
        self._send(hansa_bank, channel='b')
        order = []
        answer = type(hansa).answer
        with patch.object(type(hansa), 'answer', lambda bank, call: order.append(bank) or answer(bank, call)):
            self._run_outbox()

        posted = [bank for bank in dict.fromkeys(order)]
        self.assertEqual(posted, [self.rhone, hansa])
        self.assertEqual(len(self.rhone.posts()), 4)
        self.assertLess(order.index(hansa), len(order) - 2, "the other bank's turn came before the backlog's end")

    def test_target_is_asked_when_the_message_is_sent(self):
        target = {}

        def take_id(_addressee, message, answer):
            if message.verb == 'apply':
                target['id'] = answer['id']

        self._listen(on_answer=take_id)
        self._stack.enter_context(
            patch.object(
                self.registry['res.partner'], '_scf_target', lambda _addressee, _verb: target.get('id'), create=True
            )
        )
        self._send(self.bank, 'apply')
        self._send(self.bank, 'cancel', {'reason': "Sold for cash"})
        self._run_outbox()

        self.assertEqual(
            [call.path for call in self.rhone.posts()], ['/v1/loan-applications', '/v1/loan-applications/app_1/cancel']
        )

    def test_message_about_what_never_arrived_is_refused_here(self):
        heard = self._listen(target=None)
        message = self._send(self.bank, 'accept', {'terms_sha256': 'f' * 64})
        self._run_outbox()

        self.assertEqual(message.state, 'refused')
        self.assertFalse(self.rhone.posts())
        [(hook, _addressee, _message, problem)] = heard
        self.assertEqual(hook, 'refused')
        self.assertIn("Start again with a new application", problem['detail'])

    # --- trouble ---

    def test_unreachable_bank_postpones_and_tells_the_addressee(self):
        heard = self._listen()
        message = self._send(self.bank)
        self.rhone.__exit__()
        before = fields.Datetime.now()
        self._run_outbox()

        self.assertEqual((message.state, message.attempts), ('queued', 1))
        self.assertGreaterEqual(message.next_attempt_at, before + timedelta(seconds=5))
        self.assertLessEqual(message.next_attempt_at, fields.Datetime.now() + timedelta(seconds=10))
        self.assertIn("Banque du Rhône cannot be reached", message.last_error)
        self.assertTrue(self.bank.unreachable_since)
        self.assertEqual([hook for hook, *_rest in heard], ['delayed'])

    def test_retry_after_is_obeyed_for_everything_meant_for_that_bank(self):
        self._listen()
        first, second = self._send(self.bank, channel='a'), self._send(self.bank, channel='b')
        self.rhone.will('/v1/loan-applications', Reply.problem(429, 'too-many-requests', Retry_After='120'))
        before = fields.Datetime.now()
        self._run_outbox()
        self._run_outbox()

        self.assertEqual(len(self.rhone.posts()), 1)
        self.assertGreaterEqual(first.next_attempt_at, before + timedelta(seconds=120))
        self.assertEqual(second.state, 'queued')
        self.assertGreaterEqual(self.bank.sudo().rest_until, before + timedelta(seconds=120))

    def test_final_refusal_is_told_and_frees_the_channel(self):
        heard = self._listen()
        refused, following = self._send(self.bank), self._send(self.bank)
        self.rhone.will('/v1/loan-applications', Reply.problem(422, 'validation-failed', "The package is unknown."))
        self._run_outbox()

        self.assertEqual((refused | following).mapped('state'), ['refused', 'sent'])
        self.assertEqual(refused.last_error, "The package is unknown.")
        self.assertEqual(heard[0][0], 'refused')
        self.assertEqual(heard[0][3]['type'], 'urn:openscf:problem:validation-failed')

    def test_request_in_progress_is_tried_again(self):
        self._listen()
        message = self._send(self.bank)
        self.rhone.will('/v1/loan-applications', Reply.problem(409, 'request-in-progress', Retry_After='7'))
        self._run_outbox()

        self.assertEqual(message.state, 'queued')

    def test_refusal_that_passes_delays_the_message_and_its_channel(self):
        heard = self._listen()
        message, following = self._send(self.bank), self._send(self.bank)
        for status, code in ((403, 'client-not-approved'), (401, 'signature-invalid')):
            self.rhone.will('/v1/loan-applications', Reply.problem(status, code, "Ask the officer."))
            self._run_outbox()
            self.assertEqual((message | following).mapped('state'), ['queued', 'queued'], code)
            self.assertEqual(message.last_error, "Banque du Rhône refused: Ask the officer.")
            self._let_time_pass(message)
        self.assertEqual({hook for hook, *_rest in heard}, {'delayed'})

        self._run_outbox()
        self.assertEqual((message | following).mapped('state'), ['sent', 'sent'])

    def test_refused_token_delays_the_message(self):
        self._listen()
        message = self._send(self.bank)
        refusal = b'{"error": "invalid_client", "error_description": "The assertion has expired."}'
        self.rhone.will('/oauth2/token', Reply(401, refusal, {'Content-Type': 'application/json'}))
        self._run_outbox()
        self.assertEqual(message.state, 'queued')
        self.assertIn("The assertion has expired.", message.last_error)

        self._let_time_pass(message)
        for _attempt in range(2):  # a new token is tried at once
            self.rhone.will('/v1/loan-applications', Reply.problem(401, 'token-invalid'))
        self._run_outbox()
        self.assertEqual(message.state, 'queued')

        self._let_time_pass(message)
        self._run_outbox()
        self.assertEqual(message.state, 'sent')

    def test_message_without_a_signature_is_refused_for_good(self):
        self._listen()
        message = self._send(self.bank)
        self.rhone.will('/v1/loan-applications', Reply.problem(401, 'signature-missing'))
        self._run_outbox()

        self.assertEqual(message.state, 'refused')

    def test_answer_with_a_foreign_signature_keeps_the_message_queued(self):
        heard = self._listen()
        message = self._send(self.bank)
        rightful, self.rhone.key = self.rhone.key, SigningKey.generate()
        self._run_outbox()

        self.assertEqual(message.state, 'queued')
        self.assertIn("not signed with the keys", message.last_error)
        self.assertNotIn('answer', [hook for hook, *_rest in heard])
        self.rhone.key = rightful
        self._let_time_pass(message)
        self._run_outbox()
        self.assertEqual(message.state, 'sent')

    def test_unsigned_or_meaningless_answers_keep_the_message_queued(self):
        self._listen()
        message = self._send(self.bank)
        for reply in (
            Reply(200, b'{"id": "app_1"}'),
            Reply(200, b'<html>Welcome to the hotel wifi</html>', {'Content-Type': 'text/html'}, signed=True),
            Reply(200, b'[1, 2]', signed=True),
            Reply(302, b'', {'Location': 'http://127.0.0.1:1/'}),
        ):
            self.rhone.will('/v1/loan-applications', reply)
            self._run_outbox()
            self.assertEqual(message.state, 'queued', reply)
            self.assertTrue(message.last_error)
            self._let_time_pass(message)

        self._run_outbox()
        self.assertEqual(message.state, 'sent')

    @mute_logger(OUTBOX_LOGGER)
    def test_answer_that_cannot_be_taken_in_undoes_everything_and_comes_again(self):
        troubles = [UserError("The period is locked.")]

        def stumble(addressee, _message, _answer):
            addressee.ref = 'half-written'
            if troubles:
                raise troubles.pop()

        heard = self._listen(on_answer=stumble)
        message = self._send(self.bank)
        self._run_outbox()
        self.assertEqual(message.state, 'queued')
        self.assertFalse(message.answer)
        self.assertFalse(self.company.partner_id.ref)
        self.assertIn("The period is locked.", message.last_error)

        self._let_time_pass(message)
        self._run_outbox()
        self.assertEqual(message.state, 'sent')
        self.assertEqual(self.company.partner_id.ref, 'half-written')
        self.assertEqual([hook for hook, *_rest in heard], ['delayed', 'answer'])

    @mute_logger(OUTBOX_LOGGER)
    def test_unforeseen_error_sets_its_own_message_aside(self):
        self._listen()
        hansa_bank = self._connect(self._open_bank("Hansa"))
        poisoned, healthy = self._send(self.bank, channel='a'), self._send(hansa_bank, channel='b')
        with patch('odoo.addons.scf_connector.adapters.openscf.quote', side_effect=[ZeroDivisionError, '']):
            self._run_outbox()

        self.assertEqual((poisoned | healthy).mapped('state'), ['queued', 'sent'])
        self.assertIn("ZeroDivisionError", poisoned.last_error)
        self.assertNotIn("Traceback", poisoned.last_error)

    def test_delays_grow_from_seconds_to_an_hour(self):
        delays = [self.env['scf.message']._delay_seconds(attempts) for attempts in range(1, 40)]

        self.assertTrue(all(5 <= delay <= 3600 for delay in delays))
        self.assertLessEqual(delays[0], 10)
        self.assertTrue(all(delay >= 1800 for delay in delays[12:]))
        self.assertGreater(len({round(delay) for delay in delays[12:]}), 5, "without jitter a crowd comes back at once")

    # --- dead letters ---

    def _kill(self, message):
        message.write(
            {'attempts': MAX_ATTEMPTS - 1, 'first_due_at': fields.Datetime.now() - MAX_AGE - timedelta(minutes=1)}
        )
        self.rhone.will('/v1/loan-applications', Reply.problem(503, 'unavailable'))
        self._run_outbox()

    def test_message_dies_when_attempts_and_days_are_used_up(self):
        heard = self._listen()
        message = self._send(self.bank)
        self._kill(message)

        self.assertEqual(message.state, 'dead')
        self.assertEqual(heard[-1][0], 'delayed')
        activity = self.bank.activity_ids.filtered(lambda activity: activity.user_id == self.people['admin'])
        self.assertEqual(activity.summary, "A message to Banque du Rhône could not be delivered")

    def test_many_attempts_within_a_weekend_kill_nothing(self):
        self._listen()
        message = self._send(self.bank)
        message.attempts = MAX_ATTEMPTS + 50
        self.rhone.will('/v1/loan-applications', Reply.problem(503, 'unavailable'))
        self._run_outbox()

        self.assertEqual(message.state, 'queued')

    def test_dead_letter_holds_its_channel_until_retry_sends_it_with_the_same_key(self):
        self._listen()
        dead = self._send(self.bank, channel='a')
        self._kill(dead)
        following = self._send(self.bank, channel='a')
        other = self._send(self.bank, channel='b')
        self._run_outbox()
        self.assertEqual((dead | following | other).mapped('state'), ['dead', 'queued', 'sent'])

        dead.with_user(self.people['admin']).action_retry()
        self._run_outbox()
        self.assertEqual((dead | following).mapped('state'), ['sent', 'sent'])
        self.assertEqual(
            [call.idempotency_key for call in self.rhone.posts()],
            [dead.idempotency_key, other.idempotency_key, dead.idempotency_key, following.idempotency_key],
        )

    def test_cancelled_message_is_not_sent_and_its_addressee_is_told(self):
        heard = self._listen()
        message = self._send(self.bank)
        message.with_user(self.people['admin']).action_cancel()
        self._run_outbox()

        self.assertEqual(message.state, 'cancelled')
        self.assertFalse(self.rhone.posts())
        self.assertEqual((heard[0][0], heard[0][3]['type']), ('refused', 'urn:openscf:problem:cancelled-here'))

    def test_only_what_is_not_answered_can_be_retried_or_cancelled(self):
        self._listen()
        message = self._send(self.bank).with_user(self.people['admin'])
        self._run_outbox()
        for button in (message.action_retry, message.action_cancel):
            with self.assertRaises(UserError):
                button()

    # --- who may ---

    def test_requester_can_send_but_neither_read_nor_steer_the_outbox(self):
        message = self._send(self.bank).with_user(self.people['requester'])
        for attempt in (
            lambda: message.read(['payload']),
            lambda: message.action_retry(),
            lambda: message.action_cancel(),
            lambda: message.document_ids,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_not_even_an_administrator_changes_what_was_queued(self):
        message = self._send(self.bank).with_user(self.people['admin'])
        for attempt in (
            lambda: message.write({'payload': '{}'}),
            lambda: message.write({'state': 'sent'}),
            lambda: message.unlink(),
            lambda: message.copy(),
            lambda: message.create({'bank_id': self.bank.id, 'channel': 'x', 'verb': 'apply', 'payload': '{}'}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_suspended_or_archived_bank_gets_nothing_until_it_is_open_again(self):
        self._listen()
        message = self._send(self.bank)
        self.bank.sudo()._set_state('suspended')
        self._run_outbox()
        self.bank.sudo().write({'state': 'connected', 'active': False})
        self._run_outbox()
        self.assertFalse(self.rhone.posts())

        self.bank.sudo().active = True
        self._run_outbox()
        self.assertEqual(message.state, 'sent')

    def test_addressee_deleted_meanwhile_does_not_stop_the_outbox(self):
        self._listen()
        message = self._send(self.bank)
        message.res_id = self.env['res.partner'].search([], order='id desc', limit=1).id + 1000
        self._run_outbox()

        self.assertEqual(message.state, 'sent')
