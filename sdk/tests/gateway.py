"""A bank's gateway for tests: a real HTTP server on a loopback port, whose answers each test scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from openscf.jws import sign_detached
from openscf.keys import KeySet, SigningKey

NOW = 1_795_000_000
CLIENT_ID = "cli_1"


@dataclass
class Request:
    """What arrived: its path with the query, headers by lower-case name, and the bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What is answered; `sign` makes the bank's signature over the body for a client."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sign: bool = True
    aud: str | None = CLIENT_ID


def in_json(value: Any, status: int = 200, **kwargs: Any) -> Reply:
    headers = {"Content-Type": "application/json", **kwargs.pop("headers", {})}
    return Reply(status, json.dumps(value).encode(), headers, **kwargs)


def problem(status: int, code: str, detail: str = "Do something else.", **headers: str) -> Reply:
    members = {"type": f"urn:openscf:problem:{code}", "title": "No", "status": status, "detail": detail}
    body = json.dumps(members).encode()
    return Reply(status, body, {"Content-Type": "application/problem+json", **headers}, sign=False)


class Gateway:
    """Answers by `routes[(method, path without query)]`; keeps all that it received in `requests`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.key = SigningKey.generate()
        self.requests: list[Request] = []
        self.tokens = 0
        self.routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "/.well-known/openscf"): lambda request: in_json(self.discovery(), sign=False),
            ("GET", "/v1/jwks"): lambda request: in_json(KeySet.of(self.key).jwks(), sign=False),
            ("POST", "/oauth2/token"): self._token,
        }

    def discovery(self, **changes: Any) -> dict[str, Any]:
        return {
            "openscf_version": "1.0",
            "issuer": self.address,
            "name": "Banque du Rhône",
            "country": "FR",
            "jwks_uri": f"{self.address}/v1/jwks",
            "token_endpoint": f"{self.address}/oauth2/token",
            "api_base": f"{self.address}/v1",
            "techniques": [],
            **changes,
        }

    def answers(self, method: str, path: str, *replies: Reply) -> None:
        """Answer with these, one after the other; the last again and again."""
        queue = list(replies)
        self.routes[(method, path)] = lambda request: queue.pop(0) if len(queue) > 1 else queue[0]

    def received(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def _token(self, request: Request) -> Reply:
        self.tokens += 1
        return in_json(
            {"access_token": f"secret-token-{self.tokens}", "token_type": "Bearer", "expires_in": 600}, sign=False
        )


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        self.gateway.requests.append(request)
        reply = self.gateway.routes[(self.command, self.path.partition("?")[0])](request)
        self.send_response(reply.status)
        if reply.sign and 200 <= reply.status < 300:
            claims = {"aud": reply.aud} if reply.aud else {}
            signature = sign_detached(reply.body, key=self.gateway.key, issued_at=NOW, claims=claims)
            self.send_header("x-jws-signature", signature)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - http.server calls them so

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output to themselves."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up: several tests are about just that."""


@contextmanager
def running() -> Iterator[Gateway]:
    """Serve a gateway until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    gateway = Gateway(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("_Bound", (_Handler,), {"gateway": gateway})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
