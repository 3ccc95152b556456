from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import patch

import stdnum
from stdnum import numdb

from odoo.tests import tagged

from ..checks.catalogue import CATALOGUE, LIGHTS, rules_for
from ..checks.lights import level_of, make_checks
from ..checks.rules import (
    buyer_identified,
    buyer_unrelated,
    collection_account,
    concentration,
    coverage,
    dates_in_order,
    documents_match,
    goods_moved,
    line_turnover,
    not_financed,
    order_exists,
    payment_behaviour,
)
from ..checks.thresholds import Thresholds
from .checks_case import TODAY, CheckCase, ago, ahead, honest, orders


def contradiction(code, document="INV/1", **figures):
    return {"document": document, "code": code, "sentence": "It is so.", **figures}


@tagged("post_install", "-at_install")
class TestCatalogue(CheckCase):
    def test_checks_are_found_and_stand_by_light_then_by_file(self):
        self.assertEqual(
            [rule.CODE for rule in CATALOGUE],
            [
                "buyer-identified",
                "buyer-unrelated",
                "dates-in-order",
                "documents-match",
                "goods-free",
                "goods-moved",
                "goods-on-hand",
                "goods-received",
                "not-financed",
                "order-exists",
                "purchase-matches",
                "purchase-order-exists",
                "supplier-identified",
                "supplier-known",
                "supplier-unrelated",
                "concentration",
                "coverage",
                "goods-age",
                "goods-sell",
                "goods-worth",
                "line-turnover",
                "payment-behaviour",
                "collection-account",
                "goods-set-apart",
                "supplier-account",
            ],
        )
        self.assertEqual(
            [rule.CODE for rule in rules_for("customer_invoice")],
            [
                "buyer-identified",
                "buyer-unrelated",
                "dates-in-order",
                "documents-match",
                "goods-moved",
                "not-financed",
                "order-exists",
                "concentration",
                "coverage",
                "payment-behaviour",
                "collection-account",
            ],
        )
        self.assertEqual({rule.LIGHT for rule in CATALOGUE}, set(LIGHTS))

    def test_an_honest_sale_is_green_throughout(self):
        checked = make_checks(honest(), TODAY, Thresholds())
        self.assertEqual({item.rule.CODE: item.result.level for item in checked if item.result.level != "green"}, {})
        self.assertEqual({level_of(light, checked) for light in LIGHTS}, {"green"})

    def test_an_order_to_be_delivered_is_not_blamed_for_it(self):
        checked = make_checks(orders(), TODAY, Thresholds())
        levels = {item.rule.CODE: item.result.level for item in checked if item.result.level != "green"}
        self.assertEqual(levels, {"goods-moved": "grey", "documents-match": "grey"})

    def test_a_light_is_the_worst_of_its_checks_and_grey_where_none_was_made(self):
        sections = honest()
        sections["party"]["buyers"][0]["tax_id"] = None
        self.assertEqual(level_of("authenticity", make_checks(sections, TODAY, Thresholds())), "amber")
        sections["exposure"]["pledges"] = [{"document": "INV/1"}]
        self.assertEqual(level_of("authenticity", make_checks(sections, TODAY, Thresholds())), "red")
        for name in ("cash_flow", "forecast"):
            del sections[name]
        self.assertEqual(level_of("self_liquidation", make_checks(sections, TODAY, Thresholds())), "grey")

    def test_every_check_runs_on_what_is_always_there(self):
        least = {name: honest()[name] for name in ("party", "transaction")}
        levels = {item.rule.CODE: item.result.level for item in make_checks(least, TODAY, Thresholds())}
        told = {code for code, level in levels.items() if level != "grey"}
        self.assertEqual(told, {"buyer-identified", "buyer-unrelated", "collection-account"})


@tagged("post_install", "-at_install")
class TestOrderExists(CheckCase):
    rule = order_exists

    def _carried(self, document, ordered):
        self.sections["evidence"]["documents"][document]["ordered"] = ordered

    def test_carried_in_full(self):
        self._assert("green", "100.0")
        self._assert_grey_without("evidence")

    def test_a_cent_without_an_order_is_amber(self):
        self._carried(1, "999.99")
        self._assert("amber", "99.9", ("INV/2",))

    def test_no_order_at_all_is_red_unless_the_buyer_confirmed(self):
        self._carried(0, "0.00")
        self._assert("red", "0.0", ("INV/1",))
        self.sections["transaction"]["confirmations"] = [{"document": "INV/1", "answer": "confirmed"}]
        self._assert("amber", "0.0", ("INV/1",))
        self.sections["transaction"]["confirmations"].append({"document": "INV/1", "answer": "disputed"})
        self._assert("red", "0.0", ("INV/1",))

    def test_documents_are_not_listed_where_all_are_alike(self):
        self._carried(0, "0.00")
        self._carried(1, "0.00")
        self._assert("red", "0.0", ())

    def test_orders_are_confirmed_or_not(self):
        self.sections = orders()
        self._assert("green", "0")
        self._assert_grey_without("order_flow")
        del self.sections["order_flow"]["orders"][0]["confirmed_on"]
        self._assert("red", "1")


