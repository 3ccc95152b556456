"""Officers: created and disabled, their passwords and sessions, and what they did, written down."""

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
# Who the audit log names where no officer acted: whoever may run commands at the bank's server.
OPERATOR = "operator"
OPERATOR_ADDRESS = "command line"

_hasher = PasswordHasher()
# Verified when the user name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(new_secret())


class OfficerError(Exception):
    """An officer cannot be created or changed; the message says what to correct."""


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
    """A new officer. One whose user name exists gets the name and the password, may log in (again), and has no session
    left that began with the password before.
    """
    username = username.strip().lower()
    if not username or not name.strip():
        raise OfficerError("Give a user name and a name.")
    password_hash = _hash(password)
    with database.write() as session:
        officer = repository.officer_named(session, username)
        if officer is None:
            officer = Officer(id=new_id("off"), username=username, created_at=wall_time())
            session.add(officer)
            action = "officer.created"
        else:
            action = "officer.replaced" if officer.active else "officer.readmitted"
        officer.name = name.strip()
        officer.active = True
        _set_password(session, officer, password_hash)
        note(session, OPERATOR, OPERATOR_ADDRESS, action, username, officer.name)


def disable_officer(database: Database, username: str) -> None:
    """Shut an officer out: no login any more, and every session ends at once. `create_officer` lets them in again."""
    username = username.strip().lower()
    with database.write() as session:
        officer = repository.officer_named(session, username)
        if officer is None:
            raise OfficerError(f"There is no officer {username!r}.")
        officer.active = False
        session.flush()
        repository.end_sessions(session, officer.id)
        note(session, OPERATOR, OPERATOR_ADDRESS, "officer.disabled", username, officer.name)


def change_password(gateway: Gateway, who: LoggedIn, secret: str, present: str, new: str, address: str) -> None:
    """Replace the officer's own password. The session of `secret` goes on, the officer's others end at once.

    LoginRefused where `present` is wrong, counted as a failed login is; OfficerError where `new` is too short.
    """
    password_hash = _hash(new)
    checked = _authenticated(gateway, who.username, present, address, action="password")
    with gateway.db.write() as session:
        officer = _still_the_same(session, checked)
        repository.forget_failures(session, f"user:{who.username}")
        _set_password(session, officer, password_hash, but=_digest(secret))
        note(session, who.username, address, "password.changed", who.username, "")


def log_in(gateway: Gateway, username: str, password: str, address: str) -> str:
    """The secret of a new session; LoginRefused otherwise. Tries are counted per user name and per address."""
    username = username.strip().lower()[:255]
    checked = _authenticated(gateway, username, password, address, action="login")
    now = wall_time()
    secret = new_secret()
    with gateway.db.write() as session:
        officer = _still_the_same(session, checked)
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
    if found.last_seen_at <= now - timedelta(minutes=1):
        with gateway.db.write() as session:
            if not repository.seen(session, found.token_sha256, now):
                return None  # ended since it was read
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


def _authenticated(gateway: Gateway, username: str, password: str, address: str, *, action: str) -> Officer:
    """The officer whose password this is; LoginRefused otherwise. `action` is what the audit log says was tried."""
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
            note(session, username or "?", address, f"{action}.failed", username, "")
        raise LoginRefused("The user name or the password is wrong.")
    return officer


def _still_the_same(session: Session, checked: Officer) -> Officer:
    """The officer locked, so that no session begins beside a change of password; LoginRefused if one came between."""
    officer = repository.lock_officer(session, checked.id)
    if not officer.active or officer.password_hash != checked.password_hash:
        raise LoginRefused("The user name or the password is wrong.")
    return officer


def _set_password(session: Session, officer: Officer, password_hash: str, *, but: str | None = None) -> None:
    """Whoever is logged in with the password before is logged out, except for the session `but` (its digest)."""
    officer.password_hash = password_hash
    session.flush()  # the row is locked before its sessions are counted
    repository.end_sessions(session, officer.id, but=but)


def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD_LENGTH:
        raise OfficerError(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.")
    return _hasher.hash(password)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
