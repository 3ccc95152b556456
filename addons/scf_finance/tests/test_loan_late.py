from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import FinanceCase
from .late_bank import LateBank


class LateBase(FinanceCase):
    """Two invoices, one of them financed forty days ago for forty-five, and a bank that goes on from there."""

    def given(self):
        super().given()
        self.rhone_bank = LateBank(self.rhone)
        self.start = self.today - timedelta(days=40)
        self.invoice = self._invoice(10000.0, invoice_date=self.start, days=85)
        self.spare = self._invoice(9000.0, days=30)
        self.loan = self._financed(self.invoice, on=self.start)

    def _repayment(self, loan=None, role="approver", **values):
        return Form(
            self._as(role, self.env["scf.repayment"]).with_context(default_loan_id=(loan or self.loan).id, **values)
        )

    def _notes(self, loan=None):
        return " ".join((loan or self.loan).message_ids.mapped("body"))

    def _credit(self, invoice, amount):
        refund = invoice._reverse_moves([{"invoice_date": self.today}])
        refund.invoice_line_ids.price_unit = amount
        refund.action_post()
        lines = (invoice | refund).line_ids.filtered(lambda line: line.display_type == "payment_term")
        lines.reconcile()
        return refund

    def _balance(self, move, field):
        lines = move.line_ids.filtered(lambda line: line.account_id == self.company[field])
        return round(sum(lines.mapped("balance")), 2)


@tagged("post_install", "-at_install")
class TestEarly(LateBase):
    """Repaid before it is due: what it saves, and where it goes."""

    def test_dialog_shows_the_saving_live_as_day_and_amount_change(self):
        form = self._repayment()
        a_day = 8000 * 0.084 / 360
        self.assertAlmostEqual(form.owed, 8000 + 40 * a_day, 2)
        self.assertAlmostEqual(form.saved, 5 * a_day, 2)
        self.assertAlmostEqual(form.to_principal, 8000, 2)
        self.assertAlmostEqual(form.to_interest, 40 * a_day, 2)
        form.paid_on = self.today - timedelta(days=2)
        self.assertAlmostEqual(form.saved, 7 * a_day, 2)
        form.paid_on = self.today
        form.amount = 4000.0
        self.assertAlmostEqual(form.saved, (4000 - 40 * a_day) * 0.084 * 5 / 360, 2)
        self.assertAlmostEqual(form.remaining, 4000 + 40 * a_day, 2)
        self.assertIn("stays owed", form.explanation)
        form.amount = 9000.0
        self.assertTrue(form.is_too_much)
        self.assertIn("keep the rest", form.explanation)
        with self.assertRaisesRegex(UserError, "between 0 and"):
            form.save().action_repay()

    def test_saving_is_what_the_bank_really_takes_less(self):
        saved = self._repayment().saved
        late = self.rhone_bank.with_own_books()
        late.today = self.loan.due_date
        owed_when_due = late.snapshot(self.loan.bank_loan_ref)["balance"]["total"]
        paid_now = self.rhone_bank.post_repayment(self.loan, "9000.00")["amount"]
        self.assertEqual(Decimal(owed_when_due) - Decimal(paid_now), Decimal(str(round(saved, 2))))

    def test_second_click_and_second_dialog_do_not_pay_twice(self):
        first = self._repayment().save()
        first.action_repay()
        first.action_repay()
        self.assertEqual(len(self.rhone_bank.queued("repay")), 1)
        second = self._repayment()
        self.assertEqual((second.on_the_way, second.amount), (first.amount, 0))
        with self.assertRaises(UserError):
            second.save().action_repay()
        self.rhone_bank.answer("repay", {"repayment_id": "x", "status": "RECEIVED"})
        self.assertEqual(self._repayment().on_the_way, first.amount, "sent, and not in the ledger yet")

    def test_one_payment_over_several_loans_repays_the_oldest_first(self):
        other = self._financed(self.spare, on=self.today - timedelta(days=44))  # due sooner than the first one
        approver = self._as("approver", self.loan | other)
        action = approver.action_repay_together()
        joint = self.env[action["res_model"]].with_user(self.people["approver"]).browse(action["res_id"])
        form = Form(joint)
        owed = form.owed
        form.amount = owed - 1000
        joint = form.save()
        self.assertEqual(joint.line_ids.loan_id.ids, [other.id, self.loan.id])
        self.assertEqual([round(line.owed - line.amount, 2) for line in joint.line_ids], [0, 1000])
        self.assertGreater(joint.saved, 0)
        self.assertIn(self.loan.name, joint.explanation)
        joint.action_repay()
        joint.action_repay()
        bodies = self.rhone_bank.queued("repay").mapped("res_id")
        self.assertEqual(sorted(bodies), sorted([other.id, self.loan.id]))
        with self.assertRaises(AccessError):
            self._as("requester", self.env["scf.joint.repayment"]).create({"loan_ids": [self.loan.id]})

    def test_loans_in_two_currencies_are_not_repaid_together(self):
        other = self._financed(self.spare)
        other.sudo().currency_id = self.env.ref("base.EUR")
        with self.assertRaisesRegex(UserError, "one currency"):
            self._as("approver", self.loan | other).action_repay_together()
        joints = self._as("approver", self.env["scf.joint.repayment"])
        joint = joints.create({"loan_ids": [self.loan.id, other.id], "amount": 100.0})
        with self.assertRaisesRegex(UserError, "one currency"):
            joint.action_repay()
        self.assertFalse(self.rhone_bank.queued("repay"))

    def test_too_much_on_its_way_to_one_loan_pays_nothing_of_another(self):
        other = self._financed(self.spare)
        self._repayment().save().action_repay()
        self.rhone_bank.post_repayment(self.loan, "1000.00")
        joints = self._as("approver", self.env["scf.joint.repayment"])
        joint = joints.create({"loan_ids": [self.loan.id, other.id]})
        self.assertEqual(joint.owed, float(other._balance(self.today).total))

    def test_payment_short_of_the_loan_says_what_is_left(self):
        short = self._financed(self.spare, fee="0.00", requested=7200.0)
        self._pay(
            self.spare, 7000.0, payment_difference_handling="reconcile", writeoff_account_id=self._difference().id
        )
        self._report(short)
        self.assertEqual(short.state, "active")
        self.assertIn("short of it", short.rest_words)
        self.assertEqual(short._next_step(), short.rest_words)
        self.assertFalse(self.loan.rest_words, "the buyer of the other one still owes")

    def _difference(self):
        return self.company_data["default_account_expense"]

    def test_share_of_each_payment_is_said_where_it_is_not_all(self):
        self.assertFalse(self.loan.sweep_words)
        swept = self._financed(self.spare, sweep_percent="30")
        self.assertIn("30 %", swept.sweep_words)
        self.assertIn("30 %", swept._next_step())


