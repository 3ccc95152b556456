"""Which banks take documents together, and how much each would advance on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from openscf.money import decimals

from .facts import BankTerms, DocumentFacts
from .findings import Finding, Fix


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that one bank would advance on the documents together. Amount in their currency."""

    bank: BankTerms
    amount: Decimal
    capped: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one bank's published terms leave the documents out: "currency", "amount" or "tenor"."""

    bank: BankTerms
    reason: str


def advance(facts: DocumentFacts, bank: BankTerms) -> Decimal:
    """What the bank would lend on one document, whatever else it looks at: open amount times rate, rounded down.

    Of a line the open amount is what comes in within a month, and the bank lends on several.
    """
    unit = Decimal(1).scaleb(-decimals(facts.currency))
    carried = facts.open_amount * (bank.limit_months or 1)
    return (carried * bank.advance_rate / 100).quantize(unit, rounding=ROUND_DOWN)


def takes(facts: DocumentFacts, bank: BankTerms) -> bool:
    """Whether the bank lends in the document's currency and for as long as its payment is away."""
    return facts.currency in bank.currencies and facts.days_to_payment <= bank.max_tenor_days


def quote(documents: Sequence[DocumentFacts], bank: BankTerms) -> Quote | Refusal:
    """The sum of the advances, within the bank's amounts, where the last payment comes within its tenor."""
    if documents[0].currency not in bank.currencies:
        return Refusal(bank, "currency")
    if not all(takes(facts, bank) for facts in documents):
        return Refusal(bank, "tenor")
    amount = sum((advance(facts, bank) for facts in documents), Decimal(0))
    if amount < bank.min_amount:
        return Refusal(bank, "amount")
    return Quote(bank, min(amount, bank.max_amount), amount > bank.max_amount)


def check_tenor(facts, env):
    """Refuse a document whose payment is further away than any bank lends for."""
    in_currency = [bank for bank in facts.banks if facts.currency in bank.currencies]
    longest = max((bank.max_tenor_days for bank in in_currency), default=facts.days_to_payment)
    if facts.days_to_payment <= longest:
        return None
    return Finding(
        "tenor",
        "stop",
        env._(
            "The buyer is expected to pay in %(days)s days; the banks lend for at most %(longest)s.",
            days=facts.days_to_payment,
            longest=longest,
        ),
    )


def check_banks(documents: Sequence[DocumentFacts], answers: Sequence[Quote | Refusal], env):
    """Refuse when no connected bank's published terms cover the documents together; say which limit hinders.

    `answers` are the banks' on these documents.
    """
    if not answers:
        return Finding(
            "no_bank",
            "stop",
            env._("No connected bank offers this kind of financing. Connect a bank first."),
            Fix.BANKS,
        )
    quotes = [answer for answer in answers if isinstance(answer, Quote)]
    if not quotes:
        return _refusal(documents, answers, env)
    if all(answer.capped for answer in quotes):
        return Finding("bank_limit", "warn", env._("The banks' upper limit is below what the document would carry."))
    return Finding(
        "banks_take_it",
        "ok",
        env._(
            "The document is within the limits of %(banks)s.", banks=", ".join(answer.bank.name for answer in quotes)
        ),
    )


def _refusal(documents, refusals, env):
    currency = documents[0].currency
    too_small = [refusal.bank for refusal in refusals if refusal.reason == "amount"]
    if not too_small:
        return Finding(
            "currency",
            "stop",
            env._("No connected bank finances documents in %(currency)s.", currency=currency),
            Fix.BANKS,
        )
    return Finding(
        "amount",
        "stop",
        env._(
            "The open amount of %(amount)s %(currency)s is too small: the banks lend from %(lowest)s %(currency)s.",
            amount=sum((facts.open_amount for facts in documents), Decimal(0)),
            lowest=min(bank.min_amount for bank in too_small),
            currency=currency,
        ),
    )
