import json
from datetime import timedelta, timezone
from unittest.mock import patch

from openscf.keys import KeySet
from openscf.package import read_package
from openscf.verify import verify_package
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from ..checks import run_checks
from .evidence_case import KEY, EvidenceCase, seal


@tagged("post_install", "-at_install")
class TestChecksOnRecords(EvidenceCase):
    """The checks on what the builder reads, from order to invoice."""

    def _sale(self, *, quantity=10, price=100.0):
        return self._order_of((self.product_a, price, quantity))

    def _invoiced(self, order):
        invoice = order._create_invoices()
        invoice.write(
            {
                "invoice_date": self.today,
                "invoice_payment_term_id": False,
                "invoice_date_due": self.today + timedelta(days=30),
            }
        )
        return invoice

    def _checked(self, documents):
        """The section `checks` of a package on the documents, and its results by code."""
        sections = self._evidence(documents).sections
        section = run_checks(sections, self.env(context={"lang": "fr_FR"}), self.today)
        file = seal({**sections, "checks": section}, self.company, fields.Datetime.now().replace(tzinfo=timezone.utc))
        report = verify_package(file, keys=KeySet.of(KEY))
        self.assertEqual([finding for finding in report.findings if finding.level == "error"], [])
        return section, {row.code: row for row in read_package(file).sections.checks.results}

    def test_a_sale_from_order_to_invoice(self):
        self.company.scf_collection_bank_account_id.allow_out_payment = True
        order = self._sale()
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        invoice.action_post()
        section, results = self._checked(invoice)
        self.assertEqual(
            {code: row.level for code, row in results.items()},
            {
                "buyer-identified": "green",
                "buyer-unrelated": "green",
                "dates-in-order": "green",
                "documents-match": "green",
                "goods-moved": "green",
                "not-financed": "green",
                "order-exists": "green",
                "concentration": "grey",
                "coverage": "green",
                "payment-behaviour": "grey",
                "collection-account": "green",
            },
        )
        self.assertEqual(
            section["lights"],
            [
                {"light": "authenticity", "level": "green"},
                {"light": "self_liquidation", "level": "green"},
                {"light": "control", "level": "green"},
            ],
        )
        self.assertEqual(results["goods-moved"].sentence, "All goods were delivered.")

    def test_charged_above_order_and_delivery(self):
        order = self._sale()
        self._deliver(order.picking_ids, [8])
        order.order_line.qty_delivered = 8
        invoice = self._invoiced(order)
        invoice.invoice_line_ids.write({"quantity": 12, "price_unit": 103.0})
        invoice.action_post()
        _section, results = self._checked(invoice)
        self.assertEqual((results["documents-match"].level, str(results["documents-match"].figure)), ("red", "1"))
        self.assertEqual((results["goods-moved"].level, str(results["goods-moved"].figure)), ("red", "66.6"))
        self.assertEqual((results["order-exists"].level, str(results["order-exists"].figure)), ("amber", "83.3"))
        self.assertIn(f"{invoice.name}: ", results["documents-match"].sentence)

    def test_a_delivery_before_its_order(self):
        order = self._sale()
        self._deliver(order.picking_ids)
        order.picking_ids.date_done -= timedelta(days=9)
        _section, results = self._checked(order)
        self.assertEqual((results["dates-in-order"].level, str(results["dates-in-order"].figure)), ("red", "9"))

    def test_an_invoice_without_an_order(self):
        _section, results = self._checked(self._invoice())
        self.assertEqual(results["order-exists"].level, "red")
        self.assertEqual(results["documents-match"].level, "grey")

    def test_an_order_that_is_still_to_be_delivered(self):
        order = self._sale()
        _section, results = self._checked(order)
        self.assertEqual((results["order-exists"].level, results["goods-moved"].level), ("green", "grey"))
        order.picking_ids.move_ids.date_deadline = fields.Datetime.now() - timedelta(days=2)
        order.picking_ids.scheduled_date = fields.Datetime.now() - timedelta(days=2)
        _section, results = self._checked(order)
        self.assertEqual(results["goods-moved"].level, "amber")
        self.assertIn(order.picking_ids.name, results["goods-moved"].sentence)

    def test_a_buyer_that_pays_late_and_buys_most(self):
        for at in range(5):
            paid = self._invoice(1000.0 + at, days=30, invoice_date=self.today - timedelta(days=90))
            self._pay(paid, payment_date=self.today - timedelta(days=40))
        _section, results = self._checked(self._invoice())
        self.assertEqual(
            (results["payment-behaviour"].level, str(results["payment-behaviour"].figure)), ("amber", "20.0")
        )
        self.assertEqual((results["concentration"].level, str(results["concentration"].figure)), ("red", "100.0"))
        self.company.write({"scf_late_days": 20, "scf_concentration_percent": 100})
        _section, results = self._checked(self._invoice())
        self.assertEqual((results["payment-behaviour"].level, results["concentration"].level), ("green", "green"))
        self.assertEqual(str(results["payment-behaviour"].threshold), "20")

    def test_the_order_of_an_invoice_is_being_financed(self):
        order = self._sale()
        self._request(order, amount=500.0)
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        invoice.action_post()
        _section, results = self._checked(invoice)
        self.assertEqual(results["not-financed"].level, "red")
        self.assertEqual(self._checked(self._invoice())[1]["not-financed"].level, "green")

    def test_relations_that_the_records_show(self):
        def related():
            [row] = self._evidence(invoice).sections["party"]["buyers"]
            return row.get("related")

        invoice = self._invoice()
        self.assertIsNone(related())
        login = new_test_user(self.env, "at_the_buyer", groups="base.group_user", company_id=self.company.id)
        login.partner_id.parent_id = self.buyer
        self.assertEqual(related(), "own_user")
        self.env["res.partner.bank"].create({"acc_number": "DE89 3704 0044 0532 0130 00", "partner_id": self.buyer.id})
        self.assertEqual(related(), "same_bank_account")
        self.buyer.with_context(no_vat_validation=True).vat = "us 123.456-789"
        self.assertEqual(related(), "same_tax_id")
        self.buyer.vat = self.company.vat  # the ERP wants it of a contact below another
        self.buyer.parent_id = self.company.partner_id
        self.assertEqual(related(), "same_group")
        self.buyer.parent_id = False
        self.env["res.company"].create({"name": "Branch", "partner_id": self.buyer.id, "parent_id": self.company.id})
        self.assertEqual(related(), "same_group")

    def test_a_portal_user_of_the_buyer_is_no_relation(self):
        login = new_test_user(self.env, "shopper", groups="base.group_portal", company_id=self.company.id)
        login.partner_id.parent_id = self.buyer
        [row] = self._evidence(self._invoice()).sections["party"]["buyers"]
        self.assertNotIn("related", row)


