"""The contract between the connector and the ways in which a bank may be spoken to.

An adapter is a plain object for one bank and one call or a few: it is given everything it needs, reads no
database, and reports trouble with the errors of :mod:`openscf.errors`:

- ``BankUnreachable`` (also an overloaded bank): the same message is sent again later;
- ``AnswerInvalid``, ``SignatureInvalid``: the answer cannot be trusted, so the message stays queued;
- ``BankRefused``: final, except where :func:`is_retryable` says otherwise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date

from openscf.errors import BankRefused, BankUnreachable, OpenSCFError
from openscf.keys import SigningKey
from openscf.payables import ProgramStatement
from openscf.programs import PrequalificationResult
from openscf.wire import Collateral

# A bank that asks for a longer rest than this is asked again anyway: nothing sleeps for ever.
LONGEST_WAIT_SECONDS = 24 * 60 * 60

# docs/protocol.md, "Errors": what a client tries again.
RETRYABLE_STATUS = frozenset({408, 429})
RETRYABLE_PROBLEMS = frozenset(
    {
        'urn:openscf:problem:request-in-progress',
        # These pass when the officer approves the client again, or when a clock is set right. Each attempt is signed
        # anew and gets a new token.
        'urn:openscf:problem:client-not-approved',
        'urn:openscf:problem:token-invalid',
        'urn:openscf:problem:signature-invalid',
    }
)
# The token endpoint answers as RFC 6749 has it, without a problem document: a wrong clock shows here first.
TOKEN_REFUSED = (401, 'about:blank')


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, for each piece of an answer, and for a whole call."""

    connect: float
    read: float
    total: float


JOB_PATIENCE = Patience(connect=5, read=20, total=90)
# A person waits in front of the button, and a worker of the server with them.
BUTTON_PATIENCE = Patience(connect=3, read=5, total=8)


@dataclass(frozen=True)
class Discovered:
    """What a bank says of itself at its address."""

    name: str
    issuer: str
    profile: dict
    jwks: dict


@dataclass(frozen=True)
class ReceivedEvent:
    """One event whose signature was checked: its place in the feed, the signed text, its content."""

    cursor: str
    raw: str
    payload: dict


@dataclass(frozen=True)
class ReceivedPage:
    """Verified events in the order of the feed.

    ``next_cursor`` is where to go on; ``flaw`` is the reason why the feed cannot be trusted beyond it, if any.
    """

    events: tuple[ReceivedEvent, ...]
    next_cursor: str
    has_more: bool
    flaw: OpenSCFError | None = None


@dataclass(frozen=True)
class SignedFile:
    """A file as the bank sent it, and its detached signature over the bytes, which was checked."""

    content: bytes
    signature: str


class BankAdapter(ABC):
    """One way to speak to a bank. Subclasses set ``code``, are found by it, and keep to ``patience``."""

    code: str

    def __init__(
        self,
        *,
        address: str,
        issuer: str | None = None,
        jwks: dict | None = None,
        profile: dict | None = None,
        client_id: str | None = None,
        key: SigningKey | None = None,
        software: str = '',
        patience: Patience = JOB_PATIENCE,
    ) -> None:
        """
        :param address: the bank's address: scheme, host and port
        :param issuer: the name that the bank signs with, as pinned at discovery
        :param jwks: the bank's public keys, as pinned at discovery
        :param profile: the bank's discovery document, where it was read before
        :param client_id: the name that the bank gave to this company, if it did
        :param key: the company's signing key; discovery needs none
        :param software: product and version, as told to the bank
        :param patience: how long to wait
        """
        self.address = address
        self.issuer = issuer
        self.jwks = jwks
        self.profile = profile
        self.client_id = client_id
        self.key = key
        self.software = software
        self.patience = patience

    @classmethod
    def of(cls, code: str) -> type[BankAdapter]:
        """Give the adapter with this ``code``; LookupError when there is none."""
        for adapter in cls.__subclasses__():
            if adapter.code == code:
                return adapter
        raise LookupError(f"No adapter speaks {code!r}.")

    @abstractmethod
    def discover(self) -> Discovered:
        """Ask the bank who it is and what it finances. Needs no key and no registration."""

    @abstractmethod
    def deliver(
        self,
        verb: str,
        *,
        target: str | tuple[str, str] | None,
        body: bytes,
        documents: list[tuple[str, bytes, str]],
        idempotency_key: str,
    ) -> dict:
        """Send one message and give the JSON of the bank's verified answer.

        :param verb: register, apply, reply, cancel, accept, decline, collect, repay, draw, release, value or revoke
        :param target: the id of the application, offer, loan or consent, where the verb is about one; with the id of
            the part of it (an extension of a loan) where the verb is about that
        :param body: the exact bytes to sign and send
        :param documents: (sha256 hex, bytes, media type) of what must be at the bank before the message
        :param idempotency_key: the same for every attempt
        """

    @abstractmethod
    def client_status(self) -> str:
        """Ask how the bank sees this company: PENDING, APPROVED, DECLINED or SUSPENDED."""

    @abstractmethod
    def collateral(self, loan_id: str) -> Collateral:
        """Ask which goods the bank holds for a loan, by the bank's id of the loan."""

    @abstractmethod
    def statement(self, loan_id: str, start: date, end: date) -> SignedFile:
        """Ask for the camt.053 of a loan between two days, both included, by the bank's id of the loan."""

    @abstractmethod
    def program_statement(self, program_id: str, start: date, end: date) -> ProgramStatement:
        """Ask for the book of a program between two days, both included, by the bank's id of the program."""

    @abstractmethod
    def prequalification_results(
        self, prequalification_id: str, after: int, limit: int
    ) -> tuple[PrequalificationResult, ...]:
        """Read what the bank decided on the rows of a batch after row ``after``, at most ``limit`` of them.

        Each limit is the sum of its reasons' effects, and the rows follow each other. Fewer than ``limit`` are the
        last ones.

        :param prequalification_id: the bank's id of the batch
        """

    @abstractmethod
    def poll(self, after: str) -> ReceivedPage:
        """Read the next page of the bank's events after a cursor (``"0"``: from the beginning)."""


def is_retryable(error: OpenSCFError) -> bool:
    """Tell whether the same message may succeed later, as docs/protocol.md, "Errors", has it."""
    if not isinstance(error, BankRefused):
        return True
    return (
        error.status in RETRYABLE_STATUS
        or error.status >= 500
        or error.problem.type in RETRYABLE_PROBLEMS
        or (error.status, error.problem.type) == TOKEN_REFUSED
    )


def seconds_to_wait(error: Exception) -> int | None:
    """Give the seconds that the bank asked to wait (``Retry-After``), at most a day, or None when it did not say."""
    if not isinstance(error, BankUnreachable) or error.retry_after is None:
        return None
    return min(max(error.retry_after, 0), LONGEST_WAIT_SECONDS)
