from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tests.common import TransactionCase

from ..eligibility.assessment import assess
from ..eligibility.facts import (
    PRE_SHIPMENT,
    RECEIVABLES_DISCOUNTING,
    BankTerms,
    Claim,
    DocumentFacts,
)
from ..eligibility.overdue import MAX_DAYS_OVERDUE
from .common import FinanceCase


def bank_terms(**members):
    return BankTerms(
        **{
            "bank_id": 1,
            "name": "Rhône",
            "currencies": ("EUR",),
            "min_amount": Decimal(1000),
            "max_amount": Decimal(50000),
            "min_tenor_days": 10,
            "max_tenor_days": 90,
            "advance_rate": Decimal(80),
            "repayment": ("bullet",),
            "rate_pa": Decimal("8"),
            "fee_percent": Decimal("0.5"),
            **members,
        }
    )


def facts(**members):
    today = fields.Date.today()
    return DocumentFacts(
        **{
            "technique": RECEIVABLES_DISCOUNTING,
            "kind": "customer_invoice",
            "name": "INV/1",
            "state": "posted",
            "move_type": "out_invoice",
            "payment_state": "not_paid",
            "invoice_status": None,
            "company_id": 1,
            "is_own_company": False,
            "counterparty_name": "Atlas",
            "counterparty_tax_id": None,
            "currency": "EUR",
            "amount_decimals": 2,
            "total": Decimal(10000),
            "open_amount": Decimal(10000),
            "issue_date": today,
            "expected_payment": today + timedelta(days=45),
            "today": today,
            "claims": (),
            "missing_tax_id": False,
            "missing_accounts": False,
            "missing_collection_account": False,
            "untrusted_collection_account": False,
            "not_iso": (),
            "banks": (bank_terms(),),
            **members,
        }
    )


def assess_one(document, env):
    return assess([document], env)


