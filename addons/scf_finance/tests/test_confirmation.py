import hashlib
import re
from datetime import timedelta

from freezegun import freeze_time
from lxml import html

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail

from ..models.scf_confirmation import ASKS_A_DAY, LINK_DAYS
from .evidence_case import EvidenceCase


@tagged("post_install", "-at_install")
class TestConfirmation(EvidenceCase, HttpCase, MockEmail):
    """The buyer's page from outside, and what counts of the answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.email = "accounts@atlas.example"
        cls.company.email = "office@alpine.example"

    # --- given ---

    def _asked(self, documents, role="requester"):
        """Ask the buyers; gives the paths of the links as they were mailed."""
        with self.mock_mail_gateway():
            self._as(role, documents).action_scf_ask_confirmation()
        return [re.search(r"/scf/confirm/[\w-]+", mail["body"]).group() for mail in self._mails]

    def _confirmation(self, document):
        return self.env["scf.confirmation"].search(document._scf_confirmation_domain(), limit=1)

    # --- when ---

    def _form(self, path):
        return html.fromstring(self.url_open(path).content).find(".//form[@method='post']")

    def _answer(self, path, answer="confirmed", **values):
        """Open the page, fill in the form and send it; gives the response before redirects."""
        [csrf_token] = self._form(path).xpath(".//input[@name='csrf_token']/@value")
        return self._send(path, answer=answer, csrf_token=csrf_token, **values)

    def _send(self, path, **values):
        filled = {"signed_by": "Ada Byron", "role": "CFO", "comment": "", **values}
        return self.url_open(path, data=filled, allow_redirects=False)

    # --- the link ---

    def test_link_is_mailed_to_the_buyer_and_kept_nowhere(self):
        invoice = self._invoice(1200.0)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._as("requester", invoice).action_scf_ask_confirmation()
        [mail] = self._mails
        self.assertEqual(mail["email_to"], ["accounts@atlas.example"])
        self.assertIn(invoice.name, mail["subject"])
        token = re.search(r"/scf/confirm/([\w-]{43})\"", mail["body"]).group(1)
        confirmation = self._confirmation(invoice)
        self.assertEqual(confirmation.sudo().token_sha256, hashlib.sha256(token.encode()).hexdigest())
        self.env.flush_all()
        for table, column in (("mail_message", "body"), ("mail_mail", "body_html")):
            self.cr.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE %s", [f"%{token}%"])
            self.assertEqual(self.cr.fetchone(), (0,), table)
        with self.assertRaises(AccessError):
            self._as("admin", confirmation).read(["token_sha256"])

    def test_mail_goes_to_the_contact_of_the_document_in_its_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        clerk = self.env["res.partner"].create(
            {"name": "Jo", "parent_id": self.buyer.id, "email": "jo@atlas.example", "lang": "fr_FR"}
        )
        invoice = self._invoice(1200.0, partner_id=clerk)
        [path] = self._asked(invoice)
        self.assertEqual(self._mails[0]["email_to"], ["jo@atlas.example"])
        self.assertEqual(self._confirmation(invoice).lang, "fr_FR")
        self.assertEqual(html.fromstring(self.url_open(path).content).get("lang"), "fr-FR")

    def test_nobody_confirms_to_himself(self):
        for email, name in (
            ("office@alpine.example", "company"),
            (self.people["requester"].email, "colleague"),
            (False, "no address"),
        ):
            self.buyer.email = email
            with self.subTest(name), self.assertRaises(UserError):
                self._asked(self._invoice(1200.0))

    def test_only_posted_invoices_and_confirmed_orders_are_asked_for(self):
        draft = self._create_invoice_one_line(product_id=self.product_a, partner_id=self.buyer)
        for document in (draft, self._invoice(1200.0) + draft, self._credit(self._invoice(500.0), 100.0)):
            with self.assertRaises(UserError):
                self._asked(document)
        cancelled = self._order(700.0)
        cancelled._action_cancel()
        with self.assertRaises(UserError):
            self._asked(cancelled)

    def test_buyer_is_not_asked_over_and_over(self):
        invoice = self._invoice(1200.0)
        for _time in range(ASKS_A_DAY):
            self._asked(invoice)
        with self.assertRaises(UserError):
            self._asked(invoice)
        with freeze_time(fields.Datetime.now() + timedelta(days=1, minutes=1)):
            self._asked(invoice)

    def test_only_requesters_of_the_company_ask_and_read(self):
        invoice = self._invoice(1200.0)
        self._asked(invoice)
        confirmation = self._confirmation(invoice)
        portal = new_test_user(self.env, "confirm_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.buyer
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "confirm_stranger",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
            groups="scf_connector.group_scf_admin,account.group_account_manager",
        )
        for user in (self.people["accountant"], portal, stranger):
            with self.subTest(user.login), self.assertRaises(AccessError):
                invoice.with_user(user).action_scf_ask_confirmation()
            with self.subTest(user.login), self.assertRaises(AccessError):
                confirmation.with_user(user).read(["number"])
        requester = self._as("requester", confirmation)
        self.assertEqual(requester.read(["number"])[0]["number"], invoice.name)
        for act in (
            lambda: requester.write({"state": "confirmed"}),
            lambda: requester.create({"number": "x"}),
            lambda: requester.unlink(),
        ):
            with self.assertRaises(UserError):
                act()

    # --- the page ---

    def test_page_shows_the_document_and_nothing_leaks(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        text = html.fromstring(page.content).text_content()
        for shown in (
            invoice.name,
            "Atlas Retail",
            self.company.name,
            "1,200.00",
            "DE89 3704 0044 0532 0130 00",
            "product_a",
        ):
            self.assertIn(shown, text)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("noindex", page.headers["X-Robots-Tag"])
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        for bound in ("frame-ancestors 'none'", "connect-src 'self'", "script-src 'self' 'unsafe-inline'"):
            self.assertIn(bound, page.headers["Content-Security-Policy"])
        self.assertNotIn("Banque du Rhône", page.text)

    def test_statements_end_in_one_full_stop_whatever_the_seller_is_called(self):
        self.company.name = "Alpine Inc."
        documents = self._invoice(1200.0), self._order(1200.0)
        for document in documents:
            self._asked(document)
            confirmation = self._confirmation(document)
            for words in (confirmation.confirming_words, confirmation.disputing_words):
                self.assertIn("Alpine Inc.", words)
                self.assertRegex(words, r"[^.]\.$")

    def test_answer_is_kept_with_the_words_that_were_read(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        confirmation = self._confirmation(invoice)
        [label] = self._form(path).xpath(".//label[@for='answer_confirmed']")
        self.assertIn(confirmation.confirming_words, label.text_content())
        response = self._answer(path)
        self.assertEqual((response.status_code, response.headers["Location"].endswith(path)), (303, True))
        self.assertEqual(
            (confirmation.state, confirmation.signed_by, confirmation.role), ("confirmed", "Ada Byron", "CFO")
        )
        self.assertEqual(confirmation.statement, confirmation.confirming_words)
        self.assertEqual(confirmation.statement_sha256, hashlib.sha256(confirmation.statement.encode()).hexdigest())
        shown = html.fromstring(self.url_open(path).content)
        self.assertIn(confirmation.statement_sha256, shown.text_content())
        self.assertFalse(shown.xpath("//form[@method='post']"))
        self.assertIn("Ada Byron", invoice.message_ids[0].body)

    def test_wrong_expired_replaced_and_used_links_are_closed(self):
        invoice = self._invoice(1200.0)
        [first] = self._asked(invoice)
        [second] = self._asked(invoice)
        for path, status in (
            ("/scf/confirm/x", 404),
            (f"/scf/confirm/{self._confirmation(invoice).sudo().token_sha256}", 404),
            (first, 410),
            (second, 200),
        ):
            with self.subTest(path):
                self.assertEqual(self.url_open(path).status_code, status)
        [csrf_token] = self._form(second).xpath(".//input[@name='csrf_token']/@value")
        self.assertEqual(self._send(first, answer="confirmed", csrf_token=csrf_token).status_code, 410)
        self.assertEqual(self._send(second, answer="disputed", comment="No", csrf_token=csrf_token).status_code, 303)
        again = self._send(second, answer="confirmed", csrf_token=csrf_token)
        self.assertEqual(again.status_code, 410)
        self.assertIn("answered already", again.text)
        self.assertEqual(self._confirmation(invoice).state, "disputed")

    def test_link_ends(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        self._confirmation(invoice).sudo().expires_at = fields.Datetime.now()
        self.assertEqual(self.url_open(path).status_code, 410)
        asked_at = self._confirmation(invoice).requested_at
        with freeze_time(asked_at + timedelta(days=LINK_DAYS, minutes=-1)):
            [path] = self._asked(invoice)
        ends_at = asked_at + timedelta(days=2 * LINK_DAYS, minutes=-1)
        self.assertEqual(self._confirmation(invoice).expires_at, ends_at)

    def test_link_of_one_document_answers_no_other(self):
        invoice, other = self._invoice(1200.0), self._invoice(900.0)
        paths = self._asked(invoice + other)
        self.assertEqual(self._answer(paths[0], move_id=other.id, confirmation=other.id).status_code, 303)
        self.assertEqual(self._confirmation(invoice).state, "confirmed")
        self.assertEqual(self._confirmation(other).state, "waiting")
        self.assertNotIn(other.name, self.url_open(paths[0]).text)

    def test_answer_needs_the_token_of_the_form(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        for values in ({}, {"csrf_token": "0" * 40}):
            with self.subTest(values):
                self.assertEqual(self._send(path, answer="confirmed", **values).status_code, 400)
        self.assertEqual(self._confirmation(invoice).state, "waiting")

    def test_incomplete_answers_come_back_with_what_was_typed(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        for name, values in (
            ("answer", {"answer": "paid"}),
            ("signed_by", {"signed_by": "  "}),
            ("role", {"role": ""}),
            ("comment", {"answer": "disputed"}),
            ("signed_by", {"signed_by": "x" * 101}),
        ):
            with self.subTest(name):
                response = self._answer(path, **values)
                self.assertEqual(response.status_code, 422)
                page = html.fromstring(response.content)
                self.assertTrue(page.xpath(f"//*[@id='error_{name}']"))
                self.assertIn(page.xpath("//input[@name='role']/@value")[0], ("CFO", ""))
        self.assertEqual(self._answer(path, comment="x" * 60_000).status_code, 413)
        self.assertEqual(self._confirmation(invoice).state, "waiting")

    def test_markup_in_an_answer_stays_text(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        attack = "<script>alert(1)</script>"
        self._answer(path, "disputed", signed_by=attack, role=f'"{attack}', comment=f"{attack} {{{{ 7*7 }}}}")
        self.assertNotIn(attack, self.url_open(path).text)
        self.assertIn("{{ 7*7 }}", self.url_open(path).text)
        for kept in (invoice.message_ids[0].body, invoice.activity_ids.note):
            self.assertNotIn("<script", kept)
            self.assertIn("alert(1)", kept)

    def test_users_of_the_seller_can_not_answer(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        self.authenticate("fin_requester", "fin_requester")
        self.assertIsNone(self._form(path))
        csrf_token = re.search(r'csrf_token: "(\w+)"', self.url_open(path).text).group(1)
        self.assertEqual(self._send(path, answer="confirmed", csrf_token=csrf_token).status_code, 403)
        self.assertEqual(self._confirmation(invoice).state, "waiting")

    def test_portal_user_of_the_buyer_answers_like_anybody(self):
        portal = new_test_user(self.env, "confirm_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.buyer
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        self.authenticate("confirm_portal", "confirm_portal")
        self.assertEqual(self._answer(path).status_code, 303)
        self.assertEqual(self._confirmation(invoice).state, "confirmed")

    # --- what counts ---

    def test_confirmed_documents_are_counterparty_confirmed(self):
        invoices = self._invoice(1200.0) + self._invoice(900.0)
        paths = self._asked(invoices)
        self._answer(paths[0])
        self.assertEqual(self._sections(invoices).transaction.assurance.value, "asserted")
        self._answer(paths[1])
        sections = self._sections(invoices)
        self.assertEqual(sections.transaction.assurance.value, "counterparty_confirmed")
        row = sections.transaction.confirmations[0]
        self.assertEqual(
            (row.document, row.answer, row.amount, row.currency), (invoices[0].name, "confirmed", 1200, "USD")
        )
        self.assertEqual((row.confirmed_by, row.role, row.due_date), ("Ada Byron", "CFO", invoices[0].invoice_date_due))

    def test_order_is_confirmed_too(self):
        order = self._order(700.0)
        [path] = self._asked(order)
        self._answer(path)
        sections = self._sections(order)
        self.assertEqual(sections.transaction.assurance.value, "counterparty_confirmed")
        order.order_line.price_unit = 701.0
        self.assertFalse(order._scf_confirmations())

    def test_payment_leaves_a_confirmation_standing(self):
        invoice = self._invoice(1200.0)
        self._answer(*self._asked(invoice))
        self._pay(invoice, 200.0)
        self.assertEqual(self._sections(invoice).transaction.assurance.value, "counterparty_confirmed")

    def test_changed_documents_are_not_confirmed(self):
        changes = {
            "amount": lambda invoice: invoice.invoice_line_ids.write({"price_unit": 1300.0}),
            "due date": lambda invoice: invoice.write({"invoice_date_due": self.today + timedelta(days=90)}),
        }
        for name, change in changes.items():
            invoice = self._invoice(1200.0)
            self._answer(*self._asked(invoice))
            invoice.button_draft()
            change(invoice)
            invoice.action_post()
            with self.subTest(name):
                self.assertFalse(self._sections(invoice).transaction.confirmations)
                self.assertFalse(self._confirmation(invoice).is_current)

    def test_other_collection_account_is_not_confirmed(self):
        invoice = self._invoice(1200.0)
        self._answer(*self._asked(invoice))
        self.company.scf_collection_bank_account_id = self.env["res.partner.bank"].create(
            {"acc_number": "FR7630006000011234567890189", "partner_id": self.company.partner_id.id}
        )
        self.assertFalse(invoice._scf_confirmations())

    def test_document_that_changed_since_it_was_asked_for_is_not_answered(self):
        invoice = self._invoice(1200.0)
        [path] = self._asked(invoice)
        invoice.button_draft()
        self.assertEqual(self.url_open(path).status_code, 410)
        invoice.invoice_line_ids.price_unit = 1300.0
        invoice.action_post()
        self.assertEqual(self.url_open(path).status_code, 410)

    def test_dispute_stands_until_the_buyer_answers_anew(self):
        invoice = self._invoice(1200.0)
        self._answer(*self._asked(invoice), "disputed", comment="Two are missing")
        self.assertEqual(invoice.activity_ids.user_id, self.people["requester"])
        sections = self._sections(invoice)
        self.assertEqual(sections.transaction.confirmations[0].comment, "Two are missing")
        self.assertIn("disputed", [row.code for row in sections.evidence.contradictions])
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1000.0
        invoice.action_post()
        self.assertEqual([row["answer"] for row in invoice._scf_confirmations()], ["disputed"])
        [path] = self._asked(invoice)
        self.assertEqual([row["answer"] for row in invoice._scf_confirmations()], ["disputed"])
        self._answer(path)
        sections = self._sections(invoice)
        self.assertEqual(sections.transaction.assurance.value, "counterparty_confirmed")
        self.assertNotIn("disputed", [row.code for row in sections.evidence.contradictions])

    def test_reading_answers_takes_the_same_queries_for_many(self):
        invoices = self.env["account.move"].union(*(self._invoice(100.0 + number) for number in range(4)))
        for path in self._asked(invoices):
            self._answer(path)

        def queries(documents):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(len(documents._scf_confirmations()), len(documents))
            return self.cr.sql_log_count - before

        queries(invoices)
        self.assertEqual(queries(invoices), queries(invoices[0]))
