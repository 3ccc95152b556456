from openscf_bank.testing import BankProcess

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.scf_connector.tests.common import LoopbackRequests

from .common import FinanceCase


class GatewayCase(LoopbackRequests, FinanceCase, CronMixinCase):
    """Journeys against a real bank's gateway, over HTTP, with the jobs run by hand."""

    def given(self):
        super().given()
        (self.rhone | self.hansa).active = False
        self.company.write({"vat": "DE136695976", "country_id": self.env.ref("base.de").id})
        self.euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.9)])

    def _invoice(self, amount=10000.0, **values):
        """An invoice that Odoo exports as UBL, which these banks ask for: each line has one tax, here of 0 %."""
        zero = {"name": "0 %", "amount": 0.0, "type_tax_use": "sale"}
        tax = self.env["account.tax"].search([("name", "=", "0 %"), ("company_id", "=", self.company.id)], limit=1)
        tax = tax or self.env["account.tax"].create(zero)
        return super()._invoice(amount, tax_ids=tax, **values)

    def _open_bank(self, profile="rhone"):
        """A connected bank and its gateway, which ends with the test."""
        gateway = self.enterContext(BankProcess(profile=profile))
        bank = self.env["scf.bank"].create({"base_url": gateway.url, "company_id": self.company.id})
        bank.action_discover()
        bank.action_register()
        self._run("scf_connector.cron_outbox")
        gateway.approve_client(bank.client_id)
        self._run("scf_connector.cron_poll")
        self.assertEqual(bank.state, "connected")
        return bank, gateway

    def _run(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).with_user(self.env.ref("base.user_root")).method_direct_trigger()

    def _exchange(self, *gateways, rounds=2):
        """Let the jobs of both sides run until nothing new is said."""
        for _round in range(rounds):
            self._run("scf_finance.cron_report_collections")
            self._run("scf_connector.cron_outbox")
            for gateway in gateways:
                gateway.run_jobs()
            self._run("scf_connector.cron_poll")

    def _offer_of(self, application, gateway):
        """Let the officer approve where the bank's rules leave the decision to him."""
        self._exchange(gateway)
        submission = application.submission_ids
        if submission.state in ("created", "processing"):
            gateway.officer.approve(submission.bank_application_ref)
            self._exchange(gateway)
        self.assertEqual(submission.state, "offered", submission.state_message)
        return application.offer_ids
