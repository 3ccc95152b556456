"""All rules on documents that are financed together: may they be, for how much, how long, at what indicative cost?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from openscf.loan import LoanTerms, OfferCost, offer_cost
from openscf.money import round_money

from .already_financed import check_already_financed
from .bank_limits import Quote, advance, check_banks, check_tenor, quote, takes
from .buyer import check_buyer
from .company_setup import check_accounts, check_collection_account, check_tax_id
from .document_state import check_document_state
from .facts import DISTRIBUTOR_FINANCE, INVENTORY_LOAN, REVOLVING_LINE, BankTerms, DocumentFacts
from .findings import Finding
from .goods import (
    check_goods_free,
    check_goods_names,
    check_goods_not_financed,
    check_goods_place,
    check_goods_state,
    check_goods_there,
    check_goods_value,
)
from .line import check_line_collections, check_line_free
from .overdue import check_overdue
from .purchase_state import check_bill_number, check_bill_overdue, check_purchase_state
from .resale_expected import check_goods_tracked, check_resale
from .statable import UNSTATABLE, check_currency, check_history, check_names, check_number
from .supplier import check_supplier, check_supplier_account, check_supplier_related

# In this order: the first refusal is the headline.
DOCUMENT_RULES = (
    check_document_state,
    check_buyer,
    check_currency,
    check_names,
    check_already_financed,
    check_overdue,
    check_tenor,
)
GOODS_RULES = (
    check_goods_state,
    check_goods_place,
    check_goods_there,
    check_currency,
    check_goods_names,
    check_goods_not_financed,
    check_goods_free,
    check_goods_value,
)
PURCHASE_RULES = (
    check_purchase_state,
    check_supplier,
    check_bill_number,
    check_currency,
    check_number,
    check_supplier_account,
    check_already_financed,
    check_supplier_related,
    check_bill_overdue,
    check_resale,
    check_goods_tracked,
)
LINE_RULES = (
    check_line_free,
    check_currency,
    check_line_collections,
)
# Where a technique has rules of its own; all others share DOCUMENT_RULES.
RULES_OF = {INVENTORY_LOAN: GOODS_RULES, DISTRIBUTOR_FINANCE: PURCHASE_RULES, REVOLVING_LINE: LINE_RULES}
COMPANY_RULES = (
    check_tax_id,
    check_accounts,
    check_collection_account,
    check_history,
)


@dataclass(frozen=True, slots=True)
class Indication:
    """What the cheapest quoting bank publishes, as cost of the eligible amount. Not an offer."""

    bank_name: str
    cost: OfferCost


def _stops(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.level == "stop")


@dataclass(frozen=True, slots=True)
class DocumentAssessment:
    """What the rules say of one document by itself. Amounts in its currency."""

    facts: DocumentFacts
    findings: tuple[Finding, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        return _stops(self.findings)

    @property
    def is_financeable(self) -> bool:
        return not self.stops

    @property
    def eligible_amount(self) -> Decimal:
        """The most that a bank which takes the document would add for it to a loan; the bank's amounts aside."""
        if not self.is_financeable:
            return Decimal(0)
        return max(
            (advance(self.facts, bank) for bank in self.facts.banks if takes(self.facts, bank)), default=Decimal(0)
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """Result of the rules on one or more documents of one company, kind and currency, in their order.

    `together` are the findings on the company and its banks. What can't be financed adds nothing to the amounts.
    """

    documents: tuple[DocumentAssessment, ...]
    together: tuple[Finding, ...]
    quotes: tuple[Quote, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings; where there are several documents, those on one of them name it."""
        return tuple(finding for document in self.documents for finding in self._named(document)) + self.together

    def _named(self, document: DocumentAssessment) -> tuple[Finding, ...]:
        name = document.facts.name
        if len(self.documents) == 1:
            return document.findings
        return tuple(
            finding if name in finding.sentence else replace(finding, sentence=f"{name}: {finding.sentence}")
            for finding in document.findings
        )

    @property
    def stops(self) -> tuple[Finding, ...]:
        return _stops(self.findings)

    @property
    def is_eligible(self) -> bool:
        return not self.stops

    @property
    def unstatable(self) -> tuple[Finding, ...]:
        """What may keep evidence on the document from being written at all."""
        return tuple(finding for finding in self.findings if finding.code in UNSTATABLE)

    @property
    def technique(self) -> str:
        return self.documents[0].facts.technique

    @property
    def currency(self) -> str:
        return self.documents[0].facts.currency

    @property
    def today(self) -> date:
        return self.documents[0].facts.today

    @property
    def open_amount(self) -> Decimal:
        return sum((document.facts.open_amount for document in self.documents), Decimal(0))

    @property
    def best(self) -> Quote | None:
        return max(self.quotes, key=lambda item: item.amount, default=None)

    @property
    def eligible_amount(self) -> Decimal:
        return self.best.amount if self.best else Decimal(0)

    @property
    def tenor_days(self) -> int:
        """Days until the last buyer is expected to pay, not less than what the quoting banks lend for."""
        counted = [item for item in self.documents if item.is_financeable] or self.documents
        return max(
            *(item.facts.days_to_payment for item in counted),
            *(item.bank.min_tenor_days for item in self.quotes),
            0,
        )

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
        costs = [
            Indication(
                bank.name, indicative_cost(bank, self.eligible_amount, self.currency, self.tenor_days, self.today)
            )
            for bank in banks
        ]
        return min(costs, key=lambda item: item.cost.total_cost)


def indicative_cost(bank: BankTerms, principal: Decimal, currency: str, tenor_days: int, today: date) -> OfferCost:
    """Cost of a bullet loan from `today`, at the rate and fee that `bank` publishes."""
    terms = LoanTerms(
        principal=principal,
        currency=currency,
        rate_pa=bank.rate_pa,
        day_count="ACT/360",
        repayment="bullet",
        tenor_days=tenor_days,
        fee=round_money(principal * bank.fee_percent / 100, currency),
    )
    return offer_cost(terms, today)


def assess(documents: Sequence[DocumentFacts], env) -> Assessment:
    """Run every rule on one or more documents of one company, kind and currency.

    Rules look at each document, the banks at all that can be financed together: advance rate per document, amounts on
    the sum, tenor to the last expected payment. `env` gives the reader's language and nothing else.
    """
    assessed = tuple(
        DocumentAssessment(facts, _findings(RULES_OF.get(facts.technique, DOCUMENT_RULES), facts, env))
        for facts in documents
    )
    together = _findings(COMPANY_RULES, documents[0], env)
    financeable = [item.facts for item in assessed if item.is_financeable]
    if not financeable:
        return Assessment(assessed, together, ())
    answers = [quote(financeable, bank) for bank in financeable[0].banks]
    together += (check_banks(financeable, answers, env),)
    quotes = () if _stops(together) else tuple(answer for answer in answers if isinstance(answer, Quote))
    return Assessment(assessed, together, quotes)


def _findings(rules, facts: DocumentFacts, env) -> tuple[Finding, ...]:
    return tuple(finding for rule in rules if (finding := rule(facts, env)) is not None)
