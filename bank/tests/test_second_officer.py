"""What is given back by hand above the profile's limit (rhone: 5,000.00) waits for a second officer."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
import requests
import sqlalchemy as sa
from erp import Erp
from openscf import wire
from openscf_bank.desk.models import AuditEntry
from openscf_bank.kit.core_banking import PaymentOrder
from openscf_bank.loans import approving, repository
from openscf_bank.profile import OfficersSection
from openscf_bank.testing import COLLEAGUE_USERNAME, OFFICER_USERNAME, BankProcessError, OfficerAtDesk
from plain_loans import LINE, financing, granted
from pydantic import ValidationError
from server import Bank
from test_concurrency import AT_ONCE, together
from test_lines import draw

LIMIT = Decimal("5000.00")


@pytest.fixture
def loan(erp: Erp) -> wire.Loan:
    """8,000.00 EUR, owed today without interest, on an invoice of 20,000.00."""
    return financing(erp, granted(erp), "INV/1", outstanding="20000.00")


def pays(bank: Bank, loan: wire.Loan, amount: str, reference: str = "REF/1", on: date | None = None) -> None:
    bank.officer.record_buyer_payment(
        loan.id, "INV/1", amount, received_on=on or bank.today(), reference=reference, payer="Alpenbau AG"
    )


def money_moved(bank: Bank, loan: wire.Loan) -> list[tuple[str, Decimal]]:
    """The payments and claims of what was paid on of this loan's payments, as the core system has them."""
    with bank.gateway.db.read() as session:
        ours = [one.id for one in repository.buyer_payments(session, loan.id)]
        query = sa.select(PaymentOrder).order_by(PaymentOrder.reference)
        orders = [one for one in session.scalars(query) if one.reference.removesuffix("-claim") in ours]
        return [(one.direction, one.amount) for one in orders]


def amount_shown(bank: Bank, loan: wire.Loan) -> str:
    """What the colleague's form for the only proposal that waits is for."""
    [seen] = re.findall(r'name="seen" value="([^"]*)"', bank.colleague.page(f"loans/{loan.id}"))
    return str(seen)


def clicks(officer: OfficerAtDesk, loan: wire.Loan, **fields: str) -> requests.Response:
    """An approval of the first proposal that says `fields`, whatever the page offers."""
    return officer._post(f"loans/{loan.id}/proposals/1/approve", fields)


def refused_to_its_proposer(bank: Bank, loan: wire.Loan) -> bool:
    """Whether the officer who proposed it can't approve it: told so first, whatever the form says."""
    answers = [clicks(bank.officer, loan), clicks(bank.officer, loan, seen=amount_shown(bank, loan))]
    return all(answer.status_code == 409 and "Another officer" in answer.text for answer in answers)


def written_down(bank: Bank, loan: wire.Loan) -> list[tuple[str, str]]:
    with bank.gateway.db.read() as session:
        query = sa.select(AuditEntry).where(AuditEntry.subject == loan.id).order_by(AuditEntry.id)
        return [(entry.officer, entry.action) for entry in session.scalars(query)]


def test_a_surplus_up_to_the_limit_is_paid_on_by_one_officer(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, str(8000 + LIMIT))
    assert bank.officer.proposals(loan.id) == []
    assert money_moved(bank, loan) == [("PAYMENT", LIMIT)]


def test_a_surplus_above_it_moves_no_money_before_another_officer_approves(
    bank: Bank, erp: Erp, loan: wire.Loan
) -> None:
    before = erp.event_types()
    pays(bank, loan, "13000.01")
    pays(bank, loan, "13000.01")
    assert (len(bank.officer.proposals(loan.id)), money_moved(bank, loan), erp.event_types()) == (1, [], before)
    with pytest.raises(BankProcessError, match="waits for a second officer already"):
        pays(bank, loan, "13000.02")
    own, other = bank.officer.page(f"loans/{loan.id}"), bank.colleague.page(f"loans/{loan.id}")
    assert "5,000.01 EUR</strong> is paid on to the applicant" in own and "Approve: pay on" not in own
    assert "Approve: pay on 5,000.01 EUR" in other
    assert refused_to_its_proposer(bank, loan)
    bank.colleague.approve_proposal(loan.id)
    assert money_moved(bank, loan) == [("PAYMENT", Decimal("5000.01"))]
    assert erp.event_types()[-2:] == ["buyer_payment.received", "loan.closed"]
    assert written_down(bank, loan) == [
        (OFFICER_USERNAME, "buyer_payment.proposed"),
        (COLLEAGUE_USERNAME, "buyer_payment.approved"),
    ]
    assert f"approved by {COLLEAGUE_USERNAME}" in bank.officer.page(f"loans/{loan.id}")


def test_what_is_approved_is_worked_out_anew_and_keeps_the_day_on_which_it_came(
    bank: Bank, erp: Erp, loan: wire.Loan
) -> None:
    """3,000.00 were repaid meanwhile, so 8,000.01 are paid on instead of 5,000.01, and the approver is shown that."""
    came = bank.today()
    pays(bank, loan, "13000.01")
    erp.repay(loan, "3000.00")
    bank.days_pass(4)
    assert "Approve: pay on 8,000.01 EUR" in bank.colleague.page(f"loans/{loan.id}")
    bank.colleague.approve_proposal(loan.id)
    repaid = erp.entries(loan)[-2]
    assert (repaid.type, repaid.amount, repaid.value_date) == ("repayment", Decimal("5000.00"), came)
    assert money_moved(bank, loan) == [("PAYMENT", Decimal("8000.01"))]