@tagged("post_install", "-at_install")
class TestExtension(LateBase):
    """More time: asked by one, offered by the bank at a price, accepted by another one."""

    def _ask(self, role="requester", days=30):
        form = Form(self._as(role, self.env["scf.extension.request"]).with_context(default_loan_id=self.loan.id))
        form.days = days
        form.reason = "The buyer pays in January."
        request = form.save()
        request.action_ask()
        return self.loan.extension_ids

    def _asked_and_offered(self, **terms):
        extension = self._ask()
        self.wire = self.rhone_bank.take_extension(self.loan)
        self.rhone_bank.offer_extension(self.loan, self.wire, **terms)
        return extension

    def test_asked_offered_accepted_and_granted_moves_the_due_date_and_owes_the_fee(self):
        due, a_day = self.loan.due_date, 8000 * 0.084 / 360
        form = Form(self._as("requester", self.env["scf.extension.request"]).with_context(default_loan_id=self.loan.id))
        self.assertEqual(form.due_date, due + timedelta(days=30))
        self.assertAlmostEqual(form.interest_cost, 30 * a_day, 2)
        form.due_date = due + timedelta(days=20)
        self.assertEqual(form.days, 20)
        self.assertAlmostEqual(form.interest_cost, 20 * a_day, 2)

        extension = self._asked_and_offered()
        self.assertEqual((extension.state, extension.fee), ("offered", 120.0))
        self.assertAlmostEqual(extension.total_cost, 120 + 30 * a_day, 2)
        self.assertIn("120", self.loan.extension_offer)
        approver = self.people["approver"]
        waiting = self.loan.activity_search(["scf_finance.activity_accept_extension"])
        self.assertIn(approver, waiting.user_id)
        self.assertNotIn(self.people["requester"], waiting.user_id)

        self._as("approver", self.loan).action_accept_extension()
        body = self.rhone_bank.body("accept_extension")
        self.assertEqual(body["fee"], {"amount": "120.00", "currency": "USD"})
        self.assertEqual(body["due_date"], (due + timedelta(days=30)).isoformat())
        self.assertEqual(extension._scf_target("accept_extension"), (self.loan.bank_loan_ref, extension.name))
        with self.assertRaises(UserError):
            self._as("approver", extension).action_accept()
        self.assertEqual(len(self.rhone_bank.queued("accept_extension")), 1)

        self.rhone_bank.answer("accept_extension", {**self.wire, "status": "OFFERED"})
        granted = self.rhone_bank.grant_extension(self.loan, self.wire)
        self.assertEqual((extension.state, self.loan.due_date), ("granted", due + timedelta(days=30)))
        self.assertEqual(self.loan.balance_fee, 120.0)
        self.assertFalse(self.loan.mismatch, "our replay agrees with the bank's balance")
        self.rhone_bank.send_event(granted.payload)
        self.assertEqual(len(self.loan.entry_ids.filtered(lambda entry: entry.type == "extension")), 1)
        self.assertFalse(self.loan.activity_search(["scf_finance.activity_accept_extension"]))

    def test_who_asked_does_not_accept_and_a_requester_neither(self):
        extension = self._ask(role="approver")
        self.rhone_bank.offer_extension(self.loan, self.rhone_bank.take_extension(self.loan))
        with self.assertRaisesRegex(UserError, "somebody else"):
            self._as("approver", extension).action_accept()
        with self.assertRaisesRegex(UserError, "Only an approver"):
            self._as("requester", extension).action_accept()
        with self.assertRaises(AccessError):
            self._as("accountant", extension).action_accept()
        with self.assertRaises(AccessError):
            self._as("approver", extension).write({"state": "granted"})
        self.assertFalse(self.rhone_bank.queued("accept_extension"))

    def test_an_offer_that_the_bank_changes_is_accepted_anew_and_a_repeated_one_changes_nothing(self):
        extension = self._asked_and_offered()
        waiting = self.loan.activity_search(["scf_finance.activity_accept_extension"])
        self.rhone_bank.send_event(self.rhone_bank.told[-1])
        self.assertEqual(self.loan.activity_search(["scf_finance.activity_accept_extension"]), waiting)
        self.rhone_bank.offer_extension(self.loan, self.wire, fee="150.00")
        self.assertEqual((extension.state, extension.fee), ("offered", 150.0))
        self.assertIn("150", self.loan.activity_search(["scf_finance.activity_accept_extension"])[:1].note)
        self._as("approver", extension).action_accept()
        self.rhone_bank.offer_extension(self.loan, self.wire, fee="90.00")
        self.assertEqual((extension.state, extension.fee, extension.accepted_at), ("offered", 90.0, False))
        self.assertIn("changed its offer", self.loan.message_ids[0].body)
        self._as("approver", extension).action_accept()
        self.rhone_bank.refuse("accept_extension", detail="The offer is another one.")
        self.assertEqual(extension.state, "accepting", "what was refused was accepted before the change")
        self.assertEqual(self.rhone_bank.body("accept_extension")["fee"]["amount"], "90.00")

    def test_one_extension_at_a_time_and_withdrawn_by_a_requester(self):
        extension = self._ask()
        with self.assertRaisesRegex(UserError, "Wait for the bank"):
            self._as("requester", self.loan).action_extend()
        self.rhone_bank.take_extension(self.loan)
        self._as("requester", extension).action_withdraw()
        self.assertEqual((extension.state, self.loan.may_extend), ("withdrawn", True))
        self.assertEqual(len(self.rhone_bank.queued("withdraw_extension")), 1)
        with self.assertRaisesRegex(UserError, "can't be withdrawn"):
            self._as("requester", extension).action_withdraw()
        with self.assertRaisesRegex(UserError, "offers no extension"):
            self._as("requester", self.loan).action_withdraw_extension()

    def test_declined_expired_and_refused_extensions_are_over(self):
        extension = self._ask()
        self.rhone_bank.refuse("extend", detail="Not this buyer.")
        self.assertEqual((extension.state, extension.message), ("declined", "Not this buyer."))
        second = self._offered_anew()
        second.sudo().expires_at = fields.Datetime.now() - timedelta(minutes=1)
        with self.assertRaisesRegex(UserError, "expired"):
            self._as("approver", second).action_accept()
        second.sudo()._cron_expire()
        self.assertEqual(second.state, "expired")
        offered = self.rhone_bank.told[-1]
        self.rhone_bank.send_event(offered)
        self.assertEqual(second.state, "expired", "an old offer opens nothing")

    def _offered_anew(self):
        known = self.loan.extension_ids
        self._ask()
        wire = self.rhone_bank.take_extension(self.loan)
        self.rhone_bank.offer_extension(self.loan, wire)
        return self.loan.extension_ids - known

    def test_refused_acceptance_stands_again_unless_the_offer_is_gone(self):
        extension = self._asked_and_offered()
        self._as("approver", extension).action_accept()
        self.rhone_bank.refuse("accept_extension", code="terms-mismatch")
        self.assertEqual((extension.state, extension.approved_by_id.id), ("offered", False))
        self._as("approver", extension).action_accept()
        self.rhone_bank.refuse("accept_extension", code="offer-expired", status=410)
        self.assertEqual(extension.state, "expired")

    def test_grant_on_its_way_while_the_loan_was_called_counts(self):
        extension = self._asked_and_offered()
        self._as("approver", extension).action_accept()
        self.rhone_bank.call(self.loan)
        self.assertEqual(extension.state, "declined")
        self.rhone_bank.grant_extension(self.loan, self.wire)
        self.assertEqual(extension.state, "granted", "the bank's ledger has it")

    def test_repaid_loan_needs_no_extension_any_more(self):
        extension = self._asked_and_offered()
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.assertEqual((self.loan.state, extension.state), ("closed", "declined"))
        with self.assertRaises(UserError):
            self._as("requester", self.loan).action_extend()


