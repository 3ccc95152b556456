import copy
from datetime import timedelta, timezone
from decimal import Decimal

from openscf.keys import KeySet
from openscf.package import read_package
from openscf.verify import verify_package

from odoo import fields
from odoo.tests import tagged

from ..checks import run_checks
from ..checks.catalogue import LIGHTS, rules_for
from ..checks.lights import level_of, make_checks
from ..checks.rules import (
    coverage,
    goods_age,
    goods_free,
    goods_on_hand,
    goods_received,
    goods_sell,
    goods_set_apart,
    goods_worth,
    not_financed,
    purchase_matches,
    purchase_order_exists,
    supplier_account,
    supplier_identified,
    supplier_known,
    supplier_unrelated,
)
from ..checks.thresholds import Thresholds
from .checks_case import TODAY, CheckCase, ago, ahead, honest
from .evidence_case import KEY, seal
from .pledge_case import PledgeCase
from .purchase_evidence_case import PurchaseEvidenceCase


def bills():
    """The sections of a package on which every check is green: two bills of one supplier, received and on order."""
    sections = honest()
    sections["transaction"].update(
        technique="distributor_finance",
        documents=[
            {
                "kind": "vendor_bill",
                "number": number,
                "issue_date": ago(5),
                "due_date": ahead(25),
                "seller": "S1",
                "currency": "EUR",
                "lines": [{"line": 1, "net": "1000.00"}],
                "totals": {"outstanding": "1000.00"},
            }
            for number in ("BILL/1", "BILL/2")
        ],
    )
    sections["party"].update(
        buyers=[],
        sellers=[
            {
                "key": "S1",
                "name": "Mill",
                "tax_id": "FR40303265045",
                "country": "FR",
                "supplier_since": ago(400),
                "account": {"iban": "FR76", "holder": "Mill", "trusted": True},
            }
        ],
    )
    order = sections["order_flow"]["orders"][0]
    del order["buyer"]
    order.update(number="P1", seller="S1", documents=["BILL/1", "BILL/2"])
    sections["logistics_flow"]["deliveries"][0].update(number="IN/1", order="P1", direction="in")
    for row, number in zip(sections["evidence"]["documents"], ("BILL/1", "BILL/2"), strict=True):
        row["document"] = number
    sections["forecast"]["weeks"][0]["financed"] = "0.00"
    sections["inventory"] = {
        "stock": [],
        "totals": [],
        "resale": [
            {
                "document": number,
                "line": 1,
                "quantity": "100",
                "sold_quantity": "200",
                "sold_net": "3000.00",
                "currency": "EUR",
                "days_to_sell": "20",
            }
            for number in ("BILL/1", "BILL/2")
        ],
    }
    return sections


def purchase_order():
    """The same for one confirmed order that is still to be received and billed."""
    sections = bills()
    [document, _other] = sections["transaction"]["documents"]
    sections["transaction"]["documents"] = [{**document, "kind": "purchase_order", "number": "P1"}]
    sections["order_flow"]["orders"][0]["documents"] = []
    receipt = sections["logistics_flow"]["deliveries"][0]
    receipt.update(state="assigned", promised_on=ahead(3))
    del receipt["done_on"]
    [row, _other] = sections["evidence"]["documents"]
    row.update(document="P1", delivered="0.00")
    sections["evidence"]["documents"] = [row]
    [resale, _other] = sections["inventory"]["resale"]
    sections["inventory"]["resale"] = [{**resale, "document": "P1"}]
    return sections


def goods():
    """The same for goods that are to be pledged: one lot of copper, and sand that lies by itself."""
    sections = bills()
    sections["transaction"].update(
        technique="inventory_loan",
        documents=[
            {
                "kind": "pledged_goods",
                "number": number,
                "issue_date": ago(0),
                "currency": "EUR",
                "goods": {"place": "WH/Collateral", "on_hand": "100", "oldest_on": ago(30), **lot},
                "lines": [{"line": 1, "description": name, "quantity": "100", "unit_price": "10.00", "net": "1000.00"}],
                "totals": {"outstanding": "1000.00"},
            }
            for number, name, lot in (("PLG/1", "Copper", {"lot": "CU-1"}), ("PLG/2", "Sand", {}))
        ],
    )
    del sections["party"]["sellers"]
    sections["order_flow"]["orders"] = sections["logistics_flow"]["deliveries"] = []
    for row, number in zip(sections["evidence"]["documents"], ("PLG/1", "PLG/2"), strict=True):
        row.update(document=number, ordered="0.00", delivered="0.00", deliverable="0.00")
    for row, number in zip(sections["inventory"]["resale"], ("PLG/1", "PLG/2"), strict=True):
        row["document"] = number
    return sections


