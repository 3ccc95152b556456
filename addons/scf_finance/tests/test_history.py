from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from unittest.mock import patch

import pytz
from openscf._internal import sections as schema

from odoo import Command
from odoo.tests import tagged

from ..evidence import buyers as buyers_of_history
from ..evidence import inventory
from ..evidence.buyers import buyer_history, buyers, read_payers
from ..evidence.cash_history import ageing, balances, cash_months
from ..evidence.exposure import applications, loans, pledges
from ..evidence.forecast import forecast
from ..evidence.inventory import stock
from ..evidence.logistics_history import logistics_months
from ..evidence.money_moves import read_payments
from ..evidence.order_history import order_months
from ..evidence.period import Period
from ..evidence.query_plans import index_plans
from ..evidence.tax_history import tax_months
from .common import FinanceCase

TODAY = date(2025, 6, 18)  # a Wednesday
YEAR = Period.of_months(12, TODAY)


def at(*parts):
    """A time as Odoo keeps it: UTC, without saying so."""
    return datetime(*parts)  # noqa: DTZ001


class HistoryCase(FinanceCase):
    """The vocabulary of history tests: documents of the first half of 2025, read on a day in June."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2016-01-01", 0.5)])
        cls.dollar = cls.company.currency_id
        cls.slow = cls.env["res.partner"].create({"name": "Slow Stores", "is_company": True})

    @cached_property
    def stranger(self):
        """Another company of the same people, made by the test that asks for it: its accounts take seconds."""
        return self.setup_other_company(name="Stranger")["company"]

    # --- given ---

    def _sold(self, amount, on, *, due=30, **values):
        """A posted customer invoice of the day `on`, due `due` days later."""
        return self._invoice(amount, days=due, invoice_date=on, **values)

    def _billed(self, amount, on, **values):
        return self._create_invoice_one_line(
            move_type="in_invoice",
            price_unit=amount,
            tax_ids=[],
            partner_id=self.buyer,
            invoice_date=on,
            post=True,
            **values,
        )

    def _ordered(self, amount, on, **values):
        order = self._order(amount, **values)
        order.date_order = on
        self._settle_tracking()
        return order

    def _settle_tracking(self):
        """Let the log of changes be written, which tests leave out for speed."""
        env = self.env(context={**self.env.context, "tracking_disable": False, "mail_notrack": False})
        env.flush_all()
        env.cr.precommit.run()

    def _tracked(self, order):
        return order.with_context(tracking_disable=False, mail_notrack=False)

    def _statement_line(self, amount, on, *, counterpart, currency=None):
        """A line of the bank's statement that pays the items `counterpart` directly."""
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": on,
                "amount": amount,
                "payment_ref": "Transfer",
                "partner_id": self.buyer.id,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = counterpart.account_id
        (suspense + counterpart).reconcile()
        return line

    def _term(self, move):
        return move.line_ids.filtered(lambda line: line.display_type == "payment_term")

    # --- when ---

    def _read(self, function, *args, **values):
        self.env.flush_all()
        return function(self.env, self.company, *args, **values)

    def _read_payers(self, period):
        return self._read(read_payers, period=period, payments=self._read(read_payments, period=period))

    def _read_cash_months(self, period):
        return self._read(cash_months, period=period, payments=self._read(read_payments, period=period))

    # --- then ---

    def _assert_rows(self, model, rows):
        """Every row fits the package's schema."""
        for row in rows:
            model.model_validate(row)
        return rows


@tagged("post_install", "-at_install")
class TestPeriod(HistoryCase):
    def test_full_months_before_the_running_one(self):
        period = Period.of_months(24, date(2026, 11, 22))
        self.assertEqual((period.start, period.end), (date(2024, 11, 1), date(2026, 11, 22)))
        self.assertEqual(len(list(period.months(pytz.utc))), 25)
        self.assertEqual(Period.of_months(0, date(2026, 11, 22)).start, date(2026, 11, 1))

    def test_months_begin_and_end_where_the_user_is(self):
        first, *_others, last = Period.of_months(1, date(2026, 4, 10)).months(pytz.timezone("Europe/Paris"))
        self.assertEqual((first.name, first.start), ("2026-03", at(2026, 2, 28, 23)))
        self.assertEqual(first.end, at(2026, 3, 31, 22), "summer time began in March")
        self.assertEqual((last.name, last.end), ("2026-04", at(2026, 4, 10, 22)), "the period's last day is whole")


