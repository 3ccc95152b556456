"""A bank's profile: what it offers, by which rules it decides, at what price. Read from TOML, refused if unclear.

Amounts, rates and shares are strings in the file, so that no float ever comes near them.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

from openscf.package import Sections
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CheckName = Literal[
    "buyer_late_share_percent",
    "buyer_overdue_percent",
    "buyer_days_late",
    "history_months",
    "history_invoices",
    "days_past_due",
    "delivered_percent",
    "requested_amount",
    "authenticity_light",
    "self_liquidation_light",
    "control_light",
    "contradictions",
    "coverage_percent",
    "late_deliveries_percent",
    "resale_days",
    "goods_age_days",
    "supplier_account_trusted",
]
# The figure of a light; one that is grey, or not shown, is no figure.
LIGHT_FIGURES = {"green": Decimal(0), "amber": Decimal(1), "red": Decimal(2)}
LIGHT_CHECKS = ("authenticity_light", "self_liquidation_light", "control_light")
EmbeddedKind = Literal["ubl_invoice", "ubl_order", "ubl_despatch_advice"]
Reason = Literal["LOW_CREDIT_SCORE", "FRAUD", "DOC_IRREGULARITIES", "AA_FAILED", "OTHERS"]


class ProfileError(Exception):
    """The profile cannot be used; the message names the file and each place."""


def _exact(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError(f'write {value!r} as a string, for example "{value}"')
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a decimal number")
    return number


Exact = Annotated[Decimal, BeforeValidator(_exact)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BankSection(_Section):
    """Who the bank is, and the prefix of its loan numbers."""

    name: str = Field(min_length=1)
    country: str = Field(pattern="^[A-Z]{2}$")
    contact: str
    loan_number_prefix: str = Field(pattern="^[A-Z0-9]{1,8}$")
    accent: str = Field(default="#1d4e89", pattern="^#[0-9a-f]{6}$")


class TechniqueSection(_Section):
    """One technique on offer, as the discovery document shows it. Amount limits are in each listed currency.

    `sections` are the package's sections that an application must bring, `embedded` the kinds of files with it.
    `fee_timing`: whether the fee is deducted from what is paid out, or repaid with the loan. `conditions` stand in an
    offer of this technique in place of the bank's general ones.
    """

    code: str
    currencies: tuple[str, ...] = Field(min_length=1)
    min_amount: Exact
    max_amount: Exact
    min_tenor_days: int = Field(ge=1)
    max_tenor_days: int = Field(ge=1)
    max_advance_rate: Exact
    recourse: Literal["with", "without", "both"]
    repayment: tuple[Literal["bullet", "instalment"], ...] = Field(min_length=1)
    indicative_rate_pa: Exact
    indicative_fee_percent: Exact
    sections: tuple[str, ...]
    embedded: tuple[EmbeddedKind, ...] = ()
    fee_timing: Literal["deducted", "on_repayment"] = "deducted"
    conditions: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _limits_in_order(self) -> TechniqueSection:
        if self.min_amount > self.max_amount or self.min_tenor_days > self.max_tenor_days:
            raise ValueError("a minimum is above its maximum")
        return self

    @model_validator(mode="after")
    def _suppliers_paid_in_full(self) -> TechniqueSection:
        if self.code == "distributor_finance" and self.fee_timing != "on_repayment":
            raise ValueError('the supplier is paid in full: write fee_timing = "on_repayment"')
        return self

    @model_validator(mode="after")
    def _sections_of_a_package(self) -> TechniqueSection:
        unknown = sorted(set(self.sections) - set(Sections.model_fields))
        if unknown:
            raise ValueError(f"a package has no section {', '.join(unknown)}")
        if self.embedded and "attachments" not in self.sections:
            raise ValueError('files are named in the section "attachments": list it among the sections too')
        return self


class Rule(_Section):
    """A limit on one figure, or the worst level that a light may have. `missing`: what an absent figure means."""

    check: CheckName
    minimum: Exact | None = None
    maximum: Exact | None = None
    worst: Literal["green", "amber"] | None = None
    techniques: tuple[str, ...] | None = None
    missing: Literal["pass", "fail"] = "fail"
    reason: Reason = "LOW_CREDIT_SCORE"
    message: str

    @model_validator(mode="after")
    def _one_limit(self) -> Rule:
        if self.check in LIGHT_CHECKS:
            if self.worst is None or self.minimum is not None or self.maximum is not None:
                raise ValueError('a light is limited by worst = "green" or worst = "amber", and by nothing else')
        elif self.worst is not None or (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


class RulesSection(_Section):
    """Knock-outs decline by themselves; referrals send the application to an officer."""

    knock_out: tuple[Rule, ...] = ()
    refer: tuple[Rule, ...] = ()


class Grade(_Section):
    """A class of buyers: the first whose limits all hold. Margin in percentage points, advance rate in percent."""

    grade: str
    max_days_late: Exact | None = None
    max_late_share_percent: Exact | None = None
    margin: Exact
    advance_rate: Exact


class TenorMargin(_Section):
    """Percentage points added up to a tenor."""

    up_to_days: int
    margin: Exact


class PricingSection(_Section):
    """Rate (percent a year) = base + the grade's margin + the tenor's margin; fee = percent of the principal, or more.

    `fee_minimum` is the least fee, by currency.
    """

    base_rate_pa: Exact
    penalty_rate_pa: Exact
    day_count: Literal["ACT/360", "ACT/365", "30E/360"]
    fee_percent: Exact
    fee_minimum: dict[str, Exact]
    grades: tuple[Grade, ...] = Field(min_length=1)
    tenors: tuple[TenorMargin, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _last_grade_takes_all(self) -> PricingSection:
        last = self.grades[-1]
        if last.max_days_late is not None or last.max_late_share_percent is not None:
            raise ValueError("the last grade must have no limits, so that every buyer has one")
        if list(self.tenors) != sorted(self.tenors, key=lambda tenor: tenor.up_to_days):
            raise ValueError("list the tenors from short to long")
        return self


class OffersSection(_Section):
    """How long an offer stands, and the conditions that an offer carries unless its technique has its own."""

    valid_days: int = Field(ge=1, le=90)
    conditions: tuple[str, ...] = ()


class ExtensionsSection(_Section):
    """How many days the offer of later due dates stands."""

    valid_days: int = Field(default=7, ge=1, le=90)


class DisbursementSection(_Section):
    """How long the core system takes to pay, and, for tests, the sentence with which it fails."""

    delay_seconds: int = Field(default=0, ge=0)
    failure_reason: str | None = None


class RepaymentsSection(_Section):
    """How many days back a payment may count that the applicant reports late; an older one counts from that day on."""

    back_dating_days: int = Field(default=15, ge=0)


class WebhooksSection(_Section):
    """Whether nudges may go to private addresses (an ERP on the same machine or network), over plain HTTP."""

    allow_private_addresses: bool = False


class Profile(_Section):
    """A whole bank."""

    bank: BankSection
    techniques: tuple[TechniqueSection, ...] = Field(min_length=1)
    rules: RulesSection = RulesSection()
    pricing: PricingSection
    offers: OffersSection
    extensions: ExtensionsSection = ExtensionsSection()
    disbursement: DisbursementSection = DisbursementSection()
    repayments: RepaymentsSection = RepaymentsSection()
    webhooks: WebhooksSection = WebhooksSection()

    @model_validator(mode="after")
    def _priced_in_every_currency(self) -> Profile:
        offered = {currency for technique in self.techniques for currency in technique.currencies}
        unpriced = sorted(offered - set(self.pricing.fee_minimum))
        if unpriced:
            raise ValueError(f"pricing.fee_minimum lacks {', '.join(unpriced)}")
        return self

    def technique(self, code: str) -> TechniqueSection | None:
        """The technique `code`, None if this bank does not offer it."""
        return next((technique for technique in self.techniques if technique.code == code), None)

    def conditions_of(self, technique: TechniqueSection) -> tuple[str, ...]:
        """The conditions of an offer in this technique."""
        return self.offers.conditions if technique.conditions is None else technique.conditions


def load_profile(path: Path) -> Profile:
    """Read and check a profile (`.toml`, or the same as `.json`); ProfileError says what to correct."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path}: {error}") from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ProfileError(f"{path}: {places}") from error
