"""Charges from the desk: posted and told, owed at once, taken back, and fees that the terms make owed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from erp import Erp
from openscf import wire
from openscf_bank.loans import ledger, repository
from openscf_bank.loans.models import Loan
from openscf_bank.testing import BankProcessError
from plain_loans import LINE, granted
from server import Bank

TEN = Decimal("10.00")


def told(erp: Erp, kind: str) -> dict[str, Any]:
    [event] = [event["data"] for event in erp.events() if event["type"] == kind]
    return event


def test_a_charge_is_posted_told_with_its_reason_and_written_down(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "10.00", component="penalty", reason="Second reminder")
    event = told(erp, "charge.posted")
    assert (event["entry"]["type"], event["entry"]["allocation"]["penalty"]) == ("charge", "10.00")
    assert (event["reason"], event["loan"]["balance"]["penalty"]) == ("Second reminder", "10.00")
    audit = bank.officer.page("audit")
    assert "penalty of 10.00, entry 2" in audit


def test_a_charge_that_was_not_paid_is_taken_back(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "10.00")
    bank.officer.take_back_charge(loan.id, 2, "It was a courtesy.")
    event = told(erp, "charge.reversed")
    assert event["entry"]["reverses"] == erp.entries(loan)[1].id
    assert (event["entry"]["amount"], event["loan"]["balance"]["total"]) == ("10.00", "8000.00")
    assert event["reason"] == "It was a courtesy."
    with pytest.raises(BankProcessError, match="taken back before"):
        bank.officer.take_back_charge(loan.id, 2)


def test_what_was_paid_for_a_charge_repays_the_loan_when_it_is_taken_back(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "10.00")
    erp.repay(loan, "1000.00")
    assert erp.http.loan(loan.id).balance.principal == Decimal("7010.00")
    bank.officer.take_back_charge(loan.id, 2)
    assert erp.http.loan(loan.id).balance.total == Decimal("7000.00")
    entries = erp.entries(loan)
    repaid, back = entries[-2].allocation, entries[-1].allocation
    assert repaid and back
    assert (repaid.fee, back.fee, back.principal) == (TEN, 0, TEN), "the fee goes, and the principal that it freed"


def test_a_paid_charge_of_a_loan_that_owes_nothing_else_stays(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "10.00")
    erp.repay(loan, "8010.00")
    with pytest.raises(BankProcessError, match=r"nothing is owed that 10.00 EUR of it could go to"):
        bank.officer.take_back_charge(loan.id, 2)
    assert len(erp.entries(loan)) == 3


def test_a_loan_that_owes_a_charge_alone_closes_when_it_is_taken_back(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "10.00", component="penalty")
    erp.repay(loan, "8000.00")
    assert erp.http.loan(loan.id).status == "ACTIVE"
    bank.officer.take_back_charge(loan.id, 2)
    assert erp.http.loan(loan.id).status == "CLOSED"
    with pytest.raises(BankProcessError, match="CLOSED; that is for an ACTIVE one"):
        bank.officer.charge(loan.id, "10.00")


@pytest.mark.parametrize(
    ("amount", "reason", "sentence"),
    [
        ("0.00", "Reminder", "Above zero, and at most"),
        ("8000.01", "Reminder", "Above zero, and at most"),
        ("1.005", "Reminder", "EUR has 2 decimals"),
        ("ten", "Reminder", "Write a number such as"),
        ("10.00", " ", "Write a sentence that the applicant understands"),
    ],
)
def test_a_charge_that_cannot_stand_comes_back(bank: Bank, erp: Erp, amount: str, reason: str, sentence: str) -> None:
    loan = granted(erp)
    with pytest.raises(BankProcessError, match=sentence):
        bank.officer.charge(loan.id, amount, reason=reason)
    assert len(erp.entries(loan)) == 1


def test_what_is_no_charge_is_not_taken_back(bank: Bank, erp: Erp) -> None:
    with pytest.raises(BankProcessError, match="is no charge"):
        bank.officer.take_back_charge(granted(erp).id, 1)


def test_a_fee_up_front_is_due_with_the_payout_and_not_taken_from_it(bank: Bank, erp: Erp) -> None:
    loan = granted(erp, fee={"amount": "60.00", "currency": "EUR"}, fee_timing="up_front")
    assert loan.disbursed is not None
    assert (loan.disbursed.amount, loan.balance.fee) == (Decimal("8000.00"), Decimal("60.00"))
    bank.days_pass(1)
    with bank.gateway.db.read() as session:
        state = ledger.state(session.get_one(Loan, loan.id), repository.ledger(session, loan.id), bank.today())
    assert state.past_due == Decimal("60.00")


def test_a_periodic_fee_is_owed_on_every_due_date_of_a_line(bank: Bank, erp: Erp) -> None:
    line = granted(erp, **LINE, fee={"amount": "20.00", "currency": "EUR"}, fee_timing="periodic", grace_days=5)
    draw = {
        "drawdown_id": "DRAW/1",
        "amount": {"amount": "1000.00", "currency": "EUR"},
        "requested_by": "Jonas Petersen",
        "approved_by": "Marta Klein",
        "requested_at": "2026-11-22T10:00:00Z",
    }
    erp.http.draw(line.id, wire.DrawdownRequest.model_validate(draw), idempotency_key="draw-1")
    due_dates = [row.due_date for row in erp.http.loan(line.id).schedule]
    owed = [erp.http.loan(line.id, as_of=day).balance.fee for day in (due_dates[0] - timedelta(days=1), *due_dates[:2])]
    assert owed == [0, Decimal("20.00"), Decimal("40.00")]
