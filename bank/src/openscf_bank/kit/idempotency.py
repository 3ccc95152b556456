"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the same request has its effect once.

The row that remembers the answer is written in the transaction of the effect itself: after a crash at any moment either
both are there or neither is, and the same request sent again ends the same.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from .columns import Id, Time
from .db import Base
from .problems import ProblemError

# A structured-field string of printable ASCII, as the draft asks; 255 characters are plenty for a UUID.
_QUOTED = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"')

# Refusals that may end differently for the same bytes a moment later are not remembered.
_PASSING = frozenset({"request-in-progress", "too-many-requests", "unavailable", "internal-error"})


class IdempotencyRecord(Base):
    """The first answer to one key of one client (scope)."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    request_sha256: Mapped[Id]
    status: Mapped[int]
    media_type: Mapped[Id]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[Time] = mapped_column(index=True)


@dataclass(frozen=True)
class StoredAnswer:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    media_type: str = "application/json"


@dataclass(frozen=True)
class IdempotentRequest:
    """One POST: whose (scope), under which key, and a digest of what it asks."""

    scope: str
    key: str
    request_sha256: str

    def earlier_answer(self, session: Session) -> StoredAnswer | None:
        """The remembered answer, None for a new key; ProblemError `idempotency-key-reused` for another request."""
        record = session.get(IdempotencyRecord, (self.scope, self.key))
        if record is None:
            return None
        if record.request_sha256 != self.request_sha256:
            raise ProblemError(
                "idempotency-key-reused",
                "This Idempotency-Key came before with another request. Use a new key for a new request.",
            )
        return StoredAnswer(record.status, record.body, record.media_type)

    def remember(self, session: Session, answer: StoredAnswer, at: datetime) -> None:
        """Store the answer in the caller's transaction."""
        session.add(
            IdempotencyRecord(
                scope=self.scope,
                key=self.key,
                request_sha256=self.request_sha256,
                status=answer.status,
                media_type=answer.media_type,
                body=answer.body,
                created_at=at,
            )
        )


def read_key(header: str | None) -> str:
    """The key from its header; ProblemError `idempotency-key-missing` where there is none in the required form."""
    matched = _QUOTED.fullmatch((header or "").strip())
    if matched is None:
        raise ProblemError(
            "idempotency-key-missing",
            'Send the header Idempotency-Key: "<key>" with a quoted string of 1 to 255 printable ASCII characters.',
        )
    return matched.group(1)


def request_digest(method: str, target: str, body: bytes) -> str:
    """SHA-256 over method, path with query, and the exact body."""
    return hashlib.sha256(f"{method} {target}\n".encode() + body).hexdigest()


def is_final(problem: ProblemError) -> bool:
    """Whether the same request would be refused the same way for ever, so that the refusal is remembered."""
    return problem.code not in _PASSING


class RunningRequests:
    """The keys being worked on at this moment, in this server and, on PostgreSQL, in every other one."""

    def __init__(self) -> None:
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, request: IdempotentRequest) -> Iterator[None]:
        """Hold the key while the block runs; ProblemError `request-in-progress` if this server holds it already."""
        name = (request.scope, request.key)
        with self._lock:
            if name in self._running:
                raise in_progress()
            self._running.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(name)


def claim_across_servers(session: Session, request: IdempotentRequest) -> None:
    """Hold the key until the transaction ends, against other servers on the same PostgreSQL database.

    SQLite has one writer at a time, so that there is nothing to claim: the second request waits and finds the answer.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    digest = hashlib.sha256(f"{request.scope}\n{request.key}".encode()).digest()
    lock_number = int.from_bytes(digest[:8], "big", signed=True)
    if not session.execute(sa.select(sa.func.pg_try_advisory_xact_lock(lock_number))).scalar_one():
        raise in_progress()


def in_progress() -> ProblemError:
    """The refusal while the first request with this key is still running."""
    return ProblemError(
        "request-in-progress", "Wait a moment and send the same request again.", headers={"Retry-After": "1"}
    )
