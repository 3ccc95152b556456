"""The same POST has its effect once, whatever happens between."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from erp import Erp, acceptance_of, new_key, new_sale
from openscf import wire
from openscf_bank.kit.idempotency import IdempotencyRecord, IdempotentRequest
from openscf_bank.kit.problems import ProblemError
from openscf_bank.loans import service as loans
from server import Bank


def post(erp: Erp, path: str, message: wire.WireModel, key: str) -> tuple[int, bytes]:
    answer = erp.raw("POST", path, message.to_bytes(), headers={"Idempotency-Key": f'"{key}"'})
    return answer.status_code, answer.content


def test_the_same_request_gets_the_first_answer_byte_for_byte(erp: Erp) -> None:
    request, key = erp.request(new_sale()), new_key()
    first = post(erp, "/v1/loan-applications", request, key)
    second = post(erp, "/v1/loan-applications", request, key)
    assert first == second
    assert first[0] == 202
    assert erp.event_types().count("loan_application.processing") == 1


def test_a_replayed_answer_is_signed_anew_for_the_same_client(erp: Erp) -> None:
    request, key = erp.request(new_sale()), new_key()
    assert erp.http.apply(request, idempotency_key=key) == erp.http.apply(request, idempotency_key=key)


def test_another_request_under_a_used_key_is_refused(erp: Erp) -> None:
    key = new_key()
    assert post(erp, "/v1/loan-applications", erp.request(new_sale()), key)[0] == 202
    status, body = post(erp, "/v1/loan-applications", erp.request(new_sale()), key)
    assert (status, json.loads(body)["type"]) == (422, "urn:openscf:problem:idempotency-key-reused")


def test_the_same_body_to_another_address_is_another_request(erp: Erp) -> None:
    offers, key = [erp.offered(), erp.offered()], new_key()
    decision = wire.Decision(reason="no")
    assert post(erp, f"/v1/offers/{offers[0].id}/decline", decision, key)[0] == 200
    assert post(erp, f"/v1/offers/{offers[1].id}/decline", decision, key)[0] == 422


def test_a_refusal_is_remembered_too(erp: Erp) -> None:
    sale = new_sale()
    erp.offered(sale)
    again, key = erp.request(sale), new_key()
    first = post(erp, "/v1/loan-applications", again, key)
    assert first[0] == 409
    assert post(erp, "/v1/loan-applications", again, key) == first


@pytest.mark.parametrize("header", ["", "abc", '"', '""', '"a\tb"', f'"{"x" * 256}"'])
def test_a_key_that_is_no_quoted_string_is_missing(erp: Erp, header: str) -> None:
    answer = erp.raw("POST", "/v1/loan-applications", {}, headers={"Idempotency-Key": header})
    assert answer.status_code in (400, 422)
    assert answer.json()["type"].endswith(("idempotency-key-missing", "invalid-request"))


def test_keys_belong_to_their_client(bank: Bank, erp: Erp) -> None:
    other, key = Erp.approved(bank), new_key()
    assert post(erp, "/v1/loan-applications", erp.request(new_sale()), key)[0] == 202
    assert post(other, "/v1/loan-applications", other.request(new_sale()), key)[0] == 202


def test_a_request_that_is_still_running_is_said_to_be(bank: Bank) -> None:
    running = IdempotentRequest("scope", "key", "0" * 64)
    with bank.gateway.running.claim(running), pytest.raises(ProblemError) as refused:
        with bank.gateway.running.claim(running):
            pass
    assert refused.value.code == "request-in-progress"
    assert refused.value.headers["Retry-After"] == "1"


def test_the_answer_is_stored_in_the_transaction_of_the_effect(
    bank: Bank, erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the effect, before the commit, leaves neither; sent again, it happens."""
    offer, key = erp.offered(), new_key()
    acceptance = acceptance_of(offer)
    path = f"/v1/offers/{offer.id}/accept"

    def crash(*_args: object) -> None:
        raise RuntimeError("power cut; secret-internals")

    monkeypatch.setattr(loans, "tell", crash)
    status, body = post(erp, path, acceptance, key)
    assert status == 500
    assert b"secret-internals" not in body
    with bank.gateway.db.read() as session:
        assert session.get(IdempotencyRecord, (erp.client_id, key)) is None
    assert erp.http.offer(offer.id).status == "OPEN"
    monkeypatch.undo()
    assert post(erp, path, acceptance, key)[0] == 200
    assert erp.event_types().count("loan.granted") == 1


def test_a_decision_lost_in_a_crash_is_taken_up_by_the_worker(
    bank: Bank, erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openscf_bank.applications import service

    def crash(*_args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(service, "evaluate", crash)
    application = erp.apply(new_sale())
    assert application.status == "PROCESSING"
    monkeypatch.undo()
    bank.run_jobs()
    assert erp.http.application(application.id).status == "OFFERED"


def test_many_at_once_under_one_key_have_one_effect(bank: Bank, erp: Erp) -> None:
    request, key = erp.request(new_sale()), new_key()
    erp.token()
    gate = threading.Barrier(6)

    def send(_number: int) -> tuple[int, bytes]:
        gate.wait()
        return post(erp, "/v1/loan-applications", request, key)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {status for status, _ in answers} <= {202, 409}
    assert len({body for status, body in answers if status == 202}) == 1
    assert erp.event_types().count("loan_application.processing") == 1
    with bank.gateway.db.read() as session:
        kept = session.scalars(sa.select(IdempotencyRecord).where(IdempotencyRecord.key == key)).all()
    assert len(kept) == 1
