"""What a section says about itself, in words: time, period, source, and how well it is founded."""

from __future__ import annotations

from typing import Final

from openscf._internal.sections import Assurance, Section
from openscf.pdf.wording import LONGEST_NAME, clipped, day, moment

_ASSURANCES: Final = {
    Assurance.ASSERTED: "as the applicant states it",
    Assurance.DOCUMENT: "as the applicant's documents show it",
    Assurance.COUNTERPARTY_CONFIRMED: "confirmed by the counterparty",
    Assurance.THIRD_PARTY_VERIFIED: "verified by a third party",
}


def origin(section: Section) -> str:
    """Return the sentence under a chapter's title."""
    period = f", from {day(section.period.from_)} to {day(section.period.to)}" if section.period else ""
    source = clipped(section.source, LONGEST_NAME)
    return f"As of {moment(section.as_of)}{period}; {_ASSURANCES[section.assurance]} (source: {source})."