@tagged("post_install", "-at_install")
class TestOrderHistory(HistoryCase):
    def test_orders_by_month_currency_and_fate(self):
        self._ordered(100.10, at(2025, 1, 31, 23, 59))
        self._ordered(200.20, at(2025, 2, 1))
        euros = self.env["product.pricelist"].create({"name": "Euros", "currency_id": self.euro.id})
        self._ordered(50, at(2025, 2, 3), pricelist_id=euros.id)
        self._ordered(25, at(2025, 2, 4), confirm=False)
        cancelled = self._ordered(70, at(2025, 2, 5))
        cancelled._action_cancel()
        self._ordered(999, at(2024, 5, 31))
        rows = self._assert_rows(schema.OrderMonth, self._read(order_months, period=YEAR))
        counts = ("quotations", "confirmed", "confirmed_net", "changed", "cancelled", "cancelled_net")
        self.assertEqual(
            {(row["month"], row["currency"]): tuple(row[name] for name in counts) for row in rows},
            {
                ("2025-01", "USD"): (1, 1, "100.10", 0, 0, "0.00"),
                ("2025-02", "EUR"): (1, 1, "50.00", 0, 0, "0.00"),
                ("2025-02", "USD"): (3, 1, "200.20", 0, 1, "70.00"),
            },
        )
        self.assertEqual(
            [(row["month"], row["currency"]) for row in rows], sorted((row["month"], row["currency"]) for row in rows)
        )

    def test_the_month_is_the_one_where_the_user_is(self):
        self._ordered(100, at(2025, 1, 31, 20))
        shanghai = self.env(context={**self.env.context, "tz": "Asia/Shanghai"})
        self.env.flush_all()
        [row] = order_months(shanghai, self.company, period=YEAR)
        self.assertEqual(row["month"], "2025-02")

    def test_only_a_change_of_the_amount_after_confirmation_counts(self):
        quotation = self._tracked(self._order(10, confirm=False))
        self._settle_tracking()
        quotation.order_line.price_unit = 20
        self._settle_tracking()
        quotation.action_confirm()
        quotation.date_order = at(2025, 3, 1)
        self._settle_tracking()
        order = self._tracked(self._ordered(30, at(2025, 3, 2)))
        order.client_order_ref = "Renamed"
        self._settle_tracking()
        self.assertFalse((quotation + order).filtered("scf_changed_at"))
        order.order_line.price_unit = 40
        self._settle_tracking()
        [row] = self._read(order_months, period=YEAR)
        self.assertEqual((row["confirmed"], row["changed"], row["confirmed_net"]), (2, 1, "60.00"))

    def test_changes_from_before_the_installation_are_found_in_the_chatter(self):
        order, untouched = (self._tracked(self._order(30)) for _ in range(2))
        self._settle_tracking()
        order.order_line.price_unit = 40
        self._settle_tracking()
        (order + untouched).date_order = at(2025, 3, 2)
        (order + untouched).scf_changed_at = False
        self.env.flush_all()
        self.env["sale.order"]._scf_read_changes_from_chatter()
        self.env.invalidate_all()
        self.assertTrue(order.scf_changed_at)
        self.assertFalse(untouched.scf_changed_at)

    def test_orders_of_other_companies_do_not_count(self):
        self.env["sale.order"].with_company(self.stranger).create(
            {"partner_id": self.buyer.id, "company_id": self.stranger.id, "date_order": at(2025, 2, 1)}
        )
        self.assertEqual(self._read(order_months, period=YEAR), [])


@tagged("post_install", "-at_install")
class TestLogisticsHistory(HistoryCase):
    def _moved(self, kind, done, promised, *, source=None, destination=None, company=None, **values):
        """A finished transfer of one unit."""
        company = company or self.company
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        kind = {"out": warehouse.out_type_id, "in": warehouse.in_type_id, "internal": warehouse.int_type_id}[kind]
        partners = {name: self.env.ref(f"stock.stock_location_{name}s") for name in ("customer", "supplier")}
        source = partners.get(source, warehouse.lot_stock_id)
        destination = partners.get(destination, warehouse.lot_stock_id)
        picking = (
            self.env["stock.picking"]
            .with_company(company)
            .create(
                {
                    "picking_type_id": kind.id,
                    "location_id": source.id,
                    "location_dest_id": destination.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": self.goods.id,
                                "product_uom_qty": 1,
                                "location_id": source.id,
                                "location_dest_id": destination.id,
                            }
                        )
                    ],
                    **values,
                }
            )
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking._action_done()
        self.assertEqual(picking.state, "done")
        picking.write({"date_done": done, "date_deadline": promised})
        return picking

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.env["product.product"].create({"name": "Goods", "type": "consu", "is_storable": True})

    def test_transfers_by_direction_and_punctuality(self):
        sold = {"destination": "customer"}
        first = self._moved("out", at(2025, 2, 10, 9), at(2025, 2, 10, 8), **sold)
        self._moved("out", at(2025, 2, 14, 9), at(2025, 2, 11), backorder_id=first.id, **sold)
        self._moved("out", at(2025, 2, 20), at(2025, 2, 18), **sold)
        self._moved("in", at(2025, 2, 21), at(2025, 2, 1), source="customer", return_id=first.id)
        self._moved("in", at(2025, 2, 22), at(2025, 2, 23), source="supplier")
        self._moved("out", at(2025, 2, 23), at(2025, 2, 23), destination="supplier")
        self._moved("internal", at(2025, 2, 24), at(2025, 2, 24))
        self._moved("out", at(2024, 5, 31), at(2024, 5, 31), **sold)
        self.assertEqual(
            self._assert_rows(schema.LogisticsMonth, self._read(logistics_months, period=YEAR)),
            [
                {
                    "month": "2025-02", "direction": "out", "done": 3, "on_time": 1, "late": 2, "returns": 1,
                    "backorders": 1, "mean_days_late": "2.5",
                },
                {
                    "month": "2025-02", "direction": "in", "done": 1, "on_time": 1, "late": 0, "returns": 1,
                    "backorders": 0,
                },
            ],
        )  # fmt: skip

    def test_what_is_not_done_or_not_ours_does_not_count(self):
        self._moved("out", at(2025, 2, 1), at(2025, 2, 1), destination="customer", company=self.stranger)
        self.assertEqual(self._read(logistics_months, period=YEAR), [])