class PurchaseCheckCase(CheckCase):
    def setUp(self):
        super().setUp()
        self.sections = bills()

    @property
    def _seller(self):
        return self.sections["party"]["sellers"][0]


@tagged("post_install", "-at_install")
class TestCatalogueOfPurchasesAndGoods(CheckCase):
    def test_honest_ones_are_green_throughout(self):
        for sections in (bills(), purchase_order(), goods()):
            kind = sections["transaction"]["documents"][0]["kind"]
            with self.subTest(kind):
                checked = make_checks(sections, TODAY, Thresholds())
                levels = {item.rule.CODE: item.result.level for item in checked}
                self.assertEqual({code: level for code, level in levels.items() if level != "green"}, {})
                self.assertEqual({level_of(light, checked) for light in LIGHTS}, {"green"})
                self.assertEqual(list(levels), [rule.CODE for rule in rules_for(kind)])

    def test_nothing_is_asked_of_buyers_and_their_history(self):
        of_sales = {"buyer-identified", "buyer-unrelated", "payment-behaviour", "concentration", "goods-moved"}
        for kind in ("purchase_order", "vendor_bill", "pledged_goods"):
            self.assertFalse(of_sales & {rule.CODE for rule in rules_for(kind)})

    def test_every_check_runs_on_what_is_always_there(self):
        for sections, told in (
            (bills(), {"supplier-identified", "supplier-unrelated", "supplier-known", "supplier-account"}),
            (goods(), {"goods-on-hand", "goods-age", "goods-set-apart"}),
        ):
            least = {name: sections[name] for name in ("party", "transaction")}
            found = {item.rule.CODE for item in make_checks(least, TODAY, Thresholds()) if item.result.level != "grey"}
            self.assertEqual(found, told | {"collection-account"})


@tagged("post_install", "-at_install")
class TestSupplier(PurchaseCheckCase):
    def test_identified(self):
        self.rule = supplier_identified
        self._assert("green", "0")
        self._seller["tax_id"] = "FR40303265046"
        self._assert("red", "2")
        del self._seller["tax_id"]
        self._assert("amber", "2")
        self._seller.update(tax_id="1", country="AQ")
        self._assert("grey")

    def test_related(self):
        self.rule = supplier_unrelated
        self._assert("green", "0")
        for relation, level in (("same_group", "red"), ("same_bank_account", "red"), ("own_user", "amber")):
            self._seller["related"] = relation
            self._assert(level, "2")

    def test_known(self):
        self.rule = supplier_known
        self._assert("green", "400")
        self._seller["supplier_since"] = ago(90)
        self._assert("green", "90")
        self._seller["supplier_since"] = ago(89)
        self._assert("amber", "89")
        del self._seller["supplier_since"]
        self._assert("amber")

    def test_account(self):
        self.rule = supplier_account
        self._assert("green")
        del self._seller["account"]["trusted"]
        self._assert("red")
        del self._seller["account"]
        self._assert("red")


