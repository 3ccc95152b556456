"""The OpenAPI document that is committed is the one that the code gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openscf_bank.cli import openapi_text

COMMITTED = Path(__file__).parents[1] / "openapi.json"


def test_the_committed_openapi_document_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == openapi_text(), (
        "bank/openapi.json is out of date: run `openscf-bank openapi > bank/openapi.json`"
    )


def test_every_route_of_the_protocol_is_described() -> None:
    paths = json.loads(openapi_text())["paths"]
    expected = {
        "/.well-known/openscf": {"get"},
        "/v1/jwks": {"get"},
        "/v1/clients": {"post"},
        "/v1/clients/{client_id}": {"get"},
        "/oauth2/token": {"post"},
        "/v1/documents/{sha256}": {"put", "head"},
        "/v1/loan-applications": {"post"},
        "/v1/loan-applications/{application_id}": {"get"},
        "/v1/loan-applications/{application_id}/replies": {"post"},
        "/v1/loan-applications/{application_id}/cancel": {"post"},
        "/v1/consents/{consent_id}/revoke": {"post"},
        "/v1/packages/{package_id}/access-log": {"get"},
        "/v1/offers/{offer_id}": {"get"},
        "/v1/offers/{offer_id}/accept": {"post"},
        "/v1/offers/{offer_id}/decline": {"post"},
        "/v1/loans/{loan_id}": {"get"},
        "/v1/loans/{loan_id}/collections": {"post"},
        "/v1/loans/{loan_id}/repayments": {"post"},
        "/v1/loans/{loan_id}/drawdowns": {"post"},
        "/v1/loans/{loan_id}/statement": {"get"},
        "/v1/loans/{loan_id}/statement.camt053": {"get"},
        "/v1/loans/{loan_id}/collateral": {"get"},
        "/v1/loans/{loan_id}/releases": {"post"},
        "/v1/loans/{loan_id}/valuations": {"post"},
        "/v1/loans/{loan_id}/extensions": {"post"},
        "/v1/loans/{loan_id}/extensions/{extension_id}/accept": {"post"},
        "/v1/loans/{loan_id}/extensions/{extension_id}/withdraw": {"post"},
        "/v1/loans/{loan_id}/substitutions": {"post"},
        "/v1/events": {"get"},
        "/v1/programs/{program_id}/payables": {"post"},
        "/v1/programs/{program_id}/settlements": {"post"},
        "/v1/programs/{program_id}/statement": {"get"},
        "/v1/payables/{payable_id}": {"get"},
        "/v1/payables/{payable_id}/reduce": {"post"},
        "/v1/payables/{payable_id}/withdraw": {"post"},
        "/v1/payables/{payable_id}/early-payment": {"post"},
        "/v1/payables/{payable_id}/confirm": {"post"},
        "/v1/payables/{payable_id}/refuse": {"post"},
        "/v1/programs": {"post"},
        "/v1/programs/{program_id}": {"get"},
        "/v1/programs/{program_id}/close": {"post"},
        "/v1/programs/{program_id}/prequalifications": {"post"},
        "/v1/prequalifications/{batch_id}": {"get"},
        "/v1/prequalifications/{batch_id}/results": {"get"},
        "/v1/programs/{program_id}/members": {"post"},
        "/v1/memberships": {"post"},
        "/v1/members/{member_id}": {"get"},
        "/v1/members/{member_id}/leave": {"post"},
    }
    assert {path: set(methods) for path, methods in paths.items()} == expected


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/v1/offers/{offer_id}/accept", "offer_id"),
        ("/v1/loans/{loan_id}/releases", "loan_id"),
        ("/v1/loans/{loan_id}/valuations", "loan_id"),
        ("/v1/loans/{loan_id}/extensions/{extension_id}/accept", "extension_id"),
        ("/v1/loans/{loan_id}/substitutions", "loan_id"),
        ("/v1/payables/{payable_id}/early-payment", "payable_id"),
    ],
)
def test_signed_routes_name_their_headers(path: str, subject: str) -> None:
    signed = json.loads(openapi_text())["paths"][path]["post"]
    names = {parameter["name"].lower() for parameter in signed["parameters"]}
    assert {"authorization", "idempotency-key", "x-jws-signature", subject} <= names
