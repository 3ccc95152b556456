"""Programs: the messages of docs/protocol.md, "Programs", and what both sides do with them alike.

An anchor asks a bank for a program (`ProgramRequest`), has its suppliers or distributors looked at in a batch
(`PrequalificationRow`, `write_chunk`, `read_chunk`) and brings them in (`MemberRequest`), or lets them come by
themselves with an invitation that it signs (`sign_invitation`, `read_invitation`). Amounts of rows and results are in
the program's currency.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from openscf._internal import strict_json
from openscf._internal.iso20022 import is_iban
from openscf._internal.pointer import pointer_of
from openscf.canonical import canonical_bytes
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import read_protected_header, sign_claims, verify_claims
from openscf.keys import KeySet, SigningKey
from openscf.money import DecimalText, Money, decimals, to_amount
from openscf.payables import ProgramName
from openscf.wire import Country, Date, DayCount, Id, Party, ProgramProfile, Sha256, Text, Time, WireModel

__all__ = [
    "CHUNK_MEDIA_TYPE",
    "INVITATION_TYP",
    "KYB_KINDS",
    "KYB_MEDIA_TYPES",
    "MAX_CHUNKS",
    "MAX_CHUNK_BYTES",
    "MAX_CHUNK_ROWS",
    "MAX_KYB_BYTES",
    "MAX_ROWS",
    "Account",
    "BuyBack",
    "Chunk",
    "ChunkInvalid",
    "Contact",
    "Invitation",
    "InvitedParty",
    "KybDocument",
    "KybKind",
    "LimitReason",
    "Member",
    "MemberConsent",
    "MemberNotice",
    "MemberRequest",
    "MemberStatus",
    "MembershipRequest",
    "Period",
    "Prequalification",
    "PrequalificationNotice",
    "PrequalificationRequest",
    "PrequalificationResult",
    "PrequalificationRow",
    "PrequalificationStatus",
    "PrequalificationTotals",
    "Program",
    "ProgramEnd",
    "ProgramKind",
    "ProgramName",
    "ProgramNotice",
    "ProgramProfile",
    "ProgramRequest",
    "ProgramStatus",
    "ProgramTerms",
    "ResultStatus",
    "Signatory",
    "invitation_kid",
    "read_chunk",
    "read_invitation",
    "read_results",
    "sign_invitation",
    "tax_key",
    "write_chunk",
]

CHUNK_MEDIA_TYPE: Final = "application/x-ndjson"
MAX_CHUNK_ROWS: Final = 1000
MAX_CHUNK_BYTES: Final = 4 * 1024 * 1024
# What one batch may hold.
MAX_CHUNKS: Final = 1000
MAX_ROWS: Final = 100_000
INVITATION_TYP: Final = "openscf-invitation+jwt"
# What a bank takes of a member's documents: types that a reader shows without running anything in them.
KYB_MEDIA_TYPES: Final = ("application/pdf", "image/png", "image/jpeg")
MAX_KYB_BYTES: Final = 10 * 1024 * 1024

ProgramKind = Literal["payables_finance", "distributor_finance"]
KybKind = Literal[
    "registration_extract",
    "beneficial_owners",
    "signatory_identity",
    "bank_account_proof",
    "annual_accounts",
    "other",
]
KYB_KINDS: Final[tuple[KybKind, ...]] = (
    "registration_extract",
    "beneficial_owners",
    "signatory_identity",
    "bank_account_proof",
    "annual_accounts",
    "other",
)


def _currency(code: str) -> str:
    decimals(code)
    return code


def _above_zero(value: Money) -> Money:
    if value.amount <= 0:
        raise InputInvalid("an amount above 0 is expected")
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise InputInvalid("a number of 0 or more is expected")
    return value


def _iban(text: str) -> str:
    plain = "".join(text.split()).upper()
    if not is_iban(plain):
        raise InputInvalid("it is no IBAN (ISO 13616): its check digits do not fit")
    return plain


Currency = Annotated[str, AfterValidator(_currency)]
PositiveMoney = Annotated[Money, AfterValidator(_above_zero)]
NotNegative = Annotated[DecimalText, AfterValidator(_not_negative)]
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
# Unix seconds up to the year 9999: beyond it a time cannot be written.
UnixSeconds = Annotated[int, Field(ge=0, le=253_402_300_799, strict=True)]


def tax_key(tax_id: str) -> str:
    """Return a tax id by which a company is compared: NFKC, upper case, letters and digits only.

    'DE 123 456 789' and 'de123456789' are one company's. Raises InputInvalid where nothing is left.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tax_id).upper())
    kept = "".join(character for character in plain if character.isalnum())
    if not kept:
        raise InputInvalid(f"The tax id {tax_id!r:.80} has no letter or digit.")
    return kept


