"""Payables: bills that an anchor approved and undertakes to pay, and what their early payment costs.

The anchor's undertaking is an *approval*, a compact JWS that its key signs (`sign_payable`, `read_payable`).
`early_payment` is what a bank keeps for paying early, `sliding_discount` what an anchor keeps that pays early from its
own cash. The messages are those of docs/protocol.md, "Payables".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal, localcontext
from enum import Enum
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from openscf._internal.day_count import UNITS_A_YEAR, units_between
from openscf._internal.pointer import pointer_of
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.fingerprint import Fingerprints, fingerprints
from openscf.jws import sign_claims, verify_claims
from openscf.keys import KeySet, SigningKey
from openscf.money import EXACT, DecimalText, Money, round_money
from openscf.wire import Date, DayCount, Id, Sha256, Text, Time, WireModel

__all__ = [
    "MAX_PAYABLES",
    "PAYABLE_TYP",
    "AcceptedBy",
    "AgreedEarlyPayment",
    "Channel",
    "Discounted",
    "EarlyPaymentConfirmation",
    "EarlyPaymentMade",
    "EarlyPaymentRefusal",
    "EarlyPaymentRequest",
    "Payable",
    "PayableApproval",
    "PayableDocument",
    "PayableFingerprints",
    "PayableList",
    "PayableNotice",
    "PayableStatus",
    "PayableTerms",
    "Payables",
    "ProgramEntry",
    "ProgramName",
    "ProgramDay",
    "ProgramStatement",
    "Reduction",
    "SettledPayable",
    "Settlement",
    "SettlementRequest",
    "Withdrawal",
    "early_payment",
    "payable_fingerprints",
    "read_payable",
    "sign_payable",
    "sliding_discount",
]

PAYABLE_TYP: Final = "openscf-payable+jwt"
# What one request may register.
MAX_PAYABLES: Final = 200

Channel = Literal["portal", "rule", "erp"]
# Unix seconds up to the year 9999: beyond it a time cannot be written.
UnixSeconds = Annotated[int, Field(ge=0, le=253_402_300_799, strict=True)]


def _above_zero(value: Money) -> Money:
    if value.amount <= 0:
        raise InputInvalid("an amount above 0 is expected")
    return value


def _not_negative(value: Money) -> Money:
    if value.amount < 0:
        raise InputInvalid("an amount of 0 or more is expected")
    return value


PositiveMoney = Annotated[Money, AfterValidator(_above_zero)]
AnyMoney = Annotated[Money, AfterValidator(_not_negative)]


class PayableStatus(str, Enum):
    """Where a payable stands at the bank. PAID: the member has its money, the anchor owes the bank."""

    REGISTERED = "REGISTERED"
    REJECTED = "REJECTED"
    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    SETTLED = "SETTLED"
    WITHDRAWN = "WITHDRAWN"


class PayableDocument(WireModel):
    """The bill by the anchor's number; `issuer_number` is the member's own number of it, where it is another one."""

    kind: Literal["vendor_bill"] = "vendor_bill"
    number: Annotated[str, Field(min_length=1, max_length=256)]
    issued_on: Date
    issuer_number: Annotated[str, Field(min_length=1, max_length=256)] | None = None

    @property
    def invoice_number(self) -> str:
        """The number that the member gave its invoice: the one of the fingerprints."""
        return self.issuer_number or self.number


class PayableFingerprints(WireModel):
    """The fingerprints of the member's invoice, in hex (docs/package.md, "Fingerprints", `vendor_bill`)."""

    f1: Sha256
    f2: Sha256
    f3: Sha256


class PayableApproval(WireModel):
    """What the anchor signs: that it owes `amount` to the member on `due_date`, without set-off.

    `iss` is the anchor's client id at the bank, `aud` the bank's issuer URL, `program` and `member` the bank's ids,
    `payable_id` the anchor's own; `iat` is in Unix seconds.
    """

    iss: Id
    aud: Annotated[str, Field(min_length=1, max_length=2048)]
    payable_id: Id
    program: Id
    member: Id
    document: PayableDocument
    fingerprints: PayableFingerprints
    amount: PositiveMoney
    due_date: Date
    approved_by: Annotated[str, Field(min_length=1, max_length=256)]
    approved_at: Time
    iat: UnixSeconds


class Payables(WireModel):
    """Register payables: the approvals, each a compact JWS."""

    payables: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_PAYABLES)]


class PayableTerms(WireModel):
    """The price of an early payment, in percent, and the days on which one is possible.

    `min_days` lie between an early payment and the due date at least; `first_on` and `last_on` are both possible.
    """

    rate_pa: DecimalText
    day_count: DayCount
    fee_percent: DecimalText
    min_days: Annotated[int, Field(ge=0, le=3660)]
    first_on: Date
    last_on: Date


