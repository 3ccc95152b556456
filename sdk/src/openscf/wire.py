"""Every message of docs/protocol.md as a frozen model: unknown members are passed over, missing ones refused.

`to_wire()` gives the JSON value of a message; `Model.model_validate(value)` reads one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from openscf.canonical import canonical_bytes, sha256_hex
from openscf.errors import InputInvalid
from openscf.money import DecimalText, Money

__all__ = [
    "Acceptance",
    "AccessLog",
    "ActionRequired",
    "Allocation",
    "Balance",
    "BuyerPayment",
    "Client",
    "ClientRegistration",
    "ClientStatus",
    "Collateral",
    "CollateralGoods",
    "CollateralNotice",
    "Collection",
    "CollectionReceipt",
    "Component",
    "ConsentRevocation",
    "ConsentStatus",
    "Date",
    "DayCount",
    "Decision",
    "DisbursementAccount",
    "Discovery",
    "DocumentKind",
    "DocumentRef",
    "Drawdown",
    "DrawdownRequest",
    "DrawdownStatus",
    "Entry",
    "EntryType",
    "Event",
    "EventPage",
    "EventPayload",
    "EventSubject",
    "EventType",
    "Extension",
    "ExtensionAcceptance",
    "ExtensionRequest",
    "ExtensionStatus",
    "FeeTiming",
    "GoodsRef",
    "Id",
    "Jwks",
    "Loan",
    "LoanApplication",
    "LoanApplicationRequest",
    "LoanApplicationStatus",
    "LoanNotice",
    "LoanStatus",
    "Money",
    "Offer",
    "OfferStatus",
    "OfferTerms",
    "PackageRead",
    "PackageReadNotice",
    "Party",
    "Problem",
    "ProblemPlace",
    "ProgramProfile",
    "Rejection",
    "RejectionReason",
    "Release",
    "ReleaseRequest",
    "ReleaseStatus",
    "Repayment",
    "RepaymentKind",
    "RepaymentReceipt",
    "Reply",
    "ScheduleRow",
    "Sha256",
    "Statement",
    "Substitution",
    "SubstitutionRequest",
    "SubstitutionStatus",
    "TechniqueProfile",
    "Time",
    "TokenAnswer",
    "Valuation",
    "ValuationReceipt",
    "ValuedGoods",
    "WaterfallStep",
    "WireModel",
    "terms_sha256",
    "utc_seconds",
]


def utc_seconds(value: dt.datetime) -> dt.datetime:
    """Return the time in UTC, cut to seconds; InputInvalid for a time without a zone."""
    if value.tzinfo is None:
        raise InputInvalid(f"The time {value.isoformat()} has no zone; give it in UTC.")
    return value.astimezone(dt.timezone.utc).replace(microsecond=0)


@lru_cache(maxsize=4096)
def _date_of_text(text: str) -> dt.date | str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise InputInvalid("a date such as '2026-11-22' is expected")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return text  # no day of the calendar: the model says which part is wrong


def _iso_date(value: Any) -> Any:
    if isinstance(value, str):
        return _date_of_text(value)
    if isinstance(value, (int, float, dt.datetime)):
        raise InputInvalid(f"a date is expected, not a {type(value).__name__}")
    return value


def _no_number(value: Any) -> Any:
    if isinstance(value, (int, float)):
        raise InputInvalid("a time such as '2026-11-22T05:55:49Z' is expected, not a number")
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise InputInvalid("a quantity above 0 is expected")
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise InputInvalid("a quantity of 0 or more is expected")
    return value


def _time_text(value: dt.datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Cursor = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})$")]
Text = Annotated[str, StringConstraints(max_length=4000)]
DocumentKind = Literal["sales_order", "customer_invoice", "purchase_order", "vendor_bill", "pledged_goods"]
Component = Literal["penalty", "fee", "interest", "principal"]
DayCount = Literal["ACT/360", "ACT/365", "30E/360", "ACT/ACT"]
RepaymentKind = Literal["bullet", "instalment", "equal_principal", "revolving", "sales_linked"]
FeeTiming = Literal["deducted", "on_repayment", "up_front", "periodic"]
EntryType = Literal[
    "disbursement",
    "fee",
    "repayment",
    "repayment_reversal",
    "charge",
    "charge_reversal",
    "extension",
    "call",
    "surplus",
    "write_off",
]
# A component stands for its three times; `past_due.interest` is one of the twelve that a waterfall orders.
WaterfallStep = Annotated[
    str, StringConstraints(pattern=r"^((past_due|due|in_advance)\.)?(penalty|fee|interest|principal)$")
]
Date = Annotated[dt.date, BeforeValidator(_iso_date)]
Time = Annotated[
    dt.datetime,
    BeforeValidator(_no_number),
    AfterValidator(utc_seconds),
    PlainSerializer(_time_text, return_type=str, when_used="json"),
]
Jwks = dict[str, list[dict[str, Any]]]


class WireModel(BaseModel):
    """Base of every message: frozen, tolerant of members that a newer peer sends."""

    # Inputs are hidden in errors: a message may hold a token, or what a log must not repeat.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value of the message; members that are None are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the message: what is sent, signed and hashed."""
        return canonical_bytes(self.to_wire())


