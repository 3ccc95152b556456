from datetime import timedelta
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..offers.comparison import cost_offer, interest_of_example
from ..offers.screen import OffersScreen
from ..outlook.expected import Financed, read_expected
from ..outlook.habits import Habits
from .common import FinanceCase, technique
from .line_bank import LineBank


class LineCase(FinanceCase):
    """A company whose customers paid 200,000 in four months, and a bank that gives lines."""

    def given(self):
        super().given()
        self.rhone_bank = LineBank(self.rhone)
        for bank in (self.rhone, self.hansa):
            profile = dict(bank.profile)
            profile["techniques"] = [
                *profile["techniques"],
                technique(
                    "revolving_line",
                    repayment=["revolving"],
                    limit_months="1.50",
                    sweep_percent="20.00",
                    min_tenor_days=90,
                    sections=["party", "transaction", "cash_flow", "checks", "forecast", "exposure", "inventory"],
                ),
            ]
            bank.sudo().profile = profile
        for months in (2, 3, 4, 5):
            invoiced = self.today - timedelta(days=30 * months)
            invoice = self._invoice(50000.0, invoice_date=invoiced)
            self._pay(invoice, payment_date=invoiced + timedelta(days=10))
        lines = self._as("requester", self.env["scf.credit.line"])
        self.line = lines._of(self.company, self.company.currency_id)

    def _line_granted(self, amount=10000.0, **terms):
        application = self._request(self.line.sudo(), amount=amount, repayment="revolving")
        self.rhone_bank.receive(application.submission_ids)
        offer = self.rhone_bank.offer_line(application.submission_ids, **terms)
        self._accept(offer)
        return self.rhone_bank.grant(offer)

    def _ask(self, loan, amount, role="requester"):
        """Draw through the dialog; gives the drawdown with full rights."""
        draw = self._as(role, self.env["scf.draw"]).create({"loan_id": loan.id, "amount": amount})
        draw.action_draw()
        return draw.sudo().drawdown_id

    def _drawn(self, loan, amount):
        drawdown = self._ask(loan, amount)
        self._as("approver", drawdown).action_approve()
        self.rhone_bank.pay_drawdown(loan, self.rhone_bank.take_drawdown())
        return drawdown

    def _limit(self, loan):
        return loan.used_amount, loan.blocked_amount, loan.available_amount


