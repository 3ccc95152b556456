"""All rules on one document: may it be financed, for how much, for how long, at what indicative cost?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from openscf.loan import LoanTerms, OfferCost, offer_cost
from openscf.money import round_money

from .already_financed import check_already_financed
from .bank_limits import Quote, check_banks, quote
from .buyer import check_buyer
from .company_setup import check_accounts, check_collection_account, check_tax_id
from .document_state import check_document_state
from .facts import DocumentFacts
from .findings import Finding
from .overdue import check_overdue
from .statable import UNSTATABLE, check_currency, check_history, check_names

# In this order: the first refusal is the headline.
RULES = (
    check_document_state,
    check_buyer,
    check_currency,
    check_names,
    check_already_financed,
    check_overdue,
    check_tax_id,
    check_accounts,
    check_collection_account,
    check_banks,
    check_history,
)


@dataclass(frozen=True, slots=True)
class Indication:
    """What the cheapest quoting bank publishes, as cost of the eligible amount. Not an offer."""

    bank_name: str
    cost: OfferCost


@dataclass(frozen=True, slots=True)
class Assessment:
    """Result of the rules. `eligible_amount` is zero where a finding stops."""

    facts: DocumentFacts
    findings: tuple[Finding, ...]
    quotes: tuple[Quote, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "stop")

    @property
    def is_eligible(self) -> bool:
        return not self.stops

    @property
    def unstatable(self) -> tuple[Finding, ...]:
        """What may keep evidence on the document from being written at all."""
        return tuple(finding for finding in self.findings if finding.code in UNSTATABLE)

    @property
    def best(self) -> Quote | None:
        return max(self.quotes, key=lambda item: item.amount, default=None) if self.is_eligible else None

    @property
    def eligible_amount(self) -> Decimal:
        return self.best.amount if self.best else Decimal(0)

    @property
    def tenor_days(self) -> int:
        """Days until the buyer is expected to pay, not less than what the quoting banks lend for."""
        return max([self.facts.days_to_payment, *(item.bank.min_tenor_days for item in self.quotes)], default=0)

    def banks_for(self, amount: Decimal, tenor_days: int) -> tuple[Quote, ...]:
        """Quoting banks whose published limits take a loan of `amount` for `tenor_days`."""
        return tuple(
            item
            for item in self.quotes
            if item.bank.min_amount <= amount <= item.bank.max_amount
            and item.bank.min_tenor_days <= tenor_days <= item.bank.max_tenor_days
        )

    def indication(self) -> Indication | None:
        """Indicative cost at the cheapest of the banks that take the eligible amount and publish a rate."""
        banks = [
            item.bank for item in self.banks_for(self.eligible_amount, self.tenor_days) if item.bank.rate_pa is not None
        ]
        if not self.best or not banks:
            return None
        costs = [Indication(bank.name, indicative_cost(self, bank)) for bank in banks]
        return min(costs, key=lambda item: item.cost.total_cost)


def indicative_cost(assessment: Assessment, bank) -> OfferCost:
    """Cost of the eligible amount as a bullet loan over the tenor, at the rate and fee that `bank` publishes."""
    principal, currency = assessment.eligible_amount, assessment.facts.currency
    terms = LoanTerms(
        principal=principal,
        currency=currency,
        rate_pa=bank.rate_pa,
        day_count="ACT/360",
        repayment="bullet",
        tenor_days=assessment.tenor_days,
        fee=round_money(principal * bank.fee_percent / 100, currency),
    )
    return offer_cost(terms, assessment.facts.today)


def assess(facts: DocumentFacts, env) -> Assessment:
    """Run every rule on `facts`; `env` gives the reader's language and nothing else."""
    findings = tuple(finding for rule in RULES if (finding := rule(facts, env)) is not None)
    answers = (quote(facts, bank) for bank in facts.banks)
    return Assessment(facts, findings, tuple(answer for answer in answers if isinstance(answer, Quote)))
