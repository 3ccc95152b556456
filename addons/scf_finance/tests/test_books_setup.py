from dataclasses import replace
from datetime import date
from decimal import Decimal

from openscf.loan import Balance

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, tagged

from ..books.accounts import PURPOSES
from ..books.period_end import Due, Fee, earned_fee, period_end
from ..home.first_steps import read_first_steps
from .common import FinanceCase

ACCOUNTS = [purpose.field for purpose in PURPOSES]


@tagged("post_install", "-at_install")
class TestBooksSetup(FinanceCase):
    """The assistant that proposes journal and accounts for the company's chart."""

    def given(self):
        super().given()
        for purpose in PURPOSES:
            self.company[purpose.field].name = "Of former days"
        self.company.write(dict.fromkeys([*ACCOUNTS, "scf_journal_id"], False))
        expense = self.company_data["default_account_expense"]
        self.interest = expense.copy({"code": "621100", "name": "Interest on short-term debt"})
        expense.copy({"code": "621200", "name": "Interest expense"})
        self.charges = expense.copy({"code": "622500", "name": "Bank fee"})
        self.debt = self.company_data["default_account_expense"].copy(
            {"code": "171000", "name": "Liabilities to banks", "account_type": "liability_current"}
        )

    def _assistant(self, role="admin"):
        return Form(self._as(role, self.env["scf.books.setup"]))

    def test_costs_go_where_the_chart_has_them_and_the_rest_gets_codes_beside_its_like(self):
        setup = self._assistant().save()
        proposed = {line.field_name: line for line in setup.line_ids}
        self.assertEqual(proposed["scf_interest_account_id"].account_id, self.interest)
        self.assertEqual(proposed["scf_fee_account_id"].account_id, self.charges)
        self.assertEqual(
            (proposed["scf_loan_account_id"].account_id.id, proposed["scf_loan_account_id"].code), (False, "171001")
        )
        codes = [line.code for line in setup.line_ids if line.code]
        self.assertEqual((len(codes), setup.created_count), (len(set(codes)), len(codes)))
        self.assertFalse(self.company.scf_loan_account_id, "nothing is created before it is applied")

    def test_another_companys_journal_or_account_is_refused_over_rpc(self):
        setup = self._assistant().save()
        other = self.setup_other_company()
        with self.assertRaises(UserError):
            setup.journal_id = other["default_journal_misc"]
        with self.assertRaises(UserError):
            setup.line_ids[0].account_id = other["default_account_expense"]

    def test_applied_it_is_complete_and_a_second_run_keeps_all(self):
        setup = self._assistant().save()
        mine = self.company_data["default_account_expense"].copy({"code": "629900", "name": "Fees of ours"})
        setup.line_ids.filtered(lambda line: line.field_name == "scf_fee_account_id").account_id = mine
        setup.fee_recognition = "spread"
        setup.action_apply()
        self.assertEqual(self.company._scf_lacks(), [])
        self.assertEqual((self.company.scf_fee_account_id, self.company.scf_fee_recognition), (mine, "spread"))
        loan = self.company.scf_loan_account_id
        self.assertEqual((loan.with_company(self.company).code, loan.reconcile), ("171001", True))
        before = self.company.read([*ACCOUNTS, "scf_journal_id"])
        again = self._assistant().save()
        self.assertEqual((again.created_count, set(again.line_ids.mapped("is_kept"))), (0, {True}))
        again.action_apply()
        self.assertEqual(self.company.read([*ACCOUNTS, "scf_journal_id"]), before)
        self.company.scf_loan_account_id = False
        found = self._assistant().save().line_ids.filtered(lambda line: line.field_name == "scf_loan_account_id")
        self.assertEqual((found.account_id, found.is_kept), (loan, False), "what an earlier run created is proposed")

    def test_account_that_is_taken_out_gets_a_new_code_and_can_not_be_left_empty(self):
        with self._assistant() as form, form.line_ids.edit(2) as line:
            line.account_id = self.env["account.account"]
            self.assertTrue(line.code and line.name)
        setup = form.save()
        setup.line_ids[0].write({"account_id": False, "code": False})
        with self.assertRaisesRegex(UserError, "give the new one a code"):
            setup.action_apply()

    def test_only_an_administrator_of_accounting_sets_up_books_and_home_leads_him_there(self):
        for role in ("requester", "approver", "accountant"):
            with self.subTest(role), self.assertRaises(AccessError):
                self._assistant(role)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        setup = self._as("admin", self.env["scf.books.setup"]).create({"fee_recognition": "expensed"})
        with self.assertRaises(AccessError):
            setup.sudo().company_id = other
            setup.action_apply()
        for role, model in (("admin", "scf.books.setup"), ("requester", None)):
            env = self._as(role, self.env["res.company"]).with_context(allowed_company_ids=self.company.ids).env
            [step] = [step for step in read_first_steps(env) if step["code"] == "accounts"]
            self.assertEqual((step["action"] or {}).get("res_model"), model)


