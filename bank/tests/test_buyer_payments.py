"""A buyer pays the bank: taken for the loan, the rest paid on, and all of it undone where the payment was."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from erp import Erp
from openscf import wire
from openscf_bank.applications import repository as applications
from openscf_bank.applications.models import Part
from openscf_bank.kit.core_banking import PaymentOrder
from openscf_bank.loans import repository
from openscf_bank.loans.buyer_payments import claim_reference
from openscf_bank.loans.models import BuyerPayment, Loan
from openscf_bank.testing import BankProcessError
from plain_loans import financing, granted
from server import Bank
from test_concurrency import AT_ONCE, together


@pytest.fixture
def loan(erp: Erp) -> wire.Loan:
    """8,000.00 EUR at 9 % on two invoices of 10,000.00 together; 80 % of them are 8,000.00."""
    return financing(erp, granted(erp), "INV/1", "INV/2", outstanding="5000.00")


def pays(bank: Bank, loan: wire.Loan, amount: str, **changes: Any) -> None:
    """An officer records what came for INV/1."""
    fields = {"number": "INV/1", "received_on": bank.today(), "reference": "REF/1", "payer": "Alpenbau AG", **changes}
    bank.officer.record_buyer_payment(loan.id, fields.pop("number"), amount, **fields)


def told(erp: Erp) -> list[dict[str, Any]]:
    return [event["data"] for event in erp.events() if event["type"].startswith("buyer_payment.")]


def kept(bank: Bank, loan: wire.Loan) -> BuyerPayment:
    with bank.gateway.db.read() as session:
        return repository.buyer_payments(session, loan.id)[-1]


def order(bank: Bank, reference: str) -> PaymentOrder | None:
    with bank.gateway.db.read() as session:
        return session.get(PaymentOrder, reference)


def test_what_is_owed_is_taken_on_the_day_it_came(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    came = bank.days_pass(8)
    bank.days_pass(2)
    pays(bank, loan, "3000.00", received_on=came)
    [event] = told(erp)
    payment = event["payment"]
    assert payment["document"] == {"kind": "customer_invoice", "number": "INV/1"}
    assert (payment["amount"]["amount"], payment["received_on"], payment["payer"]) == (
        "3000.00", str(came), "Alpenbau AG"
    )  # fmt: skip
    [entry] = event["entries"]
    assert (entry["type"], entry["amount"], entry["value_date"]) == ("repayment", "3000.00", str(came))
    assert entry["source_id"] == payment["payment_id"]
    assert entry["allocation"]["interest"] == "16.00"
    assert event["loan"]["balance"]["principal"] == "5016.00"
    assert erp.event_types()[-1] == "buyer_payment.received", "no repayment.posted beside it"
    assert order(bank, payment["payment_id"]) is None


def test_what_is_above_that_is_paid_on_to_the_applicant_and_the_loan_closes(
    bank: Bank, erp: Erp, loan: wire.Loan
) -> None:
    pays(bank, loan, "10000.00")
    [event] = told(erp)
    repayment, surplus = event["entries"]
    assert (repayment["type"], repayment["amount"]) == ("repayment", "8000.00")
    assert (surplus["type"], surplus["amount"], surplus["source_id"]) == (
        "surplus", "2000.00", event["payment"]["payment_id"]
    )  # fmt: skip
    paid = order(bank, event["payment"]["payment_id"])
    assert paid is not None
    assert (paid.amount, paid.account_number, paid.direction) == (2000, "DE02120300000000202051", "PAYMENT")
    assert erp.event_types()[-2:] == ["buyer_payment.received", "loan.closed"]
    pays(bank, loan, "100.00", number="INV/2", reference="REF/2")
    assert [entry["type"] for entry in told(erp)[-1]["entries"]] == ["surplus"], "a closed loan takes nothing"
    assert erp.http.loan(loan.id).status == "CLOSED"


def test_a_returned_payment_reopens_the_loan_and_the_surplus_is_claimed(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, "10000.00")
    back = bank.days_pass(5)
    bank.officer.return_buyer_payment(loan.id, 1, returned_on=back, reason="Recalled by the payer's bank.")
    assert len(told(erp)) == 1, "so much takes a second officer"
    bank.colleague.approve_proposal(loan.id)
    event = told(erp)[-1]
    [reversal] = event["entries"]
    assert (reversal["type"], reversal["amount"], reversal["value_date"]) == (
        "repayment_reversal", "8000.00", str(back)
    )  # fmt: skip
    assert event["reason"] == (
        "Recalled by the payer's bank. The bank claims the 2000.00 EUR that it had paid on from DE02120300000000202051."
    )
    claimed = order(bank, claim_reference(kept(bank, loan)))
    assert claimed is not None
    assert (claimed.amount, claimed.account_number, claimed.direction) == (2000, "DE02120300000000202051", "CLAIM")
    assert erp.event_types()[-2:] == ["buyer_payment.returned", "loan.reopened"]
    assert erp.http.loan(loan.id).balance.total == Decimal("8010.00"), "five days of interest, no more than was lent"
    with pytest.raises(BankProcessError, match="409"):
        bank.officer.return_buyer_payment(loan.id, 1, returned_on=back, reason="Again.")
    with pytest.raises(BankProcessError, match="returned since|422"):
        pays(bank, loan, "10000.00", received_on=back - timedelta(days=5))


def test_the_same_reference_is_booked_once_whoever_clicks(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    together(*(lambda: pays(bank, loan, "3000.00") for _ in range(AT_ONCE)))
    assert len(told(erp)) == 1
    with pytest.raises(BankProcessError, match="422"):
        pays(bank, loan, "3000.01")
    pays(bank, loan, "1000.00", number="INV/2")  # one payment for two invoices
    assert erp.http.loan(loan.id).balance.principal == 4000


def test_a_payment_lowers_what_the_documents_carry_as_it_lowers_the_loan(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    """5,000.00 of 10,000.00 are left and 3,000.00 owed; 2,000.00 are credited: 80 % of 3,000.00 are 600.00 short."""
    pays(bank, loan, "5000.00")
    erp.collect(loan, "2000.00", kind="dilution", document=("customer_invoice", "INV/2"))
    [short] = [event["data"] for event in erp.events() if event["type"] == "loan.shortfall"]
    assert short["shortfall"]["amount"] == "600.00"
    bank.officer.return_buyer_payment(loan.id, 1, returned_on=bank.today(), reason="Recalled.")
    erp.collect(loan, "0.01", kind="dilution", document=("customer_invoice", "INV/2"))
    short = [event["data"] for event in erp.events() if event["type"] == "loan.shortfall"][-1]
    assert short["shortfall"]["amount"] == "1600.01", "8,000.00 of which 7,999.99 carry 80 %"


def test_one_payment_of_a_document_that_another_loan_is_on_by_now_is_booked_once(
    bank: Bank, erp: Erp, loan: wire.Loan
) -> None:
    """INV/2 was released, and secures the next loan: what its buyer pays is that one's."""
    with bank.gateway.db.write() as session:
        row = session.get_one(Loan, loan.id)
        [released] = [
            one for one in applications.financed_documents(session, row.application_id) if one.number == "INV/2"
        ]
        released.part, released.is_open = Part.REPLACED.value, False
        fingerprint = released.fingerprint
    pays(bank, loan, "500.00", number="INV/2", reference="REF/1")
    following = financing(erp, granted(erp), "INV/2")
    with bank.gateway.db.write() as session:
        row = session.get_one(Loan, following.id)
        applications.financed_documents(session, row.application_id)[0].fingerprint = fingerprint
    with pytest.raises(BankProcessError, match=f"secures the loan {following.number}"):
        pays(bank, loan, "3000.00", number="INV/2", reference="REF/2")
    with pytest.raises(BankProcessError, match=f"booked on the loan {loan.number}"):
        pays(bank, following, "500.00", number="INV/2", reference="REF/1")
    pays(bank, following, "3000.00", number="INV/2", reference="REF/2")
    assert [[entry["type"] for entry in event["entries"]] for event in told(erp)] == [["surplus"], ["repayment"]]


