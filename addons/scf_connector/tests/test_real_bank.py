from unittest.mock import patch

from openscf.canonical import sha256_hex
from openscf_bank.testing import BankProcess

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ConnectorCase

# No evidence at all: the bank takes it in, verifies it, and says no by an event.
PACKAGE = b'{"header":{}}'
APPLICATION = {
    'reference': 'FIN/2026/00001/RHO',
    'technique': 'receivables_discounting',
    'requested': {'amount': '8000.00', 'currency': 'EUR'},
    'tenor_days': 45,
    'repayment': 'bullet',
    'package_sha256': sha256_hex(PACKAGE),
    'package_id': 'urn:uuid:00000000-0000-4000-8000-000000000001',
    'disbursement_account': {'iban': 'DE02120300000000202051', 'holder': "Nordlicht GmbH"},
    'documents_fingerprints': ['a' * 64],
}


@tagged('post_install', '-at_install')
class TestRealBank(ConnectorCase):
    """The same promises against a real gateway in a process of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rhone = BankProcess('rhone')
        cls.addClassCleanup(cls.rhone.close)
        cls.rhone.start()

    def setUp(self):
        super().setUp()
        self.rhone.start()

    def _register(self):
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        bank.action_register()
        self._run_outbox()
        return bank

    def _registered_and_approved(self):
        bank = self._register()
        self.rhone.approve_client(bank.client_id)
        self._run_poll()
        self.assertEqual(bank.state, 'connected', bank.last_error)
        return bank

    def _apply(self, bank):
        return self._send(bank, 'apply', APPLICATION, documents=[(sha256_hex(PACKAGE), PACKAGE, 'application/json')])

    def _news(self, bank, kind):
        return self.env['scf.event'].sudo().search_count([('bank_id', '=', bank.id), ('type', '=', kind)])

    def test_bank_is_connected_by_its_address_alone(self):
        bank = self._register()
        self.assertEqual((bank.name, bank.state), (self.rhone.name, 'pending'))
        self.assertIn("not decided yet", bank.action_test()['params']['message'])
        self._run_poll()
        self.assertEqual(bank.state, 'pending')

        self.rhone.approve_client(bank.client_id)
        self._run_poll()
        self.assertEqual(bank.state, 'connected')
        self.assertIn("All is well", bank.action_test()['params']['message'])
        self.assertTrue(bank._technique('receivables_discounting'))

    def test_registering_again_gives_the_same_client(self):
        bank = self._register()
        client_id = bank.client_id
        bank.sudo()._set_state('discovered')
        bank.action_register()
        self._run_outbox()

        self.assertEqual((bank.client_id, bank.state), (client_id, 'pending'))

    def test_officer_s_no_and_suspension_arrive_with_their_reasons(self):
        declined = self._register()
        self.rhone.officer.decline_client(declined.client_id, "Outside our region")
        self._run_poll()
        self.assertEqual((declined.state, declined.state_reason), ('declined', "Outside our region"))

    def test_suspended_and_reinstated_by_the_officer(self):
        bank = self._registered_and_approved()
        self.rhone.officer.suspend_client(bank.client_id, "Annual review")
        self._run_poll()
        self.assertEqual((bank.state, bank.state_reason), ('suspended', "Annual review"))
        self.rhone.approve_client(bank.client_id)
        self._run_poll()
        self.assertEqual(bank.state, 'connected')

    def test_application_reaches_the_bank_with_its_package(self):
        heard = self._listen()
        bank = self._registered_and_approved()
        message = self._apply(bank)
        self._run_outbox()

        self.assertEqual((message.state, message.last_error), ('sent', False))
        [(hook, _addressee, _message, answer)] = heard
        self.assertEqual((hook, answer['reference']), ('answer', APPLICATION['reference']))

    def test_application_without_its_package_is_refused_with_what_to_do(self):
        heard = self._listen()
        bank = self._registered_and_approved()
        message = self._send(bank, 'apply', {**APPLICATION, 'package_sha256': 'b' * 64})
        self._run_outbox()

        self.assertEqual((message.state, heard[0][0]), ('refused', 'refused'))
        self.assertEqual(heard[0][3]['type'], 'urn:openscf:problem:validation-failed')
        self.assertTrue(message.last_error)

    def test_crash_before_the_commit_leaves_one_application_at_the_bank(self):
        heard = self._listen()
        bank = self._registered_and_approved()
        message = self._apply(bank)
        answers = []
        crash = patch.object(
            self.registry['scf.message'],
            '_record_answer',
            lambda _message, answer: answers.append(answer) or (_ for _ in ()).throw(KeyboardInterrupt()),
        )
        with crash, self.assertRaises(KeyboardInterrupt), self.env.cr.savepoint():
            self.env['scf.message'].sudo()._send_due()
        self.assertEqual(message.state, 'queued')
        self._run_outbox()

        self.assertEqual(message.state, 'sent')
        self.assertEqual(heard[0][3]['id'], answers[0]['id'])
        self._run_poll()
        self.assertEqual(self._news(bank, 'loan_application.rejected'), 1)

    def test_bank_killed_and_started_again_loses_nothing(self):
        self._listen()
        bank = self._registered_and_approved()
        message = self._apply(bank)
        self.rhone.kill()
        self._run_outbox()
        self._run_poll()
        self.assertEqual(message.state, 'queued')
        self.assertTrue(bank.unreachable_since)
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            bank.action_test()

        self.rhone.start()
        self._let_time_pass(message)
        self._run_outbox()
        self._run_poll()
        self.assertEqual(message.state, 'sent')
        self.assertFalse(bank.unreachable_since)
        self.assertEqual(self._news(bank, 'loan_application.rejected'), 1)
