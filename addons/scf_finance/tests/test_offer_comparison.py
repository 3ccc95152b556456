import json
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from openscf.loan import LoanTerms

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..offers.comparison import cost_offer, difference
from .bank_double import BankDouble
from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestOfferComparison(FinanceCase):
    """What the comparison of offers shows: figures, words, and to whom."""

    def given(self):
        super().given()
        self.product_a.standard_price = 7000.0
        self.invoice = self._invoice(10000.0)
        self.application = self._asked(self.invoice)

    def _asked(self, document):
        """Both banks decide on the document; gives the application."""
        application = self._request(document, banks=self.rhone | self.hansa)
        for double in (self.rhone_bank, self.hansa_bank):
            double.receive(self._to(double, application))
        return application

    def _to(self, double, application):
        return application.submission_ids.filtered(lambda submission: submission.bank_id == double.bank)

    def _offers(self, rhone=None, hansa=None, document=None):
        """Both banks make an offer on the document, or else the invoice; gives the application."""
        application = self._asked(document) if document else self.application
        for double, terms in ((self.rhone_bank, rhone), (self.hansa_bank, hansa)):
            double.offer(self._to(double, application), **{"rate": "9.00", "fee": "40.00", **(terms or {})})
        return application

    def _compared(self, application, role="approver"):
        self.env.flush_all()
        self.env.invalidate_all()
        shown = self._as(role, application).scf_offers()
        return json.loads(json.dumps(shown, ensure_ascii=False).replace("\N{NO-BREAK SPACE}", " "))

    def _scenario(self, compared, bank, days=0):
        [offer] = [offer for offer in compared["offers"] if offer["bank"] == bank.name]
        return next(scenario for scenario in offer["scenarios"] if scenario["days"] == days)

    # --- figures ---

    def test_cost_is_split_and_dated(self):
        compared = self._compared(self._offers(hansa={"rate": "6.00", "fee": "10.00"}))
        on_time = self._scenario(compared, self.hansa)
        # 8000 × 6 % × 45/360 = 60.00, and the fee
        self.assertEqual(
            [on_time[name] for name in ("interest", "fee", "penalty", "total_cost")],
            ["$ 60.00", "$ 10.00", "", "$ 70.00"],
        )
        self.assertEqual(on_time["apr"], f"{((8060 / 7990) ** (365 / 45) - 1) * 100:.2f} % a year")
        self.assertEqual(
            [(flow["money_in"], flow["money_out"]) for flow in on_time["flows"]],
            [("$ 7,990.00", ""), ("", "$ 8,060.00")],
        )
        due = fields.Date.today() + timedelta(days=45)
        self.assertEqual(on_time["paid_off_on"], due.strftime("%m/%d/%Y"))
        self.assertIn("$ 7,990.00 in on ", on_time["picture"])

    def test_late_buyer_costs_interest_and_penalty(self):
        compared = self._compared(self._offers(hansa={"rate": "6.00", "fee": "10.00", "penalty_rate_pa": "3.00"}))
        self.assertEqual([item["days"] for item in compared["lateness"]], [0, 15, 30, 60])
        late = self._scenario(compared, self.hansa, days=30)
        # 8000 × 6 % × 75/360 = 100.00; 8000 × 3 % × 30/360 = 20.00
        self.assertEqual((late["interest"], late["penalty"], late["total_cost"]), ("$ 100.00", "$ 20.00", "$ 130.00"))
        self.assertEqual(late["change"], "$ 60.00 more than on time")
        self.assertEqual(self._scenario(compared, self.hansa)["change"], "")

    def test_cheapest_comes_first_and_says_so(self):
        compared = self._compared(self._offers(hansa={"rate": "6.00"}))
        self.assertEqual([offer["bank"] for offer in compared["offers"]], ["Hansa Bank", "Banque du Rhône"])
        first, second = (offer["scenarios"][0] for offer in compared["offers"])
        self.assertEqual([mark["label"] for mark in first["marks"]], ["Lowest total cost", "Lowest yearly cost"])
        self.assertEqual(second["marks"], [])
        self.assertEqual(second["notes"], ["Costs $ 30.00 more than Hansa Bank."])
        self.assertEqual(first["notes"], ["Costs $ 30.00 less than Banque du Rhône."])

    def test_less_in_hand_is_said_where_the_cost_is_lower(self):
        compared = self._compared(self._offers(hansa={"amount": "6000.00"}))
        cheap = self._scenario(compared, self.hansa)
        self.assertEqual(
            cheap["notes"], ["Costs $ 22.50 less than Banque du Rhône, but gives $ 2,000.00 less in hand."]
        )
        self.assertEqual([mark["code"] for mark in cheap["marks"]], ["total_cost"])
        dear = self._scenario(compared, self.rhone)
        self.assertEqual([mark["code"] for mark in dear["marks"]], ["apr"], "the fee weighs less on more money")
        self.assertEqual(dear["notes"], ["Costs $ 22.50 more than Hansa Bank, but gives $ 2,000.00 more in hand."])

    def test_cheapest_is_told_from_the_one_that_gives_most_and_the_others_from_the_cheapest(self):
        cheapest, middle, largest = (
            cost_offer(
                number,
                f"Bank {number}",
                LoanTerms(principal=Decimal(principal), currency="EUR", rate_pa=Decimal(6), tenor_days=45),
                self.today,
            )
            for number, principal in enumerate((6000, 7000, 8000))
        )
        choices = [cheapest, middle, largest]
        self.assertEqual(difference(cheapest, choices, 0).than, largest)
        self.assertEqual(difference(middle, choices, 0).than, cheapest)
        self.assertEqual(difference(largest, choices, 0).in_hand, 2000)

    def test_shorter_loan_is_said_to_be_repaid_earlier(self):
        compared = self._compared(self._offers(hansa={"tenor_days": 30}))
        self.assertIn(
            "Is repaid 15 days earlier than the offer of Banque du Rhône.",
            self._scenario(compared, self.hansa)["notes"],
        )

    def test_lateness_may_make_another_offer_the_cheapest(self):
        compared = self._compared(
            self._offers(rhone={"penalty_rate_pa": "0"}, hansa={"rate": "8.90", "penalty_rate_pa": "18.00"})
        )
        self.assertEqual(compared["offers"][0]["bank"], "Hansa Bank", "sorted by the cost of paying on time")
        self.assertTrue(self._scenario(compared, self.hansa)["marks"])
        self.assertFalse(self._scenario(compared, self.hansa, days=60)["marks"])
        self.assertTrue(self._scenario(compared, self.rhone, days=60)["marks"])

    def test_one_scale_for_all_pictures(self):
        compared = self._compared(self._offers(hansa={"amount": "4000.00", "fee": "0.00"}))
        small, large = self._scenario(compared, self.hansa), self._scenario(compared, self.rhone, days=60)
        self.assertAlmostEqual(small["flows"][0]["size"], 100 * 4000 / (8000 + 210 + 66.67), 1)
        self.assertEqual((large["flows"][-1]["along"], large["flows"][-1]["size"]), (100.0, 100.0))
        self.assertEqual(small["flows"][-1]["along"], round(45 * 100 / 105, 1))

    # --- words ---

    def test_recourse_conditions_and_lateness_are_told(self):
        compared = self._compared(
            self._offers(
                rhone={"recourse": True, "conditions": ["Notified assignment", "Original invoice by post"]},
                hansa={"recourse": False, "penalty_rate_pa": "0", "rate": "6.00"},
            )
        )
        hansa, rhone = compared["offers"]
        self.assertEqual(rhone["recourse"], "With recourse: if the buyer does not pay, you pay the bank.")
        self.assertEqual(rhone["conditions"], ["Notified assignment", "Original invoice by post"])
        self.assertEqual(rhone["lateness"], "On what is late, 5.00 % a year is added to the interest.")
        self.assertEqual(hansa["recourse"], "Without recourse: if the buyer does not pay, the bank bears the loss.")
        self.assertEqual(hansa["lateness"], "What is late costs its interest, and no penalty.")

    def test_instalments_are_each_a_movement(self):
        compared = self._compared(self._offers(hansa={"tenor_days": 90, "instalments": 3}))
        [hansa] = [offer for offer in compared["offers"] if offer["bank"] == "Hansa Bank"]
        self.assertEqual(hansa["repayment"], "In 3 monthly instalments")
        self.assertEqual([flow["is_in"] for flow in hansa["scenarios"][0]["flows"]], [True, False, False, False])

    # --- the decision ---

    def test_requester_reads_why_he_may_not_accept(self):
        application = self._offers()
        for offer in self._compared(application, "requester")["offers"]:
            self.assertFalse(offer["can_accept"])
            self.assertIn("Only an approver", offer["why_not"])
        for offer in self._compared(application, "approver")["offers"]:
            self.assertTrue(offer["can_accept"])
            self.assertFalse(offer["why_not"])

    def test_clock_of_the_server_counts(self):
        application = self._offers(rhone={"valid_days": 2})
        now = application.offer_ids.filtered(lambda offer: offer.bank_id == self.rhone).expires_at - timedelta(days=2)
        with patch.object(fields.Datetime, "now", return_value=now):
            compared = self._compared(application)
        left = {offer["bank"]: offer["expires"]["seconds_left"] for offer in compared["offers"]}
        self.assertEqual(left["Banque du Rhône"], 2 * 86400)
        self.assertAlmostEqual(left["Hansa Bank"], 7 * 86400, delta=60)

    def test_offer_that_ran_out_is_no_choice_before_the_cron_has_seen_it(self):
        application = self._offers(rhone={"valid_days": 2}, hansa={"rate": "12.00"})
        later = application.offer_ids[0].create_date + timedelta(days=3)
        with patch.object(fields.Datetime, "now", return_value=later):
            compared = self._compared(application)
        [rhone] = [offer for offer in compared["offers"] if offer["bank"] == "Banque du Rhône"]
        self.assertEqual((rhone["can_accept"], rhone["expires"]["seconds_left"]), (False, 0))
        self.assertIn("expired", rhone["why_not"])
        self.assertFalse(rhone["scenarios"][0]["marks"], "what can't be taken is not the cheapest")

    def test_accepted_offer_stays_and_the_others_are_told_in_a_line(self):
        application = self._offers(hansa={"rate": "6.00"})
        hansa = application.offer_ids.filtered(lambda offer: offer.bank_id == self.hansa)
        self._accept(hansa)
        self.hansa_bank.grant(hansa)
        compared = self._compared(application)
        self.assertFalse(compared["offers"][0]["scenarios"][0]["marks"], "nothing is left to choose")
        self.assertEqual(
            [(offer["bank"], offer["state"]) for offer in compared["offers"]], [("Hansa Bank", "accepted")]
        )
        self.assertIsNone(compared["offers"][0]["expires"])
        self.assertEqual([offer["bank"] for offer in compared["ended"]], ["Banque du Rhône"])

    def test_application_without_offers_compares_nothing(self):
        compared = self._compared(self.application)
        self.assertEqual((compared["offers"], compared["ended"], compared["margin"]), ([], [], ""))

    def test_panel_tells_the_same_in_brief(self):
        application = self._offers(hansa={"rate": "6.00", "amount": "6000.00"})
        compared = self._compared(application)
        panel = self._as("approver", self.invoice).scf_panel()
        brief = json.loads(json.dumps(panel["offers"], ensure_ascii=False).replace("\N{NO-BREAK SPACE}", " "))
        self.assertEqual([row["bank"] for row in brief], ["Hansa Bank", "Banque du Rhône"])
        for row, offer in zip(brief, compared["offers"], strict=True):
            on_time = offer["scenarios"][0]
            for mine, its in (("total_cost", "total_cost"), ("apr_text", "apr"), ("due_date", "paid_off_on")):
                self.assertEqual(row[mine], on_time[its])
            self.assertEqual((row["marks"], row["notes"]), (on_time["marks"], on_time["notes"]))
        rhone = application.offer_ids.filtered(lambda offer: offer.bank_id == self.rhone)
        self._as("requester", rhone).action_decline()
        [hansa, ended] = self._as("approver", self.invoice).scf_panel()["offers"]
        self.assertEqual((hansa["state"], ended["state"], ended["can_accept"]), ("open", "declined", False))
        self.assertEqual(ended["state_label"], "Declined")
        self.assertFalse(hansa["marks"], "one offer is no choice")

    # --- the margin of the sale ---

    def test_margin_before_and_after_finance(self):
        compared = self._compared(self._offers(hansa={"rate": "6.00", "fee": "10.00"}))
        self.assertEqual(
            compared["margin"], "Margin of the sale before financing: $ 3,000.00 (30.0 %) of $ 10,000.00 net."
        )
        self.assertEqual(self._scenario(compared, self.hansa)["margin"], "$ 2,930.00 (29.3 %)")

    def test_margin_of_an_order_counts_units_and_currency(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.product_a.standard_price = 50.0
        order = self._order(1000.0)
        order.order_line.write({"product_uom_qty": 10.0, "product_uom_id": dozen.id})
        order.order_line.price_unit = 1000.0
        compared = self._compared(self._offers(document=order))
        # 10 dozen at 50.00 each cost 6000.00
        self.assertIn("$ 4,000.00 (40.0 %) of $ 10,000.00", compared["margin"])

    def test_goods_that_left_cost_what_the_stock_says(self):
        self.product_a.write({"is_storable": True, "standard_price": 6000.0})
        self.env["stock.quant"]._update_available_quantity(
            self.product_a, self.env["stock.warehouse"].search([("company_id", "=", self.company.id)]).lot_stock_id, 5
        )
        order = self._order(10000.0)
        order.picking_ids.move_ids.write({"quantity": 1.0, "picked": True})
        order.picking_ids.button_validate()
        self.product_a.standard_price = 9000.0
        compared = self._compared(self._offers(document=order))
        self.assertIn("$ 4,000.00 (40.0 %)", compared["margin"])

    def test_margin_is_that_of_all_documents_together(self):
        compared = self._compared(self._offers(document=self._invoice(10000.0) | self._invoice(9000.0)))
        self.assertIn("$ 5,000.00 (26.3 %) of $ 19,000.00", compared["margin"])

    def test_margin_is_said_to_be_unknown_where_a_cost_is_missing(self):
        self.product_a.standard_price = 0.0
        compared = self._compared(self._offers())
        self.assertIn("is not known: lines without a cost in Odoo: 1 of 1", compared["margin"])
        self.assertEqual(self._scenario(compared, self.hansa)["margin"], "")

    def test_margin_in_a_foreign_currency_is_converted_as_booked(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {"name": "2020-01-01", "currency_id": euro.id, "rate": 0.5, "company_id": self.company.id}
        )
        compared = self._compared(self._offers(document=self._invoice(5000.0, currency_id=euro.id)))
        # 7000.00 of the company's currency are 3500.00 of the invoice's
        self.assertIn("1,500.00 € (30.0 %)", compared["margin"])

    def test_margin_is_hidden_from_who_may_not_read_the_sale(self):
        application = self._offers()
        stranger = new_test_user(
            self.env,
            "fin_no_sale",
            groups="scf_connector.group_scf_requester",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        compared = application.with_user(stranger).with_company(self.company).scf_offers()
        self.assertEqual(compared["margin"], "")
        self.assertTrue(all(not scenario["margin"] for offer in compared["offers"] for scenario in offer["scenarios"]))
        self.assertFalse(any(offer["can_decline"] for offer in compared["offers"]))

    # --- rights and cost ---

    def test_nobody_without_the_role_or_of_another_company_gets_anything(self):
        application = self._offers()
        with self.assertRaises(AccessError):
            self._as("accountant", application).scf_offers()
        other = self.env["res.company"].create({"name": "Other"})
        outsider = new_test_user(
            self.env,
            "fin_outsider",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            application.with_user(outsider).with_company(other).scf_offers()

    def test_queries_do_not_grow_with_offers_or_lines(self):
        few = self._queries(self._offers())
        banks = self.env["scf.bank"].concat(*(self._connected_bank(f"B{number} Bank") for number in range(6)))
        invoice = self._create_invoice(
            partner_id=self.buyer,
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.product_a, price_unit=500.0, tax_ids=self.env["account.tax"])
                for _number in range(30)
            ],
            post=True,
        )
        application = self._request(invoice, banks=banks)
        for submission in application.submission_ids:
            double = BankDouble(submission.bank_id)
            double.receive(submission)
            double.offer(submission)
        self.assertEqual(len(self._compared(application)["offers"]), 6)
        self.assertEqual(self._queries(application), few)

    def _queries(self, application):
        """What the comparison reads of a database that it has asked the same before."""
        application = self._as("approver", application)
        for _warm in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            application.scf_offers()
        return self.cr.sql_log_count - before
