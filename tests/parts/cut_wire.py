"""A TCP relay between the ERP and a bank that can pull the plug at a chosen answer.

It makes the one moment real that no sleep can hit: the bank has committed what it was asked, and nobody heard the
answer.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Witness = Callable[[str, str, int, bytes], bool]
"""(method, path, status, answer) → False to drop the answer instead of passing it on."""

_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "server", "date", "content-length"}


class CutWire:
    """Relays to `target_port`; every answer passes `witness` before the ERP may see it."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self.target_port = target_port
        self.url = f"http://127.0.0.1:{port}"
        self.witness: Witness = lambda *_: True
        self.afterwards: Callable[[str, str, int, bytes], None] = lambda *_: None
        """The same, told when the ERP has the answer in its hands."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wire = self

        class Relay(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _relay(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else None
                try:
                    status, headers, answer = wire._ask(self.command, self.path, dict(self.headers), body)
                except OSError:
                    self.close_connection = True
                    return
                if not wire.witness(self.command, self.path, status, answer):
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)
                    self.wfile.flush()
                wire.afterwards(self.command, self.path, status, answer)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _relay

            def log_message(self, *_: object) -> None:
                """Keep the test's output to the test."""

        return Relay

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()
