"""Programs for tests: what an anchor and its suppliers send, written in few words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any

import requests
from erp import Erp, new_key
from openscf import programs as wire

_numbers = itertools.count(1)

PDF = b"%PDF-1.7\n% extract no. "
DOCUMENTS = ("registration_extract", "signatory_identity", "bank_account_proof")
IBAN = "DE02120300000000202051"


def good(answer: requests.Response) -> Any:
    """The answer's JSON, where it is a good one."""
    assert answer.status_code in (200, 202), f"{answer.status_code}: {answer.text}"
    return answer.json()


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """(status, code, first pointer) of a refusal."""
    problem = answer.json()
    pointers = [error["pointer"] for error in problem.get("errors", ())]
    return answer.status_code, problem["type"].rsplit(":", 1)[-1], pointers[0] if pointers else ""


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def now() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def program_request(**changes: Any) -> dict[str, Any]:
    """A program that Rhône takes on by itself."""
    return {
        "program_id": new_key(),
        "kind": "payables_finance",
        "name": "Nordlicht's suppliers",
        "currency": "EUR",
        "requested_limit": euros("400000.00"),
        "member_limit": euros("60000.00"),
        "max_tenor_days": 120,
        "documents": ["beneficial_owners"],
        "terms_sha256": "0" * 64,
        "requested_by": "Jonas Petersen",
        "approved_by": "Marta Klein",
        "requested_at": now(),
        **changes,
    }


def new_program(erp: Erp, **changes: Any) -> Any:
    """A program as it stands after the bank looked at it; without documents of the anchor's own."""
    asked = program_request(**{"documents": [], **changes})
    sent = good(erp.raw("POST", "/v1/programs", asked))
    return good(erp.raw("GET", f"/v1/programs/{sent['id']}"))


def tax_id() -> str:
    """A German tax id of a company that no other test has, with good check digits (ISO 7064, mod 11, 10)."""
    digits = f"{sha256(new_key().encode()).digest()[0] % 9 + 1}{next(_numbers):07d}"
    product = 10
    for digit in digits:
        product = 2 * ((int(digit) + product) % 10 or 10) % 11
    return f"DE{digits}{(11 - product) % 10}"


def put_documents(erp: Erp, kinds: Sequence[str] = DOCUMENTS) -> list[dict[str, str]]:
    """Documents that were PUT, each of its own content."""
    listed = []
    for kind in kinds:
        content = PDF + new_key().encode()
        digest = erp.http.put_document(content, "application/pdf")
        listed.append({"kind": kind, "name": f"{kind}.pdf", "sha256": digest, "media_type": "application/pdf"})
    return listed


def member_request(erp: Erp, *, kinds: Sequence[str] = DOCUMENTS, **changes: Any) -> dict[str, Any]:
    """A member with all documents that Rhône asks for, PUT by `erp`."""
    number = tax_id()
    return {
        "member_id": f"MEM/{next(_numbers):05d}",
        "revision": 1,
        "party": {"name": f"Sägewerk {number}", "tax_id": number, "country": "DE"},
        "account": {"iban": IBAN, "holder": "Sägewerk"},
        "contact": {"name": "Anna Holm", "email": "anna@saegewerk.example"},
        "signatories": [
            {
                "name": "Anna Holm",
                "role": "Managing director",
                "email": "anna@saegewerk.example",
                "signed_at": now(),
                "address": "203.0.113.7",
                "agreement_sha256": "0" * 64,
            }
        ],
        "documents": put_documents(erp, kinds),
        "consent": {
            "purpose": "Early payment",
            "sections": ["party", "documents"],
            "recipient": erp.bank.url,
            "expires_on": str(erp.bank.today() + timedelta(days=365)),
            "given_by": "Anna Holm",
            "given_at": now(),
        },
        **changes,
    }


def bring_in(erp: Erp, program: Any, asked: dict[str, Any] | None = None, **changes: Any) -> Any:
    """A member as it stands after the bank looked at it."""
    path = f"/v1/programs/{program['id']}/members"
    sent = good(erp.raw("POST", path, asked or member_request(erp, **changes)))
    return good(erp.raw("GET", f"/v1/members/{sent['id']}"))


def invitation(erp: Erp, program: Any, asked: dict[str, Any], /, **changes: Any) -> str:
    """An invitation by this anchor for the member that is asked for."""
    at = int(datetime.now(timezone.utc).timestamp())
    party = {name: asked["party"][name] for name in ("name", "tax_id", "country")}
    claims = {
        "iss": erp.client_id,
        "aud": erp.bank.url,
        "program": program["id"],
        "member_id": asked["member_id"],
        "party": party,
        "anchor": erp.registration.party.to_wire(),
        "iat": at,
        "exp": at + 86_400,
        "jti": new_key(),
        **changes,
    }
    return wire.sign_invitation(wire.Invitation.model_validate(claims), key=erp.key)


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A supplier's trade of 24 months as a row: 2,400.00 invoiced in a month, nothing to complain about."""
    yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
    return {
        "member_ref": f"V{number:06d}",
        "named": False,
        "country": "DE",
        "first_order_on": "2021-03-01",
        "last_order_on": str(yesterday),
        "months_active": 58,
        "orders": 40,
        "order_lines": 90,
        "ordered": "60000.00",
        "received": "59000.00",
        "returned": "0.00",
        "deliveries": 50,
        "deliveries_late": 2,
        "days_late": "1.5",
        "invoices": 40,
        "invoiced": "57600.00",
        "credited": "0.00",
        "disputed": "0.00",
        "price_deviation_percent": "2.10",
        "share_percent": "1.20",
        **changes,
    }


def batch_request(erp: Erp, rows: Sequence[dict[str, Any]], *, size: int = 1000, **changes: Any) -> dict[str, Any]:
    """A batch whose chunks, of `size` rows, were PUT."""
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    chunks = [
        {"sha256": erp.http.put_document(wire.write_chunk(part), wire.CHUNK_MEDIA_TYPE), "rows": len(part)}
        for part in parts
    ]
    today = erp.bank.today()
    totals = {name: str(sum(Decimal(one[name]) for one in rows)) for name in ("ordered", "invoiced")}
    return {
        "batch_id": new_key(),
        "as_of": str(today),
        "period": {"from": str(today - timedelta(days=729)), "to": str(today)},
        "rows": len(rows),
        "chunks": chunks,
        "totals": totals,
        "requested_by": "Jonas Petersen",
        "requested_at": now(),
        **changes,
    }


def prequalified(erp: Erp, program: Any, rows: Sequence[dict[str, Any]], **changes: Any) -> Any:
    """A batch that was sent and decided."""
    asked = batch_request(erp, rows, **changes)
    sent = good(erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked))
    erp.bank.run_jobs()
    return good(erp.raw("GET", f"/v1/prequalifications/{sent['id']}"))


def results(erp: Erp, batch: Any, *, limit: int = 1000) -> list[wire.PrequalificationResult]:
    """Every result of a batch, page by page, each page's signature checked."""
    found: list[wire.PrequalificationResult] = []
    while True:
        page = erp.http.prequalification_results(batch["id"], after=found[-1].row if found else 0, limit=limit)
        found += page
        if len(page) < limit:
            return found


def events_of(erp: Erp, prefix: str) -> list[dict[str, Any]]:
    """The events whose type begins so."""
    return [event for event in erp.events() if event["type"].startswith(prefix)]