class LoanApplicationStatus(str, Enum):
    """OCEN 4.0's LoanApplicationStatus, as far as it is used here."""

    PROCESSING = "PROCESSING"
    OFFERED = "OFFERED"
    REJECTED = "REJECTED"
    ACTION_REQUIRED = "ACTION_REQUIRED"
    OFFER_ACCEPTED = "OFFER_ACCEPTED"
    GRANTED = "GRANTED"
    DISBURSEMENT_INITIATED = "DISBURSEMENT_INITIATED"
    DISBURSEMENT_COMPLETED = "DISBURSEMENT_COMPLETED"
    DISBURSED_FAILED = "DISBURSED_FAILED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class OfferStatus(str, Enum):
    """What became of an offer."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class LoanStatus(str, Enum):
    """Where a loan stands; ACTIVE and CLOSED follow each other as often as a repayment is reversed."""

    GRANTED = "GRANTED"
    DISBURSEMENT_INITIATED = "DISBURSEMENT_INITIATED"
    ACTIVE = "ACTIVE"
    DISBURSED_FAILED = "DISBURSED_FAILED"
    CLOSED = "CLOSED"


class ReleaseStatus(str, Enum):
    """What became of goods that were asked back; a waiting release is looked at again by the bank itself."""

    RELEASED = "RELEASED"
    WAITING = "WAITING"
    DECLINED = "DECLINED"


class DrawdownStatus(str, Enum):
    """Where a drawdown stands."""

    REQUESTED = "REQUESTED"
    POSTED = "POSTED"
    DECLINED = "DECLINED"


class ExtensionStatus(str, Enum):
    """Where an extension stands: asked for, offered at a price, and what became of the offer."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class SubstitutionStatus(str, Enum):
    """Where a substitution stands."""

    REQUESTED = "REQUESTED"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"


class ClientStatus(str, Enum):
    """What the bank's officer decided about a connected ERP."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    SUSPENDED = "SUSPENDED"


class RejectionReason(str, Enum):
    """OCEN 4.0's reasons for a rejection."""

    LOW_CREDIT_SCORE = "LOW_CREDIT_SCORE"
    FRAUD = "FRAUD"
    DOC_IRREGULARITIES = "DOC_IRREGULARITIES"
    AA_FAILED = "AA_FAILED"
    OTHERS = "OTHERS"


