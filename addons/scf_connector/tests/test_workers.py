import os
import signal
import subprocess
import sys
import threading
import time
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import config

from .common import LoopbackRequests
from .odd_bank import CLIENT_ID, OddBank, Reply

# A worker loads the whole registry, which takes long on a busy machine.
PATIENCE_SECONDS = 180

# One worker: opens the database as the server does and sends what is due; may die before it commits an answer.
WORKER = """
import os, signal, sys
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

config.parse_config(sys.argv[2:], setup_logging=False)
registry = Registry(config['db_name'][0])
if sys.argv[1] == 'dies':
    registry['scf.message']._record_answer = lambda *answer: os.kill(os.getpid(), signal.SIGKILL)
with registry.cursor() as cr:
    api.Environment(cr, SUPERUSER_ID, {})['scf.message']._send_due()
"""


@tagged('post_install', '-at_install')
class TestWorkers(LoopbackRequests, BaseCase):
    """Workers that really commit, really run side by side, and are really killed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.dict(os.environ, {'SCF_MASTER_KEY': Fernet.generate_key().decode()}))

    def setUp(self):
        super().setUp()
        self.rhone = OddBank().__enter__()
        self.addCleanup(self.rhone.__exit__)
        with self.registry.cursor() as cr:
            env = self._env(cr)
            company = env['res.company'].create({'name': f"Workers {time.time()}"})
            self.bank_id = (
                env['scf.bank']
                .create(
                    {
                        'base_url': self.rhone.url,
                        'issuer': self.rhone.url,
                        'company_id': company.id,
                        'jwks': {'keys': [self.rhone.key.public_jwk()]},
                        'client_id': CLIENT_ID,
                        'state': 'connected',
                        'key_id': env['scf.key']._for_company(company).id,
                    }
                )
                .id
            )
        self.addCleanup(self._remove)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def _remove(self):
        """Take what was committed out of the database again."""
        with self.registry.cursor() as cr:
            bank = self._env(cr)['scf.bank'].browse(self.bank_id)
            company, key = bank.company_id, bank.key_id
            bank.outbox_ids.unlink()
            bank.client_id = False
            bank.unlink()
            key.unlink()
            company.partner_id.active = company.active = False

    def _queue(self, *channels):
        with self.registry.cursor() as cr:
            bank = self._env(cr)['scf.bank'].browse(self.bank_id)
            return [
                bank._send('apply', {'reference': channel}, channel=channel, addressee=bank).idempotency_key
                for channel in channels
            ]

    def _states(self):
        with self.registry.cursor() as cr:
            return self._env(cr)['scf.bank'].browse(self.bank_id).outbox_ids.sorted('id').mapped('state')

    def _worker(self, fate='lives'):
        arguments = ['-d', get_db_name(), '--addons-path', ','.join(config['addons_path'])]
        for option in ('db_host', 'db_port', 'db_user', 'db_password'):
            if config[option]:
                arguments += [f'--{option}', str(config[option])]
        worker = subprocess.Popen(
            [sys.executable, '-c', WORKER, fate, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.addCleanup(worker.stderr.close)
        self.addCleanup(worker.kill)
        return worker

    def _finish(self, worker, code):
        self.assertEqual(worker.wait(PATIENCE_SECONDS), code, worker.stderr.read().decode())

    def test_killed_while_the_bank_answers_sends_again_with_the_same_key(self):
        [key] = self._queue('a')
        self.rhone.will('/v1/loan-applications', Reply(202, b'{}', seconds=5, signed=True))
        worker = self._worker()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.rhone.posts() and time.monotonic() < deadline:
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        self._finish(worker, -signal.SIGKILL)
        self.assertEqual(self._states(), ['queued'])

        self._finish(self._worker(), 0)
        self.assertEqual([call.idempotency_key for call in self.rhone.posts()], [key, key])
        self.assertEqual(self._states(), ['sent'])

    def test_killed_between_answer_and_commit_sends_again_with_the_same_key(self):
        [key] = self._queue('a')
        self._finish(self._worker('dies'), -signal.SIGKILL)
        self.assertEqual(self._states(), ['queued'])

        self._finish(self._worker(), 0)
        self.assertEqual([call.idempotency_key for call in self.rhone.posts()], [key, key])
        self.assertEqual(self._states(), ['sent'])

    def test_workers_side_by_side_send_each_message_once_and_every_channel_in_order(self):
        channels = [f'channel-{number % 4}' for number in range(24)]
        keys = self._queue(*channels)
        self.rhone.will('/v1/loan-applications', *[Reply(202, b'{}', seconds=0.02, signed=True) for _key in keys])

        def work():
            with self.registry.cursor() as cr:
                self._env(cr)['scf.message']._send_due()

        workers = [threading.Thread(target=work) for _number in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(PATIENCE_SECONDS)

        work()
        posted = [call.idempotency_key for call in self.rhone.posts()]
        self.assertEqual(sorted(posted), sorted(keys), "each message once")
        for channel in set(channels):
            expected = [key for key, its in zip(keys, channels, strict=True) if its == channel]
            self.assertEqual([key for key in posted if key in expected], expected, channel)

    def test_rolled_back_message_is_never_sent(self):
        with self.registry.cursor() as cr:
            bank = self._env(cr)['scf.bank'].browse(self.bank_id)
            bank._send('apply', {'reference': 'never'}, channel='a', addressee=bank)
            cr.rollback()
        self._finish(self._worker(), 0)

        self.assertFalse(self.rhone.calls)
