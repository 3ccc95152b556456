"""What an application is worth and what it costs, from the profile."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from openscf import wire
from openscf.money import decimals, round_money

from ..profile import CheckName, Grade, PricingSection, Profile, TechniqueSection

# The SDK's schedule is monthly and asks that all but the last instalment fit into 31-day months.
DAYS_AN_INSTALMENT = 31
RATE_STEP = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """The terms on offer, and how they came about."""

    terms: wire.OfferTerms
    grade: str
    base_rate_pa: Decimal
    grade_margin: Decimal
    tenor_margin: Decimal
    principal_limit: Decimal

    def as_json(self) -> dict[str, object]:
        """For the stored decision."""
        return {
            "terms": self.terms.to_wire(),
            "grade": self.grade,
            "base_rate_pa": str(self.base_rate_pa),
            "grade_margin": str(self.grade_margin),
            "tenor_margin": str(self.tenor_margin),
            "principal_limit": str(self.principal_limit),
        }


def price(
    profile: Profile,
    technique: TechniqueSection,
    *,
    requested: wire.Money,
    tenor_days: int,
    repayment: str,
    outstanding: Decimal,
    known: dict[CheckName, Decimal | None],
) -> Price:
    """Terms for what was requested, at most advance rate × `outstanding`. Amounts in the requested currency."""
    pricing = profile.pricing
    grade = grade_of(pricing, known)
    advance_rate = min(grade.advance_rate, technique.max_advance_rate)
    smallest_unit = Decimal(1).scaleb(-decimals(requested.currency))
    limit = (outstanding * advance_rate / 100).quantize(smallest_unit, rounding=ROUND_DOWN)
    principal = min(requested.amount, limit, technique.max_amount)
    tenor_margin = _tenor_margin(pricing, tenor_days)
    fee = max(
        round_money(principal * pricing.fee_percent / 100, requested.currency),
        pricing.fee_minimum[requested.currency],
    )
    terms = wire.OfferTerms.model_validate(
        {
            "technique": technique.code,
            "principal": {"amount": principal, "currency": requested.currency},
            "rate_pa": (pricing.base_rate_pa + grade.margin + tenor_margin).quantize(RATE_STEP),
            "day_count": pricing.day_count,
            "repayment": repayment,
            "tenor_days": tenor_days,
            "instalments": 1 + (tenor_days - 1) // DAYS_AN_INSTALMENT if repayment == "instalment" else 1,
            "fee": {"amount": fee, "currency": requested.currency},
            "fee_timing": technique.fee_timing,
            "advance_rate": advance_rate,
            "recourse": technique.recourse != "without",
            "penalty_rate_pa": pricing.penalty_rate_pa,
            "conditions": profile.conditions_of(technique),
        }
    )
    return Price(terms, grade.grade, pricing.base_rate_pa, grade.margin, tenor_margin, limit)


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
