import os
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import tagged
from odoo.tests.common import BaseCase, get_db_name


@tagged("post_install", "-at_install")
class TestPayableRace(BaseCase):
    """Two real transactions at the same time: one bill is approved once, and one payer pays it early.

    What the transactions commit is removed afterwards.
    """

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(os.environ, {"SCF_MASTER_KEY": Fernet.generate_key().decode()}))
        self.registry = Registry(get_db_name())
        with self._transaction() as env:
            self._create(env)
        self.addCleanup(self._remove)

    @contextmanager
    def _transaction(self, uid=SUPERUSER_ID):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, uid, {})

    def _create(self, env):
        """A program that pays from own cash, a member, and two bills of it over more than the budget together."""
        company = env["res.company"].browse(1)
        company._scf_create_accounts()
        supplier = env["res.partner"].create({"name": "Race Supplier", "vat": "BE0477472701", "is_company": True})
        today = fields.Date.today()
        program = env["scf.program"].create(
            {
                "name": "Race",
                "kind": "dynamic_discounting",
                "currency_id": company.currency_id.id,
                "company_id": company.id,
                "approves_separately": False,
                "earliest_days": 0,
                "budget_ids": [
                    Command.create({"date_from": today, "date_to": fields.Date.add(today, years=1), "amount": 15000.0})
                ],
            }
        )
        program._set_state("to_approve")
        program._set_state("active")
        member = env["scf.program.member"].create({"program_id": program.id, "partner_id": supplier.id})
        for state in ("invited", "opened", "started", "submitted", "approved"):
            member._set_state(state)
        bills = env["account.move"].create(
            [
                {
                    "move_type": "in_invoice",
                    "partner_id": supplier.id,
                    "invoice_date": today,
                    "invoice_date_due": today + timedelta(days=60),
                    "ref": f"RACE-{number}",
                    "invoice_line_ids": [
                        Command.create({"name": "Steel", "price_unit": 10000.0, "tax_ids": [Command.clear()]})
                    ],
                }
                for number in (1, 2)
            ]
        )
        bills.action_post()
        self.ids = {"supplier": supplier.id, "program": program.id, "bills": tuple(bills.ids)}

    def _remove(self):
        with self._transaction() as env:
            # The records of a program protect themselves, so the rows go by SQL.
            race = "(SELECT id FROM scf_payable WHERE program_id = %(program)s)"
            for statement in (
                f"DELETE FROM mail_activity WHERE res_model = 'scf.payable' AND res_id IN {race}",
                f"DELETE FROM scf_payable_request WHERE payable_id IN {race}",
                "DELETE FROM scf_payable WHERE program_id = %(program)s",
                "DELETE FROM scf_payable_budget WHERE program_id = %(program)s",
                "DELETE FROM scf_program_member WHERE program_id = %(program)s",
                "DELETE FROM scf_program WHERE id = %(program)s",
            ):
                env.cr.execute(statement, self.ids)
            env.invalidate_all()
            moves = env["account.move"].search([("partner_id", "=", self.ids["supplier"])])
            moves.line_ids.remove_move_reconcile()
            moves.button_draft()
            moves.with_context(force_delete=True).unlink()
            env["res.partner"].browse(self.ids["supplier"]).unlink()

    # --- when ---

    def _approve(self, env, number):
        bill = env["account.move"].browse(self.ids["bills"][number])
        _payables, reasons = env["scf.payable"]._approve(bill)
        if reasons:
            raise UserError(reasons[bill])

    def _show(self, *numbers):
        """Approve bills, and keep what the supplier's page shows of them before anybody clicks."""
        with self._transaction() as env:
            for number in numbers:
                self._approve(env, number)
            payables = env["scf.payable"].search([("program_id", "=", self.ids["program"])], order="id")
            self.shown = [payable._quotes()[0] for payable in payables]

    def _accept(self, env, number):
        quote = self.shown[number]
        accepted_by = {"name": "Ada", "at": fields.Datetime.now()}
        env["scf.payable"].browse(quote.payable_id)._request_early_payment(quote, quote.pay_on, accepted_by, "portal")

    def _one_after_the_other(self, first, second):
        """The second transaction has its snapshot before the first commits, and goes on after that, as a server does.

        :return: the second's error, "" where it had none
        """
        with self._transaction() as late:
            late.cr.execute("SELECT COUNT(*) FROM scf_payable")
            with self._transaction() as early:
                first(early)
            try:
                retrying(partial(second, late), late)
            except UserError as error:
                late.cr.rollback()
                return str(error)
        return ""

    def _count(self, model, domain):
        with self._transaction() as env:
            return env[model].search_count([("program_id", "=", self.ids["program"]), *domain])

    def test_bill_is_approved_once(self):
        error = self._one_after_the_other(partial(self._approve, number=0), partial(self._approve, number=0))
        self.assertIn("approved already", error)
        self.assertEqual(self._count("scf.payable", []), 1)

    def test_budget_is_promised_once(self):
        self._show(0, 1)
        error = self._one_after_the_other(partial(self._accept, number=0), partial(self._accept, number=1))
        self.assertIn("can't be paid early on these terms any more", error)
        self.assertEqual(self._count("scf.payable.request", [("is_live", "=", True)]), 1)

    def test_two_clicks_at_once_book_one_credit_note(self):
        self._show(0)
        error = self._one_after_the_other(partial(self._accept, number=0), partial(self._accept, number=0))
        self.assertEqual(error, "")
        with self._transaction() as env:
            self.assertEqual(len(env["account.move"].browse(self.ids["bills"][0]).reversal_move_ids), 1)
        self.assertEqual(self._count("scf.payable.request", []), 1)