# --- programs ------------------------------------------------------------------------------------------------------


class ProgramStatus(str, Enum):
    """Where a program stands at a bank; SUSPENDED and ACTIVE may follow each other."""

    REQUESTED = "REQUESTED"
    ACTIVE = "ACTIVE"
    DECLINED = "DECLINED"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class BuyBack(WireModel):
    """The anchor takes the goods back, at `percent` of what is owed, where a distributor is so late."""

    after_days_past_due: Annotated[int, Field(ge=0, le=365, strict=True)]
    percent: Annotated[NotNegative, AfterValidator(lambda value: _at_most(value, 100))]


class ProgramRequest(WireModel):
    """An anchor asks a bank for a program. `terms_sha256` is the digest of the terms that its members sign."""

    program_id: Id
    kind: ProgramKind
    name: Title
    currency: Currency
    requested_limit: PositiveMoney
    member_limit: PositiveMoney | None = None
    max_tenor_days: Annotated[int, Field(ge=1, le=1096, strict=True)]
    documents: tuple[KybKind, ...] = ()
    terms_sha256: Sha256
    buy_back: BuyBack | None = None
    stock_control: bool | None = None
    requested_by: Title
    approved_by: Title
    requested_at: Time


class ProgramTerms(WireModel):
    """The price of a program and its conditions; rate (a year) and fee in percent of what is paid early."""

    rate_pa: DecimalText
    fee_percent: DecimalText
    day_count: DayCount
    min_days: Annotated[int, Field(ge=0)]
    max_tenor_days: Annotated[int, Field(ge=1)]
    recourse: bool
    conditions: tuple[str, ...] = ()


class Program(WireModel):
    """A program as it stands at the bank. `used` is what is paid early, or confirmed to be, and not settled."""

    id: Id
    program_id: Id
    kind: str
    name: str
    currency: str
    status: ProgramStatus
    anchor_limit: Money | None = None
    member_limit: Money | None = None
    used: Money
    terms: ProgramTerms | None = None
    documents: tuple[str, ...] = ()
    valid_until: Date | None = None
    message: Text | None = None


class ProgramEnd(WireModel):
    """The reason with which a program is closed, or a member leaves."""

    reason: Annotated[Text, StringConstraints(min_length=1)]


class ProgramNotice(WireModel):
    """What the events of a program's life say."""

    program: Program
    reason: Text | None = None


# --- prequalification ----------------------------------------------------------------------------------------------


class PrequalificationStatus(str, Enum):
    """Where a batch stands; REJECTED as a whole, with a message."""

    RECEIVED = "RECEIVED"
    DECIDED = "DECIDED"
    REJECTED = "REJECTED"


class ResultStatus(str, Enum):
    """What the bank decided about one row; the limit of a referred one is what an officer will look at."""

    APPROVED = "APPROVED"
    REFERRED = "REFERRED"
    DECLINED = "DECLINED"