@tagged("post_install", "-at_install")
class TestTaxHistory(HistoryCase):
    def _months(self):
        rows = self._assert_rows(schema.TaxMonth, self._read(tax_months, period=YEAR))
        return {(row["month"], row["direction"], row["tax_code"]): (row["base"], row["amount"]) for row in rows}

    def test_sales_less_credit_notes_and_sales_without_tax(self):
        vat, free = self.percent_tax(19.0, name="VAT 19"), self.percent_tax(0.0, name="Export")
        invoice = self._sold(1000, date(2025, 2, 3), tax_ids=vat)
        self._sold(500, date(2025, 2, 4), tax_ids=free)
        self._sold(80, date(2025, 2, 5), tax_ids=vat, currency_id=self.euro)
        self._reverse_invoice(invoice, post=True, date=date(2025, 3, 1))
        draft = self._sold(7777, date(2025, 2, 5), tax_ids=vat)
        draft.button_draft()
        self.assertEqual(
            self._months(),
            {
                ("2025-02", "sale", "Export"): ("500.00", "0.00"),
                ("2025-02", "sale", "VAT 19"): ("1160.00", "220.40"),
                ("2025-03", "sale", "VAT 19"): ("-1000.00", "-190.00"),
            },
        )

    def test_taxes_of_a_group_and_on_top_of_each_other(self):
        first = self.percent_tax(10.0, name="First", include_base_amount=True)
        second = self.percent_tax(5.0, name="Second")
        self._sold(100, date(2025, 2, 3), tax_ids=self.group_of_taxes(first | second))
        self.assertEqual(
            self._months(),
            {("2025-02", "sale", "First"): ("100.00", "10.00"), ("2025-02", "sale", "Second"): ("110.00", "5.50")},
        )

    def test_purchases_and_journal_entries_with_taxes(self):
        vat = self.percent_tax(19.0, name="Input", type_tax_use="purchase")
        self._create_invoice_one_line(
            move_type="in_invoice", price_unit=200, tax_ids=vat, partner_id=self.buyer,
            invoice_date=date(2025, 2, 3), post=True,
        )  # fmt: skip
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date(2025, 2, 8),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data["default_account_expense"].id,
                            "debit": 100,
                            "tax_ids": [Command.set(vat.ids)],
                        }
                    ),
                    Command.create({"account_id": self.company_data["default_account_payable"].id, "credit": 119}),
                ],
            }
        )
        entry.action_post()
        self.assertEqual(self._months(), {("2025-02", "purchase", "Input"): ("300.00", "57.00")})

    def test_cash_basis_entries_do_not_count_the_tax_twice(self):
        self.company.tax_exigibility = True
        transition = self.copy_account(self.company_data["default_account_tax_sale"])
        transition.reconcile = True
        vat = self.percent_tax(
            10.0, name="On cash", tax_exigibility="on_payment", cash_basis_transition_account_id=transition.id
        )
        invoice = self._sold(1000, date(2025, 2, 3), tax_ids=vat)
        self._pay(invoice, payment_date=date(2025, 2, 20))
        self.assertTrue(self.env["account.move"].search_count([("tax_cash_basis_origin_move_id", "=", invoice.id)]))
        self.assertEqual(self._months(), {("2025-02", "sale", "On cash"): ("1000.00", "100.00")})

    def test_agrees_with_the_documents_own_totals(self):
        taxes = self.percent_tax(19.0) | self.percent_tax(1.37)
        moves = self.env["account.move"]
        for index in range(12):
            moves |= self._sold(33.33 + index, date(2025, 1 + index % 3, 5), tax_ids=taxes[index % 2])
        amounts = [Decimal(amount) for _base, amount in self._months().values()]
        self.assertAlmostEqual(float(sum(amounts)), sum(moves.mapped("amount_tax")), 2)