class EventType(str, Enum):
    """The events of version 1; a reader passes over types that it does not know."""

    CLIENT_APPROVED = "client.approved"
    CLIENT_DECLINED = "client.declined"
    CLIENT_SUSPENDED = "client.suspended"
    LOAN_APPLICATION_PROCESSING = "loan_application.processing"
    LOAN_APPLICATION_ACTION_REQUIRED = "loan_application.action_required"
    LOAN_APPLICATION_REJECTED = "loan_application.rejected"
    LOAN_APPLICATION_CANCELLED = "loan_application.cancelled"
    OFFER_CREATED = "offer.created"
    OFFER_EXPIRED = "offer.expired"
    OFFER_WITHDRAWN = "offer.withdrawn"
    OFFER_DECLINED = "offer.declined"
    LOAN_GRANTED = "loan.granted"
    LOAN_DISBURSED = "loan.disbursed"
    LOAN_DISBURSEMENT_FAILED = "loan.disbursement_failed"
    REPAYMENT_POSTED = "repayment.posted"
    REPAYMENT_REVERSED = "repayment.reversed"
    LOAN_CLOSED = "loan.closed"
    LOAN_REOPENED = "loan.reopened"
    LOAN_SHORTFALL = "loan.shortfall"
    LOAN_DRAWN = "loan.drawn"
    LOAN_CALLED = "loan.called"
    LOAN_WRITTEN_OFF = "loan.written_off"
    DRAWDOWN_DECLINED = "drawdown.declined"
    CHARGE_POSTED = "charge.posted"
    CHARGE_REVERSED = "charge.reversed"
    EXTENSION_OFFERED = "extension.offered"
    EXTENSION_GRANTED = "extension.granted"
    EXTENSION_DECLINED = "extension.declined"
    EXTENSION_EXPIRED = "extension.expired"
    SUBSTITUTION_GRANTED = "substitution.granted"
    SUBSTITUTION_DECLINED = "substitution.declined"
    BUYER_PAYMENT_RECEIVED = "buyer_payment.received"
    BUYER_PAYMENT_RETURNED = "buyer_payment.returned"
    COLLATERAL_RELEASED = "collateral.released"
    COLLATERAL_RELEASE_WAITING = "collateral.release_waiting"
    COLLATERAL_RELEASE_DECLINED = "collateral.release_declined"
    PACKAGE_READ = "package.read"
    PROGRAM_APPROVED = "program.approved"
    PROGRAM_DECLINED = "program.declined"
    PROGRAM_CHANGED = "program.changed"
    PROGRAM_SUSPENDED = "program.suspended"
    PROGRAM_RESUMED = "program.resumed"
    PROGRAM_CLOSED = "program.closed"
    PROGRAM_DRAWN = "program.drawn"
    PROGRAM_REPAID = "program.repaid"
    PROGRAM_BUY_BACK = "program.buy_back"
    PREQUALIFICATION_DECIDED = "prequalification.decided"
    PREQUALIFICATION_REJECTED = "prequalification.rejected"
    MEMBER_RECEIVED = "member.received"
    MEMBER_APPROVED = "member.approved"
    MEMBER_ACTION_REQUIRED = "member.action_required"
    MEMBER_DECLINED = "member.declined"
    MEMBER_SUSPENDED = "member.suspended"
    MEMBER_CHANGED = "member.changed"
    MEMBER_LEFT = "member.left"
    PAYABLE_REGISTERED = "payable.registered"
    PAYABLE_REJECTED = "payable.rejected"
    PAYABLE_REDUCED = "payable.reduced"
    PAYABLE_WITHDRAWN = "payable.withdrawn"
    PAYABLE_REQUESTED = "payable.requested"
    PAYABLE_CONFIRMED = "payable.confirmed"
    PAYABLE_REFUSED = "payable.refused"
    PAYABLE_PAID = "payable.paid"
    PAYABLE_FAILED = "payable.failed"
    PAYABLE_OVERDUE = "payable.overdue"
    PAYABLE_SETTLED = "payable.settled"
    PAYABLE_SETTLEMENT_REVERSED = "payable.settlement_reversed"


class ProblemPlace(WireModel):
    """One place in the request that is wrong."""

    pointer: str
    detail: str