class PrequalificationRow(WireModel):
    """One supplier or distributor by the anchor's records; unnamed, with no `party`, until it consents.

    Amounts in the program's currency and counts are over the batch's period, `first_order_on` is the first ever.
    `received` and `returned` are quantities at the order's price; `deliveries_late` were done after the promised day,
    `days_late` is their mean lateness; `disputed` is what bills under dispute amount to; `price_deviation_percent` is
    the spend-weighted mean absolute deviation of the unit price from each product's own mean; `share_percent` is of
    all that the anchor ordered. What the books cannot tell is left out.
    """

    member_ref: Id
    named: bool
    party: Party | None = None
    country: Country | None = None
    first_order_on: Date | None = None
    last_order_on: Date | None = None
    months_active: Count
    orders: Count
    order_lines: Count
    ordered: NotNegative
    received: NotNegative
    returned: NotNegative
    deliveries: Count
    deliveries_late: Count
    days_late: NotNegative | None = None
    invoices: Count
    invoiced: NotNegative
    credited: NotNegative
    disputed: NotNegative
    price_deviation_percent: NotNegative | None = None
    share_percent: Annotated[NotNegative, AfterValidator(lambda value: _at_most(value, 100))] | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> PrequalificationRow:
        if self.named != (self.party is not None):
            raise InputInvalid("a row has a party exactly where it is named")
        if self.deliveries_late > self.deliveries:
            raise InputInvalid("more deliveries are late than there are")
        if self.first_order_on and self.last_order_on and self.first_order_on > self.last_order_on:
            raise InputInvalid("the first order came after the last one")
        return self


class Period(WireModel):
    """Two days, both counted in."""

    from_: Annotated[Date, Field(alias="from")]
    to: Date

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Period:
        if self.from_ > self.to:
            raise InputInvalid("the period ends before it begins")
        return self


class Chunk(WireModel):
    """A document of rows that was PUT before."""

    sha256: Sha256
    rows: Annotated[int, Field(ge=1, le=MAX_CHUNK_ROWS, strict=True)]


class PrequalificationTotals(WireModel):
    """The sums over all rows of a batch."""

    ordered: NotNegative
    invoiced: NotNegative


class PrequalificationRequest(WireModel):
    """A batch: which chunks, how many rows, and what they add up to."""

    batch_id: Id
    as_of: Date
    period: Period
    rows: Annotated[int, Field(ge=1, le=MAX_ROWS, strict=True)]
    chunks: Annotated[tuple[Chunk, ...], Field(min_length=1, max_length=MAX_CHUNKS)]
    totals: PrequalificationTotals
    requested_by: Title
    requested_at: Time


class Prequalification(WireModel):
    """A batch as it stands at the bank; the counts come with the decision."""

    id: Id
    batch_id: Id
    status: PrequalificationStatus
    rows: int
    approved: int | None = None
    referred: int | None = None
    declined: int | None = None
    message: Text | None = None


class PrequalificationNotice(WireModel):
    """What the events `prequalification.*` say."""

    prequalification: Prequalification


class LimitReason(WireModel):
    """One step from nothing to the limit: by how much it changed it, and which figure met which threshold."""

    code: str
    figure: DecimalText | None = None
    threshold: DecimalText | None = None
    effect: DecimalText
    message: str


class PrequalificationResult(WireModel):
    """What the bank decided about row number `row` (from 1); the effects of the reasons add up to `limit`."""

    row: Annotated[int, Field(ge=1)]
    member_ref: Id
    status: ResultStatus
    limit: DecimalText
    valid_until: Date | None = None
    reasons: tuple[LimitReason, ...]