@tagged("post_install", "-at_install")
class TestDocumentsMatch(CheckCase):
    rule = documents_match

    def _found(self, *rows):
        self.sections["evidence"]["contradictions"] = list(rows)

    def test_no_contradiction(self):
        self._assert("green", "0")
        self._assert_grey_without("evidence")

    def test_grey_where_nothing_can_be_compared(self):
        for row in self.sections["evidence"]["documents"]:
            row.update(ordered="0.00", delivered="0.00")
        self._assert("grey")

    def test_severe_and_slight(self):
        for code, level in (
            ("tax-differs", "amber"),
            ("returned", "amber"),
            ("quantity-over-delivered", "amber"),
            ("quantity-over-ordered", "red"),
            ("currency-differs", "red"),
            ("buyer-differs", "red"),
            ("disputed", "red"),
        ):
            with self.subTest(code):
                self._found(contradiction(code))
                self._assert(level, "1", ("INV/1",))

    def test_what_other_checks_judge_is_theirs(self):
        self._found(contradiction("dates-out-of-order"), contradiction("no-order"))
        self._assert("green", "0")

    def test_price_is_amber_up_to_two_percent_above_the_order(self):
        for charged, level in (("90", "amber"), ("102", "amber"), ("102.01", "red")):
            with self.subTest(charged):
                self._found(contradiction("price-differs", figure=charged, expected="100"))
                self._assert(level, "1", ("INV/1",))

    def test_the_worst_is_told_and_all_documents_counted(self):
        self._found(contradiction("tax-differs"), contradiction("disputed", "INV/2"))
        result = self._assert("red", "2")
        self.assertEqual((result.sentence.params["document"], result.sentence.params["count"]), ("INV/2", 2))


@tagged("post_install", "-at_install")
class TestDatesInOrder(CheckCase):
    rule = dates_in_order

    def test_in_order(self):
        self._assert("green", "0")
        self._assert_grey_without("order_flow")

    def test_the_same_day_is_in_order(self):
        self.sections["order_flow"]["orders"][0]["ordered_on"] = ago(10)
        self._assert("green", "0")

    def test_three_days_are_typing_and_four_are_not(self):
        for days, level in ((1, "amber"), (3, "amber"), (4, "red")):
            with self.subTest(days):
                self.sections["order_flow"]["orders"][0]["ordered_on"] = ago(10 - days)
                self._assert(level, str(days))

    def test_an_invoice_older_than_its_order(self):
        self.sections["logistics_flow"]["deliveries"] = []
        self.sections["transaction"]["documents"][1]["issue_date"] = ago(30)
        result = self._assert("red", "10", ("INV/2",))
        self.assertEqual(result.sentence.params["name"], "INV/2")

    def test_due_before_it_was_written(self):
        self.sections["transaction"]["documents"][0]["due_date"] = ago(7)
        self._assert("amber", "2", ("INV/1",))

    def test_nothing_is_from_tomorrow(self):
        self.sections["transaction"]["documents"][0]["issue_date"] = ahead(0)
        self._assert("green", "0")
        self.sections["transaction"]["documents"][0]["issue_date"] = ahead(9)
        self._assert("red", "9", ("INV/1",))

    def test_what_is_seen_without_orders_is_told(self):
        self.sections["transaction"]["documents"][0]["issue_date"] = ahead(9)
        del self.sections["order_flow"]
        self._assert("red", "9", ("INV/1",))


