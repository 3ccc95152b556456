import importlib.util

from odoo.tests import tagged
from odoo.tools.misc import file_path

from .books_case import BooksCase


@tagged("post_install", "-at_install")
class TestBooksMigration(BooksCase):
    """What was booked before items named their loan, and before invoices were sold: 19.0.1.1.0 takes it over."""

    def _migrate(self):
        path = file_path("scf_finance/migrations/19.0.1.1.0/post-loan_of_journal_items.py")
        spec = importlib.util.spec_from_file_location("post_loan_of_journal_items", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET scf_loan_id = NULL")
        self.env.cr.execute("UPDATE scf_loan SET sells_receivables = NULL")
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_debt_without_recourse_stays_one_and_a_payout_to_come_is_a_sale(self):
        debt = self._granted(self.invoice, recourse=False)
        debt.sells_receivables = False  # as it was booked then
        self.rhone_bank.disburse(debt, on=self.start)
        self.rhone_bank.post_repayment(debt, "3000.00")
        items = debt.item_ids
        self.assertTrue(items)
        to_come = self._granted(self._invoice(5000.0), recourse=False)
        self._migrate()
        self.assertEqual((debt.item_ids, debt.sells_receivables, to_come.sells_receivables), (items, False, True))
        self.rhone_bank.post_repayment(debt, "9000.00")
        self.assertEqual((debt.state, debt.mismatch), ("closed", False))
        self._assert_over(debt)
