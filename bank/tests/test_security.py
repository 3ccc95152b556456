"""The gateway attacked from outside: over HTTP, with what a stranger or another client could send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
from decimal import Decimal
from typing import Any

import pytest
import requests
from erp import Erp, acceptance_of, new_key, new_pledge, new_sale
from openscf import wire
from openscf.errors import BankRefused
from openscf.jws import client_assertion, verify_detached
from openscf.keys import KeySet, SigningKey
from openscf.package import MEDIA_TYPE
from openscf_bank.clients.models import Client
from openscf_bank.kit.limits import BODY_LIMIT, DOCUMENT_LIMIT, RateLimiter
from openscf_bank.kit.problems import ProblemError
from server import Bank

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def code_of(answer: requests.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return str(problem["type"]).removeprefix("urn:openscf:problem:")


class TestOtherClients:
    """Client A asks for what is B's: the answer is that of a thing that does not exist."""

    def test_nothing_of_another_client_can_be_read_or_done(self, bank: Bank, erp: Erp) -> None:
        stranger = Erp.approved(bank)
        sale = new_sale()
        package = erp.package(sale)
        offer = erp.offered(sale, package=package)
        sha256 = hashlib.sha256(package).hexdigest()
        loan = erp.financed()
        pledge = new_pledge()
        pledged = erp.financed(pledge)
        goods = {"kind": "pledged_goods", "number": pledge.number}
        day = str(bank.today())
        money = {"amount": "1.00", "currency": "EUR"}
        attempts: list[tuple[str, str, Any]] = [
            ("GET", f"/v1/clients/{erp.client_id}", None),
            ("GET", f"/v1/loan-applications/{offer.loan_application_id}", None),
            ("POST", f"/v1/loan-applications/{offer.loan_application_id}/cancel", {"reason": "mine"}),
            ("POST", f"/v1/loan-applications/{offer.loan_application_id}/replies", {"message": "mine"}),
            ("GET", f"/v1/offers/{offer.id}", None),
            ("POST", f"/v1/offers/{offer.id}/accept", acceptance_of(offer).to_wire()),
            ("POST", f"/v1/offers/{offer.id}/decline", {"reason": "mine"}),
            ("GET", f"/v1/loans/{loan.id}", None),
            ("GET", f"/v1/loans/{loan.id}/statement", None),
            ("GET", f"/v1/loans/{loan.id}/statement.camt053", None),
            (
                "POST",
                f"/v1/loans/{loan.id}/collections",
                {
                    "collection_id": "x",
                    "document": {"kind": "customer_invoice", "number": "x"},
                    "amount": money,
                    "collected_on": day,
                    "kind": "payment",
                },
            ),
            (
                "POST",
                f"/v1/loans/{loan.id}/repayments",
                {"repayment_id": "x", "amount": money, "paid_on": day, "reason": "x"},
            ),
            ("GET", f"/v1/loans/{pledged.id}/collateral", None),
            (
                "POST",
                f"/v1/loans/{pledged.id}/releases",
                {"release_id": "x", "document": goods, "quantity": "1", "reason": "x"},
            ),
            (
                "POST",
                f"/v1/loans/{pledged.id}/valuations",
                {
                    "valuation_id": "x",
                    "as_of": day,
                    "goods": [{"document": goods, "quantity": "1", "value": money}],
                },
            ),
        ]
        for method, path, body in attempts:
            answer = stranger.raw(method, path, body)
            assert (answer.status_code, code_of(answer)) == (404, "not-found"), path
        assert stranger.raw("HEAD", f"/v1/documents/{sha256}").status_code == 404
        with pytest.raises(BankRefused) as refused:
            stranger.apply(new_sale(), package_sha256=sha256)
        assert refused.value.problem.code == "validation-failed"
        assert stranger.event_types() == ["client.approved"]
        assert erp.http.offer(offer.id).status == "OPEN"
        assert erp.held(pledged) == {lot.number: Decimal(lot.quantity) for lot in pledge.lots}

    def test_an_application_signed_by_another_clients_key_is_refused(self, bank: Bank, erp: Erp) -> None:
        other = Erp.approved(bank)
        path, body = "/v1/loan-applications", erp.request(new_sale()).to_bytes()
        answer = erp.raw("POST", path, body, key=other.key)
        assert (answer.status_code, code_of(answer)) == (401, "signature-invalid")


