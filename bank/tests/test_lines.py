"""A line: drawn in parts, swept by a share of what comes in, drawn again, and over when its tenor is."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from erp import Erp, new_key, new_sale
from lines import Line
from openscf import wire
from openscf.errors import BankRefused
from openscf_bank.kit.core_banking import PaymentOrder
from openscf_bank.loans import drawdowns, ledger, lines, repository
from openscf_bank.loans.models import Collection, Loan
from openscf_bank.testing import BankProcessError
from plain_loans import LINE, granted
from server import Bank
from test_concurrency import AT_ONCE, together

LIMIT = Decimal(LINE["principal"]["amount"])


def request_of(amount: str, *, currency: str = "EUR", **changes: Any) -> wire.DrawdownRequest:
    return wire.DrawdownRequest.model_validate(
        {
            "drawdown_id": new_key(),
            "amount": {"amount": amount, "currency": currency},
            "requested_by": "Jonas Petersen",
            "approved_by": "Marta Klein",
            "requested_at": "2026-11-22T10:00:00Z",
            **changes,
        }
    )


def send(erp: Erp, loan: wire.Loan, request: wire.DrawdownRequest) -> wire.Drawdown:
    return erp.http.draw(loan.id, request, idempotency_key=new_key())


def draw(erp: Erp, loan: wire.Loan, amount: str, **changes: Any) -> wire.Drawdown:
    return send(erp, loan, request_of(amount, **changes))


def accept_extension(erp: Erp, loan: wire.Loan, due_date: date) -> None:
    """Accept the free extension EXT/1 to a new last due date."""
    fields = {
        "fee": {"amount": "0.00", "currency": "EUR"}, "due_date": due_date, "approved_by": "Marta Klein",
        "accepted_at": "2026-11-22T10:00:00Z",
    }  # fmt: skip
    acceptance = wire.ExtensionAcceptance.model_validate(fields)
    erp.http.accept_extension(loan.id, "EXT/1", acceptance, idempotency_key=new_key())


def told(erp: Erp, kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in erp.events() if event["type"] == kind]


def paid(bank: Bank, loan: wire.Loan) -> list[Decimal]:
    """What the core system paid for the drawdowns of a line, in their order."""
    with bank.gateway.db.read() as session:
        references = [one.payment_reference for one in lines.drawdowns(session, loan.id)]
        return [session.get_one(PaymentOrder, reference).amount for reference in references]


def refusal(erp: Erp, loan: wire.Loan, amount: str, **changes: Any) -> wire.Problem:
    with pytest.raises(BankRefused) as refused:
        draw(erp, loan, amount, **changes)
    return refused.value.problem


@pytest.fixture
def line(erp: Erp) -> wire.Loan:
    return granted(erp, **LINE)


class TestDrawing:
    def test_a_line_is_granted_and_nothing_is_paid_until_it_is_drawn(
        self, bank: Bank, erp: Erp, line: wire.Loan
    ) -> None:
        bank.run_jobs()
        assert (line.status, line.start_date, line.disbursed) == ("GRANTED", None, None)
        assert erp.http.loan(line.id) == line
        assert erp.entries(line) == ()

    def test_the_first_drawdown_starts_the_line_and_is_told(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        bank.days_pass(10)
        asked = draw(erp, line, "5000.00", drawdown_id="DRAW/1")
        assert (asked.status, asked.entry) == ("REQUESTED", None)
        loan = erp.http.loan(line.id)
        assert (loan.status, loan.start_date, loan.balance.principal) == ("ACTIVE", bank.today(), Decimal("5000.00"))
        assert loan.due_date == bank.today() + timedelta(days=line.terms.tenor_days)
        assert loan.disbursed is not None
        assert loan.disbursed.amount == Decimal("5000.00")
        assert erp.http.application(line.loan_application_id).status == "DISBURSEMENT_COMPLETED"
        [event] = told(erp, "loan.drawn")
        [entry] = erp.entries(line)
        assert (entry.type, entry.source_id, entry.value_date) == ("disbursement", "DRAW/1", bank.today())
        assert event["entries"] == [entry.to_wire()]
        assert event["drawdown"]["status"] == "POSTED"
        assert event["drawdown"]["entry"]["id"] == entry.id
        assert event["loan"]["balance"]["principal"] == "5000.00"

    def test_what_is_repaid_can_be_drawn_again_and_never_more_than_the_limit(self, erp: Erp, line: wire.Loan) -> None:
        draw(erp, line, "15000.00")
        assert refusal(erp, line, "5000.01").errors[0].pointer == "/amount/amount"
        draw(erp, line, "5000.00")
        assert "Only 0.00 EUR can be drawn now" in refusal(erp, line, "0.01").detail
        erp.repay(line, "1000.00")
        draw(erp, line, "1000.00")
        assert erp.http.loan(line.id).balance.principal == LIMIT

    def test_the_same_drawdown_is_paid_once_and_another_content_is_refused(
        self, bank: Bank, erp: Erp, line: wire.Loan
    ) -> None:
        request = request_of("5000.00", drawdown_id="DRAW/1")
        send(erp, line, request)
        again = send(erp, line, request)
        assert again.status == "POSTED", "the answer shows it as it stands"
        assert paid(bank, line) == [Decimal("5000.00")]
        others = (refusal(erp, line, "6000.00", drawdown_id="DRAW/1"),
                  refusal(erp, line, "5000.00", drawdown_id="DRAW/1", approved_by="Somebody else"))  # fmt: skip
        assert {(one.code, one.errors[0].pointer) for one in others} == {("validation-failed", "/drawdown_id")}

    def test_at_once_no_more_than_the_limit_is_drawn(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        erp.token()
        answers = together(*(lambda: draw(erp, line, "9000.00") for _ in range(AT_ONCE)))
        refused = [answer for answer in answers if isinstance(answer, BankRefused)]
        assert len(refused) == AT_ONCE - 2
        assert paid(bank, line) == [Decimal("9000.00")] * 2
        assert erp.http.loan(line.id).balance.principal == Decimal("18000.00")

    def test_a_fee_that_is_deducted_is_kept_back_of_the_first_drawdown_alone(self, bank: Bank, erp: Erp) -> None:
        line = granted(erp, **LINE, fee={"amount": "100.00", "currency": "EUR"})
        assert "Draw more than that" in refusal(erp, line, "100.00").detail
        draw(erp, line, "3000.00")
        draw(erp, line, "2000.00")
        assert paid(bank, line) == [Decimal("2900.00"), Decimal("2000.00")]
        assert [entry.type for entry in erp.entries(line)] == ["disbursement", "fee", "disbursement"]
        loan = erp.http.loan(line.id)
        assert (loan.disbursed.amount, loan.balance.principal) == (Decimal("4900.00"), Decimal("5000.00"))

    def test_what_is_no_sum_in_the_lines_currency_is_refused(self, erp: Erp, line: wire.Loan) -> None:
        assert refusal(erp, line, "0.00").errors[0].pointer == "/amount/amount"
        assert refusal(erp, line, "100.00", currency="USD").errors[0].pointer == "/amount/currency"

    def test_only_a_line_of_ones_own_is_drawn(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        assert refusal(erp, granted(erp), "100.00").code == "wrong-state"
        assert refusal(Erp.approved(bank), line, "100.00").code == "not-found"

    def test_nothing_is_drawn_while_something_is_past_due(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        draw(erp, line, "5000.00")
        bank.days_pass(40)
        problem = refusal(erp, line, "100.00")
        assert problem.code == "wrong-state"
        assert "is past due. Repay it" in problem.detail
        erp.repay(line, erp.http.loan(line.id).balance.interest)
        assert draw(erp, line, "100.00").status == "REQUESTED"


class TestPaying:
    @pytest.fixture
    def slow(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bank.core_banking, "_delay", timedelta(days=1))

    def test_what_is_on_its_way_counts_against_the_limit_and_is_booked_when_it_is_paid(
        self, bank: Bank, erp: Erp, line: wire.Loan, slow: None
    ) -> None:
        draw(erp, line, "12000.00")
        bank.run_jobs()
        assert erp.http.loan(line.id).status == "GRANTED"
        assert "Only 8000.00 EUR can be drawn now" in refusal(erp, line, "8000.01").detail
        bank.days_pass(1)
        bank.run_jobs()
        assert erp.http.loan(line.id).balance.principal == Decimal("12000.00")
        assert len(erp.entries(line)) == 1
        assert erp.event_types().count("loan.drawn") == 1

    def test_a_fee_is_deducted_once_where_two_drawdowns_are_on_their_way(
        self, bank: Bank, erp: Erp, slow: None
    ) -> None:
        line = granted(erp, **LINE, fee={"amount": "100.00", "currency": "EUR"})
        draw(erp, line, "3000.00")
        draw(erp, line, "2000.00")
        for _ in range(2):
            bank.days_pass(1)
        assert paid(bank, line) == [Decimal("2900.00"), Decimal("2000.00")]
        loan = erp.http.loan(line.id)
        assert loan.disbursed
        assert (loan.disbursed.amount, loan.balance.principal) == (Decimal("4900.00"), Decimal("5000.00"))

    def test_a_payment_that_fails_declines_the_drawdown_and_frees_the_limit(
        self, bank: Bank, erp: Erp, line: wire.Loan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as failing:
            failing.setattr(bank.core_banking, "_failure_reason", "The account is closed.")
            draw(erp, line, "20000.00", drawdown_id="DRAW/1")
        [event] = told(erp, "drawdown.declined")
        assert (event["drawdown"]["status"], event["drawdown"]["message"]) == ("DECLINED", "The account is closed.")
        assert event["loan"]["status"] == "GRANTED"
        assert erp.entries(line) == ()
        draw(erp, line, "20000.00")
        assert erp.http.loan(line.id).status == "ACTIVE"

    def test_the_worker_and_the_request_pay_a_drawdown_once(
        self, bank: Bank, erp: Erp, line: wire.Loan, slow: None
    ) -> None:
        draw(erp, line, "5000.00")
        with bank.gateway.db.read() as session:
            [reference] = lines.unpaid_references(session)
        bank.set_clock(bank.today() + timedelta(days=1))
        together(*(lambda: drawdowns.advance(bank.gateway, reference) for _ in range(4)))
        assert [entry.amount for entry in erp.entries(line)] == [Decimal("5000.00")]
        assert erp.event_types().count("loan.drawn") == 1


class TestSweeping:
    def test_a_share_of_each_collection_is_drawn_at_most_what_is_owed(self, erp: Erp, line: wire.Loan) -> None:
        draw(erp, line, "1000.00")
        swept = erp.collect(line, "333.33")
        assert swept.repayment is not None
        assert swept.repayment.entry is not None
        assert swept.repayment.entry.amount == Decimal("66.67"), "20 % of 333.33"
        erp.collect(line, "50000.00", collection_id="PAY/2")
        assert erp.http.loan(line.id).balance.total == 0
        assert erp.http.loan(line.id).status == "ACTIVE", "a line that owes nothing can be drawn still"
        erp.collect(line, "50000.00", kind="undone", reverses="PAY/2")
        assert erp.http.loan(line.id).balance.principal == Decimal("933.33")

    def test_what_came_before_anything_was_drawn_repays_nothing(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        assert erp.collect(line, "5000.00", collection_id="PAY/1").repayment is None
        draw(erp, line, "1000.00")
        assert erp.http.loan(line.id).balance.principal == Decimal("1000.00")
        with bank.gateway.db.read() as session:
            assert session.get_one(Collection, (line.id, "PAY/1")).settled, "nothing waits to be drawn for it"

    def test_a_credit_note_leaves_no_shortfall_where_no_document_is_financed(self, erp: Erp, line: wire.Loan) -> None:
        draw(erp, line, "1000.00")
        erp.collect(line, "500.00", kind="dilution")
        assert not told(erp, "loan.shortfall")

    def test_a_loan_without_a_share_is_repaid_by_the_whole_of_a_collection(self, erp: Erp) -> None:
        loan = granted(erp)
        erp.collect(loan, "3000.00")
        assert erp.http.loan(loan.id).balance.principal == Decimal("5000.00")

    def test_what_sales_did_not_repay_by_the_end_of_a_period_is_past_due(self, bank: Bank, erp: Erp) -> None:
        linked = {"repayment": "sales_linked", "minimum_percent": "25.00", "period_days": 20, "sweep_percent": "50.00"}
        loan = granted(erp, **linked)
        assert loan.start_date is not None
        erp.collect(loan, "3000.00")
        bank.days_pass(21)
        shown = erp.http.loan(loan.id)
        assert [row.due_date for row in shown.schedule] == [
            loan.start_date + timedelta(days=days) for days in (20, 40, 60)
        ]
        assert shown.balance.principal == Decimal("6500.00")
        with bank.gateway.db.read() as session:
            state = ledger.state(session.get_one(Loan, loan.id), repository.ledger(session, loan.id), bank.today())
        assert state.past_due_since == loan.start_date + timedelta(days=20)
        interest_then = erp.http.loan(loan.id, as_of=state.past_due_since).balance.interest
        assert state.past_due == Decimal("500.00") + interest_then + state.balance.penalty


class TestTheEnd:
    def test_a_line_that_owes_nothing_is_closed_when_its_tenor_ends(
        self, bank: Bank, erp: Erp, line: wire.Loan
    ) -> None:
        draw(erp, line, "1000.00")
        erp.repay(line, "1000.00")
        bank.days_pass(line.terms.tenor_days - 1)
        assert erp.http.loan(line.id).status == "ACTIVE"
        bank.days_pass(1)
        assert erp.http.loan(line.id).status == "CLOSED"
        bank.run_jobs()
        assert erp.event_types().count("loan.closed") == 1
        assert refusal(erp, line, "100.00").code == "wrong-state"

    def test_what_is_drawn_is_due_at_the_end_and_closes_the_line_once_repaid(
        self, bank: Bank, erp: Erp, line: wire.Loan
    ) -> None:
        draw(erp, line, "1000.00")
        bank.days_pass(line.terms.tenor_days + 1)
        owed = erp.http.loan(line.id)
        assert owed.status == "ACTIVE"
        assert "Only" not in refusal(erp, line, "100.00").detail
        erp.repay(line, owed.balance.total)
        assert erp.http.loan(line.id).status == "CLOSED"

    def test_a_line_is_not_closed_while_something_of_it_is_on_its_way(
        self, bank: Bank, erp: Erp, line: wire.Loan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draw(erp, line, "1000.00")
        erp.repay(line, "1000.00")
        bank.days_pass(line.terms.tenor_days - 1)
        monkeypatch.setattr(bank.core_banking, "_delay", timedelta(days=3))
        draw(erp, line, "500.00")
        bank.days_pass(1)
        assert erp.http.loan(line.id).status == "ACTIVE"
        bank.days_pass(2)
        assert erp.http.loan(line.id).balance.principal == Decimal("500.00")

    def test_a_line_whose_last_payment_fails_after_its_end_is_closed(
        self, bank: Bank, erp: Erp, line: wire.Loan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draw(erp, line, "1000.00")
        erp.repay(line, "1000.00")
        bank.days_pass(line.terms.tenor_days - 1)
        monkeypatch.setattr(bank.core_banking, "_delay", timedelta(days=3))
        monkeypatch.setattr(bank.core_banking, "_failure_reason", "The account is closed.")
        draw(erp, line, "500.00")
        bank.days_pass(1)
        assert erp.http.loan(line.id).status == "ACTIVE"
        bank.days_pass(2)
        assert erp.http.loan(line.id).status == "CLOSED"

    def test_the_worker_looks_at_a_line_that_owes_once_and_again_when_it_is_extended(
        self, bank: Bank, erp: Erp, line: wire.Loan
    ) -> None:
        def found() -> list[str]:
            with bank.gateway.db.read() as session:
                return [*lines.ended_ids(session, bank.gateway.clock.now())]

        draw(erp, line, "1000.00")
        bank.days_pass(line.terms.tenor_days)
        assert found() == [], "only money closes it now"
        asked = wire.ExtensionRequest(extension_id="EXT/1", days=20, reason="A late season.")
        erp.http.extend(line.id, asked, idempotency_key=new_key())
        bank.officer.offer_extension(line.id, "EXT/1")
        accept_extension(erp, line, bank.today() + timedelta(days=20))
        erp.repay(line, erp.http.loan(line.id).balance.total)
        assert (erp.http.loan(line.id).status, found()) == ("ACTIVE", [])
        bank.days_pass(20)
        assert erp.http.loan(line.id).status == "CLOSED"

    def test_a_line_that_nobody_drew_ends_after_its_tenor(self, bank: Bank, erp: Erp, line: wire.Loan) -> None:
        bank.days_pass(line.terms.tenor_days - 1)
        assert erp.http.loan(line.id).status == "GRANTED"
        bank.days_pass(1)
        assert erp.http.loan(line.id).status == "CLOSED"
        assert erp.http.application(line.loan_application_id).status == "CLOSED"
        assert erp.event_types()[-1] == "loan.closed"


class TestTheJourney:
    """From a package without documents to a line that the bank's own rules price, or an officer does."""

    def test_a_line_is_applied_for_without_documents_offered_and_drawn(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered(Line(), repayment="revolving")
        assert (offer.terms.repayment, offer.terms.principal.amount) == ("revolving", Decimal("20000.00"))
        line = erp.http.loan(erp.accept(offer).id)
        draw(erp, line, "5000.00")
        page = bank.officer.page(f"loans/{line.id}")
        assert "15,000.00 EUR of 20,000.00 EUR can be drawn today" in page
        assert "on all that the company sells" in page
        assert "Jonas Petersen, approved by Marta Klein" in page

    def test_several_lines_of_one_company_name_no_document_twice(self, erp: Erp) -> None:
        assert erp.offered(Line(), repayment="revolving").status == "OPEN"
        assert erp.offered(Line(), repayment="revolving").status == "OPEN"

    def test_an_officer_prices_a_line_within_what_is_collected(self, bank: Bank, erp: Erp) -> None:
        asked = erp.apply(Line(requested=Decimal("120000.00")), repayment="revolving")
        assert asked.status == "PROCESSING"
        assert "on all that the company sells" in bank.officer.page(f"applications/{asked.id}")
        with pytest.raises(BankProcessError, match="of what the company's collections carry"):
            bank.officer.approve(asked.id, principal="99000.00")
        bank.officer.approve(asked.id, principal="30000.00")
        [offer] = erp.http.application(asked.id).offers
        assert (offer.terms.principal.amount, offer.terms.repayment) == (Decimal("30000.00"), "revolving")
        assert (offer.terms.fee_timing, offer.terms.sweep_percent) == ("periodic", Decimal("20.00"))

    def test_a_technique_on_documents_is_not_applied_for_without_any(self, erp: Erp) -> None:
        asked = erp.apply(new_sale(), documents_fingerprints=[], repayment="bullet")
        assert asked.rejection is not None
        assert "other documents_fingerprints" in asked.rejection.message

    def test_an_invoice_is_financed_without_recourse_where_that_is_asked_for(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered(new_sale(), recourse=False)
        assert offer.terms.recourse is False
        assert "technique and no recourse" in bank.officer.page(f"applications/{offer.loan_application_id}")


@pytest.mark.parametrize("then", ["extended", "called"])
def test_a_fee_that_was_paid_today_stays_paid_where_due_dates_move_today(bank: Bank, erp: Erp, then: str) -> None:
    """Moved away, today's due date would ask for no fee, and another one called for today would ask for it again."""
    line = granted(erp, **LINE, fee={"amount": "20.00", "currency": "EUR"}, fee_timing="periodic")
    draw(erp, line, "4000.00")
    first = erp.http.loan(line.id).schedule[0].due_date
    bank.set_clock(first if then == "extended" else first - timedelta(days=1))
    erp.repay(line, "1000.00")
    if then == "called":
        bank.officer.call_loan(line.id, "Insolvent.")
    else:
        asked = wire.ExtensionRequest(extension_id="EXT/1", days=20, reason="A late season.")
        erp.http.extend(line.id, asked, idempotency_key=new_key())
        bank.officer.offer_extension(line.id, "EXT/1")
        accept_extension(erp, line, erp.http.loan(line.id).due_date + timedelta(days=20))
    loan = erp.http.loan(line.id, as_of=bank.today() + timedelta(days=1))
    assert added_up(erp.entries(line), "principal") == loan.balance.principal
    assert erp.entries(line)[-1].value_date == bank.today() + timedelta(days=1)


def added_up(entries: tuple[wire.Entry, ...], part: str) -> Decimal:
    """What a ledger's entries make owed of one part: what was lent and charged, less what was taken off it."""
    signs = {"charge": 1, "repayment_reversal": 1, "repayment": -1, "charge_reversal": -1}
    allocated = (signs[entry.type] * getattr(entry.allocation, part) for entry in entries if entry.allocation)
    lent = sum(entry.amount for entry in entries if entry.type == "disbursement") if part == "principal" else 0
    return lent + sum(allocated, Decimal(0))


def test_whatever_happens_to_a_line_its_ledger_adds_up_and_its_limit_holds(bank: Bank, erp: Erp) -> None:
    happens, line = random.Random(3), granted(erp, **{**LINE, "tenor_days": 90, "penalty_rate_pa": "9.00"})
    end = bank.today() + timedelta(days=75)
    draw(erp, line, "4000.00")
    open_payments: list[tuple[str, str]] = []
    while bank.today() < end:
        amount = f"{happens.randrange(1, 800_000) / 100:.2f}"
        what = happens.choice(["draw", "collect", "collect", "undo", "repay", "charge", "wait", "wait", "wait"])
        on = bank.today() - timedelta(days=happens.randrange(0, 12))
        if what == "wait":
            bank.days_pass(happens.randrange(1, 20))
        elif what == "collect":
            open_payments.append((new_key(), amount))
            erp.collect(line, amount, collection_id=open_payments[-1][0], on=on)
        elif what == "undo" and open_payments:
            payment, paid_then = open_payments.pop(happens.randrange(len(open_payments)))
            erp.collect(line, paid_then, kind="undone", reverses=payment, collection_id=new_key())
        elif what == "charge":
            bank.officer.charge(line.id, "7.50", component=happens.choice(["fee", "penalty"]))
        else:
            with suppress(BankRefused):  # more than the limit or than is owed, or something is past due
                draw(erp, line, amount) if what == "draw" else erp.repay(line, amount, on=on)
        entries, balance = erp.entries(line), erp.http.loan(line.id, as_of=bank.today() + timedelta(days=1)).balance
        assert added_up(entries, "principal") == balance.principal
        assert added_up(entries, "fee") == balance.fee
        assert 0 <= balance.principal <= LIMIT
    owed = erp.http.loan(line.id).balance.total
    if owed:
        erp.repay(line, owed)
    bank.days_pass(line.terms.tenor_days)
    left = erp.http.loan(line.id)
    assert (left.status, left.balance.total) == ("CLOSED", 0)
