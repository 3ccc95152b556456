import json

from odoo.tests import tagged

from .common import FinanceCase

LANGUAGES = ("de_DE", "es_ES", "fr_FR", "zh_CN")
MODULES = ["scf_connector", "scf_finance"]


@tagged("post_install", "-at_install")
class TestLanguages(FinanceCase):
    """A user reads the screens in his own language: the sentences of the program and the words of its views alike."""

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)
        for code in LANGUAGES:
            self.env["res.lang"]._activate_lang(code)
        self.env["ir.module.module"]._load_module_terms(MODULES, LANGUAGES)

    def _in(self, code, record):
        return self._as("requester", record).with_context(lang=code)

    def test_panel_speaks_the_users_language(self):
        english = self._as("requester", self.invoice).scf_panel()
        for code in LANGUAGES:
            with self.subTest(code):
                panel = self._in(code, self.invoice).scf_panel()
                json.dumps(panel)
                for name in ("headline", "subline", "next_step", "technique_label"):
                    self.assertNotEqual(panel[name], english[name], name)
                self.assertEqual(len(panel["reasons"]), len(english["reasons"]))

    def test_amount_stays_in_the_sentence(self):
        headline = self._in("zh_CN", self.invoice).scf_panel()["headline"]
        self.assertIn("8,000.00", headline)
        self.assertRegex(headline, "[\u4e00-\u9fff]{4}")

    def test_states_and_fields_have_words_in_the_users_language(self):
        english = self.env["scf.loan"].fields_get(["state", "due_date"])
        for code in LANGUAGES:
            with self.subTest(code):
                words = self.env["scf.loan"].with_context(lang=code).fields_get(["state", "due_date"])
                self.assertNotEqual(words["due_date"]["string"], english["due_date"]["string"])
                self.assertFalse(
                    set(dict(words["state"]["selection"]).values()) & set(dict(english["state"]["selection"]).values())
                )
