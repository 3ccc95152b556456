"""A bank that can be made to misbehave: what the real gateway cannot be brought to do.

It speaks just enough OpenSCF for one ERP, over real HTTP on the loopback, and remembers every call.
"""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openscf.jws import sign_detached, sign_event
from openscf.keys import SigningKey

TECHNIQUE = {
    'code': 'receivables_discounting',
    'currencies': ['EUR', 'USD'],
    'min_amount': '1000.00',
    'max_amount': '250000.00',
    'min_tenor_days': 10,
    'max_tenor_days': 180,
    'max_advance_rate': '85.00',
    'recourse': 'with',
    'repayment': ['bullet'],
    'indicative_rate_pa': '7.90',
    'indicative_fee_percent': '0.50',
    'sections': ['party', 'transaction'],
}
CLIENT_ID = 'cli_1'


@dataclass
class Call:
    """One request as it came in."""

    method: str
    path: str
    body: bytes
    headers: dict

    @property
    def idempotency_key(self):
        return self.headers.get('idempotency-key', '').strip('"')


@dataclass
class Reply:
    """One answer to give instead of the right one."""

    status: int = 200
    body: bytes = b''
    headers: dict = field(default_factory=dict)
    seconds: float = 0
    signed: bool = False
    drips: bool = False

    @classmethod
    def problem(cls, status, code, detail='Read the manual.', **headers):
        body = {'type': f'urn:openscf:problem:{code}', 'title': code, 'status': status, 'detail': detail}
        return cls(
            status,
            json.dumps(body).encode(),
            {'Content-Type': 'application/problem+json', **{k.replace('_', '-'): v for k, v in headers.items()}},
        )


class OddBank:
    """``with OddBank() as bank``: a bank at ``bank.url`` until the end of the block."""

    def __init__(self, name='Banque du Rhône'):
        self.name = name
        self.key = SigningKey.generate()
        self.status = 'PENDING'
        self.calls = []
        self.events = []
        self.issuer = None
        self.odd = {}

    def __enter__(self):
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), _handler_of(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    # --- what a test says to it ---

    def will(self, path, *replies):
        """Give these answers to the next requests whose path contains ``path``, then behave again."""
        self.odd.setdefault(path, deque()).extend(replies)

    def says(self, kind, *, subject=None, data=None, key=None, **claims):
        """Put an event into the feed; ``key`` and claims make it a forged one."""
        cursor = str(len(self.events) + 1)
        payload = {
            'iss': self.url,
            'aud': CLIENT_ID,
            'iat': int(time.time()),
            'jti': f'evt_{cursor}',
            'cursor': cursor,
            'type': kind,
            'occurred_at': '2026-11-22T05:55:49Z',
            'subject': subject or {'client_id': CLIENT_ID},
            'data': data or {},
            **claims,
        }
        self.events.append({'cursor': cursor, 'jws': sign_event(payload, key=key or self.key)})

    def posts(self, path=''):
        """Give the POST calls to a path of the API, in the order in which they came."""
        return [
            call for call in self.calls if call.method == 'POST' and path in call.path and 'oauth2' not in call.path
        ]

    # --- what it says by itself ---

    def answer(self, call):
        """Give (status, JSON, signed) for a call."""
        route = call.path.partition('?')[0]
        if route == '/.well-known/openscf':
            return (
                200,
                {
                    'openscf_version': '1.0',
                    'issuer': self.issuer or self.url,
                    'name': self.name,
                    'country': 'FR',
                    'jwks_uri': f'{self.url}/v1/jwks',
                    'token_endpoint': f'{self.url}/oauth2/token',
                    'api_base': f'{self.url}/v1',
                    'techniques': [TECHNIQUE],
                    'contact': 'scf@bank.example',
                },
                False,
            )
        if route == '/v1/jwks':
            return 200, {'keys': [self.key.public_jwk()]}, False
        if route == '/oauth2/token':
            return 200, {'access_token': 'secret-token', 'token_type': 'Bearer', 'expires_in': 600}, False
        if route.startswith('/v1/clients'):
            return 200, {'client_id': CLIENT_ID, 'status': self.status, 'registered_at': '2026-11-22T05:55:49Z'}, True
        if route == '/v1/events':
            after, limit = (int(part.partition('=')[2]) for part in call.path.partition('?')[2].split('&'))
            page = self.events[after : after + limit]
            return (
                200,
                {
                    'events': page,
                    'next_cursor': page[-1]['cursor'] if page else str(after),
                    'has_more': len(self.events) > after + limit,
                },
                True,
            )
        return 202, {'id': f'app_{len(self.posts())}', 'status': 'PROCESSING'}, True


def _handler_of(bank):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def _respond(self):
            body = self.rfile.read(int(self.headers.get('content-length') or 0))
            call = Call(self.command, self.path, body, {k.lower(): v for k, v in self.headers.items()})
            bank.calls.append(call)
            odd = next((replies for path, replies in bank.odd.items() if path in self.path and replies), None)
            if odd:
                reply = odd.popleft()
            else:
                status, content, signed = bank.answer(call)
                reply = Reply(status, json.dumps(content).encode(), {'Content-Type': 'application/json'}, signed=signed)
            time.sleep(reply.seconds)
            headers = dict(reply.headers)
            if reply.signed:
                claims = {} if self.path == '/v1/clients' else {'aud': CLIENT_ID}
                headers['x-jws-signature'] = sign_detached(
                    reply.body, key=bank.key, issued_at=int(time.time()), claims=claims
                )
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header('Content-Length', str(len(reply.body)))
            self.end_headers()
            try:
                for piece in (bytes([byte]) for byte in reply.body) if reply.drips else (reply.body,):
                    self.wfile.write(piece)
                    time.sleep(0.2 if reply.drips else 0)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = _respond

        def log_message(self, *_arguments):
            """Say nothing: the calls are kept for the test to look at."""

    return Handler
