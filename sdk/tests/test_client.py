"""The client against a real HTTP server: what it sends, what it believes, and what it does when things go wrong."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import socket
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from gateway import CLIENT_ID, NOW, Gateway, Reply, Request, in_json, problem, running

from openscf import wire
from openscf._internal import http_answer
from openscf.client import MAX_DOCUMENT_BYTES, BankClient
from openscf.errors import (
    AnswerInvalid,
    BankRefused,
    BankUnreachable,
    InputInvalid,
    OpenSCFError,
    SignatureInvalid,
)
from openscf.jws import sign_detached, verify_client_assertion, verify_detached
from openscf.keys import KeySet, SigningKey

KEY = SigningKey.generate()
OWN = KeySet.of(KEY)
PATH = "/v1/loan-applications"
BODY = b'{"reference":"FIN/1"}'


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as served:
        yield served


@pytest.fixture
def client(gateway: Gateway) -> BankClient:
    return connected(gateway)


def connected(gateway: Gateway, **changes: Any) -> BankClient:
    settings: dict[str, Any] = {
        "base_url": gateway.address,
        "key": KEY,
        "client_id": CLIENT_ID,
        "jwks": KeySet.of(gateway.key).jwks(),
        "timeout": (5, 5),
        "clock": lambda: NOW,
    }
    return BankClient(**{**settings, **changes})


def post(client: BankClient) -> Any:
    return client.send("POST", PATH, BODY, idempotency_key="k1", signed=True)


# --- what is sent -----------------------------------------------------------------------------------------------


def test_a_message_goes_out_byte_for_byte_signed_for_this_call_only(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", PATH, in_json({"id": "a1"}, 202))
    answer = client.send("POST", f"{PATH}?x=1", BODY, idempotency_key='k"1\\', signed=True)
    (request,) = gateway.received(PATH)
    assert request.body == BODY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == '"k\\"1\\\\"'
    assert request.headers["authorization"] == "Bearer secret-token-1"
    assert request.headers["user-agent"].startswith("openscf/")
    header = verify_detached(request.body, request.headers["x-jws-signature"], keys=OWN)
    assert (header["htm"], header["htu"], header["aud"], header["iat"]) == (
        "POST", f"{PATH}?x=1", gateway.address, NOW,
    )  # fmt: skip
    assert (answer.status, answer.json, answer.body) == (202, {"id": "a1"}, b'{"id": "a1"}')
    assert verify_detached(answer.body, answer.signature, keys=KeySet.of(gateway.key))["aud"] == CLIENT_ID


def test_the_token_is_asked_for_by_private_key_jwt_and_kept(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", PATH, in_json({}))
    post(client)
    post(client)
    (request,) = gateway.received("/oauth2/token")
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    verify_client_assertion(form["client_assertion"], keys=OWN, audience=gateway.address, now=NOW, client_id=CLIENT_ID)


def test_a_token_is_renewed_before_it_expires(gateway: Gateway) -> None:
    moment = [NOW]
    client = connected(gateway, clock=lambda: moment[0])
    gateway.answers("POST", PATH, in_json({}))
    post(client)
    moment[0] += 569
    post(client)
    assert gateway.tokens == 1
    moment[0] += 1
    post(client)
    assert gateway.tokens == 2


def test_a_rejected_token_is_renewed_once_and_the_same_message_sent_again(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", PATH, problem(401, "token-invalid"), in_json({"id": "a1"}))
    assert post(client).json == {"id": "a1"}
    first, second = gateway.received(PATH)
    assert (first.headers["authorization"], second.headers["authorization"]) == (
        "Bearer secret-token-1", "Bearer secret-token-2",
    )  # fmt: skip
    assert first.body == second.body and first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_token_rejected_twice_is_final(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", PATH, problem(401, "token-invalid"))
    with pytest.raises(BankRefused) as caught:
        post(client)
    assert (caught.value.status, caught.value.problem.code) == (401, "token-invalid")
    assert len(gateway.received(PATH)) == 2


@pytest.mark.parametrize("code", ["signature-missing", "signature-invalid"])
def test_a_refused_signature_is_no_reason_for_another_token(gateway: Gateway, client: BankClient, code: str) -> None:
    gateway.answers("POST", PATH, problem(401, code))
    with pytest.raises(BankRefused):
        post(client)
    assert len(gateway.received(PATH)) == 1 and gateway.tokens == 1


def test_a_netrc_file_is_not_used(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    gateway.answers("POST", PATH, in_json({}))
    post(connected(gateway))
    assert "authorization" not in gateway.received("/oauth2/token")[0].headers
    assert gateway.received(PATH)[0].headers["authorization"].startswith("Bearer ")


def test_paths_outside_the_protocol_are_not_sent(gateway: Gateway, client: BankClient) -> None:
    for path in ("https://elsewhere.example/v1/x", "/v2/x", "v1/x", "/v1/../oauth2/token", "/v1/x#y"):
        with pytest.raises(InputInvalid):
            client.send("GET", path, None)
    for key in ("", "é", "a\nb", "k" * 256):
        with pytest.raises(InputInvalid, match="idempotency key"):
            client.send("POST", PATH, BODY, idempotency_key=key)
    assert gateway.received(PATH) == []


def test_identifiers_cannot_leave_their_place_in_the_path(gateway: Gateway, client: BankClient) -> None:
    gateway.routes[("GET", "/v1/offers/a%2F..%2F..%3Fx")] = lambda request: in_json({})
    with pytest.raises(AnswerInvalid):
        client.offer("a/../..?x")
    assert gateway.requests[-1].path == "/v1/offers/a%2F..%2F..%3Fx"


# --- what is believed -------------------------------------------------------------------------------------------


def forged(gateway: Gateway, how: str) -> Reply:
    """A 200 that must not be believed."""
    body = b'{"id":"a1"}'
    signer = SigningKey.generate() if how == "foreign key" else gateway.key
    claims = {"aud": "cli_2"} if how == "other client" else {} if how == "nobody" else {"aud": CLIENT_ID}
    typ = "openscf-event+jwt" if how == "other purpose" else "openscf+jws"
    signature = sign_detached(body, key=signer, issued_at=NOW, claims=claims, typ=typ)
    headers = {} if how == "unsigned" else {"x-jws-signature": signature[:-4] if how == "cut" else signature}
    return Reply(200, body + b" " if how == "changed" else body, headers, sign=False)


@pytest.mark.parametrize(
    "how", ["unsigned", "changed", "cut", "foreign key", "other client", "nobody", "other purpose"]
)
def test_an_answer_that_is_not_the_banks_word_is_refused(gateway: Gateway, client: BankClient, how: str) -> None:
    gateway.answers("POST", PATH, forged(gateway, how))
    with pytest.raises(SignatureInvalid):
        post(client)
    assert len(gateway.received(PATH)) == 1


def test_a_proxys_page_with_200_is_named_as_such(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", PATH, Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}, sign=False))
    with pytest.raises(SignatureInvalid, match="text/html.*proxy"):
        post(client)


def test_a_signed_answer_that_is_not_json_or_of_another_shape_is_refused(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("GET", "/v1/offers/o1", Reply(200, b"fine"), in_json({"id": "o1", "status": "MAYBE"}))
    with pytest.raises(AnswerInvalid, match="not the JSON"):
        client.offer("o1")
    with pytest.raises(AnswerInvalid, match="no Offer"):
        client.offer("o1")


def test_without_the_banks_keys_nothing_is_believed(gateway: Gateway) -> None:
    gateway.answers("POST", PATH, in_json({}))
    with pytest.raises(InputInvalid, match="discover"):
        post(connected(gateway, jwks=None))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(gateway: Gateway, client: BankClient, status: int) -> None:
    gateway.answers("POST", PATH, Reply(status, b"", {"Location": f"{gateway.address}/v1/jwks"}))
    with pytest.raises(AnswerInvalid, match="redirect"):
        post(client)
    assert gateway.received("/v1/jwks") == []


def test_a_huge_answer_is_not_read(gateway: Gateway, client: BankClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answer, "MAX_ANSWER_BYTES", 100_000)
    gateway.answers("POST", PATH, Reply(200, b" " * 200_000))
    with pytest.raises(AnswerInvalid, match="larger"):
        post(client)


# --- when the bank says no --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 413, 422])
def test_a_final_no_carries_the_problem(gateway: Gateway, client: BankClient, status: int) -> None:
    gateway.answers("POST", PATH, problem(status, "validation-failed", "Raise the amount."))
    with pytest.raises(BankRefused, match="Raise the amount") as caught:
        post(client)
    assert (caught.value.status, caught.value.problem.code) == (status, "validation-failed")


def test_the_places_of_a_problem_are_told(gateway: Gateway, client: BankClient) -> None:
    members = {
        "type": "urn:openscf:problem:validation-failed", "title": "Not valid", "detail": "Correct these.",
        "errors": [{"pointer": "/tenor_days", "detail": "at most 180"}],
    }  # fmt: skip
    gateway.answers("POST", PATH, in_json(members, 422, headers={"Content-Type": "application/problem+json; a=b"}))
    with pytest.raises(BankRefused, match="/tenor_days: at most 180"):
        post(client)


def test_an_error_page_of_a_proxy_is_told_from_the_banks_no(gateway: Gateway, client: BankClient) -> None:
    page = Reply(403, b"<html>Forbidden</html>", {"Content-Type": "text/html; charset=utf-8"}, sign=False)
    gateway.answers("POST", PATH, page)
    with pytest.raises(BankRefused, match="proxy") as caught:
        post(client)
    assert caught.value.problem.code == "" and caught.value.problem.title == "Forbidden"


def test_a_problem_document_that_is_none_is_survived(gateway: Gateway, client: BankClient) -> None:
    for body in (b"{", b"[]", b'{"title": 7}', b'{"errors": [1]}', b"\xff"):
        gateway.answers("POST", PATH, Reply(400, body, {"Content-Type": "application/problem+json"}))
        with pytest.raises(BankRefused) as caught:
            post(client)
        assert caught.value.status == 400


def test_an_oauth_error_is_read(gateway: Gateway, client: BankClient) -> None:
    gateway.answers("POST", "/oauth2/token", in_json({"error": "invalid_client", "error_description": "Unknown."}, 401))
    with pytest.raises(BankRefused, match="invalid_client: Unknown"):
        post(client)


@pytest.mark.parametrize(
    "reply",
    [
        problem(408, "request-timeout"), problem(409, "request-in-progress"), problem(429, "too-many-requests"),
        problem(500, "x"), problem(503, "unavailable"),
        Reply(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}), Reply(504, b""),
    ],
)  # fmt: skip
def test_a_passing_no_is_told_to_come_again_and_not_retried_here(
    gateway: Gateway, client: BankClient, reply: Reply
) -> None:
    gateway.answers("POST", PATH, reply)
    with pytest.raises(BankUnreachable) as caught:
        post(client)
    assert (caught.value.status, caught.value.retry_after) == (reply.status, None)
    assert len(gateway.received(PATH)) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        (format_datetime(dt.datetime.fromtimestamp(NOW + 90, dt.timezone.utc), usegmt=True), 90),
        (format_datetime(dt.datetime.fromtimestamp(NOW - 90, dt.timezone.utc), usegmt=True), 0),
        ("99999999999999999999", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_understood_in_both_forms(
    gateway: Gateway, client: BankClient, value: str, seconds: int | None
) -> None:
    gateway.answers("POST", PATH, problem(503, "unavailable", **{"Retry-After": value}))
    with pytest.raises(BankUnreachable) as caught:
        post(client)
    assert caught.value.retry_after == seconds


def test_a_bank_that_is_down_is_unreachable(gateway: Gateway) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(BankUnreachable, match=f"127.0.0.1:{port}") as caught:
        connected(gateway, base_url=f"http://127.0.0.1:{port}").discover()
    assert caught.value.status is None


def test_a_bank_that_does_not_answer_is_given_up(gateway: Gateway) -> None:
    asleep = threading.Event()

    def slow(request: Request) -> Reply:
        asleep.wait(8)
        return in_json({})

    gateway.routes[("POST", PATH)] = slow
    started = time.monotonic()
    with pytest.raises(BankUnreachable, match="in time"):
        post(connected(gateway, timeout=(5, 0.2)))
    asleep.set()
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_bank_that_drips_is_given_up_too(start: bytes) -> None:
    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(1000)
                connection.sendall(start)
                while not given_up.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BankUnreachable, match="did not finish its answer in time"):
            BankClient(base_url=address, key=KEY, total_timeout=0.5).discover()
        assert time.monotonic() - started < 5
        given_up.set()
        thread.join()


def test_the_limit_of_a_call_covers_its_token_and_the_renewal(gateway: Gateway) -> None:
    answers = iter((problem(401, "token-invalid"), in_json({})))

    def slow(request: Request) -> Reply:
        time.sleep(0.4)
        return next(answers)

    gateway.routes[("POST", PATH)] = slow
    client = connected(gateway, total_timeout=0.6)
    with pytest.raises(BankUnreachable, match="did not finish its answer in time"):
        post(client)
    assert len(gateway.received(PATH)) == 2


def test_a_call_without_time_left_asks_nobody(gateway: Gateway, client: BankClient) -> None:
    client.total_timeout = 0
    with pytest.raises(BankUnreachable, match="in time"):
        post(client)
    assert not gateway.received("/oauth2/token")


def test_a_connection_that_breaks_off_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(OpenSCFError) as caught:
            BankClient(base_url=address, key=KEY, timeout=(5, 5)).discover()
        thread.join()
    assert isinstance(caught.value, BankUnreachable)


# --- connecting -------------------------------------------------------------------------------------------------


def test_a_bank_is_connected_by_its_address_alone(gateway: Gateway) -> None:
    client = connected(gateway, jwks=None, client_id=None)
    discovery = client.discover()
    assert discovery.name == "Banque du Rhône"
    assert client.jwks == client.published_jwks == KeySet.of(gateway.key).jwks()
    registered = {"client_id": "cli_9", "status": "PENDING", "registered_at": "2026-11-22T05:55:49Z"}
    gateway.answers("POST", "/v1/clients", in_json(registered, 201, aud="cli_9"))
    gateway.answers("GET", "/v1/clients/cli_9", in_json({**registered, "status": "APPROVED"}, aud="cli_9"))
    registration = wire.ClientRegistration(
        client_name="Nordlicht", software="scf_for_odoo/19.0.1.0.0",
        party=wire.Party(name="Nordlicht GmbH", tax_id="DE136695976"), jwks=OWN.jwks(),
    )  # fmt: skip
    assert client.register(registration).status is wire.ClientStatus.PENDING
    request = gateway.received("/v1/clients")[0]
    assert "authorization" not in request.headers and request.headers["idempotency-key"].startswith('"register-')
    assert verify_detached(request.body, request.headers["x-jws-signature"], keys=OWN)["htu"] == "/v1/clients"
    assert client.client_id == "cli_9"
    assert client.client().status is wire.ClientStatus.APPROVED


def test_pinned_keys_stay_in_force_whatever_is_published(gateway: Gateway) -> None:
    pinned = KeySet.of(SigningKey.generate()).jwks()
    client = connected(gateway, jwks=pinned)
    client.discover()
    assert client.jwks == pinned and client.published_jwks == KeySet.of(gateway.key).jwks()
    gateway.answers("POST", PATH, in_json({}))
    with pytest.raises(SignatureInvalid):
        post(client)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"issuer": "http://localhost:1"},
        {"openscf_version": "2.0"},
        {"jwks_uri": "file:///etc/passwd"},
        {"api_base": "javascript:1"},
        {"token_endpoint": "http://user:password@127.0.0.1/"},
        {"name": None},
        {"techniques": "all"},
    ],
)
def test_a_description_that_cannot_be_right_connects_no_bank(gateway: Gateway, changes: dict[str, Any]) -> None:
    gateway.answers("GET", "/.well-known/openscf", in_json(gateway.discovery(**changes), sign=False))
    with pytest.raises(AnswerInvalid):
        connected(gateway).discover()


@pytest.mark.parametrize("jwks", [{"keys": []}, {"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}, {"keyz": 1}])
def test_a_bank_without_usable_keys_is_not_connected(gateway: Gateway, jwks: Any) -> None:
    gateway.answers("GET", "/v1/jwks", in_json(jwks, sign=False))
    with pytest.raises(AnswerInvalid):
        connected(gateway).discover()


@pytest.mark.parametrize("address", ["bank.example", "ftp://bank.example", "https://", "https://u:p@b.example", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputInvalid, match="no bank address"):
        BankClient(base_url=address, key=KEY)


def test_endpoints_remembered_from_discovery_are_used(gateway: Gateway) -> None:
    gateway.answers("GET", "/scf/api/v1/events", in_json({"events": [], "next_cursor": "0", "has_more": False}))
    client = connected(gateway, api_base=f"{gateway.address}/scf/api/v1")
    assert client.events("0").next_cursor == "0"
    assert gateway.requests[-1].path == "/scf/api/v1/events?after=0&limit=100"


# --- typed messages ---------------------------------------------------------------------------------------------


def test_a_document_goes_under_its_digest(gateway: Gateway, client: BankClient) -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    gateway.answers("PUT", f"/v1/documents/{digest}", Reply(201))
    assert client.put_document(b"abc", "application/pdf") == digest
    (request,) = gateway.received(f"/v1/documents/{digest}")
    assert (request.body, request.headers["content-type"]) == (b"abc", "application/pdf")
    with pytest.raises(InputInvalid, match="at most"):
        client.put_document(b" " * (MAX_DOCUMENT_BYTES + 1), "application/pdf")


MONEY = {"amount": "720.00", "currency": "EUR"}
TERMS = {
    "technique": "receivables_discounting", "principal": MONEY, "rate_pa": "8.40", "day_count": "ACT/360",
    "repayment": "bullet", "tenor_days": 45, "instalments": 1, "fee": {"amount": "5.00", "currency": "EUR"},
    "fee_timing": "deducted", "advance_rate": "80.00", "recourse": True, "penalty_rate_pa": "5.00",
    "conditions": ["Assign the invoice."],
}  # fmt: skip
OFFER = {
    "id": "o1", "loan_application_id": "a1", "status": "OPEN", "created_at": "2026-11-22T05:55:49Z",
    "expires_at": "2026-11-29T05:55:49Z", "terms_sha256": wire.terms_sha256(TERMS), "terms": TERMS,
}  # fmt: skip
APPLICATION = {
    "id": "a1", "reference": "FIN/1", "status": "OFFERED", "technique": "receivables_discounting", "requested": MONEY,
    "created_at": "2026-11-22T05:55:49Z", "updated_at": "2026-11-22T05:55:49Z", "offers": [OFFER],
}  # fmt: skip
GOODS = {"kind": "pledged_goods", "number": "PLG/2026/0001"}
INVOICE = {"kind": "customer_invoice", "number": "INV/1"}
RELEASE = {
    "release_id": "x1", "document": GOODS, "quantity": "12.5", "status": "WAITING", "repay_first": MONEY,
    "message": "Repay first.",
}  # fmt: skip
VALUED = {
    "valuation_id": "v1", "status": "RECEIVED", "lending_value": MONEY, "owed": {**MONEY, "amount": "820.00"},
    "shortfall": {**MONEY, "amount": "100.00"},
}  # fmt: skip
HELD = {
    "document": GOODS, "description": "Desk lamp", "uom": "Units", "pledged": "40", "released": "12.5", "held": "27.5",
    "value": MONEY, "lending_value": MONEY,
}  # fmt: skip
BALANCE = {
    "as_of": "2026-11-22", "currency": "EUR", "principal": "720.00", "interest": "0.00", "fee": "0.00",
    "penalty": "0.00", "total": "720.00",
}  # fmt: skip
LOAN = {
    "id": "l1", "loan_application_id": "a1", "offer_id": "o1", "number": "L-1", "status": "GRANTED", "terms": TERMS,
    "balance": BALANCE, "schedule": [],
}  # fmt: skip


def test_the_typed_messages_go_to_their_places_and_read_their_answers(gateway: Gateway, client: BankClient) -> None:
    for method, path, value in (
        ("POST", PATH, APPLICATION), ("GET", f"{PATH}/a1", APPLICATION), ("POST", f"{PATH}/a1/replies", APPLICATION),
        ("POST", f"{PATH}/a1/cancel", {**APPLICATION, "status": "CANCELLED"}), ("GET", "/v1/offers/o1", OFFER),
        ("POST", "/v1/offers/o1/accept", LOAN), ("POST", "/v1/offers/o1/decline", {**OFFER, "status": "DECLINED"}),
        ("GET", "/v1/loans/l1", LOAN),
        ("POST", "/v1/loans/l1/collections", {"collection_id": "c1", "status": "RECEIVED"}),
        ("POST", "/v1/loans/l1/repayments", {"repayment_id": "r1", "status": "RECEIVED"}),
        ("POST", "/v1/loans/l1/releases", RELEASE), ("POST", "/v1/loans/l1/valuations", VALUED),
        ("GET", "/v1/loans/l1/collateral", {"loan_id": "l1", "goods": [HELD]}),
        ("GET", "/v1/loans/l1/statement",
         {"loan_id": "l1", "currency": "EUR", "opening": BALANCE, "entries": [], "closing": BALANCE}),
    ):  # fmt: skip
        gateway.answers(method, path, in_json(value))
    money, today = wire.Money.model_validate(MONEY), dt.date(2026, 11, 22)
    request = wire.LoanApplicationRequest(
        reference="FIN/1", technique="receivables_discounting", requested=money, tenor_days=45, repayment="bullet",
        package_sha256="0" * 64, package_id="urn:uuid:1", disbursement_account={"iban": "DE02", "holder": "N"},
        documents_fingerprints=["f1 ab"],
    )  # fmt: skip
    application = client.apply(request, idempotency_key="1")
    assert application.status is wire.LoanApplicationStatus.OFFERED
    assert client.application("a1") == application
    assert client.reply("a1", wire.Reply(message="Here."), idempotency_key="2") == application
    assert client.cancel("a1", "No need.", idempotency_key="3").status is wire.LoanApplicationStatus.CANCELLED
    offer = client.offer("o1")
    assert wire.terms_sha256(offer.terms) == offer.terms_sha256
    acceptance = wire.Acceptance(
        terms_sha256=offer.terms_sha256, requested_by="Ada", approved_by="Bo",
        accepted_at=dt.datetime(2026, 11, 22, 6, 55, 49, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    )  # fmt: skip
    assert client.accept("o1", acceptance, idempotency_key="4").status is wire.LoanStatus.GRANTED
    assert b'"accepted_at":"2026-11-22T05:55:49Z"' in gateway.received("/v1/offers/o1/accept")[0].body
    assert client.decline("o1", "Too dear.", idempotency_key="5").status is wire.OfferStatus.DECLINED
    assert client.loan("l1", as_of=today).balance.total == money.amount
    assert gateway.requests[-1].path == "/v1/loans/l1?as_of=2026-11-22"
    collection = wire.Collection(
        collection_id="c1", document={"kind": "customer_invoice", "number": "INV/1"}, amount=money,
        collected_on=today, kind="payment",
    )  # fmt: skip
    assert client.collect("l1", collection, idempotency_key="6").status == "RECEIVED"
    repayment = wire.Repayment(repayment_id="r1", amount=money, paid_on=today, reason="due")
    assert client.repay("l1", repayment, idempotency_key="7").repayment_id == "r1"
    asked = wire.ReleaseRequest(release_id="x1", document=GOODS, quantity="12.5", reason="Sold.")
    release = client.release("l1", asked, idempotency_key="8")
    assert release.status is wire.ReleaseStatus.WAITING and release.repay_first == money
    valuation = wire.Valuation(
        valuation_id="v1", as_of=today, goods=[{"document": GOODS, "quantity": "40", "value": MONEY}]
    )
    assert client.value("l1", valuation, idempotency_key="9").shortfall.amount == Decimal("100.00")
    [held] = client.collateral("l1").goods
    assert (held.pledged, held.released, held.held) == (Decimal(40), Decimal("12.5"), Decimal("27.5"))
    assert client.statement("l1", start=today, end=today).closing.total == money.amount
    assert gateway.requests[-1].path == "/v1/loans/l1/statement?from=2026-11-22&to=2026-11-22"
    for sent in gateway.requests:
        if sent.method == "POST" and sent.path.startswith("/v1/"):
            header = verify_detached(sent.body, sent.headers["x-jws-signature"], keys=OWN)
            assert (header["htm"], header["htu"]) == ("POST", sent.path)


def test_what_is_asked_of_a_running_loan_goes_to_its_place_whatever_its_id(
    gateway: Gateway, client: BankClient
) -> None:
    day, at = dt.date(2027, 2, 4), dt.datetime(2026, 11, 22, tzinfo=dt.timezone.utc)
    extension = {"extension_id": "EXT/1", "days": 14, "status": "OFFERED", "fee": MONEY, "due_date": str(day)}
    substitution = {"substitution_id": "SUB/1", "released": [INVOICE], "status": "REQUESTED"}
    for path, value in (
        ("extensions", extension), ("extensions/EXT%2F1/accept", {**extension, "status": "GRANTED"}),
        ("extensions/EXT%2F1/withdraw", {**extension, "status": "WITHDRAWN"}), ("substitutions", substitution),
    ):  # fmt: skip
        gateway.answers("POST", f"/v1/loans/l1/{path}", in_json(value))
    asked = wire.ExtensionRequest(extension_id="EXT/1", days=14, reason="The buyer pays late.")
    offered = client.extend("l1", asked, idempotency_key="1")
    assert (offered.status, offered.due_date) == (wire.ExtensionStatus.OFFERED, day)
    assert offered.fee is not None
    acceptance = wire.ExtensionAcceptance(fee=offered.fee, due_date=day, approved_by="Bo", accepted_at=at)
    granted = client.accept_extension("l1", "EXT/1", acceptance, idempotency_key="2")
    assert granted.status is wire.ExtensionStatus.GRANTED
    withdrawn = client.withdraw_extension("l1", "EXT/1", "Paid.", idempotency_key="3")
    assert withdrawn.status is wire.ExtensionStatus.WITHDRAWN
    request = wire.SubstitutionRequest(
        substitution_id="SUB/1",
        released=[INVOICE],
        package_sha256="0" * 64,
        package_id="urn:uuid:1",
        reason="Disputed.",
    )
    assert client.substitute("l1", request, idempotency_key="4").status is wire.SubstitutionStatus.REQUESTED
    for sent in gateway.requests:
        if sent.method == "POST" and sent.path.startswith("/v1/loans"):
            assert verify_detached(sent.body, sent.headers["x-jws-signature"], keys=OWN)["htu"] == sent.path


# --- secrets ----------------------------------------------------------------------------------------------------


def test_no_secret_is_shown_logged_or_quoted(
    gateway: Gateway, client: BankClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither key, token, assertion nor body: in repr, in errors with their causes, in logs at the finest level."""
    caplog.set_level(logging.DEBUG)
    secrets = [KEY.private_jwk()["d"], "secret-token-1", "FIN/1", "eyJ"]
    texts = []
    for reply in (
        in_json({"leak": 1.5}, sign=False), problem(422, "validation-failed"), problem(503, "unavailable"),
        Reply(302, b"", {"Location": "https://x.example"}), Reply(200, b"?"), problem(401, "token-invalid"),
    ):  # fmt: skip
        gateway.answers("POST", PATH, reply)
        with pytest.raises(OpenSCFError) as caught:
            post(client)
        error: BaseException | None = caught.value
        while error is not None:
            texts += [str(error), repr(error)]
            error = error.__cause__ or error.__context__
    texts += [repr(client), str(client), repr(client._token), caplog.text, repr(client._key)]
    gateway.answers("POST", "/oauth2/token", in_json({"access_token": "secret-token-x\n", "token_type": "Bearer"}))
    with pytest.raises(AnswerInvalid) as refused:
        post(connected(gateway))
    texts += [str(refused.value), repr(refused.value.__context__)]
    for secret in [*secrets, "secret-token-x"]:
        assert not [text for text in texts if secret in text]
    token = wire.TokenAnswer(access_token="secret-token-1", token_type="Bearer", expires_in=600)
    assert "secret" not in repr(token)


