"""What can go wrong, one class per way to react; every message says what to do next."""

# Each name says what happened (SignatureInvalid, BankRefused); the suffix "Error" would add nothing.
# ruff: noqa: N818

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openscf.wire import Problem


class OpenSCFError(Exception):
    """Base of every error that this package raises on purpose."""


class InputInvalid(OpenSCFError, ValueError):
    """The caller passed a value that cannot be used; correct the call."""


class SignatureInvalid(OpenSCFError):
    """A signature is missing, malformed, made by an unknown key, or does not fit the bytes: trust nothing in them."""


class PackageInvalid(OpenSCFError):
    """A package cannot be read, or would not verify; `pointer` is the JSON pointer of the place (RFC 6901)."""

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.pointer = pointer


class AnswerInvalid(OpenSCFError):
    """The bank answered something that the protocol does not allow; keep the message and ask the bank."""


class BankUnreachable(OpenSCFError):
    """The bank cannot answer now; send the same message again later.

    `retry_after` is the number of seconds that the bank asked to wait, None where it said nothing;
    `status` the HTTP status, None where there was no answer at all.
    """

    def __init__(self, message: str, *, retry_after: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


class BankRefused(OpenSCFError):
    """The bank's final no to this message (HTTP 4xx); `problem` is its RFC 9457 problem document."""

    def __init__(self, *, status: int, problem: Problem) -> None:
        places = "".join(f" [{error.pointer}: {error.detail}]" for error in problem.errors)
        super().__init__(f"The bank refused with {status} {problem.title}: {problem.detail}{places}")
        self.status = status
        self.problem = problem