class TestClientStatus:
    def test_a_pending_client_sees_only_itself_and_its_events(self, bank: Bank) -> None:
        pending = Erp(bank)
        assert pending.http.client().status == "PENDING"
        assert pending.events() == []
        for method, path in (("GET", "/v1/offers/x"), ("GET", "/v1/loans/x"), ("HEAD", f"/v1/documents/{'0' * 64}")):
            assert pending.raw(method, path).status_code == 403
        answer = pending.raw("POST", "/v1/loan-applications", {})
        assert (answer.status_code, code_of(answer)) == (403, "client-not-approved")
        with pytest.raises(BankRefused) as refused:
            pending.http.put_document(b"x", MEDIA_TYPE)
        assert refused.value.problem.code == "client-not-approved"

    def test_a_suspended_client_is_shut_out_at_once(self, bank: Bank, erp: Erp) -> None:
        offer = erp.offered()
        bank.suspend(erp.client_id)
        with pytest.raises(BankRefused) as refused:
            erp.accept(offer)
        assert refused.value.problem.code == "client-not-approved"
        assert erp.event_types()[-1] == "client.suspended"
        bank.approve(erp.client_id)
        assert erp.accept(offer).status == "GRANTED"

    def test_a_registration_is_signed_by_the_key_it_brings(self, bank: Bank) -> None:
        other, mine = SigningKey.generate(), SigningKey.generate("ES256")
        body = json.dumps(
            {
                "client_name": "x",
                "software": "x",
                "party": {"name": "X GmbH", "tax_id": "DE1"},
                "jwks": {"keys": [mine.public_jwk()]},
            }
        ).encode()
        erp = Erp(bank)

        def send(key: SigningKey) -> requests.Response:
            headers = {
                "Content-Type": "application/json",
                "Idempotency-Key": f'"{new_key()}"',
                "x-jws-signature": erp.sign("POST", "/v1/clients", body, key=key),
            }
            return requests.post(f"{bank.url}/v1/clients", body, headers=headers, timeout=30)

        assert code_of(send(other)) == "signature-invalid"
        assert send(mine).status_code == 201

    @pytest.mark.parametrize("party", [{}, {"tax_id": None}, {"tax_id": ""}, {"tax_id": " - "}, {"tax_id": 1}])
    def test_a_registration_without_a_tax_id_is_refused(self, bank: Bank, party: dict[str, Any]) -> None:
        erp = Erp(bank)
        registration = erp.registration.to_wire() | {"party": {"name": "X GmbH"} | party}
        answer = erp.raw("POST", "/v1/clients", registration)
        assert (answer.status_code, code_of(answer)) == (422, "validation-failed")
        assert answer.json()["errors"][0]["pointer"] == "/party/tax_id"

    @pytest.mark.parametrize("tax_id", ["DE136695976", "\N{SQUARE KG}"])
    @pytest.mark.parametrize("registered", [None, "", "."])
    def test_a_client_without_a_tax_id_speaks_for_no_company(
        self, bank: Bank, erp: Erp, registered: str | None, tax_id: str
    ) -> None:
        """One that was registered before a tax id was required."""
        with bank.gateway.db.write() as session:
            session.get_one(Client, erp.client_id).party_tax_id = registered
        application = erp.apply(new_sale(seller_tax_id=tax_id))
        assert application.rejection is not None
        assert application.rejection.reason == "DOC_IRREGULARITIES"
        assert "another tax id, or none" in application.rejection.message

    @pytest.mark.parametrize("victim_first", [True, False])
    def test_a_stranger_cannot_register_the_key_of_another(self, bank: Bank, victim_first: bool) -> None:
        """Else the victim's own registration would be answered with the stranger's client."""
        stranger, victim = Erp(bank), SigningKey.generate()
        mine = SigningKey.generate()
        listed = [victim.public_jwk(), mine.public_jwk()] if victim_first else [mine.public_jwk(), victim.public_jwk()]
        registration = stranger.registration.to_wire() | {"jwks": {"keys": listed}}
        answer = stranger.raw("POST", "/v1/clients", registration, key=mine)
        assert (answer.status_code, code_of(answer)) == (422, "validation-failed")
        assert "exactly one key" in answer.json()["detail"]
        own = stranger.registration.to_wire() | {"jwks": {"keys": [victim.public_jwk()]}}
        assert code_of(stranger.raw("POST", "/v1/clients", own, key=mine)) == "signature-invalid"
        registered = stranger.raw("POST", "/v1/clients", own, key=victim)
        assert registered.status_code == 201
        again = stranger.raw("POST", "/v1/clients", own, key=victim)
        assert again.json()["client_id"] == registered.json()["client_id"] != stranger.client_id

    @pytest.mark.parametrize("keys", [[], [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]])
    def test_a_registration_without_a_usable_key_is_refused(self, bank: Bank, keys: list[dict[str, str]]) -> None:
        erp = Erp(bank)
        answer = erp.raw("POST", "/v1/clients", erp.registration.to_wire() | {"jwks": {"keys": keys}})
        assert (answer.status_code, code_of(answer)) == (422, "validation-failed")

    def test_a_private_key_in_a_registration_is_refused(self, bank: Bank) -> None:
        erp = Erp(bank)
        jwks = {"keys": [SigningKey.generate().private_jwk()]}
        answer = erp.raw("POST", "/v1/clients", erp.registration.to_wire() | {"jwks": jwks})
        assert (answer.status_code, code_of(answer)) == (422, "validation-failed")
        assert jwks["keys"][0]["d"] not in answer.text


