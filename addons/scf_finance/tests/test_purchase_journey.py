from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..models import scf_bulk_request
from .purchase_case import SUPPLIER_IBAN, PurchaseCase

OTHER_IBAN = "FR7630006000011234567890189"


@tagged("post_install", "-at_install")
class TestPurchaseJourney(PurchaseCase):
    """Purchasing has a bank pay its supplier, from the panel to the payout, without any right in accounting."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["requester"] = cls.purchaser
        cls.people["approver"] = cls.head_purchaser

    def setUp(self):
        super().setUp()
        self.people = dict(self.people)
        self.order = self._purchase(100.0, 100.0)

    # --- the screens ---

    def test_purchaser_asks_from_the_order_and_follows_it_to_the_payout(self):
        order = self._as_purchaser(self.order)
        panel = order.scf_panel()
        self.assertEqual((panel["state"], panel["technique"]), ("eligible", "distributor_finance"))
        self.assertIn("You could have", panel["headline"])
        self.assertIn("8,000.00", panel["headline"])
        self.assertIn("paid to Delta Mills today", panel["headline"])

        action = order.action_scf_request()
        self.assertEqual(action["name"], "Have the bank pay Delta Mills")
        dialog = Form(
            self.env["scf.application"].with_user(self.purchaser).with_context(**action["context"]),
            view="scf_finance.view_scf_application_request_form",
        )
        self.assertEqual(dialog.payee_account, "NL91 ABNA 0417 1643 00, Delta Mills")
        self.assertEqual((dialog.requested_amount, dialog.tenor_days), (8000.0, 180))
        application = dialog.save()
        self.assertEqual((application.technique, application.document_kind), ("distributor_finance", "purchase_order"))
        application.bank_ids = [Command.set(self.rhone.ids)]
        application.action_submit()

        request = self.rhone_bank.body("apply")
        self.assertEqual(request["technique"], "distributor_finance")
        self.assertEqual(request["disbursement_account"], {"iban": SUPPLIER_IBAN, "holder": "Delta Mills"})
        submission = application.sudo().submission_ids
        self.rhone_bank.receive(submission)
        offer = self.rhone_bank.offer(submission)
        shown = self._as("approver", application).scf_offers()
        self.assertEqual((shown["supplier"], shown["margin"]), ("Delta Mills", ""), "nothing is sold yet")
        self.assertIn("if the goods do not sell", shown["offers"][0]["recourse"])
        self.assertEqual(shown["offers"][0]["in_hand"], "$\xa08,000.00")
        self.assertEqual(shown["offers"][0]["payout_account"], "NL91 ABNA 0417 1643 00, Delta Mills")
        self.assertIn("to pay Delta Mills", application.sudo().message_ids[:1].body)
        self._accept(offer)
        self.assertEqual(order.scf_panel()["headline"], "Offer accepted: the bank pays Delta Mills")
        loan = self.rhone_bank.grant(offer)
        self.rhone_bank.disburse(loan)
        panel = order.scf_panel()
        self.assertIn("paid to Delta Mills", panel["headline"])
        self.assertIn("What you earn with the goods repays", panel["next_step"])
        Form(self._as_purchaser(application))
        self.assertEqual(self._as_purchaser(application).action_open_documents()["res_model"], "purchase.order")

    def test_bill_has_the_panel_and_several_become_one_draft(self):
        bills = self._bill(ref="1") | self._bill(ref="2")
        reader = self._as("admin", bills)
        reader.env.user.group_ids += self.env.ref("scf_connector.group_scf_requester")
        panel = reader[0].scf_panel()
        self.assertIn("paid to Delta Mills today", panel["headline"])
        with self.assertRaisesRegex(UserError, "Choose customer invoices"):
            reader.action_scf_get_paid()
        with self.assertRaisesRegex(UserError, "Choose vendor bills"):
            (reader | self._as("admin", self._invoice())).action_scf_have_paid()
        self.assertTrue(reader.action_scf_have_paid()["res_id"])

    def test_lists_have_the_action_and_the_filter(self):
        orders = self._as_purchaser(self.order | self._purchase())
        for name in ("action_scf_request_purchase_order", "action_scf_request_bill"):
            action = self.env.ref(f"scf_finance.{name}")
            self.assertEqual((action.name, action.binding_view_types), ("Have the bank pay", "list"))
            self.assertEqual(action.group_ids, self.env.ref("scf_connector.group_scf_requester"))
        action = self.env.ref("scf_finance.action_scf_request_purchase_order").with_user(self.purchaser)
        self.assertTrue(action.with_context(active_model=orders._name, active_ids=orders.ids).run())
        self.assertIn('name="scf_financed"', orders.get_view(False, "search")["arch"])
        self._draft(self.order).sudo().line_ids.write({"asset_key": "x", "is_open": True})
        self.assertEqual(orders.search([("scf_claim_ids.is_open", "=", True)]), self.order)

    def test_many_purchases_are_sent_by_the_job_to_the_account_that_was_confirmed(self):
        def started(orders):
            with patch.object(scf_bulk_request, "MOST_AT_ONCE", 1):
                action = self._as_purchaser(orders).action_scf_request()
            bulk = self._as_purchaser(self.env["scf.bulk.request"]).browse(action["res_id"])
            bulk.action_start()
            return bulk

        def run():
            with self.enter_registry_test_mode():
                self.env.ref("scf_finance.cron_bulk_requests").method_direct_trigger()
            self.env.invalidate_all()

        bulk = started(self.order | self._purchase())
        run()
        self.assertEqual((bulk.asked_count, bulk.part_ids.reason), (1, False))
        late = started(self._purchase() | self._purchase())
        self.supplier_account.action_archive()
        self._account_of(self.supplier, OTHER_IBAN)
        run()
        self.assertEqual(late.asked_count, 0)
        self.assertIn("another one than when you opened", late.part_ids.reason)

    def test_request_for_quotation_is_quiet_until_it_is_confirmed(self):
        rfq = self._purchase(confirm=False)
        panel = self._as_purchaser(rfq).scf_panel()
        self.assertEqual((panel["state"], panel["actions"]), ("ineligible", []))
        arch = self._as_purchaser(rfq).get_view(False, "form")["arch"]
        [condition] = [
            line.split('invisible="')[1].split('"')[0] for line in arch.splitlines() if 'name="scf_panel"' in line
        ]
        self.assertTrue(safe_eval(condition, {"state": "draft"}))
        self.assertFalse(safe_eval(condition, {"state": "purchase"}))

    def test_every_stop_has_its_button_where_there_is_a_screen_that_helps(self):
        for spoil, model, record in (
            (lambda: self.supplier_account.sudo().write({"allow_out_payment": False}), "res.partner.bank", None),
            (lambda: self.supplier_account.action_archive(), "res.partner", self.supplier),
            (lambda: self.supplier.write({"vat": False}), "res.partner", self.supplier),
        ):
            spoil()
            stop = self._as_purchaser(self.order).scf_panel()["reasons"]
            [fix] = [item["fix"] for item in stop if item["level"] == "stop" and item["fix"]][:1]
            self.assertEqual(fix["action"]["res_model"], model)
            self.assertEqual(fix["action"]["res_id"], (record or self.supplier_account).id)
        self._bill_of(self.order, post=True)
        fixes = [item["fix"] for item in self._as("admin", self.order).scf_panel().get("reasons", []) if item["fix"]]
        self.assertIn("Open the bills", [fix["label"] for fix in fixes])

    # --- the account ---

    def test_package_and_request_name_the_account_that_the_bill_names(self):
        account = self._account_of(self.supplier, OTHER_IBAN)
        bill = self._bill()
        bill.partner_bank_id = account
        self.people["requester"] = self.people["admin"]
        application = self._request(bill)
        self.assertEqual(self.rhone_bank.body("apply")["disbursement_account"]["iban"], OTHER_IBAN)
        self.assertIn("FR76 3000", application.payee_account)
        self.assertEqual(application.package_id.sealed_account["iban"], "DE89370400440532013000")

    def test_request_is_not_sent_to_another_account_than_the_one_on_the_screen(self):
        draft = self._draft(self.order, banks=self.rhone)
        screen = {
            "lines": draft.line_ids.ids,
            "line_count": 1,
            "requested_amount": draft.requested_amount,
            "tenor_days": draft.tenor_days,
            "repayment": draft.repayment,
            "payee_account": draft.payee_account,
            "words": {proposal.bank_id.id: proposal.notice for proposal in draft.proposal_ids},
        }
        self.supplier_account.sudo().sequence = 20
        self._account_of(self.supplier, OTHER_IBAN).sequence = 1
        draft.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "pay to FR76.*Look at it again"):
            draft.with_context(scf_read=screen).action_submit()
        draft.with_context(scf_read={**screen, "payee_account": draft.payee_account}).action_submit()
        self.assertEqual(self.rhone_bank.body("apply")["disbursement_account"]["iban"], OTHER_IBAN)

    def test_approver_can_not_accept_once_the_supplier_has_another_account(self):
        offer = self._offered(self.order)
        self.supplier_account.sudo().sequence = 20
        other = self._account_of(self.supplier, OTHER_IBAN)
        other.sequence = 1
        with self.assertRaisesRegex(UserError, "pay the supplier on NL91.*by now FR76.*ask again"):
            self._accept(offer)
        self.assertFalse(self.rhone_bank.queued("accept"))
        other.action_archive()
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")

    def test_approver_can_not_accept_while_the_supplier_account_is_not_trusted(self):
        offer = self._offered(self.order)
        self._as("admin", self.supplier_account).allow_out_payment = False
        with self.assertRaisesRegex(UserError, "account of Delta Mills is not trusted"):
            self._accept(offer)

    def test_fresh_evidence_names_no_other_account_of_the_supplier(self):
        submission = self._request(self.order).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who?"})
        reply = self._as_purchaser(self.env["scf.reply"]).create({"submission_id": submission.id, "message": "He."})
        self.supplier_account.sudo().sequence = 20
        self._account_of(self.supplier, OTHER_IBAN).sequence = 1
        with self.assertRaisesRegex(UserError, "pay the supplier on NL91"):
            reply.action_send()

    # --- wrong users and companies ---

    def test_purchaser_without_the_role_gets_nothing(self):
        person = new_test_user(
            self.env,
            "fin_plain_purchaser",
            groups="purchase.group_purchase_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        order = self.order.with_user(person)
        self.assertEqual(order.scf_panel(), {"visible": False})
        self.assertEqual(order.scf_list_cells(order.ids), {})
        for method in (order.action_scf_request, order.action_scf_open):
            with self.assertRaises(AccessError):
                method()

    def test_requester_may_not_finance_purchases_that_he_may_not_read(self):
        self.assertTrue(self._as_purchaser(self._bill()).scf_panel()["visible"], "purchasing reads bills")
        invoice = self._invoice()
        with self.assertRaises(AccessError):
            self._as_purchaser(invoice).scf_panel()
        with self.assertRaises(AccessError):
            self._draft(invoice)
        stranger_company = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_strange_purchaser",
            groups="scf_connector.group_scf_admin,purchase.group_purchase_manager",
            company_id=stranger_company.id,
            company_ids=[Command.set(stranger_company.ids)],
        )
        application = self._request(self.order)
        order = self.order.with_user(stranger).with_company(stranger_company)
        for attempt in (order.scf_panel, order.action_scf_request, application.with_user(stranger).scf_offers):
            with self.assertRaises(AccessError):
                attempt()

    def test_what_the_bank_paid_is_nothing_that_a_requester_writes_or_reads(self):
        line = self._as_purchaser(self._request(self.order).line_ids)
        with self.assertRaises(AccessError):
            line.write({"payout_item_ids": [Command.clear()]})
        with self.assertRaises(AccessError):
            line.read(["payout_item_ids"])
        package = line.application_id.package_id
        with self.assertRaises(UserError):
            package.write({"sealed_payee": {"iban": OTHER_IBAN, "holder": "Me"}})

    def test_second_request_for_the_same_purchase_is_refused(self):
        self._request(self.order)
        with self.assertRaisesRegex(UserError, "already being financed"):
            self._request(self.order)

    # --- what is for sales only ---

    def test_nobody_is_asked_to_confirm_a_purchase_and_no_file_of_it_is_written(self):
        bill = self._bill()
        for document in (self.order, bill):
            with self.assertRaisesRegex(UserError, "only posted customer invoices and confirmed sales orders"):
                self._as_purchaser(document).action_scf_ask_confirmation()
            self.assertEqual(document._scf_ubl_files(["ubl_invoice", "ubl_order", "ubl_despatch_advice"]), ([], []))
        draft = self._draft(self.order)
        with self.assertRaisesRegex(UserError, "sales orders or invoices"):
            draft.action_reach()
