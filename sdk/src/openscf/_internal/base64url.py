"""base64url without padding (RFC 7515 section 2), decoded strictly: one text per value."""

from __future__ import annotations

import base64
import binascii

from openscf.errors import SignatureInvalid


def encode(data: bytes) -> str:
    """Return the text of the bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes; SignatureInvalid for padding, foreign characters and stray bits in the last character.

    Stray bits matter: with a lenient reader a changed character could leave the signature valid.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid("A part of the signature is not base64url; the text was damaged on its way.") from error
    if encode(data) != text:
        raise SignatureInvalid("A part of the signature is not canonical base64url; the text was changed.")
    return data
