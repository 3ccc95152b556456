"""The nudge: Standard Webhooks with v1a signatures."""

from __future__ import annotations

import base64

import pytest

from openscf.errors import InputInvalid, SignatureInvalid
from openscf.keys import KeySet, SigningKey
from openscf.webhook import NUDGE_BODY, TOLERANCE_SECONDS, sign_nudge, verify_nudge

KEY = SigningKey.generate()
KEYS = KeySet.of(KEY)
NOW = 1_795_000_000
HEADERS = sign_nudge(key=KEY, webhook_id="msg_1", timestamp=NOW)


def test_a_nudge_is_signed_over_id_timestamp_and_body() -> None:
    version, _, signature = HEADERS["webhook-signature"].partition(",")
    assert version == "v1a"
    signed = b"msg_1." + str(NOW).encode() + b"." + NUDGE_BODY
    assert KEYS.get(KEY.kid).verify(signed, base64.b64decode(signature))  # type: ignore[union-attr]


def test_a_nudge_is_taken_within_the_tolerance_whatever_the_case_of_its_headers() -> None:
    upper = {name.upper(): value for name, value in HEADERS.items()}
    assert verify_nudge(upper, NUDGE_BODY, keys=KEYS, now=NOW + TOLERANCE_SECONDS) == "msg_1"


@pytest.mark.parametrize("off", [TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1])
def test_an_old_or_future_nudge_is_refused(off: int) -> None:
    with pytest.raises(SignatureInvalid, match="clock"):
        verify_nudge(HEADERS, NUDGE_BODY, keys=KEYS, now=NOW + off)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1a,!!!"},
        {"webhook-signature": HEADERS["webhook-signature"].replace("v1a", "v1")},
    ],
)
def test_a_changed_nudge_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_nudge({**HEADERS, **changes}, NUDGE_BODY, keys=KEYS, now=NOW)


def test_another_body_or_key_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify_nudge(HEADERS, NUDGE_BODY + b" ", keys=KEYS, now=NOW)
    with pytest.raises(SignatureInvalid):
        verify_nudge(HEADERS, NUDGE_BODY, keys=KeySet.of(SigningKey.generate()), now=NOW)
    with pytest.raises(SignatureInvalid, match="larger"):
        verify_nudge(HEADERS, b"x" * 20_001, keys=KEYS, now=NOW)


def test_during_a_rotation_one_good_signature_is_enough() -> None:
    both = {**HEADERS, "webhook-signature": f"v1a,AAAA v2,zz {HEADERS['webhook-signature']}"}
    assert verify_nudge(both, NUDGE_BODY, keys=KEYS, now=NOW) == "msg_1"


def test_only_ed25519_signs_nudges() -> None:
    with pytest.raises(InputInvalid, match="Ed25519"):
        sign_nudge(key=SigningKey.generate("ES256"), webhook_id="m", timestamp=NOW)
    with pytest.raises(InputInvalid, match="dots"):
        sign_nudge(key=KEY, webhook_id="a.b", timestamp=NOW)