@tagged("post_install", "-at_install")
class TestLine(LineCase):
    def test_line_is_asked_for_drawn_swept_drawn_again_and_ended(self):
        panel = self._as("requester", self.line).scf_panel()
        self.assertEqual(panel["state"], "eligible")
        self.assertIn("could be asked for", panel["headline"])
        assessment = self.line._scf_assess()
        self.assertAlmostEqual(float(assessment.documents[0].facts.total), 200000.0)
        self.assertGreater(assessment.eligible_amount, 10000)

        application = self._request(self.line.sudo(), amount=10000.0, repayment="revolving")
        request = self.rhone_bank.body("apply")
        self.assertEqual((request["documents_fingerprints"], request["repayment"]), ([], "revolving"))
        self.rhone_bank.receive(application.submission_ids)
        offer = self.rhone_bank.offer_line(application.submission_ids)
        self._accept(offer)
        loan = self.rhone_bank.grant(offer)
        self.assertEqual((loan.state, application.state), ("granted", "accepted"))
        self.assertEqual(self._limit(loan), (0.0, 0.0, 10000.0))

        drawdown = self._ask(loan, 6000.0)
        self.assertEqual((drawdown.state, self._limit(loan)), ("asked", (0.0, 6000.0, 4000.0)))
        self._as("approver", drawdown).action_approve()
        body = self.rhone_bank.body("draw")
        self.assertEqual((body["requested_by"], body["approved_by"]), ("Requester", "Approver"))
        self.rhone_bank.pay_drawdown(loan, self.rhone_bank.take_drawdown())
        self.assertEqual((loan.state, drawdown.state, application.state), ("active", "posted", "financed"))
        self.assertEqual((loan.start_date, drawdown.entry_id.amount), (self.today, 6000.0))
        self.assertEqual(self._limit(loan), (6000.0, 0.0, 4000.0))
        self.assertEqual(self.line.available_amount, 4000.0)
        self.assertFalse(loan.mismatch)

        payment = self._pay(self._invoice(20000.0))
        [taken] = self._report(loan)
        self.assertEqual(taken["amount"]["amount"], "20000.00")
        self.assertEqual(self._limit(loan), (2000.0, 0.0, 8000.0))
        payment.action_cancel()
        self._report(loan)
        self.assertEqual(self._limit(loan), (6000.0, 0.0, 4000.0))

        self._drawn(loan, 4000.0)
        self.assertEqual(self._limit(loan), (10000.0, 0.0, 0.0))
        self._pay(self._invoice(60000.0))
        self._report(loan)
        self.assertEqual(self._limit(loan), (0.0, 0.0, 10000.0))
        self.assertEqual(loan.state, "active", "a line that owes nothing can be drawn still")
        self.rhone_bank.end(loan)
        self.assertEqual((loan.state, application.state), ("closed", "repaid"))
        self._assert_books_closed(loan)
        self.assertFalse(self.line.loan_id)
        self.assertFalse(self.line._scf_assess().stops, "a new line may be asked for")

    def test_drawing_needs_a_second_person_and_room_and_counts_once(self):
        loan = self._line_granted()
        draw = self._as("approver", self.env["scf.draw"]).create({"loan_id": loan.id, "amount": 7000.0})
        self.assertTrue(draw.is_possible)
        self.assertGreater(draw.interest_cost, 0)
        draw.action_draw()
        draw.action_draw()
        [drawdown] = loan.drawdown_ids
        with self.assertRaisesRegex(UserError, "somebody else has to approve"):
            self._as("approver", drawdown).action_approve()
        with self.assertRaisesRegex(UserError, "Only an approver"):
            self._as("requester", drawdown).action_approve()
        with self.assertRaisesRegex(UserError, "can be drawn now"):
            self._ask(loan, 3000.01)
        second = new_test_user(
            self.env,
            "fin_second",
            groups="scf_connector.group_scf_approver",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        drawdown.with_user(second).action_approve()
        with self.assertRaisesRegex(UserError, "With the bank"):
            drawdown.with_user(second).action_approve()
        self.assertEqual(len(self.rhone_bank.queued("draw")), 1)
        asked = self.rhone_bank.take_drawdown()
        with self.assertRaisesRegex(UserError, "can't be withdrawn"):
            self._as("requester", drawdown).action_withdraw()
        self.rhone_bank.decline_drawdown(loan, asked)
        self.assertEqual((drawdown.state, drawdown.message), ("declined", "The account is closed."))
        self.assertEqual((loan.state, self._limit(loan)), ("granted", (0.0, 0.0, 10000.0)))

        refused = self._ask(loan, 1000.0)
        self._as("approver", refused).action_approve()
        self.rhone_bank.refuse("draw", detail="Only 0.00 can be drawn now.")
        self.assertEqual((refused.state, refused.message), ("declined", "Only 0.00 can be drawn now."))
        withdrawn = self._ask(loan, 1000.0)
        self._as("requester", withdrawn).action_withdraw()
        self.assertEqual((withdrawn.state, loan.available_amount), ("withdrawn", 10000.0))

    def test_one_line_for_each_company_and_currency_and_only_its_own_people(self):
        loan = self._line_granted()
        [finding] = self.line._scf_assess().stops
        self.assertEqual((finding.code, finding.fix_id), ("line_running", loan.application_id.id))
        with self.assertRaisesRegex(UserError, "already asked for or running"):
            self._request(self.line.sudo(), amount=5000.0, repayment="revolving")
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_stranger",
            groups="scf_connector.group_scf_approver",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        drawdown = self._ask(loan, 1000.0)
        for record in (self.line, drawdown):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["name"])
        with self.assertRaises(AccessError):
            self.env["scf.draw"].with_user(stranger).create({"loan_id": loan.id, "amount": 1.0}).action_draw()
        with self.assertRaises(AccessError):
            self._as("accountant", self.line).action_scf_request()
        for record in (self.line, drawdown):
            with self.assertRaises(AccessError):
                self._as("requester", record).write({"name": "X"})

    def test_home_says_what_a_line_could_be_worth_then_what_is_left_of_it(self):
        home = self._as("requester", self.env["scf.home"])
        [row] = home.scf_home()["lines"]
        self.assertEqual((row["title"], row["draw"]), ("No line yet", None))
        self.assertEqual(row["open"]["res_id"], self.line.id)
        loan = self._line_granted()
        self._drawn(loan, 6000.0)
        self._ask(loan, 1000.0)
        [row] = home.scf_home()["lines"]
        self.assertEqual(
            (row["title"], row["draw"]["context"]), ("Line at Banque du Rhône", {"default_loan_id": loan.id})
        )
        self.assertIn("3,000.00", row["amount"])
        self.assertEqual([part["percent"] for part in row["picture"]["parts"]], [60.0, 10.0, 30.0])
        [waiting] = [matter for matter in home.scf_home()["attention"] if matter["code"] == "drawdowns"]
        self.assertEqual(waiting["count"], 1)
        panel = self._as("requester", self.line).scf_panel()
        self.assertEqual(panel["actions"][0]["name"], "action_draw")
        self.assertIn("3,000.00", panel["headline"])
        self.assertEqual(self._as("requester", self.line).action_open_lines()["res_id"], self.line.id)
        self._drawn(loan, 3000.0)
        [row] = home.scf_home()["lines"]
        self.assertFalse(row["draw"])
        self.assertIn("used up", row["why_not"])

    def test_a_short_history_carries_no_line(self):
        euro = self.setup_other_currency("EUR")
        line = self._as("requester", self.env["scf.credit.line"])._of(self.company, euro)
        self.assertEqual([finding.code for finding in line._scf_assess().stops], ["line_history_short"])
        panel = line.scf_panel()
        self.assertEqual(panel["state"], "ineligible")
        self.assertIn("in 0 of the last 12 months", panel["headline"] + panel["subline"])


