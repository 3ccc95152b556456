"""The nudge "look now": Standard Webhooks with asymmetric signatures (`v1a`, Ed25519).

The symmetric form `v1` is left out: whoever can check an HMAC can also forge the bank's word.
Source: Standard Webhooks 1.0, "Signature scheme".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from openscf.errors import InputInvalid, SignatureInvalid
from openscf.keys import KeySet, SigningKey

NUDGE_BODY = b'{"type":"events.available"}'

# Standard Webhooks: reject what is older or newer than this many seconds.
TOLERANCE_SECONDS = 300
# Standard Webhooks: payloads stay under 20 kB.
MAX_BODY_BYTES = 20_000


def sign_nudge(*, key: SigningKey, webhook_id: str, timestamp: int, body: bytes = NUDGE_BODY) -> dict[str, str]:
    """Return the three `webhook-…` headers for the body; `timestamp` in Unix seconds, the key an EdDSA one."""
    if key.alg != "EdDSA":
        raise InputInvalid(f"Webhooks are signed with Ed25519; the key {key.kid} is for {key.alg}.")
    if not webhook_id or "." in webhook_id:
        raise InputInvalid(f"The webhook id {webhook_id!r:.80} must be a text without dots.")
    signature = base64.b64encode(key.sign(_signed_bytes(webhook_id, str(timestamp), body))).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1a,{signature}",
    }


def verify_nudge(headers: Mapping[str, str], body: bytes, *, keys: KeySet, now: int) -> str:
    """Check a nudge at the time `now` (Unix seconds) and return its id, to pass over repeats; else SignatureInvalid."""
    named = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not webhook_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise SignatureInvalid("The webhook has no usable webhook-id and webhook-timestamp headers.")
    if abs(int(timestamp) - now) > TOLERANCE_SECONDS:
        raise SignatureInvalid(f"The webhook is more than {TOLERANCE_SECONDS} s off; check both clocks, or a replay.")
    if len(body) > MAX_BODY_BYTES:
        raise SignatureInvalid(f"The webhook's body is larger than {MAX_BODY_BYTES} bytes.")
    signed = _signed_bytes(webhook_id, timestamp, body)
    signatures = _signatures(named.get("webhook-signature", ""))
    if not any(key.verify(signed, signature) for key in keys if key.alg == "EdDSA" for signature in signatures):
        raise SignatureInvalid("No signature of the webhook is the bank's; refuse it.")
    return webhook_id


def _signed_bytes(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{webhook_id}.{timestamp}.".encode() + body


def _signatures(header: str) -> list[bytes]:
    """Return the v1a signatures of the header; other versions and damaged ones are passed over."""
    found = []
    for part in header.split()[:16]:
        version, _, text = part.partition(",")
        if version != "v1a":
            continue
        try:
            found.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found
