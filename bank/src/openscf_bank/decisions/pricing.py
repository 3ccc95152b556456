"""What an application is worth and what it costs, from the profile."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from openscf import wire
from openscf.money import decimals, round_money

from ..profile import CheckName, Grade, PricingSection, Profile, TechniqueSection
from ..technique import WithoutRecourse

RATE_STEP = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """The terms on offer, and how they came about. `technique_margin` is of the technique, and of doing without
    recourse.
    """

    terms: wire.OfferTerms
    grade: str
    base_rate_pa: Decimal
    grade_margin: Decimal
    tenor_margin: Decimal
    technique_margin: Decimal
    principal_limit: Decimal

    def as_json(self) -> dict[str, object]:
        """For the stored decision."""
        return {
            "terms": self.terms.to_wire(),
            "grade": self.grade,
            "base_rate_pa": str(self.base_rate_pa),
            "grade_margin": str(self.grade_margin),
            "tenor_margin": str(self.tenor_margin),
            "technique_margin": str(self.technique_margin),
            "principal_limit": str(self.principal_limit),
        }


@dataclass(frozen=True)
class Asked:
    """What is asked for, and what carries it: documents, goods, or what the company collects. In one currency."""

    requested: wire.Money
    tenor_days: int
    repayment: str
    recourse: bool | None
    carried: Decimal


def price(profile: Profile, technique: TechniqueSection, asked: Asked, known: dict[CheckName, Decimal | None]) -> Price:
    """Terms for what was requested, at most advance rate × what carries it."""
    pricing, currency = profile.pricing, asked.requested.currency
    grade, unsecured = grade_of(pricing, known), _without_recourse(technique, asked)
    highest = unsecured.max_advance_rate if unsecured else technique.max_advance_rate
    advance_rate = min(grade.advance_rate, highest, technique.max_advance_rate)
    smallest_unit = Decimal(1).scaleb(-decimals(currency))
    limit = (asked.carried * advance_rate / 100).quantize(smallest_unit, rounding=ROUND_DOWN)
    principal = min(asked.requested.amount, limit, technique.max_amount)
    tenor_margin = _tenor_margin(pricing, asked.tenor_days)
    technique_margin = technique.margin + (unsecured.margin if unsecured else 0)
    rate = pricing.base_rate_pa + grade.margin + tenor_margin + technique_margin
    fee_percent = unsecured.fee_percent if unsecured else technique.fee_percent
    fee_percent = pricing.fee_percent if fee_percent is None else fee_percent
    fee = max(round_money(principal * fee_percent / 100, currency), pricing.fee_minimum[currency])
    terms = wire.OfferTerms.model_validate(
        {
            **standing_terms(profile, technique, asked),
            "principal": {"amount": principal, "currency": currency},
            "rate_pa": rate.quantize(RATE_STEP),
            "tenor_days": asked.tenor_days,
            "fee": {"amount": fee, "currency": currency},
            "advance_rate": advance_rate,
            "penalty_rate_pa": pricing.penalty_rate_pa,
            "conditions": profile.conditions_of(technique, recourse=unsecured is None),
        }
    )
    return Price(terms, grade.grade, pricing.base_rate_pa, grade.margin, tenor_margin, technique_margin, limit)


def standing_terms(
    profile: Profile, technique: TechniqueSection, asked: Asked, tenor_days: int | None = None
) -> dict[str, Any]:
    """The terms that nobody bargains about: they come with the technique, the repayment and the recourse asked for."""
    linked = asked.repayment == "sales_linked"
    return {
        "technique": technique.code,
        "day_count": technique.day_count or profile.pricing.day_count,
        "repayment": asked.repayment,
        "instalments": technique.instalments(asked.repayment, tenor_days or asked.tenor_days),
        "fee_timing": technique.fee_timing,
        "recourse": technique.with_recourse(asked.recourse),
        "grace_days": technique.grace_days,
        "sweep_percent": technique.sweep_percent,
        "minimum_percent": technique.minimum_percent if linked else None,
        "period_days": technique.period_days if linked else None,
        "waterfall": technique.waterfall,
    }


def _without_recourse(technique: TechniqueSection, asked: Asked) -> WithoutRecourse | None:
    return None if technique.with_recourse(asked.recourse) else technique.without_recourse


def grade_of(pricing: PricingSection, known: dict[CheckName, Decimal | None]) -> Grade:
    """The first grade whose limits all hold; a figure that is not known holds no limit."""
    return next(
        grade
        for grade in pricing.grades
        if _within(known["buyer_days_late"], grade.max_days_late)
        and _within(known["buyer_late_share_percent"], grade.max_late_share_percent)
    )


def _within(figure: Decimal | None, maximum: Decimal | None) -> bool:
    return maximum is None or (figure is not None and figure <= maximum)


def _tenor_margin(pricing: PricingSection, tenor_days: int) -> Decimal:
    return next((tenor.margin for tenor in pricing.tenors if tenor_days <= tenor.up_to_days), pricing.tenors[-1].margin)
