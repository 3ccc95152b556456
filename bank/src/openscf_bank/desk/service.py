"""Officers: created, logged in and out, and written down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from ..gateway import Gateway
from ..kit.clock import wall_time
from ..kit.db import Database
from ..kit.ids import new_id, new_secret
from . import repository
from .models import AuditEntry, DeskSession, LoginFailure, Officer

# A session ends after a working day, or after an hour without a click.
SESSION_HOURS = 10
IDLE_MINUTES = 60
# Failed logins within the window before a user name or an address has to wait.
FAILURES_PER_USERNAME = 5
FAILURES_PER_ADDRESS = 20
MIN_PASSWORD_LENGTH = 12

_hasher = PasswordHasher()
# Verified when the user name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(new_secret())


class OfficerError(Exception):
    """An officer cannot be created; the message says what to correct."""


class LoginRefused(Exception):
    """Wrong name or password (not said which), or too many tries (`throttled`)."""

    def __init__(self, sentence: str, *, throttled: bool = False) -> None:
        super().__init__(sentence)
        self.throttled = throttled


@dataclass(frozen=True)
class LoggedIn:
    """The officer of a session, and the token that its forms carry."""

    officer_id: str
    username: str
    name: str
    csrf_token: str


def create_officer(database: Database, username: str, name: str, password: str) -> None:
    """A new officer; with a user name that exists, the name and the password are replaced."""
    username = username.strip().lower()
    if not username or not name.strip():
        raise OfficerError("Give a user name and a name.")
    if len(password) < MIN_PASSWORD_LENGTH:
        raise OfficerError(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.")
    with database.write() as session:
        officer = repository.officer_named(session, username)
        if officer is None:
            officer = Officer(id=new_id("off"), username=username, active=True, created_at=wall_time())
            session.add(officer)
        officer.name = name.strip()
        officer.password_hash = _hasher.hash(password)


def log_in(gateway: Gateway, username: str, password: str, address: str) -> str:
    """The secret of a new session; LoginRefused otherwise. Tries are counted per user name and per address."""
    username = username.strip().lower()[:255]
    now = wall_time()
    subjects = {f"user:{username}": FAILURES_PER_USERNAME, f"address:{address}": FAILURES_PER_ADDRESS}
    with gateway.db.read() as session:
        throttled = any(repository.count_failures(session, one, now) >= most for one, most in subjects.items())
        officer = repository.officer_named(session, username)
    if throttled:
        raise LoginRefused("Too many failed logins. Wait 15 minutes.", throttled=True)
    good = _matches(officer.password_hash if officer else _NOBODY, password)
    if officer is None or not good or not officer.active:
        with gateway.db.write() as session:
            for subject in subjects:
                session.add(LoginFailure(id=new_id("fail"), subject=subject, failed_at=now))
            note(session, username or "?", address, "login.failed", username, "")
        raise LoginRefused("The user name or the password is wrong.")
    secret = new_secret()
    with gateway.db.write() as session:
        repository.forget_failures(session, f"user:{username}")
        session.add(
            DeskSession(
                token_sha256=_digest(secret),
                officer_id=officer.id,
                csrf_token=new_secret(),
                started_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=SESSION_HOURS),
            )
        )
        note(session, username, address, "login", username, "")
    return secret


def logged_in(gateway: Gateway, secret: str) -> LoggedIn | None:
    """The officer of a session that is still good."""
    now = wall_time()
    with gateway.db.read() as session:
        found = session.get(DeskSession, _digest(secret))
        if found is None or found.expires_at <= now or found.last_seen_at <= now - timedelta(minutes=IDLE_MINUTES):
            return None
        officer = session.get_one(Officer, found.officer_id)
        if not officer.active:
            return None
        last_seen = found.last_seen_at
    if last_seen <= now - timedelta(minutes=1):
        with gateway.db.write() as session:
            session.get_one(DeskSession, _digest(secret)).last_seen_at = now
    return LoggedIn(officer.id, officer.username, officer.name, found.csrf_token)


def log_out(gateway: Gateway, secret: str, address: str) -> None:
    """End a session; its secret is worth nothing afterwards."""
    with gateway.db.write() as session:
        found = session.get(DeskSession, _digest(secret))
        if found is not None:
            officer = session.get_one(Officer, found.officer_id)
            note(session, officer.username, address, "logout", officer.username, "")
            session.delete(found)


def note(session: Session, officer: str, address: str, action: str, subject: str, detail: str) -> None:
    """Write down what an officer did."""
    session.add(
        AuditEntry(
            at=wall_time(),
            officer=officer[:255],
            address=address[:255],
            action=action,
            subject=subject[:255],
            detail=detail,
        )
    )


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
