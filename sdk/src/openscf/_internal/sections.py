"""The sections of a package and their rows, as docs/package.md describes them."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, StringConstraints, model_validator

from openscf.errors import InputInvalid
from openscf.fingerprint import Fingerprints
from openscf.kinds import COMPANY_TECHNIQUES, GOODS_KIND, PURCHASE_KINDS, SALES_KINDS
from openscf.money import DecimalText, Money
from openscf.wire import Country, Date, DocumentKind, Sha256, Time


def _exact_time(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", value):
        return value
    raise InputInvalid("a time such as '2026-11-22T05:55:49Z' is expected (UTC, seconds)")


def _year_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


Moment = Annotated[Time, BeforeValidator(_exact_time)]
Name = Annotated[str, StringConstraints(min_length=1)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0, strict=True)]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
PackageRef = Annotated[
    str, StringConstraints(pattern=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
Relation = Literal["own_company", "same_group", "same_tax_id", "same_bank_account", "own_user"]
FiscalYear = Annotated[str, StringConstraints(min_length=1), BeforeValidator(_year_text)]

_Item = TypeVar("_Item")
# A list is read up to its first wrong row: a hostile file of millions of them would cost its reader gigabytes.
Rows = Annotated[tuple[_Item, ...], FailFast()]


class Row(BaseModel):
    """Base of all parts: frozen, and closed, so that nothing leaves in a package that its schema does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class Assurance(str, Enum):
    """How well a section is founded, weakest first."""

    ASSERTED = "asserted"
    DOCUMENT = "document"
    COUNTERPARTY_CONFIRMED = "counterparty_confirmed"
    THIRD_PARTY_VERIFIED = "third_party_verified"


class Period(Row):
    """The days that a section covers, both included."""

    from_: Date = Field(alias="from")
    to: Date


class Section(Row):
    """What every section states about itself."""

    as_of: Moment
    period: Period | None = None
    source: Name
    assurance: Assurance


class Sum(Row):
    """An amount with its currency."""

    amount: DecimalText
    currency: Currency


def _members_of_money(value: Any) -> Any:
    return {"amount": value.amount, "currency": value.currency} if isinstance(value, Money) else value


ExactMoney = Annotated[Sum, BeforeValidator(_members_of_money)]


class PartyRow(Row):
    """A legal person; `key` is its name within the package."""

    key: Name
    name: Name
    tax_id: str | None = None
    country: Country | None = None
    city: str | None = None
    customer_since: Date | None = None


class BuyerRow(Row):
    """A buyer. One that the consent keeps pseudonymous has a key of this recipient's own and nothing else.

    `related` is the closest relation to the applicant that its records show; left out where they show none.
    """

    key: Name
    pseudonymous: Literal[True] | None = None
    name: Name | None = None
    tax_id: str | None = None
    country: Country | None = None
    city: str | None = None
    customer_since: Date | None = None
    related: Relation | None = None

    @model_validator(mode="after")
    def _named_or_pseudonymous(self) -> BuyerRow:
        told = {name for name in BuyerRow.model_fields if getattr(self, name) is not None} - {"key", "pseudonymous"}
        if self.pseudonymous and told:
            raise InputInvalid(f"a pseudonymous buyer has its key and nothing else, not {', '.join(sorted(told))}")
        if not self.pseudonymous and self.name is None:
            raise InputInvalid("a buyer has a name, or is pseudonymous")
        return self


class CollectionAccount(Row):
    """An account on which buyers pay the applicant, or a seller is paid; `trusted` where somebody in charge at the
    applicant has vouched for it."""

    iban: str | None = None
    account: str | None = None
    bank: str | None = None
    holder: Name
    trusted: Literal[True] | None = None


class ApplicantRow(PartyRow):
    """The applicant; its tax id is part of every fingerprint."""

    tax_id: Name
    country: Country
    registry: str | None = None
    collection_account: CollectionAccount | None = None