@tagged("post_install", "-at_install")
class TestGoodsMoved(CheckCase):
    rule = goods_moved

    def _delivered(self, amount, document=0):
        self.sections["evidence"]["documents"][document]["delivered"] = amount

    def test_all_delivered(self):
        self._assert("green", "100.0")
        self._assert_grey_without("evidence")

    def test_services_need_no_delivery(self):
        for row in self.sections["evidence"]["documents"]:
            row.update(delivered="0.00", deliverable="0.00")
        self._assert("grey")

    def test_without_an_order_nobody_can_tell(self):
        self.sections["evidence"]["documents"][0].update(ordered="0.00", delivered="0.00")
        self._assert("green", "100.0")
        self.sections["evidence"]["documents"][1].update(ordered="0.00", delivered="0.00")
        self._assert("grey")

    def test_the_least_complete_document_decides(self):
        for delivered, share, level in (
            ("999.99", "99.9", "amber"),
            ("900.00", "90.0", "amber"),
            ("899.99", "89.9", "red"),
        ):
            with self.subTest(delivered):
                self._delivered(delivered)
                self._assert(level, share, ("INV/1",))

    def test_an_order_is_amber_only_once_its_day_has_passed(self):
        self.sections = orders()
        self._assert("grey", "0.0")
        self.sections["logistics_flow"]["deliveries"][0]["promised_on"] = ahead(0)
        self._assert("grey", "0.0")
        self.sections["logistics_flow"]["deliveries"][0]["promised_on"] = ago(1)
        self._assert("amber", "0.0")
        self._delivered("2000.00")
        self._assert("green", "100.0")


@tagged("post_install", "-at_install")
class TestBuyer(CheckCase):
    rule = buyer_identified

    def _second_buyer(self, **members):
        self.sections["party"]["buyers"].append({"key": "B2", "name": "Other", **members})
        self.sections["transaction"]["documents"][1]["buyer"] = "B2"

    def test_valid_number(self):
        self._assert("green", "0")

    def test_a_digit_is_wrong(self):
        self.sections["party"]["buyers"][0]["tax_id"] = "BE0477472702"
        self._assert("red", "2")

    def test_without_number_or_country(self):
        for name in ("tax_id", "country"):
            with self.subTest(name):
                self.sections = honest()
                del self.sections["party"]["buyers"][0][name]
                self._assert("amber", "2")

    def test_country_without_known_rules(self):
        self.sections["party"]["buyers"][0].update(tax_id="12-3456789", country="US")
        self._assert("grey")

    def test_country_whose_rules_read_a_table(self):
        """Odoo leaves stdnum a loader that opens no files where it patched it on import."""
        self.sections["party"]["buyers"][0].update(tax_id="3174095906870001", country="ID")
        with patch.object(stdnum.__spec__, "loader", SimpleNamespace()), patch.dict(numdb._open_databases, clear=True):
            self._assert("green", "0")

    def test_the_worst_buyer_decides_and_others_that_are_sold_to_do_not_count(self):
        self._second_buyer(tax_id="DE123456789", country="DE")
        self.sections["party"]["buyers"].append({"key": "P-1", "pseudonymous": True})
        self._assert("red", "1", ("INV/2",))


@tagged("post_install", "-at_install")
class TestBuyerUnrelated(CheckCase):
    rule = buyer_unrelated

    def test_nothing_in_common(self):
        self._assert("green", "0")

    def test_each_relation(self):
        for related, level in (
            ("own_company", "red"),
            ("same_group", "red"),
            ("same_tax_id", "red"),
            ("same_bank_account", "red"),
            ("own_user", "amber"),
        ):
            with self.subTest(related):
                self.sections["party"]["buyers"][0]["related"] = related
                self._assert(level, "2")

    def test_closest_relation_is_told(self):
        self.sections["party"]["buyers"][0]["related"] = "own_user"
        self.sections["party"]["buyers"].append({"key": "B2", "name": "Other", "related": "same_group"})
        self.sections["transaction"]["documents"][1]["buyer"] = "B2"
        self._assert("red", "2", ("INV/2",))

    def test_relations_of_other_buyers_do_not_matter(self):
        self.sections["party"]["buyers"].append({"key": "B2", "name": "Other", "related": "same_group"})
        self._assert("green", "0")


@tagged("post_install", "-at_install")
class TestNotFinanced(CheckCase):
    rule = not_financed

    def test_free(self):
        self.sections["exposure"] = {
            "loans": [],
            "applications": [{"documents": ["INV/9"]}],
            "pledges": [{"document": "S9"}, {"description": "Stock"}],
        }
        self._assert("green", "0")
        self._assert_grey_without("exposure")

    def test_pledged_or_asked_for_elsewhere(self):
        self.sections["exposure"]["pledges"] = [{"document": "INV/2"}]
        self._assert("red", "1", ("INV/2",))
        self.sections["exposure"] = {"pledges": [], "applications": [{"documents": ["INV/1"]}]}
        self._assert("red", "1", ("INV/1",))

    def test_another_invoice_of_the_same_order_is_another_asset(self):
        self.sections["order_flow"]["orders"][0]["documents"].append("INV/3")
        self.sections["exposure"]["pledges"] = [{"document": "INV/3"}]
        self._assert("green", "0")

    def test_the_order_of_the_same_sale_counts(self):
        self.sections["exposure"]["pledges"] = [{"document": "S1"}]
        self._assert("red", "2")

    def test_an_invoice_of_the_same_order_counts(self):
        self.sections = orders()
        self.sections["order_flow"]["orders"][0]["documents"] = ["INV/1"]
        self.sections["exposure"]["pledges"] = [{"document": "INV/1"}]
        self._assert("red", "1")


