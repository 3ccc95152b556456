from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .test_loan_late import LateBase


@tagged("post_install", "-at_install")
class TestSubstitution(LateBase):
    """A financed invoice was credited by a quarter: others may take its place."""

    def given(self):
        super().given()
        self.small = self._invoice(1000.0, days=20)
        self._credit(self.invoice, 2500.0)
        self._report(self.loan)
        self.rhone_bank.tell_shortfall(self.loan, "2000.00")

    def _dialog(self, role="requester"):
        requests = self._as(role, self.env["scf.substitution.request"]).with_context(default_loan_id=self.loan.id)
        return Form(requests)

    def _asked(self):
        form = self._dialog()
        form.reason = "A quarter of the goods was sent back."
        form.save().action_send()
        return self.loan.substitution_ids[:1]

    def test_dialog_proposes_what_is_enough_and_says_what_lacks(self):
        form = self._dialog()
        self.assertEqual([line.move_id for line in form.released_line_ids], [self.invoice])
        self.assertEqual(form.missing, 8000.0)
        self.assertEqual((list(form.move_ids), form.carried, form.is_enough), ([self.spare, self.small], 8000.0, True))
        form.move_ids.remove(id=self.small.id)
        self.assertEqual((form.carried, form.is_enough), (7200.0, False))
        self.assertIn("800.00", form.explanation)
        form.reason = "Sent back."
        with self.assertRaisesRegex(UserError, r"carry \$.*7,200\.00, but the principal owed is \$.*8,000\.00"):
            form.save().action_send()
        form.released_line_ids.clear()
        self.assertIn("Choose the documents", form.explanation)

    def test_granted_documents_change_places_and_money_follows_them(self):
        asked = self._asked()
        lines = asked.incoming_line_ids
        self.assertEqual((asked.state, lines.mapped("is_open")), ("requested", [True, True]))
        self.assertEqual(self.loan.application_id.line_ids.move_id, self.invoice)
        self.assertEqual(self.loan.application_id.requested_amount, 8000.0, "what was asked for stays what it was")
        self.assertIn("already being financed", self.spare._scf_assess().stops[0].sentence)
        body = self.rhone_bank.body("substitute")
        self.assertEqual(body["released"], [{"kind": "customer_invoice", "number": self.invoice.name}])
        self.assertEqual(body["package_id"], asked.disclosure_id.package_id.package_ref)
        self.assertTrue(asked.disclosure_id.verification.startswith("Seal, consent"))
        self.assertEqual(len(self.rhone_bank.queued("substitute").document_ids), 1)

        wire = self.rhone_bank.take_substitution()
        self._pay(self.small)
        self.assertFalse(self.loan.collection_ids.filtered(lambda row: row.move_id == self.small))
        self.rhone_bank.decide_substitution(self.loan, wire, "GRANTED")
        self.assertEqual((asked.state, self.loan.application_id.line_ids.move_id), ("granted", self.spare | self.small))
        self.assertEqual(self.loan.collection_ids.filtered(lambda row: row.move_id == self.small).amount, 1000.0)
        self.assertEqual(self.loan.submission_id.disclosure_id, asked.disclosure_id)
        self.assertTrue(self.invoice._scf_assess().is_eligible, "it may be financed again")
        found = self.loan.collection_ids
        self._pay(self.invoice, 500.0)
        self.assertEqual(self.loan.collection_ids, found, "its money is free")
        self.rhone_bank.send_event(self.rhone_bank.told[-1])
        self.assertEqual(self.loan.application_id.line_ids.move_id, self.spare | self.small)

    def test_declined_documents_are_free_and_may_be_asked_for_again(self):
        asked = self._asked()
        self.rhone_bank.decide_substitution(self.loan, self.rhone_bank.take_substitution(), "DECLINED", "Too young.")
        self.assertEqual((asked.state, asked.message), ("declined", "Too young."))
        self.assertEqual(self.loan.application_id.line_ids.move_id, self.invoice)
        self.assertTrue(self.spare._scf_assess().is_eligible)
        self.assertIn("Too young.", " ".join(self.loan.message_ids.mapped("body")))
        lines = asked.incoming_line_ids
        again = self._asked()
        self.assertEqual(again.incoming_line_ids, lines)
        self.rhone_bank.refuse("substitute", detail="The package does not verify.")
        self.assertEqual((again.state, lines.mapped("is_open")), ("declined", [False, False]))

    def test_one_asking_at_a_time_which_lapses_with_the_loan(self):
        asked = self._asked()
        with self.assertRaisesRegex(UserError, "has not yet answered"):
            self._as("requester", self.loan).action_substitute()
        wire = self.rhone_bank.take_substitution()
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.assertEqual((self.loan.state, asked.state), ("closed", "lapsed"))
        self.assertFalse(any(asked.incoming_line_ids.mapped("is_open")))
        self.rhone_bank.decide_substitution(self.loan, wire, "GRANTED")
        self.assertEqual(asked.state, "lapsed", "the loan is over: nothing is held for it")

    def test_document_financed_by_somebody_else_meanwhile_is_not_taken(self):
        form = self._dialog()
        form.reason = "Sent back."
        request = form.save()
        self._request(self.spare, banks=self.hansa)
        with self.assertRaisesRegex(UserError, "can't be financed any more"):
            request.action_send()
        self.assertFalse(self.loan.substitution_ids)

    def test_ended_consent_is_given_again_with_the_words_that_were_read(self):
        consent = self.loan.submission_id.consent_id
        self.assertFalse(self._dialog().consent_words)
        consent.sudo()._revoke()
        form = self._dialog()
        self.assertIn(f"lets {self.rhone.name} read", form.consent_words)
        form.reason = "Sent back."
        form.save().action_send()
        given = self.loan.substitution_ids.disclosure_id.consent_id
        self.assertNotEqual(given, consent)
        self.assertEqual((given.notice, given.granted_by_id), (form.consent_words, self.people["requester"]))
        given.sudo()._revoke()
        self.rhone_bank.refuse("revoke")
        self.rhone_bank.refuse("revoke")
        message = self.rhone_bank.queued("substitute")
        message._deliver()
        self.assertEqual(message.state, "cancelled", "nothing leaves without a consent")
        self.assertEqual(self.loan.substitution_ids.state, "declined")

    def test_other_invoices_are_sold_where_the_bank_has_bought_the_disputed_ones(self):
        loan = self._financed(self.spare, recourse=False)
        self.assertEqual((loan.holdback, loan.book_principal), (1800.0, 7200.0))
        other = self._invoice(9500.0, days=30)
        request = self._as("requester", self.env["scf.substitution.request"]).create(
            {"loan_id": loan.id, "reason": "Disputed."}
        )
        request.write(
            {
                "released_line_ids": [Command.set(loan.application_id.line_ids.ids)],
                "move_ids": [Command.set(other.ids)],
            }
        )
        request.action_send()
        self.rhone_bank.decide_substitution(loan, self.rhone_bank.take_substitution(), "GRANTED")
        self.assertEqual((loan.holdback, loan.book_principal, loan.mismatch), (2300.0, 7200.0, False))
        sold = loan.item_ids.filtered(lambda item: item.account_id == self.company.scf_assigned_account_id)
        self.assertEqual(sum(sold.mapped("balance")), -9500.0)

    def test_wrong_users_and_other_companies_get_nowhere(self):
        asked = self._asked()
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "100.00")
        extension = (
            self.env["scf.loan.extension"]
            .sudo()
            .create({"name": "EXT-1", "loan_id": self.loan.id, "days": 5, "reason": "Late."})
        )
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "late_stranger",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
            groups="scf_connector.group_scf_approver,account.group_account_manager",
        )
        for record in (asked, extension, self.loan.buyer_payment_ids):
            with self.subTest(record._name):
                self.assertFalse(record.with_user(stranger).with_company(other).search([]))
                with self.assertRaises(AccessError):
                    record.with_user(stranger).with_company(other).read(["state"])
                with self.assertRaises(AccessError):
                    self._as("accountant", record).read(["state"])
                for user in ("requester", "approver"):
                    with self.assertRaises(AccessError):
                        self._as(user, record).write({"state": "granted"})
                with self.assertRaises(AccessError):
                    self._as("approver", record).unlink()
        for model, action, values in (
            ("scf.substitution.request", "action_send", {"reason": "Mine."}),
            ("scf.extension.request", "action_ask", {"reason": "Mine.", "days": 9}),
            ("scf.repayment", "action_repay", {"amount": 5.0}),
            ("scf.joint.repayment", "action_repay", {"amount": 5.0, "loan_ids": [Command.set(self.loan.ids)]}),
        ):
            dialogs = self.env[model].with_user(stranger).with_company(other)
            loan = {} if "loan_ids" in values else {"loan_id": self.loan.id}
            with self.subTest(model), self.assertRaises(AccessError):
                getattr(dialogs.create({**loan, **values}), action)()