class AgreedEarlyPayment(WireModel):
    """The early payment that was asked for; from CONFIRMED on it binds the bank and the anchor."""

    request_id: Id
    pay_on: Date
    discount: Money
    payout: Money
    channel: Channel


class EarlyPaymentMade(WireModel):
    """What the bank paid to the member."""

    paid_on: Date
    discount: Money
    payout: Money


class Payable(WireModel):
    """A payable as it stands at the bank: `id` is the bank's, the other ids are the anchor's.

    `settled` is what the anchor has paid to the bank of it; `approval` is the JWS that registered it.
    """

    id: Id
    payable_id: Id
    member_id: Id
    program_id: Id
    document: PayableDocument
    amount: Money
    due_date: Date
    status: PayableStatus
    terms: PayableTerms | None = None
    request: AgreedEarlyPayment | None = None
    paid: EarlyPaymentMade | None = None
    settled: Money
    message: Text | None = None
    approval: str


class PayableList(WireModel):
    """What became of payables, in the order in which they were sent."""

    payables: tuple[Payable, ...]


class Reduction(WireModel):
    """The anchor owes less, because of a credit note for example; `amount` is what is left of the payable."""

    adjustment_id: Id
    amount: PositiveMoney
    reason: Text


class Withdrawal(WireModel):
    """The anchor takes a payable back."""

    reason: Text


class AcceptedBy(WireModel):
    """Who of the member agreed to the figures; `address` is where it came from (an IP address)."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    email: Annotated[str, Field(max_length=256)] | None = None
    at: Time
    address: Annotated[str, Field(max_length=64)] | None = None


class EarlyPaymentRequest(WireModel):
    """Pay this payable early, on these figures exactly."""

    request_id: Id
    pay_on: Date
    discount: AnyMoney
    payout: PositiveMoney
    accepted_by: AcceptedBy
    channel: Channel


class EarlyPaymentConfirmation(WireModel):
    """The anchor stands by its undertaking towards the bank, so that the member can be paid."""

    request_id: Id
    confirmed_by: Annotated[str, Field(min_length=1, max_length=256)]
    confirmed_at: Time


class EarlyPaymentRefusal(WireModel):
    """The anchor does not agree to an early payment."""

    request_id: Id
    reason: Text


class SettledPayable(WireModel):
    """What the anchor paid of one payable, by the bank's id."""

    id: Id
    amount: PositiveMoney


class SettlementRequest(WireModel):
    """The anchor paid the bank for payables that were paid early, in full or in part."""

    settlement_id: Id
    paid_on: Date
    payables: Annotated[tuple[SettledPayable, ...], Field(min_length=1, max_length=1000)]


class Settlement(WireModel):
    """A settlement as the bank booked it; `amount` is its total."""

    settlement_id: Id
    status: Literal["POSTED"]
    amount: Money


class ProgramName(WireModel):
    """A program in few words: the bank's id, the anchor's id, its name."""

    id: Id
    program_id: Id
    name: str


class PayableNotice(WireModel):
    """What the events `payable.*` say."""

    payable: Payable
    program: ProgramName
    reason: Text | None = None


class ProgramEntry(WireModel):
    """One payable paid early (`amount` is what the anchor owes for it) or settled, by the anchor's id.

    A settlement that the bank took back is one below 0, on the day on which it did.
    """

    kind: Literal["paid", "settled"]
    payable_id: Id
    amount: DecimalText
    discount: DecimalText | None = None
    payout: DecimalText | None = None


class ProgramDay(WireModel):
    """The sums of one day: what the anchor owes for what was paid early (discount + payout), and what it settled."""

    on: Date
    paid: DecimalText
    discount: DecimalText
    payout: DecimalText
    settled: DecimalText
    entries: tuple[ProgramEntry, ...]


class ProgramStatement(WireModel):
    """A program's book between two days, both included, for comparison with the anchor's.

    `opening` and `closing` are what the anchor owed before the first and after the last of them; `reserved` is what
    was asked for or confirmed and is not paid yet, now. A program's `used` is what it owes now + `reserved`.
    """

    model_config = ConfigDict(populate_by_name=True)

    program_id: Id
    currency: str
    start: Annotated[Date, Field(alias="from")]
    end: Annotated[Date, Field(alias="to")]
    opening: DecimalText
    days: tuple[ProgramDay, ...]
    closing: DecimalText
    reserved: DecimalText


