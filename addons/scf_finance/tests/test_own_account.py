import base64
from datetime import timedelta
from decimal import Decimal

from openscf import camt

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..statements.own_account import payments_of
from .common import FinanceCase
from .statement_files import loan_statement, own_statement

IBAN = "DE89370400440532013000"


@tagged("post_install", "-at_install")
class TestOwnAccount(FinanceCase):
    """The company's own bank statement: taken in from camt files, matched with the clearing account."""

    def given(self):
        super().given()
        self.journal = self.company_data["default_journal_bank"]
        self.journal.bank_account_id = self.company.scf_collection_bank_account_id
        self.loan = self._financed(self._invoice(10000.0))
        self.people["plain"] = new_test_user(
            self.env,
            "fin_plain",
            groups="scf_connector.group_scf_requester",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.payout = self.loan.entry_ids.move_id.line_ids.filtered(
            lambda line: line.account_id == self.company.scf_clearing_account_id
        )

    # --- given and when ---

    def _paid(self, amount, label="", **members):
        """A booked entry of one payment."""
        detail = camt.Transaction(amount=Decimal(amount), remittance=label, **members.pop("detail", {}))
        members = {"servicer_reference": f"REF{amount}", "booked_on": self.today, "code": "X", **members}
        return camt.Entry(amount=Decimal(amount), transactions=(detail,), **members)

    def _import(self, content, role="admin"):
        wizard = self._as(role, self.env["scf.bank.statement.upload"])
        action = wizard.create({"content": base64.b64encode(content), "filename": "camt.xml"}).action_import()
        return self.env["account.bank.statement.line"].search(action["domain"])

    def _statement_of_loan(self):
        """The statement's screen, from a file."""
        entries = self.rhone_bank.loans[self.loan.bank_loan_ref]["entries"]
        content = loan_statement(self.loan, entries, self.today, self.today)
        statement = self.env["scf.statement"]._read_file(content)[0]
        return self.env["scf.statement"]._take(self.loan, statement, content)

    def _clearing(self):
        return self._account_balance(self.company.scf_clearing_account_id)

    # --- import ---

    def test_statement_is_taken_in_exactly_with_partner_and_references(self):
        account = self.env["res.partner.bank"].create({"acc_number": "BE71096123456769", "partner_id": self.buyer.id})
        paid_by = {"counterparty": "Atlas", "counterparty_account": camt.AccountId(iban=account.acc_number)}
        lines = self._import(
            own_statement(
                IBAN,
                [
                    self._paid("1234.56", "INV/1", detail={**paid_by, "creditor_reference": "RF18539007547034"}),
                    self._paid("-0.10", "Charges"),
                    self._paid("5.00", "Announced", status="PDNG"),
                ],
                opening="100.00",
            )
        )
        self.assertEqual(sorted(lines.mapped("amount")), [-0.10, 1234.56])
        line = lines.filtered(lambda line: line.amount > 0)
        self.assertEqual((line.partner_id, line.account_number), (self.buyer, account.sanitized_acc_number))
        self.assertEqual(line.transaction_details["creditor_reference"], "RF18539007547034")
        self.assertIn("INV/1", line.payment_ref)
        statement = lines.statement_id
        self.assertEqual((statement.balance_start, statement.balance_end_real), (100.0, 1334.46))
        self.assertTrue(statement.is_complete)

    def test_same_entries_come_in_once_from_either_kind_of_file(self):
        batch = camt.Entry(
            amount=Decimal("30.00"),
            servicer_reference="BATCH",
            booked_on=self.today,
            code="X",
            transactions=(
                camt.Transaction(amount=Decimal("10.00"), remittance="one"),
                camt.Transaction(amount=Decimal("20.00"), remittance="two"),
            ),
        )
        whole = camt.Entry(amount=Decimal("30.00"), servicer_reference="BATCH", booked_on=self.today, code="X")
        lines = self._import(own_statement(IBAN, [batch], kind="camt.054"))
        self.assertEqual(sorted(lines.mapped("amount")), [10.0, 20.0])
        self.assertFalse(lines.statement_id, "a notification has no balances")
        more = self._import(own_statement(IBAN, [whole, self._paid("7.00", "new")]))
        self.assertEqual(more.mapped("amount"), [7.0])
        with self.assertRaisesRegex(UserError, "Nothing new"):
            self._import(own_statement(IBAN, [whole, self._paid("7.00", "new")], number="S2"))

    def test_numbers_that_start_anew_each_day_hide_no_payment(self):
        def numbered(amount, day):
            return self._paid(amount, servicer_reference="NONREF", reference="1", booked_on=day)

        self._import(own_statement(IBAN, [numbered("5.00", self.today)]))
        later = self._import(own_statement(IBAN, [numbered("5.00", self.today - timedelta(days=1))]))
        self.assertEqual(later.mapped("amount"), [5.0])

    def test_payment_taken_back_under_its_own_reference_is_not_passed_over(self):
        self._import(own_statement(IBAN, [self._paid("30.00", servicer_reference="R1")]))
        again = own_statement(IBAN, [self._paid("-30.00", "returned", servicer_reference="R1")], number="S2")
        self.assertEqual(self._import(again).mapped("amount"), [-30.0])
        with self.assertRaisesRegex(UserError, "Nothing new"):
            self._import(again)

    def test_two_equal_payments_without_reference_both_come_in(self):
        equal = camt.Entry(amount=Decimal("5.00"), booked_on=self.today, code="X")
        self.assertEqual(self._import(own_statement(IBAN, [equal, equal])).mapped("amount"), [5.0, 5.0])

    def test_what_is_no_statement_of_ours_is_refused(self):
        content = own_statement(IBAN, [self._paid("5.00")])
        for changed, sentence in (
            (own_statement("FR1420041010050500013M02606", []), "No bank journal"),
            (own_statement(IBAN, [], currency="EUR"), "kept in USD"),
            (content.replace(b">5.00<", b">6.00<", 1), "does not add up"),
            (b'<?xml version="1.0"?><!DOCTYPE a []>' + content.split(b"?>", 1)[1], "document type"),
            (b"x" * 30_000_000, "MB"),
        ):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(UserError, sentence):
                self._import(changed)
        with self.assertRaises(AccessError):
            self._import(content, role="plain")

    def test_import_reads_as_often_for_many_lines_as_for_few(self):
        def queries(count, number):
            entries = [self._paid(f"{n + 1}.00", f"line {n}", servicer_reference=f"{number}-{n}") for n in range(count)]
            wizard = self.env["scf.bank.statement.upload"]
            [statement] = camt.read(own_statement(IBAN, entries, number=number))
            wizard._known(self.journal, [])
            before = self.env.cr.sql_log_count
            payments = list(payments_of(statement))
            wizard._known(self.journal, payments)
            wizard._partners(self.journal, payments)
            return self.env.cr.sql_log_count - before

        queries(1, "first")
        self.assertEqual(queries(2, "few"), queries(200, "many"))

    # --- matching ---

    def test_payout_on_the_bank_statement_matches_clearing_by_itself(self):
        self.assertNotEqual(self._clearing(), 0)
        amount = self.payout.amount_currency
        [line] = self._import(own_statement(IBAN, [self._paid(f"{amount:.2f}", f"Loan {self.loan.name} payout")]))
        self.env["account.bank.statement.line"].sudo()._cron_match_clearing()
        self.assertTrue(line.is_reconciled)
        self.assertEqual(self._clearing(), 0)
        statement = self._statement_of_loan()
        self.assertFalse(statement.clearing_line_ids)
        self.assertEqual(statement.state, "agreed")

    def test_money_that_names_no_loan_is_proposed_and_matched_by_one_click(self):
        amount = self.payout.amount_currency
        [line] = self._import(own_statement(IBAN, [self._paid(f"{amount:.2f}", "Banque du Rhone")]))
        self.env["account.bank.statement.line"].sudo()._cron_match_clearing()
        self.assertFalse(line.is_reconciled, "the amount alone is no proof")
        statement = self._statement_of_loan()
        waiting = statement.clearing_line_ids
        self.assertEqual((waiting.cause, waiting.bank_line_id), ("one_found", line))
        with self.assertRaises(AccessError):
            self._as("plain", waiting).action_match_bank_line()
        self._as("admin", waiting).action_match_bank_line()
        self.assertTrue(line.is_reconciled)
        self.assertFalse(statement.clearing_line_ids)
        with self.assertRaisesRegex(UserError, "matched meanwhile"):
            self.loan._match_bank_line(line, self.payout.move_id)

    def test_what_stays_on_clearing_says_why(self):
        statement = self._statement_of_loan()
        self.assertEqual((statement.clearing_line_ids.cause, statement.state), ("in_transit", "explained"))
        amount = self.payout.amount_currency
        self._import(own_statement(IBAN, [self._paid(f"{amount - 15:.2f}", f"{self.loan.name} less charges")]))
        statement.action_compare()
        self.assertEqual((statement.clearing_line_ids.cause, statement.state), ("other_amount", "different"))
        twins = [self._paid(f"{amount:.2f}", "x", servicer_reference=f"T{number}") for number in (1, 2)]
        self._import(own_statement(IBAN, twins, number="S2"))
        statement.action_match_clearing()
        self.assertEqual(statement.clearing_line_ids.cause, "several_found")
        self.assertEqual(len(self.loan._find_bank_lines(self.payout.move_id)), 3)

    def test_money_of_another_loan_is_left_to_it(self):
        amount, longer = self.payout.amount_currency, f"{self.loan.name}7"
        for number, label in (("S1", "BDR-999999"), ("S2", longer)):
            paid = self._paid(f"{amount:.2f}", label, servicer_reference=number)
            self._import(own_statement(IBAN, [paid], number=number))
        self.assertFalse(self.loan._match_clearing())
        self.assertEqual(self._statement_of_loan().clearing_line_ids.cause, "in_transit")

    def test_number_is_found_as_banks_spell_it(self):
        amount, spelt = self.payout.amount_currency, self.loan.name.lower().replace("-", " / ")
        [line] = self._import(own_statement(IBAN, [self._paid(f"{amount:.2f}", f"Loan {spelt}, 2026")]))
        self.assertEqual(self.loan._match_clearing(), line)

    def test_one_payment_of_several_loans_is_matched_with_all_of_them_if_it_can_be_nothing_else(self):
        second = self._financed(self._invoice(5000.0))
        both = self.payout.amount_currency + sum(second._clearing_items().mapped("amount_currency"))
        label = f"{self.loan.name} / {second.name}"
        self._import(own_statement(IBAN, [self._paid(f"{both:.2f}", self.loan.name, servicer_reference="R1")]))
        self.assertFalse(self.loan._match_clearing(), "it names one of the two")
        [line] = self._import(
            own_statement(IBAN, [self._paid(f"{both:.2f}", label, servicer_reference="R2")], number="S2")
        )
        self.assertEqual(self.loan._match_clearing(), line)
        self.assertEqual((line.is_reconciled, self._clearing()), (True, 0))
        for loan in self.loan + second:
            self.assertIn("matched with the clearing account", loan.message_ids[0].body)

    def test_sum_that_several_items_may_be_is_left_to_a_person(self):
        for _number in range(3):
            self.rhone_bank.post_repayment(self.loan, "100.00")
        [line] = self._import(own_statement(IBAN, [self._paid("-200.00", self.loan.name)]))
        self.assertFalse(self.loan._match_clearing())
        self.assertFalse(line.is_reconciled)

    def test_money_of_another_currency_is_not_taken_for_it(self):
        self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": self.today,
                "payment_ref": self.loan.name,
                "amount": self.payout.amount_currency / 2,
                "foreign_currency_id": self.setup_other_currency("EUR").id,
                "amount_currency": self.payout.amount_currency,
            }
        )
        self.assertFalse(self.loan._match_clearing())
        self.assertEqual(self._statement_of_loan().clearing_line_ids.cause, "other_amount")
