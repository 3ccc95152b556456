"""The bank's signing key, and the middleware that signs every 2xx answer under /v1."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from openscf.jws import sign_detached
from openscf.keys import SigningKey
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNATURE_HEADER = "x-jws-signature"


def load_or_create_key(path: Path) -> SigningKey:
    """The bank's Ed25519 key from a private JWK file, made on first start with mode 0600.

    Ed25519 because the same key signs the webhook nudges (Standard Webhooks `v1a`).
    """
    try:
        return SigningKey.from_private_jwk(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        pass
    key = SigningKey.generate(alg="EdDSA")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of this bank was faster
        return SigningKey.from_private_jwk(json.loads(path.read_text(encoding="utf-8")))
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(key.private_jwk(), file)
    return key


class SignAnswers:
    """ASGI middleware: a detached JWS over the exact bytes of each 2xx answer under /v1.

    The client that the answer is for comes from `request.state.client_id`, set by whoever authenticated it.
    """

    def __init__(self, app: ASGIApp, *, key: SigningKey) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def sign_and_send(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if not 200 <= message["status"] < 300:
                    await send(message)
                    return
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            client_id = scope.get("state", {}).get("client_id")
            signature = sign_detached(
                body, key=self._key, issued_at=int(time.time()), claims={"aud": client_id} if client_id else None
            )
            MutableHeaders(scope=start)[SIGNATURE_HEADER] = signature
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, sign_and_send)