def test_statement_as_xml_is_handed_over_only_with_the_banks_signature(gateway: Gateway, client: BankClient) -> None:
    path, today, xml = "/v1/loans/l1/statement.camt053", dt.date(2026, 11, 22), b"<Document/>"
    as_xml = {"Content-Type": "application/xml"}
    gateway.answers("GET", path, Reply(200, xml, as_xml))
    answer = client.statement_camt053("l1", start=today, end=today)
    assert (answer.body, answer.json) == (xml, None)
    assert verify_detached(xml, answer.signature, keys=KeySet.of(gateway.key))["aud"] == client.client_id
    sent = gateway.requests[-1]
    assert (sent.path, sent.headers["accept"]) == (f"{path}?from=2026-11-22&to=2026-11-22", "application/xml")
    gateway.answers("GET", path, Reply(200, xml, as_xml, sign=False))
    with pytest.raises(SignatureInvalid, match="not signed"):
        client.statement_camt053("l1", start=today, end=today)
    gateway.answers("GET", path, in_json({}))
    with pytest.raises(AnswerInvalid, match="application/xml was expected"):
        client.statement_camt053("l1", start=today, end=today)


def test_a_page_of_results_is_believed_once_it_is_signed_and_complete(gateway: Gateway, client: BankClient) -> None:
    path, as_lines = "/v1/prequalifications/q1/results", {"Content-Type": "application/x-ndjson"}

    def line(row: int, limit: str = "80.00") -> bytes:
        reasons = b'[{"code":"base","effect":"100.00","message":"Two months"},'
        reasons += b'{"code":"late","effect":"-20.00","figure":"9.00","message":"Late","threshold":"5.00"}]'
        place = str(row).encode()
        head = b'{"limit":"%s","member_ref":"P-%s","reasons":' % (limit.encode(), place)
        return head + reasons + b',"row":%s,"status":"APPROVED"}\n' % place

    gateway.answers("GET", path, Reply(200, line(3) + line(5), as_lines))
    results = client.prequalification_results("q1", after=2, limit=2)
    assert [(result.row, result.limit) for result in results] == [(3, Decimal("80.00")), (5, Decimal("80.00"))]
    sent = gateway.requests[-1]
    assert (sent.path, sent.headers["accept"]) == (f"{path}?after=2&limit=2", "application/x-ndjson")
    gateway.answers("GET", path, Reply(200, b"", as_lines))
    assert client.prequalification_results("q1", after=5) == ()
    gateway.answers("GET", path, Reply(200, line(3), as_lines, sign=False))
    with pytest.raises(SignatureInvalid, match="not signed"):
        client.prequalification_results("q1")
    for page, words in (
        (line(3, "80.01"), "do not add up"),
        (line(3)[:-9], "Line 1"),
        (line(5) + line(3), "not each after"),
        (line(3) + line(3), "not each after"),
        (line(2), "not each after"),
        (line(3) + line(4) + line(5), "asked for 2 results"),
    ):
        gateway.answers("GET", path, Reply(200, page, as_lines))
        with pytest.raises(AnswerInvalid, match=words):
            client.prequalification_results("q1", after=2, limit=2)


def test_what_the_bank_has_already_need_not_go_again(gateway: Gateway, client: BankClient) -> None:
    path = f"/v1/documents/{'a' * 64}"
    gateway.answers("HEAD", path, Reply(200), problem(404, "not-found"), problem(403, "client-not-approved"))
    assert client.has_document("a" * 64)
    assert not client.has_document("a" * 64)
    with pytest.raises(BankRefused, match="403"):
        client.has_document("a" * 64)