@tagged("post_install", "-at_install")
class TestCashHistory(HistoryCase):
    def _months(self):
        rows = self._assert_rows(schema.CashMonth, self._read_cash_months(YEAR))
        figures = ("invoiced", "credited", "collected", "paid_out")
        return {(row["month"], row["currency"]): tuple(row[name] for name in figures) for row in rows}

    def test_money_by_the_day_it_moved_and_documents_by_their_own(self):
        invoice = self._sold(1000, date(2025, 1, 31))
        self._pay(invoice, 600, payment_date=date(2025, 2, 10))
        self._pay(invoice, 100, payment_date=date(2025, 3, 1))
        self._credit(invoice, 300)
        self._pay(self._billed(250, date(2025, 1, 5)), payment_date=date(2025, 2, 11))
        months = self._months()
        self.assertEqual(months["2025-01", "USD"], ("1000.00", "0.00", "0.00", "0.00"))
        self.assertEqual(months["2025-02", "USD"], ("0.00", "0.00", "600.00", "250.00"))
        self.assertEqual(months["2025-03", "USD"], ("0.00", "0.00", "100.00", "0.00"))

    def _credit(self, invoice, amount):
        """Credit a part of an invoice, today and reconciled; the credit note is outside of the period."""
        credit_note = self._create_invoice_one_line(
            move_type="out_refund", price_unit=amount, tax_ids=[], partner_id=self.buyer, invoice_date=TODAY, post=True
        )
        (self._term(invoice) + self._term(credit_note)).reconcile()
        return credit_note

    def test_a_credit_note_is_no_money_until_it_is_paid_back(self):
        invoice = self._sold(1000, date(2025, 1, 31))
        self._credit(invoice, 300)
        refund = self._create_invoice_one_line(
            move_type="out_refund", price_unit=50, tax_ids=[], partner_id=self.buyer, invoice_date=TODAY, post=True
        )
        self._pay(refund, payment_date=date(2025, 6, 1))
        self.assertEqual(self._months()["2025-06", "USD"], ("0.00", "350.00", "0.00", "50.00"))

    def test_discounts_and_exchange_differences_are_no_money(self):
        self.env["res.currency.rate"].create(
            {"name": "2025-04-01", "rate": 0.8, "currency_id": self.euro.id, "company_id": self.company.id}
        )
        foreign = self._sold(200, date(2025, 3, 1), currency_id=self.euro)
        self._pay(foreign, payment_date=date(2025, 4, 2))
        self._pay(
            self._sold(400, date(2025, 3, 1)), 390, payment_date=date(2025, 4, 3),
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )  # fmt: skip
        self.assertEqual(len(self._term(foreign).matched_credit_ids), 2, "the payment and the exchange difference")
        months = self._months()
        self.assertEqual(months["2025-04", "EUR"], ("0.00", "0.00", "200.00", "0.00"))
        self.assertEqual(months["2025-04", "USD"], ("0.00", "0.00", "390.00", "0.00"))
        [row] = buyer_history(self._read_payers(YEAR), (self.buyer.id,))[1:]
        self.assertEqual((row["invoiced"], row["paid"]), ("400.00", "390.00"))

    def test_a_statement_line_is_money_and_an_offset_is_not(self):
        paid, offset = self._sold(500, date(2025, 2, 1)), self._sold(80, date(2025, 2, 1))
        self._statement_line(500, date(2025, 3, 4), counterpart=self._term(paid))
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date(2025, 3, 5),
                "line_ids": [
                    Command.create({"account_id": self.company_data["default_account_expense"].id, "debit": 80}),
                    Command.create(
                        {"account_id": self._term(offset).account_id.id, "credit": 80, "partner_id": self.buyer.id}
                    ),
                ],
            }
        )
        entry.action_post()
        (self._term(offset) + entry.line_ids.filtered("credit")).reconcile()
        self.assertEqual(offset.amount_residual, 0)
        self.assertEqual(self._months()["2025-03", "USD"], ("0.00", "0.00", "500.00", "0.00"))

    def test_a_payment_that_was_undone_did_not_come(self):
        invoice = self._sold(1000, date(2025, 1, 31))
        kept, undone = (self._pay(invoice, 100, payment_date=date(2025, 2, day)) for day in (10, 11))
        undone.action_draft()
        self.assertEqual(self._months()["2025-02", "USD"], ("0.00", "0.00", "100.00", "0.00"))
        kept.action_draft()
        kept.action_cancel()
        self.assertNotIn(("2025-02", "USD"), self._months())

    def test_suppliers_money_and_unmatched_payments_are_not_collected(self):
        bill_refund = self._create_invoice_one_line(
            move_type="in_refund", price_unit=70, tax_ids=[], partner_id=self.buyer,
            invoice_date=date(2025, 2, 1), post=True,
        )  # fmt: skip
        self._pay(bill_refund, payment_date=date(2025, 2, 2))
        self._pay(self._billed(250, date(2025, 1, 5)), payment_date=date(2025, 2, 11))
        self.env["account.payment"].create(
            {"amount": 5000, "partner_id": self.buyer.id, "payment_type": "inbound", "date": date(2025, 2, 3)}
        ).action_post()
        self.assertEqual(self._months(), {("2025-02", "USD"): ("0.00", "0.00", "0.00", "180.00")})

    def test_ageing_agrees_with_the_open_items(self):
        terms = self.pay_terms_b
        self._create_invoice_one_line(
            price_unit=1000, tax_ids=[], partner_id=self.buyer, invoice_date=date(2025, 4, 10),
            invoice_payment_term_id=terms, post=True,
        )  # fmt: skip
        for amount, on, due in ((100, date(2025, 6, 1), 30), (200, date(2025, 5, 1), 18), (400, date(2025, 1, 1), 30)):
            self._sold(amount, on, due=due)
        part = self._sold(800, date(2025, 5, 1), due=10, currency_id=self.euro)
        self._pay(part, 300, payment_date=date(2025, 5, 20), currency_id=self.euro.id)
        self._pay(self._sold(50, date(2025, 2, 1)), payment_date=date(2025, 2, 2))
        self._billed(60, date(2025, 1, 1), invoice_date_due=date(2025, 3, 20))
        rows = self._assert_rows(schema.AgeingRow, self._read(ageing, today=TODAY))
        expected = {}
        for item in self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("parent_state", "=", "posted"),
                ("account_type", "in", ("asset_receivable", "liability_payable")),
                ("amount_residual_currency", "!=", 0),
            ]
        ):
            days = (TODAY - item.date_maturity).days
            late = [limit for limit, _name in ((0, ""), (30, ""), (60, ""), (90, "")) if days > limit]
            bucket = ("not_due", "1-30", "31-60", "61-90", "over_90")[len(late)]
            receivable = item.account_type == "asset_receivable"
            key = ("receivable" if receivable else "payable", item.currency_id.name, bucket)
            expected[key] = expected.get(key, 0) + item.amount_residual_currency * (1 if receivable else -1)
        self.assertEqual(
            {(row["direction"], row["currency"], row["bucket"]): float(row["amount"]) for row in rows}, expected
        )
        self.assertEqual(expected["receivable", "EUR", "31-60"], 500)
        self.assertEqual(expected["payable", "USD", "61-90"], 60)

    def test_balances_of_masked_accounts(self):
        bank = self.company_data["default_journal_bank"]
        bank.bank_account_id = self.company.scf_collection_bank_account_id
        invoice = self._sold(500, date(2025, 2, 1))
        line = self._statement_line(500, date(2025, 3, 4), counterpart=self._term(invoice))
        self.env["account.bank.statement"].create(
            {"name": "March", "balance_start": 0, "balance_end_real": 500, "line_ids": [Command.set(line.ids)]}
        )
        foreign = self.env["account.journal"].create(
            {"name": "Euro", "type": "bank", "code": "EURO", "currency_id": self.euro.id}
        )
        self._pay(
            self._sold(200, date(2025, 3, 1), currency_id=self.euro),
            payment_date=date(2025, 4, 2),
            journal_id=foreign.id,
        )
        rows = self._assert_rows(schema.BalanceRow, self._read(balances, today=TODAY))
        by_account = {row["account"]: row for row in rows}
        self.assertEqual(
            by_account["****3000"],
            {
                "account": "****3000", "currency": "USD", "balance": "500.00",
                "last_statement_on": "2025-03-04", "last_statement_balance": "500.00",
            },
        )  # fmt: skip
        liquid = self.env["account.move.line"].search(
            [("account_id", "=", foreign.default_account_id.id), ("parent_state", "=", "posted")]
        )
        self.assertEqual(by_account["EURO"]["currency"], "EUR")
        self.assertEqual(float(by_account["EURO"]["balance"]), sum(liquid.mapped("amount_currency")))
        self.assertNotIn("0532", str(rows), "only the last four characters of a number are shown")