class TestSignatures:
    PATH = "/v1/loan-applications"

    @pytest.mark.parametrize(
        "signing",
        [
            {"htu": "/v1/loan-applications/other"},
            {"htm": "PUT"},
            {"aud": "https://other-bank.example"},
            {"aud": None},
            {"at": 1_600_000_000},
            {"at": int(time.time()) + 3600},
        ],
        ids=["htu", "htm", "aud", "no-aud", "stale", "future"],
    )
    def test_a_signature_for_another_call_or_time_is_refused(self, erp: Erp, signing: dict[str, Any]) -> None:
        body = erp.request(new_sale()).to_bytes()
        answer = erp.raw("POST", self.PATH, body, **{k: v for k, v in signing.items() if k == "at"} or signing)
        assert (answer.status_code, code_of(answer)) == (401, "signature-invalid")

    def test_a_signature_of_other_bytes_is_refused(self, erp: Erp) -> None:
        request = erp.request(new_sale())
        signature = erp.sign("POST", self.PATH, request.to_bytes())
        changed = request.to_bytes().replace(b"8000.00", b"9000.00")
        answer = erp.raw("POST", self.PATH, changed, headers={"x-jws-signature": signature})
        assert (answer.status_code, code_of(answer)) == (401, "signature-invalid")

    def test_no_signature_is_said_to_be_missing(self, erp: Erp) -> None:
        answer = erp.raw("POST", self.PATH, erp.request(new_sale()).to_bytes(), headers={"x-jws-signature": ""})
        assert (answer.status_code, code_of(answer)) == (401, "signature-missing")

    @pytest.mark.parametrize("alg", ["none", "HS256"])
    def test_algorithms_outside_the_list_are_refused(self, bank: Bank, erp: Erp, alg: str) -> None:
        """HS256 with the public key as secret is the classic confusion."""
        body = erp.request(new_sale()).to_bytes()
        header = {
            "alg": alg, "kid": erp.key.kid, "iat": int(time.time()), "b64": False, "crit": ["b64"],
            "typ": "openscf+jws", "htm": "POST", "htu": self.PATH, "aud": bank.url,
        }  # fmt: skip
        protected = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
        secret = base64.urlsafe_b64decode(erp.key.public_jwk()["x"] + "==")
        tag = hmac.new(secret, protected + b"." + body, "sha256").digest() if alg == "HS256" else b"x"
        token = f"{protected.decode()}..{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"
        answer = erp.raw("POST", self.PATH, body, headers={"x-jws-signature": token})
        assert (answer.status_code, code_of(answer)) == (401, "signature-invalid")

    def test_every_good_answer_of_the_api_is_signed_for_the_client(self, bank: Bank, erp: Erp) -> None:
        keys = KeySet.from_jwks(requests.get(f"{bank.url}/v1/jwks", timeout=30).json())
        for path in ("/v1/jwks", f"/v1/clients/{erp.client_id}", "/v1/events"):
            answer = erp.raw("GET", path)
            header = verify_detached(answer.content, answer.headers["x-jws-signature"], keys=keys)
            assert header.get("aud") == (None if path == "/v1/jwks" else erp.client_id)
            assert "htm" not in header and "htu" not in header


