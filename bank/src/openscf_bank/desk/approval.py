"""The officer's terms: read from the form, checked against the profile and the package."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from openscf import wire
from openscf.errors import OpenSCFError
from openscf.loan import LoanTerms
from openscf.money import round_money, to_amount, to_decimal
from pydantic import ValidationError

from ..decisions.pricing import Asked, standing_terms
from ..profile import Profile, TechniqueSection

# Fields of the form that hold one decimal number, with their labels.
DECIMALS = {
    "principal": "Principal",
    "rate_pa": "Rate",
    "fee": "Fee",
    "advance_rate": "Advance rate",
    "penalty_rate_pa": "Penalty rate",
}
HIGHEST_RATE = Decimal(50)


class TermsRefused(Exception):
    """The form's terms cannot be offered; `errors` has a sentence per field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def prefilled(terms: Mapping[str, object] | None) -> dict[str, str]:
    """The form's fields from priced terms (JSON), empty where the engine found no price."""
    if terms is None:
        return dict.fromkeys((*DECIMALS, "tenor_days", "conditions"), "")
    offered = wire.OfferTerms.model_validate(terms)
    return {
        "principal": str(offered.principal.amount),
        "rate_pa": str(offered.rate_pa),
        "fee": str(offered.fee.amount),
        "advance_rate": str(offered.advance_rate),
        "penalty_rate_pa": str(offered.penalty_rate_pa),
        "tenor_days": str(offered.tenor_days),
        "conditions": "\n".join(offered.conditions),
    }


def read_terms(
    fields: Mapping[str, str], *, profile: Profile, technique: TechniqueSection, asked: Asked
) -> wire.OfferTerms:
    """The terms of the form; TermsRefused with a sentence for each field that the bank may not offer."""
    errors: dict[str, str] = {}
    numbers = {name: _decimal(fields.get(name, ""), name, errors) for name in DECIMALS}
    tenor_days = _tenor(fields.get("tenor_days", ""), technique, errors)
    if not errors:
        _check_limits(numbers, technique, asked, errors)
    if errors:
        raise TermsRefused(errors)
    currency = asked.requested.currency
    try:
        terms = wire.OfferTerms.model_validate(
            {
                **standing_terms(profile, technique, asked, tenor_days),
                "principal": {"amount": to_amount(numbers["principal"], currency), "currency": currency},
                "rate_pa": numbers["rate_pa"],
                "tenor_days": tenor_days,
                "fee": {"amount": to_amount(numbers["fee"], currency), "currency": currency},
                "advance_rate": numbers["advance_rate"],
                "penalty_rate_pa": numbers["penalty_rate_pa"],
                "conditions": [line.strip() for line in fields.get("conditions", "").splitlines() if line.strip()],
            }
        )
        LoanTerms.from_wire(terms.to_wire())
    except (OpenSCFError, ValidationError) as error:
        raise TermsRefused({"principal": str(error)}) from error
    return terms


def _check_limits(
    numbers: Mapping[str, Decimal], technique: TechniqueSection, asked: Asked, errors: dict[str, str]
) -> None:
    principal, currency = numbers["principal"], asked.requested.currency
    carried = round_money(asked.carried * numbers["advance_rate"] / 100, currency)
    most = min(asked.requested.amount, technique.max_amount, carried)
    if not technique.min_amount <= principal <= most:
        carries = "the documents carry" if technique.limit_months is None else "the company's collections carry"
        errors["principal"] = (
            f"Between {technique.min_amount} and {most} {currency}: at most what was requested, the bank's limit, "
            f"and {numbers['advance_rate']} % of what {carries}."
        )
    if not 0 <= numbers["rate_pa"] <= HIGHEST_RATE:
        errors["rate_pa"] = f"Between 0 and {HIGHEST_RATE} % a year."
    if not 0 <= numbers["penalty_rate_pa"] <= HIGHEST_RATE:
        errors["penalty_rate_pa"] = f"Between 0 and {HIGHEST_RATE} % a year."
    if not 0 <= numbers["fee"] < principal:
        errors["fee"] = "Between 0 and the principal."
    if not 0 < numbers["advance_rate"] <= technique.max_advance_rate:
        errors["advance_rate"] = f"Above 0 and at most {technique.max_advance_rate} %."


def _decimal(text: str, name: str, errors: dict[str, str]) -> Decimal:
    try:
        return to_decimal(text.strip())
    except OpenSCFError:
        errors[name] = f"{DECIMALS[name]}: write a number such as 1234.50."
        return Decimal(0)


def _tenor(text: str, technique: TechniqueSection, errors: dict[str, str]) -> int:
    days = int(text) if text.strip().isascii() and text.strip().isdigit() and len(text) < 6 else 0
    if not technique.min_tenor_days <= days <= technique.max_tenor_days:
        errors["tenor_days"] = f"Between {technique.min_tenor_days} and {technique.max_tenor_days} days."
    return days
