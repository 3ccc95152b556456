"""How one gateway runs: addresses, places, limits. What the bank *decides* is in its profile, not here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

# The protocol keeps keys at least 30 days.
IDEMPOTENCY_DAYS = 30
TOKEN_SECONDS = 600
# Longer than an ERP tries to send a message: what is not applied with by then never will be.
LEFTOVER_DAYS = 7
# How far the clocks of both sides may be apart for a signature's `iat`.
SIGNATURE_WINDOW_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`issuer` is the address that ERPs ask (scheme, host, port, no slash at the end).

    `key_file` holds the private JWK; `clock_file` moves the business clock in tests; `worker_seconds` is how often due
    work (expiry, payments, decisions left over by a crash) is looked for, 0 for never.
    """

    issuer: str
    database_url: str
    key_file: Path
    clock_file: Path | None = None
    worker_seconds: float = 1.0
    unauthenticated_per_minute: int = 600

    @property
    def secure_cookies(self) -> bool:
        """Cookies are marked Secure wherever the desk is reached over HTTPS."""
        return self.issuer.startswith("https://")


def default_key_file(database_url: str) -> Path:
    """Beside a SQLite database; ValueError for PostgreSQL, where several servers must be given the same key."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(f"{url.database}.signing-key.json")
    raise ValueError("Give --key-file (or OPENSCF_BANK_KEY_FILE): a file for the bank's signing key, made if absent.")