class Problem(WireModel):
    """RFC 9457 problem details; `detail` says what to do."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str | None = None
    errors: tuple[ProblemPlace, ...] = ()

    @property
    def code(self) -> str:
        """The last part of `urn:openscf:problem:<code>`, or an empty text for a problem of another kind."""
        prefix = "urn:openscf:problem:"
        return self.type[len(prefix) :] if self.type.startswith(prefix) else ""


class TechniqueProfile(WireModel):
    """What a bank offers in one technique; amounts in each listed currency, rates and shares in percent.

    `sections` are the package's sections that it asks for, `embedded` the kinds of files that come with the package.
    `sweep_percent`, `minimum_percent` and `period_days` are those of its offers' terms. `limit_months`, of a technique
    for the company as a whole: the advance rate is of so many months of what it collects on average.
    """

    code: str
    currencies: tuple[str, ...]
    min_amount: DecimalText
    max_amount: DecimalText
    min_tenor_days: int
    max_tenor_days: int
    max_advance_rate: DecimalText
    recourse: str
    repayment: tuple[str, ...]
    indicative_rate_pa: DecimalText | None = None
    indicative_fee_percent: DecimalText | None = None
    sections: tuple[str, ...] = ()
    embedded: tuple[str, ...] = ()
    sweep_percent: DecimalText | None = None
    minimum_percent: DecimalText | None = None
    period_days: int | None = None
    limit_months: DecimalText | None = None


class ProgramProfile(WireModel):
    """What a bank offers an anchor in one kind of program; the limit in each listed currency, rate and fee in percent.

    `documents` are the kinds that it asks of every member (openscf.programs.KybKind). A newer bank may offer kinds
    that are not known here.
    """

    kind: str
    currencies: tuple[str, ...]
    max_anchor_limit: DecimalText
    min_days: Annotated[int, Field(ge=0)]
    max_tenor_days: Annotated[int, Field(ge=1)]
    rate_pa: DecimalText
    fee_percent: DecimalText
    day_count: DayCount
    documents: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Discovery(WireModel):
    """`/.well-known/openscf`: all that an ERP needs to connect a bank by its address."""

    openscf_version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]+$")]
    issuer: str
    name: str
    country: Country | None = None
    jwks_uri: str
    token_endpoint: str
    api_base: str
    techniques: tuple[TechniqueProfile, ...]
    programs: tuple[ProgramProfile, ...] = ()
    contact: str | None = None


class Party(WireModel):
    """A legal person on the wire. The tax id, with a letter or digit at least, says for whom the ERP may apply."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    tax_id: Annotated[str, StringConstraints(pattern=r"[0-9A-Za-z]", max_length=256)]
    country: Country | None = None
    reference: str | None = None


class ClientRegistration(WireModel):
    """An ERP introduces itself; signed by the key it brings."""

    client_name: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    software: str
    party: Party
    contact_email: str | None = None
    jwks: Jwks
    webhook_url: str | None = None


class Client(WireModel):
    """A registered ERP as the bank sees it."""

    client_id: Id
    status: ClientStatus
    registered_at: Time
    status_reason: str | None = None


class TokenAnswer(WireModel):
    """The token endpoint's answer (RFC 6749 section 5.1); `expires_in` in seconds."""

    access_token: Annotated[str, StringConstraints(min_length=1, max_length=8192, pattern=r"^[\x21-\x7e]+$")] = Field(
        repr=False
    )
    token_type: str
    expires_in: Annotated[int, Field(ge=1)]


class DisbursementAccount(WireModel):
    """Where the money goes."""

    iban: str | None = None
    account: str | None = None
    bank: str | None = None
    holder: str


class LoanApplicationRequest(WireModel):
    """What an ERP asks of a bank; the package was PUT before. `recourse` where it does not leave that to the bank.

    `program` is the bank's id of the distributor program of which the applicant is a member.
    """

    reference: Id
    technique: str
    requested: Money
    tenor_days: Annotated[int, Field(ge=1, le=36_525)]
    repayment: RepaymentKind
    recourse: bool | None = None
    package_sha256: Sha256
    package_id: str
    disbursement_account: DisbursementAccount
    documents_fingerprints: tuple[str, ...]
    program: Id | None = None


