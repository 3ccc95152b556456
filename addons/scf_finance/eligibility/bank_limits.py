"""Which banks take the document, and how much each would advance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from .facts import BankTerms
from .findings import Finding, Fix
from .statable import iso_decimals


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that one bank would advance on the document. Amount in the document's currency."""

    bank: BankTerms
    amount: Decimal
    capped: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one bank's published terms leave the document out: "currency", "amount" or "tenor"."""

    bank: BankTerms
    reason: str


def quote(facts, bank: BankTerms) -> Quote | Refusal:
    """Open amount times the bank's advance rate, rounded down, within the bank's amounts and tenor."""
    places = iso_decimals(facts.currency)
    if facts.currency not in bank.currencies or places is None:
        return Refusal(bank, "currency")
    if facts.days_to_payment > bank.max_tenor_days:
        return Refusal(bank, "tenor")
    unit = Decimal(1).scaleb(-places)
    advance = (facts.open_amount * bank.advance_rate / 100).quantize(unit, rounding=ROUND_DOWN)
    if advance < bank.min_amount:
        return Refusal(bank, "amount")
    return Quote(bank, min(advance, bank.max_amount), advance > bank.max_amount)


def check_banks(facts, env):
    """Refuse when no connected bank's published terms cover the document; say which limit hinders."""
    if not facts.banks:
        return Finding(
            "no_bank",
            "stop",
            env._("No connected bank offers this kind of financing. Connect a bank first."),
            Fix.BANKS,
        )
    answers = [quote(facts, bank) for bank in facts.banks]
    quotes = [answer for answer in answers if isinstance(answer, Quote)]
    if not quotes:
        return _refusal(facts, {answer.reason for answer in answers}, env)
    if all(answer.capped for answer in quotes):
        return Finding("bank_limit", "warn", env._("The banks' upper limit is below what the document would carry."))
    return Finding(
        "banks_take_it",
        "ok",
        env._(
            "The document is within the limits of %(banks)s.", banks=", ".join(answer.bank.name for answer in quotes)
        ),
    )


def _refusal(facts, reasons, env):
    if reasons == {"currency"}:
        return Finding(
            "currency",
            "stop",
            env._("No connected bank finances documents in %(currency)s.", currency=facts.currency),
            Fix.BANKS,
        )
    in_currency = [bank for bank in facts.banks if facts.currency in bank.currencies]
    if "amount" in reasons:
        lowest = min(bank.min_amount for bank in in_currency)
        return Finding(
            "amount",
            "stop",
            env._(
                "The open amount of %(amount)s %(currency)s is too small: the banks lend from %(lowest)s %(currency)s.",
                amount=facts.open_amount,
                lowest=lowest,
                currency=facts.currency,
            ),
        )
    longest = max(bank.max_tenor_days for bank in in_currency)
    return Finding(
        "tenor",
        "stop",
        env._(
            "The buyer is expected to pay in %(days)s days; the banks lend for at most %(longest)s.",
            days=facts.days_to_payment,
            longest=longest,
        ),
    )
