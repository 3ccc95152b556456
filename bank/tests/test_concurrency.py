"""What must hold when many requests come at once, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp, acceptance_of, new_key, new_sale
from openscf import wire
from openscf.errors import BankRefused, BankUnreachable
from openscf_bank.applications import service as applications
from openscf_bank.applications.models import Application
from openscf_bank.clients import repository as clients
from openscf_bank.events.models import Event
from openscf_bank.events.service import emit
from openscf_bank.kit.problems import ProblemError
from openscf_bank.offers import service as offers
from openscf_bank.offers.models import Offer
from server import Bank

AT_ONCE = 6


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same moment; a refusal is returned, not raised."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except (BankRefused, BankUnreachable, ProblemError) as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def second_offer(bank: Bank, erp: Erp, offer: wire.Offer) -> wire.Offer:
    """Another offer of the same application, as an officer could make it after a withdrawal."""
    with bank.gateway.unit_of_work() as uow:
        client = clients.lock(uow.session, erp.client_id)
        application = uow.session.get_one(Application, offer.loan_application_id)
        made = offers.make(uow, application, client, offer.terms.model_copy(update={"conditions": ("x",)}), "officer")
    return erp.http.offer(made.id)


def withdraw(bank: Bank, offer: wire.Offer) -> Offer:
    with bank.gateway.unit_of_work() as uow:
        return offers.withdraw(uow, offer.id, "Wrong rate.")


def test_an_acceptance_and_a_withdrawal_at_once_end_in_one_of_the_two(bank: Bank, erp: Erp) -> None:
    for _ in range(AT_ONCE):
        offer = erp.offered()
        granted, withdrawn = together(lambda: erp.accept(offer), lambda: withdraw(bank, offer))  # noqa: B023
        told = erp.event_types()
        told = told[len(told) - told[::-1].index("offer.created") :]
        state = (erp.http.offer(offer.id).status, erp.http.application(offer.loan_application_id).status)
        if isinstance(granted, wire.Loan):
            assert (withdrawn.code, state[0]) == ("wrong-state", "ACCEPTED")
            assert "offer.withdrawn" not in told
        else:
            assert (granted.problem.code, state) == ("wrong-state", ("WITHDRAWN", "PROCESSING"))
            assert told == ["offer.withdrawn"]


def test_an_offer_whose_time_is_over_expires_once_whatever_is_answered_meanwhile(bank: Bank, erp: Erp) -> None:
    offer = erp.offered()
    erp.token()
    bank.set_clock(offer.expires_at)
    accepted, withdrawn, *_expired = together(
        lambda: erp.accept(offer), lambda: withdraw(bank, offer), *[lambda: offers.expire(bank.gateway, offer.id)] * 3
    )
    assert (accepted.problem.code, withdrawn.code) == ("offer-expired", "offer-expired")
    assert erp.event_types()[-3:] == ["offer.created", "offer.expired", "loan_application.cancelled"]


def test_of_two_offers_accepted_at_once_one_wins(bank: Bank, erp: Erp) -> None:
    first = erp.offered()
    second = second_offer(bank, erp, first)
    erp.token()
    answers = together(lambda: erp.accept(first), lambda: erp.accept(second))
    assert sum(isinstance(answer, wire.Loan) for answer in answers) == 1
    statuses = {erp.http.offer(first.id).status.value, erp.http.offer(second.id).status.value}
    assert statuses == {"ACCEPTED", "DECLINED"}
    assert erp.event_types().count("loan.granted") == 1


def test_the_database_itself_refuses_a_second_accepted_offer(bank: Bank, erp: Erp) -> None:
    first = erp.offered()
    second = second_offer(bank, erp, first)
    with pytest.raises(sa.exc.IntegrityError), bank.gateway.db.write() as session:
        for offer in (first, second):
            session.get_one(Offer, offer.id).status = "ACCEPTED"
            session.flush()


def test_one_document_applied_for_at_once_is_taken_once(bank: Bank) -> None:
    sale = new_sale()
    erps = [Erp.approved(bank) for _ in range(AT_ONCE)]
    requests = [erp.request(sale) for erp in erps]
    answers = together(
        *(
            lambda erp=erp, request=request: erp.http.apply(request, idempotency_key=new_key())  # type: ignore[misc]
            for erp, request in zip(erps, requests, strict=True)
        )
    )
    refused = [answer for answer in answers if isinstance(answer, BankRefused)]
    assert len(refused) == AT_ONCE - 1
    assert {refusal.problem.code for refusal in refused} == {"duplicate-document"}


def test_collections_at_once_never_draw_more_than_is_owed(erp: Erp) -> None:
    loan = erp.financed()
    erp.token()
    answers = together(*(lambda: erp.collect(loan, "3000.00") for _ in range(AT_ONCE)))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    entries = erp.entries(loan)
    assert sum(entry.amount for entry in entries if entry.type == "repayment") == loan.balance.principal
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert erp.http.loan(loan.id).status == "CLOSED"


def test_a_key_registered_at_once_is_one_client(bank: Bank) -> None:
    erp = Erp(bank)
    ids = together(*(lambda: erp.http.register(erp.registration, idempotency_key=new_key()) for _ in range(4)))
    assert {client.client_id for client in ids} == {erp.client_id}


def test_a_reader_never_sees_a_gap_that_is_filled_later(bank: Bank, erp: Erp) -> None:
    """Cursors follow the order of the commits: what a reader passes is never filled in behind its back."""
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set() or len(seen) < erp_cursor(bank, erp):
            with bank.gateway.db.read() as session:
                last = seen[-1] if seen else 0
                query = sa.select(Event.cursor).where(Event.client_id == erp.client_id, Event.cursor > last)
                seen.extend(session.scalars(query.order_by(Event.cursor)))

    def write() -> None:
        for _ in range(8):
            with bank.gateway.unit_of_work() as uow:
                client = clients.lock(uow.session, erp.client_id)
                emit(uow, client, wire.EventType.CLIENT_APPROVED, {})
                emit(uow, client, wire.EventType.CLIENT_APPROVED, {})

    reader = threading.Thread(target=read)
    reader.start()
    together(*(write for _ in range(4)))
    done.set()
    reader.join(30)
    assert seen == list(range(1, erp_cursor(bank, erp) + 1))
    assert len(seen) == 1 + 4 * 8 * 2


def erp_cursor(bank: Bank, erp: Erp) -> int:
    with bank.gateway.db.read() as session:
        return session.execute(
            sa.select(sa.func.max(Event.cursor)).where(Event.client_id == erp.client_id)
        ).scalar_one()


def test_the_worker_and_a_request_decide_an_application_once(bank: Bank, erp: Erp) -> None:
    application = erp.http.apply(erp.request(new_sale()), idempotency_key=new_key())
    together(*(lambda: applications.decide(bank.gateway, application.id) for _ in range(4)))
    assert erp.event_types().count("offer.created") == 1


def test_what_is_written_down_cannot_be_changed_or_deleted(bank: Bank, erp: Erp) -> None:
    loan = erp.financed()
    erp.collect(loan, "100.00")
    for table, column in (("ledger_entries", "amount"), ("events", "jws"), ("acceptances", "signature")):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
            with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"), bank.gateway.db.write() as session:
                session.execute(sa.text(statement))


def test_accepting_keeps_the_signed_word(bank: Bank, erp: Erp) -> None:
    from openscf.jws import verify_detached
    from openscf.keys import KeySet
    from openscf_bank.offers.repository import acceptance

    offer = erp.offered()
    given = acceptance_of(offer)
    erp.http.accept(offer.id, given, idempotency_key=new_key())
    with bank.gateway.db.read() as session:
        kept = acceptance(session, offer.id)
    assert kept is not None
    assert kept.body == given.to_bytes()
    assert verify_detached(kept.body, kept.signature, keys=KeySet.of(erp.key))["aud"] == bank.url
