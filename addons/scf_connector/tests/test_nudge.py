import time

from openscf.keys import SigningKey
from openscf.webhook import NUDGE_BODY, sign_nudge

from odoo.tests import HttpCase, tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase


@tagged('post_install', '-at_install')
class TestNudge(HttpCase, CronMixinCase):
    """The only door from outside: asked as whoever may knock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = SigningKey.generate()
        cls.bank = cls.env['scf.bank'].create(
            {
                'base_url': 'https://bank.example',
                'state': 'connected',
                'webhook_token': 'the-right-token',
                'jwks': {'keys': [cls.key.public_jwk()]},
            }
        )

    def _nudge(self, *, bank_id=None, token='the-right-token', key=None, timestamp=None, body=NUDGE_BODY, headers=None):
        """POST a nudge; give the status and how often the job was woken."""
        if headers is None:
            headers = sign_nudge(
                key=key or self.key, webhook_id='msg_1', timestamp=timestamp or int(time.time()), body=NUDGE_BODY
            )
        with self.capture_triggers('scf_connector.cron_poll') as triggers:
            response = self.url_open(
                f'/scf/nudge/{bank_id or self.bank.id}/{token}',
                data=body,
                headers={'Content-Type': 'application/json', **headers},
            )
        self.assertNotIn("Traceback", response.text)
        return response.status_code, len(triggers.records)

    def test_bank_s_own_nudge_wakes_the_job(self):
        self.assertEqual(self._nudge(), (204, 1))

    def test_unknown_bank_and_wrong_token_look_the_same(self):
        self.assertEqual(self._nudge(token='another'), (404, 0))
        self.assertEqual(self._nudge(bank_id=self.bank.id + 1000), (404, 0))

    def test_token_in_any_script_is_just_a_wrong_one(self):
        for token in ('clé-größe', '%D0%BA%D0%BB%D1%8E%D1%87', '%FF%FE'):
            self.assertEqual(self._nudge(token=token), (404, 0), token)

    def test_bank_that_never_got_a_token_cannot_be_nudged(self):
        self.bank.webhook_token = False
        self.assertEqual(self._nudge(token='False'), (404, 0))

    def test_archived_bank_cannot_nudge(self):
        self.bank.active = False
        self.assertEqual(self._nudge(), (404, 0))

    def test_forged_old_changed_or_unsigned_nudge_wakes_nobody(self):
        for forged in (
            {'key': SigningKey.generate()},
            {'timestamp': int(time.time()) - 400},
            {'timestamp': int(time.time()) + 400},
            {'body': b'{"type":"transfer.money"}'},
            {'headers': {}},
            {'headers': {'webhook-id': 'x', 'webhook-timestamp': 'y', 'webhook-signature': 'v1a,z'}},
        ):
            self.assertEqual(self._nudge(**forged), (401, 0), forged)

    def test_oversized_nudge_is_not_read(self):
        self.assertEqual(self._nudge(body=b'x' * 20_001), (413, 0))

    def test_reading_the_address_gives_nothing(self):
        self.assertEqual(self.url_open(f'/scf/nudge/{self.bank.id}/the-right-token').status_code, 405)
