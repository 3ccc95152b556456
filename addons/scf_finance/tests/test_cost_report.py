from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import FinanceCase
from .purchase_case import PurchaseCase


@tagged("post_install", "-at_install")
class TestCostReport(FinanceCase):
    """A sale of 10,000 that cost 6,000, financed for 40 days."""

    def given(self):
        super().given()
        self.start = self.today - timedelta(days=40)
        self.product_a.standard_price = 6000.0
        self.invoice = self._invoice(10000.0, invoice_date=self.start, days=85)
        self.loan = self._financed(self.invoice, on=self.start)

    def _sums(self, role="admin", domain=(), measures=("interest", "fee", "penalty", "cost")):
        self.env.flush_all()
        report = self._as(role, self.env["scf.cost.report"])
        [row] = report._read_group(list(domain), [], [f"{name}:sum" for name in measures])
        return tuple(round(value, 2) for value in row)

    def test_cost_of_a_sale_and_its_margin_after_it(self):
        interest = round(8000 * 0.084 * 40 / 360, 2)
        self.assertEqual(self._sums(), (interest, 40.0, 0.0, interest + 40.0), "owed by now, and the fee kept back")
        self.rhone_bank.post_repayment(self.loan, "9000.00")
        self.assertEqual(self._sums(), (interest, 40.0, 0.0, interest + 40.0), "now it is paid")
        self.assertEqual(self._sums(domain=[("stage", "=", "owed")], measures=("cost", "__count")[:1]), (0.0,))
        financed, before, after = self._sums(measures=("financed", "margin_before", "margin_after"))
        self.assertEqual((financed, before, after), (8000.0, 4000.0, round(4000.0 - interest - 40.0, 2)))
        [group] = self.env["scf.cost.report"]._read_group([], ["document_id"], ["cost:sum"])
        self.assertEqual(group[0], self.loan.application_id.line_ids)

    def test_repayment_that_was_taken_back_costs_nothing(self):
        before = self._sums()
        entry = self.rhone_bank.post_repayment(self.loan, "3000.00")
        self.rhone_bank.reverse_repayment(self.loan, entry)
        self.assertEqual(self._sums(), before)

    def test_documents_share_the_cost_by_what_was_open(self):
        invoices = self._invoice(3000.0) | self._invoice(1000.0)
        loan = self._financed(invoices, fee="20.00")
        groups = self.env["scf.cost.report"]._read_group(
            [("loan_id", "=", loan.id)], ["document_id"], ["fee:sum", "financed:sum", "margin_before:sum"]
        )
        by_amount = {document.amount: (round(fee, 2), financed) for document, fee, financed, _margin in groups}
        self.assertEqual(by_amount, {3000.0: (15.0, 2400.0), 1000.0: (5.0, 800.0)})

    def test_cost_in_another_currency_counts_at_the_rate_of_its_day(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in ((self.start - timedelta(days=1), 0.5), (self.today - timedelta(days=5), 0.25)):
            self.env["res.currency.rate"].create(
                {"name": day, "currency_id": euro.id, "company_id": self.company.id, "rate": rate}
            )
        loan = self._financed(self._invoice(10000.0, currency_id=euro.id, invoice_date=self.start), on=self.start)
        of_loan = [("loan_id", "=", loan.id)]
        self.assertEqual(self._sums(domain=of_loan, measures=("fee", "financed")), (80.0, 16000.0))
        self.rhone_bank.post_repayment(loan, "9000.00")
        interest = round(8000 * 0.084 * 40 / 360, 2)
        self.assertEqual(self._sums(domain=of_loan, measures=("interest",)), (round(interest * 4, 2),))
        [exchange] = self._sums(domain=of_loan, measures=("exchange",))
        self.assertEqual(exchange, 16000.0, "8,000 € were worth 16,000, and 32,000 when they were repaid")

    def test_margins_are_for_those_who_read_all_invoices(self):
        seller = self._salesperson()
        report = self.env["scf.cost.report"].with_user(seller)
        self.assertTrue(report.search([]))
        self.assertNotIn("margin_after", report.fields_get())
        for attempt in (
            lambda: report.search([]).read(["margin_before"]),
            lambda: report._read_group([], [], ["margin_after:sum"]),
            lambda: report.search([("net_sales", ">", 0)]),
            lambda: report.search([], order="margin_before"),
            lambda: self.loan.application_id.line_ids.with_user(seller).read(["margin_amount"]),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertFalse("margin_after" in report.get_view(view_type="list")["arch"])
        with self.assertRaises(AccessError):
            self._as("accountant", self.env["scf.cost.report"]).search([])

    def test_other_companies_costs_are_not_told(self):
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["scf.cost.report"].with_user(stranger).search([]))


@tagged("post_install", "-at_install")
class TestSupplierFinance(PurchaseCase):
    """A bank paid a bill of 10,000 forty days ago, as far as 8,000; 3,000 are repaid since."""

    def given(self):
        super().given()
        self.start = self.today - timedelta(days=40)
        self.bill = self._bill(invoice_date=self.start - timedelta(days=5), days=30)
        self._bill(500.0, ref="DM-2026/80", invoice_date=self.today, days=20)
        self._bill(700.0, ref="DM-2026/81", invoice_date=self.today, days=45)
        self.loan = self._financed(self.bill, on=self.start, tenor_days=90)
        self.rhone_bank.post_repayment(self.loan, "3000.00", on=self.today - timedelta(days=10))

    def _disclosure(self, start, end, role="requester"):
        return self._as(role, self.env["scf.supplier.finance"]).create({"date_from": start, "date_to": end})

    def _rolled(self, report):
        names = ("opening", "confirmed", "paid", "exchange", "closing")
        return tuple(round(report[name], 2) for name in names)

    def test_from_opening_to_closing(self):
        paid = self.loan.entry_ids.filtered(lambda entry: entry.type == "repayment").principal
        whole = self._disclosure(self.start, self.today)
        self.assertEqual(self._rolled(whole), (0.0, 8000.0, paid, 0.0, round(8000.0 - paid, 2)))
        before = self._disclosure(self.start, self.today - timedelta(days=11))
        self.assertEqual(self._rolled(before), (0.0, 8000.0, 0.0, 0.0, 8000.0))
        after = self._disclosure(self.today - timedelta(days=10), self.today)
        self.assertEqual(self._rolled(after), (8000.0, 0.0, paid, 0.0, whole.closing))
        self.assertEqual((whole.carrying, whole.awaiting), (whole.closing, 0.0))
        self.assertFalse(self._disclosure(self.start - timedelta(days=60), self.start - timedelta(days=50)).line_ids)

    def test_when_it_is_to_be_paid_beside_comparable_bills(self):
        report = self._disclosure(self.start, self.today)
        self.assertEqual(report.days, "95 days")
        self.assertEqual(report.comparable_days, "20 to 45 days (2 bills)")
        self.assertIn(self.company.scf_loan_account_id.display_name, report.presented_in)
        granted = self._granted(self._bill(2000.0, ref="DM-2026/90"))
        report = self._disclosure(self.start, self.today)
        self.assertEqual(report.awaiting, granted.principal)
        self.assertEqual(report.carrying, report.closing + granted.principal)

    def test_exchange_differences_are_changes_without_cash(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in ((self.start - timedelta(days=1), 0.5), (self.today - timedelta(days=5), 0.25)):
            self.env["res.currency.rate"].create(
                {"name": day, "currency_id": euro.id, "company_id": self.company.id, "rate": rate}
            )
        bill = self._bill(1000.0, ref="DM-2026/91", currency_id=euro.id, invoice_date=self.start)
        loan = self._financed(bill, on=self.start, tenor_days=90)
        line = self._disclosure(self.start, self.today).line_ids.filtered(lambda row: row.loan_id == loan)
        self.assertEqual(
            (line.confirmed, line.exchange, line.closing, line.in_currency), (1600.0, 1600.0, 3200.0, 800.0)
        )

    def test_printed_disclosure_names_terms_amounts_and_periods(self):
        report = self._disclosure(self.start, self.today)
        action = self.env.ref("scf_finance.action_report_supplier_finance").with_user(self.people["requester"])
        html, _kind = action._render_qweb_html(action.report_name, report.ids)
        text = html.decode()
        for words in ("Banque du Rhône", "8.40 to 8.40", "90 days", "95 days", "with recourse", "8,000.00"):
            self.assertIn(words, text)

    def test_nobody_makes_lines_or_reads_another_companys(self):
        report = self._disclosure(self.start, self.today)
        lines = self.env["scf.supplier.finance.line"]
        with self.assertRaises(AccessError):
            self._as("requester", lines).create({"report_id": report.id, "loan_id": self.loan.id})
        with self.assertRaises(AccessError):
            report.with_user(self.people["approver"]).read(["closing"])
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        reports = self.env["scf.supplier.finance"].with_user(stranger)
        with self.assertRaises(AccessError):
            reports.create({"company_id": self.company.id, "date_from": self.start, "date_to": self.today})
        asked = reports.new({"company_id": self.company.id, "date_from": self.start, "date_to": self.today})
        self.assertFalse(asked.line_ids or asked.comparable_days or asked.presented_in)