def test_a_payment_is_paid_on_for_the_amount_that_its_approver_saw(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, "13000.01")
    seen = amount_shown(bank, loan)
    erp.repay(loan, "3000.00")
    late = clicks(bank.colleague, loan, seen=seen)
    assert (late.status_code, "8000.01 EUR now, not 5000.01 EUR" in late.text) == (409, True)
    for unread in ("", "5,000.01", "NaN"):
        assert clicks(bank.colleague, loan, seen=unread).status_code == 422
    assert (bank.officer.proposals(loan.id), money_moved(bank, loan)) == ([1], [])
    assert clicks(bank.colleague, loan, seen=amount_shown(bank, loan)).status_code == 303
    assert money_moved(bank, loan) == [("PAYMENT", Decimal("8000.01"))]


def test_a_line_is_given_up_for_the_amount_that_its_approver_saw(bank: Bank, erp: Erp) -> None:
    line = granted(erp, **LINE)
    draw(erp, line, "500.00")
    bank.officer.propose_write_off(line.id, "The customers pay nothing.")
    seen = amount_shown(bank, line)
    draw(erp, line, "4000.00")
    late = clicks(bank.colleague, line, seen=seen)
    assert (late.status_code, "4500.00 EUR now, not 500.00 EUR" in late.text) == (409, True)
    assert erp.http.loan(line.id).balance.total == 4500 and "loan.written_off" not in erp.event_types()
    assert written_down(bank, line) == [(OFFICER_USERNAME, "write_off.proposed")]
    bank.colleague.approve_proposal(line.id)
    assert erp.entries(line)[-1].amount == 4500


def test_money_is_paid_on_once_however_often_it_is_approved(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, "14000.00")

    def approve() -> None:
        with bank.gateway.unit_of_work() as uow:
            approving.approve(uow, loan.id, 1, COLLEAGUE_USERNAME, seen=Decimal("6000.00"))

    assert together(*(approve for _ in range(AT_ONCE))).count(None) == 1
    assert money_moved(bank, loan) == [("PAYMENT", Decimal("6000.00"))]


def test_what_is_dropped_moves_nothing_and_may_be_recorded_again(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, "80000.00")
    assert "Proposal waits" in bank.officer.page("loans?status=WAITING")
    bank.officer.drop_proposal(loan.id)
    assert money_moved(bank, loan) == []
    with pytest.raises(BankProcessError, match="Nobody proposed"):
        bank.colleague.approve_proposal(loan.id)
    pays(bank, loan, "8000.00")
    assert erp.http.loan(loan.id).status == "CLOSED"


def test_a_payment_above_the_limit_is_returned_by_two_and_one_up_to_it_by_one(
    bank: Bank, erp: Erp, loan: wire.Loan
) -> None:
    pays(bank, loan, str(LIMIT))
    pays(bank, loan, "8000.00", "REF/2")
    back = bank.days_pass(2)
    bank.officer.return_buyer_payment(loan.id, 1, returned_on=back, reason="Recalled.")
    assert bank.officer.proposals(loan.id) == []
    bank.officer.return_buyer_payment(loan.id, 2, returned_on=back, reason="Recalled, too.")
    assert "5,000.00 EUR</strong> is claimed from the applicant" in bank.officer.page(f"loans/{loan.id}")
    assert refused_to_its_proposer(bank, loan)
    assert money_moved(bank, loan) == [("PAYMENT", LIMIT)]
    bank.colleague.approve_proposal(loan.id)
    assert money_moved(bank, loan) == [("PAYMENT", LIMIT), ("CLAIM", LIMIT)]
    assert erp.http.loan(loan.id).balance.principal == 8000


def test_a_charge_above_the_limit_is_taken_back_by_two(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    bank.officer.charge(loan.id, "5000.01", component="penalty")
    bank.officer.take_back_charge(loan.id, 2, "Charged on the wrong loan.")
    assert refused_to_its_proposer(bank, loan)
    assert "Approve: take back 5,000.01 EUR" in bank.colleague.page(f"loans/{loan.id}")
    assert "charge.reversed" not in erp.event_types()
    bank.colleague.approve_proposal(loan.id)
    [told] = [event["data"] for event in erp.events() if event["type"] == "charge.reversed"]
    assert (told["reason"], told["loan"]["balance"]["total"]) == ("Charged on the wrong loan.", "8000.00")


def test_of_a_loan_that_was_written_off_nothing_is_paid_on_any_more(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    """What can't be any more says why and can be dropped; the write-off ends a charge that was to be taken back."""
    pays(bank, loan, "80000.00")
    bank.officer.charge(loan.id, "6000.00")
    bank.officer.take_back_charge(loan.id, 2)
    bank.officer.propose_write_off(loan.id, "The buyer is insolvent.")
    assert bank.officer.proposals(loan.id) == [1, 2, 3]
    with bank.gateway.unit_of_work() as uow:
        approving.approve(uow, loan.id, 3, COLLEAGUE_USERNAME, seen=Decimal("14000.00"))
    assert bank.officer.proposals(loan.id) == [1]
    with pytest.raises(BankProcessError, match="409.*written off"):
        bank.colleague.approve_proposal(loan.id)
    bank.colleague.drop_proposal(loan.id)
    assert money_moved(bank, loan) == []


def test_a_profile_that_says_nothing_lets_nobody_give_back_alone() -> None:
    assert OfficersSection().alone_up_to == 0
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        OfficersSection(alone_up_to=Decimal("-0.01"))