@tagged("post_install", "-at_install")
class TestBuyerPaysTheBank(LateBase):
    """The buyer's money goes to the bank: the invoice is settled here, and nothing is reported."""

    def test_invoice_is_settled_loan_repaid_and_only_the_surplus_is_left_on_clearing(self):
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "10000.00")
        payment = self.loan.buyer_payment_ids
        self.assertEqual((self.invoice.amount_residual, self.loan.state), (0, "closed"))
        self.assertFalse(self.loan.collection_ids, "the bank told us: nothing is told to the bank")
        self.assertEqual(self._balance(payment.booking_id, "scf_clearing_account_id"), 10000.0)
        clearing = self.company.scf_clearing_account_id
        left = payment.booking_id.line_ids.filtered(lambda line: line.account_id == clearing).amount_residual
        surplus = self.loan.entry_ids.filtered(lambda entry: entry.type == "surplus").amount
        self.assertAlmostEqual(left, surplus, 2)
        self.assertIn("pays", payment.consequence)
        self._assert_books_closed(self.loan)
        for payload in self.rhone_bank.told[-2:]:
            self.rhone_bank.send_event(payload)
        self.assertEqual(len(self.loan.buyer_payment_ids), 1)

    def test_invoice_paid_here_as_well_shows_what_is_too_much(self):
        self._pay(self.invoice, 4000.0)
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "7000.00")
        payment = self.loan.buyer_payment_ids
        self.assertEqual((self.invoice.amount_residual, payment.unmatched_amount), (0, 1000.0))
        self.assertIn("pay it back to Atlas Retail", payment.consequence)
        part = self._financed(self.spare)
        self.rhone_bank.buyer_pays(part, self.spare.name, "1000.00")
        self.assertIn("8,000.00 is still open", part.buyer_payment_ids.consequence.replace("\xa0", " "))
        self.assertIn("pay it back", self._notes())
        self.assertEqual(self.loan.collection_ids.mapped("amount"), [4000.0])

    def test_payment_given_back_opens_the_invoice_and_the_loan(self):
        paid = self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "10000.00")
        self.rhone_bank.give_back(self.loan, paid)
        payment = self.loan.buyer_payment_ids
        self.assertEqual((payment.state, self.invoice.amount_residual), ("returned", 10000.0))
        self.assertEqual((self.loan.state, self.loan.book_principal), ("active", 8000.0))
        self.assertFalse(self.loan.mismatch)
        waiting = self.loan._clearing_items().move_id - self.loan.entry_ids[:1].move_id
        self.assertFalse(waiting, "what came and went back waits for no bank statement")
        self.rhone_bank.send_event(self.rhone_bank.told[-2])
        self.assertEqual(len(payment.return_booking_id), 1)
        self.assertIn("open again", self._notes())

    def test_payment_that_was_given_back_before_we_heard_of_it_leaves_nothing(self):
        away = self.rhone_bank.with_own_books()
        away.tell = lambda kind, content, submission: away.told.append(away.payload(kind, content, submission))
        paid = away.buyer_pays(self.loan, self.invoice.name, "3000.00")
        away.give_back(self.loan, paid)
        received, returned = away.told[-2:]
        away.send_event(returned)
        away.send_event(received)
        self.assertEqual(self.loan.buyer_payment_ids.state, "returned")
        self.assertEqual((self.invoice.amount_residual, self.loan.book_principal), (10000.0, 8000.0))
        self.assertFalse(self.loan.mismatch)

    def test_payment_on_an_unknown_document_credits_the_buyer_and_says_so(self):
        self.rhone_bank.buyer_pays(self.loan, "INV/0000", "500.00")
        payment = self.loan.buyer_payment_ids
        [claim] = payment.booking_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        self.assertEqual((claim.partner_id, payment.unmatched_amount), (self.buyer, 500.0))
        self.assertTrue(self.loan.activity_search(["scf_finance.activity_check_loan"]))

    def test_payment_on_an_invoice_that_the_loan_is_not_on_is_left_to_a_person(self):
        self.rhone_bank.buyer_pays(self.loan, self.spare.name, "500.00")
        payment = self.loan.buyer_payment_ids
        self.assertEqual((self.spare.payment_state, payment.unmatched_amount), ("not_paid", 500.0))
        self.assertIn("not financed by this loan", payment.consequence)
        self.assertIn("by hand", self._notes())
        (payment._claim_lines() + self.spare.line_ids).filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assertFalse(payment.unmatched_amount)

    def test_reopened_loan_does_not_find_what_the_buyer_paid_the_bank(self):
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "500.00")
        entry = self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.rhone_bank.reverse_repayment(self.loan, entry)
        self.assertEqual((self.loan.state, self.loan.collection_ids.ids), ("active", []))

    def test_entry_of_a_buyers_payment_is_not_reset(self):
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "500.00")
        with self.assertRaisesRegex(UserError, "books loan"):
            self.loan.buyer_payment_ids.booking_id.button_draft()

    def test_buyers_payment_makes_up_for_no_shortfall(self):
        self.rhone_bank.tell_shortfall(self.loan, "900.00")
        self.rhone_bank.buyer_pays(self.loan, self.invoice.name, "500.00")
        self.assertEqual(self.loan.shortfall, 900.0)


