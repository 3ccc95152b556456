from datetime import timedelta

from openscf.package import read_package
from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestSeveralDocuments(FinanceCase):
    """One application finances several documents of one kind."""

    def _invoices(self, *amounts, **values):
        return self.env["account.move"].union(*(self._invoice(amount, **values) for amount in amounts))

    def _other_buyer(self):
        return self.env["res.partner"].create({"name": "Borealis Stores", "is_company": True})

    # --- eligibility ---

    def test_facts_of_forty_cost_as_many_queries_as_those_of_one(self):
        order, invoice = self._order(1000.0), self._invoice(1000.0)
        dates = {"invoice_date": invoice.invoice_date, "invoice_date_due": invoice.invoice_date_due}
        orders = order + order.create([order.copy_data()[0] for _number in range(39)])
        invoices = invoice + invoice.create([invoice.copy_data(dates)[0] for _number in range(39)])
        (orders - order).action_confirm()
        (invoices - invoice).action_post()
        for order in orders[:20]:
            self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        for documents in (orders, invoices):
            with self.subTest(documents._name):
                self.assertEqual(self._queries_to_assess(documents), self._queries_to_assess(documents[0]))

    def _queries_to_assess(self, documents):
        documents._scf_assess()  # what is cached for a whole server is not counted
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        documents._scf_assess()
        return self.cr.sql_log_count - before

    def test_facts_come_in_the_order_of_the_documents(self):
        orders = self.env["sale.order"].union(*(self._order(1000.0 * number) for number in (3, 1, 2)))
        for documents in (orders, self._invoices(3000.0, 1000.0, 2000.0)):
            backwards = documents[::-1]
            self.assertEqual([item.facts.name for item in backwards._scf_assess().documents], backwards.mapped("name"))

    def test_banks_lend_on_the_sum_until_the_last_payment(self):
        small = self._invoices(300.0, 300.0, 300.33) | self._invoice(100.0, days=70)
        self.assertEqual([finding.code for finding in small[0]._scf_assess().stops], ["amount"])
        assessment = small._scf_assess()
        self.assertTrue(assessment.is_eligible)
        self.assertEqual(str(assessment.eligible_amount), "800.26", "80 % of each, rounded down")
        self.assertEqual(assessment.tenor_days, 70)
        self.assertEqual(assessment.open_amount, 1000 + assessment.documents[2].facts.open_amount - 300)

    def test_document_beyond_every_banks_tenor_is_left_out_of_the_sum(self):
        far = self._invoice(5000.0, days=200)
        assessment = (self._invoice(1000.0) | far)._scf_assess()
        self.assertEqual((str(assessment.eligible_amount), assessment.tenor_days), ("800.00", 45))
        [stop] = assessment.stops
        self.assertEqual(stop.code, "tenor")
        self.assertIn(far.name, stop.sentence, "of several documents, a sentence names its own")

    # --- the draft ---

    def test_selection_opens_one_draft_that_tells_why_not(self):
        good, paid = self._invoices(2000.0, 3000.0)
        self._pay(paid)
        unposted = self._invoice(100.0)
        unposted.button_draft()
        chosen = good | paid | unposted
        action = self._as("requester", chosen).action_scf_request()
        draft = self._as("requester", self.env["scf.application"]).browse(action["res_id"])
        self.assertEqual(draft._documents(), chosen)
        self.assertEqual(draft.line_ids.mapped(lambda line: bool(line.why_not)), [False, True, True])
        self.assertIn("paid", draft.line_ids[1].why_not)
        self.assertEqual(draft.line_ids.mapped("eligible_amount"), [1600.0, 0.0, 0.0])
        self.assertEqual((draft.eligible_amount, draft.requested_amount), (1600.0, 1600.0))
        with self.assertRaisesRegex(UserError, paid.name):
            draft.action_submit()
        self.assertTrue(draft.has_unfinanceable)
        draft.action_leave_out()
        self.assertEqual(draft._documents(), good)
        draft.action_submit()
        self.assertEqual(draft.state, "requested")

    def test_lists_offer_it_to_who_may_ask(self):
        for name, documents in (
            ("action_scf_request_order", self._order(2000.0) | self._order(3000.0)),
            ("action_scf_request_move", self._invoices(2000.0, 3000.0)),
        ):
            selection = {"active_model": documents._name, "active_ids": documents.ids, "active_id": documents[0].id}
            server_action = self.env.ref(f"scf_finance.{name}").with_context(**selection)
            opened = self._as("requester", server_action).run()
            self.assertEqual(self.env[opened["res_model"]].browse(opened["res_id"])._documents(), documents)
            with self.assertRaises(AccessError):
                self._as("accountant", server_action).run()

    def test_one_document_is_asked_for_in_a_dialog(self):
        invoice = self._invoice(2000.0)
        action = self._as("requester", invoice).action_scf_request()
        self.assertEqual(action["target"], "new")
        applications = self._as("requester", self.env["scf.application"]).with_context(**action["context"])
        with Form(applications, view="scf_finance.view_scf_application_request_form") as form:
            self.assertEqual(form.requested_amount, 1600.0)
            self.assertEqual(form.buyers, "Atlas Retail")
            with form.line_ids.new() as line:
                line.move_id = self._as("requester", self._invoice(1000.0, days=60, partner_id=self._other_buyer()))
                self.assertEqual(line.eligible_amount, 800.0)
            self.assertEqual((form.requested_amount, form.tenor_days, form.buyers), (2400.0, 60, "2 buyers"))
        self.assertEqual(len(form.record._documents()), 2)

    def test_documents_may_be_added_and_taken_out_while_it_is_a_draft(self):
        first, second = self._invoices(2000.0, 1000.0)
        draft = self._draft(first | second, banks=self.rhone)
        self.assertEqual((draft.eligible_amount, draft.buyers, draft.partner_id), (2400.0, "Atlas Retail", self.buyer))
        draft.line_ids[1].unlink()
        self.assertEqual((draft.eligible_amount, draft.document_name), (1600.0, first.name))
        draft.write({"line_ids": [Command.create({"move_id": self._invoice(500.0).id})]})
        self.assertEqual((draft.eligible_amount, draft.document_count), (2000.0, 2))

    def test_documents_that_do_not_fit_are_refused_with_a_sentence(self):
        order = self._order(4000.0)
        of_order = self._create_down_payment_invoice(order, "percentage", 50, post=True)
        invoice = self._invoice(1000.0)
        currency = self.env.ref("base.EUR")
        currency.active = True
        euro = self._invoice(1000.0, currency_id=currency.id)
        for documents, sentence in (
            ((invoice, euro), "several currencies"),
            ((self._order(2000.0), invoice), "documents of one kind"),
            ((order, of_order), f"{of_order.name} belongs to the same sale as {order.name}"),
        ):
            lines = [Command.create({document._scf_field: document.id}) for document in documents]
            with self.subTest(sentence), self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
                self._as("requester", self.env["scf.application"]).create({"line_ids": lines})
            draft = self._draft(documents[0])
            with self.subTest(sentence), self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
                draft.write({"line_ids": lines[1:]})

    def test_document_is_listed_once(self):
        invoice = self._invoice(1000.0)
        draft = self._draft(invoice)
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(UniqueViolation, "invoice_once"), self.cr.savepoint():
            draft.write({"line_ids": [Command.create({"move_id": invoice.id})]})

    def test_two_invoices_of_one_order_are_two_assets(self):
        order = self._order(4000.0)
        invoices = self._create_down_payment_invoice(order, "percentage", 25, post=True)
        invoices |= self._create_down_payment_invoice(order, "percentage", 50, post=True)
        self.assertEqual(self._request(invoices).line_ids.mapped("is_open"), [True, True])

    def test_application_without_documents_is_not_sent(self):
        draft = self._as("requester", self.env["scf.application"]).create({})
        self.assertEqual(draft.company_id, self.company, "somebody has to see it")
        draft.bank_ids = self.rhone
        for call in (draft.action_submit, lambda: draft._preview(draft.proposal_ids)):
            with self.assertRaisesRegex(UserError, "at least one"):
                call()

    # --- asking ---

    def test_all_documents_are_claimed_and_told(self):
        invoices = self._invoices(2000.0, 3000.0, 4000.0)
        application = self._request(invoices)
        self.assertEqual(application.requested_amount, 7200.0)
        self.assertEqual(application.line_ids.mapped("amount"), [2000.0, 3000.0, 4000.0])
        self.assertEqual(
            self.rhone_bank.body("apply")["documents_fingerprints"],
            [invoice._scf_fingerprints().f1 for invoice in invoices],
        )
        package = read_package(application.package_id.disclosure_ids.attachment_id.raw)
        self.assertEqual([row.number for row in package.sections.transaction.documents], invoices.mapped("name"))
        for invoice in invoices:
            self.assertIn(application.name, invoice.message_ids[0].body)
            panel = self._as("requester", invoice).scf_panel()
            self.assertEqual(panel["application"]["name"], application.name)
            self.assertIn("with 2 other documents", panel["subline"])
        self.assertNotIn("other", self._panel_of_one_alone()["subline"])

    def _panel_of_one_alone(self):
        alone = self._invoice(5000.0)
        self._request(alone)
        return self._as("requester", alone).scf_panel()

    def test_one_claimed_document_keeps_a_whole_application_from_being_sent(self):
        taken, free = self._invoices(2000.0, 3000.0)
        self._request(taken)
        draft = self._draft(free | taken, banks=self.rhone)
        self.assertIn("already being financed", draft.line_ids[1].why_not)
        with self.assertRaisesRegex(UserError, f"{taken.name} is already being financed"):
            draft.action_submit()
        self.assertTrue(free._scf_assess().is_eligible)

    def test_withdrawal_frees_all(self):
        orders = self._order(2000.0) | self._order(3000.0)
        application = self._request(orders)
        with self.assertRaisesRegex(UserError, application.name):
            orders[1]._action_cancel()
        self._as("requester", application).action_cancel()
        self.assertFalse(any(application.line_ids.mapped("is_open")))
        self.assertTrue(orders._scf_assess().is_eligible)

    def test_application_is_found_by_each_of_its_documents(self):
        invoices = self._invoices(2000.0, 3000.0)
        application = self._request(invoices)
        views = self._as("requester", self.env["scf.application"])
        for name in invoices.mapped("name"):
            self.assertEqual(views.search([("line_ids.move_id.name", "ilike", name)]), application)
        self.assertEqual(
            self._as("requester", application).action_open_documents()["domain"], [("id", "in", invoices.ids)]
        )

    def test_lights_are_shown_for_what_can_be_financed(self):
        good, paid = self._invoices(2000.0, 3000.0)
        self._pay(paid)
        lights = self._draft(good | paid, banks=self.rhone).scf_lights()
        self.assertTrue(lights["visible"])

    # --- repaying ---

    def test_payment_of_any_document_repays(self):
        invoices = self._invoices(2000.0, 3000.0)
        loan = self._financed(invoices)
        self._pay(invoices[1], 1000.0)
        self._pay(invoices[0])
        self.assertEqual(loan.collection_ids.sorted("id").mapped("amount"), [1000.0, 2000.0])
        self.assertEqual(loan.collection_ids.sorted("id").move_id, invoices[::-1])
        self._report(loan)
        self._pay(invoices[1], 2000.0)
        self._report(loan)
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self.assertFalse(any(loan.application_id.line_ids.mapped("is_open")))

    def test_invoice_of_two_financed_orders_is_collected_once_and_whole(self):
        orders = self._order(2000.0) | self._order(3000.0)
        loan = self._financed(orders)
        invoice = orders._create_invoices()
        invoice.action_post()
        self.assertEqual(len(invoice), 1)
        self._pay(invoice)
        self.assertEqual(loan.collection_ids.mapped("amount"), [5000.0])

    def test_what_came_in_before_the_loan_is_found_once_for_two_orders(self):
        orders = self._order(2000.0) | self._order(3000.0)
        offer = self._offered(orders)
        invoice = orders._create_invoices()
        invoice.action_post()
        self._pay(invoice, 1000.0)
        self._accept(offer)
        loan = self.rhone_bank.grant(offer)
        self.assertEqual(loan.collection_ids.mapped("amount"), [1000.0])

    # --- rights ---

    def test_lines_of_what_was_sent_are_not_changed(self):
        invoices = self._invoices(2000.0, 3000.0)
        application = self._request(invoices)
        lines = self._as("requester", application.line_ids)
        other = self._invoice(1000.0)
        for call in (
            lambda: lines[0].write({"move_id": other.id}),
            lambda: lines.create({"application_id": application.id, "move_id": other.id}),
            lambda: lines[0].unlink(),
            lambda: self._as("requester", application).write({"line_ids": [Command.delete(lines[0].id)]}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                call()
        self.assertEqual(application._documents(), invoices)

    def test_claim_of_another_application_is_not_taken_over(self):
        held = self._request(self._invoice(2000.0)).line_ids
        draft = self._draft(self._invoice(3000.0))
        with self.assertRaises(AccessError):
            draft.write({"line_ids": [Command.link(held.id)]})
        with self.assertRaises(AccessError):
            self._as("requester", held).write({"application_id": draft.id})

    def test_own_sales_only(self):
        """A salesperson with his own orders only neither adds a colleague's order nor learns anything of it."""
        seller = self._salesperson()
        mine, theirs = self._order(2000.0, user_id=seller.id), self._order(3000.0, user_id=self.people["admin"].id)
        applications = self.env["scf.application"].with_user(seller)
        draft = applications.create({"line_ids": [Command.create({"sale_order_id": mine.id})]})
        with self.assertRaises(AccessError), self.cr.savepoint():
            draft.write({"line_ids": [Command.create({"sale_order_id": theirs.id})]})
        self._as("requester", draft).write({"line_ids": [Command.create({"sale_order_id": theirs.id})]})
        self.env.flush_all()
        self.env.invalidate_all()
        seen, hidden = draft.line_ids.with_user(seller)
        self.assertEqual((seen.document_name, seen.eligible_amount), (mine.name, 1600.0))
        self.assertFalse(hidden.document_name or hidden.eligible_amount or hidden.open_amount or hidden.why_not)
        with self.assertRaises(AccessError):
            draft.with_user(seller).action_submit()

    def test_outsiders_neither_read_nor_add_lines(self):
        draft = self._draft(self._invoice(2000.0))
        other_company = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=other_company.id,
            company_ids=[Command.set(other_company.ids)],
        )
        invoice = self._invoice(1000.0)
        for user in (self.people["accountant"], stranger):
            lines = self.env["scf.application.document"].with_user(user).with_company(user.company_id)
            with self.subTest(user.login), self.assertRaises(AccessError), self.cr.savepoint():
                lines.create({"application_id": draft.id, "move_id": invoice.id})
            with self.subTest(user.login), self.assertRaises(AccessError), self.cr.savepoint():
                lines.browse(draft.line_ids.id).read(["document_name", "why_not"])
            with self.subTest(user.login), self.assertRaises(AccessError), self.cr.savepoint():
                self.env["account.move"].with_user(user).browse(invoice.id).action_scf_request()

    def test_draft_of_a_deleted_order_does_not_hinder(self):
        order = self._order(2000.0)
        draft = self._draft(order)
        draft.unlink()
        order._action_cancel()
        order.unlink()
        self.assertFalse(order.exists())

    def test_late_payer_makes_the_tenor(self):
        early, late = self._invoice(1000.0, days=20), self._invoice(1000.0, days=90)
        draft = self._draft(early | late)
        self.assertEqual(draft.tenor_days, 90)
        self.assertEqual(
            draft.line_ids.mapped("expected_payment"), [self.today + timedelta(days=days) for days in (20, 90)]
        )
