"""OpenSCF 1.0, the native language (docs/protocol.md)."""

from __future__ import annotations

import time
from datetime import date
from urllib.parse import quote

from openscf.client import BankClient
from openscf.errors import AnswerInvalid, SignatureInvalid
from openscf.jws import verify_event
from openscf.keys import KeySet, SigningKey
from openscf.payables import ProgramStatement
from openscf.programs import PrequalificationResult
from openscf.wire import ClientRegistration, Collateral, Event, EventPayload
from pydantic import ValidationError

from .base import BankAdapter, Discovered, ReceivedEvent, ReceivedPage, SignedFile

PATHS = {
    'apply': 'loan-applications',
    'reply': 'loan-applications/{target}/replies',
    'cancel': 'loan-applications/{target}/cancel',
    'accept': 'offers/{target}/accept',
    'decline': 'offers/{target}/decline',
    'collect': 'loans/{target}/collections',
    'repay': 'loans/{target}/repayments',
    'draw': 'loans/{target}/drawdowns',
    'release': 'loans/{target}/releases',
    'value': 'loans/{target}/valuations',
    'extend': 'loans/{target}/extensions',
    'accept_extension': 'loans/{target}/extensions/{part}/accept',
    'withdraw_extension': 'loans/{target}/extensions/{part}/withdraw',
    'substitute': 'loans/{target}/substitutions',
    'revoke': 'consents/{target}/revoke',
    'program': 'programs',
    'close_program': 'programs/{target}/close',
    'prequalify': 'programs/{target}/prequalifications',
    'member': 'programs/{target}/members',
    'leave': 'members/{target}/leave',
    'membership': 'memberships',
    'payables': 'programs/{target}/payables',
    'reduce': 'payables/{target}/reduce',
    'withdraw': 'payables/{target}/withdraw',
    'early_payment': 'payables/{target}/early-payment',
    'confirm': 'payables/{target}/confirm',
    'refuse': 'payables/{target}/refuse',
    'settle': 'programs/{target}/settlements',
}
# Their documents are many: an attempt goes on where the one before it stopped.
VERBS_RESUMED = frozenset({'prequalify', 'member', 'membership'})
PAGE_SIZE = 100


class OpenSCFAdapter(BankAdapter):
    """Speaks OpenSCF through the SDK's client, which signs, verifies, bounds and follows no redirect."""

    code = 'openscf'

    def discover(self) -> Discovered:
        client = self._client()
        profile = client.discover()
        return Discovered(
            name=profile.name,
            issuer=profile.issuer,
            profile=profile.to_wire(),
            # Only what can be used for checking: keys of other kinds would show as fingerprints that mean nothing.
            jwks=KeySet.from_jwks(client.published_jwks).jwks(),
        )

    def deliver(
        self,
        verb: str,
        *,
        target: str | tuple[str, str] | None,
        body: bytes,
        documents: list[tuple[str, bytes, str]],
        idempotency_key: str,
    ) -> dict:
        client = self._client()
        if verb == 'register':
            registration = ClientRegistration.model_validate_json(body)
            return client.register(registration, idempotency_key=idempotency_key).to_wire()
        ends_at = time.monotonic() + self.patience.total
        for sha256, content, media_type in documents:
            # Of many documents those that arrived before a connection broke need not go again.
            if verb not in VERBS_RESUMED or not client.has_document(sha256):
                client.put_document(content, media_type)
            client.total_timeout = ends_at - time.monotonic()
        ids = [quote(one, safe='') for one in (target if isinstance(target, tuple) else (target or '',))]
        path = PATHS[verb].format(target=ids[0], part=ids[-1])
        answer = client.send('POST', f'/v1/{path}', body, idempotency_key=idempotency_key, signed=True).json
        if not isinstance(answer, dict):
            raise AnswerInvalid(f"The answer to {path} is no JSON object.")
        return answer

    def client_status(self) -> str:
        return self._client().client().status.value

    def collateral(self, loan_id: str) -> Collateral:
        return self._client().collateral(loan_id)

    def statement(self, loan_id: str, start: date, end: date) -> SignedFile:
        answer = self._client().statement_camt053(loan_id, start=start, end=end)
        return SignedFile(content=answer.body, signature=answer.signature)

    def program_statement(self, program_id: str, start: date, end: date) -> ProgramStatement:
        return self._client().program_statement(program_id, start=start, end=end)

    def prequalification_results(
        self, prequalification_id: str, after: int, limit: int
    ) -> tuple[PrequalificationResult, ...]:
        return self._client().prequalification_results(prequalification_id, after=after, limit=limit)

    def poll(self, after: str) -> ReceivedPage:
        page = self._client().events(after, limit=PAGE_SIZE)
        received, cursor, flaw = [], after, None
        for event in page.events:
            try:
                payload = self._checked_event(event, cursor)
            except (SignatureInvalid, AnswerInvalid) as error:
                flaw = error
                break
            received.append(ReceivedEvent(cursor=event.cursor, raw=event.jws, payload=payload))
            cursor = event.cursor
        if not flaw and int(page.next_cursor) > int(cursor):
            cursor = page.next_cursor
        return ReceivedPage(events=tuple(received), next_cursor=cursor, has_more=page.has_more, flaw=flaw)

    def _checked_event(self, event: Event, cursor: str) -> dict:
        """Check an event's signature and form, and that it stands where the feed says it stands."""
        payload = verify_event(
            event.jws, keys=KeySet.from_jwks(self.jwks or {'keys': []}), issuer=self.issuer, audience=self.client_id
        )
        try:
            signed = EventPayload.model_validate(payload)
        except ValidationError as error:
            places = ', '.join('/'.join(map(str, place['loc'])) for place in error.errors())
            raise AnswerInvalid(f"The event at {event.cursor} lacks or distorts {places}.") from None
        if signed.cursor != event.cursor or int(event.cursor) <= int(cursor):
            raise AnswerInvalid(
                f"The event {signed.jti} was signed for the place {signed.cursor} of the feed and is shown at "
                f"{event.cursor}, after {cursor}."
            )
        return payload

    def _client(self) -> BankClient:
        profile = self.profile or {}
        return BankClient(
            base_url=self.address,
            # Discovery signs nothing, yet a client has a key: before a company has one, any does.
            key=self.key or SigningKey.generate(),
            client_id=self.client_id,
            jwks=self.jwks,
            issuer=self.issuer,
            api_base=profile.get('api_base'),
            token_endpoint=profile.get('token_endpoint'),
            timeout=(self.patience.connect, self.patience.read),
            total_timeout=self.patience.total,
            user_agent=self.software,
        )
