"""The client of a bank's gateway: signed requests, checked answers, tokens; one attempt per call.

Retrying is the caller's business (an outbox knows what was sent and survives a crash); the client only renews an
access token once. It never follows a redirect, never reads more than MAX_ANSWER_BYTES, and logs nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import requests
from pydantic import ValidationError

from openscf import __version__, wire
from openscf._internal import strict_json
from openscf._internal.http_answer import RawAnswer, problem_of, retry_after_seconds, send_once
from openscf._internal.pointer import pointer_of
from openscf.errors import AnswerInvalid, BankRefused, BankUnreachable, InputInvalid, SignatureInvalid
from openscf.jws import client_assertion, sign_detached, verify_detached
from openscf.keys import KeySet, SigningKey
from openscf.payables import ProgramStatement
from openscf.programs import CHUNK_MEDIA_TYPE, PrequalificationResult, read_results

__all__ = ["Answer", "BankClient", "MAX_DOCUMENT_BYTES", "MAX_RESULTS"]

# The protocol's limit for a document ("Documents").
MAX_DOCUMENT_BYTES = 20 * 1024 * 1024
# The protocol's limit for a page of results ("Prequalification"): well below what is read of one answer.
MAX_RESULTS = 1000
# A token is renewed this long before its end, so that it does not expire on the way.
TOKEN_MARGIN_SECONDS = 30

_JSON = "application/json"
_SIGNATURE_HEADER = "x-jws-signature"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TRANSIENT_STATUSES = frozenset({408, 429})

_Model = TypeVar("_Model", bound=wire.WireModel)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A 2xx answer whose signature was checked: its raw bytes, the JSON in them (None where none is), its signature."""

    status: int
    body: bytes
    json: Any
    signature: str


@dataclass(frozen=True, kw_only=True, repr=False)
class _Token:
    value: str
    expires_at: float


