from datetime import timedelta

from openscf.canonical import sha256_hex
from openscf.keys import SigningKey
from openscf.payables import EarlyPaymentRequest

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import Form, tagged

from .membership_case import MembershipCase, money


@tagged("post_install", "-at_install")
class TestApprovedInvoice(MembershipCase):
    def given(self):
        super().given()
        self.people["requester"].email = "requester@our.example"
        self.membership = self._joined()
        self.invoice = self._invoice(10000.0, days=45)

    # --- when ---

    def _ask(self, approved, day=None):
        """Ask through the dialog, as the requester."""
        action = self._as("requester", approved.move_id).action_scf_get_paid_early()
        asks = self._as("requester", self.env["scf.early.payment.ask"]).with_context(**action["context"])
        dialog = Form(asks)
        if day:
            dialog.pay_on = day
        dialog.save().action_ask()

    def _sent(self, approved):
        self._ask(approved)
        self._as("approver", approved).action_approve()
        return self.rhone_bank.body("early_payment")

    def _requested(self, approved, request):
        """The bank took the request and asks Atlas; gives the Payable."""
        payable = self._payable(
            self.membership,
            approved.move_id or self.invoice,
            status="REQUESTED",
            request={name: request[name] for name in ("request_id", "pay_on", "discount", "payout", "channel")},
        )
        self.rhone_bank.answer("early_payment", payable)
        return payable

    def _paid(self, approved, on=None):
        """Paid early, all the way."""
        request = self._sent(approved)
        payable = self._requested(approved, request)
        self._tell_payable("confirmed", self.membership, {**payable, "status": "CONFIRMED"})
        paid = {
            "paid_on": (on or approved.pay_on).isoformat(),
            "discount": request["discount"],
            "payout": request["payout"],
        }
        payable = {**payable, "status": "PAID", "paid": paid}
        self._tell_payable("paid", self.membership, payable)
        return payable

    def _panel(self, role="requester"):
        return self._as(role, self.invoice).scf_panel()

    # --- matching ---

    def test_signed_approval_is_matched_and_confirms_the_invoice(self):
        approved = self._approved(self.membership, self.invoice)
        self.assertEqual((approved.move_id, approved.mismatch, approved.state), (self.invoice, False, "registered"))
        self.assertTrue(approved.is_confirmation)
        [row] = self.invoice._scf_confirmations()
        self.assertEqual((row["answer"], row["amount"], row["confirmed_by"]), ("confirmed", "10000.00", "Berta Buyer"))
        self.assertEqual(row["statement_sha256"], sha256_hex(approved.approval.encode()))

    def test_what_differs_is_named_and_confirms_nothing(self):
        other = self.env["res.partner"].create({"name": "Quiet Ltd", "is_company": True, "vat": "US987654321"})
        cases = {
            "due date": self._invoice(500.0, days=30),
            "Quiet Ltd": self._invoice(500.0, partner_id=other),
            "another total": self._invoice(500.0),
            "open of the invoice": self._invoice(500.0),
        }
        total = self._invoice(501.0)
        changes = {
            "due date": {"signed": {"due_date": self.today + timedelta(days=90)}},
            "Quiet Ltd": {},
            "another total": {
                "signed": {"fingerprints": self._approval(self.membership, total)[0].fingerprints.to_wire()}
            },
            "open of the invoice": {"signed": {"amount": money("450.00")}},
        }
        for word, move in cases.items():
            with self.subTest(word=word):
                approved = self._approved(self.membership, move, **changes[word])
                self.assertIn(word, approved.mismatch)
                self.assertFalse(approved.move_id)
                self.assertEqual(move._scf_confirmations(), [])
                with self.assertRaises(UserError):
                    self._as("requester", approved).action_choose_day()

    def test_signature_of_another_key_confirms_nothing(self):
        approved = self._approved(self.membership, self.invoice, key=SigningKey.generate())
        self.assertIn("not signed by the key", approved.mismatch)
        self.assertEqual(self.invoice._scf_confirmations(), [])

    def test_bank_that_tells_more_than_was_signed_is_not_believed(self):
        approved = self._approved(self.membership, self.invoice, amount=money("20000.00"))
        self.assertIn("otherwise than Atlas Retail signed", approved.mismatch)

    def test_invoice_that_is_posted_later_is_found(self):
        payable = self._payable(self.membership, self.invoice)
        self.invoice.button_draft()
        approved = self._tell_payable("registered", self.membership, payable)
        self.assertIn("no posted customer invoice", approved.mismatch)
        self.invoice.action_post()
        self.assertEqual((approved.move_id, approved.mismatch), (self.invoice, False))

    def test_approval_that_is_reduced_or_taken_back_confirms_no_more(self):
        payable = self._payable(self.membership, self.invoice)
        approved = self._tell_payable("registered", self.membership, payable)
        self._tell_payable("reduced", self.membership, {**payable, "amount": money("9000.00")}, reason="Short.")
        self.assertEqual(self.invoice._scf_confirmations(), [])
        self.assertIn("9,000.00", approved.mismatch)
        credit = self.invoice._reverse_moves([{"date": self.today, "invoice_date": self.today}])
        credit.invoice_line_ids.price_unit = 1000.0
        credit.action_post()
        (self.invoice | credit).line_ids.filtered(lambda item: item.account_type == "asset_receivable").reconcile()
        self._as("requester", approved).action_match()
        self.assertEqual(approved.move_id, self.invoice)
        self.assertEqual(self.invoice._scf_confirmations(), [], "the whole invoice is confirmed by nobody")
        self._tell_payable("withdrawn", self.membership, {**payable, "status": "WITHDRAWN"}, reason="Error.")
        self.assertEqual((approved.state, self._panel()["state"]), ("withdrawn", "eligible"))

    def test_instalments_are_matched_and_paid_early_each_by_itself(self):
        self.invoice.button_draft()
        self.invoice.invoice_payment_term_id = self.env["account.payment.term"].create(
            {
                "name": "30 % in 30 days, the rest in 60",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": percent, "nb_days": days})
                    for percent, days in ((30, 30), (70, 60))
                ],
            }
        )
        self.invoice.action_post()
        items = self.invoice.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        first, second = items.sorted("date_maturity")
        approvals = [
            self._approved(
                self.membership,
                self.invoice,
                id=f"pay-{item.id}",
                signed={"payable_id": f"P{item.id}", "amount": money(amount), "due_date": item.date_maturity},
            )
            for item, amount in ((first, "3000.00"), (second, "7000.00"))
        ]
        self.assertEqual([(one.move_id, one.mismatch) for one in approvals], [(self.invoice, False)] * 2)
        self.assertEqual(self.invoice._scf_confirmations(), [], "neither confirms the whole invoice")
        later, sooner = approvals[1], approvals[0]
        self._as("requester", later).action_choose_day()
        self._as("requester", self.env["scf.early.payment.ask"]).create({"approved_id": later.id}).action_ask()
        self._as("approver", later).action_approve()
        request = self.rhone_bank.body("early_payment")
        asked = {name: request[name] for name in ("request_id", "pay_on", "discount", "payout", "channel")}
        signed = {"payable_id": later.payable_ref, "amount": money("7000.00"), "due_date": second.date_maturity}
        payable = self._payable(
            self.membership, self.invoice, status="CONFIRMED", id=later.bank_payable_ref, request=asked, signed=signed
        )
        self.rhone_bank.answer("early_payment", payable)
        paid = {"paid_on": asked["pay_on"], "discount": asked["discount"], "payout": asked["payout"]}
        self._tell_payable("paid", self.membership, {**payable, "status": "PAID", "paid": paid})
        self.assertEqual((first.reconciled, second.reconciled), (False, True))
        self.assertEqual(self._panel()["state"], "eligible", "the first one can still be paid early")
        self._ask(sooner)
        self.assertEqual(sooner.state, "to_approve")

    # --- getting paid early ---

    def test_panel_says_what_comes_when_and_what_it_costs(self):
        self._approved(self.membership, self.invoice)
        panel = self._panel()
        # 10,000.00 × 7.9 % × 44/360 + 0.1 %
        self.assertIn("Atlas Retail approved this invoice", panel["headline"])
        for word in ("9,893.44", "106.56", "8.9"):
            self.assertIn(word, panel["headline"])
        self.assertEqual(panel["actions"][0]["name"], "action_scf_get_paid_early")
        self.assertEqual([row["label"] for row in panel["rows"]], ["Banque du Rhône"])
        self.assertFalse(self._panel("accountant")["visible"])

    def test_second_person_approves_and_the_bank_is_asked(self):
        approved = self._approved(self.membership, self.invoice)
        self._ask(approved)
        self.assertEqual((approved.state, self._panel("approver")["state"]), ("to_approve", "offered"))
        self.assertIn(self.people["approver"], approved.activity_ids.user_id)
        self.assertFalse(self.rhone_bank.queued("early_payment"))
        with self.assertRaisesRegex(AccessError, "approver"):
            self._as("requester", approved).action_approve()
        self._as("approver", self.invoice).action_scf_approve_early_payment()
        wire = EarlyPaymentRequest.model_validate(self.rhone_bank.body("early_payment"))
        self.assertEqual((str(wire.payout), str(wire.discount)), ("9893.44 USD", "106.56 USD"))
        self.assertEqual((wire.channel, wire.accepted_by.name), ("erp", "Approver"))
        self.assertEqual(approved._scf_target("early_payment"), approved.bank_payable_ref)

    def test_what_waits_for_a_person_is_on_home_and_what_is_promised_is_not_offered_there(self):
        approved = self._approved(self.membership, self.invoice)
        self._approved(self.membership, self._invoice(700.0), amount=money("800.00"))
        home = self._as("approver", self.env["scf.home"])
        free = self._as("approver", self.env["account.move"])._scf_listings()[0]

        def is_free():
            invoices = self.env["account.move"]
            self.env.flush_all()
            domain = free.domain & invoices._scf_free_domain(free)
            return bool(invoices.search_count(domain & Domain("id", "=", self.invoice.id)))

        self.assertTrue(is_free())
        self._ask(approved)
        self.assertFalse(is_free())
        waiting = {row["code"]: row["count"] for row in home.scf_home()["attention"]}
        self.assertEqual((waiting["early_payments"], waiting["unmatched_approvals"]), (1, 1))

    def test_another_day_has_another_price_and_a_day_too_late_none(self):
        approved = self._approved(self.membership, self.invoice)
        action = self._as("requester", self.invoice).action_scf_get_paid_early()
        dialog = Form(self._as("requester", self.env["scf.early.payment.ask"]).with_context(**action["context"]))
        self.assertEqual((dialog.payout, dialog.discount), (9893.44, 106.56))
        dialog.pay_on = self.today + timedelta(days=15)
        # 10,000.00 × 7.9 % × 30/360 + 0.1 %
        self.assertEqual((dialog.payout, dialog.discount), (9924.17, 75.83))
        dialog.pay_on = self.today + timedelta(days=41)
        self.assertIn("can pay from", dialog.problem)
        with self.assertRaisesRegex(UserError, "can pay from"):
            dialog.save().action_ask()
        self.assertEqual(approved.state, "registered")

    def test_limit_that_is_over_offers_nothing_and_lets_nobody_agree(self):
        approved = self._approved(self.membership, self.invoice)
        self._ask(approved)
        ended = str(self.today - timedelta(days=1))
        self._tell_member(self.membership, "changed", status="APPROVED", valid_until=ended)
        with self.assertRaisesRegex(UserError, "limit at .* ended"):
            self._as("approver", approved).action_approve()
        self._as("requester", approved).action_withdraw()
        self.assertFalse(approved.offer_in_words)
        with self.assertRaisesRegex(UserError, "limit at .* ended"):
            self._as("requester", approved).action_choose_day()
        self._tell_member(self.membership, "changed", status="APPROVED", valid_until=str(self.today))
        self.assertTrue(approved.offer_in_words)

    def test_who_asked_does_not_approve(self):
        approved = self._approved(self.membership, self.invoice)
        asks = self._as("approver", self.env["scf.early.payment.ask"])
        asks.create({"approved_id": approved.id}).action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            self._as("approver", approved).action_approve()

    def test_payment_is_booked_and_the_invoice_is_paid(self):
        approved = self._approved(self.membership, self.invoice)
        self._paid(approved)
        self.assertEqual((approved.state, self.invoice.payment_state), ("paid", "paid"))
        booked = {item.account_id: item.balance for item in approved.payment_entry_id.line_ids}
        self.assertEqual(
            booked,
            {
                self.company.scf_clearing_account_id: 9893.44,
                self.company.scf_interest_account_id: 106.56,
                self.company_data["default_account_receivable"]: -10000.0,
            },
        )
        self.assertEqual(self._panel()["state"], "financed")
        for step in (self.invoice.button_draft, approved.payment_entry_id.button_draft):
            with self.assertRaises(UserError):
                step()

    def test_payment_in_a_foreign_currency_leaves_nothing_open(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        rates = [(self.today - timedelta(days=30), 0.5), (self.today, 0.8)]
        for day, rate in rates:
            self.env["res.currency.rate"].create(
                {"name": day, "rate": rate, "currency_id": euro.id, "company_id": self.company.id}
            )
        invoice = self._invoice(1000.0, currency_id=euro.id, invoice_date=self.today - timedelta(days=20), days=60)
        self.invoice = invoice
        approved = self._approved(self.membership, invoice)
        self._paid(approved, on=self.today)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.amount_residual, 0)
        clearing = approved.payment_entry_id.line_ids.filtered(
            lambda item: item.account_id == self.company.scf_clearing_account_id
        )
        self.assertAlmostEqual(clearing.balance, approved.payout / 0.8, 2)

    def test_payment_that_is_the_first_word_of_it_is_booked_too(self):
        """Somebody asked for it in the customer's portal, before this ERP joined."""
        paid = {"paid_on": self.today.isoformat(), "discount": money("100.00"), "payout": money("9900.00")}
        approved = self._tell_payable(
            "paid", self.membership, self._payable(self.membership, self.invoice, status="PAID", paid=paid)
        )
        self.assertEqual((approved.state, self.invoice.payment_state), ("paid", "paid"))
        self.assertEqual(self._account_balance(self.company.scf_clearing_account_id), 9900.0)

    def test_payment_that_fails_opens_the_invoice_again(self):
        approved = self._approved(self.membership, self.invoice)
        payable = self._paid(approved)
        failed = {name: value for name, value in payable.items() if name not in ("paid", "request")}
        self._tell_payable("failed", self.membership, {**failed, "status": "REGISTERED"}, reason="Account closed.")
        self.assertEqual((approved.state, self.invoice.amount_residual), ("registered", 10000.0))
        self.assertFalse(approved.payment_entry_id)
        self.assertEqual(self._account_balance(self.company.scf_clearing_account_id), 0)
        self.assertEqual(approved.message, "Account closed.")
        self._ask(approved)

    def test_customer_that_refuses_leaves_it_as_before(self):
        approved = self._approved(self.membership, self.invoice)
        payable = self._requested(approved, self._sent(approved))
        self.assertEqual(approved.state, "requested")
        again = {name: value for name, value in payable.items() if name != "request"}
        self._tell_payable("refused", self.membership, {**again, "status": "REGISTERED"}, reason="Not now.")
        self.assertEqual((approved.state, approved.message, approved.pay_on), ("registered", "Not now.", False))

    def test_bank_that_refuses_the_request_says_why(self):
        approved = self._approved(self.membership, self.invoice)
        self._sent(approved)
        self.rhone_bank.refuse("early_payment", "limit-exceeded", "2,000.00 above the limit.", status=409)
        self.assertEqual(approved.state, "registered")
        self.assertIn("2,000.00 above the limit.", approved.message)

    def test_word_that_crossed_our_request_does_not_undo_it(self):
        payable = self._payable(self.membership, self.invoice)
        approved = self._tell_payable("registered", self.membership, payable)
        self._sent(approved)
        self._tell_payable("registered", self.membership, payable)
        self.assertEqual(approved.state, "sent")

    def test_settlement_of_the_customer_changes_nothing_in_our_books(self):
        approved = self._approved(self.membership, self.invoice)
        payable = self._paid(approved)
        self._tell_payable("overdue", self.membership, {**payable, "status": "OVERDUE"})
        self._tell_payable("settled", self.membership, {**payable, "status": "SETTLED", "settled": money("10000.00")})
        self.assertEqual((approved.state, self._panel()["state"]), ("settled", "repaid"))
        self._tell_payable(
            "settlement_reversed", self.membership, {**payable, "status": "OVERDUE"}, reason="Called back."
        )
        self.assertEqual((approved.state, self._panel()["state"]), ("overdue", "financed"))
        self.assertEqual(len(approved.payment_entry_id.line_ids), 3)
        self.assertEqual(self._account_balance(self.company.scf_clearing_account_id), 9893.44)

    # --- one asset, one financier ---

    def test_invoice_financed_elsewhere_is_not_paid_early(self):
        approved = self._approved(self.membership, self.invoice)
        application = self._request(self.invoice, banks=self.hansa)
        with self.assertRaisesRegex(UserError, application.name):
            self._ask(approved)

    def test_invoice_paid_early_is_not_financed_elsewhere(self):
        approved = self._approved(self.membership, self.invoice)
        self._ask(approved)
        assessment = self.invoice._scf_assess()
        self.assertFalse(assessment.is_eligible)
        self.assertIn("early payment of Banque du Rhône", assessment.stops[0].sentence)
        with self.assertRaisesRegex(UserError, "early payment of Banque du Rhône"):
            self._request(self.invoice, banks=self.hansa)
        self._as("requester", approved).action_withdraw()
        self.assertTrue(self.invoice._scf_assess().is_eligible)

    def test_order_whose_invoice_is_paid_early_is_not_financed(self):
        self.product_a.invoice_policy = "order"
        order = self._order(10000.0)
        invoice = order._create_invoices()
        invoice.write({"invoice_date": self.today, "invoice_date_due": self.today + timedelta(days=45)})
        invoice.invoice_payment_term_id = False
        invoice.action_post()
        approved = self._approved(self.membership, invoice)
        self.assertEqual(approved.mismatch, False)
        self._ask(approved)
        claims = order._scf_facts(self.env["scf.bank"], self.today)[0].claims
        self.assertEqual([claim.document_name for claim in claims], [invoice.name])

    # --- access ---

    def test_nobody_else_sees_or_asks(self):
        approved = self._approved(self.membership, self.invoice)
        other = self.env["res.company"].create({"name": "Other Ltd"})
        stranger = self._stranger(other, "scf_connector.group_scf_approver,account.group_account_invoice")
        portal = self._stranger(self.company, "base.group_portal", "portal_approved")
        for user in (stranger, portal, self.people["accountant"]):
            with self.assertRaises(AccessError):
                approved.with_user(user).read(["amount"])
            with self.assertRaises(AccessError):
                approved.with_user(user).action_choose_day()
            asks = self.env["scf.early.payment.ask"].with_user(user)
            with self.assertRaises(AccessError):
                asks.create({"approved_id": approved.id}).action_ask()
            with self.assertRaises(AccessError):
                asks.create({"approved_id": approved.id, "pay_on": self.today}).read(["amount", "bank_name"])
        for values in ({"state": "paid"}, {"move_id": False}, {"approval": "x"}, {"payout": 1.0}):
            with self.assertRaises(AccessError):
                self._as("approver", approved).write(values)
        with self.assertRaises(AccessError):
            self._as("admin", self.env["scf.approved.invoice"]).create({"membership_id": self.membership.id})

    def test_members_of_several_companies_keep_theirs_apart(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        both = self._stranger(other)
        both.company_ids = [Command.link(self.company.id)]
        approved = self._approved(self.membership, self.invoice)
        companies = self.env["scf.approved.invoice"].with_user(both)
        self.assertFalse(companies.with_context(allowed_company_ids=other.ids).search([]))
        self.assertEqual(companies.with_context(allowed_company_ids=self.company.ids).search([]), approved)