class Rejection(WireModel):
    """Why a bank said no."""

    reason: RejectionReason
    message: str


class ActionRequired(WireModel):
    """What a bank still needs to know."""

    message: str


class OfferTerms(WireModel):
    """The terms offered; rates and shares in percent. Unknown members are kept, since the digest covers them.

    `principal` is the limit where `repayment` is `revolving`. `minimum_percent` and `period_days` come with
    `sales_linked`: the part of the principal to be repaid by the end of every so many days, whatever was sold.
    `sweep_percent` is the part of each collection that the bank draws, all of it where nothing is said.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    technique: str
    principal: Money
    rate_pa: DecimalText
    day_count: DayCount
    repayment: RepaymentKind
    tenor_days: Annotated[int, Field(ge=1, le=36_525)]
    instalments: Annotated[int, Field(ge=1, le=1200)] = 1
    fee: Money
    fee_timing: FeeTiming = "deducted"
    advance_rate: DecimalText
    recourse: bool
    penalty_rate_pa: DecimalText
    grace_days: Annotated[int, Field(ge=0, le=90)] | None = None
    sweep_percent: DecimalText | None = None
    minimum_percent: DecimalText | None = None
    period_days: Annotated[int, Field(ge=1, le=366)] | None = None
    conditions: tuple[str, ...] = ()
    waterfall: tuple[WaterfallStep, ...] | None = None


class Offer(WireModel):
    """A bank's answer to an application."""

    id: Id
    loan_application_id: Id
    status: OfferStatus
    created_at: Time
    expires_at: Time
    terms_sha256: Sha256
    terms: OfferTerms


class LoanApplication(WireModel):
    """An application as it stands at the bank."""

    id: Id
    reference: Id
    status: LoanApplicationStatus
    technique: str
    requested: Money
    created_at: Time
    updated_at: Time
    rejection: Rejection | None = None
    action_required: ActionRequired | None = None
    offers: tuple[Offer, ...] = ()
    loan_id: Id | None = None
    program: Id | None = None


class Reply(WireModel):
    """The applicant's answer to ACTION_REQUIRED."""

    message: Text
    package_sha256: Sha256 | None = None
    package_id: str | None = None


class Decision(WireModel):
    """The reason that goes with a cancellation or with a declined offer."""

    reason: Text


class Acceptance(WireModel):
    """The applicant's binding yes to exactly these terms."""

    terms_sha256: Sha256
    requested_by: str
    approved_by: str
    accepted_at: Time


class Balance(WireModel):
    """What is owed on `as_of`, interest accrued to it."""

    as_of: Date
    currency: str
    principal: DecimalText
    interest: DecimalText
    fee: DecimalText
    penalty: DecimalText
    total: DecimalText


class ScheduleRow(WireModel):
    """One instalment of a loan's schedule."""

    number: int
    due_date: Date
    principal: DecimalText
    interest: DecimalText
    amount: DecimalText


class Loan(WireModel):
    """A loan as it stands at the bank; `disbursed` is net of a deducted fee."""

    id: Id
    loan_application_id: Id
    offer_id: Id
    number: str
    status: LoanStatus
    terms: OfferTerms
    start_date: Date | None = None
    due_date: Date | None = None
    disbursed: Money | None = None
    balance: Balance
    schedule: tuple[ScheduleRow, ...] = Field(default=())


class Allocation(WireModel):
    """What an amount was taken for; the four add up to the amount."""

    penalty: DecimalText
    fee: DecimalText
    interest: DecimalText
    principal: DecimalText


class Entry(WireModel):
    """One entry of a loan's ledger, never changed afterwards.

    `days` goes with an `extension`: by how many days what was not due yet, or not paid, is due later.
    """

    id: Id
    sequence: int
    type: EntryType
    value_date: Date
    booked_at: Time
    amount: DecimalText
    days: int | None = None
    allocation: Allocation | None = None
    source_id: Id | None = None
    reverses: Id | None = None


