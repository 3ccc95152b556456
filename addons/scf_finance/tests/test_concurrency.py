import os
import threading
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.exceptions import UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import tagged
from odoo.tests.common import BaseCase, get_db_name

from .bank_double import BankDouble
from .common import technique


@tagged("post_install", "-at_install")
class TestConcurrency(BaseCase):
    """Two real transactions at the same time: one asset has one financier, one application one accepted offer.

    What the transactions commit is removed afterwards.
    """

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(os.environ, {"SCF_MASTER_KEY": Fernet.generate_key().decode()}))
        self.registry = Registry(get_db_name())
        with self._transaction() as env:
            self._create_documents(env)
        self.addCleanup(self._remove)

    @contextmanager
    def _transaction(self, uid=SUPERUSER_ID):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, uid, {})

    def _create_documents(self, env):
        """One order with an invoice over half of it, in a company that is set up, and three users."""
        company = env["res.company"].browse(1)
        self.before = company.read(["vat", "country_id", "scf_collection_bank_account_id"], load="")[0]
        company._scf_create_accounts()
        account = env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        company.write(
            {"vat": "DE136695976", "country_id": env.ref("base.de").id, "scf_collection_bank_account_id": account.id}
        )
        bank = env["scf.bank"].create(
            {
                "name": "Race Bank",
                "base_url": "https://race.example",
                "issuer": "https://race.example",
                "company_id": company.id,
                "profile": {
                    "techniques": [
                        technique("receivables_discounting"),
                        technique("pre_shipment"),
                        technique("distributor_finance"),
                    ]
                },
            }
        )
        bank.state = "connected"
        buyer = env["res.partner"].create({"name": "Race Buyer", "country_id": env.ref("base.be").id})
        product = env["product.product"].create({"name": "Race Product", "type": "service", "invoice_policy": "order"})
        order = env["sale.order"].create(
            {
                "partner_id": buyer.id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "price_unit": 10000.0, "product_uom_qty": 2, "tax_ids": []}
                    )
                ],
            }
        )
        order.action_confirm()
        order.order_line.qty_to_invoice = 1
        invoice = order._create_invoices()
        invoice.write(
            {
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [Command.update(line.id, {"quantity": 1}) for line in invoice.invoice_line_ids],
            }
        )
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = fields.Date.today() + timedelta(days=45)
        invoice.action_post()
        other = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": buyer.id,
                "invoice_date": fields.Date.today(),
                "invoice_date_due": fields.Date.today() + timedelta(days=45),
                "invoice_line_ids": [Command.create({"product_id": product.id, "price_unit": 3000.0, "tax_ids": []})],
            }
        )
        other.action_post()
        purchase, bill = self._create_purchase(env, buyer, product)
        users = env["res.users"].create(
            [
                {
                    "name": name,
                    "login": name,
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [
                        Command.set(
                            [
                                env.ref("scf_connector.group_scf_approver").id,
                                env.ref("account.group_account_invoice").id,
                                env.ref("sales_team.group_sale_salesman_all_leads").id,
                                env.ref("purchase.group_purchase_user").id,
                            ]
                        )
                    ],
                }
                for name in ("race_requester", "race_first", "race_second")
            ]
        )
        self.ids = {
            "bank": bank.id,
            "order": order.id,
            "invoice": invoice.id,
            "other": other.id,
            "account": account.id,
            "buyer": buyer.id,
            "product": product.id,
            "purchase": purchase.id,
            "bill": bill.id,
        }
        self.requester, self.first, self.second = users.ids

    def _create_purchase(self, env, supplier, product):
        """A purchase order from the buyer, who sells as well, with a bill over half of it."""
        supplier.vat = "BE0477472701"
        env["res.partner.bank"].create(
            {"acc_number": "BE71096123456769", "partner_id": supplier.id, "allow_out_payment": True}
        )
        product.purchase_method = "purchase"
        line = {"product_id": product.id, "product_qty": 2, "price_unit": 5000.0, "tax_ids": []}
        purchase = env["purchase.order"].create({"partner_id": supplier.id, "order_line": [Command.create(line)]})
        purchase.button_confirm()
        purchase.action_create_invoice()
        bill = purchase.invoice_ids
        bill.invoice_line_ids.quantity = 1
        bill.write({"invoice_date": fields.Date.today(), "ref": "RACE-1"})
        bill.action_post()
        return purchase, bill

    def _remove(self):
        with self._transaction() as env:
            # The records of a financing protect themselves, so the rows go by SQL.
            race = "(SELECT id FROM scf_application WHERE partner_id = %(buyer)s)"
            bank = "(SELECT id FROM scf_bank WHERE base_url = 'https://race.example')"
            for statement in (
                f"DELETE FROM mail_activity WHERE res_model = 'scf.application' AND res_id IN {race}",
                f"UPDATE scf_application SET package_id = NULL WHERE id IN {race}",
                f"DELETE FROM scf_loan_substitution WHERE loan_id IN"
                f" (SELECT id FROM scf_loan WHERE application_id IN {race})",
                f"DELETE FROM scf_drawdown WHERE loan_id IN (SELECT id FROM scf_loan WHERE application_id IN {race})",
                f"DELETE FROM mail_activity WHERE res_model = 'scf.loan' AND res_id IN"
                f" (SELECT id FROM scf_loan WHERE application_id IN {race})",
                f"DELETE FROM scf_loan WHERE application_id IN {race}",
                f"DELETE FROM scf_offer WHERE application_id IN {race}",
                f"DELETE FROM scf_submission WHERE application_id IN {race}",
                f"DELETE FROM scf_disclosure WHERE application_id IN {race}",
                f"DELETE FROM scf_package WHERE application_id IN {race}",
                f"DELETE FROM scf_consent_proposal WHERE application_id IN {race}",
                f"DELETE FROM scf_application_document WHERE application_id IN {race}",
                f"DELETE FROM scf_application WHERE id IN {race}",
                f"DELETE FROM scf_message WHERE bank_id IN {bank}",
                f"DELETE FROM scf_event WHERE bank_id IN {bank}",
                f"DELETE FROM scf_consent WHERE bank_id IN {bank}",
                f"DELETE FROM scf_bank WHERE id IN {bank}",
                "DELETE FROM ir_attachment WHERE res_model = 'scf.disclosure'"
                " AND res_id NOT IN (SELECT id FROM scf_disclosure)",
                "DELETE FROM ir_attachment WHERE res_model = 'scf.message'"
                " AND res_id NOT IN (SELECT id FROM scf_message)",
                "DELETE FROM scf_key WHERE company_id = 1 AND id NOT IN"
                " (SELECT key_id FROM scf_bank WHERE key_id IS NOT NULL)",
            ):
                env.cr.execute(statement, self.ids)
            env.invalidate_all()
            invoices = env["account.move"].search([("partner_id", "=", self.ids["buyer"])])
            invoices.button_draft()
            invoices.with_context(force_delete=True).unlink()
            purchases = env["purchase.order"].search([("partner_id", "=", self.ids["buyer"])])
            purchases.button_cancel()
            purchases.unlink()
            orders = env["sale.order"].search([("partner_id", "=", self.ids["buyer"])])
            orders._action_cancel()
            orders.unlink()
            env["res.users"].browse((self.requester, self.first, self.second)).unlink()
            company = env["res.company"].browse(1)
            company.write({key: value for key, value in self.before.items() if key != "id"})
            env.flush_all()
            env.cr.execute("DELETE FROM res_partner_bank WHERE id = %(account)s OR partner_id = %(buyer)s", self.ids)

    # --- one asset, one financier ---

    def _submit(self, env, field, *record_ids):
        lines = [Command.create({field: record_id}) for record_id in record_ids]
        application = env["scf.application"].create({"line_ids": lines, "bank_ids": [Command.set([self.ids["bank"]])]})
        application.action_submit()
        return application.id

    def _one_after_the_other(self, first, second):
        """The second transaction has its snapshot before the first commits, and goes on after that, as a server does.

        :return: the second's error
        """
        with self._transaction(self.second) as late:
            late.cr.execute("SELECT COUNT(*) FROM scf_application")
            with self._transaction(self.first) as early:
                first(early)
            with self.assertRaises(UserError) as caught:
                retrying(partial(second, late), late)
            late.cr.rollback()
        return str(caught.exception)

    def _open_claims(self):
        with self._transaction() as env:
            return env["scf.application.document"].search_count([("is_open", "=", True)])

    def test_same_invoice_asked_for_twice(self):
        error = self._one_after_the_other(
            lambda env: self._submit(env, "move_id", self.ids["invoice"]),
            lambda env: self._submit(env, "move_id", self.ids["invoice"]),
        )
        self.assertIn("already being financed", error)
        self.assertEqual(self._open_claims(), 1)

    def test_order_and_its_invoice(self):
        error = self._one_after_the_other(
            lambda env: self._submit(env, "sale_order_id", self.ids["order"]),
            lambda env: self._submit(env, "move_id", self.ids["invoice"]),
        )
        self.assertIn("belongs to the same sale", error)
        self.assertEqual(self._open_claims(), 1)

    def test_invoice_and_its_order(self):
        error = self._one_after_the_other(
            lambda env: self._submit(env, "move_id", self.ids["invoice"]),
            lambda env: self._submit(env, "sale_order_id", self.ids["order"]),
        )
        self.assertIn("belongs to the same sale", error)
        self.assertEqual(self._open_claims(), 1)

    def test_purchase_order_and_its_bill_in_both_directions(self):
        def submit(field, name):
            return lambda env: self._submit(env, field, self.ids[name])

        of_order, of_bill = submit("purchase_order_id", "purchase"), submit("move_id", "bill")
        error = self._one_after_the_other(of_order, of_bill)
        self.assertIn("belongs to the same purchase", error)
        self.assertEqual(self._open_claims(), 1)
        with self._transaction() as env:
            env["scf.application"].search([("state", "=", "requested")]).action_cancel()
        error = self._one_after_the_other(of_bill, of_order)
        self.assertIn("belongs to the same purchase", error)
        self.assertEqual(self._open_claims(), 1)

    def test_who_is_at_it_makes_the_other_wait_with_a_sentence(self):
        with self._transaction(self.first) as busy:
            self._submit(busy, "move_id", self.ids["invoice"])
            with self._transaction(self.second) as late, self.assertRaisesRegex(UserError, "Try again"):
                self._submit(late, "sale_order_id", self.ids["order"])

    def test_unique_index_wins_even_without_the_lock(self):
        with patch.object(self.registry["account.move"], "_scf_lock", lambda document: None):
            outcomes = self._submit_at_once([self.ids["invoice"]], [self.ids["invoice"]])
        self.assertEqual(outcomes.count("requested"), 1, outcomes)
        self.assertIn("already being financed", next(text for text in outcomes if text != "requested"))
        self.assertEqual(self._open_claims(), 1)

    def test_two_that_want_the_same_documents_in_another_order_do_not_block_each_other(self):
        both = [self.ids["invoice"], self.ids["other"]]
        outcomes = self._submit_at_once(both, both[::-1])
        self.assertEqual(outcomes.count("requested"), 1, outcomes)
        self.assertRegex(next(text for text in outcomes if text != "requested"), "Try again|already being financed")
        self.assertEqual(self._open_claims(), 2)

    def test_one_document_in_common_keeps_the_second_out(self):
        error = self._one_after_the_other(
            lambda env: self._submit(env, "move_id", self.ids["other"], self.ids["invoice"]),
            lambda env: self._submit(env, "move_id", self.ids["invoice"]),
        )
        self.assertIn("already being financed", error)
        self.assertEqual(self._open_claims(), 2)

    def test_same_invoice_asked_for_and_offered_as_a_replacement(self):
        loan_id = self._running_loan()

        def substitute(env):
            request = env["scf.substitution.request"].create({"loan_id": loan_id, "reason": "Goods sent back."})
            request.released_line_ids = env["scf.loan"].browse(loan_id).application_id.line_ids
            request.move_ids = env["account.move"].browse(self.ids["invoice"])
            request.action_send()

        def submit(env):
            return self._submit(env, "move_id", self.ids["invoice"])

        self.assertIn("can't be financed any more", self._one_after_the_other(submit, substitute))
        with self._transaction() as env:
            self.assertFalse(env["scf.loan.substitution"].search([]))
            env["scf.application"].search([("state", "=", "requested")]).action_cancel()
        self.assertIn("already being financed", self._one_after_the_other(substitute, submit))
        self.assertIn("has not yet answered", self._one_after_the_other(lambda env: None, substitute))
        self.assertEqual(self._open_claims(), 2)

    def _granted_loan(self, invoice):
        """A loan that the bank granted on the invoice of that name; gives its id."""
        with self._transaction(self.requester) as env:
            application_id = self._submit(env, "move_id", self.ids[invoice])
        with self._transaction() as env:
            bank = BankDouble(env["scf.bank"].browse(self.ids["bank"]))
            submission = env["scf.application"].browse(application_id).submission_ids
            bank.receive(submission)
            offer_id = bank.offer(submission).id
        with self._transaction(self.first) as env:
            env["scf.offer"].browse(offer_id).action_accept()
        with self._transaction() as env:
            outbox = BankDouble(env["scf.bank"].browse(self.ids["bank"]))
            outbox.applications = bank.applications
            outbox.answer("accept", outbox.snapshot(outbox.book_loan(env["scf.offer"].browse(offer_id))))
            return env["scf.loan"].search([("offer_id", "=", offer_id)]).id

    def _running_loan(self):
        """A loan on the other invoice; gives its id."""
        loan_id = self._granted_loan("other")
        with self._transaction() as env:
            loan = env["scf.loan"].browse(loan_id)
            # Without a payout in the books, which would have to be removed afterwards.
            due = fields.Date.today() + timedelta(days=45)
            loan.write({"state": "active", "balance_principal": loan.principal, "due_date": due})
        return loan_id

    def _submit_at_once(self, *invoice_ids_of_each):
        """Two users ask for invoices in the same moment.

        :return: for each, "requested" or the error
        """
        outcomes, barrier = [], threading.Barrier(len(invoice_ids_of_each))

        def submit(uid, invoice_ids):
            with self._transaction(uid) as env:
                env.cr.execute("SELECT 1")
                barrier.wait(timeout=30)
                try:
                    retrying(partial(self._submit, env, "move_id", *invoice_ids), env)
                    outcomes.append("requested")
                except (UserError, ValidationError) as error:
                    env.cr.rollback()
                    outcomes.append(str(error))

        threads = [
            threading.Thread(target=submit, args=(uid, invoice_ids))
            for uid, invoice_ids in zip((self.first, self.second), invoice_ids_of_each, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=90)
        self.assertEqual(len(outcomes), len(threads))
        return outcomes

    # --- one application, one accepted offer ---

    def test_two_approvers_accept_two_offers(self):
        with self._transaction(self.requester) as env:
            application_id = self._submit(env, "move_id", self.ids["invoice"])
        with self._transaction() as env:
            bank = BankDouble(env["scf.bank"].browse(self.ids["bank"]))
            submission = env["scf.application"].browse(application_id).submission_ids
            bank.receive(submission)
            offers = [bank.offer(submission).id, bank.offer(submission, rate="9.00").id]

        error = self._one_after_the_other(
            lambda env: env["scf.offer"].browse(offers[0]).action_accept(),
            lambda env: env["scf.offer"].browse(offers[1]).action_accept(),
        )
        self.assertIn("nother offer", error)
        with self._transaction() as env:
            self.assertEqual(env["scf.offer"].browse(offers).mapped("state"), ["accepting", "open"])
            self.assertEqual(env["scf.message"].search_count([("verb", "=", "accept")]), 1)

    def test_two_draw_what_is_left_of_a_line_at_once(self):
        """Each wants 5,000 of the 8,000 that are left; the second one is told what the first one left over."""
        loan_id = self._running_line()

        def draw(env):
            env["scf.draw"].create({"loan_id": loan_id, "amount": 5000.0}).action_draw()

        error = self._one_after_the_other(draw, draw)
        self.assertRegex(error, "Only .*3,000.00 can be drawn")
        with self._transaction() as env:
            self.assertEqual(env["scf.loan"].browse(loan_id).drawdown_ids.mapped("amount"), [5000.0])

    def _running_line(self):
        """The loan on an invoice, granted and made a line of 8,000 that was not drawn: the company has no history."""
        loan_id = self._granted_loan("invoice")
        with self._transaction() as env:
            loan = env["scf.loan"].browse(loan_id)
            loan.write({"state": "granted", "terms": {**loan.terms, "repayment": "revolving"}})
        return loan_id

    def test_answer_and_event_tell_of_the_same_loan_at_once(self):
        with self._transaction(self.requester) as env:
            application_id = self._submit(env, "move_id", self.ids["invoice"])
        with self._transaction() as env:
            bank = BankDouble(env["scf.bank"].browse(self.ids["bank"]))
            submission = env["scf.application"].browse(application_id).submission_ids
            bank.receive(submission)
            offer_id = bank.offer(submission).id
        with self._transaction(self.first) as env:
            env["scf.offer"].browse(offer_id).action_accept()

        with self._transaction() as late:
            late.cr.execute("SELECT COUNT(*) FROM scf_loan")
            with self._transaction() as early:
                outbox = BankDouble(early["scf.bank"].browse(self.ids["bank"]))
                outbox.applications = bank.applications
                loan = outbox.snapshot(outbox.book_loan(early["scf.offer"].browse(offer_id)))
                outbox.answer("accept", loan)
            inbox = BankDouble(late["scf.bank"].browse(self.ids["bank"]))
            told = inbox.payload("loan.granted", loan, late["scf.offer"].browse(offer_id).submission_id)
            retrying(partial(inbox.send_event, told), late)

        with self._transaction() as env:
            self.assertEqual(env["scf.loan"].search_count([("offer_id", "=", offer_id)]), 1)
            self.assertEqual(env["scf.offer"].browse(offer_id).state, "accepted")
            self.assertEqual(env["scf.event"].search([("type", "=", "loan.granted")]).mapped("state"), ["applied"])
