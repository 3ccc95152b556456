import os
from unittest.mock import patch

from cryptography.fernet import Fernet
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ConnectorCase


@tagged('post_install', '-at_install')
class TestScfKey(ConnectorCase):
    def _key(self):
        return self.env['scf.key'].sudo()._for_company(self.company)

    def test_company_gets_one_key_and_keeps_it(self):
        key = self._key()

        self.assertEqual(key, self._key())
        self.assertEqual((key.alg, key.is_current, key.company_id), ('EdDSA', True, self.company))
        self.assertEqual(key._signing_key().kid, key.kid)

    def test_private_part_is_sealed_in_the_database(self):
        key = self._key()
        private = key._signing_key().private_jwk()['d']
        self.env.flush_all()
        self.env.cr.execute("SELECT row_to_json(scf_key)::text FROM scf_key WHERE id = %s", [key.id])
        [row] = self.env.cr.fetchone()

        self.assertNotIn(private, row)
        self.assertNotIn('"d"', row)

    def test_missing_master_key_is_said_with_what_to_set(self):
        no_configuration = patch('odoo.addons.scf_connector.models.scf_key.config', {})
        with (
            no_configuration,
            patch.dict(os.environ, {'SCF_MASTER_KEY': ''}),
            self.assertRaisesRegex(UserError, "Set the environment"),
        ):
            self._key()
        self.assertFalse(self.env['scf.key'].sudo().search([('company_id', '=', self.company.id)]))

    def test_master_key_may_stand_in_the_server_s_configuration(self):
        configured = patch(
            'odoo.addons.scf_connector.models.scf_key.config', {'scf_master_key': os.environ['SCF_MASTER_KEY']}
        )
        with configured, patch.dict(os.environ, {'SCF_MASTER_KEY': ''}):
            key = self._key()
        self.assertEqual(key._signing_key().kid, key.kid)

    def test_unusable_master_key_is_said_without_quoting_it(self):
        with patch.dict(os.environ, {'SCF_MASTER_KEY': 'hunter2'}), self.assertRaises(UserError) as caught:
            self._key()
        self.assertIn("not a Fernet key", str(caught.exception))
        self.assertNotIn('hunter2', str(caught.exception))

    def test_other_master_key_is_said_and_the_former_one_beside_it_opens(self):
        key = self._key()
        former, newer = os.environ['SCF_MASTER_KEY'], Fernet.generate_key().decode()
        with patch.dict(os.environ, {'SCF_MASTER_KEY': newer}), self.assertRaisesRegex(UserError, "another master key"):
            key._signing_key()
        with patch.dict(os.environ, {'SCF_MASTER_KEY': f'{newer}, {former}'}):
            self.assertEqual(key._signing_key().kid, key.kid)

    def test_company_never_has_two_keys_in_use(self):
        key = self._key()
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            key.create(
                {
                    'company_id': self.company.id,
                    'kid': 'other',
                    'alg': 'EdDSA',
                    'public_jwk': {},
                    'private_sealed': 'sealed',
                }
            )
            self.env.flush_all()

    def test_message_that_cannot_be_signed_waits_and_says_why(self):
        self._listen()
        bank = self._connect(self._open_bank())
        message = self._send(bank)
        with patch.dict(os.environ, {'SCF_MASTER_KEY': Fernet.generate_key().decode()}):
            self._run_outbox()
        self.assertEqual(message.state, 'queued')
        self.assertIn("another master key", message.last_error)

        self._let_time_pass(message)
        self._run_outbox()
        self.assertEqual(message.state, 'sent')