class TestTokens:
    def assertion(self, erp: Erp, **changes: Any) -> str:
        values = {
            "key": erp.key,
            "client_id": erp.client_id,
            "audience": erp.bank.url,
            "issued_at": int(time.time()),
            "jti": new_key(),
        }
        return client_assertion(**(values | changes))

    def ask(self, erp: Erp, assertion: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return requests.post(f"{erp.bank.url}/oauth2/token", form, timeout=30)

    def test_an_assertion_is_used_once(self, erp: Erp) -> None:
        assertion = self.assertion(erp)
        first = self.ask(erp, assertion)
        assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
        assert first.json()["expires_in"] == 600
        again = self.ask(erp, assertion)
        assert (again.status_code, again.json()["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize("change", ["audience", "stale", "key", "client"])
    def test_an_assertion_that_proves_nothing_is_refused(self, bank: Bank, erp: Erp, change: str) -> None:
        other = Erp(bank)
        changes: dict[str, Any] = {
            "audience": {"audience": "https://other-bank.example"},
            "stale": {"issued_at": int(time.time()) - 3600},
            "key": {"key": other.key},
            "client": {"client_id": other.client_id},
        }[change]
        answer = self.ask(erp, self.assertion(erp, **changes))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize("header", ["", "Bearer ", "Bearer nonsense", "Basic abc", "nonsense"])
    def test_without_a_good_token_nothing_answers(self, erp: Erp, header: str) -> None:
        answer = erp.raw("GET", "/v1/events", headers={"Authorization": header})
        assert (answer.status_code, code_of(answer)) == (401, "token-invalid")
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_a_token_ends(self, bank: Bank, erp: Erp) -> None:
        import sqlalchemy as sa
        from openscf_bank.kit.clock import wall_time
        from openscf_bank.oauth.models import AccessToken

        token = erp.token()
        with bank.gateway.db.write() as session:
            session.execute(sa.update(AccessToken).values(expires_at=wall_time()))
        answer = erp.raw("GET", "/v1/events", headers={"Authorization": f"Bearer {token}"})
        assert code_of(answer) == "token-invalid"

    def test_tokens_are_kept_as_digests_only(self, bank: Bank, erp: Erp) -> None:
        import sqlalchemy as sa
        from openscf_bank.oauth.models import AccessToken

        token = erp.token()
        with bank.gateway.db.read() as session:
            kept = session.scalars(sa.select(AccessToken.token_sha256)).all()
        assert token not in kept
        assert hashlib.sha256(token.encode()).hexdigest() in kept


class TestBodies:
    def test_a_body_above_the_limit_is_refused(self, erp: Erp) -> None:
        answer = erp.raw("POST", "/v1/loan-applications", b" " * (BODY_LIMIT + 1))
        assert (answer.status_code, code_of(answer)) == (413, "too-large")

    def test_an_unannounced_length_does_not_pass_the_limit(self, bank: Bank, erp: Erp) -> None:
        headers = {"Authorization": f"Bearer {erp.token()}", "Content-Type": "application/json"}
        chunks = (b" " * 65_536 for _ in range(BODY_LIMIT // 65_536 + 2))
        try:
            answer = requests.post(f"{bank.url}/v1/loan-applications", chunks, headers=headers, timeout=30)
        except requests.ConnectionError:
            return  # the bank hung up on the rest, which is as good
        assert answer.status_code == 413

    def test_a_document_may_have_twenty_mebibytes_and_no_more(self, erp: Erp) -> None:
        largest = bytes(DOCUMENT_LIMIT)
        assert erp.http.put_document(largest, "application/octet-stream") == hashlib.sha256(largest).hexdigest()
        answer = erp.raw("PUT", f"/v1/documents/{'0' * 64}", headers={"Content-Length": str(DOCUMENT_LIMIT + 1)})
        assert answer.status_code == 413

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"{", (400, "invalid-request")),
            (b"", (422, "validation-failed")),
            (b"[]", (422, "validation-failed")),
            (b"{}", (422, "validation-failed")),
            (b'{"reason": 1}', (422, "validation-failed")),
            (b'\xff\xfe{"reason": "x"}', (400, "invalid-request")),
        ],
    )
    def test_a_body_that_does_not_fit_is_a_problem_with_places(
        self, erp: Erp, body: bytes, expected: tuple[int, str]
    ) -> None:
        offer = erp.offered()
        answer = erp.raw("POST", f"/v1/offers/{offer.id}/decline", body)
        assert (answer.status_code, code_of(answer)) == expected
        assert erp.http.offer(offer.id).status == "OPEN"

    def test_amounts_as_numbers_are_refused(self, erp: Erp) -> None:
        request = erp.request(new_sale()).to_wire() | {"requested": {"amount": 8000.0, "currency": "EUR"}}
        answer = erp.raw("POST", "/v1/loan-applications", request)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/requested/amount"

    def test_a_nul_in_a_text_is_refused_or_kept_but_never_breaks(self, erp: Erp) -> None:
        offer = erp.offered()
        answer = erp.raw("POST", f"/v1/offers/{offer.id}/decline", {"reason": "no\x00thanks"})
        assert answer.status_code in (200, 422)
        assert erp.raw("GET", "/v1/offers/%00").status_code in (404, 422)

    def test_dates_at_the_end_of_the_calendar_are_refused(self, erp: Erp) -> None:
        loan = erp.financed()
        assert erp.raw("GET", f"/v1/loans/{loan.id}/statement?from=0001-01-01").status_code == 422
        acceptance = acceptance_of(erp.offered()).to_wire() | {"accepted_at": "0001-01-01T00:00:00+14:00"}
        offer = erp.offered()
        assert erp.raw("POST", f"/v1/offers/{offer.id}/accept", acceptance).status_code == 422
        assert erp.raw("GET", f"/v1/loans/{loan.id}?as_of=9999-12-31").status_code == 200

    @pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 100_000, b"\xff" * 1000])
    def test_a_package_made_to_break_the_reader_is_rejected(self, erp: Erp, content: bytes) -> None:
        sha256 = erp.http.put_document(content, MEDIA_TYPE)
        application = erp.apply(new_sale(), package_sha256=sha256)
        assert application.rejection is not None
        assert application.rejection.reason == "DOC_IRREGULARITIES"

    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/v1/nothing", (404, "not-found")),
            ("GET", "/nothing", (404, "not-found")),
            ("DELETE", "/v1/events", (405, "method-not-allowed")),
            ("GET", "/v1/events?after=-1", (422, "validation-failed")),
            ("GET", "/v1/events?limit=100000", (422, "validation-failed")),
            ("GET", "/v1/offers/' OR 1=1 --", (404, "not-found")),
        ],
    )
    def test_every_error_is_a_problem_document(
        self, erp: Erp, method: str, path: str, expected: tuple[int, str]
    ) -> None:
        answer = erp.raw(method, path)
        assert (answer.status_code, code_of(answer)) == expected


