"""Errors as RFC 9457 problem details: what was wrong, and what to do about it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# code: (status, title). The list is docs/protocol.md, "Errors".
PROBLEMS: Mapping[str, tuple[int, str]] = {
    "invalid-request": (400, "The request cannot be read"),
    "idempotency-key-missing": (400, "The request needs an Idempotency-Key"),
    "signature-missing": (401, "The request must be signed"),
    "signature-invalid": (401, "The signature does not hold"),
    "token-invalid": (401, "The access token is not valid"),
    "client-not-approved": (403, "The bank has not approved this client"),
    "not-found": (404, "There is no such thing here"),
    "method-not-allowed": (405, "This address does not take that method"),
    "request-in-progress": (409, "The same request is still being worked on"),
    "wrong-state": (409, "Not possible in the present state"),
    "duplicate-document": (409, "The document is already being financed"),
    "duplicate-member": (409, "The company is in the program already"),
    "limit-exceeded": (409, "A limit would be exceeded"),
    "offer-expired": (410, "The offer has expired"),
    "too-large": (413, "The body is too large"),
    "idempotency-key-reused": (422, "The Idempotency-Key was used for another request"),
    "validation-failed": (422, "The request does not fit the protocol"),
    "consent-invalid": (422, "The consent does not let this bank read the package"),
    "digest-mismatch": (422, "The bytes do not have that digest"),
    "terms-mismatch": (422, "These are not the terms that were offered"),
    "too-many-requests": (429, "Too many requests"),
    "internal-error": (500, "The bank could not answer"),
    "unavailable": (503, "The bank cannot answer now"),
}

_CODE_OF_STATUS = {
    400: "invalid-request",
    401: "token-invalid",
    403: "client-not-approved",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    422: "validation-failed",
    429: "too-many-requests",
    503: "unavailable",
}


class ProblemError(Exception):
    """A refusal that the caller is told about.

    `code` is one of PROBLEMS, `detail` a sentence that says what to do, `errors` pairs of (JSON pointer, sentence).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status, self.title = PROBLEMS[code]
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """The problem document, as it goes over the wire."""
        document: dict[str, Any] = {
            "type": f"urn:openscf:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"pointer": pointer, "detail": sentence} for pointer, sentence in self.errors]
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def response(self) -> Response:
        """The HTTP answer."""
        return Response(self.body(), status_code=self.status, media_type=MEDIA_TYPE, headers=self.headers)


def not_found(what: str, identifier: str) -> ProblemError:
    """The same answer for what does not exist and for what belongs to somebody else."""
    return ProblemError("not-found", f"There is no {what} {identifier!r} for this client. Check the id.")


def install(app: FastAPI) -> None:
    """Make every error of the API a problem document, also the ones that the framework raises."""

    @app.exception_handler(ProblemError)
    def _problem(_request: Request, error: ProblemError) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    def _validation(_request: Request, error: RequestValidationError) -> Response:
        return validation_problem(error).response()

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        return http_problem(request, error).response()

    @app.exception_handler(DataError)
    def _unstorable(_request: Request, error: DataError) -> Response:
        return ProblemError(
            "validation-failed", "A text holds a character that cannot be kept, such as NUL. Send it without."
        ).response()

    @app.exception_handler(OverflowError)
    def _out_of_range(_request: Request, error: OverflowError) -> Response:
        return ProblemError("validation-failed", "A date lies outside the calendar. Send a real one.").response()

    @app.exception_handler(OperationalError)
    def _busy(request: Request, error: OperationalError) -> Response:
        logger.error("The database could not answer %s %s", request.method, request.url.path, exc_info=error)
        return ProblemError(
            "unavailable",
            "Nothing was changed. Send the same request again in a moment.",
            headers={"Retry-After": "5"},
        ).response()

    @app.exception_handler(Exception)
    def _internal(request: Request, error: Exception) -> Response:
        # The server's error middleware logs the traceback; the caller gets no internals.
        return ProblemError(
            "internal-error", "Nothing was changed. Send the same request again, with the same Idempotency-Key."
        ).response()


def validation_problem(error: RequestValidationError) -> ProblemError:
    """A body that is not JSON is 400; one that is JSON but does not fit the model is 422, with a pointer per place."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return ProblemError("invalid-request", "The body is not JSON. Send one UTF-8 JSON object.")
    places = [(_pointer(item["loc"]), str(item["msg"])) for item in found]
    return ProblemError("validation-failed", "Correct the members named in `errors` and send again.", errors=places)


def http_problem(request: Request, error: HTTPException) -> ProblemError:
    """The framework's own refusals: unknown path, wrong method, unreadable or too large body."""
    code = _CODE_OF_STATUS.get(error.status_code, "invalid-request" if error.status_code < 500 else "internal-error")
    details = {
        "not-found": f"Nothing lives at {request.url.path}. See /.well-known/openscf for the addresses.",
        "method-not-allowed": f"{request.method} is not possible at {request.url.path}.",
        "invalid-request": "The body could not be read. Send it again, complete.",
    }
    return ProblemError(code, details.get(code, str(error.detail)), headers=error.headers)


def _pointer(location: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901) to a place in the body; `/?name` and `/@name` for the query and the path."""
    first, *rest = location or ("body",)
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in rest]
    prefix = {"body": "", "query": "/?", "path": "/@", "header": "/#"}.get(str(first), f"/{first}")
    return f"{prefix}{'/' if prefix == '' and steps else ''}{'/'.join(steps)}"
