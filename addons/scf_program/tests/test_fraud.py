from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .portal_case import PortalCase


@tagged("post_install", "-at_install")
class TestFraud(PortalCase):
    """Money goes where somebody of the anchor stands by it, and e-mails go where they are wanted."""

    def test_account_in_the_books_that_nobody_trusts_is_checked_like_a_new_one(self):
        self._know_account(self.steel, "DE89370400440532013000").allow_out_payment = False
        joining = self._all_given()
        self.assertEqual(joining.account_state, "known")
        self._send_facts(iban="DE89370400440532013000")
        self.assertEqual(joining.account_state, "to_check")

    def test_account_is_confirmed_that_was_seen(self):
        joining = self._all_given()
        self._send_facts(iban="DE89370400440532013000")
        seen = self._seen(joining)
        self._send_facts(iban="NL91ABNA0417164300")
        for stale in (seen, self._as("approver", joining)):
            with self.assertRaisesRegex(UserError, "changed its account"):
                stale.action_confirm_account()
        self.assertEqual(joining.account_state, "to_check")
        self._seen(joining).action_confirm_account()
        self.assertEqual(joining.account_state, "confirmed")

    def test_reminding_waits_and_asking_ever_new_people_ends(self):
        joining = self._all_given()
        asked = {"name_1": "Bo", "role_1": "Director", "email_1": "bo@steelworks.example"}
        with self.mock_mail_gateway():
            self._sign(**asked)
            waiting = joining._signatures().filtered(lambda item: item.state == "waiting")
            again = {"signature": waiting.id}
            answer = self._post(self._path("terms/remind"), again, of=self._path("terms"))
            self.assertEqual(answer.status_code, 422, "an e-mail went out a moment ago")
            signatures = self.env["scf.program.signature"]
            joining._forget_signatures()
            signatures._ask(
                joining, [{"name": "X", "role": "Y", "email": f"x{number}@else.example"} for number in range(19)]
            )
            joining._forget_signatures()
            self.assertEqual(self._sign(**asked).status_code, 422)
        self.assertFalse(joining._signatures())

    def test_signature_names_the_address_that_its_person_signs_in_with(self):
        joining = self._all_given()
        self.ada.login = "ada@steelworks.example"
        self.ada.partner_id.email = "director@else.example"
        self.authenticate("ada@steelworks.example", "ada")
        self._sign()
        self.assertEqual(joining._signatures().email, "ada@steelworks.example")

    def test_no_bank_slips_past_the_second_person(self):
        lines = self.env["scf.program.bank"]
        program = self._program(banks=self.rhone)
        self._as("requester", program).action_request_approval()
        for role in ("requester", "approver"):
            for step in (
                lambda role=role: self._as(role, lines).create({"program_id": program.id, "bank_id": self.hansa.id}),
                lambda role=role: self._as(role, program.bank_ids).write({"bank_id": self.hansa.id}),
                lambda role=role: self._as(role, program.bank_ids).unlink(),
            ):
                with self.subTest(role):
                    # What raises after a row was made has to be undone, which `assertRaisesRegex` does not.
                    with self.assertRaises(UserError) as refused:
                        step()
                    self.assertIn("waits for approval", str(refused.exception))
        added = self._as("requester", lines).create({"program_id": self.program.id, "bank_id": self._third_bank().id})
        with self.assertRaisesRegex(UserError, "Remove the line"):
            self._as("approver", added).write({"bank_id": self.hansa.id})

    def _third_bank(self):
        return self.rhone.sudo().copy({"name": "Third", "base_url": "https://third.example"})

    def test_who_posted_a_bill_is_written_by_nobody(self):
        bill = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": self.steel.id})
        for role in ("accountant", "approver", "admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, bill).write({"scf_posted_by_id": self.env.ref("base.user_root").id})
