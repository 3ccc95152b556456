"""OpenSCF 1.0, the native language (docs/protocol.md)."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from openscf.errors import AnswerInvalid, OpenSCFError
from openscf.jws import verify_event
from openscf.keys import KeySet, SigningKey

from .base import BankAdapter, Discovered, ReceivedEvent, ReceivedPage

PATHS = {
    'register': 'clients',
    'apply': 'loan-applications',
    'reply': 'loan-applications/{target}/replies',
    'cancel': 'loan-applications/{target}/cancel',
    'accept': 'offers/{target}/accept',
    'decline': 'offers/{target}/decline',
    'collect': 'loans/{target}/collections',
    'repay': 'loans/{target}/repayments',
}
PAGE_SIZE = 100


class OpenSCFAdapter(BankAdapter):
    """Speaks OpenSCF through the SDK's client, which signs, verifies, bounds and follows no redirect."""

    code = 'openscf'

    def discover(self) -> Discovered:
        client = self._client()
        profile = client.discover()
        return Discovered(name=profile.name, issuer=profile.issuer, profile=profile.to_wire(), jwks=client.jwks)

    def deliver(self, verb, *, target, body, documents, idempotency_key):
        client = self._client()
        for sha256, content, media_type in documents:
            client.put_document(content, media_type)
        path = PATHS[verb].format(target=quote(target or '', safe=''))
        answer = client.send('POST', f'/v1/{path}', body, idempotency_key=idempotency_key, signed=True)
        return answer.json

    def client_status(self) -> str:
        return self._client().client().status.value

    def poll(self, after):
        page = self._client().events(after, limit=PAGE_SIZE)
        return page

    def _client(self):
        from openscf.client import BankClient
        return BankClient(
            base_url=self.address, key=self.key or SigningKey.generate(), client_id=self.client_id,
            jwks=self.jwks, issuer=self.issuer, user_agent=self.software)
