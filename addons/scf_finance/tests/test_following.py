import json
from datetime import date, timedelta
from decimal import Decimal

from openscf.loan import Disbursement, LoanTerms, Repayment

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user, tagged

from ..outlook.coverage import outlook
from ..outlook.expected import LEAST_DELAY_DAYS, Expected, Financed, read_expected
from ..outlook.habits import Habits
from ..outlook.picture import Course, Frame, lines
from ..outlook.standing import Due, bucket_of, standing
from .common import FinanceCase

DAY = date(2026, 3, 1)


class FollowingCase(FinanceCase):
    """A buyer who pays 12 days late, and a loan on an invoice of his that is due long after the loan."""

    def given(self):
        super().given()
        self.start = self.today - timedelta(days=40)
        paid = self._invoice(5000.0, invoice_date=self.today - timedelta(days=100), days=30)
        self._pay(paid, payment_date=self.today - timedelta(days=58))
        self.invoice = self._invoice(10000.0, invoice_date=self.start, days=85)
        self.rhone_bank.today = self.start
        self.loan = self._financed(self.invoice, on=self.start)
        self.rhone_bank.today = self.today

    def _daily(self):
        self.rhone_bank.env["scf.loan"]._cron_overdue()

    def _warnings(self, loan):
        return loan.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref("scf_finance.activity_loan_warning")
        )