class ChunkInvalid(InputInvalid):
    """A chunk cannot be read; `line` (from 1) is where, None where it is the chunk as a whole."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message if line is None else f"Line {line}: {message}")
        self.line = line


def write_chunk(rows: Iterable[PrequalificationRow | Mapping[str, Any]]) -> bytes:
    """Return the bytes of a chunk: each row in RFC 8785 form on a line of its own.

    Rows that are mappings are taken as they are, checked by nobody before the bank. Raises InputInvalid for no row,
    more than MAX_CHUNK_ROWS of them, and more than MAX_CHUNK_BYTES.
    """
    lines = [canonical_bytes(row.to_wire() if isinstance(row, PrequalificationRow) else dict(row)) for row in rows]
    chunk = b"".join(line + b"\n" for line in lines)
    if not 1 <= len(lines) <= MAX_CHUNK_ROWS or len(chunk) > MAX_CHUNK_BYTES:
        raise InputInvalid(f"A chunk has 1 to {MAX_CHUNK_ROWS} rows and at most {MAX_CHUNK_BYTES} bytes.")
    return chunk


def read_chunk(data: bytes, *, currency: str) -> Iterator[PrequalificationRow]:
    """Give the rows of a chunk one by one; ChunkInvalid names the line that cannot stand.

    Every line is one object in RFC 8785 form, ended by a line feed; amounts have no more decimals than `currency`.
    """
    if len(data) > MAX_CHUNK_BYTES:
        raise ChunkInvalid(f"The chunk has more than {MAX_CHUNK_BYTES} bytes; send the rows in more chunks.")
    if not data.endswith(b"\n"):
        raise ChunkInvalid("The chunk does not end with a line feed: it was cut off.")
    lines = data.split(b"\n")[:-1]
    if len(lines) > MAX_CHUNK_ROWS:
        raise ChunkInvalid(f"The chunk has more than {MAX_CHUNK_ROWS} rows; send them in more chunks.")
    for number, line in enumerate(lines, start=1):
        yield _row(line, number, currency)


def read_results(data: bytes) -> Iterator[PrequalificationResult]:
    """Give the results of one page, as the bank answered it; ChunkInvalid names a line that is none."""
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            result = PrequalificationResult.model_validate(strict_json.loads(line))
        except (ValidationError, InputInvalid) as error:
            raise ChunkInvalid(_first(error), line=number) from error
        if sum((reason.effect for reason in result.reasons), Decimal(0)) != result.limit:
            raise ChunkInvalid("the effects of its reasons do not add up to the limit", line=number)
        yield result


def _row(line: bytes, number: int, currency: str) -> PrequalificationRow:
    try:
        value = strict_json.loads(line)
        if not isinstance(value, dict) or canonical_bytes(value) != line:
            raise InputInvalid("it is no JSON object in RFC 8785 form")
        row = PrequalificationRow.model_validate(value)
        for amount in (row.ordered, row.received, row.returned, row.invoiced, row.credited, row.disputed):
            to_amount(amount, currency)
    except (ValidationError, InputInvalid) as error:
        raise ChunkInvalid(_first(error), line=number) from error
    return row


def _first(error: ValidationError | InputInvalid) -> str:
    if isinstance(error, InputInvalid):
        return str(error)
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = pointer_of(first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _at_most(value: Decimal, most: int) -> Decimal:
    if value > most:
        raise InputInvalid(f"a number of at most {most} is expected")
    return value


# --- members -------------------------------------------------------------------------------------------------------


class MemberStatus(str, Enum):
    """Where a member of a program stands at the bank."""

    RECEIVED = "RECEIVED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    SUSPENDED = "SUSPENDED"
    LEFT = "LEFT"


class Account(WireModel):
    """The member's account, to which early payments go; the IBAN without spaces, in upper case."""

    iban: Annotated[str, AfterValidator(_iban)]
    holder: Title


class Contact(WireModel):
    """Whom the bank writes to at the member's."""

    name: Title
    email: Email
    phone: Annotated[str, StringConstraints(max_length=64)] | None = None


class Signatory(WireModel):
    """Somebody who signed the program's terms for the member: when, from which IP address, and which words."""

    name: Title
    role: Annotated[str, StringConstraints(max_length=256)]
    email: Email
    signed_at: Time
    address: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    agreement_sha256: Sha256


class KybDocument(WireModel):
    """A document about the member, PUT before by whoever sends this."""

    kind: KybKind
    name: Title
    sha256: Sha256
    media_type: Literal["application/pdf", "image/png", "image/jpeg"]


