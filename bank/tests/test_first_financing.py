"""The journey from discovery to a repaid loan, as an ERP sees it."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from erp import Erp, acceptance_of, new_key, new_sale
from openscf import wire
from openscf.errors import BankRefused
from openscf.loan import payoff_amount
from openscf.package import MEDIA_TYPE, read_package
from openscf_bank.testing import BankProcessError
from server import Bank


def test_a_loan_is_offered_accepted_paid_out_collected_and_closed(bank: Bank, erp: Erp) -> None:
    sale = new_sale()
    offer = erp.offered(sale)
    assert offer.terms.principal == wire.Money(amount=Decimal("8000.00"), currency="EUR")
    assert offer.terms.rate_pa == Decimal("7.90")
    assert offer.terms.fee.amount == Decimal("40.00")

    granted = erp.accept(offer)
    assert granted.status == "GRANTED"
    loan = erp.http.loan(granted.id)
    assert loan.status == "ACTIVE"
    assert loan.disbursed == wire.Money(amount=Decimal("7960.00"), currency="EUR")
    assert loan.due_date == bank.today() + timedelta(days=45)

    bank.days_pass(30)
    receipt = erp.collect(loan, "11900.00")
    assert receipt.repayment is not None and receipt.repayment.entry is not None
    # 8000 at 7.90 % for 30 days of 360.
    assert receipt.repayment.entry.amount == Decimal("8052.67")
    assert receipt.repayment.entry.allocation is not None
    assert receipt.repayment.entry.allocation.interest == Decimal("52.67")

    closed = erp.http.loan(loan.id)
    assert closed.status == "CLOSED"
    assert closed.balance.total == 0
    assert erp.http.application(offer.loan_application_id).status == "CLOSED"
    assert erp.event_types() == [
        "client.approved",
        "loan_application.processing",
        "offer.created",
        "loan.granted",
        "loan.disbursed",
        "repayment.posted",
        "loan.closed",
    ]


def test_the_answer_to_an_application_shows_it_as_received(erp: Erp) -> None:
    answer = erp.http.apply(erp.request(new_sale()), idempotency_key=new_key())
    assert answer.status == "PROCESSING"
    assert erp.http.application(answer.id).status == "OFFERED"


def test_an_instalment_loan_has_monthly_instalments(erp: Erp) -> None:
    sale = new_sale(technique="pre_shipment", kind="sales_order", tenor_days=90, requested=Decimal("6000.00"))
    loan = erp.financed(sale, repayment="instalment")
    assert [row.number for row in loan.schedule] == [1, 2, 3]
    assert sum(row.principal for row in loan.schedule) == Decimal("6000.00")


def test_money_in_a_currency_without_decimals_is_not_offered_here(erp: Erp) -> None:
    application = erp.apply(new_sale(currency="JPY", gross=Decimal("1190000"), requested=Decimal("800000")))
    assert application.status == "REJECTED"
    assert application.rejection is not None and "JPY" in application.rejection.message


def test_a_bad_payer_is_declined_by_a_rule(erp: Erp) -> None:
    application = erp.apply(new_sale(late_share="82.00"))
    assert application.status == "REJECTED"
    assert application.rejection is not None
    assert application.rejection.reason == "LOW_CREDIT_SCORE"
    assert application.rejection.message == "The buyer pays too large a share of its invoices late."


def test_a_higher_request_is_cut_to_the_advance_rate(erp: Erp) -> None:
    offer = erp.offered(new_sale(requested=Decimal("11900.00")))
    assert offer.terms.principal.amount == Decimal("10115.00")  # 85 % of 11900


class TestPackage:
    """What the bank does with a package that is not what it should be."""

    def test_a_changed_byte_is_found_and_the_application_rejected(self, erp: Erp) -> None:
        sale = new_sale()
        package = erp.package(sale).replace(b"Larch board 28 mm", b"Larch board 29 mm")
        application = erp.apply(sale, package)
        assert application.status == "REJECTED"
        assert application.rejection is not None
        assert application.rejection.reason == "DOC_IRREGULARITIES"
        assert "/leaves/" in application.rejection.message

    def test_a_package_sealed_by_another_key_is_rejected(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        application = erp.apply(sale, sale.package(Erp(bank).key, bank.url))
        assert application.status == "REJECTED"
        assert application.rejection is not None and "/seal" in application.rejection.message

    def test_a_package_of_another_company_is_rejected(self, bank: Bank, erp: Erp) -> None:
        application = erp.apply(new_sale(seller_tax_id="DE811128135"))
        assert application.status == "REJECTED"
        assert application.rejection is not None and "another tax id" in application.rejection.message

    def test_a_package_that_says_another_amount_is_rejected(self, erp: Erp) -> None:
        application = erp.apply(new_sale(), requested={"amount": "8000.01", "currency": "EUR"})
        assert application.rejection is not None and "8000.01" in application.rejection.message

    def test_other_fingerprints_than_the_packages_are_rejected(self, erp: Erp) -> None:
        application = erp.apply(new_sale(), documents_fingerprints=["0" * 64])
        assert application.rejection is not None and "documents_fingerprints" in application.rejection.message

    def test_an_unknown_package_is_refused(self, erp: Erp) -> None:
        with pytest.raises(BankRefused) as refused:
            erp.apply(new_sale(), package_sha256="0" * 64)
        assert refused.value.problem.code == "validation-failed"
        assert refused.value.problem.errors[0].pointer == "/package_sha256"

    def test_bytes_that_are_no_package_are_rejected_with_the_finding(self, erp: Erp) -> None:
        sale = new_sale()
        sha256 = erp.http.put_document(b'{"not": "a package"}', MEDIA_TYPE)
        application = erp.apply(sale, package_sha256=sha256)
        assert application.rejection is not None and application.rejection.reason == "DOC_IRREGULARITIES"


class TestOffers:
    def test_an_offer_expires_by_the_clock_and_the_application_with_it(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered()
        bank.days_pass(8)
        assert erp.http.offer(offer.id).status == "EXPIRED"
        assert erp.http.application(offer.loan_application_id).status == "CANCELLED"
        assert erp.event_types()[-2:] == ["offer.expired", "loan_application.cancelled"]
        with pytest.raises(BankRefused) as refused:
            erp.accept(offer)
        assert (refused.value.status, refused.value.problem.code) == (410, "offer-expired")

    def test_an_expired_offer_cannot_be_accepted_before_the_job_has_seen_it(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered()
        bank.set_clock(bank.today() + timedelta(days=8))
        with pytest.raises(BankRefused) as refused:
            erp.accept(offer)
        assert refused.value.problem.code == "offer-expired"

    def test_an_offer_stands_until_the_second_before_it_expires(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered()
        bank.set_clock(offer.expires_at - timedelta(seconds=1))
        bank.run_jobs()
        assert erp.http.offer(offer.id).status == "OPEN"
        assert erp.accept(offer).status == "GRANTED"
        bank.set_clock(offer.expires_at)
        bank.run_jobs()
        assert erp.http.offer(offer.id).status == "ACCEPTED"

    @pytest.mark.parametrize("job_first", [True, False], ids=["the job was first", "the answer was first"])
    def test_at_the_second_it_expires_an_offer_is_beyond_every_answer(
        self, bank: Bank, erp: Erp, job_first: bool
    ) -> None:
        offer = erp.offered()
        bank.set_clock(offer.expires_at)
        if job_first:
            bank.run_jobs()
        for answer in (
            lambda: erp.accept(offer),
            lambda: erp.http.decline(offer.id, "too dear", idempotency_key=new_key()),
        ):
            with pytest.raises(BankRefused) as refused:
                answer()
            assert (refused.value.status, refused.value.problem.code) == (410, "offer-expired")
        with pytest.raises(BankProcessError, match="410: .* The offer has expired"):
            bank.officer.withdraw(offer.loan_application_id, offer.id, "Too late.")
        bank.run_jobs()
        assert erp.http.offer(offer.id).status == "EXPIRED"
        assert erp.http.application(offer.loan_application_id).status == "CANCELLED"
        assert erp.event_types()[-3:] == ["offer.created", "offer.expired", "loan_application.cancelled"]

    def test_other_terms_cannot_be_accepted(self, erp: Erp) -> None:
        offer = erp.offered()
        with pytest.raises(BankRefused) as refused:
            erp.http.accept(offer.id, acceptance_of(offer, terms_sha256="0" * 64), idempotency_key=new_key())
        assert (refused.value.status, refused.value.problem.code) == (422, "terms-mismatch")

    def test_an_offer_is_accepted_once(self, erp: Erp) -> None:
        offer = erp.offered()
        erp.accept(offer)
        with pytest.raises(BankRefused) as refused:
            erp.accept(offer)
        assert refused.value.problem.code == "wrong-state"
        assert erp.event_types().count("loan.granted") == 1

    def test_declining_the_last_offer_ends_the_application_and_frees_its_document(self, erp: Erp) -> None:
        sale = new_sale()
        offer = erp.offered(sale)
        assert erp.http.decline(offer.id, "too dear", idempotency_key=new_key()).status == "DECLINED"
        assert erp.http.application(offer.loan_application_id).status == "CANCELLED"
        assert erp.apply(sale).status == "OFFERED"

    def test_an_application_can_be_cancelled_until_an_offer_is_accepted(self, erp: Erp) -> None:
        offer = erp.offered()
        cancelled = erp.http.cancel(offer.loan_application_id, "not needed", idempotency_key=new_key())
        assert cancelled.status == "CANCELLED"
        assert cancelled.offers[0].status == "DECLINED"
        loan = erp.financed()
        with pytest.raises(BankRefused) as refused:
            erp.http.cancel(loan.loan_application_id, "too late", idempotency_key=new_key())
        assert refused.value.problem.code == "wrong-state"


class TestDuplicates:
    def test_a_document_in_an_open_application_cannot_be_financed_again(self, bank: Bank, erp: Erp) -> None:
        sale = new_sale()
        erp.offered(sale)
        with pytest.raises(BankRefused) as refused:
            erp.apply(sale)
        assert (refused.value.status, refused.value.problem.code) == (409, "duplicate-document")
        # Nor under another name of the same company.
        with pytest.raises(BankRefused):
            Erp.approved(bank).apply(sale)

    def test_a_repaid_document_is_free_again(self, erp: Erp) -> None:
        sale = new_sale()
        loan = erp.financed(sale)
        erp.collect(loan, "11900.00")
        assert erp.apply(sale).status == "OFFERED"

    def test_a_reference_is_used_once(self, erp: Erp) -> None:
        erp.apply(new_sale(), reference="FIN/2026/00001")
        with pytest.raises(BankRefused) as refused:
            erp.apply(new_sale(), reference="FIN/2026/00001")
        assert refused.value.problem.code == "wrong-state"


class TestDisbursement:
    def test_a_payment_that_takes_time_is_followed_by_the_job(
        self, bank: Bank, erp: Erp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bank.core_banking, "_delay", timedelta(hours=20))
        granted = erp.accept(erp.offered())
        loan = erp.http.loan(granted.id)
        assert (loan.status, loan.start_date, loan.balance.total) == ("DISBURSEMENT_INITIATED", None, 0)
        # Money of the sale may come before the loan's own; it is drawn once the loan is paid out.
        assert erp.collect(loan, "500.00").repayment is None
        bank.days_pass(1)
        paid_out = erp.http.loan(granted.id)
        assert paid_out.status == "ACTIVE"
        assert paid_out.balance.principal == Decimal("7500.00")

    def test_a_payment_that_fails_ends_the_loan_and_frees_the_document(
        self, bank: Bank, erp: Erp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bank.core_banking, "_failure_reason", "The account does not exist.")
        sale = new_sale()
        granted = erp.accept(erp.offered(sale))
        assert erp.http.loan(granted.id).status == "DISBURSED_FAILED"
        failed = erp.events()[-1]
        assert failed["type"] == "loan.disbursement_failed"
        assert failed["data"]["reason"] == "The account does not exist."
        monkeypatch.undo()
        assert erp.apply(sale).status == "OFFERED"


class TestCollections:
    def test_partial_payments_are_drawn_as_they_come(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        bank.days_pass(10)
        first = erp.collect(loan, "3000.00")
        bank.days_pass(10)
        second = erp.collect(loan, "8900.00")
        assert first.repayment and first.repayment.entry and second.repayment and second.repayment.entry
        assert first.repayment.entry.amount == Decimal("3000.00")
        assert second.repayment.entry.amount < Decimal("8900.00")
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_an_undone_payment_gives_the_repayment_back_and_reopens_the_loan(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        bank.days_pass(10)
        erp.collect(loan, "11900.00", collection_id="PAY/1")
        assert erp.http.loan(loan.id).status == "CLOSED"
        bank.days_pass(5)
        erp.collect(loan, "11900.00", kind="undone", collection_id="PAY/1/undone", reverses="PAY/1")
        reopened = erp.http.loan(loan.id)
        assert reopened.status == "ACTIVE"
        # As if the payment had never been made: fifteen days of interest.
        assert reopened.balance.total == Decimal("8026.33")
        assert erp.event_types()[-2:] == ["repayment.reversed", "loan.reopened"]
        erp.collect(loan, "11900.00", collection_id="PAY/2")
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_an_undone_payment_that_comes_again_is_drawn_whole_with_todays_date(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        paid_on = bank.days_pass(5)
        erp.collect(loan, "7000.00", collection_id="PAY/1")
        undone_on = bank.days_pass(15)
        erp.collect(loan, "7000.00", kind="undone", reverses="PAY/1")
        # On its own day the first draw is still there: only about 1000 could be drawn.
        again = erp.collect(loan, "7000.00", on=paid_on)
        assert again.repayment and again.repayment.entry
        assert (again.repayment.entry.amount, again.repayment.entry.value_date) == (Decimal("7000.00"), undone_on)
        assert [entry.type for entry in erp.entries(loan)][2:] == ["repayment", "repayment_reversal", "repayment"]
        # 8000 at 7.90 % for 20 days of 360, less 7000.
        assert erp.http.loan(loan.id).balance.total == Decimal("1035.11")

    def test_a_payment_that_settled_the_loan_on_its_day_is_drawn_for_that_day_though_it_is_told_late(
        self, bank: Bank, erp: Erp
    ) -> None:
        loan = erp.financed()
        paid_on = bank.days_pass(5)
        bank.days_pass(15)
        receipt = erp.collect(loan, "11900.00", on=paid_on)
        assert receipt.repayment and receipt.repayment.entry
        # Five days of interest, not twenty.
        assert (receipt.repayment.entry.amount, receipt.repayment.entry.value_date) == (Decimal("8008.78"), paid_on)
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_no_payment_counts_from_further_back_than_agreed(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        start = bank.days_pass(0)
        earliest = bank.days_pass(25)
        bank.days_pass(15)
        receipt = erp.repay(loan, "8000.00", on=start)
        assert receipt.entry and receipt.entry.value_date == earliest
        assert erp.http.loan(loan.id).balance.total > 0, "the interest of those days is owed still"

    def test_a_payment_is_undone_once_and_in_full(self, erp: Erp) -> None:
        loan = erp.financed()
        erp.collect(loan, "1000.00", collection_id="PAY/1")
        for amount, reverses in (("999.00", "PAY/1"), ("1000.00", "PAY/unknown")):
            with pytest.raises(BankRefused):
                erp.collect(loan, amount, kind="undone", reverses=reverses)
        erp.collect(loan, "1000.00", kind="undone", reverses="PAY/1")
        with pytest.raises(BankRefused):
            erp.collect(loan, "1000.00", kind="undone", reverses="PAY/1")

    def test_a_credit_note_is_dilution_not_cash(self, erp: Erp) -> None:
        loan = erp.financed()
        before = erp.http.loan(loan.id).balance.total
        receipt = erp.collect(loan, "5900.00", kind="dilution")
        assert receipt.repayment is None
        assert erp.http.loan(loan.id).balance.total == before
        shortfall = erp.events()[-1]
        assert shortfall["type"] == "loan.shortfall"
        # 6000 are left of 11900; at 85 % they carry 5100 of the 8000.
        assert shortfall["data"]["shortfall"] == {"amount": "2900.00", "currency": "EUR"}
        erp.repay(loan, "2900.00")

    def test_a_small_credit_note_leaves_no_shortfall(self, erp: Erp) -> None:
        loan = erp.financed()
        erp.collect(loan, "1000.00", kind="dilution")
        assert "loan.shortfall" not in erp.event_types()

    def test_a_credit_note_taken_back_ends_its_shortfall(self, erp: Erp) -> None:
        loan = erp.financed()
        erp.collect(loan, "5900.00", kind="dilution", collection_id="CN/1")
        erp.collect(loan, "1000.00", kind="dilution", collection_id="CN/2")
        erp.collect(loan, "1000.00", kind="undone", reverses="CN/2")
        erp.collect(loan, "5900.00", kind="undone", reverses="CN/1")
        told = [event["data"] for event in erp.events() if event["type"] == "loan.shortfall"]
        # 11900 less 5900, and less 1000 more for a while; 85 % of it against 8000.
        assert [one["shortfall"]["amount"] for one in told] == ["2900.00", "3750.00", "2900.00", "0.00"]
        assert "still 2900.00 EUR above" in told[2]["message"]
        assert told[3]["message"].endswith("Nothing is to be repaid now.")

    def test_a_small_credit_note_taken_back_is_no_news(self, erp: Erp) -> None:
        loan = erp.financed()
        erp.collect(loan, "1000.00", kind="dilution", collection_id="CN/1")
        erp.collect(loan, "1000.00", kind="undone", reverses="CN/1")
        assert "loan.shortfall" not in erp.event_types()

    def test_a_payment_told_late_lowers_the_interest_since(self, bank: Bank, erp: Erp) -> None:
        early, late = erp.financed(), erp.financed()
        paid_on = bank.today() + timedelta(days=10)
        bank.set_clock(paid_on)
        erp.collect(early, "4000.00", on=paid_on)
        bank.days_pass(10)
        erp.collect(early, "2000.00")
        erp.collect(late, "2000.00")
        erp.collect(late, "4000.00", on=paid_on)
        assert erp.http.loan(early.id).balance == erp.http.loan(late.id).balance

    def test_the_same_collection_under_another_key_counts_once(self, erp: Erp) -> None:
        loan = erp.financed()
        first = erp.collect(loan, "1000.00", collection_id="PAY/1")
        assert erp.collect(loan, "1000.00", collection_id="PAY/1") == first
        assert erp.http.loan(loan.id).balance.principal == Decimal("7000.00")
        with pytest.raises(BankRefused) as refused:
            erp.collect(loan, "1001.00", collection_id="PAY/1")
        assert refused.value.problem.errors[0].pointer == "/collection_id"

    def test_money_of_the_future_and_of_another_currency_is_refused(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        with pytest.raises(BankRefused) as refused:
            erp.collect(loan, "10.00", on=bank.today() + timedelta(days=2))
        assert "future" in refused.value.problem.detail
        answer = erp.raw(
            "POST",
            f"/v1/loans/{loan.id}/repayments",
            {
                "repayment_id": "R",
                "amount": {"amount": "1.00", "currency": "USD"},
                "paid_on": str(bank.today()),
                "reason": "",
            },
        )
        assert answer.status_code == 422


class TestRepayments:
    def test_the_applicant_repays_what_is_owed_and_no_more(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        bank.days_pass(45)
        owed = erp.http.loan(loan.id).balance.total
        with pytest.raises(BankRefused) as refused:
            erp.repay(loan, owed + Decimal("0.01"))
        assert refused.value.status == 422
        receipt = erp.repay(loan, owed)
        assert receipt.status == "POSTED"
        assert erp.http.loan(loan.id).status == "CLOSED"

    def test_what_is_past_due_bears_the_penalty(self, bank: Bank, erp: Erp) -> None:
        loan = erp.financed()
        bank.days_pass(55)
        balance = erp.http.loan(loan.id).balance
        assert balance.interest == Decimal("96.56")  # 8000 at 7.90 % for 55 days
        assert balance.penalty == Decimal("11.11")  # 8000 at 5 % for 10 days


def test_the_statement_carries_opening_entries_and_closing(bank: Bank, erp: Erp) -> None:
    loan = erp.financed()
    start = bank.today()
    bank.days_pass(10)
    erp.collect(loan, "3000.00")
    whole = erp.http.statement(loan.id, start=start, end=bank.today())
    assert whole.opening.total == 0
    assert [entry.type for entry in whole.entries] == ["disbursement", "fee", "repayment"]
    assert [entry.sequence for entry in whole.entries] == [1, 2, 3]
    assert whole.closing == erp.http.loan(loan.id).balance
    later = erp.http.statement(loan.id, start=start + timedelta(days=1), end=bank.today())
    assert later.opening.principal == Decimal("8000.00")
    assert [entry.type for entry in later.entries] == ["repayment"]


def test_the_bank_closes_for_exactly_the_payoff_amount(bank: Bank, erp: Erp) -> None:
    from openscf.loan import Disbursement, LoanTerms

    loan = erp.financed()
    bank.days_pass(33)
    terms = LoanTerms.from_wire(loan.terms.to_wire())
    assert loan.start_date is not None
    known = [Disbursement(id="d", on=loan.start_date, amount=terms.principal)]
    receipt = erp.collect(loan, "11900.00")
    assert receipt.repayment and receipt.repayment.entry
    assert receipt.repayment.entry.amount == payoff_amount(terms, known, bank.today())


def test_a_package_can_be_put_twice_and_asked_for(erp: Erp) -> None:
    package = erp.package(new_sale())
    sha256 = erp.http.put_document(package, MEDIA_TYPE)
    again = erp.raw("PUT", f"/v1/documents/{sha256}", headers={"Content-Type": MEDIA_TYPE})
    assert again.status_code == 422  # an empty body has another digest
    assert erp.http.put_document(package, MEDIA_TYPE) == sha256
    assert erp.raw("HEAD", f"/v1/documents/{sha256}").status_code == 200
    assert erp.raw("HEAD", f"/v1/documents/{'0' * 64}").status_code == 404
    assert read_package(package).header.issuer.kid == erp.key.kid


@pytest.mark.parametrize("seed", [7, 42])
def test_the_ledger_adds_up_to_the_balance_whatever_comes_in_whatever_order(bank: Bank, erp: Erp, seed: int) -> None:
    """Payments told late, undone, diluted and repaid at random: nothing is drawn twice, nothing is lost."""
    dice = random.Random(seed)
    loan = erp.financed()
    assert loan.start_date is not None
    open_payments: dict[str, str] = {}
    for step in range(14):
        bank.set_clock(bank.today() + timedelta(days=dice.randint(0, 6)))
        told_for = loan.start_date + timedelta(days=dice.randint(0, (bank.today() - loan.start_date).days))
        if open_payments and dice.random() < 0.35:
            undone = dice.choice(sorted(open_payments))
            erp.collect(loan, open_payments.pop(undone), kind="undone", reverses=undone, on=told_for)
        else:
            amount = f"{dice.randint(1, 3000)}.{dice.randint(0, 99):02d}"
            erp.collect(loan, amount, collection_id=f"PAY/{step}", on=told_for)
            open_payments[f"PAY/{step}"] = amount
        now = erp.http.loan(loan.id)
        booked = erp.entries(loan)
        signed = [(1 if entry.type == "repayment" else -1, entry) for entry in booked if entry.allocation]
        repaid = sum(sign * entry.allocation.principal for sign, entry in signed if entry.allocation)
        drawn = sum(sign * entry.amount for sign, entry in signed)
        assert now.balance.principal == loan.terms.principal.amount - repaid
        assert min(now.balance.principal, now.balance.interest, now.balance.total) >= 0
        assert drawn <= sum(Decimal(amount) for amount in open_payments.values())
        assert (now.status == "CLOSED") == (now.balance.total == 0)