@tagged("post_install", "-at_install")
class TestDefault(LateBase):
    """What the bank says when a loan goes wrong."""

    def test_charge_is_owed_told_once_and_taken_back(self):
        charged = self.rhone_bank.charge(self.loan, "25.00")
        self.assertEqual(self.loan.balance_fee, 25.0)
        self.assertIn("charges a fee", self._notes())
        told = len(self.loan.message_ids)
        self.rhone_bank.send_event(self.rhone_bank.told[-1])
        self.assertEqual(len(self.loan.message_ids), told)
        self.rhone_bank.take_back_charge(self.loan, charged)
        self.assertEqual(self.loan.balance_fee, 0)
        self.assertFalse(self.loan.mismatch)

    def test_called_loan_is_overdue_at_once_and_says_who_bears_it(self):
        extension = self._extension()
        self.rhone_bank.charge(self.loan, "25.00")
        self.rhone_bank.call(self.loan)
        self.assertEqual((self.loan.state, self.loan.called_on), ("overdue", self.today))
        self.assertEqual(self.loan._due_first(self.today), self.today)
        self.assertEqual(sum(self.loan.due_ids.mapped("amount")), self.loan.balance_total, "what falls due is followed")
        self.assertFalse(self.loan.extension_offer)
        self.assertEqual(extension.state, "declined")
        self.assertIn("With recourse", self.loan.recourse_words)
        self.assertIn("insolvent", self._notes())
        self.assertIn("has called the loan", self.loan._next_step())
        self.assertTrue(self.loan.activity_search(["scf_finance.activity_check_loan"]))
        for action in ("action_extend", "action_substitute"):
            with self.subTest(action), self.assertRaises(UserError):
                getattr(self._as("requester", self.loan), action)()
        self.assertFalse(self.loan.mismatch)
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.assertEqual(self.loan.state, "closed")

    def _extension(self):
        request = self._as("requester", self.env["scf.extension.request"]).create(
            {"loan_id": self.loan.id, "days": 30, "reason": "Late."}
        )
        request.action_ask()
        self.rhone_bank.offer_extension(self.loan, self.rhone_bank.take_extension(self.loan))
        return self.loan.extension_ids

    def test_written_off_loan_closes_and_frees_its_documents(self):
        self.rhone_bank.call(self.loan)
        self.rhone_bank.write_off(self.loan)
        loan, application = self.loan, self.loan.application_id
        self.assertEqual((loan.state, application.state), ("closed", "repaid"))
        self.assertGreater(loan.written_off_amount, 8000)
        self.assertFalse(any(application.line_ids.mapped("is_open")))
        self.assertEqual(application._headline(), "Written off by the bank")
        self.assertIn("owes nothing more", loan._next_step())
        [told] = loan.activity_search(["scf_finance.activity_check_loan"])
        self.assertIn("gave up", told.note, "closing the loan does not close what is to be read")
        [refusal] = self.invoice._scf_assess().stops
        self.assertEqual((refusal.code, refusal.fix_id), ("written_off", application.id), "nobody finances it again")
        self.assertEqual((loan.book_principal, loan.mismatch), (0, False))
        self.rhone_bank.send_event(self.rhone_bank.told[-2])
        self.assertEqual(loan.written_off_amount, sum(loan.entry_ids[-1:].mapped("amount")))

    def test_without_recourse_the_bank_bears_it(self):
        loan = self._financed(self.spare, recourse=False)
        self.assertIn("the bank bears it", loan.recourse_words)
        self.rhone_bank.write_off(loan)
        self.assertIn("the bank bears the loss", loan.recourse_words)

    def test_dilution_shows_what_is_carried_and_waits_only_where_asked(self):
        with self.assertRaises(UserError):
            self._as("requester", self.loan).action_wait()
        self._credit(self.invoice, 2500.0)
        self._report(self.loan)
        self.assertEqual((self.loan.diluted_amount, self.loan.carried_amount), (2500.0, 6000.0))
        self.assertIn("asks for nothing", self.loan.dilution_words)
        self.rhone_bank.tell_shortfall(self.loan, "2000.00")
        self.assertIn("2,000.00", self.loan.dilution_words)
        action = self._as("approver", self.loan).action_repay_now()
        self.assertEqual(action["context"]["default_reason"], "shortfall")
        requester = self._as("requester", self.loan)
        requester.action_wait()
        requester.action_wait()
        self.assertEqual((self.loan.is_waiting, self.loan.shortfall), (True, 2000.0))
        self.assertEqual(len(self.loan.activity_search(["scf_finance.activity_check_loan"])), 1)
        self.rhone_bank.tell_shortfall(self.loan, "2400.00")
        self.assertFalse(self.loan.is_waiting, "the bank asks for more: that is another question")
        with self.assertRaises(AccessError):
            self._as("accountant", self.loan).action_wait()
