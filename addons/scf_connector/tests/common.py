import os
from contextlib import ExitStack
from unittest.mock import patch
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from odoo.tests.common import TransactionCase, _super_send, new_test_user

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .odd_bank import OddBank


class LoopbackRequests:
    """Lets requests reach a bank on the loopback with its own time limits.

    Odoo's test base compares the time limit with a number; the SDK gives a pair (connect, read).
    """

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        if urlsplit(r.url).hostname == '127.0.0.1':
            return _super_send(s, r, **kw)
        return super()._request_handler(s, r, **kw)


class ConnectorCase(LoopbackRequests, TransactionCase, CronMixinCase):
    """The vocabulary of the connector's tests: a company, its people, and banks that can be made to misbehave."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {'SCF_MASTER_KEY': Fernet.generate_key().decode()}))
        cls.company = cls.env['res.company'].create(
            {
                'name': "Nordlicht GmbH",
                'vat': 'DE136695976',
                'country_id': cls.env.ref('base.de').id,
                'email': 'finance@nordlicht.example',
            }
        )
        cls.other_company = cls.env['res.company'].create({'name': "Südwind AG", 'vat': 'DE811907980'})
        cls.env = cls.env(context={**cls.env.context, 'allowed_company_ids': cls.company.ids, 'lang': 'en_US'})
        cls.people = {
            role: new_test_user(
                cls.env,
                f'scf_{role}',
                groups=groups,
                name=role.capitalize(),
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for role, groups in (
                ('outsider', 'base.group_user'),
                ('requester', 'scf_connector.group_scf_requester'),
                ('approver', 'scf_connector.group_scf_approver'),
                ('admin', 'scf_connector.group_scf_admin'),
            )
        }
        cls.stranger = new_test_user(
            cls.env,
            'scf_stranger',
            groups='scf_connector.group_scf_admin',
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )

    def setUp(self):
        super().setUp()
        self._stack = ExitStack()
        self.addCleanup(self._stack.close)

    # --- given ---

    def _open_bank(self, name="Banque du Rhône"):
        """Start a bank on the loopback that ends with the test."""
        return self._stack.enter_context(OddBank(name))

    def _paste(self, address):
        """Make the bank record as an administrator does who pastes an address."""
        return (
            self.env['scf.bank']
            .with_user(self.people['admin'])
            .create({'base_url': address, 'company_id': self.company.id})
        )

    def _as_stranger(self, records):
        """See records as the administrator of another company."""
        return records.with_user(self.stranger).with_context(allowed_company_ids=self.other_company.ids)

    def _connect(self, odd_bank):
        """Connect to a bank up to its officer's approval, and forget the calls it took."""
        bank = self._paste(odd_bank.url)
        bank.action_discover()
        bank.action_register()
        self._run_outbox()
        odd_bank.status = 'APPROVED'
        odd_bank.says('client.approved')
        self._run_poll()
        self.assertEqual(bank.state, 'connected')
        odd_bank.calls.clear()
        return bank

    def _listen(self, *, target=None, on_answer=None, why_not_send=None):
        """Let partners be addressees; give the list that fills with what they are told."""
        heard = []

        def _scf_on_answer(addressee, message, answer):
            if on_answer:
                on_answer(addressee, message, answer)
            heard.append(('answer', addressee, message, answer))

        hooks = {
            '_scf_target': lambda addressee, verb: target,
            '_scf_before_send': lambda addressee, message: why_not_send,
            '_scf_on_answer': _scf_on_answer,
            '_scf_on_refused': lambda addressee, message, problem: heard.append(
                ('refused', addressee, message, problem)
            ),
            '_scf_on_delayed': lambda addressee, message: heard.append(('delayed', addressee, message, None)),
        }
        for name, hook in hooks.items():
            self._stack.enter_context(patch.object(self.registry['res.partner'], name, hook, create=True))
        return heard

    def _send(self, bank, verb='apply', payload=None, *, channel='sub-1', documents=()):
        """Queue a message as the finance module does, in a requester's transaction."""
        return (
            bank.with_user(self.people['requester'])
            ._send(
                verb,
                payload or {'reference': 'FIN/1'},
                channel=channel,
                addressee=self.company.partner_id,
                documents=documents,
            )
            .sudo()
        )

    # --- when ---

    def _run_outbox(self):
        """Run the job that sends, as the server does."""
        self._run_job('scf_connector.cron_outbox')

    def _run_poll(self):
        """Run the job that polls, as the server does."""
        self._run_job('scf_connector.cron_poll')

    def _run_job(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).with_user(self.env.ref('base.user_root')).method_direct_trigger()

    def _let_time_pass(self, messages):
        """Make postponed messages due."""
        messages.sudo().next_attempt_at = self.env.cr.now()
        messages.bank_id.sudo().rest_until = False
