"""Consent and boundary: what the bank takes in, who reads it, and what is left when the consent ends."""

from __future__ import annotations

import hashlib
import html
import io
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from typing import Any

import pikepdf
import pytest
import requests
import sqlalchemy as sa
from erp import Erp, new_key, new_sale
from openscf import wire
from openscf.errors import BankRefused
from openscf.package import MEDIA_TYPE, read_package
from openscf.pdf import draw_pdf
from openscf_bank.documents.models import Document
from openscf_bank.jobs import prune
from openscf_bank.packages.models import PackageRead, ReceivedPackage
from openscf_bank.testing import OFFICER_NAME, BankProcessError
from packages import Sale
from server import Bank


def refused(erp: Erp, sale: Sale, **changes: Any) -> wire.Problem:
    """The problem with which an application is turned away."""
    with pytest.raises(BankRefused) as found:
        erp.apply(sale, **changes)
    return found.value.problem


def waiting(erp: Erp, sale: Sale | None = None) -> tuple[Sale, wire.LoanApplication]:
    """An application that an officer has to decide about."""
    sale = sale or new_sale(invoices=2)
    application = erp.apply(sale)
    assert application.status == "PROCESSING", application
    return sale, application


def kept(bank: Bank, application_id: str) -> tuple[ReceivedPackage, bool]:
    """The stored package, and whether its file is still there."""
    with bank.gateway.db.read() as session:
        received = session.scalars(
            sa.select(ReceivedPackage)
            .where(ReceivedPackage.application_id == application_id)
            .options(sa.orm.undefer(ReceivedPackage.sections))
        ).one()
        there = session.scalars(sa.select(Document.sha256).where(Document.sha256 == received.sha256)).first()
    return received, there is not None


