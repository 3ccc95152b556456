from odoo import Command
from odoo.tests import tagged

from odoo.addons.scf_finance.tests.gateway_case import GatewayCase

from .papers import picture
from .portal_case import FACTS


@tagged("post_install", "-at_install")
class TestPortalGateway(GatewayCase):
    """What a supplier gives on its pages is what a real bank takes: facts, account, pictures, signature, consent."""

    def test_member_is_let_in_leaves_and_comes_back(self):
        bank, gateway = self._open_bank()
        member, joining = self._joined(self._running_program(bank, gateway))
        give = self.env["scf.program.document"]._give
        for kind in member.program_id.document_kind_ids:
            give(joining, kind, f"{kind.code}.png", picture())
        self._sign_and_send(joining)
        self._exchange(gateway)
        at_bank = member.bank_ids
        self.assertTrue(at_bank.bank_member_ref, at_bank.message)
        self.assertEqual(joining.account_state, "known")
        self.assertEqual((member.state, at_bank.status), ("approved", "approved"), at_bank.message)
        gateway.officer.change_member(at_bank.bank_member_ref, "Known for years.", limit="40000.00")
        self._exchange(gateway)
        self.assertEqual(at_bank.limit_amount, 40000)
        member._leave("Sold the company.")
        self._exchange(gateway)
        self.assertEqual((member.state, at_bank.status), ("left", "left"))
        member._note_written("invitation")
        member._accept()
        self._sign_and_send(joining)
        self._exchange(gateway)
        again = member.bank_ids - at_bank
        self.assertEqual((member.state, again.status), ("approved", "approved"), again.message)
        self.assertEqual((again.reference, again.revision), (f"{member.reference}-2", 1))
        self.assertNotEqual(again.bank_member_ref, at_bank.bank_member_ref)
        self.assertEqual(at_bank.status, "left")

    def _sign_and_send(self, joining):
        joining._sign_first(
            name="Ada Supplier",
            role="Director",
            email="ada@steelworks.example",
            others=[],
            address="192.0.2.7",
            user_agent="",
            user=self.env.user,
        )
        joining._ask_to_send()

    def _running_program(self, bank, gateway):
        program = self._as("requester", self.env["scf.program"]).create(
            {
                "name": "Early payment",
                "currency_id": self.euro.id,
                "anchor_limit": 500000.0,
                "member_limit": 50000.0,
                "terms": "<p>We pay what we approved on its due date.</p>",
                "document_kind_ids": [Command.set(self.env["scf.kyb.kind"].search([("code", "!=", "other")]).ids)],
                "bank_ids": [Command.create({"bank_id": bank.id})],
            }
        )
        program.action_request_approval()
        self._as("approver", program).action_approve()
        self._exchange(gateway)
        self.assertEqual(program.bank_ids.status, "active", program.bank_ids.state_message)
        return program.sudo()

    def _joined(self, program):
        """A supplier that took the invitation and gave its facts, with the account that the anchor knows."""
        supplier = self.env["res.partner"].create(
            {"name": "Steelworks NV", "vat": "BE0477472701", "email": "finance@steelworks.example", "is_company": True}
        )
        self.env["res.partner.bank"].create(
            {"acc_number": FACTS["iban"], "partner_id": supplier.id, "allow_out_payment": True}
        )
        member = self.env["scf.program.member"].sudo().create({"program_id": program.id, "partner_id": supplier.id})
        member._renew_link()
        member._set_state("invited")
        joining = member._accept()
        facts, errors = joining._checked_facts(FACTS)
        self.assertFalse(errors)
        joining._save_facts(facts)
        return member, joining