@tagged("post_install", "-at_install")
class TestBuyerHistory(HistoryCase):
    def _rows(self, financed=()):
        rows = buyer_history(self._read_payers(YEAR), tuple(partner.id for partner in financed))
        return self._assert_rows(schema.BuyerHistoryRow, rows)

    def test_days_are_weighted_by_money(self):
        first = self._sold(1000, date(2025, 2, 1), due=30)  # due on 3 March
        self._pay(first, 250, payment_date=date(2025, 2, 11))  # 10 days, early
        self._pay(first, 750, payment_date=date(2025, 3, 13))  # 40 days, 10 late
        self._sold(400, date(2025, 4, 1), due=30)
        self._sold(70, date(2025, 6, 10), due=30)
        [row] = self._rows([self.buyer])
        self.assertEqual(
            row,
            {
                "buyer": f"B{self.buyer.id}", "currency": "USD", "invoices": 3, "invoiced": "1470.00",
                "paid": "1000.00", "overdue": "400.00", "weighted_days_to_pay": "32.5", "weighted_days_late": "7.5",
                "late_share_percent": "75.00",
            },
        )  # fmt: skip

    def test_the_rest_is_one_row_per_currency_and_the_sums_agree(self):
        partners = self.env["res.partner"].create([{"name": f"Buyer {index}"} for index in range(4)])
        for index, partner in enumerate(partners):
            invoice = self._sold(100 * (index + 1) + 0.37, date(2025, 2, 1), partner_id=partner)
            self._pay(invoice, payment_date=date(2025, 2, 11))
        self._sold(10, date(2025, 3, 1), partner_id=partners[0], currency_id=self.euro)
        self._sold(5, date(2025, 3, 1))
        with patch.object(buyers_of_history, "LARGEST_OTHERS", 2):
            rows = self._rows([self.buyer])
        self.assertEqual(
            [(row.get("buyer"), row.get("buyers"), row["currency"], row["invoiced"], row["paid"]) for row in rows],
            [
                (f"B{self.buyer.id}", None, "USD", "5.00", "0.00"),
                (f"B{partners[3].id}", None, "USD", "400.37", "400.37"),
                (f"B{partners[2].id}", None, "USD", "300.37", "300.37"),
                (None, 1, "EUR", "10.00", "0.00"),
                (None, 2, "USD", "300.74", "300.74"),
            ],
        )
        by_currency = {}
        for row in self._read_cash_months(YEAR):
            by_currency[row["currency"]] = by_currency.get(row["currency"], 0) + Decimal(row["invoiced"])
        for row in rows:
            by_currency[row["currency"]] -= Decimal(row["invoiced"])
        self.assertEqual(set(by_currency.values()), {0})

    def test_credited_invoices_and_those_of_others_do_not_pay(self):
        invoice = self._sold(1000, date(2025, 2, 1))
        self._reverse_invoice(invoice, is_modify=True)
        [row] = self._rows([self.buyer])
        self.assertEqual((row["invoiced"], row["paid"], row["overdue"]), ("1000.00", "0.00", "0.00"))
        self.assertNotIn("weighted_days_to_pay", row)

    def test_a_contact_counts_for_its_company_and_customers_since(self):
        contact = self.env["res.partner"].create({"name": "Ada", "parent_id": self.buyer.id, "type": "invoice"})
        self._sold(100, date(2025, 2, 1), partner_id=contact)
        self._ordered(1, at(2023, 7, 3), partner_id=contact)
        self.assertEqual([row["buyer"] for row in self._rows()], [f"B{self.buyer.id}"])
        named = self._assert_rows(schema.BuyerRow, self._read(buyers, [self.slow.id, self.buyer.id]))
        self.assertEqual([row["key"] for row in named], [f"B{self.slow.id}", f"B{self.buyer.id}"])
        self.assertEqual(named[1]["customer_since"], "2023-07-03")
        self.assertEqual(named[1]["tax_id"], self.buyer.vat)
        self.assertNotIn("customer_since", named[0])