class TestArrival:
    def test_a_consent_for_another_bank_is_refused(self, erp: Erp) -> None:
        sale = new_sale()
        problem = refused(erp, sale, package=sale.package(erp.key, "https://other.example"))
        assert problem.code == "consent-invalid"
        assert problem.errors[0].pointer == "/sections/consent/recipient/issuer"

    def test_a_package_that_is_not_for_this_bank_is_not_kept(self, erp: Erp) -> None:
        sale = new_sale()
        package = sale.package(erp.key, "https://other.example")
        refused(erp, sale, package=package)
        assert erp.raw("HEAD", f"/v1/documents/{hashlib.sha256(package).hexdigest()}").status_code == 404
        assert erp.reads() == []

    def test_a_consent_that_has_expired_by_the_banks_clock_is_refused(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(consent_days=3)
        bank.days_pass(4)
        problem = refused(erp, sale)
        assert (problem.code, problem.status) == ("consent-invalid", 422)
        assert problem.errors[0].pointer == "/sections/consent/expires_at"

    def test_a_consent_that_was_revoked_before_its_package_came_is_refused(self, erp: Erp) -> None:
        sale = new_sale()
        assert erp.revoke(sale.consent_id).status == "REVOKED"
        assert refused(erp, sale).errors[0].pointer == "/sections/consent/consent_id"

    def test_a_consents_id_keeps_its_first_terms(self, erp: Erp) -> None:
        sale = new_sale()
        erp.apply(sale)
        again = new_sale(consent_id=sale.consent_id, consent_days=900)
        assert "other terms" in refused(erp, again).detail
        assert erp.apply(new_sale(consent_id=sale.consent_id, made_at=sale.made_at)).status == "OFFERED"

    def test_a_section_that_the_bank_asks_for_must_be_there(self, erp: Erp) -> None:
        application = erp.apply(new_sale(left_out=frozenset({"inventory"})))
        assert application.rejection is not None
        assert application.rejection.reason == "DOC_IRREGULARITIES"
        assert "asks for the section inventory" in application.rejection.message

    def test_a_kind_of_file_that_the_bank_asks_for_must_be_listed(self, erp: Erp) -> None:
        sale = new_sale(kinds_left_out=frozenset({"ubl_invoice"}))
        application = erp.apply(sale)
        assert application.rejection is not None
        assert f"a file of kind ubl_invoice for {sale.number}" in application.rejection.message

    def test_a_file_that_could_not_be_made_refers_to_an_officer_with_the_reason(self, bank: Bank, erp: Erp) -> None:
        why = "The field 'Country' is required on Alpenbau AG."
        unmade = [{"kind": "ubl_invoice", "reason": why}]
        sale = new_sale(kinds_left_out=frozenset({"ubl_invoice"}), not_made=unmade)
        application = erp.apply(sale)
        assert (application.status, application.offers) == ("PROCESSING", ())
        page = html.unescape(bank.officer.fetch(f"applications/{application.id}").text)
        assert why in page
        assert f"The applicant could not make ubl_invoice for {sale.number}; the package's findings say why." in page

    def test_the_reason_goes_with_the_consent(self, bank: Bank, erp: Erp) -> None:
        """It is the applicant's word on a document that only the consent lets the bank read about."""
        why = "The field 'Country' is required on Alpenbau AG."
        unmade = [{"kind": "ubl_invoice", "reason": why}]
        sale = new_sale(kinds_left_out=frozenset({"ubl_invoice"}), not_made=unmade)
        application = erp.apply(sale)
        erp.revoke(sale.consent_id)
        assert why not in html.unescape(bank.officer.fetch(f"applications/{application.id}").text)

    def test_a_reason_for_another_document_excuses_nothing(self, erp: Erp) -> None:
        unmade = [{"kind": "ubl_invoice", "document": "S00042", "reason": "The order has no line."}]
        application = erp.apply(new_sale(kinds_left_out=frozenset({"ubl_invoice"}), not_made=unmade))
        assert application.rejection is not None
        assert "asks for a file of kind ubl_invoice" in application.rejection.message

    def test_an_advice_that_could_not_be_made_is_referred_too(self, erp: Erp) -> None:
        unmade = [{"kind": "ubl_despatch_advice", "reason": "Another customer ordered the goods."}]
        sale = new_sale(kinds_left_out=frozenset({"ubl_despatch_advice"}), not_made=unmade)
        assert erp.apply(sale).status == "PROCESSING"

    def test_a_listed_file_must_have_come(self, erp: Erp) -> None:
        sale = new_sale()
        request = erp.request(sale, files={})
        application = erp.http.application(erp.http.apply(request, idempotency_key=new_key()).id)
        assert application.rejection is not None
        assert "invoice-00042.xml did not come" in application.rejection.message

    def test_a_package_that_does_not_verify_binds_no_consent(self, erp: Erp) -> None:
        """Its consent may be corrected under the same id."""
        sale = new_sale()
        changed = erp.package(sale).replace(b"Jonas Petersen", b"Jonas Pedersen")
        assert erp.apply(sale, changed).status == "REJECTED"
        assert erp.apply(sale).status == "OFFERED"


class TestPdf:
    """The package as one PDF/A-3 with its files embedded."""

    def apply(self, erp: Erp, sale: Sale, pdf: bytes) -> wire.LoanApplication:
        request = erp.request(sale, pdf, files={})
        return erp.http.application(erp.http.apply(request, idempotency_key=new_key()).id)

    def test_a_pdf_is_taken_and_its_parts_are_served(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2)
        pdf = sale.pdf(erp.key, bank.url)
        application = self.apply(erp, sale, pdf)
        assert application.status == "PROCESSING", application.rejection
        whole = bank.officer.fetch(f"applications/{application.id}/package")
        assert (whole.content, whole.headers["content-type"]) == (pdf, "application/pdf")
        json_part = bank.officer.fetch(f"applications/{application.id}/package.scf.json").content
        assert read_package(json_part) == read_package(pdf)
        part = bank.officer.fetch(f"applications/{application.id}/attachments/despatch-00042.xml").content
        assert part == sale.files["despatch-00042.xml"]

    def test_a_changed_byte_of_the_pdf_is_found(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        pdf = bytearray(sale.pdf(erp.key, bank.url))
        at = pdf.index(b"stream") + 40
        pdf[at] ^= 1
        application = self.apply(erp, sale, bytes(pdf))
        assert application.rejection is not None
        assert application.rejection.reason == "DOC_IRREGULARITIES"
        assert "#" in application.rejection.message

    def test_an_exchanged_file_is_found_and_not_served(self, bank: Bank, erp: Erp) -> None:
        sale, whole = new_sale(), io.BytesIO()
        with pikepdf.open(io.BytesIO(sale.pdf(erp.key, bank.url))) as pdf:
            name = "invoice-00042.xml"
            pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, b"<Invoice>other</Invoice>", filename=name)
            pdf.save(whole)
        application = self.apply(erp, sale, whole.getvalue())
        assert application.rejection is not None
        assert "#embedded/invoice-00042.xml" in application.rejection.message
        with pytest.raises(BankProcessError, match="404.*another than was sealed"):
            bank.officer.fetch(f"applications/{application.id}/attachments/{name}")

    def test_a_pdf_without_the_files_that_the_bank_asks_for_is_rejected(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(kinds_left_out=frozenset({"ubl_despatch_advice"}))
        files = {"invoice-00042.xml": sale.files["invoice-00042.xml"]}
        pdf = draw_pdf(sale.package(erp.key, bank.url), attachments=files, key=erp.key)
        application = self.apply(erp, sale, pdf)
        assert application.rejection is not None
        assert "asks for the despatch advice" in application.rejection.message


class TestReading:
    def test_every_reading_is_told_and_listed(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2)
        package = erp.package(sale)
        application = erp.apply(sale, package)
        page = f"applications/{application.id}"
        for part in ("", "", "/package", "/package.scf.json", "/attachments/invoice-00042.xml"):
            bank.officer.fetch(page + part)
        log = erp.http.access_log(read_package(package).header.package_id)
        assert [(read.reader, read.action, read.part) for read in log.reads] == [
            ("system", "verified", None),
            (OFFICER_NAME, "opened", None),
            (OFFICER_NAME, "opened", None),
            (OFFICER_NAME, "downloaded", None),
            (OFFICER_NAME, "downloaded", None),
            (OFFICER_NAME, "attachment_downloaded", "invoice-00042.xml"),
        ]
        told = [event for event in erp.events() if event["type"] == "package.read"]
        assert [event["data"]["read"] for event in told] == [read.to_wire() for read in log.reads]
        assert {event["subject"]["reference"] for event in told} == {application.reference}

    def test_an_attachment_is_the_file_that_was_sealed(self, bank: Bank, erp: Erp) -> None:
        sale, application = waiting(erp)
        path = f"applications/{application.id}/attachments/invoice-00042.xml"
        answer = bank.officer.fetch(path)
        assert answer.content == sale.files["invoice-00042.xml"]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        with pytest.raises(BankProcessError, match="404"):
            bank.officer.fetch(f"applications/{application.id}/attachments/other.xml")
        assert (OFFICER_NAME, "attachment_downloaded") in erp.reads()
        assert len(erp.reads()) == 2, "a file that does not exist was not read"

    def test_a_reply_is_judged_again_and_that_is_a_reading(self, bank: Bank, erp: Erp) -> None:
        _, application = waiting(erp)
        bank.officer.ask(application.id, "Why so few?")
        erp.http.reply(application.id, wire.Reply(message="They are new."), idempotency_key=new_key())
        assert erp.reads().count(("system", "verified")) == 2

    def test_a_page_that_cannot_be_written_down_is_not_shown(
        self, bank: Bank, erp: Erp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, application = waiting(erp)
        bank.officer.log_in()

        def broken(*_: Any, **__: Any) -> None:
            raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

        monkeypatch.setattr("openscf_bank.packages.reading.emit", broken)
        with pytest.raises(BankProcessError, match="500") as found:
            bank.officer.page(f"applications/{application.id}")
        assert "Larch" not in str(found.value)
        monkeypatch.undo()
        assert erp.reads() == [("system", "verified")]

    def test_the_access_log_is_never_changed(self, bank: Bank, erp: Erp) -> None:
        erp.offered()
        with pytest.raises(sa.exc.DBAPIError), bank.gateway.db.write() as session:
            session.execute(sa.delete(PackageRead))

    def test_bytes_that_are_no_package_are_not_read(self, erp: Erp) -> None:
        erp.apply(new_sale(), package_sha256=erp.http.put_document(b"{}", MEDIA_TYPE))
        assert erp.reads() == []


class TestLeftovers:
    """What no consent covers, as far as the bank knows."""

    def put_days_ago(self, bank: Bank, days: int) -> None:
        with bank.gateway.db.write() as session:
            session.execute(sa.update(Document).values(received_at=datetime.now(timezone.utc) - timedelta(days=days)))

    def is_there(self, erp: Erp, content: bytes) -> bool:
        return erp.raw("HEAD", f"/v1/documents/{hashlib.sha256(content).hexdigest()}").status_code == 200

    def test_a_file_that_is_no_package_is_not_kept(self, erp: Erp) -> None:
        """It tells all the same: here only one name of a member is wrong."""
        sale = new_sale()
        package = erp.package(sale)
        broken = package.replace(b'"technique"', b'"technik"')
        application = erp.apply(sale, package, package_sha256=erp.http.put_document(broken, MEDIA_TYPE))
        assert application.rejection is not None
        assert not self.is_there(erp, broken)

    def test_what_was_refused_or_never_applied_with_is_forgotten_after_a_week(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        applied, refused_one, unused = erp.package(sale), erp.package(new_sale(number=sale.number)), b"never sent"
        erp.apply(sale, applied)
        assert refused(erp, sale, package=refused_one).code == "duplicate-document"
        erp.http.put_document(unused, "text/plain")
        self.put_days_ago(bank, 6)
        prune(bank.gateway)
        assert self.is_there(erp, unused) and self.is_there(erp, refused_one)

        self.put_days_ago(bank, 8)
        erp.http.put_document(unused, "text/plain")
        prune(bank.gateway)
        assert not self.is_there(erp, refused_one)
        assert self.is_there(erp, unused), "it was put again: somebody is about to apply with it"
        assert all(self.is_there(erp, content) for content in (applied, *sale.files.values()))


class TestRevocation:
    def test_the_evidence_closes_and_the_application_is_cancelled(self, bank: Bank, erp: Erp) -> None:
        sale, application = waiting(erp)
        assert "Larch board" in bank.officer.page(f"applications/{application.id}")
        read_before = erp.reads()
        erp.revoke(sale.consent_id, "We found another bank.")

        assert erp.http.application(application.id).status == "CANCELLED"
        page = bank.officer.page(f"applications/{application.id}")
        assert "The applicant revoked its consent" in page and "We found another bank." in page
        for gone in ("Larch board", "Alpenbau AG", "WH/OUT/00042", "DE02120300000000202051"):
            assert gone not in page, gone
        for path in ("package", "package.scf.json", "attachments/invoice-00042.xml"):
            with pytest.raises(BankProcessError, match="409"):
                bank.officer.fetch(f"applications/{application.id}/{path}")
        assert erp.reads() == read_before, "a refused attempt is no reading"

    def test_nothing_of_the_package_is_kept(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2, buyer=f"Canary {uuid.uuid4().hex}")
        _, application = waiting(erp, sale)
        package_sha256 = kept(bank, application.id)[0].sha256
        erp.revoke(sale.consent_id)
        received, file_is_there = kept(bank, application.id)
        assert (received.sections, file_is_there) == (None, False)
        files = [hashlib.sha256(content).hexdigest() for content in sale.files.values()]
        for sha256 in (package_sha256, *files):
            assert erp.raw("HEAD", f"/v1/documents/{sha256}").status_code == 404
        assert sale.buyer not in everything(bank)

    def test_what_was_said_about_the_package_is_not_kept_either(self, bank: Bank, erp: Erp) -> None:
        sale, application = waiting(erp)
        canary = f"Canary {uuid.uuid4().hex}"
        bank.officer.ask(application.id, f"Who is {canary}?")
        erp.http.reply(application.id, wire.Reply(message=f"{canary} is our driver."), idempotency_key=new_key())
        bank.officer.decline(application.id, f"{canary} signed for the goods.")
        assert canary in bank.officer.page(f"applications/{application.id}")
        erp.revoke(sale.consent_id)
        assert canary not in bank.officer.page(f"applications/{application.id}")
        rejection = erp.http.application(application.id).rejection
        assert rejection is not None
        assert "erased with the evidence" in rejection.message
        assert canary not in everything(bank, but={"events"}), (
            "but for the signed events, which are the applicant's too"
        )

    def test_an_open_offer_is_declined_first(self, erp: Erp) -> None:
        sale = new_sale()
        offer = erp.offered(sale)
        erp.revoke(sale.consent_id)
        assert erp.http.offer(offer.id).status == "DECLINED"
        assert erp.event_types()[-2:] == ["offer.declined", "loan_application.cancelled"]
        assert erp.apply(new_sale(number=sale.number)).status == "OFFERED", "the document is free again"

    def test_a_granted_loan_goes_on_with_its_figures(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        loan = erp.financed(sale)
        erp.revoke(sale.consent_id)
        assert erp.http.loan(loan.id).status == "ACTIVE"
        assert erp.http.application(loan.loan_application_id).status == "DISBURSEMENT_COMPLETED"
        page = bank.officer.page(f"applications/{loan.loan_application_id}")
        assert loan.number in page and sale.number in page and "Alpenbau AG" in page
        assert "Larch board" not in page
        erp.collect(loan, "11900.00")
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_the_first_revocation_counts(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        erp.apply(sale)
        first = erp.revoke(sale.consent_id)
        bank.days_pass(2)
        later = wire.ConsentRevocation(reason="again", revoked_at=datetime.now(timezone.utc) + timedelta(days=2))
        assert erp.http.revoke_consent(sale.consent_id, later, idempotency_key=new_key()) == first

    def test_the_access_log_stays(self, erp: Erp) -> None:
        sale = new_sale()
        package = erp.package(sale)
        erp.apply(sale, package)
        erp.revoke(sale.consent_id)
        assert len(erp.http.access_log(read_package(package).header.package_id).reads) == 1


class TestExpiry:
    def test_the_evidence_is_closed_from_the_moment_of_expiry(self, bank: Bank, erp: Erp) -> None:
        """Before the job has erased anything."""
        _, application = waiting(erp, new_sale(invoices=2, consent_days=5))
        bank.set_clock(bank.today() + timedelta(days=6))
        page = bank.officer.page(f"applications/{application.id}")
        assert "The applicant&#39;s consent expired on" in page and "Larch board" not in page
        with pytest.raises(BankProcessError, match="409"):
            bank.officer.approve(application.id)
        assert erp.reads() == [("system", "verified")]

    def test_what_is_not_decided_is_rejected_and_the_package_erased(self, bank: Bank, erp: Erp) -> None:
        _, application = waiting(erp, new_sale(invoices=2, consent_days=5))
        bank.days_pass(6)
        rejected = erp.http.application(application.id)
        assert rejected.rejection is not None
        assert rejected.rejection.reason == "AA_FAILED"
        assert "Apply again with a new one" in rejected.rejection.message
        received, file_is_there = kept(bank, application.id)
        assert (received.sections, file_is_there) == (None, False)

    def test_an_open_offer_stands_until_its_own_expiry(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered(new_sale(consent_days=3))
        bank.days_pass(4)
        assert erp.http.offer(offer.id).status == "OPEN"
        assert erp.accept(offer).status == "GRANTED"

    def test_a_reply_after_the_expiry_needs_a_new_consent(self, bank: Bank, erp: Erp) -> None:
        sale, application = waiting(erp, new_sale(invoices=2, consent_days=5))
        bank.officer.ask(application.id, "Why so few?")
        bank.set_clock(bank.today() + timedelta(days=6))
        with pytest.raises(BankRefused) as found:
            erp.http.reply(application.id, wire.Reply(message="New."), idempotency_key=new_key())
        assert found.value.problem.code == "consent-invalid"
        fresh = new_sale(number=sale.number, consent_days=60)
        package = erp.package(fresh)
        reply = wire.Reply(
            message="Here.",
            package_sha256=erp.http.put_document(package, MEDIA_TYPE),
            package_id=read_package(package).header.package_id,
        )
        assert erp.http.reply(application.id, reply, idempotency_key=new_key()).status == "PROCESSING"


class TestOutsiders:
    def test_a_strangers_revocation_touches_only_its_own(self, bank: Bank, erp: Erp) -> None:
        sale, application = waiting(erp)
        stranger = Erp.approved(bank)
        assert stranger.revoke(sale.consent_id).status == "REVOKED"
        assert erp.http.application(application.id).status == "PROCESSING"
        assert "Larch board" in bank.officer.page(f"applications/{application.id}")

    def test_an_access_log_is_its_clients_own(self, bank: Bank, erp: Erp) -> None:
        package = erp.package(sale := new_sale())
        erp.apply(sale, package)
        path = f"/v1/packages/{read_package(package).header.package_id}/access-log"
        assert erp.raw("GET", path).status_code == 200
        assert Erp.approved(bank).raw("GET", path).status_code == 404
        assert requests.get(bank.url + path, timeout=30).status_code == 401

    def test_a_revocation_is_signed(self, erp: Erp) -> None:
        sale, application = waiting(erp)
        body = {"reason": "x", "revoked_at": "2026-11-22T05:55:49Z"}
        path = f"/v1/consents/{sale.consent_id}/revoke"
        assert erp.raw("POST", path, body, headers={"x-jws-signature": ""}).status_code == 401
        elsewhere = "/v1/consents/urn:uuid:00000000-0000-4000-8000-000000000000/revoke"
        assert erp.raw("POST", path, body, htu=elsewhere).status_code == 401
        assert erp.raw("POST", "/v1/consents/x/revoke", body).status_code == 422
        assert erp.http.application(application.id).status == "PROCESSING"

    def test_a_suspended_client_may_still_revoke_and_look_who_read(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale(invoices=2)
        package = erp.package(sale)
        erp.apply(sale, package)
        bank.suspend(erp.client_id)
        assert len(erp.http.access_log(read_package(package).header.package_id).reads) == 1
        assert erp.revoke(sale.consent_id).status == "REVOKED"
        assert erp.event_types()[-1] == "loan_application.cancelled"

    def test_a_client_that_was_never_approved_may_do_neither(self, bank: Bank) -> None:
        pending = Erp(bank)
        with pytest.raises(BankRefused) as found:
            pending.revoke(new_sale().consent_id)
        assert found.value.problem.code == "client-not-approved"

    @pytest.mark.parametrize("part", ["", "/package", "/package.scf.json", "/attachments/invoice-00042.xml"])
    def test_who_is_not_logged_in_reads_nothing(self, bank: Bank, erp: Erp, part: str) -> None:
        _, application = waiting(erp)
        answer = requests.get(f"{bank.url}/desk/applications/{application.id}{part}", timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.content) == (303, b"")
        assert erp.reads() == [("system", "verified")]


def everything(bank: Bank, *, but: Collection[str] = ()) -> str:
    """All that the database holds, as text, without the tables `but`."""
    with bank.gateway.db.read() as session:
        tables = [name for name in sa.inspect(session.get_bind()).get_table_names() if name not in but]
        return "\n".join(str(row) for name in tables for row in session.execute(sa.text(f'SELECT * FROM "{name}"')))