def test_secrets_are_never_logged(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        erp = Erp.approved(bank)
        token = erp.token()
        offer = erp.offered()
        erp.raw("POST", f"/v1/offers/{offer.id}/decline", b"{", headers={"Authorization": "Bearer wrong-token"})
        erp.accept(offer)
        bank.officer.log_in()
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    from openscf_bank.testing import OFFICER_PASSWORD

    for secret in (token, OFFICER_PASSWORD, bank.gateway.key.private_jwk()["d"], "DE02120300000000202051"):
        assert secret not in logged


def test_a_caller_without_a_token_is_slowed_down() -> None:
    limiter = RateLimiter(per_minute=3)
    for _ in range(3):
        limiter.check("192.0.2.1")
    with pytest.raises(ProblemError) as refused:
        limiter.check("192.0.2.1")
    assert refused.value.code == "too-many-requests"
    assert int(refused.value.headers["Retry-After"]) >= 1
    limiter.check("192.0.2.2")


def test_events_are_paged_and_replayable(bank: Bank, erp: Erp) -> None:
    erp.financed()
    whole = erp.http.events("0")
    first = erp.http.events("0", limit=2)
    assert (len(first.events), first.has_more, first.next_cursor) == (2, True, "2")
    rest = erp.http.events(first.next_cursor)
    assert first.events + rest.events == whole.events
    end = erp.http.events(whole.next_cursor)
    assert (end.events, end.has_more, end.next_cursor) == ((), False, whole.next_cursor)


def test_money_is_never_a_float_in_an_answer(erp: Erp) -> None:
    loan = erp.financed()
    answer = json.loads(erp.raw("GET", f"/v1/loans/{loan.id}").content, parse_float=lambda text: pytest.fail(text))
    assert Decimal(answer["balance"]["total"]) == loan.balance.total


def test_discovery_names_the_address_that_was_asked(bank: Bank) -> None:
    discovery = wire.Discovery.model_validate(requests.get(f"{bank.url}/.well-known/openscf", timeout=30).json())
    assert discovery.issuer == bank.url
    assert {technique.code for technique in discovery.techniques} == {
        "receivables_discounting",
        "pre_shipment",
        "distributor_finance",
        "inventory_loan",
        "revolving_line",
    }
