from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from openscf.client import BankClient
from openscf.errors import BankUnreachable

from odoo import Command
from odoo.tests import tagged

from odoo.addons.scf_finance.tests.gateway_case import GatewayCase

from ..prequalification import batch as batches

FIRST, SECOND = 0, 1


@tagged("post_install", "-at_install")
class TestPrequalificationGateway(GatewayCase):
    """A batch against a real bank: it arrives once, whatever breaks, and comes back as limits with reasons."""

    def given(self):
        super().given()
        self.suppliers = self.env["res.partner"].create(
            [
                {"name": f"Supplier {n}", "is_company": True, "vat": f"BE04774727{n:02}", "supplier_rank": 1}
                for n in range(5)
            ]
        )
        for months_ago in range(24):
            for supplier in self.suppliers[: 5 if months_ago < 2 else 3]:
                self._bought(supplier, self.today - timedelta(days=1 + 30 * months_ago))

    def _bought(self, supplier, day):
        """A posted bill of 3,000.00 euros on a confirmed order of that day."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": supplier.id,
                "currency_id": self.euro.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product_a.id, "product_qty": 1, "price_unit": 3000, "tax_ids": False}
                    )
                ],
            }
        )
        order.button_confirm()
        order.date_approve = day
        self._create_invoice_one_line(
            move_type="in_invoice",
            partner_id=supplier,
            product_id=self.product_a,
            price_unit=3000,
            tax_ids=self.env["account.tax"],
            currency_id=self.euro.id,
            invoice_date=day,
            post=True,
        )

    def _running_program(self, bank, gateway):
        """A program that the bank's rules agree to by themselves."""
        program = self._as("requester", self.env["scf.program"]).create(
            {
                "name": "Early payment",
                "currency_id": self.euro.id,
                "anchor_limit": 500000.0,
                "member_limit": 50000.0,
                "max_tenor_days": 90,
                "terms": "<p>We pay what we approved on its due date.</p>",
                "bank_ids": [Command.create({"bank_id": bank.id})],
            }
        )
        program.action_request_approval()
        self._as("approver", program).action_approve()
        self._exchange(gateway)
        self.assertEqual(program.bank_ids.status, "active", program.bank_ids.state_message)
        return program

    def _sent(self, program):
        batch = self._as("requester", self.env["scf.prequalification"]).create({"program_id": program.id})
        batch.action_read()
        self._run("scf_program.cron_prequalification")
        self.assertEqual((batch.state, batch.line_count), ("ready", 5), batch.state_message)
        batch.action_send()
        self._as("approver", batch).action_approve()
        self._run("scf_program.cron_prequalification")
        return batch.sudo()

    def test_limits_come_back_with_reasons_after_a_broken_upload(self):
        bank, gateway = self._open_bank()
        program = self._running_program(bank, gateway)
        put, sent = BankClient.put_document, []

        def breaking(client, content, media_type):
            sent.append(content)
            if len(sent) == 2:
                raise BankUnreachable("The line was cut.")
            return put(client, content, media_type)

        with (
            patch.object(batches, "MAX_CHUNK_ROWS", 2),
            patch.object(BankClient, "put_document", breaking),
        ):
            batch = self._sent(program)
            pieces = batch.part_ids.env["scf.message"].search([("verb", "=", "prequalify")]).document_ids
            self.assertEqual(len(pieces), 3)
            self._run("scf_connector.cron_outbox")
            self.assertEqual(len(sent), 2, "it broke off with the second piece")
            self.assertTrue(batch.part_ids.delayed)
            message = self.env["scf.message"].sudo().search([("verb", "=", "prequalify")])
            message.next_attempt_at = self.env.cr.now()
            bank.sudo().rest_until = False
            self._run("scf_connector.cron_outbox")
        self.assertEqual(len(sent), 4, "the first piece was there already")
        self.assertEqual(sent.count(sent[FIRST]), 1)
        self.assertEqual(sent.count(sent[SECOND]), 2)
        self._exchange(gateway)
        self._run("scf_program.cron_prequalification")
        self.assertEqual(batch.part_ids.state, "answered", batch.part_ids.state_message)
        at_bank = program.sudo().member_ids.bank_ids
        self.assertEqual(len(at_bank), 5)
        for record in at_bank:
            effects = sum(Decimal(reason["effect"]) for reason in record.reasons)
            self.assertEqual(float(effects), record.limit_amount)
        approved = at_bank.filtered(lambda record: record.status == "prequalified")
        self.assertTrue(approved and all(approved.mapped("valid_until")), at_bank.mapped("reasons_text"))
        self.assertLess(max(approved.mapped("limit_amount")), 50000.01)
        self.assertEqual(
            program.sudo().member_ids.filtered("preapproved_amount"), approved.member_id, "found by their limit"
        )
