import json
import time
from unittest.mock import patch

from openscf.jws import verify_detached
from openscf.keys import KeySet, SigningKey
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..adapters.base import Patience
from ..models import scf_bank_connecting
from .common import ConnectorCase
from .odd_bank import Reply


@tagged('post_install', '-at_install')
class TestScfBank(ConnectorCase):
    def setUp(self):
        super().setUp()
        self.rhone = self._open_bank()

    # --- discovering ---

    def test_address_alone_shows_who_the_bank_is_and_what_it_finances(self):
        bank = self._paste(f"  {self.rhone.url}/some/page?x=1 ")
        self.assertEqual(bank.base_url, self.rhone.url)
        bank.action_discover()

        self.assertEqual((bank.state, bank.name), ('discovered', "Banque du Rhône"))
        self.assertEqual(bank.key_fingerprints, self.rhone.key.kid)
        for words in ("Receivables discounting", "1,000 – 250,000", "85 %", "10 – 180 days", "7.90 %", "France"):
            self.assertIn(words, bank.profile_summary)
        self.assertNotIn('{', bank.profile_summary)

    def test_discovering_tells_the_bank_nothing_about_the_company(self):
        self._paste(self.rhone.url).action_discover()

        for call in self.rhone.calls:
            self.assertEqual((call.method, call.body), ('GET', b''))
            self.assertNotIn('authorization', call.headers)
            self.assertNotIn("Nordlicht", str(call))

    def test_address_without_scheme_means_https(self):
        self.assertEqual(self._paste("SCF.Bank.example").base_url, 'https://scf.bank.example')

    def test_addresses_that_must_not_be_asked_are_refused(self):
        for address, word in (
            ('http://bank.example', "not encrypted"),
            ('http://169.254.169.254', "not encrypted"),
            ('https://user:secret@bank.example', "no user name"),
            ('file:///etc/passwd', "not an address"),
            ('https://', "not an address"),
            ('https://bank.example:99999', "not an address"),
        ):
            with self.assertRaisesRegex(ValidationError, word):
                self._paste(address)

    def test_test_network_may_be_allowed_by_a_system_parameter(self):
        self.env['ir.config_parameter'].sudo().set_param('scf_connector.allow_http', 'True')

        self.assertEqual(self._paste('http://bank.internal:8080').base_url, 'http://bank.internal:8080')

    def test_bank_under_another_name_than_its_address_is_not_connected(self):
        self.rhone.issuer = 'https://bank.example'
        bank = self._paste(self.rhone.url)
        with self.assertRaisesRegex(UserError, "calls itself"):
            bank.action_discover()
        self.assertEqual(bank.state, 'draft')

    def test_redirects_are_not_followed(self):
        trap = self._open_bank("Trap")
        self.rhone.will('/.well-known', Reply(302, b'', {'Location': f'{trap.url}/.well-known/openscf'}))
        with self.assertRaisesRegex(UserError, "redirect"):
            self._paste(self.rhone.url).action_discover()
        self.assertFalse(trap.calls)

    def test_garbage_and_floods_end_in_a_sentence(self):
        bank = self._paste(self.rhone.url)
        for reply in (
            Reply(200, b'<html>Router login</html>', {'Content-Type': 'text/html'}),
            Reply(200, b'{"openscf_version": "1.0"}'),
            Reply(200, b'[' * 100000),
            Reply(200, b'{"name": "' + b'x' * (9 * 1024 * 1024) + b'"}'),
            Reply(500, b'Traceback'),
        ):
            self.rhone.will('/.well-known', reply)
            with self.assertRaises(UserError) as caught:
                bank.action_discover()
            self.assertNotIn("Traceback", str(caught.exception))
        self.assertEqual(bank.state, 'draft')

    def test_slow_bank_keeps_the_button_a_few_seconds_only(self):
        self.rhone.will('/.well-known', Reply(200, b'{}', seconds=9))
        started = time.monotonic()
        with self.assertRaisesRegex(UserError, "did not answer in time"):
            self._paste(self.rhone.url).action_discover()
        self.assertLess(time.monotonic() - started, 8)

    def test_bank_that_drips_its_answer_does_not_hold_the_button(self):
        self.rhone.will('/.well-known', Reply(200, b' ' * 100, drips=True))
        started = time.monotonic()
        impatient = patch.object(scf_bank_connecting, 'BUTTON_PATIENCE', Patience(connect=1, read=1, total=1.5))
        with impatient, self.assertRaisesRegex(UserError, "did not finish its answer in time"):
            self._paste(self.rhone.url).action_discover()
        self.assertLess(time.monotonic() - started, 4)

    def test_bank_that_is_down_gives_a_sentence_with_its_address(self):
        bank = self._paste(self.rhone.url)
        self.rhone.__exit__()
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            bank.action_discover()

    def test_only_administrators_connect_banks(self):
        for role in ('outsider', 'requester', 'approver'):
            with self.assertRaises(AccessError):
                self.env['scf.bank'].with_user(self.people[role]).create(
                    {'base_url': self.rhone.url, 'company_id': self.company.id}
                )
        bank = self._paste(self.rhone.url)
        for button in ('action_discover', 'action_register', 'action_test', 'action_trust_offered_keys'):
            with self.assertRaises(AccessError):
                getattr(bank.with_user(self.people['approver']), button)()
        self.assertFalse(self.rhone.calls)

    # --- registering ---

    def test_registration_is_queued_signed_and_names_the_company_and_its_public_key(self):
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        self.rhone.calls.clear()
        bank.action_register()
        self.assertFalse(self.rhone.calls, "the button asks nobody")
        self.assertEqual(bank.state, 'pending')
        self._run_outbox()

        [call] = self.rhone.posts('/v1/clients')
        registration = json.loads(call.body)
        key = bank.sudo().key_id
        self.assertEqual(registration['party'], {'name': "Nordlicht GmbH", 'tax_id': 'DE136695976', 'country': 'DE'})
        self.assertEqual(registration['jwks'], {'keys': [key.public_jwk]})
        self.assertNotIn('"d"', call.body.decode())
        self.assertIn(f'/scf/nudge/{bank.id}/', registration['webhook_url'])
        header = verify_detached(call.body, call.headers['x-jws-signature'], keys=KeySet.of(key.public_jwk))
        self.assertEqual(header['aud'], self.rhone.url)
        self.assertEqual((bank.state, bank.client_id), ('pending', 'cli_1'))

    def test_registration_names_no_webhook_where_the_answer_would_travel_in_clear(self):
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', 'http://erp.example')
        bank = self._paste('https://bank.example')
        self.assertIsNone(bank._webhook_url())

    def test_officer_decides_and_the_next_look_shows_it(self):
        bank = self._connect(self.rhone)
        self.assertTrue(bank._is_open())
        self.rhone.says('client.suspended', data={'reason': "Annual review"})
        self._run_poll()
        self.assertEqual((bank.state, bank.state_reason), ('suspended', "Annual review"))
        self.assertFalse(bank._is_open())

        self.rhone.says('client.approved')
        self._run_poll()
        self.assertEqual((bank.state, bank.state_reason), ('connected', False))

    def test_declined_company_sees_why(self):
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        bank.action_register()
        self._run_outbox()
        self.rhone.says('client.declined', data={'reason': "Outside our region"})
        self._run_poll()

        self.assertEqual((bank.state, bank.state_reason), ('declined', "Outside our region"))

    def test_refused_registration_goes_back_with_the_bank_s_reason(self):
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        bank.action_register()
        self.rhone.will('/v1/clients', Reply.problem(422, 'validation-failed', "The tax ID is not one of a company."))
        self._run_outbox()

        self.assertEqual((bank.state, bank.state_reason), ('discovered', "The tax ID is not one of a company."))

    def test_company_without_tax_id_is_told_before_anything_is_queued(self):
        self.company.vat = False
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        with self.assertRaisesRegex(UserError, "Tax ID"):
            bank.action_register()
        self.assertEqual(bank.state, 'discovered')

    def test_all_banks_of_a_company_know_one_key_and_another_company_has_its_own(self):
        bank, other = self._connect(self.rhone), self._connect(self._open_bank("Hansa"))
        self.assertEqual(bank.key_id, other.key_id)

        foreign = self._as_stranger(self.env['scf.bank']).create({'base_url': self.rhone.url})
        foreign.action_discover()
        foreign.action_register()
        self.assertNotEqual(foreign.key_id, bank.key_id)

    def test_same_bank_twice_in_one_company_is_refused(self):
        self._connect(self.rhone)
        again = self._paste(self.rhone.url)
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError) as caught, self.env.cr.savepoint():
            again.action_discover()
        self.assertIn('scf_bank_address_unique', str(caught.exception))

    def test_registered_bank_keeps_its_address_and_company(self):
        bank = self._connect(self.rhone)
        for values in ({'base_url': 'https://elsewhere.example'}, {'company_id': self.other_company.id}):
            with self.assertRaisesRegex(UserError, "archive this bank"):
                bank.sudo().write(values)
        bank.write({'base_url': self.rhone.url, 'color': 3})
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            bank.unlink()

    def test_another_address_before_registering_means_discovering_again(self):
        bank = self._paste(self.rhone.url)
        bank.action_discover()
        bank.base_url = 'https://elsewhere.example'

        self.assertEqual((bank.state, bank.profile, bank.jwks), ('draft', False, False))

    # --- trusting ---

    def test_bank_s_new_keys_wait_for_a_person_s_word(self):
        bank = self._connect(self.rhone)
        old = self.rhone.key.kid
        self.rhone.key = SigningKey.generate()
        bank.action_discover()
        self.assertEqual((bank.key_fingerprints, bank.offered_fingerprints), (old, self.rhone.key.kid))
        self.assertEqual(bank.state, 'connected')
        self.rhone.says('client.suspended')
        self._run_poll()
        self.assertEqual(bank.state, 'connected', "a word signed with the new key does not count yet")

        bank.action_trust_offered_keys()
        self._run_poll()
        self.assertEqual((bank.key_fingerprints, bank.offered_fingerprints), (self.rhone.key.kid, False))
        self.assertEqual(bank.state, 'suspended')

    def test_profile_is_read_again_once_a_day_by_the_job(self):
        bank = self._connect(self.rhone)
        self._run_poll()
        self.assertFalse([call for call in self.rhone.calls if 'well-known' in call.path])
        bank.sudo().profile_read_at = '2026-01-01 00:00:00'
        self.rhone.calls.clear()
        self._run_poll()

        self.assertTrue([call for call in self.rhone.calls if 'well-known' in call.path])

    # --- testing ---

    def test_test_button_says_in_a_sentence_how_it_stands(self):
        bank = self._connect(self.rhone)
        notification = bank.action_test()['params']
        self.assertEqual(notification['type'], 'success')
        self.assertRegex(notification['message'], r"Banque du Rhône answered in 0\.\d s and knows this company")

        self.rhone.status = 'SUSPENDED'
        self.assertIn("suspended this company", bank.action_test()['params']['message'])
        self.assertEqual(bank.state, 'suspended')

        self.rhone.__exit__()
        with self.assertRaisesRegex(UserError, "cannot be reached"):
            bank.action_test()

    def test_test_button_before_registration_says_what_to_do(self):
        with self.assertRaisesRegex(UserError, "register with it first"):
            self._paste(self.rhone.url).action_test()

    def test_check_now_asks_nobody_and_wakes_both_jobs(self):
        bank = self._connect(self.rhone).with_user(self.people['requester'])
        with (
            self.capture_triggers('scf_connector.cron_poll') as polls,
            self.capture_triggers('scf_connector.cron_outbox') as sends,
        ):
            bank.action_check_now()

        self.assertEqual((len(polls.records), len(sends.records)), (1, 1))
        self.assertFalse(self.rhone.calls)

    # --- for other modules ---

    def test_requester_sees_name_state_and_techniques(self):
        bank = self._connect(self.rhone).with_user(self.people['requester'])
        [row] = bank.read(['name', 'state', 'profile'])

        self.assertEqual((row['name'], row['state']), ("Banque du Rhône", 'connected'))
        self.assertEqual(bank._technique('receivables_discounting')['max_advance_rate'], '85.00')
        self.assertIsNone(bank._technique('pre_shipment'))

    def test_lists_cost_the_same_for_one_bank_and_for_many(self):
        fields = {name: {} for name in ('name', 'state', 'queued_count', 'dead_count', 'failed_event_count')}
        banks = (
            self.env['scf.bank']
            .sudo()
            .create(
                [{'base_url': f'https://bank{number}.example', 'company_id': self.company.id} for number in range(12)]
            )
        )

        def cost(some):
            self.env.invalidate_all()
            count = self.cr.sql_log_count
            some.web_read(fields)
            return self.cr.sql_log_count - count

        cost(banks)
        self.assertEqual(cost(banks[:1]), cost(banks))