@tagged("post_install", "-at_install")
class TestLineCollections(LineCase):
    def given(self):
        super().given()
        self.loan = self._line_granted()
        self._drawn(self.loan, 5000.0)

    def test_a_loan_on_the_invoice_comes_first_and_the_line_gets_the_rest(self):
        invoice = self._invoice(9000.0)
        invoice_loan = self._financed(invoice)
        self._pay(invoice)
        self.assertEqual(sum(invoice_loan.collection_ids.mapped("amount")), 9000.0)
        self.assertFalse(self.loan.collection_ids)
        self._pay(self._invoice(1000.0))
        self.assertEqual(self.loan.collection_ids.mapped("amount"), [1000.0])

    def test_an_open_invoice_is_expected_for_the_line_that_its_payment_repays_and_no_other(self):
        second = self.loan.sudo().copy({"name": "Second line", "bank_loan_ref": "second", "state": "active"})
        self._invoice(3000.0)
        found = self._expected(self.loan + second)
        self.assertEqual((found[self.loan.id], found[second.id]), (3000, 0))
        self.loan.sudo().state = "closed"
        self.assertEqual(self._expected(second)[second.id], 3000)

    def _expected(self, lines):
        lines = lines.sudo()
        habits = Habits({}, 0, 30)
        asked = [
            Financed(line.id, line.application_id.id, line.company_id.id, line.currency_id.name, is_line=True)
            for line in lines
        ]
        return {
            line.id: sum(item.amount for item in prospect.expected)
            for one, line in zip(asked, lines, strict=True)
            for prospect in read_expected(self.env, [one], lambda _line: habits, self.today).values()
        }

    def test_what_a_bank_reads_for_a_line_is_said_without_documents(self):
        said = " ".join(row["text"] for row in self.loan.application_id.proposal_ids[:1].in_short)
        self.assertIn("what you ask for", said)
        self.assertNotIn("document", said)

    def test_offer_of_a_line_says_what_a_thousand_cost_for_a_month(self):
        offer = self.loan.offer_id
        costed = cost_offer(offer.id, "Rhône", self.loan.sudo()._terms(), self.today)
        self.assertEqual(
            interest_of_example(costed.terms, self.today), round(Decimal(1000) * costed.terms.rate_pa * 30 / 36000, 2)
        )
        screen = OffersScreen(self.env, offer.currency_id, [costed], [costed], None)
        told = screen.terms(costed, recourse=True, conditions="")
        self.assertRegex(told["repayment"], "1,000.00.* for 30 days cost .*7.00")

    def test_what_came_before_the_first_drawdown_or_in_another_currency_is_not_the_lines(self):
        self._pay(self._invoice(700.0), payment_date=self.today - timedelta(days=1))
        euro = self.setup_other_currency("EUR")
        self._pay(self._invoice(800.0, currency_id=euro), currency_id=euro.id)
        self.assertFalse(self.loan.collection_ids)

    def test_nothing_is_drawn_or_approved_while_something_is_past_due(self):
        drawdown = self._ask(self.loan, 1000.0)
        self.loan.sudo().state = "overdue"
        with self.assertRaisesRegex(UserError, "past due"):
            self._as("requester", self.loan).action_draw()
        with self.assertRaisesRegex(UserError, "past due"):
            self._as("approver", drawdown).action_approve()

    def test_a_line_is_followed_repaid_and_compared_like_any_loan(self):
        loan = self.loan.sudo()
        loan._follow({})
        self.assertEqual((loan.outlook, loan.payoff, loan.near_breach), (False, False, False))
        self.assertTrue(loan.next_due_date)
        repayment = self._as("approver", self.env["scf.repayment"]).create({"loan_id": loan.id, "amount": 2000.0})
        self.assertEqual((repayment.owed, repayment.to_principal), (5000.0, 2000.0))
        repayment.action_repay()
        self.rhone_bank.answer(
            "repay", {"repayment_id": self.rhone_bank.body("repay")["repayment_id"], "status": "POSTED"}
        )
        self.rhone_bank.post_repayment(loan, 2000.0)
        self.assertEqual(self._limit(loan), (3000.0, 0.0, 7000.0))
        self.assertEqual(loan.book_principal, 3000.0)
        self.assertFalse(loan.mismatch)
        home = self._as("requester", self.env["scf.home"]).scf_home()
        self.assertFalse(home["loans"], "a line has a card of its own")
