import threading
from contextlib import contextmanager
from datetime import date, timedelta

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import Form, tagged
from odoo.tests.common import BaseCase, get_db_name
from odoo.tools import format_date, mute_logger

from .books_case import BooksCase


@tagged("post_install", "-at_install")
class TestLoanClosing(BooksCase):
    """The end of a period: shown first, booked once, taken back the next day, by an accountant of the company alone."""

    def given(self):
        super().given()
        self.loan = self._financed(self.invoice, on=self.start)

    def _dialog(self, day=None, role="bookkeeper"):
        return Form(self._as(role, self.env["scf.period.close"]).with_context(default_date=day or self.period_end))

    # --- booked ---

    def test_dialog_shows_what_it_books_and_the_next_day_takes_it_back(self):
        second = self._financed(self._invoice(5000.0), on=self.start)
        wizard = self._dialog().save()
        shown = sorted((line.account_id.id, line.debit, line.credit) for line in wizard.line_ids)
        self.assertEqual((wizard.loan_count, wizard.why_not), (2, ""))
        for day in (self.period_end, self.period_end + timedelta(days=1)):
            self.assertIn(format_date(self.env, day), wizard.consequence, "both days are named beside the sums")
        closing = self.env["scf.loan.closing"].browse(wizard.action_close()["res_id"])
        move, reversal = closing.move_id, closing.reversal_move_id
        self.assertEqual(shown, sorted((line.account_id.id, line.debit, line.credit) for line in move.line_ids))
        self.assertEqual((move.date, reversal.date), (self.period_end, self.period_end + timedelta(days=1)))
        self.assertEqual((move.state, reversal.state, reversal.reversed_entry_id), ("posted", "posted", move))
        self.assertEqual(closing.line_ids.loan_id, self.loan | second)
        for account in move.line_ids.account_id:
            items = (move | reversal).line_ids.filtered(lambda line, account=account: line.account_id == account)
            self.assertAlmostEqual(sum(items.mapped("balance")), 0, 2)
        accrued = -sum(
            move.line_ids.filtered(lambda line: line.account_id == self.company.scf_accrued_account_id).mapped(
                "balance"
            )
        )
        self.assertAlmostEqual(accrued, sum(closing.line_ids.mapped("balance")), 2)

    def test_closed_twice_is_booked_once(self):
        closing = self._close()
        self.assertEqual(self._close(), closing)
        self.assertTrue(self._dialog().is_closed)
        self.assertEqual(self.env["scf.loan.closing"].search_count([("company_id", "=", self.company.id)]), 1)
        for values in (
            {"name": "Again", "company_id": self.company.id, "date": self.period_end},
            {**self._of_line(closing.line_ids[0])},
        ):
            model = "scf.loan.closing" if "name" in values else "scf.loan.closing.line"
            with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
                self.env[model].sudo().create(values)

    def _of_line(self, line):
        return {name: line[name].id for name in ("closing_id", "company_id", "loan_id")} | {
            "date": line.date,
            "kind": line.kind,
        }

    def test_loan_that_was_repaid_since_counts_in_the_period_in_which_it_ran(self):
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.assertEqual(self.loan.state, "closed")
        [line] = self._close().line_ids
        self.assertEqual((line.loan_id, line.kind, line.amount), (self.loan, "interest", 37.33))
        self.assertFalse(self._close(self.today).line_ids)

    def test_what_is_due_after_a_year_is_shown_as_such_unless_it_was_called(self):
        loan = self._financed(self._invoice(5000.0), on=self.start, tenor_days=700)
        lines = self._close().line_ids.filtered(lambda line: line.kind == "long_term")
        self.assertEqual((lines.loan_id, lines.amount), (loan, 4000.0))
        self.rhone_bank.call(loan)
        self.assertNotIn("long_term", self._close(self.today).line_ids.mapped("kind"))

    def test_what_is_due_after_a_year_keeps_the_rate_at_which_the_loan_is_carried(self):
        """4,000 EUR at 0.50 dollars when they were paid out, and 0.80 at the period's end."""
        euro = self._euro()
        invoice = self._invoice(5000.0, invoice_date=self.start, currency_id=euro.id)
        self._financed(invoice, on=self.start, tenor_days=700)
        for revalued, balance in ((False, 2000.0), (True, 3200.0)):
            self.company.scf_revalues_loans = revalued
            figures = self.env["scf.loan.closing"].sudo()._figures(self.company, self.period_end)
            with self.subTest(revalued=revalued):
                self.assertEqual(
                    [(figure.amount, figure.balance) for figure in figures if figure.kind == "long_term"],
                    [(4000.0, balance)],
                )

    def test_past_end_has_the_due_dates_of_its_day(self):
        """Extended since to more than a year: at the period's end it was due within it."""
        due = self.loan.due_date
        fee = {"amount": "0.00", "currency": self.loan.currency_id.name}
        self.rhone_bank.grant_extension(self.loan, {"extension_id": "EXT/0", "days": 400, "fee": fee})
        self.assertGreater(self.loan.due_date, due + timedelta(days=399))
        self.assertNotIn("long_term", self._close().line_ids.mapped("kind"))
        self.assertIn("long_term", self._close(self.today).line_ids.mapped("kind"))

    def test_period_is_taken_back_with_a_trail_and_closed_again(self):
        closing = self._close()
        with self.assertRaises(AccessError):
            self._as("requester", closing).action_take_back()
        later = self._close(self.today - timedelta(days=1))
        with self.assertRaisesRegex(UserError, "later period"):
            self._as("bookkeeper", closing).action_take_back()
        self._as("bookkeeper", later).action_take_back()
        self._as("bookkeeper", closing).action_take_back()
        self.assertEqual((closing.state, self.company.scf_closed_until), ("taken_back", False))
        self.assertTrue(all(move.state == "posted" for move in closing.move_id | closing.reversal_move_id))
        self.assertEqual(self._carries(), {"loan": -8000.0, "clearing": 7960.0})
        again = self._close()
        self.assertNotEqual(again, closing)
        self.assertEqual(again.line_ids.mapped("balance"), closing.line_ids.mapped("balance"))

    def test_the_database_is_asked_as_often_for_six_loans_as_for_two(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.env["scf.loan.closing"].sudo()._figures(self.company, self.period_end)
            return self.cr.sql_log_count - before

        self._financed(self._invoice(5000.0), on=self.start)
        queries()
        few = queries()
        for index in range(4):
            self._financed(self._invoice(1000.0 + index), on=self.start)
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 20)

    # --- refused ---

    def test_day_to_come_a_day_before_the_last_end_and_a_locked_one_are_refused(self):
        self._close()
        for day, why in (
            (self.today + timedelta(days=1), "still to come"),
            (self.period_end - timedelta(days=3), "has been closed"),
        ):
            with self.subTest(day), self.assertRaisesRegex(UserError, why):
                self._close(day)
        self.company.hard_lock_date = self.today - timedelta(days=2)
        self.assertIn("locked until", self._dialog(self.today - timedelta(days=4)).why_not)
        with self.assertRaisesRegex(UserError, "locked until"):
            self._close(self.today - timedelta(days=4))

    def test_account_that_is_missing_is_named_before_anything_is_booked(self):
        self.company.scf_accrued_account_id = False
        self.assertIn("Accrued Financing Costs", self._dialog().why_not)
        with self.assertRaisesRegex(UserError, "Accrued Financing Costs"):
            self._close()

    def test_nothing_of_it_is_changed_or_deleted(self):
        closing = self._close()
        for move in closing.move_id | closing.reversal_move_id:
            for refused in (move.button_draft, move.button_cancel):
                with self.assertRaisesRegex(UserError, "take the period's end back"):
                    refused()
        with self.assertRaises(UserError):
            closing.sudo().unlink()
        with self.assertRaises(UserError):
            closing.line_ids.sudo().unlink()
        for role in ("bookkeeper", "admin", "approver"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, closing).write({"is_booked": False})
            with self.subTest(role), self.assertRaises(AccessError):
                self._as(role, self.env["scf.loan.closing"]).create(
                    {"name": "x", "company_id": self.company.id, "date": self.today}
                )

    def test_only_an_accountant_of_the_company_closes(self):
        for role in ("requester", "approver", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._close(role=role)
        self.assertTrue(self._close(role="admin"), "an administrator of accounting may")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere = self._bookkeeper("fin_stranger", other)
        stranger = self.env["scf.period.close"].with_user(elsewhere).with_company(other)
        with self.assertRaises(AccessError):
            stranger.create({"company_id": self.company.id, "date": self.today}).action_close()
        self.assertFalse(self.env["scf.loan.closing"].with_user(elsewhere).search([]))
        self.assertFalse(self.env["scf.loan.closing.line"].with_user(elsewhere).search([]))

    def test_what_to_look_at_first_is_said(self):
        self._euro()
        euro = self.env.ref("base.EUR")
        self._financed(self._invoice(5000.0, invoice_date=self.start, currency_id=euro.id), on=self.start)
        self.loan.sudo().mismatch = "They disagree."
        remarks = self._dialog(self.today - timedelta(days=3)).remarks
        self.assertIn(self.loan.name, remarks)
        self.assertIn("The rate of EUR is of", remarks)


@tagged("post_install", "-at_install")
class TestClosingAtTheSameTime(BaseCase):
    """Two real transactions close the same period; what they commit is removed afterwards."""

    DAY = date(2001, 1, 31)

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._remove)
        with self._transaction() as env:
            env["res.company"].browse(1)._scf_create_accounts()

    @contextmanager
    def _transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _remove(self):
        with self._transaction() as env:
            ours = env["scf.loan.closing"].search([("company_id", "=", 1), ("date", "=", self.DAY)])
            ours.message_ids.unlink()
            ours.message_follower_ids.unlink()
            env.cr.execute("DELETE FROM scf_loan_closing WHERE id = ANY(%s)", [ours.ids])
            env.cr.execute("UPDATE res_company SET scf_closed_until = NULL WHERE id = 1")

    def test_period_closed_by_two_at_once_is_booked_once(self):
        gate, closings = threading.Barrier(2), []

        def close():
            with self._transaction() as env:
                env.cr.execute("SELECT 1")  # the transaction's snapshot is taken before the other one commits
                gate.wait(10)
                closings.append(
                    retrying(lambda: env["scf.loan.closing"]._close(env["res.company"].browse(1), self.DAY).id, env)
                )

        threads = [threading.Thread(target=close) for _number in range(2)]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertEqual(len(closings), 2)
        self.assertEqual(len(set(closings)), 1, "the second one finds what the first one booked")
        with self._transaction() as env:
            self.assertEqual(env["res.company"].browse(1).scf_closed_until, self.DAY)