@tagged("post_install", "-at_install")
class TestForecast(HistoryCase):
    def test_open_invoices_by_their_buyers_habit(self):
        habit = self._sold(100, date(2025, 1, 1), due=30, partner_id=self.slow)
        self._pay(habit, payment_date=date(2025, 2, 10))  # 10 days late
        financed = self._sold(1000, date(2025, 6, 1), due=30, partner_id=self.slow)  # due 1 July, expected 11 July
        self._sold(200, date(2025, 6, 10), due=30, partner_id=self.slow)  # due 10 July, expected 20 July
        self._sold(40, date(2025, 1, 5), due=30)  # long due: this week
        self._sold(7, date(2025, 6, 10), due=3, currency_id=self.euro)  # due on the 13th, expected on the 23rd
        self._sold(9999, date(2025, 6, 10), due=400)
        part = self._sold(500, date(2025, 6, 10), due=30, partner_id=self.slow)
        self._pay(part, 450, payment_date=date(2025, 6, 11))
        payers = self._read_payers(Period(date(2025, 1, 1), date(2025, 5, 31)))
        weeks, totals = self._read(forecast, today=TODAY, payers=payers, financed_move_ids=financed.ids)
        self._assert_rows(schema.ForecastWeek, weeks)
        figures = ("week", "currency", "documents", "expected", "financed")
        self.assertEqual(
            [tuple(row[name] for name in figures) for row in weeks],
            [
                ("2025-06-16", "USD", 1, "40.00", "0.00"),
                ("2025-06-23", "EUR", 1, "7.00", "0.00"),
                ("2025-07-07", "USD", 1, "1000.00", "1000.00"),
                ("2025-07-14", "USD", 2, "250.00", "0.00"),
            ],
        )
        self.assertEqual(totals, [{"currency": "EUR", "amount": "7.00"}, {"currency": "USD", "amount": "1290.00"}])


