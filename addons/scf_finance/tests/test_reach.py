from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestReach(FinanceCase):
    """“Reach an amount”: the documents that bring it at the least cost are picked, and the reason is told."""

    def given(self):
        super().given()
        self.large = self._invoice(20000.0, days=80)
        self.soon = self._invoice(6250.0, days=30) | self._invoice(6250.0, days=30)
        self.small = self._invoice(700.0, days=20)

    def _reach(self, amount, **values):
        reaches = self._as("requester", self.env["scf.reach"]).with_context(default_company_id=self.company.id)
        return reaches.create({"amount": amount, "currency_id": self.company.currency_id.id, **values})

    def test_cheapest_invoices_are_chosen_and_the_reason_is_told(self):
        wizard = self._reach(10000.0)
        self.assertEqual(wizard.move_ids, self.soon)
        self.assertFalse(wizard.order_ids)
        self.assertIn("2 invoices reach", wizard.answer)
        # 10,000 at 7.9 % for 80 and for 30 days of 360: 175.56 and 65.83
        self.assertIn("Taking the largest one instead would cost about $\xa0109.73 more.", wizard.answer)

    def test_chosen_documents_make_a_draft_of_that_amount(self):
        action = self._reach(10000.0).action_use()
        draft = self._as("requester", self.env["scf.application"]).browse(action["res_id"])
        self.assertEqual(draft._documents(), self.soon)
        self.assertEqual((draft.requested_amount, draft.eligible_amount, draft.tenor_days), (10000.0, 10000.0, 30))
        self.assertEqual(draft.bank_ids, self.rhone | self.hansa)
        self.assertIn("2 invoices reach", draft.message_ids[0].body)
        draft.action_submit()
        self.assertEqual(draft.state, "requested")

    def test_draft_gets_other_documents(self):
        draft = self._draft(self.large | self.soon[0])
        action = draft.action_reach()
        with Form(self.env["scf.reach"].with_user(draft.env.user).with_context(**action["context"])) as form:
            form.amount = 10000.0
            self.assertEqual(form.move_ids[:], self.soon)
        self.assertEqual(form.record.action_use()["type"], "ir.actions.act_window_close")
        self.assertEqual(draft._documents(), self.soon)
        self.assertEqual((draft.requested_amount, draft.tenor_days), (10000.0, 30))

    def test_buyer_and_kind_limit_the_choice(self):
        other = self.env["res.partner"].create({"name": "Borealis Stores", "is_company": True})
        theirs = self._invoice(20000.0, days=90, partner_id=other)
        self.assertEqual(self._reach(10000.0, partner_id=other.id).move_ids, theirs)
        order = self._order(20000.0)
        wizard = self._reach(10000.0, technique="pre_shipment")
        self.assertEqual((wizard.order_ids, len(wizard.move_ids)), (order, 0))
        self.assertIn("One document reaches", wizard.answer)

    def test_what_is_financed_already_is_not_chosen(self):
        self._request(self.soon)
        self.assertEqual(self._reach(10000.0).move_ids, self.large)

    def test_amount_that_is_not_reached_says_what_is_missing(self):
        wizard = self._reach(30000.0)
        self.assertFalse(wizard.move_ids)
        self.assertIn("3,440.00", wizard.answer)
        with self.assertRaisesRegex(UserError, "less than you need"):
            wizard.action_use()
        self.assertIn("lend from", self._reach(100.0).answer)
        self.assertIn("no open document", self._reach(100.0, currency_id=self.env.ref("base.CHF").id).answer)
        self.company.scf_collection_bank_account_id = False
        self.assertIn("collection account", self._reach(10000.0).answer)
        with self.assertRaisesRegex(UserError, "how much"):
            self._reach(0.0).action_use()

    def test_only_what_the_user_may_read_is_chosen(self):
        seller = new_test_user(
            self.env,
            "fin_reacher",
            groups="scf_connector.group_scf_requester,sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self._order(20000.0, user_id=self.people["admin"].id)
        mine = self._order(15000.0, user_id=seller.id)
        wizard = (
            self.env["scf.reach"]
            .with_user(seller)
            .create({"amount": 10000.0, "technique": "pre_shipment", "currency_id": self.company.currency_id.id})
        )
        self.assertEqual(wizard.order_ids, mine)

    def test_outsiders_do_not_reach(self):
        with self.assertRaises(AccessError):
            self.env["scf.reach"].with_user(self.people["accountant"]).create({"amount": 1.0})

    def test_sent_application_is_not_rewritten(self):
        application = self._request(self.large)
        with self.assertRaises(UserError):
            self._reach(10000.0, application_id=application.id).action_use()
        self.assertEqual(application._documents(), self.large)