class SellerRow(Row):
    """A seller of the financed documents, always by name; `account` is where the bank is asked to pay it.

    `related` is the closest relation to the applicant that its records show; left out where they show none.
    """

    key: Name
    name: Name
    tax_id: str | None = None
    country: Country | None = None
    city: str | None = None
    supplier_since: Date | None = None
    related: Relation | None = None
    account: CollectionAccount | None = None


class PartySection(Section):
    """Who asks, who buys, and who sells to the applicant."""

    applicant: ApplicantRow
    buyers: Rows[BuyerRow]
    sellers: Rows[SellerRow] = ()


class DocumentLine(Row):
    """One line of a financed document; `gross` = `net` + `tax`, in the document's currency."""

    line: Count
    description: str
    product_code: str | None = None
    quantity: DecimalText
    uom: str | None = None
    unit_price: DecimalText
    discount_percent: DecimalText
    net: DecimalText
    tax: DecimalText
    gross: DecimalText
    tax_codes: Rows[str] = ()


class DocumentTotals(Row):
    """The totals of a document; `outstanding` = `gross` − `paid` − `credited`."""

    net: DecimalText
    tax: DecimalText
    gross: DecimalText
    paid: DecimalText
    credited: DecimalText
    outstanding: DecimalText


class PledgedGoods(Row):
    """Where pledged goods lie, and how much of them is there, in the unit of the document's line."""

    lot: str | None = None
    place: Name
    on_hand: DecimalText
    oldest_on: Date | None = None


# What only documents of certain kinds have, and always have.
_MEMBERS_OF_KINDS: Final[tuple[tuple[str, frozenset[DocumentKind]], ...]] = (
    ("buyer", SALES_KINDS),
    ("seller", PURCHASE_KINDS),
    ("issuer_number", frozenset(("vendor_bill",))),
    ("goods", frozenset((GOODS_KIND,))),
)
_NO_VALUE: Final = {"type": "null"}


