"""Other documents for disputed ones: held while the officer looks, exchanged or free again, and the cover told anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from erp import Erp, new_key, new_pledge, new_sale
from openscf import wire
from openscf.errors import BankRefused
from openscf.package import MEDIA_TYPE, read_package
from openscf_bank.desk.models import AuditEntry
from openscf_bank.loans.models import Loan
from openscf_bank.loans.shortfall import shortfall
from openscf_bank.testing import BankProcessError
from packages import Sale
from plain_loans import financing
from server import Bank
from sqlalchemy import select


@pytest.fixture
def disputed() -> Sale:
    """An invoice of 11,900.00, for which 8,000.00 are lent at 85 %."""
    return new_sale()


@pytest.fixture
def loan(erp: Erp, disputed: Sale) -> wire.Loan:
    return erp.financed(disputed)


def request_of(erp: Erp, package: bytes, released: list[str], **changes: Any) -> wire.SubstitutionRequest:
    """Put the package, and write the request to release invoices by their numbers."""
    fields = {
        "substitution_id": "SUB/1",
        "released": [{"kind": "customer_invoice", "number": number} for number in released],
        "package_sha256": erp.http.put_document(package, MEDIA_TYPE),
        "package_id": read_package(package).header.package_id,
        "reason": "The buyer disputes the quantity.",
        **changes,
    }
    return wire.SubstitutionRequest.model_validate(fields)


def send(erp: Erp, loan: wire.Loan, request: wire.SubstitutionRequest) -> wire.Substitution:
    return erp.http.substitute(loan.id, request, idempotency_key=new_key())


def substitute(
    erp: Erp, loan: wire.Loan, sale: Sale, released: list[str], *, package: bytes | None = None, **changes: Any
) -> wire.Substitution:
    for content in sale.files.values():
        erp.http.put_document(content, "application/xml")
    return send(erp, loan, request_of(erp, package or erp.package(sale), released, **changes))


def told(erp: Erp) -> list[tuple[str, dict[str, Any]]]:
    return [
        (event["type"], event["data"])
        for event in erp.events()
        if event["type"].startswith(("substitution.", "loan.shortfall"))
    ]


def missing(bank: Bank, loan: wire.Loan) -> Decimal:
    with bank.gateway.unit_of_work() as uow:
        return shortfall(uow, uow.session.get_one(Loan, loan.id))


def problem(refused: pytest.ExceptionInfo[BankRefused]) -> tuple[str, list[str]]:
    found = refused.value.problem
    return found.code, [place.pointer for place in found.errors]


class TestDeciding:
    def test_an_officer_sees_the_package_and_grants_and_the_released_document_is_free(
        self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        erp.collect(loan, "5000.00", kind="dilution", document=("customer_invoice", disputed.number))
        other = new_sale(buyer="Fjordmöbel AS")
        asked = substitute(erp, loan, other, [disputed.number])
        assert asked.status == "REQUESTED"
        with pytest.raises(BankRefused) as refused:
            erp.apply(other)
        assert problem(refused)[0] == "duplicate-document", "held while the officer looks"
        assert "Substitution waits" in bank.officer.page("loans?status=WAITING")
        page = bank.officer.page(f"loans/{loan.id}/substitutions/1")
        for shown in (
            disputed.number, other.number, "Fjordmöbel AS", "Released", "Added", "The buyer disputes the quantity.",
            "2,135.00",  # 8,000.00 less 85 % of 6,900.00
            "10,115.00",  # 85 % of 11,900.00
            "Covered", "Verified", "Grant the substitution",
        ):  # fmt: skip
            assert shown in page, shown
        assert erp.reads()[-1] == ("Camille Moreau", "opened")
        bank.officer.grant_substitution(loan.id, "SUB/1")
        (_, short), (granted, data), (_, covered) = told(erp)
        assert (short["shortfall"]["amount"], granted, covered["shortfall"]["amount"]) == (
            "2135.00", "substitution.granted", "0.00"
        )  # fmt: skip
        assert data["substitution"]["status"] == "GRANTED"
        assert data["substitution"]["released"] == [{"kind": "customer_invoice", "number": disputed.number}]
        assert erp.apply(disputed).status == "OFFERED"
        with pytest.raises(BankRefused) as refused:
            erp.apply(other)
        assert problem(refused)[0] == "duplicate-document"
        assert "Fjordmöbel AS" in bank.officer.page(f"applications/{loan.loan_application_id}")
        erp.repay(loan, "8000.00")
        assert erp.apply(other).status == "OFFERED", "the loan held it until its end"
        with pytest.raises(BankProcessError, match="No substitution"):
            bank.officer.grant_substitution(loan.id, "SUB/1")

    def test_one_that_is_declined_leaves_all_as_it_was(
        self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        other = new_sale()
        substitute(erp, loan, other, [disputed.number])
        page = bank.officer.refused(f"loans/{loan.id}/substitutions/1/decline", {"reason": " "})
        assert "Write a sentence that the applicant understands." in page
        bank.officer.decline_substitution(loan.id, "SUB/1", "This buyer is unknown to us.")
        [(kind, data)] = told(erp)
        assert (kind, data["substitution"]["message"]) == ("substitution.declined", "This buyer is unknown to us.")
        assert erp.apply(other).status == "OFFERED"
        with pytest.raises(BankRefused):
            erp.apply(disputed)
        with bank.gateway.db.read() as session:
            query = select(AuditEntry.action).where(AuditEntry.subject == loan.id).order_by(AuditEntry.id)
            actions = session.scalars(query).all()
        assert actions == ["substitution.viewed", "substitution.declined"]

    def test_a_package_that_does_not_verify_is_the_banks_no_at_once(
        self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        other = new_sale()
        forged = erp.package(other).replace(b"Larch", b"Birch")
        answer = substitute(erp, loan, other, [disputed.number], package=forged)
        assert answer.status == "DECLINED"
        assert answer.message is not None and answer.message.startswith("The package does not verify")
        assert [kind for kind, _ in told(erp)] == ["substitution.declined"]
        assert "Failed" in bank.officer.page(f"loans/{loan.id}/substitutions/1")
        assert erp.apply(other).status == "OFFERED"

    def test_documents_that_stay_carry_what_the_new_package_says(
        self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        """The package says 11,900.00 and knows of the credit note; what is undone afterwards comes on top."""
        financing(erp, loan, "INV/B", outstanding="2000.00")
        document = ("customer_invoice", disputed.number)
        erp.collect(loan, "4000.00", kind="dilution", collection_id="CN/1", document=document)
        erp.collect(loan, "1500.00", kind="dilution", document=("customer_invoice", "INV/B"))
        assert missing(bank, loan) == Decimal("860.00")  # 8,000.00 less 85 % of 8,400.00
        with pytest.raises(BankRefused) as refused:
            substitute(erp, loan, new_sale(), [disputed.number])
        assert problem(refused) == ("validation-failed", ["/package_sha256"]), "INV/B stays and is not in it"
        substitute(erp, loan, disputed, ["INV/B"])
        assert missing(bank, loan) == Decimal("860.00"), "nothing changes before it is granted"
        bank.officer.grant_substitution(loan.id, "SUB/1")
        assert missing(bank, loan) == 0
        erp.collect(loan, "2900.00", kind="dilution", document=document)
        assert missing(bank, loan) == Decimal("350.00")  # 8,000.00 less 85 % of 9,000.00
        erp.collect(loan, "4000.00", kind="undone", reverses="CN/1", document=document)
        assert missing(bank, loan) == 0
        erp.collect(loan, "1000.00", kind="dilution", document=("customer_invoice", "INV/B"))
        erp.collect(loan, "3589.00", kind="dilution", document=document)
        assert missing(bank, loan) == Decimal("0.65"), "85 % of 9,411.00, whatever becomes of INV/B"


class TestEnding:
    def test_it_ends_with_its_consent(self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale) -> None:
        other = new_sale()
        substitute(erp, loan, other, [disputed.number])
        erp.revoke(other.consent_id)
        [(kind, data)] = told(erp)
        assert (kind, data["substitution"]["message"]) == (
            "substitution.declined", "Consent revoked: We have the money from elsewhere."
        )  # fmt: skip
        page = bank.officer.page(f"loans/{loan.id}/substitutions/1")
        assert "The evidence is closed." in page and other.buyer not in page.split("<main")[1]
        assert erp.http.loan(loan.id).status == "ACTIVE"

    def test_it_ends_with_the_loan(self, erp: Erp, loan: wire.Loan, disputed: Sale) -> None:
        other = new_sale()
        substitute(erp, loan, other, [disputed.number])
        erp.repay(loan, "8000.00")
        assert erp.event_types()[-3:] == ["repayment.posted", "substitution.declined", "loan.closed"]
        assert erp.apply(other).status == "OFFERED"
        with pytest.raises(BankRefused) as refused:
            substitute(erp, loan, new_sale(), [disputed.number], substitution_id="SUB/2")
        assert problem(refused)[0] == "wrong-state"


class TestAsking:
    def test_the_same_substitution_counts_once_and_keeps_its_content(
        self, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        request = request_of(erp, erp.package(new_sale(left_out=frozenset({"attachments"}))), [disputed.number])
        first = send(erp, loan, request)
        assert first.status == "DECLINED", "a file that the bank asks for is lacking"
        assert send(erp, loan, request) == first
        assert len(told(erp)) == 1
        with pytest.raises(BankRefused) as refused:
            send(erp, loan, request.model_copy(update={"reason": "Another."}))
        assert problem(refused) == ("validation-failed", ["/substitution_id"])
        substitute(erp, loan, new_sale(), [disputed.number], substitution_id="SUB/2")
        with pytest.raises(BankRefused) as refused:
            substitute(erp, loan, new_sale(), [disputed.number], substitution_id="SUB/3")
        assert problem(refused)[0] == "wrong-state", "one at a time"

    def test_what_cannot_be_exchanged_is_refused(self, erp: Erp, loan: wire.Loan, disputed: Sale) -> None:
        elsewhere = new_sale()
        erp.offered(elsewhere)
        attempts = [
            (new_sale(), ["INV/X"], ("validation-failed", ["/released/0"])),
            (disputed, [disputed.number], ("validation-failed", ["/package_sha256"])),
            (elsewhere, [disputed.number], ("duplicate-document", ["/documents_fingerprints"])),
        ]
        for sale, released, expected in attempts:
            with pytest.raises(BankRefused) as refused:
                substitute(erp, loan, sale, released)
            assert problem(refused) == expected
        pledge = new_pledge()
        goods = {"kind": "pledged_goods", "number": pledge.lots[0].number}
        request = request_of(erp, erp.package(new_sale()), [disputed.number])
        with pytest.raises(BankRefused) as refused:
            send(erp, erp.financed(pledge), request.model_copy(update={"released": (wire.DocumentRef(**goods),)}))
        assert problem(refused) == ("validation-failed", ["/released/0"])
        assert told(erp) == []

    def test_a_package_for_another_bank_is_erased(self, erp: Erp, loan: wire.Loan, disputed: Sale) -> None:
        package = new_sale().package(erp.key, "http://other.example")
        request = request_of(erp, package, [disputed.number])
        with pytest.raises(BankRefused) as refused:
            send(erp, loan, request)
        assert problem(refused)[0] == "consent-invalid"
        assert erp.raw("HEAD", f"/v1/documents/{request.package_sha256}").status_code == 404

    def test_a_stranger_and_an_unsigned_request_do_nothing(
        self, bank: Bank, erp: Erp, loan: wire.Loan, disputed: Sale
    ) -> None:
        stranger = Erp.approved(bank)
        body = request_of(erp, erp.package(new_sale()), [disputed.number]).to_wire()
        path = f"/v1/loans/{loan.id}/substitutions"
        assert stranger.raw("POST", path, body).status_code == 404
        unsigned = erp.raw("POST", path, body, headers={"x-jws-signature": ""})
        assert unsigned.json()["type"] == "urn:openscf:problem:signature-missing"
        assert "Substitutions" not in bank.officer.page(f"loans/{loan.id}")