def test_a_released_documents_payment_is_none_of_the_loans(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    with bank.gateway.db.write() as session:
        row = session.get_one(Loan, loan.id)
        [released] = [
            one for one in applications.financed_documents(session, row.application_id) if one.number == "INV/2"
        ]
        released.part = Part.REPLACED.value
    pays(bank, loan, "500.00", number="INV/2")
    assert [entry["type"] for entry in told(erp)[-1]["entries"]] == ["surplus"]
    assert erp.http.loan(loan.id).balance.principal == 8000


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": "INV/9"}, "No buyer pays"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "1.005"}, "decimals"),
        ({"reference": " "}, "Write the reference"),
        ({"received_on": date(2020, 1, 1)}, "Between"),
        ({"received_on": date(2999, 1, 1)}, "Between"),
        ({"kind": "vendor_bill"}, "No buyer pays"),
    ],
)
def test_what_cannot_be_booked_comes_back_with_a_sentence(
    bank: Bank, erp: Erp, loan: wire.Loan, changes: dict[str, Any], sentence: str
) -> None:
    fields = {"number": "INV/1", "amount": "10.00", "received_on": bank.today(), "reference": "REF/1", **changes}
    sent = {
        "document": f"{fields.pop('kind', 'customer_invoice')} {fields['number']}", "amount": fields["amount"],
        "received_on": str(fields["received_on"]), "payer": "", "reference": fields["reference"],
    }  # fmt: skip
    page = bank.officer.refused(f"loans/{loan.id}/buyer-payments", sent)
    assert sentence in page
    assert told(erp) == []


def test_a_purchase_and_a_loan_on_goods_have_no_buyer(bank: Bank, erp: Erp) -> None:
    loan = financing(erp, granted(erp), "BILL/1", kind="vendor_bill")
    assert "Record a payment of the buyer" not in bank.officer.page(f"loans/{loan.id}")
    with pytest.raises(BankProcessError, match="422"):
        pays(bank, loan, "10.00", number="BILL/1", kind="vendor_bill")


def test_after_a_write_off_what_comes_in_is_the_banks_own(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    bank.officer.propose_write_off(loan.id, "The buyer is insolvent.")
    bank.colleague.approve_proposal(loan.id)
    with pytest.raises(BankProcessError, match="409"):
        pays(bank, loan, "10.00")


def test_the_page_shows_what_was_paid_and_where_the_surplus_is(bank: Bank, erp: Erp, loan: wire.Loan) -> None:
    pays(bank, loan, "10000.00", payer="<b>Alpenbau</b>")
    page = bank.officer.page(f"loans/{loan.id}")
    for shown in ("Paid by buyers to the bank", "10,000.00", "2,000.00", "paid on", "REF/1", "&lt;b&gt;Alpenbau"):
        assert shown in page, shown
    bank.officer.return_buyer_payment(loan.id, 1, returned_on=bank.today(), reason="Recalled.")
    page = bank.officer.page(f"loans/{loan.id}")
    assert "taken back" in page and "Recalled." in page