@tagged("post_install", "-at_install")
class TestInventory(HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shelf = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1).lot_stock_id
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")
        cls.customers = cls.env.ref("stock.stock_location_customers")

    def _product(self, code, method, cost=0.0):
        category = self.env["product.category"].create({"name": method})
        category.with_company(self.company).property_cost_method = method
        return (
            self.env["product.product"]
            .with_company(self.company)
            .create(
                {
                    "name": code.title(),
                    "default_code": code,
                    "is_storable": True,
                    "categ_id": category.id,
                    "standard_price": cost,
                }
            )
        )

    def _move(self, product, quantity, source, destination, *, cost=None, owner=None):
        move = (
            self.env["stock.move"]
            .with_company(self.company)
            .create(
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "location_id": source.id,
                    "location_dest_id": destination.id,
                    **({"price_unit": cost} if cost else {}),
                    **({"restrict_partner_id": owner.id} if owner else {}),
                }
            )
        )
        move._action_confirm()
        move.write({"quantity": quantity, "picked": True})
        if owner:
            move.move_line_ids.owner_id = owner
        move._action_done()
        if cost:
            move.value_manual = cost * quantity
        return move

    def _stock(self):
        rows, totals = self._read(stock, today=self.today)
        return self._assert_rows(schema.StockRow, rows), totals

    def test_values_are_those_of_the_erp(self):
        products = [self._product(f"P-{method}", method, 10.0) for method in ("standard", "average", "fifo")]
        for product in products:
            self._move(product, 10, self.suppliers, self.shelf, cost=12.5)
            self._move(product, 5, self.suppliers, self.shelf, cost=17.33)
            self._move(product, 7, self.shelf, self.customers)
        rows, totals = self._stock()
        found = {row["product_code"]: row for row in rows}
        for product in products:
            self.env.invalidate_all()
            row = found[product.default_code]
            self.assertEqual(row["quantity"], "8")
            self.assertEqual(float(row["value"]), round(product.with_company(self.company).total_value, 2))
        self.assertEqual(found["P-standard"]["value"], "80.00")
        self.assertEqual(sum(Decimal(row["value"]) for row in rows), Decimal(totals[0]["amount"]))

    def test_turnover_is_the_cost_of_a_year_by_the_mean_value(self):
        product = self._product("GOODS", "standard", 10.0)
        received = self._move(product, 100, self.suppliers, self.shelf)
        received.date = datetime.combine(self.today - timedelta(days=500), datetime.min.time())
        self._move(product, 60, self.shelf, self.customers)
        self._move(product, 10, self.customers, self.shelf)
        [row], _totals = self._stock()
        # From 1,000 to 500 in the year; 600 left, 100 came back.
        self.assertEqual((row["value"], row["turnover_pa"]), ("500.00", "0.67"))

    def test_age_runs_from_the_day_it_came_in(self):
        product = self._product("OLD", "standard", 1.0)
        quants = self.env["stock.quant"].sudo()
        for quantity, days in ((30, 10), (10, 50)):
            quants.create(
                {
                    "product_id": product.id, "location_id": self.shelf.id, "quantity": quantity,
                    "in_date": datetime.combine(self.today - timedelta(days=days), datetime.min.time()),
                }
            )  # fmt: skip
        [row], _totals = self._stock()
        self.assertEqual(row["mean_age_days"], "20.0")
        self.assertEqual(row["oldest_on"], (self.today - timedelta(days=50)).isoformat())

    def test_goods_of_others_and_of_other_companies_are_left_out(self):
        product = self._product("OWN", "standard", 3.0)
        self._move(product, 4, self.suppliers, self.shelf)
        quants = self.env["stock.quant"].sudo()
        elsewhere = self.env["stock.warehouse"].search([("company_id", "=", self.stranger.id)], limit=1).lot_stock_id
        quants.create({"product_id": product.id, "location_id": elsewhere.id, "quantity": 9999})
        quants.create(
            {"product_id": product.id, "location_id": self.shelf.id, "quantity": 777, "owner_id": self.slow.id}
        )
        [row], totals = self._stock()
        self.assertEqual((row["quantity"], row["value"]), ("4", "12.00"))
        self.assertEqual(totals, [{"currency": "USD", "amount": "12.00"}])

    def test_small_products_share_a_row(self):
        for index in range(4):
            self._move(self._product(f"P{index}", "standard", 1.0 + index), 10, self.suppliers, self.shelf)
        with patch.object(inventory, "LARGEST_PRODUCTS", 2):
            rows, totals = self._stock()
        self.assertEqual(
            [(row.get("product_code"), row["products"], row["value"]) for row in rows],
            [("P3", 1, "40.00"), ("P2", 1, "30.00"), (None, 2, "30.00")],
        )
        self.assertNotIn("quantity", rows[-1])
        self.assertEqual(totals[0]["amount"], "100.00")


