from odoo.tests import tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestWhatAClassChanges(FinanceCase):
    """Changes what `FinanceCase` gives, for all of its tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.name = "Renamed by one class"
        cls.env["res.partner"].create({"name": "Made by one class"})
        cls.people["stranger"] = cls.people["admin"]

    def test_its_tests_see_it(self):
        self.assertEqual(self.buyer.name, "Renamed by one class")

    def test_a_test_changes_it_for_itself(self):
        self.buyer.name = "Renamed by one test"
        self._invoice()


@tagged("post_install", "-at_install")
class TestTheNextClass(FinanceCase):
    """Comes after it, and finds everything as `FinanceCase` makes it."""

    def test_nothing_is_left(self):
        self.assertEqual(self.buyer.name, "Atlas Retail")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Made by one class")]))
        self.assertFalse(self.env["account.move"].search([("partner_id", "=", self.buyer.id)]))
        self.assertNotIn("stranger", self.people)

    def test_who_acts_is_the_companys_accountant(self):
        self.assertEqual((self.env.user.login, self.env.company), ("accountman", self.company))


@tagged("post_install", "-at_install")
class TestGiven(FinanceCase):
    """What a class starts from is walked once, and each test finds it as it was."""

    walked = 0

    def given(self):
        super().given()
        type(self).walked += 1
        self.offer = self._offered(self._invoice())
        self.terms = {"rate": "8.40"}
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.set_param("scf.told", "as given")

    def _find_and_change(self):
        self.assertEqual(self.walked, 1)
        self.assertEqual((self.offer.state, self.terms, self.rhone_bank.loans), ("open", {"rate": "8.40"}, {}))
        self.assertEqual(self.parameters.get_param("scf.told"), "as given")
        self._accept(self.offer)
        self.rhone_bank.grant(self.offer)
        self.terms["rate"] = "1.00"
        self.parameters.set_param("scf.told", "changed")
        self.assertEqual((self.offer.state, self.parameters.get_param("scf.told")), ("accepted", "changed"))

    def test_one_changes_it_for_itself(self):
        self._find_and_change()

    def test_another_finds_it_as_given(self):
        self._find_and_change()