class EarlyPaymentPrice(Protocol):
    """What of a program's or a payable's terms makes the price: percent a year, day count, percent of the amount."""

    @property
    def rate_pa(self) -> Decimal: ...
    @property
    def day_count(self) -> DayCount: ...
    @property
    def fee_percent(self) -> Decimal: ...


class Discounted(NamedTuple):
    """What is kept for paying early, and what is paid; they add up to the amount."""

    discount: Money
    payout: Money


def early_payment(amount: Money, terms: EarlyPaymentPrice, pay_on: dt.date, due_date: dt.date) -> Discounted:
    """Return what a bank keeps and what it pays of `amount`, due on `due_date`, on the day `pay_on`.

    discount = amount × rate_pa/100 × days(pay_on → due_date, day count) + amount × fee_percent/100, rounded half up
    to the currency, once. Raises InputInvalid for a day after the due date, for a negative rate or fee, and where
    nothing would be left to pay.
    """
    return _discounted(amount, terms.rate_pa, terms.fee_percent, pay_on, due_date, terms.day_count)


def sliding_discount(
    amount: Money, rate_pa: Decimal, pay_on: dt.date, due_date: dt.date, day_count: DayCount
) -> Discounted:
    """Return what an anchor keeps and what it pays that pays early from its own cash: each day later costs it less.

    discount = amount × rate_pa/100 × days(pay_on → due_date, day count), rounded half up to the currency: 0 on the
    due date. `rate_pa` is in percent a year. Raises InputInvalid as `early_payment` does.
    """
    return _discounted(amount, rate_pa, Decimal(0), pay_on, due_date, day_count)


def _discounted(
    amount: Money,
    rate_pa: Decimal,
    fee_percent: Decimal,
    pay_on: dt.date,
    due_date: dt.date,
    day_count: DayCount,
) -> Discounted:
    if pay_on > due_date:
        raise InputInvalid(f"{pay_on} is after the due date {due_date}; pay on an earlier day.")
    if rate_pa < 0 or fee_percent < 0:
        raise InputInvalid(f"The rate {rate_pa} % and the fee {fee_percent} % may not be negative; correct the terms.")
    year = UNITS_A_YEAR[day_count]
    with localcontext(EXACT):
        # One division at the end, so that a half of the smallest coin is met exactly.
        parts = rate_pa * units_between(pay_on, due_date, day_count) + fee_percent * year
        discount = round_money(amount.amount * parts / (100 * year), amount.currency)
        payout = amount.amount - discount
    if payout <= 0:
        raise InputInvalid(f"The discount {discount} leaves nothing of {amount}; pay on a later day.")
    return Discounted(Money(amount=discount, currency=amount.currency), Money(amount=payout, currency=amount.currency))


def payable_fingerprints(
    *, member_tax_id: str, anchor_tax_id: str, invoice_number: str, issued_on: dt.date, gross: Money
) -> Fingerprints:
    """Return the fingerprints of a member's invoice as the member's own package and the anchor's bill have them.

    `invoice_number` is the member's, `gross` the total on the invoice. Source: docs/package.md, "Fingerprints". Raises
    InputInvalid for a part of which nothing is left after normalising.
    """
    return fingerprints(
        issuer=member_tax_id,
        kind="customer_invoice",
        number=invoice_number,
        fiscal_year=issued_on.year,
        counterparty=anchor_tax_id,
        issue_date=issued_on,
        currency=gross.currency,
        amount=gross.amount,
    )


def sign_payable(approval: PayableApproval, *, key: SigningKey) -> str:
    """Return the approval as a compact JWS by the anchor's key."""
    return sign_claims(approval.to_wire(), key=key, typ=PAYABLE_TYP)


def read_payable(jws: str, *, keys: KeySet, anchor: str, issuer: str) -> PayableApproval:
    """Check an approval and return it: signed by one of the anchor's keys, by that client, for this bank.

    `anchor` is the anchor's client id, `issuer` the bank's URL. Raises SignatureInvalid for another signature, client
    or bank, and for claims that are not an approval's, with the place.
    """
    claims = verify_claims(jws, keys=keys, typ=PAYABLE_TYP)
    for name, expected in (("iss", anchor), ("aud", issuer)):
        if claims.get(name) != expected:
            raise SignatureInvalid(f"The approval's {name!r} is {claims.get(name)!r:.80}; {expected!r} was expected.")
    return _approval(claims)


def _approval(claims: dict[str, Any]) -> PayableApproval:
    try:
        return PayableApproval.model_validate(claims)
    except ValidationError as error:
        places: Iterable[str] = (
            f"{pointer_of(item['loc'])}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise SignatureInvalid(f"The signed approval cannot be used: {'; '.join(places)}.") from None