@tagged("post_install", "-at_install")
class TestFollowing(FollowingCase):
    def test_where_a_loan_stands_and_what_its_buyer_may_be_expected_to_bring(self):
        loan = self.loan
        self.assertEqual((loan.next_due_date, loan.next_due_amount), (self.today + timedelta(days=5), 8084.0))
        self.assertEqual((loan.days_past_due, loan.bucket, loan.past_due_amount), (0, "current", 0.0))
        self.assertEqual((loan.outlook, loan.outlook_date), ("short", loan.next_due_date))
        self.assertEqual((loan.outlook_needed, loan.outlook_expected, loan.outlook_missing), (8084.0, 0.0, 8084.0))
        self.assertEqual(loan.coverage_percent, 0.0)
        self.assertEqual(
            loan.expected_payoff_date, self.invoice.invoice_date_due + timedelta(days=12), "he pays 12 days late"
        )
        self.assertEqual(loan.due_ids.mapped("amount"), [8084.0])

    def test_warning_comes_before_the_breach_once_and_goes_when_it_is_cured(self):
        loan = self.loan
        self.assertFalse(self._warnings(loan), "the daily job warns")
        for _run in range(2):
            self._daily()
        [activity] = self._warnings(loan)
        self.assertEqual((activity.user_id, activity.date_deadline), (self.people["requester"], loan.next_due_date))
        self.assertIn("8,084.00", activity.note)
        self.assertIn("Remind the buyers", activity.note)
        self.assertTrue(loan.near_breach)
        said = loan.message_ids.filtered(lambda message: "is missing" in message.body)
        self.assertEqual(len(said), 1)

        payment = self._pay(self.invoice, 3000.0)
        self._daily()
        self.assertIn("5,084.00", self._warnings(loan).note, "what was collected is on its way")
        self._pay(self.invoice, 7000.0)
        self._daily()
        self.assertFalse(self._warnings(loan) or loan.near_breach)
        self.assertEqual((loan.outlook, loan.expected_payoff_date), ("good", self.today))
        self.assertTrue(loan.message_ids.filtered(lambda message: "covered again" in message.body))
        payment.action_draft()
        self._daily()
        self.assertEqual(len(self._warnings(loan)), 1)

    def test_no_warning_long_before(self):
        self.company.scf_warning_days = 4
        self._daily()
        self.assertEqual((self.loan.outlook, self.loan.near_breach), ("short", False))
        self.assertFalse(self.loan.activity_ids)

    def test_news_of_the_bank_ends_a_warning_and_brings_none(self):
        self._daily()
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        loan = self.loan
        self.assertEqual((loan.state, loan.near_breach, loan.bucket, loan.outlook), ("closed", False, False, False))
        self.assertFalse(loan.activity_ids or loan.due_ids)

    def test_past_due_falls_into_buckets_and_ends_the_warning_before_it(self):
        self._daily()
        loan = self.loan
        for days, bucket in ((6, "late_30"), (36, "late_60"), (66, "late_90"), (96, "late_more")):
            stands = loan._standing(self.today + timedelta(days=days))
            self.assertEqual((stands.days_past_due, stands.bucket), (days - 5, bucket))
        self.rhone_bank.today = self.start
        late = self._financed(self._invoice(6000.0, days=90), on=self.start, tenor_days=30)
        self._daily()
        self.assertEqual((late.state, late.days_past_due, late.bucket), ("overdue", 10, "late_30"))
        self.assertGreater(late.past_due_amount, 4800.0)
        self.assertFalse(self._warnings(late))

    def test_instalments_are_covered_one_by_one(self):
        invoice = self._invoice(9000.0, days=40)
        self.rhone_bank.today = self.today
        loan = self._financed(
            invoice, tenor_days=75, instalments=3, request={"repayment": "instalment"}, requested=6000.0
        )
        days = [date.fromisoformat(row["due_date"]) for row in loan.schedule]
        self.assertEqual([due.due_date for due in loan.due_ids], days)
        self.assertAlmostEqual(
            sum(loan.due_ids.mapped("amount")), 6000.0 + 6000 * 0.084 * 75 / 360, 2, "as if nothing is paid before"
        )
        self.assertEqual((loan.outlook, loan.outlook_date), ("short", days[0]), "the buyer pays after 52 days")
        self.assertLess(loan.next_due_amount, 2200.0)
        self.assertEqual(loan.expected_payoff_date, self.today + timedelta(days=52))

    def test_coverage_below_what_is_wanted_is_thin(self):
        loan = self._financed(self._invoice(10000.0, days=20), tenor_days=40)
        self.assertEqual(loan.outlook, "good")
        self.company.scf_coverage_percent = 150
        loan._follow()
        self.assertEqual((loan.outlook, loan.outlook_date), ("thin", loan.due_date))
        self.assertAlmostEqual(loan.coverage_percent, 123.8, 1)

    def test_order_expects_what_is_invoiced_and_what_will_be(self):
        order = self._order(10000.0)
        loan = self._financed(order, tenor_days=90)
        on = self.today + timedelta(days=30 + 12)
        self.assertEqual(loan.expected_payoff_date, on, "30 days after delivery, and 12 late")
        order.order_line.qty_delivered = 1
        invoice = order._create_invoices()
        invoice.action_post()
        self._pay(invoice, 4000.0)
        loan._follow()
        rows = [Expected.from_json(row) for row in loan.prospects["rows"]]
        self.assertEqual([(row.amount, row.on) for row in rows], [(Decimal(6000), on)])
        self.assertEqual(loan.outlook_expected, 10000.0)

    def test_line_expects_what_all_customers_owe_and_no_other_loan_is_repaid_by(self):
        self._invoice(1500.0, days=30)
        self._invoice(500.0, days=30, partner_id=self.partner_b)
        line = Financed(-1, -1, self.company.id, "USD", is_line=True)
        habits = Habits({self.buyer.id: 12}, usual=3)
        found = read_expected(self.env, [line], lambda _loan: habits, self.today)[-1]
        self.assertEqual(
            [(item.amount, (item.on - self.today).days) for item in found.expected],
            [(Decimal(500), 33), (Decimal(1500), 42)],
        )

    def test_sums_in_another_currency_are_expected_in_the_loans(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"name": self.today, "currency_id": euro.id, "company_id": self.company.id, "rate": 0.5}
        )
        loan = self._financed(self._invoice(10000.0, days=20, currency_id=euro.id), tenor_days=40)
        self.assertEqual(loan.currency_id, euro)
        self.assertEqual(loan.outlook_expected, 10000.0)

    def test_number_of_queries_does_not_depend_on_the_loans(self):
        self.company.scf_warning_days = 0

        def queries():
            self._daily()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._daily()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        few = queries()
        for number in range(4):
            self._financed(self._invoice(6000.0 + number, days=30), tenor_days=60)
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 45)

    # --- the picture ---

    def test_picture_of_a_loan(self):
        self._pay(self.invoice, 4000.0)
        self._report(self.loan)
        picture = self._as("requester", self.loan).picture
        json.dumps(picture)
        self.assertEqual(picture["lines"]["due"][-1][0], 100.0)
        self.assertEqual(picture["lines"]["real"][-1][0], picture["today"]["at"])
        self.assertEqual(picture["lines"]["expected"][0], picture["lines"]["real"][-1])
        self.assertIn("4,000.00 came in so far", picture["summary"].replace("$\xa0", ""))
        [today] = [row for row in picture["rows"] if row["is_today"]]
        self.assertIn("4,000.00", today["real"])
        granted = self._granted(self._invoice(7000.0))
        self.assertFalse(granted.picture)

    # --- who may know what ---

    def test_reminder_opens_the_open_invoices(self):
        action = self._as("accountant", self.loan.sudo().with_user(self.people["requester"])).action_open_debtors
        self.assertRaises(AccessError, action)
        action = self._as("requester", self.loan).action_open_debtors()
        self.assertEqual((action["res_model"], action["res_id"]), ("account.move", self.invoice.id))

    def test_what_falls_due_is_the_companys_own_and_nobody_writes_it(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        due = self.loan.due_ids
        self.assertFalse(due.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            due.with_user(stranger).read(["amount"])
        with self.assertRaises(AccessError):
            self._as("admin", due).write({"amount": 1.0})
        with self.assertRaises(AccessError):
            self._as("accountant", self.env["scf.loan.due"]).search([])
        self.assertEqual(self._as("requester", self.env["scf.loan.due"]).search([]), due)


class TestOutlook(BaseCase):
    """The arithmetic of it, without records."""

    TERMS = LoanTerms(principal=Decimal(1000), currency="EUR", rate_pa=Decimal(36), day_count="ACT/360", tenor_days=30)
    PAYOUT = Disbursement(id="out", on=DAY, amount=Decimal(1000))

    def _stands(self, day, *events, terms=TERMS):
        return standing(terms, [self.PAYOUT, *events], [DAY + timedelta(days=30)], day)

    def _outlook(self, stands, *expected, on_its_way=0, terms=TERMS):
        items = [Expected(day, day, day, Decimal(amount)) for day, amount in expected]
        return outlook(terms, [self.PAYOUT], stands, items, on_its_way=Decimal(on_its_way), wanted_percent=Decimal(110))

    def test_buckets_end_where_accountants_end_them(self):
        days = (0, 1, 30, 31, 60, 61, 90, 91)
        self.assertEqual(
            [bucket_of(number) for number in days],
            ["current", *["late_30"] * 2, *["late_60"] * 2, *["late_90"] * 2, "late_more"],
        )

    def test_sum_within_the_days_of_grace_is_due_and_not_past_due(self):
        terms = LoanTerms(principal=Decimal(1000), currency="EUR", rate_pa=Decimal(36), tenor_days=30, grace_days=5)
        stands = self._stands(DAY + timedelta(days=33), terms=terms)
        self.assertEqual((stands.past_due, stands.days_past_due), (0, 0))
        self.assertEqual(stands.dues[0].on, DAY + timedelta(days=30))
        self.assertEqual(self._stands(DAY + timedelta(days=36), terms=terms).days_past_due, 6)

    def test_what_is_due_next_counts_interest_up_to_its_day(self):
        stands = self._stands(DAY + timedelta(days=10))
        self.assertEqual(stands.dues, (Due(DAY + timedelta(days=30), Decimal("1030.00")),))
        paid = Repayment(id="in", on=DAY + timedelta(days=10), amount=Decimal(510))
        [due] = self._stands(DAY + timedelta(days=10), paid).dues
        self.assertEqual(due.amount, Decimal("510.00"))

    def test_the_bank_draws_a_part_of_each_collection_only(self):
        half = LoanTerms(
            principal=Decimal(1000),
            currency="EUR",
            rate_pa=Decimal(36),
            tenor_days=30,
            sweep_percent=Decimal(50),
        )
        stands = self._stands(DAY + timedelta(days=10), terms=half)
        ahead = self._outlook(stands, (DAY + timedelta(days=20), 2000), terms=half)
        self.assertEqual((ahead.level, ahead.missing), ("short", Decimal("30.00")))
        self.assertIsNone(ahead.payoff_on)

    def test_money_that_comes_too_late_repays_later_than_due(self):
        stands = self._stands(DAY + timedelta(days=10))
        late = DAY + timedelta(days=40)
        ahead = self._outlook(stands, (DAY + timedelta(days=20), 500), (late, 700))
        self.assertEqual((ahead.level, ahead.on, ahead.expected), ("short", DAY + timedelta(days=30), 500))
        self.assertEqual(ahead.payoff_on, late)
        good = self._outlook(stands, (DAY + timedelta(days=29), 700), on_its_way=500)
        self.assertEqual((good.level, good.on, good.percent), ("good", None, Decimal("116.5")))

    def test_who_is_later_than_ever_is_not_counted_on_tomorrow(self):
        item = Expected.by_habit(DAY - timedelta(days=20), 5, Decimal(1), DAY)
        self.assertEqual(item.on, DAY + timedelta(days=LEAST_DELAY_DAYS))
        self.assertEqual(Expected.by_habit(DAY, 5, Decimal(1), DAY).on, DAY + timedelta(days=5))

    def test_picture_fits_its_frame_and_meets_at_today(self):
        course = Course(
            start=DAY,
            today=DAY + timedelta(days=10),
            due=((DAY + timedelta(days=30), Decimal(1030)),),
            came_in=((DAY + timedelta(days=5), Decimal(300)),),
            owed=((DAY, Decimal(1000)), (DAY + timedelta(days=5), Decimal(705))),
            expected=(Expected(*(DAY + timedelta(days=day) for day in (20, 25, 35)), Decimal(900)),),
        )
        frame = Frame.around(course)
        drawn = lines(course, frame)
        self.assertEqual(frame.top, Decimal(2000))
        self.assertEqual(frame.end, DAY + timedelta(days=35))
        for points in drawn.values():
            self.assertTrue(all(0 <= along <= 100 and 0 <= up <= 100 for along, up in points))
            self.assertEqual(points, sorted(points, key=lambda point: point[0]))
        self.assertEqual(drawn["real"][-1], drawn["expected"][0])
        self.assertEqual(drawn["expected"][-1], [100.0, 60.0])
        self.assertEqual(drawn["due"][-1], [100.0, 51.5])