@tagged("post_install", "-at_install")
class TestRules(TransactionCase):
    """The rules alone: facts in, sentences out."""

    def _stops(self, **members):
        return [finding.code for finding in assess_one(facts(**members), self.env).stops]

    def test_open_invoice_is_eligible_for_the_best_advance(self):
        banks = (bank_terms(), bank_terms(bank_id=2, name="Hansa", advance_rate=Decimal(85)))
        assessment = assess_one(facts(banks=banks), self.env)
        self.assertTrue(assessment.is_eligible)
        self.assertEqual(assessment.eligible_amount, Decimal("8500.00"))
        self.assertEqual(assessment.best.bank.name, "Hansa")
        self.assertEqual(assessment.tenor_days, 45)

    def test_advance_is_rounded_down_to_the_cent(self):
        assessment = assess_one(
            facts(open_amount=Decimal("1999.99"), banks=(bank_terms(advance_rate=Decimal("80.01")),)), self.env
        )
        self.assertEqual(assessment.eligible_amount, Decimal("1600.19"))

    def test_advance_is_capped_by_the_bank(self):
        assessment = assess_one(facts(open_amount=Decimal(100000)), self.env)
        self.assertEqual(assessment.eligible_amount, Decimal(50000))
        self.assertIn("bank_limit", [finding.code for finding in assessment.findings])

    def test_indication_is_the_cheapest_bank_and_leaves_out_who_publishes_no_rate(self):
        banks = (bank_terms(name="Silent", rate_pa=None), bank_terms(name="Dear", rate_pa=Decimal(12)), bank_terms())
        indication = assess_one(facts(banks=banks), self.env).indication()
        self.assertEqual(indication.bank_name, "Rhône")
        self.assertEqual(indication.cost.fee, Decimal("40.00"))
        self.assertEqual(indication.cost.interest, Decimal("80.00"))  # 8000 × 8 % × 45/360

    def test_states_that_are_no_claim_are_refused(self):
        self.assertEqual(self._stops(state="draft"), ["invoice_not_posted"])
        self.assertEqual(self._stops(state="cancel"), ["invoice_cancelled"])
        self.assertEqual(self._stops(move_type="out_refund"), ["not_an_invoice"])
        self.assertEqual(self._stops(move_type="in_invoice"), ["not_an_invoice"])
        self.assertEqual(self._stops(payment_state="paid", open_amount=Decimal(0))[0], "invoice_paid")
        self.assertEqual(self._stops(payment_state="reversed")[0], "invoice_reversed")
        self.assertEqual(self._stops(payment_state="blocked"), ["invoice_blocked"])

    def test_orders_that_are_not_binding_are_refused(self):
        order = {"technique": PRE_SHIPMENT, "move_type": None, "invoice_status": "no"}
        self.assertEqual(self._stops(**order, state="sale"), [])
        self.assertEqual(self._stops(**order, state="draft"), ["order_not_confirmed"])
        self.assertEqual(self._stops(**order, state="cancel"), ["order_cancelled"])
        self.assertEqual(self._stops(**{**order, "invoice_status": "invoiced"}, state="sale"), ["order_invoiced"])
        self.assertEqual(self._stops(**order, state="sale", open_amount=Decimal(0))[0], "order_paid")

    def test_long_overdue_is_refused_and_a_little_overdue_is_warned_of(self):
        today = fields.Date.today()
        late = today - timedelta(days=MAX_DAYS_OVERDUE)
        assessment = assess_one(facts(expected_payment=late), self.env)
        self.assertTrue(assessment.is_eligible)
        self.assertIn("invoice_late", [finding.code for finding in assessment.findings])
        self.assertEqual(assessment.tenor_days, 10, "the shortest that the bank lends for")
        self.assertEqual(self._stops(expected_payment=late - timedelta(days=1)), ["invoice_overdue"])

    def test_buyer_must_be_somebody_else(self):
        self.assertEqual(self._stops(is_own_company=True), ["own_company"])
        self.assertEqual(self._stops(counterparty_name=None), ["no_buyer"])

    def test_what_no_package_can_state_is_refused(self):
        self.assertEqual(self._stops(currency="ZIG"), ["currency_not_iso"])
        self.assertEqual(self._stops(currency="ZIG", banks=(bank_terms(currencies=("ZIG",)),))[0], "currency_not_iso")
        self.assertEqual(self._stops(amount_decimals=3), ["amount_too_fine"])
        self.assertEqual(self._stops(counterparty_name="***"), ["buyer_nameless"])
        self.assertEqual(self._stops(counterparty_name="***", counterparty_tax_id="BE0477472701"), [])
        self.assertEqual(self._stops(counterparty_name="ООО Ромашка", counterparty_tax_id="/"), [])
        self.assertEqual(self._stops(name="--"), ["number_nameless"])

    def test_other_documents_that_no_package_can_state_are_warned_of(self):
        assessment = assess_one(facts(not_iso=(("INV/9", "ZIG"),)), self.env)
        self.assertTrue(assessment.is_eligible)
        [warning] = [finding for finding in assessment.findings if finding.level == "warn"]
        self.assertRegex(warning.sentence, "INV/9 is in ZIG.*ISO code")

    def test_set_up_is_asked_for(self):
        self.assertEqual(self._stops(missing_tax_id=True), ["tax_id_missing"])
        self.assertEqual(self._stops(missing_accounts=True), ["accounts_missing"])
        self.assertEqual(self._stops(missing_collection_account=True), ["collection_account_missing"])
        self.assertEqual(self._stops(untrusted_collection_account=True), ["collection_account_untrusted"])
        self.assertEqual(self._stops(banks=()), ["no_bank"])

    def test_limits_of_the_banks_are_named(self):
        self.assertEqual(self._stops(currency="CHF"), ["currency"])
        self.assertEqual(self._stops(open_amount=Decimal(1000)), ["amount"])
        far = fields.Date.today() + timedelta(days=91)
        self.assertEqual(self._stops(expected_payment=far), ["tenor"])
        [finding] = assess_one(facts(expected_payment=far), self.env).stops
        self.assertIn("91", finding.sentence)
        self.assertIn("90", finding.sentence)

    def test_claim_of_another_application_is_named(self):
        own = assess_one(facts(claims=(Claim(7, "FIN/1", "INV/1"),)), self.env).stops[0]
        self.assertEqual((own.code, own.fix_id), ("already_financed", 7))
        other = assess_one(facts(claims=(Claim(7, "FIN/1", "SO1"),)), self.env).stops[0]
        self.assertIn("SO1", other.sentence)

    def test_banks_for_respects_each_banks_amounts_and_tenor(self):
        small = bank_terms(bank_id=2, name="Small", max_amount=Decimal(5000))
        assessment = assess_one(facts(banks=(bank_terms(), small)), self.env)
        self.assertEqual([item.bank.name for item in assessment.banks_for(Decimal(8000), 45)], ["Rhône"])
        self.assertEqual(len(assessment.banks_for(Decimal(4000), 45)), 2)
        self.assertEqual(assessment.banks_for(Decimal(4000), 91), ())

    def test_every_refusal_is_a_sentence(self):
        stops = [
            finding
            for change in (
                {"state": "draft"},
                {"currency": "CHF"},
                {"banks": ()},
                {"missing_accounts": True},
                {"open_amount": Decimal(1000)},
                {"is_own_company": True},
                {"currency": "ZIG"},
                {"amount_decimals": 3},
                {"counterparty_name": "***"},
                {"name": "--"},
            )
            for finding in assess_one(replace(facts(), **change), self.env).stops
        ]
        for finding in stops:
            self.assertTrue(finding.sentence.endswith("."), finding.sentence)