def _schema_of_kinds(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema of a document what its kind has."""
    schema["allOf"] = [
        {
            "if": {"properties": {"kind": {"enum": sorted(kinds)}}},
            "then": {"required": [name], "properties": {name: {"not": _NO_VALUE}}},
            "else": {"properties": {name: _NO_VALUE}},
        }
        for name, kinds in _MEMBERS_OF_KINDS
    ]
    no_due_date = {"properties": {"due_date": _NO_VALUE}}
    schema["allOf"].append({"if": {"properties": {"kind": {"const": GOODS_KIND}}}, "then": no_due_date})


class FinancedDocument(Row):
    """A document that is financed: an order or invoice of a sale or of a purchase, or goods that are pledged.

    `number` is the applicant's own; `issuer_number` the one that the seller gave to its bill.
    """

    model_config = ConfigDict(json_schema_extra=_schema_of_kinds)

    kind: DocumentKind
    number: Name
    issuer_number: Name | None = None
    issue_date: Date
    due_date: Date | None = None
    fiscal_year: FiscalYear
    buyer: Name | None = None
    seller: Name | None = None
    currency: Currency
    payment_terms: str | None = None
    goods: PledgedGoods | None = None
    lines: Rows[DocumentLine]
    totals: DocumentTotals
    fingerprints: Fingerprints

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> FinancedDocument:
        for name, kinds in _MEMBERS_OF_KINDS:
            there = getattr(self, name) is not None
            if there and self.kind not in kinds:
                raise InputInvalid(f"a document of the kind {self.kind} has no '{name}'")
            if not there and self.kind in kinds:
                raise InputInvalid(f"a document of the kind {self.kind} has a '{name}'")
        if self.kind == GOODS_KIND and self.due_date is not None:
            raise InputInvalid("pledged goods have no due date")
        return self

    @property
    def counterparty(self) -> str | None:
        """The key of the buyer or seller; None for pledged goods."""
        return self.buyer or self.seller


class Confirmation(Row):
    """What a buyer said about a document through its own link: that it owes it, or that it disputes it."""

    document: Name
    answer: Literal["confirmed", "disputed"]
    amount: DecimalText
    currency: Currency
    due_date: Date | None = None
    confirmed_by: Name
    role: str | None = None
    confirmed_at: Moment
    comment: str | None = None
    statement_sha256: Sha256


class TransactionSection(Section):
    """What is financed, line by line, and how much is asked; a line for the company as a whole has no documents."""

    technique: Name
    requested: ExactMoney
    tenor_days: Annotated[int, Field(ge=1, strict=True)]
    eligible: ExactMoney
    documents: Rows[FinancedDocument]
    confirmations: Rows[Confirmation] = ()

    @model_validator(mode="after")
    def _of_documents_or_of_the_company(self) -> TransactionSection:
        if not self.documents and self.technique not in COMPANY_TECHNIQUES:
            raise InputInvalid(f"{self.technique:.80} finances one document at least; name it among 'documents'")
        return self


class OrderLine(Row):
    """One line of an order with what became of it."""

    line: Count
    product_code: str | None = None
    description: str
    ordered: DecimalText
    delivered: DecimalText
    invoiced: DecimalText
    uom: str | None = None
    unit_price: DecimalText


def _schema_of_one_party(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema of an order that it has one of the two."""
    schema["oneOf"] = [
        {"required": [one], "properties": {one: {"not": _NO_VALUE}, other: _NO_VALUE}}
        for one, other in (("buyer", "seller"), ("seller", "buyer"))
    ]


class OrderRow(Row):
    """An order behind the financed documents: a sales order has a `buyer`, a purchase order a `seller`."""

    model_config = ConfigDict(json_schema_extra=_schema_of_one_party)

    number: Name
    buyer: Name | None = None
    seller: Name | None = None
    quoted_on: Date | None = None
    ordered_on: Date
    confirmed_on: Date | None = None
    changed_on: Date | None = None
    state: Name
    currency: Currency
    total: DecimalText
    documents: Rows[str] = ()
    lines: Rows[OrderLine]

    @model_validator(mode="after")
    def _of_a_buyer_or_of_a_seller(self) -> OrderRow:
        if (self.buyer is None) == (self.seller is None):
            raise InputInvalid("an order is from one buyer ('buyer') or to one seller ('seller')")
        return self

    @property
    def counterparty(self) -> str | None:
        """The key of the buyer or seller; an order has one of the two."""
        return self.buyer or self.seller


class OrderMonth(Row):
    """The applicant's sales orders of one month, by the day they were ordered; amounts untaxed."""

    month: Month
    currency: Currency
    quotations: Count
    confirmed: Count
    confirmed_net: DecimalText
    changed: Count
    cancelled: Count
    cancelled_net: DecimalText


class OrderFlowSection(Section):
    """The orders behind the financed documents, and the applicant's orders by month."""

    orders: Rows[OrderRow]
    months: Rows[OrderMonth] = ()


class DeliveryLine(Row):
    """One line of a delivery."""

    line: Count
    product_code: str | None = None
    description: str
    quantity_ordered: DecimalText
    quantity_done: DecimalText
    uom: str | None = None


class DeliveryRow(Row):
    """Goods that went out, or came back."""

    number: Name
    order: str | None = None
    direction: Literal["out", "in"]
    state: Name
    promised_on: Date | None = None
    done_on: Date | None = None
    carrier: str | None = None
    tracking_reference: str | None = None
    signed_by: str | None = None
    backorder_of: str | None = None
    lines: Rows[DeliveryLine]


class LogisticsMonth(Row):
    """The applicant's finished transfers of one month, by the day they were done; `returns` come from the other way."""

    month: Month
    direction: Literal["out", "in"]
    done: Count
    on_time: Count
    late: Count
    returns: Count
    backorders: Count
    mean_days_late: DecimalText | None = None


class LogisticsFlowSection(Section):
    """The deliveries of the financed documents, and the applicant's punctuality by month."""

    deliveries: Rows[DeliveryRow]
    months: Rows[LogisticsMonth] = ()


class TaxRow(Row):
    """One tax of one document."""

    document: Name
    tax_code: Name
    rate_percent: DecimalText | None = None
    base: DecimalText
    amount: DecimalText
    currency: Currency


class EInvoiceRow(Row):
    """The number or state that a tax or e-invoicing system gave to a financed document."""

    document: Name
    system: Name
    number: str | None = None
    state: str | None = None


class TaxMonth(Row):
    """The taxes of the applicant's posted documents of one month, in the company's currency."""

    month: Month
    direction: Literal["sale", "purchase"]
    tax_code: Name
    currency: Currency
    base: DecimalText
    amount: DecimalText


class TaxFlowSection(Section):
    """The taxes of the financed documents, and the applicant's taxes by month."""

    taxes: Rows[TaxRow]
    e_invoices: Rows[EInvoiceRow] = ()
    months: Rows[TaxMonth] = ()


class PaymentRow(Row):
    """What reduced a document: money, a credit note, or something else; `cleared` once the bank statement shows it."""

    document: Name
    date: Date
    amount: DecimalText
    currency: Currency
    kind: Literal["payment", "credit_note", "other"]
    cleared: Annotated[bool, Field(strict=True)]


class BuyerHistoryRow(Row):
    """How a buyer paid over the section's period; days are weighted by amount.

    The financed buyers and the largest others have a row each; what is left is one row per currency without `buyer`,
    over `buyers` of them.
    """

    buyer: Name | None = None
    buyers: Count | None = None
    currency: Currency
    invoices: Count
    invoiced: DecimalText
    paid: DecimalText
    overdue: DecimalText
    weighted_days_to_pay: DecimalText | None = None
    weighted_days_late: DecimalText | None = None
    late_share_percent: DecimalText | None = None

    @model_validator(mode="after")
    def _of_one_buyer_or_of_several(self) -> BuyerHistoryRow:
        if (self.buyer is None) == (self.buyers is None):
            raise InputInvalid("a row of the history is of one buyer ('buyer') or of several ('buyers')")
        return self


class CashMonth(Row):
    """Money of one month: `invoiced` and `credited` by invoice date, `collected` and `paid_out` by payment date."""

    month: Month
    currency: Currency
    invoiced: DecimalText
    credited: DecimalText
    collected: DecimalText
    paid_out: DecimalText


class AgeingRow(Row):
    """What is open at `as_of`, by how many days it is past due."""

    direction: Literal["receivable", "payable"]
    currency: Currency
    bucket: Literal["not_due", "1-30", "31-60", "61-90", "over_90"]
    documents: Count
    amount: DecimalText


class BalanceRow(Row):
    """The books' balance of a bank account, and the last statement that was imported; the number is masked."""

    account: Name
    currency: Currency
    balance: DecimalText
    last_statement_on: Date | None = None
    last_statement_balance: DecimalText | None = None


class CashFlowSection(Section):
    """The payments of the financed documents, how the buyers pay, and the applicant's cash."""

    payments: Rows[PaymentRow]
    buyer_history: Rows[BuyerHistoryRow] = ()
    months: Rows[CashMonth] = ()
    ageing: Rows[AgeingRow] = ()
    balances: Rows[BalanceRow] = ()


class StockRow(Row):
    """Goods on hand of one product, or of all that have no row of their own (`product_code` and `uom` left out).

    `turnover_pa`: cost of what left within a year by the mean of the value at its start and end.
    """

    product_code: str | None = None
    description: Name
    products: Count
    quantity: DecimalText | None = None
    uom: str | None = None
    value: DecimalText
    currency: Currency
    oldest_on: Date | None = None
    mean_age_days: DecimalText | None = None
    turnover_pa: DecimalText | None = None


class CurrencyTotal(Row):
    """A sum over the rows of a section in one currency."""

    currency: Currency
    amount: DecimalText


class ResaleRow(Row):
    """How fast the goods of a financed line turn into money.

    `quantity` is what is financed of it, in `uom`; `on_hand` what the company has of the product today. Within the last
    12 months `sold_quantity` was delivered and `sold_net` invoiced, untaxed and in the company's currency;
    `days_to_sell` is how long what is on hand or still to come lasts at that speed, left out where nothing was sold.
    """

    document: Name
    line: Count
    product_code: str | None = None
    description: str
    quantity: DecimalText
    uom: str | None = None
    on_hand: DecimalText
    sold_quantity: DecimalText
    sold_net: DecimalText
    currency: Currency
    days_to_sell: DecimalText | None = None


class InventorySection(Section):
    """What lies in the applicant's own stock, and how fast financed goods sell.

    `totals` = the sum of `value` per currency.
    """

    stock: Rows[StockRow]
    totals: Rows[CurrencyTotal]
    resale: Rows[ResaleRow] = ()


class LoanRow(Row):
    """A loan that this ERP knows; the lender is not told."""

    technique: Name
    currency: Currency
    principal: DecimalText
    outstanding: DecimalText
    state: Name
    started_on: Date | None = None
    due_on: Date | None = None


class ApplicationRow(Row):
    """Another application of the applicant that is open, for `documents` by number; the bank is not told."""

    technique: Name
    currency: Currency
    requested: DecimalText
    state: Name
    submitted_on: Date
    documents: Rows[str] = ()


class PledgeRow(Row):
    """Goods or receivables that stand for a debt already."""

    document: str | None = None
    description: Name
    currency: Currency
    amount: DecimalText


class ExposureSection(Section):
    """Debts, applications and pledges known here; `totals` = the sum of `outstanding` of the loans per currency."""

    loans: Rows[LoanRow]
    applications: Rows[ApplicationRow] = ()
    pledges: Rows[PledgeRow] = ()
    totals: Rows[CurrencyTotal] = ()


class ForecastWeek(Row):
    """Collections expected in one week (Monday first), from open invoices and how their buyers pay.

    `financed` is the part that comes from the financed documents. What is past due by expectation counts in the
    first week.
    """

    week: Date
    currency: Currency
    documents: Count
    expected: DecimalText
    financed: DecimalText


class ForecastSection(Section):
    """Collections expected; `totals` = the sum of `expected` per currency."""

    weeks: Rows[ForecastWeek]
    totals: Rows[CurrencyTotal] = ()


class EvidenceOrder(Row):
    """The part of a financed line that an order line carries; `net` at the order's price."""

    order: Name
    line: Count
    quantity: DecimalText
    net: DecimalText


class EvidenceDelivery(Row):
    """Goods of a financed line that a delivery line moved; returns are negative."""

    delivery: Name
    line: Count
    quantity: DecimalText


class EvidenceLine(Row):
    """What carries one line of a financed document, in the document's currency.

    `gross` is the line's own; `ordered` and `delivered` are the parts of it that an order and a delivery carry; a line
    that needs no delivery (a service) has `needs_delivery` false and `delivered` "0".
    """

    document: Name
    line: Count
    quantity: DecimalText
    gross: DecimalText
    ordered: DecimalText
    delivered: DecimalText
    needs_delivery: Annotated[bool, Field(strict=True)]
    orders: Rows[EvidenceOrder] = ()
    deliveries: Rows[EvidenceDelivery] = ()
    tax_codes: Rows[str] = ()


class EvidenceDocument(Row):
    """The four streams of one financed document: each amount is the sum of its lines, taxes or payments."""

    document: Name
    currency: Currency
    gross: DecimalText
    ordered: DecimalText
    delivered: DecimalText
    deliverable: DecimalText
    taxed: DecimalText
    paid: DecimalText
    credited: DecimalText


class Contradiction(Row):
    """Where two streams disagree."""

    document: Name
    line: Count | None = None
    code: Literal[
        "no-order",
        "quantity-over-ordered",
        "quantity-over-delivered",
        "received-over-ordered",
        "price-differs",
        "currency-differs",
        "buyer-differs",
        "seller-differs",
        "tax-differs",
        "dates-out-of-order",
        "returned",
        "number-used-twice",
        "paid-twice",
        "disputed",
    ]
    sentence: Name
    figure: DecimalText | None = None
    expected: DecimalText | None = None


class EvidenceSection(Section):
    """The evidence graph: which order, delivery, tax and payment carry each amount, and what contradicts."""

    lines: Rows[EvidenceLine]
    documents: Rows[EvidenceDocument]
    contradictions: Rows[Contradiction] = ()


class CheckRow(Row):
    """One check: what was measured, against which threshold, on which documents, in one sentence."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    light: Literal["authenticity", "self_liquidation", "control"]
    level: Literal["green", "amber", "red", "grey"]
    figure: DecimalText | None = None
    threshold: DecimalText | None = None
    unit: Literal["percent", "days", "documents", "money", "ratio"] | None = None
    currency: Currency | None = None
    documents: Rows[str] = ()
    sentence: Name


class LightRow(Row):
    """One of the three lights: the worst level among its checks (grey where none could be made)."""

    light: Literal["authenticity", "self_liquidation", "control"]
    level: Literal["green", "amber", "red", "grey"]


class ChecksSection(Section):
    """The applicant's own checks, and the lights that they make."""

    results: Rows[CheckRow]
    lights: Rows[LightRow]


class AttachmentRow(Row):
    """A file that comes with the package, embedded in the PDF; `document` is a financed document or its delivery."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    kind: Literal["ubl_invoice", "ubl_order", "ubl_despatch_advice"]
    document: Name
    media_type: Name
    sha256: Sha256
    bytes: Count


class UnmadeFile(Row):
    """A file that the applicant's ERP could not make for the financed document `document`, and why, in a sentence."""

    kind: Literal["ubl_invoice", "ubl_order", "ubl_despatch_advice"]
    document: Name
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class AttachmentsSection(Section):
    """The files that come with the package, and those that the recipient asks for and that could not be made."""

    files: Rows[AttachmentRow]
    not_made: Rows[UnmadeFile] = ()


class Recipient(Row):
    """The bank that may read."""

    issuer: Name
    name: Name


class ConsentSection(Section):
    """What the applicant allowed to this recipient; `artefact` is its signed form (compact JWS) with the same terms."""

    consent_id: PackageRef
    purpose: Literal["loan_application"]
    recipient: Recipient
    sections: Rows[Name]
    counterparties: Literal["named", "pseudonymous"]
    history_months: Annotated[int, Field(ge=0, le=60, strict=True)]
    granted_by: Name
    granted_at: Moment
    expires_at: Moment
    notice_sha256: Sha256
    artefact: Name


class Sections(Row):
    """The content of a package."""

    party: PartySection
    transaction: TransactionSection
    consent: ConsentSection
    order_flow: OrderFlowSection | None = None
    logistics_flow: LogisticsFlowSection | None = None
    tax_flow: TaxFlowSection | None = None
    cash_flow: CashFlowSection | None = None
    inventory: InventorySection | None = None
    exposure: ExposureSection | None = None
    evidence: EvidenceSection | None = None
    checks: ChecksSection | None = None
    forecast: ForecastSection | None = None
    attachments: AttachmentsSection | None = None


def section_model(name: str) -> type[Section]:
    """Return the model of the section with this name."""
    annotation: Any = Sections.model_fields[name].annotation
    optional = get_args(annotation)
    model: type[Section] = optional[0] if optional else annotation
    return model