class BankClient:
    """Talks to one bank on behalf of one signing key.

    `base_url` is the bank's address; `jwks` are its keys as pinned when it was connected (else `discover` reads
    them); `issuer` its pinned issuer; `api_base` and `token_endpoint` are the endpoints that it named when it was
    discovered (else the protocol's usual paths); `timeout` is (connect, read) in seconds; `total_timeout` is the
    seconds that one call may take, its token and its renewal included (change it between calls where several share
    a limit); `clock` gives Unix seconds.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: SigningKey,
        client_id: str | None = None,
        jwks: Mapping[str, Any] | None = None,
        issuer: str | None = None,
        api_base: str | None = None,
        token_endpoint: str | None = None,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = (5, 20),
        total_timeout: float = 60.0,
        user_agent: str = f"openscf/{__version__}",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.issuer = issuer or _origin(self.base_url)
        self.client_id = client_id
        self.total_timeout = total_timeout
        self.jwks: Mapping[str, Any] | None = jwks
        self.published_jwks: Mapping[str, Any] | None = None
        self._keys = KeySet.from_jwks(jwks) if jwks is not None else None
        self._pinned = jwks is not None
        self._key = key
        self._session = session or requests.Session()
        self._timeout = timeout
        self._user_agent = user_agent
        self._clock = clock
        self._api_base = (api_base or f"{self.base_url}/v1").rstrip("/")
        self._token_endpoint = token_endpoint or f"{self.base_url}/oauth2/token"
        self._token: _Token | None = None

    def __repr__(self) -> str:
        return f"BankClient(base_url={self.base_url!r}, client_id={self.client_id!r})"

    # --- connecting ---------------------------------------------------------------------------------------------

    def discover(self) -> wire.Discovery:
        """Read the bank's description and its published keys, and go by its endpoints from now on.

        Pinned keys stay in force; `published_jwks` shows what the bank publishes today. Raises AnswerInvalid where
        the issuer is not the address that was asked, or an endpoint leaves https.
        """
        deadline = self._deadline()
        raw = self._exchange("GET", f"{self.base_url}/.well-known/openscf", deadline=deadline)
        discovery = _read(wire.Discovery, _json(raw))
        if _origin(self.base_url) != discovery.issuer or self.issuer != discovery.issuer:
            raise AnswerInvalid(
                f"The bank at {self.base_url} calls itself {discovery.issuer[:200]!r}, not {self.issuer!r}; "
                "connect it by its own address."
            )
        for url in (discovery.jwks_uri, discovery.token_endpoint, discovery.api_base):
            _check_endpoint(url, issuer=discovery.issuer)
        published = _json(self._exchange("GET", discovery.jwks_uri, deadline=deadline))
        try:
            keys = KeySet.from_jwks(published)
        except InputInvalid as error:
            raise AnswerInvalid(f"The bank's key set cannot be used: {error}") from error
        if not len(keys):
            raise AnswerInvalid("The bank publishes no Ed25519 or P-256 signing key; ask the bank for one.")
        self.published_jwks = published
        if not self._pinned:
            self.jwks, self._keys = published, keys
        self._token_endpoint = discovery.token_endpoint
        self._api_base = discovery.api_base.rstrip("/")
        return discovery

    def register(self, registration: wire.ClientRegistration, *, idempotency_key: str | None = None) -> wire.Client:
        """Introduce this ERP; the same key again gives the same client. Sets `client_id`.

        Without an idempotency key of the caller's, one is derived from the registration: its repeats then get the
        bank's first answer, also when the bank decided otherwise since.
        """
        body = registration.to_bytes()
        answer = self._send(
            "POST",
            "/v1/clients",
            body,
            idempotency_key=idempotency_key or _key_of("register", body),
            signed=True,
            with_token=False,
        )
        client = _read(wire.Client, answer.json)
        self.client_id = client.client_id
        self._token = None
        return client

    def client(self) -> wire.Client:
        """Return what the bank decided about this ERP."""
        return _read(wire.Client, self._get(f"/v1/clients/{_segment(self._require_client_id())}"))

    # --- messages -----------------------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        idempotency_key: str | None = None,
        signed: bool = False,
        media_type: str = "application/json",
    ) -> Answer:
        """Send one message, once, and return the bank's checked answer.

        `path` is the protocol's (`/v1/loan-applications`, with a query where it has one); the bytes are sent as they
        are. Raises BankUnreachable where sending again later may succeed (no answer, 408, 409 request-in-progress,
        429, 5xx), BankRefused for every other 4xx, SignatureInvalid and AnswerInvalid where the answer cannot be
        trusted or read: whether the message took effect is then unknown, so send it again with the same key.
        """
        return self._send(
            method, path, body, idempotency_key=idempotency_key, signed=signed, media_type=media_type, with_token=True
        )

    def put_document(self, document: bytes, media_type: str) -> str:
        """Deposit a document under its digest and return the digest (SHA-256, hex)."""
        if len(document) > MAX_DOCUMENT_BYTES:
            raise InputInvalid(f"The document has {len(document)} bytes; a bank takes at most {MAX_DOCUMENT_BYTES}.")
        digest = hashlib.sha256(document).hexdigest()
        self.send("PUT", f"/v1/documents/{digest}", document, media_type=media_type)
        return digest

    def has_document(self, sha256: str) -> bool:
        """Tell whether the bank has a document (SHA-256, hex) of this client.

        What was put before a connection broke need not go again.
        """
        try:
            self.send("HEAD", f"/v1/documents/{_segment(sha256)}", None)
        except BankRefused as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def apply(self, request: wire.LoanApplicationRequest, *, idempotency_key: str) -> wire.LoanApplication:
        """Ask for a loan; the package must have been deposited before."""
        return _read(wire.LoanApplication, self._post("/v1/loan-applications", request, idempotency_key))

    def application(self, application_id: str) -> wire.LoanApplication:
        """Return an application as it stands at the bank."""
        return _read(wire.LoanApplication, self._get(f"/v1/loan-applications/{_segment(application_id)}"))

    def reply(self, application_id: str, reply: wire.Reply, *, idempotency_key: str) -> wire.LoanApplication:
        """Answer a bank that requires action."""
        path = f"/v1/loan-applications/{_segment(application_id)}/replies"
        return _read(wire.LoanApplication, self._post(path, reply, idempotency_key))

    def cancel(self, application_id: str, reason: str, *, idempotency_key: str) -> wire.LoanApplication:
        """Withdraw an application that is not accepted yet."""
        path = f"/v1/loan-applications/{_segment(application_id)}/cancel"
        return _read(wire.LoanApplication, self._post(path, wire.Decision(reason=reason), idempotency_key))

    def offer(self, offer_id: str) -> wire.Offer:
        """Return an offer as it stands at the bank."""
        return _read(wire.Offer, self._get(f"/v1/offers/{_segment(offer_id)}"))

    def accept(self, offer_id: str, acceptance: wire.Acceptance, *, idempotency_key: str) -> wire.Loan:
        """Accept exactly the terms whose digest the acceptance names."""
        return _read(wire.Loan, self._post(f"/v1/offers/{_segment(offer_id)}/accept", acceptance, idempotency_key))

    def decline(self, offer_id: str, reason: str, *, idempotency_key: str) -> wire.Offer:
        """Decline an offer."""
        path = f"/v1/offers/{_segment(offer_id)}/decline"
        return _read(wire.Offer, self._post(path, wire.Decision(reason=reason), idempotency_key))

    def loan(self, loan_id: str, *, as_of: dt.date | None = None) -> wire.Loan:
        """Return a loan with its balance on a day (the bank's today where none is given)."""
        query = f"?as_of={as_of.isoformat()}" if as_of else ""
        return _read(wire.Loan, self._get(f"/v1/loans/{_segment(loan_id)}{query}"))

    def collect(self, loan_id: str, collection: wire.Collection, *, idempotency_key: str) -> wire.CollectionReceipt:
        """Tell what became of the money of the financed sale."""
        path = f"/v1/loans/{_segment(loan_id)}/collections"
        return _read(wire.CollectionReceipt, self._post(path, collection, idempotency_key))

    def repay(self, loan_id: str, repayment: wire.Repayment, *, idempotency_key: str) -> wire.RepaymentReceipt:
        """Tell of a payment from the applicant's own money."""
        path = f"/v1/loans/{_segment(loan_id)}/repayments"
        return _read(wire.RepaymentReceipt, self._post(path, repayment, idempotency_key))

    def draw(self, loan_id: str, request: wire.DrawdownRequest, *, idempotency_key: str) -> wire.Drawdown:
        """Draw a part of a line; whether it was paid is told by `loan.drawn` or `drawdown.declined`."""
        path = f"/v1/loans/{_segment(loan_id)}/drawdowns"
        return _read(wire.Drawdown, self._post(path, request, idempotency_key))

    def extend(self, loan_id: str, request: wire.ExtensionRequest, *, idempotency_key: str) -> wire.Extension:
        """Ask for later due dates; the bank's offer, or its no, is told by an event."""
        path = f"/v1/loans/{_segment(loan_id)}/extensions"
        return _read(wire.Extension, self._post(path, request, idempotency_key))

    def accept_extension(
        self, loan_id: str, extension_id: str, acceptance: wire.ExtensionAcceptance, *, idempotency_key: str
    ) -> wire.Extension:
        """Accept exactly the fee and the due date that the bank offered."""
        path = f"/v1/loans/{_segment(loan_id)}/extensions/{_segment(extension_id)}/accept"
        return _read(wire.Extension, self._post(path, acceptance, idempotency_key))

    def withdraw_extension(
        self, loan_id: str, extension_id: str, reason: str, *, idempotency_key: str
    ) -> wire.Extension:
        """Give an extension up that is not accepted yet."""
        path = f"/v1/loans/{_segment(loan_id)}/extensions/{_segment(extension_id)}/withdraw"
        return _read(wire.Extension, self._post(path, wire.Decision(reason=reason), idempotency_key))

    def substitute(self, loan_id: str, request: wire.SubstitutionRequest, *, idempotency_key: str) -> wire.Substitution:
        """Ask that other documents are financed; the package that names them must have been deposited before."""
        path = f"/v1/loans/{_segment(loan_id)}/substitutions"
        return _read(wire.Substitution, self._post(path, request, idempotency_key))

    def release(self, loan_id: str, request: wire.ReleaseRequest, *, idempotency_key: str) -> wire.Release:
        """Ask for pledged goods back; a release that waits is told by an event once it is decided."""
        path = f"/v1/loans/{_segment(loan_id)}/releases"
        return _read(wire.Release, self._post(path, request, idempotency_key))

    def value(self, loan_id: str, valuation: wire.Valuation, *, idempotency_key: str) -> wire.ValuationReceipt:
        """Tell how much of the pledged goods is there, and what it is worth."""
        path = f"/v1/loans/{_segment(loan_id)}/valuations"
        return _read(wire.ValuationReceipt, self._post(path, valuation, idempotency_key))

    def collateral(self, loan_id: str) -> wire.Collateral:
        """Return the goods that stand for a loan, as the bank holds them."""
        return _read(wire.Collateral, self._get(f"/v1/loans/{_segment(loan_id)}/collateral"))

    def statement(self, loan_id: str, *, start: dt.date, end: dt.date) -> wire.Statement:
        """Return the bank's ledger of a loan between two days, both included."""
        query = urlencode({"from": start.isoformat(), "to": end.isoformat()})
        return _read(wire.Statement, self._get(f"/v1/loans/{_segment(loan_id)}/statement?{query}"))

    def statement_camt053(self, loan_id: str, *, start: dt.date, end: dt.date) -> Answer:
        """Return the bank's camt.053 of a loan between two days, both included: its bytes, and the signature over them.

        `openscf.camt.read` reads the bytes. Raises AnswerInvalid where the answer is no XML.
        """
        query = urlencode({"from": start.isoformat(), "to": end.isoformat()})
        path = f"/v1/loans/{_segment(loan_id)}/statement.camt053?{query}"
        return self._send(
            "GET", path, None, idempotency_key=None, signed=False, with_token=True, expects="application/xml"
        )

    def program_statement(self, program_id: str, *, start: dt.date, end: dt.date) -> ProgramStatement:
        """Return the bank's book of a payables program between two days, both included."""
        query = urlencode({"from": start.isoformat(), "to": end.isoformat()})
        return _read(ProgramStatement, self._get(f"/v1/programs/{_segment(program_id)}/statement?{query}"))

    def revoke_consent(
        self, consent_id: str, revocation: wire.ConsentRevocation, *, idempotency_key: str
    ) -> wire.ConsentStatus:
        """Take a consent back; the bank closes what it covered and ends what is not decided under it."""
        path = f"/v1/consents/{_segment(consent_id)}/revoke"
        return _read(wire.ConsentStatus, self._post(path, revocation, idempotency_key))

    def access_log(self, package_id: str) -> wire.AccessLog:
        """Return who read a package at the bank, and when."""
        return _read(wire.AccessLog, self._get(f"/v1/packages/{_segment(package_id)}/access-log"))

    def prequalification_results(
        self, prequalification_id: str, *, after: int = 0, limit: int = MAX_RESULTS
    ) -> tuple[PrequalificationResult, ...]:
        """Return what the bank decided on the rows of a batch that come after row `after`, at most `limit` of them.

        The effects of each one's reasons add up to its limit, and the rows follow each other. Fewer than `limit` are
        the last ones. Raises AnswerInvalid where the page is not what was asked for.
        """
        query = urlencode({"after": after, "limit": limit})
        path = f"/v1/prequalifications/{_segment(prequalification_id)}/results?{query}"
        answer = self._send(
            "GET", path, None, idempotency_key=None, signed=False, with_token=True, expects=CHUNK_MEDIA_TYPE
        )
        try:
            results = tuple(read_results(answer.body))
        except InputInvalid as error:
            raise AnswerInvalid(f"The bank's results cannot be read: {error}") from error
        rows = [after, *(result.row for result in results)]
        if len(results) > limit or any(row <= before for before, row in pairwise(rows)):
            raise AnswerInvalid(
                f"The bank was asked for {limit} results after row {after}; it gave {len(results)}, not each after "
                "the one before. Report it to the bank."
            )
        return results

    def events(self, after: str, limit: int = 100) -> wire.EventPage:
        """Return the feed after a cursor (`"0"`: from the start); each event is checked by `jws.verify_event`."""
        return _read(wire.EventPage, self._get(f"/v1/events?{urlencode({'after': after, 'limit': limit})}"))

    # --- one exchange -------------------------------------------------------------------------------------------

    def _get(self, path: str) -> Any:
        return self.send("GET", path, None).json

    def _post(self, path: str, message: wire.WireModel, idempotency_key: str) -> Any:
        return self.send("POST", path, message.to_bytes(), idempotency_key=idempotency_key, signed=True).json

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        idempotency_key: str | None,
        signed: bool,
        with_token: bool,
        media_type: str = "application/json",
        expects: str = _JSON,
    ) -> Answer:
        deadline = self._deadline()
        url = self._url(path)
        headers = {"Accept": expects} if body is None else {"Accept": expects, "Content-Type": media_type}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = _quoted(idempotency_key)
        if signed:
            headers[_SIGNATURE_HEADER] = self._sign(method, url, body or b"")
        token = self._access_token(deadline) if with_token else None
        try:
            raw = self._exchange(method, url, body, deadline=deadline, headers=headers, token=token)
        except BankRefused as refusal:
            if token is None or not _asks_for_new_token(refusal):
                raise
            self._token = None
            token = self._access_token(deadline)
            raw = self._exchange(method, url, body, deadline=deadline, headers=headers, token=token)
        return self._checked(raw, expects_audience=with_token, expects=expects)

    def _sign(self, method: str, url: str, body: bytes) -> str:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        claims = {"htm": method, "htu": target, "aud": self.issuer}
        return sign_detached(body, key=self._key, issued_at=int(self._clock()), claims=claims)

    def _checked(self, raw: RawAnswer, *, expects_audience: bool, expects: str) -> Answer:
        """Check the signature before a single byte of the body is read."""
        if self._keys is None:
            raise InputInvalid("The bank's keys are not known yet; call discover() or give jwks.")
        signature = raw.headers.get(_SIGNATURE_HEADER)
        if not signature:
            raise SignatureInvalid(
                f"The answer ({raw.status}, {raw.media_type or 'no content type'}) is not signed: something between "
                "here and the bank may have answered in its place. Check the address and the proxy."
            )
        header = verify_detached(raw.body, signature, keys=self._keys)
        if expects_audience and header.get("aud") != self.client_id:
            raise SignatureInvalid("The bank's answer was signed for another client; ask the bank, keep the message.")
        if expects != _JSON and raw.media_type != expects:
            raise AnswerInvalid(f"The bank answered {raw.media_type or 'without a type'}; {expects} was expected.")
        read = _json(raw) if raw.body and expects == _JSON else None
        return Answer(status=raw.status, body=raw.body, json=read, signature=signature)

    def _deadline(self) -> float:
        """When a call that starts now is given up, by the monotonic clock."""
        return time.monotonic() + self.total_timeout

    def _access_token(self, deadline: float) -> str:
        if self._token is None or self._token.expires_at <= self._clock():
            self._token = self._fetch_token(deadline)
        return self._token.value

    def _fetch_token(self, deadline: float) -> _Token:
        now = int(self._clock())
        assertion = client_assertion(
            key=self._key,
            client_id=self._require_client_id(),
            audience=self.issuer,
            issued_at=now,
            jti=str(uuid.uuid4()),
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form_body = urlencode(form).encode()
        raw = self._exchange("POST", self._token_endpoint, form_body, deadline=deadline, headers=headers)
        answer = _read(wire.TokenAnswer, _json(raw))
        if answer.token_type.lower() != "bearer":
            raise AnswerInvalid(f"The bank's token is of type {answer.token_type[:40]!r}; Bearer was expected.")
        return _Token(value=answer.access_token, expires_at=now + answer.expires_in - TOKEN_MARGIN_SECONDS)

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> RawAnswer:
        """Send once; return a 2xx answer, raise for everything else."""
        all_headers = {"Accept": "application/json", "User-Agent": self._user_agent, **(headers or {})}
        raw = send_once(
            self._session,
            method,
            url,
            body,
            headers=all_headers,
            token=token,
            timeout=self._timeout,
            total=deadline - time.monotonic(),
        )
        if 200 <= raw.status < 300:
            return raw
        if 300 <= raw.status < 400 or raw.status < 200:
            raise AnswerInvalid(
                f"The bank answered {method} {urlsplit(url).path} with the redirect {raw.status}; redirects are not "
                "followed. Connect the bank by its final address."
            )
        problem = problem_of(raw)
        in_progress = raw.status == 409 and problem.code == "request-in-progress"
        if raw.status >= 500 or raw.status in _TRANSIENT_STATUSES or in_progress:
            raise BankUnreachable(
                f"The bank cannot answer now ({raw.status} {problem.title}): {problem.detail} Send the message again "
                "later.",
                retry_after=retry_after_seconds(raw.headers.get("retry-after"), now=self._clock()),
                status=raw.status,
            )
        raise BankRefused(status=raw.status, problem=problem)

    def _url(self, path: str) -> str:
        """Return the address of a protocol path; the protocol's `/v1` stands for the bank's `api_base`."""
        if not path.startswith("/v1/") or "#" in path or ".." in path.split("?")[0].split("/"):
            raise InputInvalid(f"The path {path[:200]!r} is none of the protocol; give one such as '/v1/offers/17'.")
        return self._api_base + path.removeprefix("/v1")

    def _require_client_id(self) -> str:
        if self.client_id is None:
            raise InputInvalid("The bank has not registered this ERP yet; call register() or give client_id.")
        return self.client_id


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise InputInvalid(f"{url[:200]!r} is no bank address; give one such as 'https://bank.example'.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _check_endpoint(url: str, *, issuer: str) -> None:
    try:
        origin = _origin(url)
    except InputInvalid as error:
        raise AnswerInvalid(f"The bank names an endpoint that cannot be used: {error}") from error
    if issuer.startswith("https:") and not origin.startswith("https:"):
        raise AnswerInvalid(f"The bank names the endpoint {url[:200]!r} without https; ask the bank to correct it.")


def _json(raw: RawAnswer) -> Any:
    try:
        return strict_json.loads(raw.body, fractions=True)
    except InputInvalid as error:
        raise AnswerInvalid(
            f"The answer ({raw.status}, {raw.media_type or 'no content type'}) is not the JSON expected: {error}"
        ) from error


def _read(model: type[_Model], value: Any) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise AnswerInvalid(
            f"The bank's answer is no {model.__name__}: {pointer_of(first['loc']) or '/'}: {first['msg']}. "
            "Report it to the bank."
        ) from None


def _asks_for_new_token(refusal: BankRefused) -> bool:
    return refusal.status == 401 and refusal.problem.code not in ("signature-missing", "signature-invalid")


def _quoted(idempotency_key: str) -> str:
    """Return the key as a structured-field string (RFC 8941 section 3.3.3)."""
    if not 1 <= len(idempotency_key) <= 255 or not (idempotency_key.isascii() and idempotency_key.isprintable()):
        raise InputInvalid("An idempotency key has 1 to 255 printable ASCII characters.")
    escaped = idempotency_key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _key_of(purpose: str, body: bytes) -> str:
    return f"{purpose}-{hashlib.sha256(body).hexdigest()[:32]}"


def _segment(identifier: str) -> str:
    return quote(identifier, safe="")