@tagged("post_install", "-at_install")
class TestPurchasePapers(PurchaseCheckCase):
    def _found(self, code, document="BILL/1", **figures):
        self.sections["evidence"]["contradictions"].append({"document": document, "code": code, **figures})

    def test_order_exists(self):
        self.rule = purchase_order_exists
        self._assert("green", "100.0")
        self._assert_grey_without("evidence")
        self.sections["evidence"]["documents"][0]["ordered"] = "999.99"
        self._assert("amber", "99.9", ("BILL/1",))
        self.sections["evidence"]["documents"][0]["ordered"] = "0.00"
        self._assert("red", "0.0", ("BILL/1",))
        self.sections = purchase_order()
        self._assert("green", "0")
        del self.sections["order_flow"]["orders"][0]["confirmed_on"]
        self._assert("red", "1")

    def test_papers_match(self):
        self.rule = purchase_matches
        self._assert("green", "0")
        self._assert_grey_without("evidence")
        self._found("quantity-over-delivered", "BILL/2")
        result = self._assert("amber", "1", ("BILL/2",))
        self.assertIs(result.sentence.params["what"], purchase_matches.SLIGHT["quantity-over-delivered"])
        self._found("price-differs", figure="10.20", expected="10")
        self._assert("amber", "2")
        self._found("price-differs", figure="10.21", expected="10")
        self._assert("red", "2")

    def test_what_would_cost_the_bank_its_money_is_red(self):
        self.rule = purchase_matches
        for code in ("number-used-twice", "paid-twice", "seller-differs", "quantity-over-ordered", "currency-differs"):
            with self.subTest(code):
                self.sections = bills()
                self._found(code)
                self._assert("red", "1", ("BILL/1",))

    def test_goods_of_a_bill_are_received(self):
        self.rule = goods_received
        self._assert("green", "100.0")
        self._assert_grey_without("evidence")
        row = self.sections["evidence"]["documents"][1]
        row["delivered"] = "900.00"
        self._assert("amber", "90.0", ("BILL/2",))
        row["delivered"] = "899.99"
        self._assert("red", "89.9", ("BILL/2",))
        for row in self.sections["evidence"]["documents"]:
            row["deliverable"] = "0.00"
        self._assert("grey")

    def test_goods_of_an_order_are_expected(self):
        self.rule = goods_received
        self.sections = purchase_order()
        self._assert("green", "0.0")
        receipt = self.sections["logistics_flow"]["deliveries"][0]
        receipt["promised_on"] = ago(1)
        self._assert("amber", "0.0")
        receipt["state"] = "cancel"
        self._assert("amber", "0.0")
        del self.sections["logistics_flow"]
        self._assert("amber", "0.0")

    def test_no_other_financing(self):
        self.rule = not_financed
        self._assert("green", "0")
        self.sections["exposure"]["pledges"] = [{"document": "P1"}]
        result = self._assert("red", "2")
        self.assertIs(result.sentence.template, not_financed.OF_PURCHASES[1])


@tagged("post_install", "-at_install")
class TestTurningIntoMoney(PurchaseCheckCase):
    def test_goods_sell_within_the_tenor(self):
        self.rule = goods_sell
        self._assert("green", "20")
        self._assert_grey_without("inventory")
        slow, other = self.sections["inventory"]["resale"]
        for days, level in (("30", "green"), ("30.1", "amber"), ("60", "amber"), ("60.1", "red")):
            slow["days_to_sell"] = days
            self._assert(level, days, ("BILL/1",) if days != "30" else ())
        slow["days_to_sell"] = "20"
        del other["days_to_sell"]
        self._assert("amber", "20", ("BILL/2",))
        del slow["days_to_sell"]
        self._assert("red")
        self.sections["inventory"]["resale"] = []
        self._assert("grey")

    def test_goods_bring_what_they_cost(self):
        self.rule = goods_worth
        self._assert("green", "150.0")
        self._assert_grey_without("inventory")
        for net, level, percent in (
            ("2000.00", "green", "100.0"),
            ("1600.00", "amber", "80.0"),
            ("1598.00", "red", "79.9"),
        ):
            for row in self.sections["inventory"]["resale"]:
                row["sold_net"] = net
            self._assert(level, percent)
        first, other = self.sections["inventory"]["resale"]
        first["sold_net"] = "0.00"  # delivered, and not invoiced yet
        self._assert("red", "79.9")
        other["currency"] = "USD"
        self._assert("grey")

    def test_customers_pay_enough_beside_other_loans(self):
        self.rule = coverage
        self._assert("green", "125.0")
        self.sections["exposure"]["loans"] = [{"currency": "EUR", "outstanding": "400.01"}]
        result = self._assert("red", "99.9")
        self.assertIs(result.sentence.template, coverage.FROM_CUSTOMERS)


