"""The six sections of a package and their rows, as docs/package.md describes them."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from openscf.errors import InputInvalid
from openscf.fingerprint import Fingerprints
from openscf.money import DecimalText, Money
from openscf.wire import Country, Date, Time


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
FiscalYear = Annotated[str, StringConstraints(min_length=1), BeforeValidator(_year_text)]


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


class CollectionAccount(Row):
    """The account on which the buyers pay."""

    iban: str | None = None
    account: str | None = None
    bank: str | None = None
    holder: Name


class ApplicantRow(PartyRow):
    """The applicant; its tax id is part of every fingerprint."""

    tax_id: Name
    country: Country
    registry: str | None = None
    collection_account: CollectionAccount | None = None


class PartySection(Section):
    """Who asks, and who buys."""

    applicant: ApplicantRow
    buyers: tuple[PartyRow, ...]


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
    tax_codes: tuple[str, ...] = ()


class DocumentTotals(Row):
    """The totals of a document; `outstanding` = `gross` − `paid` − `credited`."""

    net: DecimalText
    tax: DecimalText
    gross: DecimalText
    paid: DecimalText
    credited: DecimalText
    outstanding: DecimalText


class FinancedDocument(Row):
    """A sales order or customer invoice that is financed."""

    kind: Literal["sales_order", "customer_invoice"]
    number: Name
    issue_date: Date
    due_date: Date | None = None
    fiscal_year: FiscalYear
    buyer: Name
    currency: Currency
    payment_terms: str | None = None
    lines: tuple[DocumentLine, ...]
    totals: DocumentTotals
    fingerprints: Fingerprints


class TransactionSection(Section):
    """What is financed, line by line, and how much is asked."""

    technique: Name
    requested: ExactMoney
    tenor_days: Annotated[int, Field(ge=1, strict=True)]
    eligible: ExactMoney
    documents: Annotated[tuple[FinancedDocument, ...], Field(min_length=1)]


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


class OrderRow(Row):
    """A sales order behind the financed documents."""

    number: Name
    buyer: Name
    ordered_on: Date
    confirmed_on: Date | None = None
    state: Name
    currency: Currency
    total: DecimalText
    documents: tuple[str, ...] = ()
    lines: tuple[OrderLine, ...]


class OrderFlowSection(Section):
    """The orders."""

    orders: tuple[OrderRow, ...]


class DeliveryLine(Row):
    """One line of a delivery."""

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
    lines: tuple[DeliveryLine, ...]


class LogisticsFlowSection(Section):
    """The deliveries."""

    deliveries: tuple[DeliveryRow, ...]


class TaxRow(Row):
    """One tax of one document."""

    document: Name
    tax_code: Name
    rate_percent: DecimalText | None = None
    base: DecimalText
    amount: DecimalText
    currency: Currency


class TaxFlowSection(Section):
    """The taxes of the financed documents."""

    taxes: tuple[TaxRow, ...]


class PaymentRow(Row):
    """What reduced a document: money, a credit note, or something else; `cleared` once the bank statement shows it."""

    document: Name
    date: Date
    amount: DecimalText
    currency: Currency
    kind: Literal["payment", "credit_note", "other"]
    cleared: Annotated[bool, Field(strict=True)]


class BuyerHistoryRow(Row):
    """How a buyer paid over the section's period; days are weighted by amount."""

    buyer: Name
    currency: Currency
    invoices: Count
    invoiced: DecimalText
    paid: DecimalText
    overdue: DecimalText
    weighted_days_to_pay: DecimalText | None = None
    weighted_days_late: DecimalText | None = None
    late_share_percent: DecimalText | None = None


class CashFlowSection(Section):
    """The payments of the financed documents, and how their buyers pay."""

    payments: tuple[PaymentRow, ...]
    buyer_history: tuple[BuyerHistoryRow, ...] = ()


class Sections(Row):
    """The content of a package."""

    party: PartySection
    transaction: TransactionSection
    order_flow: OrderFlowSection | None = None
    logistics_flow: LogisticsFlowSection | None = None
    tax_flow: TaxFlowSection | None = None
    cash_flow: CashFlowSection | None = None