@tagged("post_install", "-at_install")
class TestExposure(HistoryCase):
    def test_loans_applications_and_pledges(self):
        invoice = self._invoice(10000.0)
        loan = self._financed(invoice, requested=5000.0)
        other = self._request(self._invoice(3000.0))
        mine = self._request(self._invoice(2000.0))
        rows, totals = self._read(loans)
        [row] = self._assert_rows(schema.LoanRow, rows)
        self.assertEqual((row["state"], row["currency"]), ("active", "USD"))
        self.assertEqual(float(row["outstanding"]), loan.balance_principal)
        self.assertEqual(totals, [{"currency": "USD", "amount": row["outstanding"]}])
        [asked] = self._assert_rows(schema.ApplicationRow, self._read(applications, but_for=mine.id))
        self.assertEqual(float(asked["requested"]), other.requested_amount)
        [pledge] = self._assert_rows(schema.PledgeRow, self._read(pledges, but_for=mine.id))
        self.assertEqual((pledge["document"], pledge["amount"]), (invoice.name, "10000.00"))
        self.assertEqual(self._read(pledges, but_for=loan.application_id.id), [])
        self.assertNotIn("Rhône", str((rows, asked, pledge)), "no lender is named")
        stranger = self.stranger
        self.assertEqual((loans(self.env, stranger)[0], applications(self.env, stranger)), ([], []))


@tagged("post_install", "-at_install")
class TestHistoryBounds(HistoryCase):
    def _all(self, company):
        self.env.flush_all()
        env = self.env
        payments = read_payments(env, company, period=YEAR)
        payers = read_payers(env, company, period=YEAR, payments=payments)
        return {
            "orders": order_months(env, company, period=YEAR),
            "transfers": logistics_months(env, company, period=YEAR),
            "taxes": tax_months(env, company, period=YEAR),
            "cash": cash_months(env, company, period=YEAR, payments=payments),
            "ageing": ageing(env, company, today=TODAY),
            "balances": balances(env, company, today=TODAY),
            "buyers": buyer_history(payers, ()),
            "names": buyers(env, company, [payer.buyer_id for payer in payers]),
            "stock": stock(env, company, today=TODAY),
            "loans": loans(env, company),
            "applications": applications(env, company),
            "pledges": pledges(env, company),
            "forecast": forecast(env, company, today=TODAY, payers=payers),
        }

    def _trade(self, *, amount=1234.5):
        tax = self.percent_tax(19.0)
        for day in range(1, 4):
            invoice = self._sold(amount, date(2025, 2, day), tax_ids=tax)
            self._pay(invoice, amount / 2, payment_date=date(2025, 3, day))
            self._ordered(amount, at(2025, 2, day))

    def test_the_number_of_queries_is_fixed_however_much_there_is(self):
        self._trade()
        self._all(self.company)
        # One for each of the 13, the settlements, the balances' ledger accounts, and the companies of the group, to
        # which a buyer may belong.
        with self.assertQueryCount(16):
            self._all(self.company)
        with self.assertQueryCount(18), index_plans(self.env):
            self._all(self.company)
        self._trade()
        self.slow.name = "Slower"
        self._sold(5, date(2025, 2, 2), partner_id=self.slow)
        self.env.flush_all()
        with self.assertQueryCount(16):
            self._all(self.company)

    def test_settings_of_the_database_are_left_as_they_were(self):
        def settings():
            self.env.cr.execute("SELECT current_setting('random_page_cost'), current_setting('jit')")
            return self.env.cr.fetchall()

        before = settings()
        with index_plans(self.env):
            self.assertEqual(settings(), [("1.1", "off")])
        self.assertEqual(settings(), before)

    def test_nothing_of_other_companies_and_branches_leaks(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids |= branch
        self._trade()
        before = self._all(self.company)
        invoice = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": branch.id,
                    "partner_id": self.buyer.id,
                    "invoice_date": date(2025, 2, 1),
                    "invoice_line_ids": [Command.create({"name": "Canary", "price_unit": 77777.77, "tax_ids": []})],
                }
            )
        )
        invoice.action_post()
        self.assertEqual(invoice.company_id, branch)
        self.assertEqual(self._term(invoice).account_id.company_ids, self.company, "branches share accounts")
        self.assertEqual(self._all(self.company), before)
        self.assertIn("77777.77", str(self._all(branch)))
        self.assertNotIn("1234.5", str(self._all(branch)))
        self.assertFalse(
            any(self._all(self.stranger)[name] for name in ("orders", "taxes", "cash", "ageing", "buyers"))
        )