@tagged("post_install", "-at_install")
class TestPledgedGoods(CheckCase):
    def setUp(self):
        super().setUp()
        self.sections = goods()
        self.copper, self.sand = self.sections["transaction"]["documents"]

    def test_on_hand(self):
        self.rule = goods_on_hand
        self._assert("green", "100.0")
        self.sand["goods"]["on_hand"] = "99"
        self._assert("red", "99.0", ("PLG/2",))

    def test_the_same_goods_do_not_count_twice(self):
        self.rule = goods_on_hand
        twin = copy.deepcopy(self.copper)
        twin["number"] = "PLG/3"
        self.sections["transaction"]["documents"].append(twin)
        self._assert("red", "50.0", ("PLG/1", "PLG/3"))
        self.copper["goods"]["on_hand"] = twin["goods"]["on_hand"] = "200"
        self._assert("green", "100.0")

    def test_free(self):
        self.rule = goods_free
        self._assert("green", "0")
        self._assert_grey_without("exposure")
        self.sections["exposure"]["pledges"] = [
            {"document": "PLG/0", "description": "Copper, CU-1, WH/Collateral", "amount": "500.00"},
            {"document": "PLG/9", "description": "Sand, WH/Elsewhere", "amount": "500.00"},
        ]
        self._assert("red", "1", ("PLG/1",))
        self.copper["goods"]["on_hand"] = "150"
        self._assert("amber", "1", ("PLG/1",))

    def test_age(self):
        self.rule = goods_age
        self._assert("green", "30")
        for days, level in ((180, "green"), (181, "amber"), (365, "amber"), (366, "red")):
            self.sand["goods"]["oldest_on"] = ago(days)
            self._assert(level, str(days), () if level == "green" else ("PLG/2",))
        for document in (self.copper, self.sand):
            del document["goods"]["oldest_on"]
        self._assert("grey")

    def test_set_apart(self):
        self.rule = goods_set_apart
        self._assert("green", "0")
        self.copper["goods"]["on_hand"] = "500"
        self._assert("green", "0")
        self.sand["goods"]["on_hand"] = "101"
        self._assert("amber", "1", ("PLG/2",))


@tagged("post_install", "-at_install")
class TestChecksOnPurchasesAndGoods(PurchaseEvidenceCase, PledgeCase):
    """The checks on what the builder reads."""

    def _checked(self, documents):
        sections = self._evidence(documents).sections
        section = run_checks(sections, self.env(context={"lang": "fr_FR"}), self.today)
        file = seal({**sections, "checks": section}, self.company, fields.Datetime.now().replace(tzinfo=timezone.utc))
        report = verify_package(file, keys=KeySet.of(KEY))
        self.assertEqual([finding for finding in report.findings if finding.level == "error"], [])
        return {row.code: row for row in read_package(file).sections.checks.results}

    def _total(self, document):
        return document.value if document._name == "scf.pledge" else document.amount_total

    def test_a_purchase_from_order_to_bill(self):
        self._receive(self._purchase((self.nails, 100, 4.0), on=self.today - timedelta(days=100)))
        self._sell(self.nails, 100, 9.0)
        order = self._purchase((self.nails, 10, 5.0))
        ordered = self._checked(order)
        self.assertEqual({code for code, row in ordered.items() if row.level != "green"}, set())
        self.assertIn("expected until", ordered["goods-received"].sentence)
        self._receive(order)
        billed = self._checked(self._bill(order))
        self.assertEqual({code for code, row in billed.items() if row.level != "green"}, set())
        # 10 to come or on hand, 100 sold in a year; they went for 9.00 and cost 5.00.
        self.assertEqual([found["goods-sell"].figure for found in (ordered, billed)], [Decimal("36.5")] * 2)
        self.assertEqual(ordered["goods-worth"].figure, Decimal("180.0"))

    def test_a_bill_that_nobody_should_pay(self):
        self.account.allow_out_payment = False
        self.supplier.vat = "BE0477472702"
        bill = self._bill(self._purchase((self.nails, 10, 5.0)), lines=[{"quantity": 10}])
        results = self._checked(bill)
        self.assertEqual(
            {code for code, row in results.items() if row.level == "red"},
            {"supplier-account", "supplier-identified", "goods-received", "goods-sell", "coverage"},
        )
        self.assertEqual(results["supplier-known"].level, "amber")

    def test_goods_in_a_lot(self):
        self._put(self.copper, 1000, self.collateral, lot=self.lot)
        self._pledged(self.copper, 100, self.collateral, lot=self.lot)
        results = self._checked(self._proposed(self.copper, 600, self.collateral, lot=self.lot))
        self.assertEqual(
            {code: row.level for code, row in results.items() if row.level != "green"},
            {"goods-free": "amber", "goods-sell": "red", "goods-worth": "grey", "coverage": "red"},
        )

    def test_the_panel_shows_them(self):
        self._receive(self._purchase((self.nails, 10, 4.0)))
        order = self._purchase((self.nails, 10, 5.0))
        self._put(self.sand, 100, self.collateral)
        for document in (order, self._proposed(self.sand, 50, self.collateral)):
            shown = document._scf_live_lights()
            self.assertTrue(shown["visible"])
            self.assertEqual([light["light"] for light in shown["lights"]], list(LIGHTS))
            self.assertTrue(all(light["checks"] for light in shown["lights"]))
