from datetime import timedelta
from unittest.mock import patch

from openscf.canonical import sha256_hex

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.scf_finance.tests.gateway_case import GatewayCase

PAPERS = ("registration_extract", "signatory_identity", "bank_account_proof")


@tagged("post_install", "-at_install")
class TestPayableGateway(GatewayCase):
    """A bill's way through a real bank: approved, registered, paid early, settled, and both books compared."""

    def _running_program(self, bank, gateway):
        program = self._as("requester", self.env["scf.program"]).create(
            {
                "name": "Early payment",
                "currency_id": self.euro.id,
                "anchor_limit": 500000.0,
                "member_limit": 50000.0,
                "max_tenor_days": 120,
                "terms": "<p>We pay what we approved on its due date.</p>",
                "bank_ids": [Command.create({"bank_id": bank.id})],
            }
        )
        program.action_request_approval()
        self._as("approver", program).action_approve()
        self._exchange(gateway)
        self.assertEqual(program.bank_ids.status, "active", program.bank_ids.state_message)
        program = program.sudo()
        program.approves_separately = False
        return program

    def _approved_member(self, program, gateway):
        """A supplier that signed, as the bank gets it from the anchor, and the officer lets in."""
        supplier = self.env["res.partner"].create(
            {
                "name": "Steelworks NV",
                "vat": "BE0477472701",
                "email": "finance@steelworks.example",
                "is_company": True,
                "country_id": self.env.ref("base.be").id,
            }
        )
        env = program.env  # states are the system's to write
        member = env["scf.program.member"].create(
            {"program_id": program.id, "partner_id": supplier.id, "email": supplier.email}
        )
        member._renew_link()
        for state in ("invited", "opened", "started", "submitted"):
            member._set_state(state)
        now = fields.Datetime.now().isoformat() + "Z"
        at_bank = member.bank_ids or env["scf.program.member.bank"].create(
            {"member_id": member.id, "program_bank_id": program.bank_ids.id}
        )
        bank = program.bank_ids.bank_id.sudo()
        papers = {kind: f"%PDF-1.4 {kind}".encode() for kind in PAPERS}
        env["scf.message"]._enqueue(
            bank,
            "member",
            {
                "member_id": member.reference,
                "revision": 1,
                "party": {"name": supplier.name, "tax_id": supplier.vat, "country": "BE"},
                "account": {"iban": "BE71096123456769", "holder": supplier.name},
                "contact": {"name": "Ada", "email": supplier.email},
                "signatories": [
                    {
                        "name": "Ada",
                        "role": "Director",
                        "email": supplier.email,
                        "signed_at": now,
                        "address": "192.0.2.7",
                        "agreement_sha256": "0" * 64,
                    }
                ],
                "documents": [
                    {
                        "kind": kind,
                        "name": f"{kind}.pdf",
                        "sha256": sha256_hex(content),
                        "media_type": "application/pdf",
                    }
                    for kind, content in papers.items()
                ],
                "consent": {
                    "purpose": "early_payment",
                    "sections": ["party"],
                    "recipient": bank.issuer,
                    "expires_on": fields.Date.add(self.today, years=1).isoformat(),
                    "given_by": "Ada",
                    "given_at": now,
                },
            },
            channel=f"member-{member.id}",
            # Not the member, which would ask for the consent that its own pages take.
            addressee=program.bank_ids,
            documents=[(sha256_hex(content), content, "application/pdf") for content in papers.values()],
        )
        self._exchange(gateway)
        self.assertTrue(at_bank.bank_member_ref, at_bank.message)
        if at_bank.status == "received":
            gateway.officer.approve_member(at_bank.bank_member_ref, limit="40000.00")
        else:
            gateway.officer.change_member(at_bank.bank_member_ref, "Known for years.", limit="40000.00")
        self._exchange(gateway)
        self.assertEqual((at_bank.status, member.state), ("approved", "approved"), at_bank.message)
        return member

    def _approved_bill(self, member, number):
        """A bill of the member over 10,000, due in 60 days and approved for early payment; gives it and its payable."""
        bill = self._create_invoice_one_line(
            move_type="in_invoice",
            partner_id=member.partner_id,
            product_id=self.product_a,
            price_unit=10000.0,
            tax_ids=self.env["account.tax"],
            currency_id=self.euro.id,
            invoice_date=self.today,
            invoice_date_due=self.today + timedelta(days=60),
            invoice_payment_term_id=self.env["account.payment.term"],
            ref=number,
            post=True,
        )
        self._as("approver", bill).action_scf_approve_payable()
        payable = self.env["scf.payable"].sudo().search([("move_id", "=", bill.id)])
        return bill, payable

    def test_bill_is_paid_early_and_settled_and_the_books_agree(self):
        bank, gateway = self._open_bank()
        program = self._running_program(bank, gateway)
        member = self._approved_member(program, gateway)
        bill, payable = self._approved_bill(member, "SW-2026-1")
        self._exchange(gateway)
        self.assertEqual(payable.bank_ids.status, "registered", payable.bank_ids.message)

        quote = payable._quotes()[0]
        payable._request_early_payment(
            quote, quote.pay_on, {"name": "Ada", "at": fields.Datetime.now(), "address": "192.0.2.7"}, "portal"
        )
        self._exchange(gateway)
        self.assertIn(payable.request_ids.state, ("confirmed", "paid"), payable.request_ids.message)
        gateway.set_clock(quote.pay_on)
        self._exchange(gateway, rounds=3)
        self.assertEqual((payable.state, bill.payment_state), ("paid", "paid"))
        self.assertEqual(payable._owed(), 10000)

        with patch.object(fields.Date, "context_today", lambda *args: payable.due_date):
            gateway.set_clock(payable.due_date)
            self._run("scf_program.cron_settle_payables")
            self._exchange(gateway)
            self.assertEqual(payable.state, "settled")
            self.assertEqual(self._compared(program, payable), (0.0, [10000.0, 10000.0]))
            number = self.env["scf.payable.settlement"].search([("line_ids.payable_id", "=", payable.id)]).name
            gateway.officer.take_back_settlement(payable.bank_ids.bank_payable_ref, number, "The transfer came back.")
            self._exchange(gateway)
            self.assertEqual((payable.state, payable._owed()), ("paid", 10000))
            self.assertEqual(self._compared(program, payable), (10000.0, [10000.0, 0.0]))
            self._run("scf_program.cron_settle_payables")
            self._as("approver", payable).action_settle()
            self._exchange(gateway)
            self.assertEqual((payable.state, payable._owed()), ("settled", 0))
            self.assertEqual(self._compared(program, payable), (0.0, [10000.0, 10000.0]))

    def _compared(self, program, payable):
        """What is owed by the bank's book and ours, which agree, and the bank's amounts."""
        statement = self._as("requester", self.env["scf.payable.statement"]).create(
            {"program_bank_id": program.bank_ids.id, "date_from": self.today, "date_to": payable.due_date}
        )
        statement.action_compare()
        closing = statement.bank_closing
        self.assertRecordValues(
            statement,
            [{"own_closing": closing, "book_closing": closing, "difference_count": 0, "reserved": 0.0}],
        )
        return closing, statement.line_ids.mapped("bank_amount")

    def test_credit_note_reaches_the_bank_and_a_dispute_withdraws(self):
        bank, gateway = self._open_bank()
        program = self._running_program(bank, gateway)
        member = self._approved_member(program, gateway)
        bill, payable = self._approved_bill(member, "SW-2026-2")
        self._exchange(gateway)
        note = bill._reverse_moves([{"invoice_date": self.today, "date": self.today}])
        note.invoice_line_ids.price_unit = 1500.0
        note.action_post()
        self._exchange(gateway)
        self.assertEqual(payable.amount, 8500.0)
        row = payable.bank_ids
        self.assertEqual((row.status, row.is_changing), ("registered", False), row.message)
        bill.action_toggle_block_payment()
        self._exchange(gateway)
        self.assertEqual((payable.state, row.status), ("withdrawn", "withdrawn"), row.message)
