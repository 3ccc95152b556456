"""Limits on what a stranger can make the gateway do: body sizes and request rates."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import ProblemError

# The protocol's limit for a document: 20 MiB.
DOCUMENT_LIMIT = 20 * 1024 * 1024
# Every other body is a small JSON object or a form; a registration with a few keys has about 2 kB.
BODY_LIMIT = 256 * 1024

# A limiter forgets the least recent callers beyond this number, so that its memory stays bounded.
REMEMBERED_CALLERS = 10_000


class LimitBody:
    """ASGI middleware that refuses a body above the limit, whether its length was announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = DOCUMENT_LIMIT if scope["path"].startswith("/v1/documents/") else BODY_LIMIT
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await _too_large(limit).response()(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _too_large(limit).detail)
            return message

        await self._app(scope, counted, send)


def _too_large(limit: int) -> ProblemError:
    return ProblemError("too-large", f"The body may have at most {limit} bytes. Send a smaller one.")


class RateLimiter:
    """A token bucket per caller: `per_minute` requests, and as many at once."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._refill_per_second = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, caller: str) -> None:
        """Take one token of `caller`; with none left, a ProblemError `too-many-requests`."""
        now = time.monotonic()
        with self._lock:
            tokens, since = self._buckets.pop(caller, (self._capacity, now))
            tokens = min(self._capacity, tokens + (now - since) * self._refill_per_second)
            allowed = tokens >= 1
            self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
            while len(self._buckets) > REMEMBERED_CALLERS:
                self._buckets.popitem(last=False)
        if not allowed:
            wait = int((1 - tokens) / self._refill_per_second) + 1
            raise ProblemError(
                "too-many-requests", f"Wait {wait} s and send again.", headers={"Retry-After": str(wait)}
            )
