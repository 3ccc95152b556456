import base64
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from openscf.errors import BankUnreachable

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.scf_connector.adapters.base import SignedFile

from .common import FinanceCase
from .purchase_case import PurchaseCase
from .statement_files import loan_statement


@tagged("post_install", "-at_install")
class TestStatement(FinanceCase):
    """A bank's statement of a loan beside our ledger and our journal."""

    def given(self):
        super().given()
        self.start = self.today - timedelta(days=20)
        self.loan = self._financed(self._invoice(10000.0, invoice_date=self.start), on=self.start)
        self.repaid_on = self.today - timedelta(days=5)
        self.repayment = self.rhone_bank.post_repayment(self.loan, "3000.00", on=self.repaid_on)

    # --- given and when ---

    def _ledger(self):
        return [dict(entry) for entry in self.rhone_bank.loans[self.loan.bank_loan_ref]["entries"]]

    def _fetch(self, entries=None, **options):
        """The bank answers with these entries; gives the statement."""
        content = loan_statement(self.loan, entries or self._ledger(), self.start, self.today, **options)

        class Answer:
            def statement(self, loan_id, start, end):
                return SignedFile(content=content, signature="header..signature")

        with patch.object(type(self.rhone), "_adapter", lambda bank, *args: Answer()):
            return self.loan._fetch_statement(self.start, self.today)

    def _upload(self, content, *, role="requester", loan=None):
        return (
            self._as(role, self.env["scf.statement.request"])
            .create({"loan_id": loan and loan.id, "content": base64.b64encode(content), "filename": "camt.xml"})
            .action_upload()
        )

    def _line(self, statement, reference):
        return statement.line_ids.filtered(lambda line: line.bank_ref == reference)

    def _entry(self, kind):
        return self.loan.entry_ids.filtered(lambda entry: entry.type == kind)

    def _in_sql(self, query, record):
        self.env.flush_all()
        self.env.cr.execute(query, [record.id])
        self.env.invalidate_all()

    # --- agreement ---

    def test_line_by_line_bank_ledger_and_journal_agree(self):
        statement = self._fetch()
        lines = statement.entry_line_ids
        self.assertEqual(lines.mapped("status"), ["agreed"] * 3, lines.mapped("explanation"))
        self.assertEqual(lines.mapped("bank_amount"), lines.mapped("ledger_amount"))
        self.assertEqual(lines.mapped("bank_amount"), lines.mapped("book_amount"))
        self.assertEqual(lines.mapped("bank_principal"), lines.mapped("book_principal"))
        totals = [statement[f"{side}_closing"] for side in ("bank", "ledger", "book")]
        self.assertEqual(totals, [self.loan.book_principal] * 3)
        self.assertEqual((statement.bank_opening, statement.source), (0.0, "bank"))
        self.assertEqual(statement.signature, "header..signature")
        self.assertFalse(statement.difference_line_ids - statement.clearing_line_ids)

    def test_asking_twice_keeps_one_statement_of_the_period_and_its_lines(self):
        first = self._fetch()
        lines = first.line_ids
        self.assertEqual(self._fetch(), first)
        self.assertEqual(first.line_ids, lines)

    def test_back_in_agreement_the_line_says_so(self):
        tampered = self._ledger()
        tampered[0]["amount"] = "8001.00"
        statement = self._fetch(tampered)
        self.assertEqual(statement.state, "different")
        self.assertFalse(self._fetch().entry_line_ids.filtered(lambda line: line.status == "different"))

    # --- disagreement of bank and ledger ---

    def test_amount_date_and_allocation_that_the_bank_changed_are_named_with_both_figures(self):
        reference = self.repayment["id"]
        allocation = self.repayment["allocation"]
        moved = Decimal(allocation["principal"]) - 1, Decimal(allocation["interest"]) + 1
        for cause, change in (
            ("amount", {"amount": "3001.00"}),
            ("value_date", {"value_date": str(self.today)}),
            ("allocation", {"allocation": {**allocation, "principal": str(moved[0]), "interest": str(moved[1])}}),
            ("type", {"type": "write_off"}),
        ):
            with self.subTest(cause=cause):
                entries = [{**entry, **(change if entry["id"] == reference else {})} for entry in self._ledger()]
                line = self._line(self._fetch(entries), reference)
                self.assertEqual((line.cause, line.status), (cause, "different"))
                self.assertIn("Ask the bank", line.explanation)

    def test_entry_that_only_the_bank_has_waits_for_its_event_or_stopped_in_the_inbox(self):
        unknown = {**self.repayment, "id": "ent-unknown"}
        statement = self._fetch([*self._ledger(), unknown])
        line = self._line(statement, "ent-unknown")
        self.assertEqual((line.cause, line.ledger_amount, line.bank_amount), ("not_arrived", 0.0, 3000.0))
        event = self.env["scf.event"].sudo().search([("bank_id", "=", self.rhone.id)], limit=1)
        event.write(
            {
                "state": "failed",
                "error": "No account.",
                "payload": {"type": "x", "data": {"entry": {"id": "ent-unknown"}}},
            }
        )
        statement.action_compare()
        self.assertEqual((line.cause, line.event_id), ("stopped", event))
        self.assertIn("No account.", line.explanation)
        self.assertEqual(self._as("admin", line).action_open_event()["res_id"], event.id)

    def test_entry_that_only_we_have_is_missing_at_the_bank_or_came_later(self):
        statement = self._fetch(self._ledger()[:2])
        line = self._line(statement, self.repayment["id"])
        self.assertEqual((line.cause, line.bank_amount, line.ledger_amount), ("missing_there", 0.0, 3000.0))
        statement.sudo().received_at = self.loan.entry_ids[0].create_date - timedelta(hours=1)
        statement.action_compare()
        self.assertEqual(line.cause, "later")

    def test_earlier_period_that_disagrees_is_said_once(self):
        entries = [{**entry, "value_date": str(self.start - timedelta(days=1))} for entry in self._ledger()[:1]]
        statement = self._fetch([*entries, *self._ledger()[1:]])
        self.assertEqual(self._line(statement, "earlier").cause, "earlier")

    def test_figures_of_the_bank_that_do_not_add_up_are_named(self):
        statement = self._fetch(change=lambda content: content.replace(b">8000.00<", b">8010.00<", 1))
        self.assertEqual(self._line(statement, "sums").status, "different")

    # --- disagreement of the books ---

    def test_journal_entry_that_was_changed_reset_or_unmatched_is_named(self):
        statement = self._fetch()
        move = self._entry("repayment").move_id
        line = self._line(statement, self.repayment["id"])
        debt = self.loan._loan_items() & move.line_ids

        debt.remove_move_reconcile()
        statement.action_compare()
        self.assertEqual(line.cause, "unmatched")
        self._as("admin", line).action_match_again()
        self.assertEqual((line.cause, debt.reconciled), ("agreed", True))

        # Past all protection, as a repair of the database does it.
        self._in_sql("UPDATE account_move_line SET parent_state = 'draft' WHERE move_id = %s", move)
        self._in_sql("UPDATE account_move SET state = 'draft' WHERE id = %s", move)
        statement.action_compare()
        self.assertEqual((line.cause, line.book_amount), ("draft", 0.0))
        self._in_sql("UPDATE account_move_line SET parent_state = 'posted' WHERE move_id = %s", move)
        self._in_sql("UPDATE account_move SET state = 'posted' WHERE id = %s", move)
        self._in_sql("UPDATE account_move_line SET amount_currency = amount_currency - 1 WHERE id = %s", debt)
        statement.action_compare()
        self.assertEqual(line.cause, "changed")
        self.assertNotEqual(line.book_principal, line.ledger_principal)
        self.assertEqual(self._as("admin", line).action_open_move()["res_id"], move.id)

    def test_journal_entry_that_somebody_reversed_is_named(self):
        statement = self._fetch()
        reversal = self._entry("repayment").move_id._reverse_moves([{"date": self.today}], cancel=True)
        statement.action_compare()
        self.assertNotEqual(statement.book_closing, statement.ledger_closing)
        line = self._line(statement, "books")
        self.assertEqual((statement.state, line.cause, line.move_id), ("different", "changed", reversal))
        self.assertIn("instead of", line.explanation)

    def test_locked_period_explains_another_date_of_the_journal(self):
        self.company.fiscalyear_lock_date = self.today - timedelta(days=1)
        entry = self.rhone_bank.post_repayment(self.loan, "100.00", on=self.repaid_on)
        line = self._line(self._fetch(), entry["id"])
        self.assertEqual((line.cause, line.status), ("moved", "explained"))

    # --- other ways of borrowing ---

    def _statuses(self, loan):
        entries = [dict(entry) for entry in self.rhone_bank.loans[loan.bank_loan_ref]["entries"]]
        content = loan_statement(loan, entries, self.start, self.today)
        [source] = self.env["scf.statement"]._read_file(content)
        statement = self.env["scf.statement"]._take(loan, source, content)
        lines = statement.entry_line_ids
        self.assertNotIn("different", lines.mapped("status"), lines.mapped("explanation"))
        self.assertEqual(statement.book_closing, statement.bank_closing)
        return lines.mapped("cause")

    def test_foreign_currency_agrees_and_rounding_is_no_difference(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.9137)])
        loan = self._financed(self._invoice(9999.99, currency_id=euro, invoice_date=self.start), on=self.start)
        for days in range(17, 3, -1):
            self.rhone_bank.post_repayment(loan, f"{100 + days}.{37 + days}", on=self.today - timedelta(days=days))
        self.assertLessEqual(set(self._statuses(loan)), {"agreed", "rounding"})
        self.assertIn("rounding", self._statuses(loan))

    def test_sale_without_recourse_agrees(self):
        loan = self._financed(self._invoice(7000.0, invoice_date=self.start), on=self.start, recourse=False)
        self.rhone_bank.post_repayment(loan, "2000.00", on=self.repaid_on)
        self.assertEqual(set(self._statuses(loan)), {"agreed"})

    # --- what is refused ---

    def test_file_of_another_loan_currency_or_kind_is_refused(self):
        other = self._financed(self._invoice(5000.0))
        content = loan_statement(self.loan, self._ledger(), self.start, self.today)
        for changed, sentence in (
            (content.replace(self.loan.name.encode(), b"XXX-1"), "account XXX-1"),
            (content.replace(b'"USD"', b'"EUR"').replace(b">USD<", b">EUR<"), "in EUR"),
            (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>' + content.split(b"?>", 1)[1], "document type"),
            (b"<Document>" + b" " * 30_000_000, "MB"),
            (b"PDF", "no XML"),
        ):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(UserError, sentence):
                self._upload(changed, loan=self.loan)
        with self.assertRaisesRegex(UserError, "not of loan"):
            self._upload(content, loan=other)

    def test_uploaded_file_finds_its_loan_in_the_chosen_companies_only(self):
        content = loan_statement(self.loan, self._ledger(), self.start, self.today)
        action = self._upload(content)
        statement = self.env["scf.statement"].browse(action["res_id"])
        self.assertEqual((statement.loan_id, statement.source, statement.signature), (self.loan, "file", False))
        stranger = self._stranger()
        with self.assertRaisesRegex(UserError, "no loan"):
            self.env["scf.statement.request"].with_user(stranger).create(
                {"content": base64.b64encode(content)}
            ).action_upload()

    def test_file_takes_no_signed_statements_place(self):
        signed = self._fetch()
        before = signed.sha256
        forged = loan_statement(self.loan, self._ledger()[:1], self.start, self.today)
        with self.assertRaisesRegex(UserError, "signed"):
            self._upload(forged, loan=self.loan)
        self.assertEqual((signed.source, signed.sha256, signed.signature), ("bank", before, "header..signature"))

    def _stranger(self):
        company = self.setup_other_company(name="Another company")["company"]
        return new_test_user(
            self.env,
            "fin_stranger",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def test_over_rpc_only_roles_of_the_company_read_and_nobody_writes(self):
        statement = self._fetch()
        stranger = self._stranger()
        for user, model in ((self.people["accountant"], "accounts only"), (stranger, "another company")):
            with self.subTest(model), self.assertRaises(AccessError):
                statement.with_user(user).read(["sha256"])
            with self.subTest(model), self.assertRaises(AccessError):
                statement.line_ids.with_user(user).read(["cause"])
            with self.subTest(model), self.assertRaises(AccessError):
                statement.with_user(user).action_compare()
            with self.subTest(model), self.assertRaises(AccessError):
                statement.line_ids[0].with_user(user).action_match_again()
        with self.assertRaises(AccessError):
            self.env["scf.statement.request"].with_user(stranger).create({"loan_id": self.loan.id}).read(["date_from"])
        with self.assertRaises(AccessError):
            self.loan.with_user(stranger).action_open_statements()
        for role in ("requester", "admin"):
            with self.assertRaises(AccessError):
                self._as(role, statement).write({"state": "agreed"})
            with self.assertRaises(AccessError):
                self._as(role, statement.line_ids).write({"cause": "agreed"})
        with self.assertRaises(UserError):
            statement.sudo().unlink()

    # --- the job ---

    def test_bank_that_is_down_is_asked_again_and_a_difference_makes_an_activity(self):
        class Down:
            def statement(self, loan_id, start, end):
                raise BankUnreachable("No answer.")

        with (
            patch.object(type(self.rhone), "_adapter", lambda bank, *args: Down()),
            mute_logger("odoo.addons.scf_finance.models.scf_statement_job"),
        ):
            self.loan._fetch_statement_quietly(self.start, self.today, set())
            with self.assertRaisesRegex(UserError, "upload"):
                self.loan._fetch_statement(self.start, self.today)
        self.assertFalse(self.loan.statement_ids)
        content = loan_statement(self.loan, self._ledger()[:2], self.start, self.today)

        class Answer:
            def statement(self, loan_id, start, end):
                return SignedFile(content=content, signature="s")

        with patch.object(type(self.rhone), "_adapter", lambda bank, *args: Answer()):
            self.loan._fetch_statement_quietly(self.start, self.today, set())
        self.assertEqual(self.loan.statement_state, "different")
        self.assertIn("differences", self.loan.activity_ids[:1].note)

    def test_job_asks_for_last_month_of_loans_that_ran_in_it_once(self):
        first = self.today.replace(day=1)
        last_month = (first - relativedelta(months=1), first - timedelta(days=1))
        young = self._financed(self._invoice(5000.0), on=self.today)
        self.loan.sudo().start_date = last_month[0]
        asked = []

        def fetch(loan, start, end, patience=None):
            asked.append((loan, start, end))
            return loan.env["scf.statement"].create(
                {"loan_id": loan.id, "date_from": start, "date_to": end, "source": "bank", "state": "agreed"}
            )

        loans = type(self.loan)
        commit = patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 1)
        with patch.object(loans, "_fetch_statement", fetch), commit:
            (self.loan + young).sudo()._cron_fetch_statements()
            (self.loan + young).sudo()._cron_fetch_statements()
        self.assertEqual([call for call in asked if call[0] in self.loan + young], [(self.loan, *last_month)])

    def test_job_goes_on_where_its_time_ended_and_asks_a_bank_that_is_down_once(self):
        """Two loans at a bank that is down, and two statements that are not settled; one step for each run."""
        first = self.today.replace(day=1)
        last_month = (first - relativedelta(months=1), first - timedelta(days=1))
        second = self._financed(self._invoice(5000.0))
        (self.loan + second).sudo().start_date = last_month[0]
        for loan in self.loan + second:
            loan.env["scf.statement"].sudo().create(
                {
                    "loan_id": loan.id,
                    "date_from": last_month[0] - timedelta(days=9),
                    "date_to": last_month[0] - timedelta(days=1),
                    "source": "bank",
                    "state": "different",
                }
            )
        asked, compared, down = [], [], UserError("Down.")

        def fetch(loan, start, end, patience=None):
            asked.append(loan)
            raise down from BankUnreachable("down")

        def compare(statement):
            compared.append(statement)
            statement.compared_at = fields.Datetime.now()

        out_of_time = patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: time_left[0])
        with (
            patch.object(type(self.loan), "_fetch_statement", fetch),
            patch.object(type(self.env["scf.statement"]), "_compare", compare),
            out_of_time,
        ):
            time_left = [1]
            self.env["scf.loan"].sudo()._fetch_statements_due()
            self.assertEqual([loan for loan in asked if loan.bank_id == self.loan.bank_id], [self.loan])
            time_left = [0]
            for _run in range(3):
                self.env["scf.loan"].sudo()._compare_unsettled()
        self.assertEqual([statement.loan_id for statement in compared], [self.loan, second])

    def test_comparison_takes_the_same_queries_for_any_number_of_lines(self):
        def queries(statement):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            statement._compare()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = queries(self._fetch())
        for days in range(4, 0, -1):
            for _part in range(3):
                self.rhone_bank.post_repayment(self.loan, "10.00", on=self.today - timedelta(days=days))
        statement = self._fetch()
        self.assertEqual(len(statement.entry_line_ids), 15)
        self.assertLessEqual(queries(statement), few + 2)


@tagged("post_install", "-at_install")
class TestStatementOfPurchase(PurchaseCase):
    """The statement of a loan whose money went to a supplier."""

    def test_payout_to_the_supplier_agrees_with_the_bill_that_it_paid(self):
        start = self.today - timedelta(days=30)
        loan = self._financed(self._bill(10000.0), on=start, fee="48.40")
        self.rhone_bank.post_repayment(loan, "4000.00", on=self.today)
        content = loan_statement(loan, self.rhone_bank.loans[loan.bank_loan_ref]["entries"], start, self.today)
        [source] = self.env["scf.statement"]._read_file(content)
        statement = self.env["scf.statement"]._take(loan, source, content)
        self.assertEqual(statement.entry_line_ids.mapped("status"), ["agreed"] * 2)
        self.assertEqual(statement.clearing_line_ids.mapped("book_amount"), [-4000.0], "the supplier's money passed by")
