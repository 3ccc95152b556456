"""What an officer reads on the desk's page of an application, as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

OUTCOMES = ("Holds", "Officer", "Decline")


@dataclass(frozen=True)
class JudgedRule:
    """One rule of the bank with its figure, its limit and its outcome: one of OUTCOMES."""

    label: str
    figure: str
    limit: str
    outcome: str


def rules(page: str) -> list[JudgedRule]:
    """The bank's rules as the page lists them: those that do not hold first."""
    rows = re.findall(
        r'<td data-label="Rule">(.*?)</td><td data-label="Figure">(.*?)</td><td data-label="Limit">(.*?)</td>\s*'
        r'<td data-label="Outcome"><span[^>]*>(\w+)</span>',
        page,
        re.DOTALL,
    )
    return [JudgedRule(*(text_of(cell) for cell in row)) for row in rows]


def is_verified(page: str) -> bool:
    """Whether the bank's own verification of the package found no error."""
    return bool(re.search(r'<span class="status good">Verified</span> <span class="mono', page))


def verification(page: str) -> list[str]:
    """What the bank checked and recomputed, or its findings where there are any: one sentence each."""
    card = re.search(r"<h2>Verification of the package</h2>(.*?)</section>", page, re.DOTALL)
    if card is None:
        return []
    findings = re.search(r'<ul class="findings">(.*?)</ul>', card.group(1), re.DOTALL)
    if findings:
        return [text_of(item) for item in re.findall(r"<li>(.*?)</li>", findings.group(1), re.DOTALL)]
    return [text_of(said) for said in re.findall(r'<p class="small">(.*?)</p>', card.group(1), re.DOTALL)]


def contradictions(page: str) -> list[str]:
    """The sentences of the evidence graph that name where order, delivery, invoice, tax and payment disagree."""
    return [
        text_of(item)
        for items in re.findall(r'<ul class="contradictions">(.*?)</ul>', page, re.DOTALL)
        for item in re.findall(r"<li>(.*?)</li>", items, re.DOTALL)
    ]


def closing_sentence(page: str) -> str | None:
    """Why the evidence is closed; None while it is open."""
    found = re.search(r"<strong>The evidence is closed\.</strong>(.*?) The package and its files", page, re.DOTALL)
    return text_of(found.group(1)) if found else None


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
