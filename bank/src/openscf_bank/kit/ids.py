"""Identifiers that say what they name and cannot be guessed."""

from __future__ import annotations

import secrets

# 120 random bits: not guessable, and no collision to expect in the life of a bank.
RANDOM_BYTES = 15


def new_id(prefix: str) -> str:
    """`prefix`, an underscore and 30 hex characters: at most 64 characters, as the protocol asks."""
    return f"{prefix}_{secrets.token_hex(RANDOM_BYTES)}"


def new_secret() -> str:
    """A 256-bit bearer secret, safe in a header or a cookie."""
    return secrets.token_urlsafe(32)
