"""One HTTP exchange with limits, and how to read what is not a 2xx."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError
from requests.auth import AuthBase

from openscf._internal import strict_json
from openscf.errors import AnswerInvalid, BankUnreachable, InputInvalid
from openscf.wire import Problem

# A page of a hundred events with their loans is under 1 MiB.
MAX_ANSWER_BYTES = 8 * 1024 * 1024
# A bank that asks for more than a day has another problem than load.
MAX_RETRY_AFTER_SECONDS = 86_400

_CHUNK_BYTES = 64 * 1024
_TOO_LATE = "The bank did not finish its answer in time; try later."


@dataclass(frozen=True, kw_only=True)
class RawAnswer:
    """What came back, unread."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()[:100]


class _BearerAuth(AuthBase):
    """Sets the token, or nothing; as an auth object it also keeps a .netrc file from being used."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def send_once(
    session: requests.Session,
    method: str,
    url: str,
    body: bytes | None,
    *,
    headers: Mapping[str, str],
    token: str | None,
    timeout: tuple[float, float],
    total: float,
) -> RawAnswer:
    """Send one request and read its answer within the limits; BankUnreachable where none came.

    `timeout` is (connect, read) in seconds. A server that drips a byte at a time outlasts it, since each byte starts
    the read anew: `total` seconds bound the whole exchange.
    """
    if total <= 0:
        raise BankUnreachable(_TOO_LATE)
    exchange = partial(_exchange, session, method, url, body, headers=headers, token=token, timeout=timeout)
    answer: Future[RawAnswer] = Future()
    # A blocked read can be ended by its own thread only; one that is given up ends with its connection.
    Thread(target=_run, args=(answer, exchange), name="openscf-exchange", daemon=True).start()
    try:
        return answer.result(timeout=total)
    except FutureTimeoutError:
        raise BankUnreachable(_TOO_LATE) from None


def _run(answer: Future[RawAnswer], exchange: Callable[[], RawAnswer]) -> None:
    try:
        answer.set_result(exchange())
    except BaseException as error:
        answer.set_exception(error)


def _exchange(
    session: requests.Session,
    method: str,
    url: str,
    body: bytes | None,
    *,
    headers: Mapping[str, str],
    token: str | None,
    timeout: tuple[float, float],
) -> RawAnswer:
    try:
        with session.request(
            method,
            url,
            data=body,
            # "identity": the signature covers the bytes, and a compressed answer could hide its size.
            headers={**headers, "Accept-Encoding": "identity"},
            auth=_BearerAuth(token),
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            chunks: list[bytes] = []
            size = 0
            for chunk in response.iter_content(_CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise AnswerInvalid(f"The bank's answer is larger than {MAX_ANSWER_BYTES} bytes; it was not read.")
                chunks.append(chunk)
            return RawAnswer(status=response.status_code, headers=response.headers, body=b"".join(chunks))
    except requests.exceptions.RequestException as error:
        # The cause is not chained: its text could quote the request.
        raise BankUnreachable(f"{_reason(error)} Check the address and the network, or try later.") from None


def _reason(error: requests.exceptions.RequestException) -> str:
    host = urlsplit(error.request.url or "").netloc if error.request is not None else "the bank"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"{host} did not take the connection in time."
    if isinstance(error, requests.exceptions.Timeout):
        return f"{host} did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return f"The certificate of {host} was not accepted."
    if isinstance(error, requests.exceptions.ConnectionError):
        return f"No connection to {host}, or it broke off."
    return f"The exchange with {host} failed ({type(error).__name__})."


def problem_of(raw: RawAnswer) -> Problem:
    """Return the problem document of an answer, or one that says what came instead (a proxy's page, an OAuth error)."""
    members = _json_object(raw.body)
    try:
        if raw.media_type == "application/problem+json" and members is not None:
            return Problem.model_validate({"title": _phrase(raw.status), **members, "status": raw.status})
    except ValidationError:
        members = None
    if members is not None and isinstance(members.get("error"), str):
        # RFC 6749 section 5.2: the token endpoint's errors.
        detail = f"{members['error'][:80]}: {str(members.get('error_description', ''))[:400]}"
        return Problem(title=_phrase(raw.status), status=raw.status, detail=detail)
    detail = (
        f"The answer is {raw.media_type or 'of no type'} instead of a problem document; a proxy may have answered in "
        "the bank's place."
    )
    return Problem(title=_phrase(raw.status), status=raw.status, detail=detail)


def retry_after_seconds(value: str | None, *, now: float) -> int | None:
    """Return the seconds to wait by a Retry-After header (RFC 9110 section 10.2.3: seconds or a date), else None."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0, min(round(moment.timestamp() - now), MAX_RETRY_AFTER_SECONDS))


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = strict_json.loads(body, fractions=True)
    except InputInvalid:
        return None
    return value if isinstance(value, dict) else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
