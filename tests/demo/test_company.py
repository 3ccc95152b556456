"""The company in a real database: the books balance, and each customer pays as it was designed to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.demo.conftest import TODAY, LoadedBooks

DAYS_LATE = """
    SELECT buyer.name, SUM((part.max_date - invoice.invoice_date_due) * part.amount) / SUM(part.amount)
    FROM account_partial_reconcile part
    JOIN account_move_line debit ON debit.id = part.debit_move_id
    JOIN account_move invoice ON invoice.id = debit.move_id AND invoice.move_type = 'out_invoice'
    JOIN account_move_line credit ON credit.id = part.credit_move_id
    JOIN account_move payment ON payment.id = credit.move_id AND payment.move_type = 'entry'
    JOIN res_partner buyer ON buyer.id = invoice.partner_id
    GROUP BY buyer.name
"""


@pytest.fixture(scope="session")
def days_late(books: LoadedBooks) -> dict[str, float]:
    return {name: float(days) for name, days in books.rows(DAYS_LATE)}


def test_journal_entries_balance_in_total_and_one_by_one(books: LoadedBooks) -> None:
    [(difference, turnover)] = books.rows("SELECT SUM(balance), SUM(debit) FROM account_move_line")
    assert difference == 0
    assert turnover > 1_000_000
    assert not books.rows("SELECT move_id FROM account_move_line GROUP BY move_id HAVING SUM(balance) <> 0")
    assert not books.rows("SELECT id FROM account_move WHERE state = 'draft'")


def test_bank_and_inventory_are_positive_and_the_year_made_a_profit(books: LoadedBooks) -> None:
    totals = dict(
        books.rows(
            """SELECT account.account_type, SUM(line.balance) FROM account_move_line line
               JOIN account_account account ON account.id = line.account_id GROUP BY account.account_type"""
        )
    )
    assert totals["asset_cash"] > 0
    assert totals["asset_receivable"] > 0
    assert totals["liability_payable"] < 0
    result = -sum(amount for kind, amount in totals.items() if kind.startswith(("income", "expense")))
    assert Decimal("20000") < result < Decimal("400000")


def test_every_payment_is_cleared_or_on_its_way_to_the_statement(books: LoadedBooks) -> None:
    assert not books.rows("SELECT id FROM account_bank_statement_line WHERE NOT is_reconciled")
    waiting = books.rows("SELECT date FROM account_payment WHERE NOT is_matched")
    assert all(str(on) >= "2026-11-19" for [on] in waiting)


def test_history_covers_fourteen_calendar_months_without_a_gap(books: LoadedBooks) -> None:
    months = books.rows(
        """SELECT date_trunc('month', date_order)::date, COUNT(*) FROM sale_order WHERE state = 'sale'
           GROUP BY 1 ORDER BY 1"""
    )
    assert [str(month)[:7] for month, _count in months] == [
        *(f"2025-{n:02d}" for n in range(10, 13)),
        *(f"2026-{n:02d}" for n in range(1, 12)),
    ]
    assert all(8 <= count <= 13 for _month, count in months)


def test_records_say_that_they_were_made_when_it_happened(books: LoadedBooks) -> None:
    for table in ("sale_order", "stock_picking", "account_move", "account_payment", "mail_message"):
        [(first, last)] = books.rows(
            f"SELECT MIN(create_date)::date, MAX(create_date)::date FROM {table} WHERE create_date >= '2025-10-01'"
            + (" AND model IN ('sale.order', 'account.move')" if table == "mail_message" else "")
        )
        assert str(first) < "2025-12-31", table
        assert str(last) <= TODAY, table
    [(lag,)] = books.rows("SELECT MAX(ABS(create_date::date - date)) FROM account_move WHERE move_type = 'out_invoice'")
    assert lag == 0


def test_customers_of_five_countries_buy_in_two_currencies(books: LoadedBooks) -> None:
    rows = books.rows(
        """SELECT country.code, currency.name, COUNT(DISTINCT sale.partner_id) FROM sale_order sale
           JOIN res_partner buyer ON buyer.id = sale.partner_id
           JOIN res_country country ON country.id = buyer.country_id
           JOIN res_currency currency ON currency.id = sale.currency_id GROUP BY 1, 2 ORDER BY 1"""
    )
    assert rows == [("AT", "EUR", 1), ("DE", "EUR", 2), ("FR", "EUR", 1), ("NL", "EUR", 1), ("US", "USD", 1)]


def test_only_domestic_sales_are_taxed_at_nineteen_percent(books: LoadedBooks) -> None:
    rows = books.rows(
        """SELECT country.code, ROUND(SUM(move.amount_tax) * 100 / SUM(move.amount_untaxed), 2) FROM account_move move
           JOIN res_partner buyer ON buyer.id = move.partner_id
           JOIN res_country country ON country.id = buyer.country_id
           WHERE move.move_type = 'out_invoice' GROUP BY 1"""
    )
    assert {code: float(rate) for code, rate in rows} == {"DE": 19.0, "FR": 0.0, "AT": 0.0, "NL": 0.0, "US": 0.0}


def test_customers_pay_in_the_order_of_lateness_they_were_given(days_late: dict[str, float]) -> None:
    assert [name.split()[0] for name in sorted(days_late, key=days_late.__getitem__)] == [
        "Küchenstudio", "Cuisines", "Harbor", "Keukenhuis", "Wiener", "Baltic",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("customer", "least", "most"),
    [
        ("Küchenstudio Elbblick GmbH", -12, -5),
        ("Cuisines Lefèvre SARL", -3, 0.5),
        ("Wiener Küchenwerkstatt GmbH", 8, 14),
        ("Baltic Home Trading GmbH", 45, 80),
    ],
)
def test_customer_pays_on_average_as_designed(
    days_late: dict[str, float], customer: str, least: float, most: float
) -> None:
    assert least <= days_late[customer] <= most


def test_dutch_customer_pays_each_invoice_in_three_parts(books: LoadedBooks) -> None:
    rows = books.rows(
        """SELECT COUNT(part.id) FROM account_move invoice
           JOIN res_partner buyer ON buyer.id = invoice.partner_id AND buyer.name LIKE 'Keukenhuis%%'
           JOIN account_move_line debit ON debit.move_id = invoice.id
           JOIN account_partial_reconcile part ON part.debit_move_id = debit.id
           WHERE invoice.move_type = 'out_invoice' AND invoice.payment_state = 'paid' GROUP BY invoice.id"""
    )
    assert len(rows) >= 5
    assert set(rows) == {(3,)}


def test_bad_payer_owes_the_oldest_receivables_and_has_a_credit_note(books: LoadedBooks) -> None:
    overdue = dict(
        books.rows(
            """SELECT buyer.name, MAX(%s::date - invoice.invoice_date_due) FROM account_move invoice
               JOIN res_partner buyer ON buyer.id = invoice.partner_id
               WHERE invoice.move_type = 'out_invoice' AND invoice.payment_state IN ('not_paid', 'partial')
                 AND invoice.invoice_date_due < %s GROUP BY 1""",
            TODAY,
            TODAY,
        )
    )
    assert overdue["Baltic Home Trading GmbH"] > 90
    assert max(days for name, days in overdue.items() if not name.startswith("Baltic")) < 30
    credit_notes = books.rows(
        """SELECT buyer.name FROM account_move note JOIN res_partner buyer ON buyer.id = note.partner_id
           WHERE note.move_type = 'out_refund' ORDER BY 1"""
    )
    assert credit_notes == [("Baltic Home Trading GmbH",), ("Wiener Küchenwerkstatt GmbH",)]


def test_deliveries_are_late_in_parts_and_returned_now_and_then(books: LoadedBooks) -> None:
    [(late,)] = books.rows(
        """SELECT COUNT(*) FROM stock_picking picking JOIN sale_order sale ON sale.id = picking.sale_id
           WHERE picking.date_done::date > sale.commitment_date::date"""
    )
    [(backorders,)] = books.rows("SELECT COUNT(*) FROM stock_picking WHERE backorder_id IS NOT NULL")
    [(returns,)] = books.rows("SELECT COUNT(*) FROM stock_picking WHERE return_id IS NOT NULL AND state = 'done'")
    assert late >= 5
    assert backorders >= 4
    assert returns == 1
    [(unanswered, cancelled, changed)] = books.rows(
        """SELECT COUNT(*) FILTER (WHERE state = 'sent'), COUNT(*) FILTER (WHERE state = 'cancel'),
                  COUNT(*) FILTER (WHERE scf_changed_at > date_order) FROM sale_order"""
    )
    assert unanswered >= 15
    assert cancelled >= 5
    assert changed >= 8
    assert not books.rows(
        """SELECT quant.product_id FROM stock_quant quant JOIN stock_location place ON place.id = quant.location_id
           WHERE place.usage = 'internal' AND quant.quantity < 0"""
    )


def test_documents_to_finance_are_open_with_the_amounts_of_the_story(books: LoadedBooks) -> None:
    documents = books.report["documents"]

    def invoice(key: str):
        [row] = books.rows(
            """SELECT move.amount_residual, currency.name, move.payment_state, move.invoice_date_due < %s
               FROM account_move move JOIN res_currency currency ON currency.id = move.currency_id
               WHERE move.id = %s""",
            TODAY,
            documents[key]["id"],
        )
        return row

    assert invoice("open_invoice") == (Decimal("11966.64"), "EUR", "not_paid", False)
    assert invoice("usd_invoice")[1:] == ("USD", "not_paid", False)
    assert invoice("bad_payer_invoice")[1:] == ("EUR", "not_paid", False)
    assert invoice("overdue_invoice")[1:] == ("EUR", "not_paid", True)
    assert invoice("short_invoice")[1:] == ("EUR", "not_paid", False)
    [(charged, delivered)] = books.rows(
        """SELECT SUM(line.qty_invoiced), SUM(line.qty_delivered) FROM sale_order_line line
           JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
           JOIN account_move_line item ON item.id = rel.invoice_line_id AND item.move_id = %s""",
        documents["short_invoice"]["id"],
    )
    assert (charged, delivered) == (22, 21)
    [(total, state, delivered)] = books.rows(
        "SELECT amount_total, state, delivery_status FROM sale_order WHERE id = %s", documents["open_order"]["id"]
    )
    assert (total, state, delivered) == (Decimal("20022.00"), "sale", "pending")


def test_second_run_changes_nothing_and_keeps_the_logins(books: LoadedBooks, people: list[str]) -> None:
    count = """SELECT (SELECT COUNT(*) FROM account_move), (SELECT COUNT(*) FROM sale_order),
                      (SELECT COUNT(*) FROM res_users)"""
    before, report = books.rows(count), books.report
    printed = books.load()
    assert "already there" in printed
    assert books.rows(count) == before
    assert books.report["logins"] == report["logins"]
    assert sorted(report["logins"]) == sorted(people)
    assert books.logins_file.stat().st_mode & 0o077 == 0