@tagged("post_install", "-at_install")
class TestPaymentBehaviour(CheckCase):
    rule = payment_behaviour

    def _late(self, days, **members):
        self.sections["cash_flow"]["buyer_history"][0].update(weighted_days_late=days, **members)

    def test_limits(self):
        for days, level in (("0.0", "green"), ("10.0", "green"), ("10.1", "amber"), ("30.0", "amber"), ("30.1", "red")):
            with self.subTest(days):
                self._late(days)
                self._assert(level, days)
        self._assert_grey_without("cash_flow")

    def test_the_company_sets_its_own_limit(self):
        self._late("10.1")
        self._assert("green", "10.1", late_days=11)
        self._late("0.1")
        self._assert("red", "0.1", late_days=0)

    def test_no_history(self):
        self.sections["cash_flow"]["buyer_history"] = []
        self._assert("grey")
        self.sections["cash_flow"]["buyer_history"] = [
            {"buyer": "B1", "currency": "EUR", "invoices": 1, "invoiced": "100.00", "overdue": "0.00"}
        ]
        self._assert("grey")

    def test_who_paid_in_time_and_owes_much_now_is_amber(self):
        self._late("0.0", overdue="800.00")
        self._assert("green", "0.0")
        self._late("0.0", overdue="810.00")
        self._assert("amber", "0.0")
        self._late("40.0", overdue="810.00")
        self._assert("red", "40.0")

    def test_who_never_paid_and_is_overdue_is_amber(self):
        row = self.sections["cash_flow"]["buyer_history"][0]
        del row["weighted_days_late"]
        row["overdue"] = "4000.00"
        self._assert("amber")

    def test_the_slowest_of_several_buyers_decides(self):
        self.sections["party"]["buyers"].append({"key": "B2", "name": "Other"})
        self.sections["transaction"]["documents"][1]["buyer"] = "B2"
        self.sections["cash_flow"]["buyer_history"].append(
            {"buyer": "B2", "currency": "USD", "invoices": 2, "invoiced": "9.00", "overdue": "0.00"}
            | {"weighted_days_late": "12.5"}
        )
        self._assert("amber", "12.5", ("INV/2",))


@tagged("post_install", "-at_install")
class TestConcentration(CheckCase):
    rule = concentration

    def _share(self, invoiced):
        """Of 10,000.00 in all."""
        own, others = self.sections["cash_flow"]["buyer_history"]
        own["invoiced"], others["invoiced"] = invoiced, str(Decimal("10000.00") - Decimal(invoiced))

    def test_limits(self):
        for invoiced, share, level in (
            ("4000.00", "40.0", "green"),
            ("4010.00", "40.1", "amber"),
            ("8000.00", "80.0", "amber"),
            ("8010.00", "80.1", "red"),
        ):
            with self.subTest(share):
                self._share(invoiced)
                self._assert(level, share)
        self._assert_grey_without("cash_flow")

    def test_the_company_sets_its_own_limit(self):
        self._share("9000.00")
        self._assert("green", "90.0", concentration_percent=90)

    def test_too_few_invoices(self):
        own, others = self.sections["cash_flow"]["buyer_history"]
        own["invoices"], others["invoices"] = 3, 2
        self._assert("green", "33.3")
        others["invoices"] = 1
        self._assert("grey")

    def test_other_currencies_are_not_added(self):
        self.sections["cash_flow"]["buyer_history"].append(
            {"buyers": 2, "currency": "JPY", "invoices": 90, "invoiced": "9000000", "overdue": "0"}
        )
        self._assert("green", "33.3")