@tagged("post_install", "-at_install")
class TestPurposes(TransactionCase):
    """Which account of a chart says best what an account of loans is for."""

    CHART = (
        (1, ("Zinsaufwendungen an verbundene Unternehmen", "Interest expenses to affiliated companies")),
        (2, ("Zinsaufwendungen für kurzfristige Verbindlichkeiten", "Interest expenses on short-term debt")),
        (3, ("Zinsaufwendungen für kurzfristige Verbindlichkeiten an verbundene Unternehmen", "Interest, affiliates")),
        (4, ("Nebenkosten des Geldverkehrs", "Incidental monetary transaction costs")),
        (5, ("Verbindlichkeiten gegenüber Kreditinstituten", "Liabilities to banks")),
        (6, ("Verbindlichkeiten gegenüber Kreditinstituten - Restlaufzeit bis 1 Jahr", "Liabilities to banks")),
    )

    def test_the_best_pattern_counts_before_the_shortest_name(self):
        best = {purpose.field: purpose.best(self.CHART) for purpose in PURPOSES}
        self.assertEqual(best["scf_interest_account_id"], 2)
        self.assertEqual(best["scf_fee_account_id"], 4)
        self.assertEqual(best["scf_loan_account_id"], 6)
        self.assertIsNone(best["scf_holdback_account_id"])


@tagged("post_install", "-at_install")
class TestPeriodEndSums(TransactionCase):
    """What a period's end makes of one loan, as plain sums."""

    START = date(2026, 1, 1)

    def _balance(self, **sums):
        values = {"principal": "1000", "interest": "0", "fee": "0", "penalty": "0", "total": "0", **sums}
        amounts = {name: Decimal(value) for name, value in values.items()}
        return Balance(as_of=date(2026, 1, 31), currency="EUR", **amounts)

    def _sums(self, balance, fee="0", paid="0", due=((date(2026, 4, 11), "1000"),), **more):
        schedule = [Due(on, Decimal(principal)) for on, principal in due]
        return period_end(balance, Fee(Decimal(fee), Decimal(paid), self.START), schedule, **more)

    def test_fee_of_one_sum_is_a_straight_line_and_ends_at_all_of_it(self):
        due = [Due(date(2026, 4, 11), Decimal(1000))]
        for day, earned in (
            (self.START, "0"),
            (date(2026, 1, 31), "3.00"),
            (date(2026, 4, 11), "10"),
            (date(2027, 1, 1), "10"),
        ):
            self.assertEqual(earned_fee(Decimal(10), self.START, due, day, "EUR"), Decimal(earned))

    def test_fee_of_instalments_is_earned_faster_while_more_is_owed(self):
        due = [Due(date(2026, 1, 11), Decimal(500)), Due(date(2026, 1, 21), Decimal(500))]
        # 1,000 for ten days and 500 for ten days: two thirds after the first ten.
        self.assertEqual(earned_fee(Decimal(9), self.START, due, date(2026, 1, 11), "EUR"), Decimal("6.00"))

    def test_fee_paid_is_released_and_one_owed_is_accrued_each_by_its_days(self):
        paid = self._sums(self._balance(), fee="10", paid="10")
        self.assertEqual((paid.fee, paid.deferred_fee), (Decimal(0), Decimal("3.00")))
        owed = self._sums(self._balance(fee="10"), fee="10")
        self.assertEqual((owed.fee, owed.deferred_fee), (Decimal("3.00"), Decimal(0)))
        both = self._sums(self._balance(fee="33"), fee="10", paid="2")
        self.assertEqual((both.fee, both.deferred_fee), (Decimal("26.00"), Decimal(2)), "25 of it were charged")

    def test_periodic_fee_is_earned_by_days_between_its_due_dates(self):
        due = [Due(date(2026, month, 1), Decimal(0)) for month in (2, 3)] + [Due(date(2026, 4, 1), Decimal(1000))]
        for day, earned in ((date(2026, 1, 31), "30.00"), (date(2026, 2, 1), "0.00"), (date(2026, 2, 15), "15.50")):
            balance = replace(self._balance(), as_of=day)
            with self.subTest(day):
                fee = Fee(Decimal(0), Decimal(0), self.START, periodic=Decimal(31))
                self.assertEqual(period_end(balance, fee, due).fee, Decimal(earned))
        over = replace(self._balance(fee="31"), as_of=date(2026, 4, 1))
        fee = Fee(Decimal(0), Decimal(0), self.START, periodic=Decimal(31))
        self.assertEqual(period_end(over, fee, due).fee, Decimal(31), "what is owed counts once")

    def test_what_is_due_in_just_a_year_is_due_within_it(self):
        due = ((date(2027, 1, 31), "300"), (date(2027, 2, 1), "700"))
        self.assertEqual(self._sums(self._balance(), due=due).long_term, Decimal(700))
        self.assertEqual(self._sums(self._balance(principal="500"), due=due).long_term, Decimal(500))
        self.assertEqual(self._sums(self._balance(), due=due, is_called=True).long_term, Decimal(0))
