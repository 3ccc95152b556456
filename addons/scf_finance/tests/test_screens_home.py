import json
from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import FinanceCase, technique
from .pledge_case import PledgeCase


@tagged("post_install", "-at_install")
class TestHome(PledgeCase):
    """The first screen of the app, as each of its readers gets it."""

    def _home(self, role="requester", companies=None):
        home = self._as(role, self.env["scf.home"])
        if companies:
            home = home.with_context(allowed_company_ids=companies.ids)
        answer = home.scf_home()
        json.dumps(answer)  # what goes over the wire
        return answer

    def _matters(self, role="requester"):
        return {row["code"]: row for row in self._home(role)["attention"]}

    # --- what can be drawn ---

    def test_what_can_be_drawn_by_kind_with_its_cost(self):
        self._invoice(10000.0)
        self._invoice(5000.0, days=60)
        self._pay(self._invoice(700.0))
        self._order(2000.0)
        home = self._home()
        invoices, orders = home["draw"]
        self.assertEqual((invoices["kind"], invoices["count"]), ("customer_invoice", 2))
        self.assertIn("12,000.00", invoices["amount"])
        self.assertIn("Banque du Rhône", invoices["detail"])
        self.assertIn("218.00", invoices["detail"])  # 12000 × (7.9 % × 60/360 + 0.5 %)
        self.assertEqual((orders["kind"], orders["count"]), ("sales_order", 1))
        self.assertFalse(home["first_steps"] or home["why_nothing"] or home["companies"])

    def test_one_click_opens_the_dialog_filled_in(self):
        self._invoice(10000.0)
        [row] = self._home()["draw"]
        wizard = self._as("requester", self.env["scf.reach"]).with_context(**row["draw"]["context"]).create({})
        self.assertEqual((wizard.amount, wizard.technique), (8000.0, "receivables_discounting"))
        self.assertEqual(len(wizard.move_ids), 1)

    def test_more_than_one_bank_lends_at_once_is_said(self):
        for _index in range(3):
            self._invoice(120000.0)
        [row] = self._home()["draw"]
        self.assertIn("288,000.00", row["amount"])
        self.assertIn("at most $\xa0250,000.00 in one loan", row["detail"])
        self.assertEqual(row["draw"]["context"]["default_amount"], 250000.0)

    def test_each_currency_stands_by_itself(self):
        self._invoice(10000.0)
        euro = self.env.ref("base.EUR")
        euro.active = True
        self._invoice(3000.0, currency_id=euro.id)
        self.assertEqual({row["currency"]: row["count"] for row in self._home()["draw"]}, {"USD": 1, "EUR": 1})

    def test_documents_cost_no_query(self):
        self._invoice(10000.0)
        self._order(2000.0)
        self._financed(self._invoice(3000.0))
        home = self._as("requester", self.env["scf.home"])

        def queries():
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                home.scf_home()
            return self.cr.sql_log_count - before

        few = queries()
        for index in range(6):
            self._invoice(600.0 + index)
            self._order(600.0 + index)
        self._financed(self._invoice(4000.0))
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 92)

    # --- first steps ---

    def test_empty_company_is_told_the_first_step(self):
        (self.rhone | self.hansa).sudo().active = False
        self.company.scf_collection_bank_account_id = False
        self.company.scf_clearing_account_id = False
        home = self._home("admin")
        self.assertEqual([step["code"] for step in home["first_steps"]], ["bank", "accounts", "collection"])
        self.assertEqual(home["first_steps"][0]["action"]["res_model"], "scf.bank")
        self.assertFalse(home["draw"] or home["banks"] or home["loans"] or home["weeks"])
        self.assertTrue(home["why_nothing"])
        self.assertEqual([step["action"] for step in self._home()["first_steps"]], [None] * 3)

    def test_a_tax_id_that_says_nothing_is_missing(self):
        self._invoice(10000.0)
        self.company.partner_id.vat = "/"
        home = self._home()
        self.assertEqual([step["code"] for step in home["first_steps"]], ["tax_id"])
        self.assertFalse(home["draw"])

    def test_nothing_open_is_said(self):
        home = self._home()
        self.assertEqual((home["draw"], home["first_steps"]), ([], []))
        self.assertIn("Financing strip", home["why_nothing"])
        self.assertEqual(home["attention"], [])

    def test_amount_below_the_banks_smallest_loan_is_explained(self):
        self._invoice(100.0)
        self.assertIn("too small", self._home()["why_nothing"])

    # --- what is due, and what waits ---

    def test_due_and_running_loans(self):
        self._financed(self._invoice(10000.0), on=self.today - timedelta(days=20))
        loan = self._financed(self._invoice(5000.0, days=45), on=self.today - timedelta(days=50))
        loan.sudo()._check_due()
        home = self._home()
        due = {row["code"]: row for row in home["due"]}
        self.assertEqual((due["overdue"]["count"], due["week"]["count"], due["month"]["count"]), (1, 0, 1))
        self.assertEqual(self.env["scf.loan"].search(due["overdue"]["action"]["domain"]), loan)
        self.assertEqual([row["is_overdue"] for row in home["loans"]], [True, False])
        [chart] = home["weeks"]
        self.assertEqual(len(chart["weeks"]), 8)
        self.assertTrue(chart["weeks"][0]["overdue"])
        self.assertEqual(max(week["percent"] for week in chart["weeks"]), 100.0)
        [buckets] = home["buckets"]
        late = {row["code"]: row["count"] for row in buckets["rows"]}
        self.assertEqual(late, {"current": 1, "late_30": 1, "late_60": 0, "late_90": 0, "late_more": 0})
        [row] = [row for row in buckets["rows"] if row["code"] == "late_30"]
        self.assertEqual(self.env["scf.loan"].search(row["action"]["domain"]), loan)

    def test_what_will_not_be_covered_is_told_before_it_is_due(self):
        loan = self._financed(self._invoice(10000.0, days=60), on=self.today - timedelta(days=40))
        self._financed(self._invoice(5000.0, days=20))
        loan.sudo()._cron_overdue()
        home = self._home()
        [warning] = home["warnings"]
        self.assertEqual(warning["id"], loan.id)
        self.assertIn("is missing", warning["sentences"][0])
        self.assertEqual({row["code"]: row["count"] for row in home["payoffs"]}, {"in_time": 1, "late": 1})
        self.assertFalse(home["buckets"], "nothing is past due")
        self.assertEqual(self._matters()["near_breach"]["count"], 1)

    def test_what_needs_a_person(self):
        question = self._request(self._invoice(2000.0)).submission_ids
        self.rhone_bank.receive(question)
        self.rhone_bank.decide(question, "ACTION_REQUIRED", message="Who is Ann?")
        self._offered(self._invoice(3000.0))
        loan = self._financed(self._invoice(4000.0))
        loan.sudo().write({"mismatch": "A figure differs.", "margin_call": 10.0})
        matters = self._matters()
        self.assertEqual(list(matters), ["margin", "mismatch", "offers", "questions"])
        self.assertEqual(matters["questions"]["count"], 1)
        found = self._as("requester", self.env["scf.submission"]).search(matters["questions"]["action"]["domain"])
        self.assertEqual(found, question)

    def test_dead_letters_are_an_administrators_matter(self):
        message = self._request(self._invoice(2000.0)).submission_ids
        self.env["scf.message"].sudo().search([("res_id", "=", message.id)]).state = "dead"
        self.assertNotIn("dead", self._matters())
        self.assertEqual(self._matters("admin")["dead"]["count"], 1)

    def test_banks_and_their_last_words(self):
        loan = self._financed(self._invoice(10000.0))
        home = self._home()
        rhone = next(bank for bank in home["banks"] if bank["id"] == self.rhone.id)
        self.assertEqual(rhone["owed"][0]["count"], 1)
        self.assertIn("8,000.00", rhone["owed"][0]["amount"])
        self.assertIn("250,000.00", rhone["lends"][0]["largest"])
        self.assertFalse(next(bank for bank in home["banks"] if bank["id"] == self.hansa.id)["owed"])
        self.assertIn("has paid out", home["news"][0]["sentence"])
        self.assertEqual(home["news"][0]["action"]["res_id"], loan.application_id.id)

    # --- who may know what ---

    def test_without_the_role_nothing_is_told(self):
        self._invoice(10000.0)
        self.assertEqual(self._home("accountant"), {"visible": False})

    def test_own_documents_and_own_company_only(self):
        seller = self._salesperson()
        self._invoice(10000.0)
        self._order(2000.0, user_id=self.people["admin"].id)
        self._order(1000.0, user_id=seller.id)
        [row] = self.env["scf.home"].with_user(seller).scf_home()["draw"]
        self.assertEqual((row["kind"], row["count"]), ("sales_order", 1))
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self._financed(self._invoice(4000.0))
        home = self.env["scf.home"].with_user(stranger).with_company(other).scf_home()
        self.assertFalse(home["draw"] or home["loans"] or home["banks"] or home["news"] or home["attention"])

    def test_two_companies_are_told_apart(self):
        other = self.setup_other_company()["company"]
        user = self.people["requester"]
        user.company_ids += other
        self._invoice(10000.0)
        home = self._home(companies=self.company | other)
        self.assertEqual(home["companies"], [self.company.name, other.name])
        self.assertTrue(all(other.name in step["sentence"] for step in home["first_steps"]))
        self.assertEqual([row["company"] for row in home["draw"]], [self.company.name])


@tagged("post_install", "-at_install")
class TestPurchasesOnHome(FinanceCase):
    def test_kinds_that_no_bank_finances_are_not_there(self):
        (self.rhone | self.hansa).sudo().write({"profile": {"techniques": [technique("pre_shipment")]}})
        self._invoice(10000.0)
        self._order(2000.0)
        home = self._as("requester", self.env["scf.home"]).scf_home()
        self.assertEqual([row["kind"] for row in home["draw"]], ["sales_order"])