class DocumentRef(WireModel):
    """A document by kind and number: a financed one, or the invoice that sold financed goods."""

    kind: DocumentKind
    number: str


class GoodsRef(DocumentRef):
    """Pledged goods by the number of their pledge."""

    kind: Literal["pledged_goods"]


class Collection(WireModel):
    """Money of the sale came, was taken back, or shrank by a credit note."""

    collection_id: Id
    document: DocumentRef
    amount: Money
    collected_on: Date
    kind: Literal["payment", "undone", "dilution"]
    reverses: Id | None = None


class Repayment(WireModel):
    """The applicant pays from its own money."""

    repayment_id: Id
    amount: Money
    paid_on: Date
    reason: Text


class RepaymentReceipt(WireModel):
    """What a bank did with a repayment; `entry` where it was posted already."""

    repayment_id: Id
    status: str
    entry: Entry | None = None


class CollectionReceipt(WireModel):
    """What a bank did with a collection."""

    collection_id: Id
    status: str
    repayment: RepaymentReceipt | None = None


class DrawdownRequest(WireModel):
    """Draw a part of a revolving loan's limit."""

    drawdown_id: Id
    amount: Money
    requested_by: str
    approved_by: str
    requested_at: Time


class Drawdown(WireModel):
    """A drawdown as it stands at the bank; `entry` once it was paid out, `message` says why it was declined."""

    drawdown_id: Id
    amount: Money
    status: DrawdownStatus
    entry: Entry | None = None
    message: Text | None = None


class ExtensionRequest(WireModel):
    """Ask that everything not paid yet is due so many days later."""

    extension_id: Id
    days: Annotated[int, Field(ge=1, le=366)]
    reason: Text


class Extension(WireModel):
    """An extension as it stands at the bank; once offered with its `fee`, and with the loan's new last due date."""

    extension_id: Id
    days: int
    status: ExtensionStatus
    fee: Money | None = None
    due_date: Date | None = None
    expires_at: Time | None = None
    message: Text | None = None


class ExtensionAcceptance(WireModel):
    """The applicant's binding yes to exactly the extension that was offered."""

    fee: Money
    due_date: Date
    approved_by: str
    accepted_at: Time


class SubstitutionRequest(WireModel):
    """Ask that other documents take the place of `released` ones; the package names those that there would be."""

    substitution_id: Id
    released: Annotated[tuple[DocumentRef, ...], Field(min_length=1)]
    package_sha256: Sha256
    package_id: str
    reason: Text


class Substitution(WireModel):
    """A substitution as it stands at the bank."""

    substitution_id: Id
    released: tuple[DocumentRef, ...]
    status: SubstitutionStatus
    message: Text | None = None


class BuyerPayment(WireModel):
    """A buyer paid the bank directly for a financed document."""

    payment_id: Id
    document: DocumentRef
    amount: Money
    received_on: Date
    payer: str | None = None


class LoanNotice(WireModel):
    """What an event of a loan says beside the loan itself: the entries it made and what they are about."""

    loan: Loan
    entries: tuple[Entry, ...] = ()
    entry: Entry | None = None
    drawdown: Drawdown | None = None
    extension: Extension | None = None
    substitution: Substitution | None = None
    payment: BuyerPayment | None = None
    reason: Text | None = None


class ReleaseRequest(WireModel):
    """The applicant asks for goods back; `quantity` in the unit of the document's line."""

    release_id: Id
    document: GoodsRef
    quantity: Annotated[DecimalText, AfterValidator(_positive)]
    reason: Text


class Release(WireModel):
    """What a bank did with goods that it holds; without `release_id` where nobody asked: at the end of the loan.

    `reference` and `released_on` are the bank's, once released; `repay_first` is what has to be repaid before a
    waiting release can be.
    """

    release_id: Id | None = None
    document: GoodsRef
    quantity: DecimalText
    status: ReleaseStatus
    reference: str | None = None
    released_on: Date | None = None
    repay_first: Money | None = None
    message: Text | None = None


