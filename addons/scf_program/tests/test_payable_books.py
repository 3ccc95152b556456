from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .payable_case import PayableCase


@tagged("post_install", "-at_install")
class TestPayableBooks(PayableCase):
    """What an early payment by a bank does to the anchor's books, until the bank is paid."""

    def given(self):
        super().given()
        self.owed_account = self.company.scf_payables_account_id
        self.clearing = self.company.scf_clearing_account_id

    def _items(self, payable, account):
        return self.env["account.move.line"].search(
            [("scf_payable_id", "=", payable.id), ("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )

    # --- paid early ---

    def test_payable_moves_from_the_supplier_to_the_bank(self):
        payable = self._paid_early(self._bill_of(10000.0, days=60))
        bill = payable.move_id
        self.assertEqual(bill.payment_state, "paid")
        self.assertRecordValues(
            self._items(payable, self.owed_account),
            [
                {
                    "balance": -10000.0,
                    "partner_id": self.rhone.creditor_id.id,
                    "date_maturity": bill.invoice_date_due,
                    "reconciled": False,
                }
            ],
        )
        self.assertEqual(payable.state, "paid")
        self.assertEqual(self.member.state, "financed")

    def test_event_told_twice_books_once(self):
        payable = self._paid_early()
        told = dict(self.rhone_bank.of(payable))
        self.rhone_bank.tell_payable("payable.paid", payable, **told)
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid"])
        self.assertEqual(self._owed_on(self.owed_account), -payable.amount)

    def test_payment_that_nobody_agreed_to_waits_for_a_person(self):
        payable = self._registered()
        self.rhone_bank.of(payable).update(
            request={
                "request_id": "UNKNOWN",
                "pay_on": self.today.isoformat(),
                "discount": {"amount": "1.00", "currency": payable.currency_id.name},
                "payout": {"amount": "9999.00", "currency": payable.currency_id.name},
                "channel": "portal",
            }
        )
        with self.assertLogs("odoo.addons.scf_connector", "WARNING"):
            event = self.rhone_bank.tell_payable(
                "payable.paid",
                payable,
                state="failed",
                status="PAID",
                paid={
                    "paid_on": self.today.isoformat(),
                    "discount": {"amount": "1.00", "currency": payable.currency_id.name},
                    "payout": {"amount": "9999.00", "currency": payable.currency_id.name},
                },
            )
        self.assertIn("nobody here agreed to", event.error)
        self.assertFalse(payable.entry_ids)

    def _refused(self, payable):
        """The bank refuses the early payment of a payable, and knows it all the same; gives the early payment."""
        request = self._accept(payable, self._source_at(payable, self.rhone_bank))
        asked = self.rhone_bank.body("early_payment")
        self.rhone_bank.refuse("early_payment", "limit-exceeded", "Above the limit.", status=409)
        self.assertEqual((request.state, payable.state), ("refused", "approved"))
        names = ("request_id", "pay_on", "discount", "payout", "channel")
        self.rhone_bank.of(payable)["request"] = {name: asked[name] for name in names}
        return request

    def test_payment_of_what_was_refused_counts_and_is_settled_as_any(self):
        payable = self._registered(self._bill_of(10000.0))
        request = self._refused(payable)
        self.rhone_bank.pay_early(payable)
        self.assertEqual((request.state, request.message, payable.state), ("paid", False, "paid"))
        self.assertIn("Above the limit.", payable.activity_ids.filtered("note")[-1:].note)
        self.assertTrue(self.hansa_bank.queued("withdraw"))
        self.assertEqual(self._owed_on(self.owed_account), -10000.0)
        self._as("approver", payable).action_settle()
        self.rhone_bank.settle()
        self.assertEqual(self._owed_on(self.owed_account), 0.0)

    def test_payment_of_what_was_taken_back_withdraws_what_was_approved_in_its_place(self):
        payable = self._registered()
        self._refused(payable)
        self._as("approver", payable).action_withdraw()
        again = self._approve(payable.move_id)
        self.rhone_bank.pay_early(payable)
        self.assertEqual((payable.state, again.state), ("paid", "withdrawn"))
        self.assertEqual(self._owed_on(self.owed_account), -payable.amount)

    def test_payment_of_what_somebody_else_pays_now_waits_for_a_person(self):
        payable = self._registered()
        self._refused(payable)
        self._as("approver", payable).action_withdraw()
        for bank in self.banks:
            bank.forget(payable)
        again = self._registered(payable.move_id)
        self._accept(again, self._source_at(again, self.hansa_bank))
        with self.assertLogs("odoo.addons.scf_connector", "WARNING"):
            event = self.rhone_bank.pay_early(payable, state="failed")
        self.assertIn("book it by hand", event.error)
        self.assertEqual((payable.state, again.state), ("withdrawn", "agreed"))

    def test_payment_of_what_the_company_has_paid_says_that_the_supplier_has_it_twice(self):
        payable = self._registered()
        self._refused(payable)
        self._pay(payable.move_id)
        self.assertEqual(payable.state, "ended")
        self.rhone_bank.pay_early(payable)
        self.assertEqual(payable.state, "paid")
        self.assertTrue(payable.activity_ids.filtered(lambda activity: "twice" in (activity.note or "")))

    def test_failed_payout_is_reversed_with_a_trail(self):
        payable = self._paid_early(self._bill_of(10000.0))
        self.rhone_bank.fail_payout(payable)
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid", "payout_failed"])
        paid, failed = payable.entry_ids
        self.assertEqual(failed.move_id.reversed_entry_id, paid.move_id)
        self.assertEqual(self._owed_on(self.owed_account), 0.0)
        self.assertEqual(payable.move_id.payment_state, "not_paid")
        self.assertRecordValues(payable.request_ids, [{"state": "failed", "message": "The account is closed."}])
        self.assertEqual(payable.state, "approved")
        self.assertTrue(payable._quotes())

    def test_lock_date_moves_the_entry_to_the_first_open_day(self):
        paid_on = self.today - timedelta(days=3)
        payable = self._registered(self._bill_of(ago=10))
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self.rhone_bank.confirm_early_payment(payable)
        self.company.sudo().fiscalyear_lock_date = self.today - timedelta(days=1)
        self.rhone_bank.pay_early(payable, on=paid_on)
        move = payable.entry_ids.move_id
        self.assertEqual(move.date, self.today)
        self.assertIn("in a locked period", move.ref)
        self.assertEqual(payable.entry_ids.value_date, paid_on)

    def test_journal_entry_of_a_payable_stays(self):
        payable = self._paid_early()
        with self.assertRaisesRegex(UserError, "can't be changed"):
            payable.entry_ids.move_id.button_draft()

    # --- settled ---

    def test_bank_is_settled_on_the_due_date_and_nothing_is_left(self):
        payable = self._paid_early(self._bill_of(10000.0, days=30))
        with self._day(27):
            self._run_job("cron_settle_payables")
            self.assertFalse(self.rhone_bank.queued("settle"))
            self.assertIn("Have the cash ready", payable.activity_ids.note)
            self._run_job("cron_settle_payables")
            self.assertEqual(len(payable.activity_ids), 1)
        with self._day(30):
            self._run_job("cron_settle_payables")
            self._run_job("cron_settle_payables")
            self.assertEqual(len(self.rhone_bank.queued("settle")), 1, "what is on its way is not sent twice")
            body = self.rhone_bank.settle()
        self.assertEqual(body["payables"][0]["amount"]["amount"], "10000.00")
        self.assertEqual(body["paid_on"], (self.today + timedelta(days=30)).isoformat())
        self.assertEqual(self._owed_on(self.owed_account), 0.0)
        self.assertTrue(all(self._items(payable, self.owed_account).mapped("reconciled")))
        self.assertEqual(self._owed_on(self.clearing), -10000.0)
        self.rhone_bank.tell_settled(payable)
        self.assertEqual(payable.state, "settled")
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid", "settled"])

    def test_bank_that_draws_the_money_itself_is_booked_by_its_word(self):
        payable = self._paid_early()
        self.rhone_bank.tell_settled(payable)
        self.assertEqual(self._owed_on(self.owed_account), 0.0)
        self.rhone_bank.tell_settled(payable)
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid", "settled"])

    def test_event_before_the_answer_books_the_settlement_once(self):
        payable = self._paid_early()
        self._as("approver", payable).action_settle()
        self.rhone_bank.tell_settled(payable)
        self.rhone_bank.settle()
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid", "settled"])
        self.assertTrue(payable.entry_ids[1].settlement_line_id)

    def test_overdue_is_told(self):
        payable = self._paid_early()
        self.rhone_bank.tell_payable("payable.overdue", payable, status="OVERDUE")
        self.assertEqual(payable.state, "overdue")
        self.assertIn("Pay it now", payable.activity_ids[:1].note)

    def test_older_word_of_the_bank_takes_no_settlement_back(self):
        payable = self._paid_early()
        self._as("approver", payable).action_settle()
        self.rhone_bank.settle()
        # It was overdue before the settlement, and is heard of after the answer to it.
        self.rhone_bank.tell_payable("payable.overdue", payable, status="OVERDUE")
        self.assertFalse(payable.activity_ids)
        self.rhone_bank.tell_settled(payable)
        self.assertEqual((payable.state, payable.settles_by_hand), ("settled", False))
        self.assertEqual(payable.entry_ids.mapped("kind"), ["paid", "settled"])

    def test_settlement_that_the_bank_takes_back_is_owed_again_and_waits_for_a_person(self):
        self.program.settles_by_itself = True
        payable = self._paid_early(self._bill_of(10000.0, days=30))
        with self._day(30):
            self._run_job("cron_settle_payables")
        self.rhone_bank.settle()
        self.rhone_bank.tell_settled(payable)
        self.assertEqual((payable.state, self._owed_on(self.owed_account)), ("settled", 0.0))
        nothing = {"amount": "0.00", "currency": payable.currency_id.name}
        with self._day(31):
            self.rhone_bank.tell_payable(
                "payable.settlement_reversed", payable, reason="Called back.", status="OVERDUE", settled=nothing
            )
        self.assertEqual((payable.state, payable._owed()), ("overdue", 10000))
        self.assertEqual((self._owed_on(self.owed_account), self._owed_on(self.clearing)), (-10000.0, 0.0))
        self.assertEqual(payable.entry_ids.mapped("amount"), [10000.0, 10000.0, -10000.0])
        self.assertTrue(payable.activity_ids.filtered(lambda activity: "Called back." in (activity.note or "")))
        open_item = self._items(payable, self.owed_account).filtered(lambda item: not item.reconciled)
        self.assertRecordValues(open_item, [{"amount_residual": -10000.0, "date_maturity": payable.due_date}])
        with self._day(31):
            self._run_job("cron_settle_payables")
        self.assertFalse(self.rhone_bank.queued("settle"), "nothing came, so nobody tells that it was paid")
        self._as("approver", payable).action_settle()
        self.assertEqual(self.rhone_bank.settle()["payables"][0]["amount"]["amount"], "10000.00")
        self.rhone_bank.tell_settled(payable)
        self.assertEqual((payable.state, self._owed_on(self.owed_account)), ("settled", 0.0))
        self.assertFalse(payable.settles_by_hand)

    def test_part_that_was_settled_uses_no_limit_any_more(self):
        payable = self._paid_early(self._bill_of(10000.0))
        row = payable._live_request().bank_row_id
        keys = [
            ("program", self.program.id),
            ("member", self.member.id),
            ("bank", row.program_bank_id.id),
            ("pair", row.member_bank_id.id),
        ]
        self.assertEqual([payable._read_used()[key] for key in keys], [10000] * 4)
        settled = {"amount": "4000.00", "currency": payable.currency_id.name}
        self.rhone_bank.tell_payable("payable.overdue", payable, status="OVERDUE", settled=settled)
        self.assertEqual([payable._read_used()[key] for key in keys], [6000] * 4)

    def test_refused_settlement_is_told_and_sent_again(self):
        payable = self._paid_early()
        self._as("approver", payable).action_settle()
        self.rhone_bank.refuse("settle", detail="Not due.", status=409)
        self.assertIn("Not due.", payable.activity_ids[:1].note)
        self._as("approver", payable).action_settle()
        self.rhone_bank.settle()
        self.assertEqual(self._owed_on(self.owed_account), 0.0)

    def test_settlement_is_booked_bill_by_bill_until_the_bank_has_taken_it(self):
        first = self._paid_early(self._bill_of(10000.0, ref="SW-1"))
        second = self._paid_early(self._bill_of(4000.0, ref="SW-2"))
        self._as("approver", first + second).action_settle()
        self.rhone_bank.tell_settled(first)  # the bank drew it itself
        self.rhone_bank.refuse("settle", detail="It is SETTLED; the bank is owed nothing for it.", status=409)
        self.assertEqual((first._owed(), second._owed()), (0, 4000))
        self._as("approver", second).action_settle()
        self.assertEqual(self.rhone_bank.settle()["payables"][0]["amount"]["amount"], "4000.00")
        self.assertEqual(self._owed_on(self.owed_account), 0.0)

    # --- days ---

    def test_settlement_names_no_day_that_the_bank_has_not_reached(self):
        payable = self._paid_early()
        with self._day(1):  # it is tomorrow already where the approver sits
            self._as("approver", payable).action_settle()
        self.assertEqual(self.rhone_bank.body("settle")["paid_on"], self.today.isoformat())

    def test_bill_whose_due_date_was_changed_is_booked_all_the_same(self):
        payable = self._registered()
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        items = payable._payable_items()
        items.date_maturity = payable.due_date + timedelta(days=30)
        self.rhone_bank.confirm_early_payment(payable)
        self.rhone_bank.pay_early(payable)
        self.assertEqual(payable.state, "paid")
        self.assertTrue(items.reconciled)
        self.assertEqual(self._owed_on(self.owed_account), -payable.amount)

    # --- currencies ---

    def test_foreign_currency_leaves_nothing_but_the_exchange_difference(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in ((self.today - timedelta(days=20), 0.8), (self.today, 0.9)):
            self.env["res.currency.rate"].create(
                {"name": day, "rate": rate, "currency_id": euro.id, "company_id": self.company.id}
            )
        program = self._approved(banks=self.rhone, name="In euro", currency_id=euro.id)
        program.approves_separately = False
        member = self._member(program, self.paper, "submitted")
        self.rhone_bank.approve_program(program.bank_ids)
        self.rhone_bank.approve_member(member, program.bank_ids, limit="50000.00")
        bill = self._bill_of(9000.0, ago=20, days=80, partner=self.paper, ref="PM-9", currency_id=euro)
        payable = self._approve(bill)
        self.rhone_bank.register()
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self.rhone_bank.confirm_early_payment(payable)
        self.rhone_bank.pay_early(payable)
        self.assertEqual(bill.payment_state, "paid")
        self.assertEqual(self._owed_on(self.owed_account), -10000.0)
        self.rhone_bank.tell_settled(payable)
        self.assertEqual(self._owed_on(self.owed_account), 0.0)
        self.assertEqual(self._owed_on(bill._scf_payable_items().account_id, self.paper), 0.0)

    # --- disclosure ---

    def test_supplier_finance_report_shows_payables(self):
        self._registered(self._bill_of(3000.0, ref="SW-31"))
        paid = self._paid_early(self._bill_of(10000.0, ref="SW-32"))
        settled = self._paid_early(self._bill_of(2000.0, ref="SW-33"))
        self.rhone_bank.tell_settled(settled)
        report = self._as("admin", self.env["scf.supplier.finance"]).create(
            {"date_from": self.today, "date_to": self.today}
        )
        self.assertRecordValues(
            report, [{"opening": 0.0, "confirmed": 12000.0, "paid": 2000.0, "closing": 10000.0, "awaiting": 3000.0}]
        )
        line = report.line_ids.filtered(lambda line: line.payable_id == paid)
        self.assertRecordValues(
            line, [{"closing": 10000.0, "bank_id": self.rhone.id, "partner_id": self.steel.id, "days": 60}]
        )
        self.assertIn(self.owed_account.display_name, report.presented_in)
        self.assertTrue(report._terms_by_bank())

    def test_due_dates_stay_those_of_the_bills(self):
        payable = self._paid_early(self._bill_of(days=45))
        due = fields.Date.add(self.today, days=45)
        self.assertEqual(self._items(payable, self.owed_account).date_maturity, due)
