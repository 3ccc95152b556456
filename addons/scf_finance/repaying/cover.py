"""What the documents of a running loan still carry at its advance rate, and which others could take a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from openscf.money import decimals

from ..eligibility.enough import Candidate, Mix, cheapest_mix
from ..eligibility.facts import DocumentFacts


@dataclass(frozen=True, slots=True)
class Gap:
    """The principal of a loan beside what its documents carry. Amounts in the loan's currency."""

    principal: Decimal
    carried: Decimal

    @property
    def missing(self) -> Decimal:
        """What nothing carries: 0 where the documents carry the principal."""
        return max(self.principal - self.carried, Decimal(0))


def carries(facts: DocumentFacts, advance_rate: Decimal) -> Decimal:
    """What a document carries of a loan: what is open on it times the rate (in percent), rounded down."""
    unit = Decimal(1).scaleb(-decimals(facts.currency))
    return (facts.open_amount * advance_rate / 100).quantize(unit, rounding=ROUND_DOWN)


def carried(documents: Iterable[DocumentFacts], advance_rate: Decimal) -> Decimal:
    """What documents carry together."""
    return sum((carries(facts, advance_rate) for facts in documents), Decimal(0))


def replacement(
    documents: dict[int, DocumentFacts], missing: Decimal, advance_rate: Decimal, today: date
) -> Mix | None:
    """The documents that carry what is missing and are paid first, the fewest of them.

    :param documents: what can be financed, by id
    :param missing: in the documents' currency
    :return: None where nothing is missing, or all together do not carry it
    """
    if missing <= 0:
        return None
    candidates = [
        Candidate(document_id, carries(facts, advance_rate), facts.expected_payment or facts.today)
        for document_id, facts in documents.items()
    ]
    return cheapest_mix(candidates, missing, not_before=today)