@tagged("post_install", "-at_install")
class TestLights(EvidenceCase):
    """The lights of the panel and of the application."""

    def given(self):
        super().given()
        self.company.scf_collection_bank_account_id.allow_out_payment = True
        self.invoice = self._invoice(10000.0)

    def _lights(self, record=None, role="requester", method="scf_panel_lights"):
        answer = getattr(self._as(role, record or self.invoice), method)()
        json.dumps(answer)  # what goes over the wire
        return answer

    def _levels(self, answer):
        return {light["light"]: light["level"] for light in answer["lights"]}

    def test_lights_of_a_document_that_nobody_was_asked_for(self):
        answer = self._lights()
        self.assertEqual((answer["visible"], answer["origin"]), (True, ""))
        self.assertEqual(self._levels(answer), {"authenticity": "red", "self_liquidation": "green", "control": "green"})
        worst = answer["lights"][0]["checks"][0]
        self.assertEqual((worst["code"], worst["title"]), ("order-exists", "Order exists"))
        self.assertEqual((worst["figure"], worst["threshold"]), ("0.0 %", "100 %"))
        self.assertIn(self.invoice.name, worst["sentence"])

    def test_amounts_and_words_are_the_readers(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.people["requester"].lang = "fr_FR"
        terms = {
            "Order exists": "La commande existe",
            "No sales order stands behind %(documents)s.": "Sans : %(documents)s.",
        }
        known = code_translations.get_python_translations("scf_finance", "fr_FR")
        with patch.object(code_translations, "get_python_translations", lambda module, lang: {**known, **terms}):
            invoice = self._as("requester", self.invoice).with_context(lang="fr_FR")
            answer = invoice.scf_panel_lights()
        [row] = [row for row in answer["lights"][0]["checks"] if row["code"] == "order-exists"]
        self.assertEqual((row["title"], row["sentence"]), ("La commande existe", f"Sans : {self.invoice.name}."))
        [row] = [row for row in answer["lights"][1]["checks"] if row["code"] == "coverage"]
        self.assertRegex(row["sentence"], r"10\W000,00")

    def test_who_may_not_see_the_panel_sees_no_lights(self):
        self.assertEqual(self._lights(role="accountant"), {"visible": False})
        stranger = new_test_user(
            self.env, "stranger", groups="scf_connector.group_scf_requester", company_id=self.company.id
        )
        with self.assertRaises(AccessError):
            self.invoice.with_user(stranger).scf_panel_lights()

    def test_documents_that_are_no_claim_have_no_lights(self):
        bill = self._create_invoice_one_line(move_type="in_invoice", product_id=self.product_a, partner_id=self.buyer)
        quotation = self._create_sale_order(
            partner_id=self.buyer, order_line=[self._prepare_order_line(product_id=self.product_a)], confirm=False
        )
        for document in (bill, quotation):
            self.assertEqual(self._lights(document), {"visible": False})

    def test_what_was_sealed_stays_what_is_shown(self):
        self._share_checks()
        application = self._request(self.invoice)
        told = self._lights()
        self.assertEqual(self._levels(told), {"authenticity": "red", "self_liquidation": "green", "control": "green"})
        self.assertIn("Banque du Rhône", told["origin"])
        self.company.scf_late_days = 0
        self.buyer.vat = False
        self.assertEqual(self._lights(), told)
        self.assertEqual(self._lights(application, method="scf_lights"), told)

    def test_worst_of_what_was_sent_is_shown_and_whose_file_says_it(self):
        """The first bank may not read the evidence, so that its file can't tell whether an order exists."""
        self._share_checks()
        draft = self._draft(self.invoice, banks=self.rhone | self.hansa)
        [first] = draft.proposal_ids.filtered(lambda proposal: proposal.bank_id == self.rhone)
        first.section_ids -= self.env.ref("scf_finance.section_evidence")
        draft.action_submit()
        told = self._lights()
        self.assertEqual(self._levels(told)["authenticity"], "red", "as the second bank reads it")
        rows = {row["code"]: row for light in told["lights"] for row in light["checks"]}
        self.assertEqual(rows["order-exists"]["title"], "Order exists, in the file for Hansa Bank")
        self.assertEqual(rows["collection-account"]["title"], "Collection account assigned", "both files say the same")
        self.assertRegex(told["origin"], "Banque du Rhône.*Hansa Bank")

    def test_checks_that_were_not_sent_are_not_shown_as_sent(self):
        application = self._request(self.invoice)
        self.assertEqual(self._lights(application, method="scf_lights"), {"visible": False})

    def test_a_draft_shows_how_it_would_look_now(self):
        draft = self._draft(self.invoice)
        self.assertEqual(self._lights(draft, method="scf_lights"), self._lights())

    def test_a_fixed_number_of_queries(self):
        def queries():
            for _warm in range(2):  # the rules of access to records are kept once they were asked for
                self.env.flush_all()
                self.env.invalidate_all()
                self.env.transaction.reset()  # else environments know a time zone for as long as they happen to live
                before = self.cr.sql_log_count
                self._lights()
            return self.cr.sql_log_count - before

        few = queries()
        for index in range(10):
            other = self.buyer.copy({"name": f"Other {index}"})
            paid = self._invoice(600.0 + index, invoice_date=self.today - timedelta(days=60), partner_id=other)
            self._pay(paid, payment_date=self.today)
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 70)

    def _share_checks(self):
        """Let the banks ask for the checks and what they rest on, so that the consents cover them."""
        for bank in self.rhone | self.hansa:
            profile = bank.profile
            for technique in profile["techniques"]:
                technique["sections"] = [*technique["sections"], "evidence", "exposure", "forecast", "checks"]
            bank.sudo().profile = {**profile}


@tagged("post_install", "-at_install")
class TestLimits(EvidenceCase):
    def test_limits_that_make_no_sense_are_refused(self):
        for name, value in (
            ("scf_late_days", -1),
            ("scf_coverage_percent", 99),
            ("scf_concentration_percent", 0),
            ("scf_concentration_percent", 101),
        ):
            with self.subTest(name), self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
                self.company.write({name: value})
                self.env.flush_all()
