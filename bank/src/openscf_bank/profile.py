"""A bank's profile: what it offers, by which rules it decides, at what price. Read from TOML, refused if unclear."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Literal

from openscf.wire import DayCount
from pydantic import Field, ValidationError, model_validator

from .exact import Exact, ProfileSection
from .members.section import MembersSection
from .prequalification.section import PrequalificationSection
from .programs.section import ProgramSection
from .technique import TechniqueSection as TechniqueSection

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
Reason = Literal["LOW_CREDIT_SCORE", "FRAUD", "DOC_IRREGULARITIES", "AA_FAILED", "OTHERS"]


class ProfileError(Exception):
    """The profile cannot be used; the message names the file and each place."""


class BankSection(ProfileSection):
    """Who the bank is, and the prefix of its loan numbers."""

    name: str = Field(min_length=1)
    country: str = Field(pattern="^[A-Z]{2}$")
    contact: str
    loan_number_prefix: str = Field(pattern="^[A-Z0-9]{1,8}$")
    accent: str = Field(default="#1d4e89", pattern="^#[0-9a-f]{6}$")


class Rule(ProfileSection):
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


class RulesSection(ProfileSection):
    """Knock-outs decline by themselves; referrals send the application to an officer."""

    knock_out: tuple[Rule, ...] = ()
    refer: tuple[Rule, ...] = ()


class Grade(ProfileSection):
    """A class of buyers: the first whose limits all hold. Margin in percentage points, advance rate in percent."""

    grade: str
    max_days_late: Exact | None = None
    max_late_share_percent: Exact | None = None
    margin: Exact
    advance_rate: Exact


class TenorMargin(ProfileSection):
    """Percentage points added up to a tenor."""

    up_to_days: int
    margin: Exact


class PricingSection(ProfileSection):
    """Rate (percent a year) = base + the grade's margin + the tenor's margin; fee = percent of the principal, or more.

    `fee_minimum` is the least fee, by currency.
    """

    base_rate_pa: Exact
    penalty_rate_pa: Exact
    day_count: DayCount
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


class OffersSection(ProfileSection):
    """How long an offer stands, and the conditions that an offer carries unless its technique has its own."""

    valid_days: int = Field(ge=1, le=90)
    conditions: tuple[str, ...] = ()


class ExtensionsSection(ProfileSection):
    """How many days the offer of later due dates stands."""

    valid_days: int = Field(default=7, ge=1, le=90)


class DisbursementSection(ProfileSection):
    """How long the core system takes to pay, and, for tests, the sentence with which it fails."""

    delay_seconds: int = Field(default=0, ge=0)
    failure_reason: str | None = None


class RepaymentsSection(ProfileSection):
    """How many days back a payment may count that the applicant reports late; an older one counts from that day on."""

    back_dating_days: int = Field(default=15, ge=0)


class OfficersSection(ProfileSection):
    """Up to `alone_up_to`, in a loan's currency, one officer alone gives money back by hand: the surplus of a buyer's
    payment, a payment that was returned, a charge. What is above takes two; where nothing is said, every amount does.
    It is for each act: what is given back of one loan in several is not added up.
    """

    alone_up_to: Exact = Field(default=Decimal(0), ge=0)


class WebhooksSection(ProfileSection):
    """Whether nudges may go to private addresses (an ERP on the same machine or network), over plain HTTP."""

    allow_private_addresses: bool = False


class Profile(ProfileSection):
    """A whole bank."""

    bank: BankSection
    techniques: tuple[TechniqueSection, ...] = Field(min_length=1)
    rules: RulesSection = RulesSection()
    pricing: PricingSection
    offers: OffersSection
    extensions: ExtensionsSection = ExtensionsSection()
    disbursement: DisbursementSection = DisbursementSection()
    repayments: RepaymentsSection = RepaymentsSection()
    officers: OfficersSection = OfficersSection()
    webhooks: WebhooksSection = WebhooksSection()
    programs: tuple[ProgramSection, ...] = ()
    members: MembersSection = MembersSection()
    prequalification: PrequalificationSection | None = None

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

    def program(self, kind: str) -> ProgramSection | None:
        """What this bank offers in programs of a kind, None if nothing."""
        return next((program for program in self.programs if program.kind == kind), None)

    def conditions_of(self, technique: TechniqueSection, *, recourse: bool = True) -> tuple[str, ...]:
        """The conditions of an offer in this technique."""
        if technique.without_recourse is not None and not recourse:
            return technique.without_recourse.conditions
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
