"""Default: called by one officer, written off by two."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp, new_pledge
from openscf import wire
from openscf.errors import BankRefused
from openscf_bank.desk.models import AuditEntry
from openscf_bank.loans import approving
from openscf_bank.testing import COLLEAGUE_USERNAME, OFFICER_USERNAME, BankProcessError
from plain_loans import LINE, granted
from server import Bank
from test_concurrency import AT_ONCE, together


def last_told(erp: Erp, kind: str) -> dict[str, Any]:
    return [event["data"] for event in erp.events() if event["type"] == kind][-1]


class TestCalling:
    def test_a_called_loan_is_due_today_in_full(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp, repayment="equal_principal", instalments=2)
        today = bank.days_pass(10)
        bank.officer.call_loan(loan.id, "The applicant is insolvent.")
        event = last_told(erp, "loan.called")
        assert (event["entry"]["type"], event["entry"]["amount"]) == ("call", "0.00")
        assert (event["entry"]["value_date"], event["reason"]) == (str(today), "The applicant is insolvent.")
        assert event["loan"]["due_date"] == str(today)
        assert bank.officer.page(f"loans/{loan.id}").count("The loan was called") == 1
        bank.days_pass(1)
        assert erp.http.loan(loan.id).balance.penalty > 0

    def test_a_loan_is_called_once_and_with_a_reason(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp)
        with pytest.raises(BankProcessError, match="422"):
            bank.officer.call_loan(loan.id, " ")
        bank.officer.call_loan(loan.id, "Insolvent.")
        with pytest.raises(BankProcessError, match="409"):
            bank.colleague.call_loan(loan.id, "Insolvent.")
        erp.repay(loan, "8000.00")
        with pytest.raises(BankProcessError, match="409"):
            bank.officer.propose_write_off(loan.id, "It is repaid.")
        assert [entry.type for entry in erp.entries(loan)] == ["disbursement", "call", "repayment"]


class TestWritingOff:
    def test_two_officers_give_up_all_that_is_owed_and_the_loan_closes(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp)
        bank.days_pass(70)
        owed = erp.http.loan(loan.id).balance
        bank.officer.propose_write_off(loan.id, "The estate pays nothing.")
        assert erp.event_types()[-1] != "loan.written_off"
        with pytest.raises(BankProcessError, match="409.*Another officer"):
            bank.officer._send(f"loans/{loan.id}/proposals/1/approve", {"seen": str(owed.total)})
        assert "Approve: give up" not in bank.officer.page(f"loans/{loan.id}")
        assert "Approve: give up" in bank.colleague.page(f"loans/{loan.id}")
        bank.colleague.approve_proposal(loan.id)
        event = last_told(erp, "loan.written_off")
        [entry] = event["entries"]
        assert (entry["type"], Decimal(entry["amount"]), event["reason"]) == (
            "write_off", owed.total, "The estate pays nothing."
        )  # fmt: skip
        assert {name: Decimal(part) for name, part in entry["allocation"].items()} == {
            "penalty": owed.penalty, "fee": owed.fee, "interest": owed.interest, "principal": owed.principal
        }  # fmt: skip
        assert erp.event_types()[-2:] == ["loan.written_off", "loan.closed"]
        assert erp.http.loan(loan.id).balance.total == 0
        with bank.gateway.db.read() as session:
            query = sa.select(AuditEntry).where(AuditEntry.subject == loan.id).order_by(AuditEntry.id)
            written = [(entry.officer, entry.action) for entry in session.scalars(query)]
        assert written == [(OFFICER_USERNAME, "write_off.proposed"), (COLLEAGUE_USERNAME, "write_off.approved")]

    def test_what_came_in_before_and_is_told_after_it_repays_nothing(self, bank: Bank, erp: Erp) -> None:
        """The sum is given up: drawing on it would take money from the applicant for a debt that is no more."""
        loan = granted(erp)
        bank.days_pass(20)
        early = bank.today() - timedelta(days=3)
        bank.officer.propose_write_off(loan.id, "Lost.")
        bank.colleague.approve_proposal(loan.id)
        assert erp.collect(loan, "3000.00", on=early).repayment is None
        with pytest.raises(BankRefused, match=r"Only 0.00 EUR is owed"):
            erp.repay(loan, "3000.00", on=early)
        assert [entry.type for entry in erp.entries(loan)] == ["disbursement", "write_off"]

    def test_a_payment_that_bounces_after_it_is_owed_again_and_the_ledger_adds_up(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp)
        bank.days_pass(20)
        erp.collect(loan, "3000.00", collection_id="PAY/1")
        bank.days_pass(20)
        bank.officer.propose_write_off(loan.id, "Lost.")
        bank.colleague.approve_proposal(loan.id)
        bank.days_pass(1)
        erp.collect(loan, "3000.00", kind="undone", reverses="PAY/1")
        lent, repaid, given_up, back = erp.entries(loan)
        assert repaid.allocation and given_up.allocation and back.allocation
        left = lent.amount - repaid.allocation.principal - given_up.allocation.principal + back.allocation.principal
        assert erp.http.loan(loan.id).balance.principal == left > 0
        erp.repay(loan, erp.http.loan(loan.id).balance.total)
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_it_is_given_up_once_however_often_it_is_approved(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp)
        bank.officer.propose_write_off(loan.id, "Lost.")

        def approve() -> None:
            with bank.gateway.unit_of_work() as uow:
                approving.approve(uow, loan.id, 1, COLLEAGUE_USERNAME, seen=Decimal("8000.00"))

        assert together(*(approve for _ in range(AT_ONCE))).count(None) == 1
        assert [entry.type for entry in erp.entries(loan)] == ["disbursement", "write_off"]

    def test_a_proposal_is_dropped_or_lapses_with_the_loan(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp)
        bank.officer.propose_write_off(loan.id, "Lost.")
        assert "Proposal waits" in bank.officer.page("loans?status=WAITING")
        bank.officer.drop_proposal(loan.id)
        bank.officer.propose_write_off(loan.id, "Lost after all.")
        erp.repay(loan, "8000.00")
        page = bank.officer.page(f"loans/{loan.id}")
        assert "Dropped" in page and "Lapsed" in page
        with pytest.raises(BankProcessError, match="Nobody proposed"):
            bank.colleague.approve_proposal(loan.id)
        assert "loan.written_off" not in erp.event_types()

    def test_a_line_closes_too_and_one_that_owes_nothing_is_not_written_off(self, bank: Bank, erp: Erp) -> None:
        loan = granted(erp, **LINE)
        with pytest.raises(BankProcessError, match="409"):
            bank.officer.propose_write_off(loan.id, "Not drawn.")
        drawdown = {
            "drawdown_id": "D/1", "amount": {"amount": "500.00", "currency": "EUR"}, "requested_by": "a",
            "approved_by": "b", "requested_at": "2026-11-22T10:00:00Z",
        }  # fmt: skip
        request = wire.DrawdownRequest.model_validate(drawdown)
        erp.http.draw(loan.id, request, idempotency_key="D/1")
        erp.repay(loan, "500.00")
        bank.officer.propose_write_off(loan.id, "Nothing is owed today.")
        with pytest.raises(BankProcessError, match="409.*nothing to give up"):
            bank.colleague.approve_proposal(loan.id)
        erp.http.draw(loan.id, request.model_copy(update={"drawdown_id": "D/2"}), idempotency_key="D/2")
        bank.colleague.approve_proposal(loan.id)
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_goods_are_free_where_the_bank_gives_up(self, bank: Bank, erp: Erp) -> None:
        pledge = new_pledge()
        loan = erp.financed(pledge)
        bank.officer.propose_write_off(loan.id, "Lost.")
        bank.colleague.approve_proposal(loan.id)
        assert set(erp.held(loan).values()) == {Decimal(0)}
        assert erp.event_types()[-4:] == [
            "loan.written_off", "collateral.released", "collateral.released", "loan.closed"
        ]  # fmt: skip