class ValuedGoods(WireModel):
    """The goods of one document as the ERP's books have them: how much is held, and its value at cost."""

    document: GoodsRef
    quantity: Annotated[DecimalText, AfterValidator(_not_negative)]
    value: Money


class Valuation(WireModel):
    """What the goods behind a loan are worth on a day."""

    valuation_id: Id
    as_of: Date
    goods: tuple[ValuedGoods, ...]


class ValuationReceipt(WireModel):
    """What a bank made of a valuation: it lends up to `lending_value`; `shortfall` is how much `owed` is above it."""

    valuation_id: Id
    status: Literal["RECEIVED"]
    lending_value: Money
    owed: Money
    shortfall: Money


class CollateralGoods(WireModel):
    """The goods of one document: what was pledged, released and is held, in the unit of its line, and the value of
    what is held."""

    document: GoodsRef
    description: str
    uom: str | None = None
    pledged: DecimalText
    released: DecimalText
    held: DecimalText
    value: Money
    lending_value: Money


class Collateral(WireModel):
    """The goods that stand for a loan, as the bank holds them."""

    loan_id: Id
    goods: tuple[CollateralGoods, ...]


class CollateralNotice(WireModel):
    """What the events `collateral.*` say."""

    loan: Loan
    release: Release


class Statement(WireModel):
    """A loan's ledger between two days."""

    loan_id: Id
    currency: str
    opening: Balance
    entries: tuple[Entry, ...]
    closing: Balance


class ConsentRevocation(WireModel):
    """The applicant takes a consent back; the bank may not look at what it covered any more."""

    reason: Text
    revoked_at: Time


class ConsentStatus(WireModel):
    """A consent that was taken back, as the bank wrote it down."""

    consent_id: Id
    status: Literal["REVOKED"]
    revoked_at: Time


class PackageRead(WireModel):
    """One time that somebody at the bank read a package: an officer by name, or the bank's programs (`system`).

    `part` is the name of the file that was taken out of the package.
    """

    read_id: Id
    read_at: Time
    reader: str
    action: Literal["verified", "opened", "downloaded", "attachment_downloaded"]
    part: str | None = None


class PackageReadNotice(WireModel):
    """What the event `package.read` says."""

    package_id: str
    read: PackageRead


class AccessLog(WireModel):
    """Every time that the bank read a package, oldest first."""

    package_id: str
    reads: tuple[PackageRead, ...]


class Event(WireModel):
    """One event of the feed: its place and its signed bytes."""

    cursor: Cursor
    jws: str


class EventPage(WireModel):
    """A page of the feed; go on with `after=next_cursor` while `has_more`."""

    events: tuple[Event, ...]
    next_cursor: Cursor
    has_more: bool


class EventSubject(WireModel):
    """What an event is about."""

    client_id: Id | None = None
    loan_application_id: Id | None = None
    reference: Id | None = None
    offer_id: Id | None = None
    loan_id: Id | None = None
    program_id: Id | None = None
    batch_id: Id | None = None
    member_id: Id | None = None
    payable_id: Id | None = None


class EventPayload(WireModel):
    """What a signed event says; `data` has the shape that the protocol gives for its `type`."""

    iss: str
    aud: str
    iat: int
    jti: Id
    cursor: Cursor
    type: str
    occurred_at: Time
    subject: EventSubject
    data: dict[str, Any]


def terms_sha256(terms: OfferTerms | Mapping[str, Any]) -> str:
    """Return the digest that an acceptance names: SHA-256 of the RFC 8785 bytes of `terms`.

    Give the JSON object as it was received where there is one: a peer may have left out a member that OfferTerms
    fills in, and then only the received object has the peer's digest.
    """
    return sha256_hex(canonical_bytes(terms.to_wire() if isinstance(terms, OfferTerms) else dict(terms)))
