"""Later due dates: asked for, offered at a price, accepted as offered, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from erp import Erp, new_key
from openscf import wire
from openscf.errors import BankRefused
from openscf.jws import verify_detached
from openscf.keys import KeySet
from openscf_bank.loans.models import Extension
from openscf_bank.testing import BankProcessError
from plain_loans import granted
from server import Bank
from test_concurrency import AT_ONCE, together


def ask(erp: Erp, loan: wire.Loan, days: int = 14, **changes: Any) -> wire.Extension:
    fields = {"extension_id": "EXT/1", "days": days, "reason": "The buyer pays late.", **changes}
    request = wire.ExtensionRequest.model_validate(fields)
    return erp.http.extend(loan.id, request, idempotency_key=new_key())


def accept(erp: Erp, loan: wire.Loan, offered: wire.Extension, **changes: Any) -> wire.Extension:
    fields = {
        "fee": offered.fee, "due_date": offered.due_date, "approved_by": "Marta Klein",
        "accepted_at": "2026-11-22T10:00:00Z", **changes,
    }  # fmt: skip
    acceptance = wire.ExtensionAcceptance.model_validate(fields)
    return erp.http.accept_extension(loan.id, offered.extension_id, acceptance, idempotency_key=new_key())


def withdraw(erp: Erp, loan: wire.Loan, extension_id: str = "EXT/1") -> wire.Extension:
    return erp.http.withdraw_extension(loan.id, extension_id, "We have the money.", idempotency_key=new_key())


def offered(bank: Bank, erp: Erp, loan: wire.Loan, fee: str = "25.00", **terms: Any) -> wire.Extension:
    """An extension of 14 days that an officer offered."""
    ask(erp, loan)
    bank.officer.offer_extension(loan.id, "EXT/1", fee=fee, **terms)
    return last_told(erp)


def told(erp: Erp) -> list[dict[str, Any]]:
    return [event for event in erp.events() if event["type"].startswith("extension.")]


def last_told(erp: Erp) -> wire.Extension:
    return wire.Extension.model_validate(told(erp)[-1]["data"]["extension"])


def code_of(refused: pytest.ExceptionInfo[BankRefused]) -> str:
    return refused.value.problem.code


@pytest.fixture
def loan(erp: Erp) -> wire.Loan:
    """8,000.00 EUR at 9 %, due in 60 days."""
    return granted(erp)


class TestGranting:
    def test_what_was_accepted_moves_the_due_date_and_charges_the_fee(
        self, bank: Bank, erp: Erp, loan: wire.Loan
    ) -> None:
        assert loan.due_date is not None
        bank.days_pass(50)
        asked = ask(erp, loan)
        assert (asked.status, asked.days, asked.fee, asked.due_date) == ("REQUESTED", 14, None, None)
        bank.officer.offer_extension(loan.id, "EXT/1", fee="25.00", message="As last year.")
        offer = last_told(erp)
        assert (offer.status, offer.days, offer.message) == ("OFFERED", 14, "As last year.")
        assert offer.fee == wire.Money(amount=Decimal("25.00"), currency="EUR")
        assert offer.due_date == loan.due_date + timedelta(days=14)
        before = erp.http.loan(loan.id).balance
        assert accept(erp, loan, offer).status == "GRANTED"
        event = told(erp)[-1]
        assert [event["type"] for event in told(erp)] == ["extension.offered", "extension.granted"]
        extension, charge = event["data"]["entries"]
        assert (extension["type"], extension["days"], extension["source_id"]) == ("extension", 14, "EXT/1")
        assert (charge["type"], charge["amount"], charge["allocation"]["fee"]) == ("charge", "25.00", "25.00")
        shown = erp.http.loan(loan.id)
        assert (shown.due_date, shown.schedule[-1].due_date) == (offer.due_date, offer.due_date)
        assert event["data"]["loan"]["due_date"] == str(offer.due_date)
        assert shown.balance.total == before.total + 25
        bank.days_pass(24)
        assert erp.http.loan(loan.id).balance.penalty == 0, "it is due on this day, not before"

    def test_a_loan_past_due_is_extended_from_its_due_date_and_keeps_its_penalty(
        self, bank: Bank, erp: Erp, loan: wire.Loan
    ) -> None:
        assert loan.due_date is not None
        bank.days_pass(70)
        penalty = erp.http.loan(loan.id).balance.penalty
        assert penalty > 0
        offer = offered(bank, erp, loan)
        assert offer.due_date == loan.due_date + timedelta(days=14)
        accept(erp, loan, offer)
        bank.days_pass(4)
        assert erp.http.loan(loan.id).balance.penalty == penalty

    def test_a_bank_may_offer_another_day_than_was_asked_for_and_no_fee(
        self, bank: Bank, erp: Erp, loan: wire.Loan
    ) -> None:
        assert loan.due_date is not None
        offer = offered(bank, erp, loan, "0.00", due_date=loan.due_date + timedelta(days=7))
        assert (offer.days, offer.fee) == (7, wire.Money(amount=Decimal("0.00"), currency="EUR"))
        accept(erp, loan, offer)
        assert [entry.type for entry in erp.entries(loan)] == ["disbursement", "extension"]
        assert ask(erp, loan).days == 7, "asked for again: the extension as it stands"

    def test_the_signed_word_is_kept(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        accept(erp, loan, offered(bank, erp, loan))
        with bank.gateway.db.read() as session:
            kept = session.get_one(Extension, (loan.id, "EXT/1"))
        assert kept.acceptance is not None and kept.signature is not None
        signed = verify_detached(kept.acceptance, kept.signature, keys=KeySet.of(erp.key))
        assert signed["htu"] == f"/v1/loans/{loan.id}/extensions/EXT%2F1/accept"
        assert kept.approved_by == "Marta Klein"

    def test_only_what_was_offered_can_be_accepted(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offer = offered(bank, erp, loan)
        assert offer.due_date is not None
        for change in (
            {"fee": {"amount": "24.99", "currency": "EUR"}},
            {"fee": {"amount": "25.00", "currency": "USD"}},
            {"due_date": offer.due_date + timedelta(days=1)},
        ):
            with pytest.raises(BankRefused) as refused:
                accept(erp, loan, offer, **change)
            assert code_of(refused) == "terms-mismatch"
        assert erp.http.loan(loan.id).due_date == loan.due_date

    def test_what_is_accepted_at_once_is_granted_once(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offer = offered(bank, erp, loan)
        answers = together(*(lambda: accept(erp, loan, offer) for _ in range(AT_ONCE)))
        assert {answer.status for answer in answers} == {"GRANTED"}
        assert [entry.type for entry in erp.entries(loan)].count("extension") == 1


class TestEnding:
    def test_an_offer_ends_by_the_clock(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offer = offered(bank, erp, loan)
        assert offer.expires_at is not None
        bank.set_clock(offer.expires_at)
        with pytest.raises(BankRefused) as refused:
            accept(erp, loan, offer)
        assert code_of(refused) == "offer-expired"
        bank.run_jobs()
        bank.run_jobs()
        assert [event["type"] for event in told(erp)] == ["extension.offered", "extension.expired"]
        assert ask(erp, loan, extension_id="EXT/2").status == "REQUESTED"

    def test_the_applicant_withdraws_what_is_not_accepted(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offer = offered(bank, erp, loan)
        assert withdraw(erp, loan).status == withdraw(erp, loan).status == "WITHDRAWN"
        with pytest.raises(BankRefused) as refused:
            accept(erp, loan, offer)
        assert code_of(refused) == "wrong-state"
        again = ask(erp, loan, extension_id="EXT/2")
        bank.officer.decline_extension(loan.id, again.extension_id, "No more of it.")
        assert last_told(erp).message == "No more of it."
        with pytest.raises(BankRefused) as refused:
            withdraw(erp, loan, "EXT/2")
        assert code_of(refused) == "wrong-state"

    @pytest.mark.parametrize("is_offered", [False, True])
    def test_what_waits_ends_with_the_loan_and_before_its_end_is_told(
        self, bank: Bank, erp: Erp, loan: wire.Loan, is_offered: bool
    ) -> None:
        if is_offered:
            offered(bank, erp, loan)
        else:
            ask(erp, loan)
        erp.repay(loan, "8000.00")
        ended = "extension.expired" if is_offered else "extension.declined"
        assert erp.event_types()[-3:] == ["repayment.posted", ended, "loan.closed"]
        assert last_told(erp).message == "The loan is repaid."
        with pytest.raises(BankRefused) as refused:
            ask(erp, loan, extension_id="EXT/2")
        assert code_of(refused) == "wrong-state"

    def test_a_call_ends_it_and_no_other_is_taken(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offered(bank, erp, loan)
        bank.officer.call_loan(loan.id, "You stopped paying.")
        assert erp.event_types()[-2:] == ["loan.called", "extension.expired"]
        with pytest.raises(BankRefused) as refused:
            ask(erp, loan, extension_id="EXT/2")
        assert code_of(refused) == "wrong-state"


class TestAsking:
    def test_the_same_extension_counts_once_and_keeps_its_content(self, erp: Erp, loan: wire.Loan) -> None:
        assert ask(erp, loan) == ask(erp, loan)
        with pytest.raises(BankRefused) as refused:
            ask(erp, loan, 15)
        assert [place.pointer for place in refused.value.problem.errors] == ["/extension_id"]
        with pytest.raises(BankRefused) as refused:
            ask(erp, loan, extension_id="EXT/2")
        assert code_of(refused) == "wrong-state", "one at a time"

    def test_a_stranger_and_an_unsigned_request_do_nothing(self, bank: Bank, erp: Erp, loan: wire.Loan) -> None:
        offer = offered(bank, erp, loan)
        assert offer.fee is not None
        acceptance = {
            "fee": offer.fee.model_dump(mode="json"), "due_date": str(offer.due_date), "approved_by": "x",
            "accepted_at": "2026-11-22T10:00:00Z",
        }  # fmt: skip
        attempts: list[tuple[str, dict[str, Any]]] = [
            ("extensions", {"extension_id": "x", "days": 5, "reason": "x"}),
            ("extensions/EXT%2F1/accept", acceptance),
            ("extensions/EXT%2F1/withdraw", {"reason": "x"}),
        ]
        stranger = Erp.approved(bank)
        for path, body in attempts:
            address = f"/v1/loans/{loan.id}/{path}"
            assert stranger.raw("POST", address, body).status_code == 404
            unsigned = erp.raw("POST", address, body, headers={"x-jws-signature": ""})
            assert unsigned.json()["type"] == "urn:openscf:problem:signature-missing"
            by_another_key = erp.raw("POST", address, body, key=stranger.key)
            assert by_another_key.json()["type"] == "urn:openscf:problem:signature-invalid"
        assert last_told(erp).status == "OFFERED"
        with pytest.raises(BankRefused) as refused:
            withdraw(erp, loan, "EXT/2")
        assert code_of(refused) == "not-found"

    def test_an_officer_sees_what_cannot_be_offered_and_decides_once(
        self, bank: Bank, erp: Erp, loan: wire.Loan
    ) -> None:
        assert loan.due_date is not None
        ask(erp, loan)
        present = loan.due_date
        for terms, sentence in (
            ({"fee": "-1"}, "Between 0 and the principal"),
            ({"fee": "1.005"}, "decimals"),
            ({"fee": "much"}, "Write a number"),
            ({"due_date": present}, "Between 20"),
            ({"due_date": present + timedelta(days=367)}, "Between 20"),
        ):
            with pytest.raises(BankProcessError, match=f"422.*{sentence}"):
                bank.officer.offer_extension(loan.id, "EXT/1", **terms)
        bank.officer.offer_extension(loan.id, "EXT/1")
        with pytest.raises(BankProcessError, match="No extension"):
            bank.colleague.decline_extension(loan.id, "EXT/1", "No.")
        assert [event["type"] for event in told(erp)] == ["extension.offered"]
