from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.scf_program.payables.quotes import cost_a_year

from .payable_case import PayableCase


@tagged("post_install", "-at_install")
class TestPayable(PayableCase):
    """Bills are approved, registered at banks by what the company signed, and paid early by one of them."""

    # --- approving ---

    def test_approved_bill_is_registered_at_each_bank_by_a_signed_approval(self):
        bill = self._bill_of(10000.0, ref="SW-77")
        payable = self._approve(bill)
        self.assertRecordValues(payable, [{"amount": 10000.0, "state": "approved", "document_number": "SW-77"}])
        [claims] = self.rhone_bank.register()
        self.assertEqual(claims["amount"], {"amount": "10000.00", "currency": self.company.currency_id.name})
        self.assertEqual(claims["due_date"], bill.invoice_date_due.isoformat())
        self.assertEqual(claims["iss"], self.rhone.client_id)
        self.assertEqual(claims["fingerprints"]["f1"], bill._scf_fingerprints().f1)
        self.hansa_bank.register()
        self.assertEqual(set(payable.bank_ids.mapped("status")), {"registered"})

    def test_bill_with_two_due_dates_is_two_payables(self):
        bill = self._bill_of(ref="SW-2")
        bill.button_draft()
        bill.invoice_payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "30 % in 30 days, the rest in 60",
                "line_ids": [
                    (0, 0, {"value": "percent", "value_amount": 30, "nb_days": 30}),
                    (0, 0, {"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        bill.action_post()
        payables = self._approve(bill).sorted("due_date")
        self.assertEqual(payables.mapped("amount"), [3000.0, 7000.0])
        self.assertEqual((payables[1].due_date - payables[0].due_date).days, 30)
        self.assertEqual(self._as("approver", bill).scf_payable_state, "Approved")
        payables[0]._set_state("paid")
        self.assertEqual(self._as("approver", bill).scf_payable_state, "Paid Early, Approved")
        payables[1].action_withdraw()
        self.assertEqual(self._as("approver", bill).scf_payable_state, "Paid Early")
        self.assertEqual(self._queries_of_form(bill, "scf_payable_states", "scf_payable_state"), 1)

    def _queries_of_form(self, bill, *names):
        """How many queries read these fields of a bill at once."""
        bill = self._as("approver", bill)
        self.env.flush_all()
        for _warm in range(2):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            bill.fetch(names)
            bill.mapped(names[-1])
        return self.cr.sql_log_count - before

    def test_why_a_bill_may_not_be_approved(self):
        cases = {
            "no vendor bill": self._invoice(1000.0),
            "due too soon": self._bill_of(days=3, ref="SW-3"),
            "due too late": self._bill_of(days=300, ref="SW-4"),
            "lacks the supplier's own number": self._bill_of(ref=False),
            "in no running program": self._bill_of(partner=self.paper, ref="PM-1"),
        }
        blocked = cases["blocked for payment"] = self._bill_of(ref="SW-5")
        blocked.action_toggle_block_payment()
        twin = cases["approved already"] = self._bill_of(ref="SW-6")
        self._approve(twin)
        for words, bill in cases.items():
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._approve(bill)

    def test_whoever_posted_a_bill_may_not_approve_it_where_the_program_says_so(self):
        self.program.approves_separately = True
        bill = self._bill_of(ref="SW-8")
        bill.button_draft()
        self._as("approver", bill).action_post()
        with self.assertRaisesRegex(UserError, "posted .* yourself"):
            self._approve(bill)
        self.assertTrue(self._approve(bill, "admin"))

    def test_only_an_approver_approves(self):
        bill = self._bill_of()
        with self.assertRaises(AccessError):
            self._approve(bill, "requester")
        with self.assertRaises(AccessError):
            self._as("requester", self.env["scf.payable"]).create({"name": "X", "move_id": bill.id})

    def test_selection_says_what_was_left_and_why(self):
        bills = self._bill_of(ref="SW-10") + self._bill_of(days=2, ref="SW-11")
        action = self._as("approver", bills).action_scf_approve_payable()
        selection = self.env["scf.payable.selection"].browse(action["res_id"])
        self.assertRecordValues(selection, [{"approved_count": 1, "left_count": 1, "is_done": True}])
        self.assertIn("too soon", selection.line_ids.filtered(lambda line: line.outcome == "left").reason)

    def test_bill_that_matches_order_and_receipt_is_approved_by_the_rule(self):
        self.program.approval_rule = "three_way"
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.steel.id,
                "order_line": [
                    (0, 0, {"product_id": self.product_a.id, "product_qty": 10, "price_unit": 100.0, "tax_ids": []})
                ],
            }
        )
        self.product_a.purchase_method = "receive"
        order.button_confirm()
        order.order_line.qty_received = 8
        order.order_line.qty_received_manual = 8
        order.action_create_invoice()
        bill = order.invoice_ids
        bill.write({"invoice_date": self.today, "ref": "SW-12", "invoice_date_due": self.today + timedelta(days=50)})
        bill.invoice_payment_term_id = False
        bill.invoice_date_due = self.today + timedelta(days=50)
        bill.invoice_line_ids.quantity = 9
        bill.action_post()
        self._run_job("cron_approve_by_rule")
        self.assertFalse(bill.scf_payable_ids, "one more was billed than has come")
        self.assertIn("9", bill._scf_why_no_match(self.program))
        order.order_line.qty_received_manual = 10
        order.order_line.qty_received = 10
        self._run_job("cron_approve_by_rule")
        self.assertEqual(bill.scf_payable_ids.state, "approved")
        self.assertFalse(bill.scf_payable_ids.approved_by_id)

    # --- quotes ---

    def test_quotes_of_banks_and_of_own_cash(self):
        payable = self._registered(self._bill_of(10000.0, days=60))
        self._budget()
        day = self.today + timedelta(days=10)
        quotes = payable._quotes([day])
        by_payer = {quote.payer: quote for quote in quotes}
        # 10,000 × 6 % × 50/360 + 0.1 %
        self.assertEqual(str(by_payer["Banque du Rhône"].discount), "93.33")
        self.assertEqual(str(by_payer["Banque du Rhône"].payout), "9906.67")
        # 10,000 × 9 % × 50/360
        self.assertEqual(str(by_payer[self.company.name].discount), "125.00")
        self.assertEqual(by_payer["Banque du Rhône"].rate_pa, cost_a_year(quotes[0].discount, quotes[0].payout, 50))
        self.assertEqual([quote.discount for quote in quotes], sorted(quote.discount for quote in quotes))

    def test_dispute_and_limits_make_quotes_vanish(self):
        payable = self._registered(self._bill_of(10000.0))
        self.assertEqual(len(payable._quotes()), 2)
        self.program.bank_ids[0].limit_amount = 9999.99
        self.assertEqual(len(payable._quotes()), 1)
        self.program.member_limit = 9000.0
        self.assertFalse(payable._quotes())

    def test_limit_that_is_over_offers_nothing(self):
        payable = self._registered()
        self.assertEqual(len(payable._quotes()), 2)
        at_rhone, at_hansa = payable.bank_ids.member_bank_id
        at_rhone.valid_until = self.today - timedelta(days=1)
        self.assertEqual([quote.payer for quote in payable._quotes()], [self.hansa.name])
        at_hansa.program_bank_id.valid_until = self.today - timedelta(days=1)
        self.assertFalse(payable._quotes())
        at_hansa.program_bank_id.valid_until = self.today
        self.assertTrue(payable._quotes(), "its last day counts")
        day = at_hansa.program_bank_id.valid_until + timedelta(days=2)
        at_hansa.program_bank_id.valid_until = self.today - timedelta(days=1)
        self.hansa_bank.member_asks(payable, day)
        self.assertIn("limit", self.hansa_bank.body("refuse")["reason"])

    # --- early payment ---

    def test_double_click_asks_the_bank_once(self):
        payable = self._registered()
        source = self._source_at(payable, self.rhone_bank)
        [quote] = [one for one in payable._quotes() if one.source == source]
        accepted = {"name": "Ada", "at": payable.create_date}
        first = payable._request_early_payment(quote, quote.pay_on, accepted, "portal")
        second = payable._request_early_payment(quote, quote.pay_on, accepted, "portal")
        self.assertEqual(first, second)
        self.assertEqual(len(self.rhone_bank.queued("early_payment")), 1)
        other = payable.bank_ids - first.bank_row_id
        with self.assertRaisesRegex(UserError, "agreed already"):
            payable._request_early_payment(
                payable._quote(other._source(), "Hansa", self.today, self.today, payable._read_used()),
                self.today,
                accepted,
                "portal",
            )

    def test_changed_figures_are_not_accepted(self):
        payable = self._registered()
        quote = payable._quotes()[0]
        payable.bank_ids.terms = {**payable.bank_ids[0].terms, "rate_pa": "7.00"}
        with self.assertRaisesRegex(UserError, "figures have changed"):
            payable._request_early_payment(quote, quote.pay_on, {"name": "A", "at": payable.create_date}, "portal")

    def test_bank_that_confirms_is_the_only_one_left(self):
        payable = self._registered()
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self.assertFalse(self.hansa_bank.queued("withdraw"), "the first one may still refuse")
        self.rhone_bank.confirm_early_payment(payable)
        self.assertEqual(payable.request_ids.state, "confirmed")
        self.hansa_bank.forget(payable)
        self.assertEqual(payable.bank_ids.mapped("status"), ["confirmed", "withdrawn"])

    def test_word_that_an_answer_has_overtaken_changes_nothing(self):
        payable = self._registered()
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        registered = dict(self.rhone_bank.of(payable))
        self.rhone_bank.confirm_early_payment(payable)
        confirmed = dict(self.rhone_bank.of(payable))
        self.rhone_bank.tell_payable("payable.registered", payable, **registered)
        self.assertEqual((payable.state, payable.request_ids.state), ("agreed", "confirmed"))
        self.rhone_bank.of(payable).update(confirmed)
        self.rhone_bank.pay_early(payable)
        self.assertEqual(payable.state, "paid")

    def test_bank_that_joins_later_gets_what_was_approved_before(self):
        later = self.program.bank_ids.filtered(lambda one: one.bank_id == self.hansa)
        later.status = "suspended"
        payables = self._approve(self._bill_of(ref="SW-51")) + self._approve(self._bill_of(ref="SW-52"))
        self.assertFalse(self.hansa_bank.queued("payables"))
        later.status = "active"
        self._run_job("cron_follow_bills")
        [message] = self.hansa_bank.queued("payables")
        self.assertEqual(len(self.hansa_bank.body("payables")["payables"]), 2)
        self._run_job("cron_follow_bills")
        self.assertEqual(self.hansa_bank.queued("payables"), message)
        self.assertEqual(len(payables.bank_ids), 4)

    def test_bill_of_a_supplier_that_left_and_came_back_is_registered_anew(self):
        payable = self._registered()
        self.member._leave("Sold.")
        for bank in self.banks:
            self.assertIn("membership", bank.body("withdraw")["reason"])
            bank.forget(payable)
        self.member._note_written("invitation")
        again = self.member.bank_ids.filtered(lambda one: not one.over_since)
        self.assertEqual(again.bank_id, self.rhone + self.hansa)
        again[0].write({"bank_member_ref": "mem-2", "status": "approved"})
        self.member._set_state("approved")
        self._run_job("cron_follow_bills")
        [claims] = self.rhone_bank.register()
        self.assertEqual((claims["member"], claims["payable_id"]), ("mem-2", f"{payable.name}-2"))
        self.assertFalse(self.hansa_bank.queued("payables"), "it has not joined there")

    def test_suspended_program_offers_nothing(self):
        payable = self._registered()
        self.program._set_state("suspended")
        self.assertFalse(payable._quotes())

    def test_refused_early_payment_frees_the_payable(self):
        payable = self._registered()
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self.rhone_bank.refuse("early_payment", "limit-exceeded", "Above the limit by 100.00.", status=409)
        self.assertRecordValues(payable.request_ids, [{"state": "refused", "message": "Above the limit by 100.00."}])
        self.assertEqual(payable.state, "approved")
        self.assertEqual(len(payable._quotes()), 2)

    def test_supplier_that_asks_two_banks_is_confirmed_at_the_first_only(self):
        payable = self._registered()
        day = self.today + timedelta(days=2)
        self.rhone_bank.member_asks(payable, day)
        self.assertFalse(self.rhone_bank.queued("confirm"), "not before the others have forgotten it")
        self.hansa_bank.member_asks(payable, day, request_id="EP-OF-SUPPLIER-2")
        refusal = self.hansa_bank.body("refuse")
        self.assertEqual(refusal["request_id"], "EP-OF-SUPPLIER-2")
        self.hansa_bank.refuse("withdraw", "not-registered", "It has been asked for.", status=409)
        self.hansa_bank.of(payable).update(status="REGISTERED")
        self.hansa_bank.answer("refuse", dict(self.hansa_bank.of(payable)))
        self.hansa_bank.tell_payable("payable.refused", payable, status="REGISTERED")
        self.hansa_bank.forget(payable)
        self.assertEqual(self.rhone_bank.body("confirm")["request_id"], "EP-OF-SUPPLIER-1")
        self.assertEqual(len(self.rhone_bank.queued("confirm")), 1)

    def test_confirmation_that_the_bank_refuses_frees_the_payable_at_once(self):
        payable = self._registered()
        day = self.today + timedelta(days=2)
        self.rhone_bank.member_asks(payable, day)
        self.hansa_bank.forget(payable)
        self.rhone_bank.refuse("confirm", "wrong-state", "The program is SUSPENDED.", status=409)
        self.assertRecordValues(payable.request_ids, [{"state": "refused", "message": "The program is SUSPENDED."}])
        self.assertEqual(payable.state, "approved")
        self.assertIn("The program is SUSPENDED.", payable.activity_ids[:1].note)
        self.assertEqual(len(self.hansa_bank.body("payables")["payables"]), 1, "others may pay it again")
        self.assertEqual(self.rhone_bank.body("refuse")["request_id"], "EP-OF-SUPPLIER-1")
        self.rhone_bank.of(payable).pop("request")
        self.rhone_bank.tell_payable("payable.refused", payable, status="REGISTERED")
        self.rhone_bank.member_asks(payable, day, request_id="EP-OF-SUPPLIER-2")
        self.assertEqual(payable._live_request().wire_ref, "EP-OF-SUPPLIER-2")

    # --- one bill, one financier ---

    def test_approved_bill_is_not_financed_otherwise(self):
        bill = self._bill_of()
        self._approve(bill)
        codes = [finding.code for finding in bill._scf_assess().findings if finding.level == "stop"]
        self.assertIn("already_financed", codes)
        panel = self._as("requester", bill).scf_panel()
        self.assertEqual(panel["state"], "ineligible")

    def test_database_takes_one_early_payment_of_a_payable(self):
        payable = self._registered()
        request = self._accept(payable, self._source_at(payable, self.rhone_bank))
        with self.assertRaisesRegex(Exception, "one_financier"), mute_logger("odoo.sql_db"), self.cr.savepoint():
            request.copy({"name": "EP/other"}).flush_recordset()

    # --- disputes and credit notes before the payout ---

    def test_dispute_withdraws_the_payable_at_the_banks(self):
        payable = self._registered()
        payable.move_id.action_toggle_block_payment()
        self.assertEqual(payable.state, "withdrawn")
        self.assertFalse(payable._quotes())
        for bank in self.banks:
            bank.forget(payable)
        self.assertEqual(set(payable.bank_ids.mapped("status")), {"withdrawn"})

    def test_credit_note_reduces_the_payable_at_the_banks(self):
        payable = self._registered(self._bill_of(10000.0))
        self._credit(payable.move_id, 1500.0)
        self.assertEqual(payable.amount, 8500.0)
        self.assertEqual(self.rhone_bank.body("reduce")["amount"]["amount"], "8500.00")
        self.rhone_bank.take_reduction(payable)
        self.assertEqual(payable._quotes()[0].amount, 8500)

    def test_bill_reset_to_draft_is_withdrawn_until_somebody_pays_it(self):
        payable = self._registered()
        payable.move_id.button_draft()
        self.assertEqual(payable.state, "withdrawn")
        self.assertTrue(self.rhone_bank.queued("withdraw"))

    def test_bill_that_a_bank_paid_stays(self):
        payable = self._paid_early()
        for step in ("button_draft", "button_cancel"):
            with self.subTest(step), self.assertRaisesRegex(UserError, "has paid"):
                getattr(payable.move_id, step)()
        with self.assertRaisesRegex(UserError, "has paid"):
            self._as("approver", payable).action_withdraw()

    def _credit(self, bill, amount):
        """The supplier's credit note of a bill, matched with it where it is open."""
        note = bill._reverse_moves([{"invoice_date": self.today, "date": self.today}])
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note

    def test_late_credit_stays_open_and_is_told_once(self):
        payable = self._paid_early(self._bill_of(10000.0))
        note = self._credit(payable.move_id, 500.0)
        self.assertEqual(payable.amount, 10000.0)
        self.assertFalse(self.rhone_bank.queued("reduce"))
        self.assertEqual(note.amount_residual, 500.0)
        told = len(self.member.message_ids)
        payable._reconsider()
        self.assertEqual(len(self.member.message_ids), told)
        self.assertIn("set off", self.member.message_ids[0].body)
        bills = self._bill_of(3000.0, ref="SW-2") + self._bill_of(2000.0, ref="SW-4")
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=bills.ids)
        self.assertEqual(wizard.create({}).scf_warning.count(note.name), 1, "it is said once for each supplier")
        (note + self._bill_of(500.0, ref="SW-3")).line_ids.filtered(
            lambda item: item.account_id == note._scf_payable_items().account_id
        ).reconcile()
        self.assertFalse(wizard.create({}).scf_warning, "it was set off")

    def test_credit_between_agreement_and_payout_is_told(self):
        payable = self._registered(self._bill_of(10000.0))
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self.rhone_bank.confirm_early_payment(payable)
        self._credit(payable.move_id, 1500.0)
        self.assertEqual(payable.told_credit, 1500.0)
        told = len(self.member.message_ids)
        self.rhone_bank.pay_early(payable)
        payable._reconsider()
        self.assertEqual(len(self.member.message_ids), told)
        self.assertIn("set off", self.member.message_ids[0].body)

    def test_credit_that_came_while_a_bank_was_asked_counts_when_it_refuses(self):
        payable = self._registered(self._bill_of(10000.0))
        self._accept(payable, self._source_at(payable, self.rhone_bank))
        self._credit(payable.move_id, 1500.0)
        self.rhone_bank.refuse("early_payment", "limit-exceeded", "Above the limit by 100.00.", status=409)
        self.assertEqual((payable.state, payable.amount), ("approved", 8500.0))
        self.assertEqual(self.hansa_bank.body("reduce")["amount"]["amount"], "8500.00")

    # --- boundaries ---

    def test_supplier_reads_nothing_over_rpc(self):
        payable = self._registered()
        supplier = self._portal_user(self.steel)
        for record in (payable, payable.bank_ids, self.env["scf.payable.request"]):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(supplier).read(["display_name"]) if record else record.with_user(supplier).search([])

    def test_other_company_sees_no_payable(self):
        payable = self._registered()
        stranger = self.people["approver"]
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertFalse(self.env["scf.payable"].with_user(stranger).search([("id", "=", payable.id)]))
        with self.assertRaises(AccessError):
            payable.with_user(stranger).action_settle()

    def test_nothing_is_deleted(self):
        payable = self._paid_early()
        for record in (payable, payable.request_ids, payable.entry_ids):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.sudo().unlink()
