"""Programs: what the messages take and refuse, chunks and results line by line, invitations that hold."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openscf import programs, wire
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.keys import KeySet, SigningKey
from openscf.programs import ChunkInvalid, read_chunk, read_invitation, read_results, tax_key, write_chunk

ROW: dict[str, Any] = {
    "member_ref": "V000001",
    "named": False,
    "country": "DE",
    "first_order_on": "2021-03-01",
    "last_order_on": "2026-11-01",
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
}
PARTY = {"name": "Sägewerk Holm GmbH", "tax_id": "DE136695976", "country": "DE"}
PROGRAM: dict[str, Any] = {
    "program_id": "PRG/2026/00001",
    "kind": "payables_finance",
    "name": "Nordlicht's suppliers",
    "currency": "EUR",
    "requested_limit": {"amount": "400000.00", "currency": "EUR"},
    "member_limit": {"amount": "60000.00", "currency": "EUR"},
    "max_tenor_days": 120,
    "documents": ["registration_extract"],
    "terms_sha256": "0" * 64,
    "buy_back": {"after_days_past_due": 30, "percent": "90.00"},
    "stock_control": True,
    "requested_by": "Jonas Petersen",
    "approved_by": "Marta Klein",
    "requested_at": "2026-11-22T08:00:00Z",
}
MEMBER: dict[str, Any] = {
    "member_id": "MEM/00001",
    "revision": 1,
    "party": PARTY,
    "account": {"iban": "DE02120300000000202051", "holder": "Sägewerk Holm GmbH"},
    "contact": {"name": "Anna Holm", "email": "anna@holm.example", "phone": "+49 30 1234"},
    "signatories": [
        {
            "name": "Anna Holm",
            "role": "Managing director",
            "email": "anna@holm.example",
            "signed_at": "2026-11-22T08:00:00Z",
            "address": "2001:db8::7",
            "agreement_sha256": "0" * 64,
        }
    ],
    "documents": [
        {"kind": "other", "name": "extract.pdf", "sha256": "1" * 64, "media_type": "application/pdf"},
    ],
    "member_ref": "V000001",
    "consent": {
        "purpose": "Early payment",
        "sections": ["party"],
        "recipient": "https://bank.example",
        "expires_on": "2027-11-22",
        "given_by": "Anna Holm",
        "given_at": "2026-11-22T08:00:00Z",
    },
}
BATCH: dict[str, Any] = {
    "batch_id": "PRE/00001",
    "as_of": "2026-11-22",
    "period": {"from": "2024-11-23", "to": "2026-11-22"},
    "rows": 1,
    "chunks": [{"sha256": "2" * 64, "rows": 1}],
    "totals": {"ordered": "60000.00", "invoiced": "57600.00"},
    "requested_by": "Jonas Petersen",
    "requested_at": "2026-11-22T08:00:00Z",
}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (programs.ProgramRequest, PROGRAM),
        (programs.MemberRequest, MEMBER),
        (programs.PrequalificationRequest, BATCH),
        (programs.PrequalificationRow, ROW),
        (programs.PrequalificationRow, ROW | {"named": True, "party": PARTY}),
    ],
)
def test_a_message_is_written_as_it_was_read(model: type[wire.WireModel], message: dict[str, Any]) -> None:
    assert model.model_validate(message).to_wire() == message
    assert model.model_validate({**message, "newer": {"peer": 1.5}}).to_wire() == message


@pytest.mark.parametrize(
    ("model", "message", "changes"),
    [
        (programs.ProgramRequest, PROGRAM, {"kind": "dynamic_discounting"}),
        (programs.ProgramRequest, PROGRAM, {"currency": "EUX"}),
        (programs.ProgramRequest, PROGRAM, {"requested_limit": {"amount": "0.00", "currency": "EUR"}}),
        (programs.ProgramRequest, PROGRAM, {"requested_limit": {"amount": 400000, "currency": "EUR"}}),
        (programs.ProgramRequest, PROGRAM, {"buy_back": {"after_days_past_due": 30, "percent": "100.01"}}),
        (programs.ProgramRequest, PROGRAM, {"documents": ["horoscope"]}),
        (programs.ProgramRequest, PROGRAM, {"max_tenor_days": "120"}),
        (programs.MemberRequest, MEMBER, {"account": {"iban": "DE02120300000000202052", "holder": "X"}}),
        (programs.MemberRequest, MEMBER, {"signatories": []}),
        (programs.MemberRequest, MEMBER, {"revision": 0}),
        (programs.MemberRequest, MEMBER, {"contact": {"name": "X", "email": "nobody"}}),
        (programs.MemberRequest, MEMBER, {"documents": [MEMBER["documents"][0] | {"media_type": "image/svg+xml"}]}),
        (programs.MembershipRequest, MEMBER, {}),
        (programs.PrequalificationRequest, BATCH, {"period": {"from": "2026-11-23", "to": "2026-11-22"}}),
        (programs.PrequalificationRequest, BATCH, {"chunks": [{"sha256": "2" * 64, "rows": 1001}]}),
        (programs.PrequalificationRow, ROW, {"named": True}),
        (programs.PrequalificationRow, ROW, {"party": PARTY}),
        (programs.PrequalificationRow, ROW, {"orders": -1}),
        (programs.PrequalificationRow, ROW, {"orders": True}),
        (programs.PrequalificationRow, ROW, {"ordered": 60000}),
        (programs.PrequalificationRow, ROW, {"deliveries_late": 51}),
        (programs.PrequalificationRow, ROW, {"first_order_on": "2026-11-02"}),
        (programs.PrequalificationRow, ROW, {"share_percent": "100.01"}),
    ],
)
def test_what_means_nothing_is_refused(
    model: type[wire.WireModel], message: dict[str, Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(message | changes)


def test_what_the_books_cannot_tell_is_left_out() -> None:
    unknown = ("country", "first_order_on", "last_order_on", "days_late", "price_deviation_percent", "share_percent")
    row = {name: value for name, value in ROW.items() if name not in unknown}
    assert programs.PrequalificationRow.model_validate(row).to_wire() == row


def test_an_iban_is_kept_without_spaces_in_upper_case() -> None:
    account = programs.Account.model_validate({"iban": "de02 1203 0000 0000 2020 51", "holder": "X"})
    assert account.iban == "DE02120300000000202051"


class TestChunks:
    def test_rows_come_back_from_canonical_lines(self) -> None:
        rows = [ROW, programs.PrequalificationRow.model_validate(ROW | {"member_ref": "V000002"})]
        chunk = write_chunk(rows)
        assert chunk.splitlines()[0] == rfc8785.dumps(ROW)
        assert [row.member_ref for row in read_chunk(chunk, currency="EUR")] == ["V000001", "V000002"]

    @pytest.mark.parametrize(
        ("chunk", "number", "sentence"),
        [
            (b'{"a":1}', None, "cut off"),
            (b"", None, "cut off"),
            (b"\n" * 1001, None, "more than 1000 rows"),
            (b"x" * (programs.MAX_CHUNK_BYTES + 1), None, "bytes"),
            (rfc8785.dumps(ROW) + b"\n[]\n", 2, "no JSON object"),
            (json.dumps(ROW).encode() + b"\n", 1, "RFC 8785"),
            (rfc8785.dumps(ROW)[:-1] + b',"named":true}\n', 1, "twice"),
            (rfc8785.dumps(ROW | {"orders": "x"}) + b"\n", 1, "/orders"),
            (rfc8785.dumps(ROW | {"invoiced": "1.001"}) + b"\n", 1, "2 decimals of EUR"),
        ],
    )
    def test_a_line_that_cannot_stand_is_named(self, chunk: bytes, number: int | None, sentence: str) -> None:
        with pytest.raises(ChunkInvalid, match=sentence) as refused:
            list(read_chunk(chunk, currency="EUR"))
        assert refused.value.line == number

    @pytest.mark.parametrize("count", [0, 1001])
    def test_no_chunk_has_no_row_or_too_many(self, count: int) -> None:
        with pytest.raises(InputInvalid, match="1 to 1000 rows"):
            write_chunk([ROW] * count)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, data: bytes) -> None:
        try:
            list(read_chunk(data, currency="EUR"))
        except ChunkInvalid:
            return


class TestResults:
    RESULT: dict[str, Any] = {
        "row": 1,
        "member_ref": "V000001",
        "status": "APPROVED",
        "limit": "2800.00",
        "valid_until": "2027-05-21",
        "reasons": [
            {"code": "base", "figure": "2400.00", "effect": "2880.00", "message": "Base."},
            {"code": "rounding", "effect": "-80.00", "message": "Rounded down."},
        ],
    }

    def test_a_page_is_read_line_by_line(self) -> None:
        page = rfc8785.dumps(self.RESULT) + b"\n" + rfc8785.dumps(self.RESULT | {"row": 2}) + b"\n"
        found = list(read_results(page))
        assert [one.row for one in found] == [1, 2]
        assert found[0].to_wire() == self.RESULT
        assert list(read_results(b"")) == []

    def test_a_limit_that_its_reasons_do_not_make_up_is_refused(self) -> None:
        wrong = rfc8785.dumps(self.RESULT) + b"\n" + rfc8785.dumps(self.RESULT | {"limit": "2800.01"}) + b"\n"
        with pytest.raises(ChunkInvalid, match="do not add up") as refused:
            list(read_results(wrong))
        assert refused.value.line == 2


class TestInvitations:
    KEY = SigningKey.generate()
    CLAIMS: dict[str, Any] = {
        "iss": "cli_anchor",
        "aud": "https://bank.example",
        "program": "prg_1",
        "member_id": "MEM/00001",
        "party": PARTY,
        "anchor": {"name": "Nordlicht GmbH", "tax_id": "DE811193231", "country": "DE"},
        "iat": 1_795_000_000,
        "exp": 1_795_086_400,
        "jti": "inv-1",
    }

    def signed(self, **changes: Any) -> str:
        return programs.sign_invitation(programs.Invitation.model_validate(self.CLAIMS | changes), key=self.KEY)

    def read(self, token: str, *, now: int | None = 1_795_000_001) -> programs.Invitation:
        return read_invitation(
            token, keys=KeySet.of(self.KEY), issuer="cli_anchor", audience="https://bank.example", now=now
        )

    def test_it_says_what_was_signed(self) -> None:
        token = self.signed()
        assert programs.invitation_kid(token) == self.KEY.kid
        assert self.read(token).to_wire() == self.CLAIMS

    @pytest.mark.parametrize(
        "changes", [{"iss": "cli_other"}, {"aud": "https://other.example"}, {"exp": 1_795_000_001}]
    )
    def test_another_anchors_another_banks_and_an_old_one_are_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(SignatureInvalid):
            self.read(self.signed(**changes))

    def test_one_that_was_used_may_have_expired(self) -> None:
        assert self.read(self.signed(), now=None).member_id == "MEM/00001"
        with pytest.raises(SignatureInvalid, match="expired"):
            self.read(self.signed(), now=1_795_086_400)

    def test_a_strange_key_and_a_changed_byte_are_refused(self) -> None:
        token = self.signed()
        with pytest.raises(SignatureInvalid):
            read_invitation(
                token, keys=KeySet.of(SigningKey.generate()), issuer="cli_anchor", audience="https://bank.example"
            )
        header, payload, signature = token.split(".")
        with pytest.raises(SignatureInvalid):
            self.read(f"{header}.{payload[:-2]}AA.{signature}")

    def test_one_that_ends_before_it_begins_is_not_made(self) -> None:
        with pytest.raises(InputInvalid, match="before it begins"):
            self.signed(exp=1_795_000_000)


class TestTaxKey:
    @pytest.mark.parametrize("text", ["DE 136 695 976", "de136695976", "DE-136.695.976", "ＤＥ136695976"])
    def test_one_company_has_one_key(self, text: str) -> None:
        assert tax_key(text) == "DE136695976"

    def test_a_text_without_letter_or_digit_is_none(self) -> None:
        with pytest.raises(InputInvalid):
            tax_key(" - ")

    @given(st.text(min_size=1, max_size=40))
    def test_a_key_is_its_own_key(self, text: str) -> None:
        try:
            key = tax_key(text)
        except InputInvalid:
            return
        assert tax_key(key) == key


def test_discovery_may_name_programs_or_none() -> None:
    offered = {
        "kind": "payables_finance",
        "currencies": ["EUR"],
        "max_anchor_limit": "2000000.00",
        "min_days": 5,
        "max_tenor_days": 180,
        "rate_pa": "6.20",
        "fee_percent": "0.10",
        "day_count": "ACT/360",
        "documents": ["registration_extract"],
        "conditions": ["The anchor pays on the due date."],
    }
    profile = wire.ProgramProfile.model_validate(offered)
    assert profile.to_wire() == offered
    assert profile.max_anchor_limit == Decimal("2000000.00")
    assert wire.Discovery.model_fields["programs"].default == ()