class MemberConsent(WireModel):
    """What the member lets the bank read, for what, and until when; `recipient` is the bank's issuer."""

    purpose: Title
    sections: tuple[Title, ...]
    recipient: Title
    expires_on: Date
    # Several signatories may have given it, each with a role.
    given_by: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    given_at: Time


class MemberRequest(WireModel):
    """Everything about a member. A higher `revision` takes the place of what was sent before.

    `member_ref` is that of its row in a prequalification.
    """

    member_id: Id
    revision: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
    party: Party
    account: Account
    contact: Contact
    signatories: Annotated[tuple[Signatory, ...], Field(min_length=1, max_length=20)]
    documents: Annotated[tuple[KybDocument, ...], Field(max_length=50)] = ()
    member_ref: Id | None = None
    consent: MemberConsent


class MembershipRequest(MemberRequest):
    """The same from the member's own ERP, with the invitation that the anchor signed."""

    invitation: Annotated[str, StringConstraints(min_length=1, max_length=16_384)]


class Member(WireModel):
    """A member as it stands at the bank, in this program. `used` is what is paid early and not settled."""

    id: Id
    member_id: Id
    status: MemberStatus
    revision: int
    limit: Money | None = None
    used: Money
    rate_pa: DecimalText | None = None
    valid_until: Date | None = None
    message: Text | None = None


class MemberNotice(WireModel):
    """What the events `member.*` say to the anchor, and to the member's own ERP."""

    member: Member
    program: ProgramName
    reason: Text | None = None


# --- invitations ---------------------------------------------------------------------------------------------------


class InvitedParty(WireModel):
    """Whom an invitation is for."""

    name: Title
    tax_id: Annotated[str, StringConstraints(pattern=r"[0-9A-Za-z]", max_length=256)]
    country: Country | None = None


class Invitation(WireModel):
    """What an anchor signs so that a member's own ERP can join: `iss` is the anchor's client id at the bank `aud`,
    `program` the bank's id of it, `member_id` the anchor's; `iat` and `exp` are Unix seconds.
    """

    iss: Id
    aud: Title
    program: Id
    member_id: Id
    party: InvitedParty
    anchor: Party
    iat: UnixSeconds
    exp: UnixSeconds
    jti: Id

    @property
    def expires_at(self) -> dt.datetime:
        """The time (UTC) until which the member may join with it."""
        return dt.datetime.fromtimestamp(self.exp, dt.timezone.utc)


def sign_invitation(invitation: Invitation, *, key: SigningKey) -> str:
    """Return the invitation as a compact JWS by the anchor's key. Raises InputInvalid where it ends too soon."""
    if invitation.exp <= invitation.iat:
        raise InputInvalid("The invitation ends before it begins; let it expire after it was made.")
    return sign_claims(invitation.to_wire(), key=key, typ=INVITATION_TYP)


def invitation_kid(token: str) -> str:
    """Return the id of the key that an invitation says it is signed with, WITHOUT checking the signature."""
    kid = read_protected_header(token).get("kid")
    if not isinstance(kid, str):
        raise SignatureInvalid("The invitation does not name the key that signed it.")
    return kid


def read_invitation(token: str, *, keys: KeySet, issuer: str, audience: str, now: int | None = None) -> Invitation:
    """Check an invitation by the keys of the anchor `issuer` for the bank `audience`, and return what it says.

    `now` in Unix seconds, None where it may have expired since it was used. Raises SignatureInvalid.
    """
    claims = verify_claims(token, keys=keys, typ=INVITATION_TYP)
    try:
        invitation = Invitation.model_validate(claims)
    except ValidationError as error:
        raise SignatureInvalid(f"The signed invitation is incomplete: {_first(error)}.") from None
    if invitation.iss != issuer or invitation.aud != audience:
        raise SignatureInvalid("The invitation is another anchor's, or for another bank.")
    if now is not None and invitation.exp <= now:
        raise SignatureInvalid(
            f"The invitation expired on {invitation.expires_at:%Y-%m-%d %H:%M} UTC; ask the anchor for a new one."
        )
    return invitation