@tagged("post_install", "-at_install")
class TestCoverage(CheckCase):
    rule = coverage

    def _weeks(self, *weeks):
        """(days ahead, expected, financed)."""
        self.sections["forecast"]["weeks"] = [
            {"week": ahead(days), "currency": "EUR", "documents": 1, "expected": expected, "financed": financed}
            for days, expected, financed in weeks
        ]

    def test_limits(self):
        for expected, share, level in (
            ("1760.00", "110.0", "green"),
            ("1759.99", "109.9", "amber"),
            ("1600.00", "100.0", "amber"),
            ("1599.99", "99.9", "red"),
        ):
            with self.subTest(expected):
                self._weeks((5, expected, expected))
                self._assert(level, share)
        self._assert_grey_without("forecast")

    def test_the_company_sets_its_own_limit(self):
        self._assert("green", "125.0", coverage_percent=125)
        self._assert("amber", "125.0", coverage_percent=126)

    def test_a_week_counts_if_it_begins_within_the_tenor(self):
        self._weeks((30, "2000.00", "2000.00"))
        self._assert("green", "125.0")

    def test_money_up_to_a_month_late_is_amber_and_later_is_red(self):
        for days, level in ((31, "amber"), (60, "amber"), (61, "red")):
            with self.subTest(days):
                self._weeks((days, "2000.00", "2000.00"))
                self._assert(level, "0.0")

    def test_others_count_after_what_repays_other_loans(self):
        self._weeks((5, "2400.00", "1200.00"))
        self._assert("green", "150.0")
        self.sections["exposure"]["loans"] = [
            {"currency": "EUR", "outstanding": "800.00"},
            {"currency": "USD", "outstanding": "9999.00"},
        ]
        self._assert("amber", "100.0")
        self.sections["exposure"]["loans"].append({"currency": "EUR", "outstanding": "99999.00"})
        self._assert("red", "75.0")

    def test_an_order_brings_what_is_due_on_it(self):
        self.sections = orders()
        self._assert("green", "125.0")
        self.sections["transaction"]["documents"][0]["due_date"] = ahead(31)
        self._assert("amber", "0.0")

    def test_invoices_of_a_financed_order_count_once(self):
        self.sections = orders()
        self._weeks((5, "2500.00", "0.00"))
        self._assert("green", "281.2")
        self.sections["order_flow"]["orders"][0]["documents"] = ["INV/1"]
        self._assert("green", "156.2")

    def test_nothing_is_asked_for(self):
        self.sections["transaction"]["requested"]["amount"] = "0.00"
        self._assert("grey")


@tagged("post_install", "-at_install")
class TestLineTurnover(CheckCase):
    """2,000 a month over 90 days are 5,913.76 in; of that the line takes a part."""

    rule = line_turnover

    def setUp(self):
        super().setUp()
        self.sections["transaction"].update(technique="revolving_line", tenor_days=90, documents=[])
        self.sections["cash_flow"]["months"] = [
            {"month": month, "currency": currency, "collected": collected}
            for month, currency, collected in (
                ("2026-08", "EUR", "1000.00"),
                ("2026-09", "EUR", "3000.00"),
                ("2026-10", "EUR", "2000.00"),
                ("2026-10", "USD", "99000.00"),
                ("2026-11", "EUR", "99000.00"),
            )
        ]

    def test_limits(self):
        for asked, share, level in (
            ("1182.00", "20.0", "green"),
            ("1190.00", "20.1", "amber"),
            ("2956.00", "50.0", "amber"),
            ("2962.00", "50.1", "red"),
        ):
            with self.subTest(asked):
                self.sections["transaction"]["requested"]["amount"] = asked
                self._assert(level, share)
        self._assert_grey_without("cash_flow")

    def test_what_repays_other_loans_and_months_without_payments_count(self):
        self.sections["transaction"]["requested"]["amount"] = "1182.00"
        self.sections["exposure"]["loans"] = [{"currency": "EUR", "outstanding": "3000.00"}]
        self._assert("amber", "40.6")
        self.sections["exposure"]["loans"][0]["outstanding"] = "9000.00"
        self._assert("red", None)
        self.sections["exposure"]["loans"] = []
        self.sections["cash_flow"]["months"][0]["month"] = "2026-05"
        self._assert("amber", "40.0")

    def test_two_months_say_nothing(self):
        self.sections["cash_flow"]["months"].pop(0)
        self._assert("grey")

    def test_it_stands_for_open_invoices_on_a_line_alone(self):
        self.assertEqual({rule.CODE for rule in rules_for("company")}, {"line-turnover", "collection-account"})


@tagged("post_install", "-at_install")
class TestCollectionAccount(CheckCase):
    rule = collection_account

    def test_assigned_and_trusted(self):
        self._assert("green")

    def test_not_trusted_or_not_assigned(self):
        del self.sections["party"]["applicant"]["collection_account"]["trusted"]
        self._assert("amber")
        del self.sections["party"]["applicant"]["collection_account"]
        self._assert("red")