@tagged("post_install", "-at_install")
class TestFacts(FinanceCase):
    """What the rules are fed with, from real documents."""

    def _codes(self, document):
        return [finding.code for finding in document._scf_assess().stops]

    def test_invoice_facts_count_what_is_open(self):
        invoice = self._invoice(10000.0)
        self._pay(invoice, 2500.0)
        assessment = invoice._scf_assess()
        self.assertEqual(assessment.open_amount, Decimal("7500.00"))
        self.assertEqual(assessment.eligible_amount, Decimal("6000.00"))
        self.assertEqual(assessment.tenor_days, 45)

    def test_order_facts_leave_out_what_its_invoices_brought(self):
        order = self._order(10000.0)
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        self.assertEqual(order._scf_assess().open_amount, Decimal("7500.00"))

    def test_order_is_expected_to_be_paid_after_delivery_and_payment_term(self):
        order = self._order(10000.0, payment_term_id=self.env.ref("account.account_payment_term_30days"))
        order.commitment_date = fields.Datetime.now() + timedelta(days=20)
        self.assertEqual(order._scf_assess().tenor_days, 50)

    def test_fully_invoiced_order_points_to_its_invoice(self):
        order = self._order(10000.0)
        self._create_final_invoice(order, post=True)
        self.assertIn("order_invoiced", self._codes(order))
        fix = self._as("requester", order).scf_panel()["reasons"][0]["fix"]
        self.assertEqual(fix["action"]["domain"], [("id", "in", order.invoice_ids.ids)])

    def test_order_and_its_invoice_exclude_each_other(self):
        order = self._order(10000.0)
        invoice = self._create_down_payment_invoice(order, "percentage", 50, post=True)
        application = self._request(order)
        self.assertIn("already_financed", self._codes(invoice))
        application.with_user(self.people["requester"]).action_cancel()
        self.assertEqual(self._codes(invoice), [])
        self._request(invoice)
        self.assertIn("already_financed", self._codes(order))

    def test_company_is_no_buyer_of_itself(self):
        invoice = self._invoice(10000.0, partner_id=self.company.partner_id)
        self.assertIn("own_company", self._codes(invoice))

    def test_contact_of_the_buyer_counts_as_the_buyer(self):
        contact = self.env["res.partner"].create({"name": "Till", "parent_id": self.buyer.id})
        application = self._request(self._invoice(10000.0, partner_id=contact))
        self.assertEqual(application.partner_id, self.buyer)

    def _in_zig(self):
        """A currency whose code Odoo takes and ISO 4217 does not know."""
        zig = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "ZIG")])
        zig.active = True
        self.env["res.currency.rate"].create({"currency_id": zig.id, "rate": 26.0, "company_id": self.company.id})
        return zig

    def _assert_refused(self, document, code, sentence):
        """The panel says it as a reason, the lights keep still, and whoever goes on all the same is told."""
        mine = self._as("requester", document)
        self.assertIn(code, [reason["code"] for reason in mine.scf_panel()["reasons"]])
        self.assertEqual(mine.scf_panel_lights(), {"visible": False})
        with self.assertRaisesRegex(UserError, sentence):
            mine.action_scf_ask_confirmation()
        draft = self._draft(document, banks=self.rhone)
        with self.assertRaisesRegex(UserError, sentence):
            draft._preview(draft.proposal_ids)
        with self.assertRaisesRegex(UserError, sentence):
            draft.action_submit()

    def test_invoice_in_a_currency_without_iso_code_is_refused_in_words(self):
        invoice = self._invoice(10000.0, currency_id=self._in_zig())
        self._assert_refused(invoice, "currency_not_iso", f"{invoice.name} is in ZIG.*ISO 4217.*another currency")

    def test_amounts_finer_than_the_currency_are_refused_in_words(self):
        self.env.ref("base.EUR").write({"active": True, "rounding": 0.001})
        invoice = self._invoice(10000.005, currency_id=self.env.ref("base.EUR"))
        self._assert_refused(
            invoice, "amount_too_fine", f"{invoice.name} has amounts with 3 decimals.*rounding to 0.01"
        )
        self.assertNotIn("amount_too_fine", self._codes(self._invoice(10000.0, currency_id=self.env.ref("base.EUR"))))

    def test_buyer_without_a_letter_in_its_name_is_refused_in_words(self):
        self.buyer.write({"name": "***", "vat": False})
        for document in (self._invoice(), self._order()):
            with self.subTest(document._name):
                self._assert_refused(document, "buyer_nameless", f"buyer of {document.name} has no tax ID.*contact")

    def test_history_in_a_currency_without_iso_code_is_named(self):
        other = self._invoice(100.0, currency_id=self._in_zig())
        invoice = self._invoice()
        mine = self._as("requester", invoice)
        self.assertIn("history_not_iso", [reason["code"] for reason in mine.scf_panel()["reasons"]])
        sentence = f"{other.name} is in ZIG.*ISO code"
        with self.assertRaisesRegex(UserError, sentence):
            mine.scf_panel_lights()
        draft = self._draft(invoice, banks=self.rhone)
        with self.assertRaisesRegex(UserError, sentence), self.cr.savepoint():
            draft.action_submit()

    def test_closed_bank_does_not_quote(self):
        invoice = self._invoice(10000.0)
        (self.rhone | self.hansa).state = "suspended"
        self.assertIn("no_bank", self._codes(invoice))

    def test_assessment_reads_a_fixed_number_of_queries(self):
        def queries(invoice):
            invoice._scf_assess()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            invoice._scf_assess()
            return self.cr.sql_log_count - before

        alone = self._invoice(10000.0)
        few = queries(alone)
        busy = self._invoice(10000.0)
        for _ in range(12):
            self._pay(busy, 100.0)
            self._invoice(500.0)
        self.assertEqual(queries(busy), few)
        self.assertLessEqual(few, 8)
