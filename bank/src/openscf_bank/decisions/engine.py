"""The decision engine: rules in, verdict out. Pure: what it looks at is passed in, what it found comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from openscf import wire
from openscf.package import Sections, UnmadeFile

from ..packages.asked import not_made
from ..profile import LIGHT_FIGURES, CheckName, Profile, Rule, TechniqueSection
from .figures import LABELS, carried, figures
from .pricing import Asked, Price, price

Verdict = Literal["offer", "refer", "decline"]
_RECOURSE = {True: "with", False: "without"}


@dataclass(frozen=True)
class Request:
    """What was asked."""

    technique: str
    requested: wire.Money
    tenor_days: int
    repayment: str
    recourse: bool | None = None


@dataclass(frozen=True)
class RuleResult:
    """One rule with its figure, its limit and what came of it. `message` speaks where the rule does not hold."""

    code: str
    label: str
    figure: str
    limit: str
    outcome: Literal["pass", "refer", "decline"]
    reason: str
    message: str


@dataclass(frozen=True)
class Evaluation:
    """The verdict, every rule it rests on, and the price (None where the technique is not on offer)."""

    verdict: Verdict
    results: tuple[RuleResult, ...]
    price: Price | None

    def first_refusal(self) -> RuleResult:
        """The rule that declined."""
        return next(result for result in self.results if result.outcome == "decline")

    def results_as_json(self) -> list[dict[str, Any]]:
        """For the stored decision."""
        return [asdict(result) for result in self.results]


def evaluate(profile: Profile, request: Request, sections: Sections, today: date) -> Evaluation:
    """Judge a package that was verified. Every rule is looked at, also after one declined."""
    known = figures(sections, today)
    technique = profile.technique(request.technique)
    offered = _result(
        "technique",
        "Technique on offer",
        request.technique.replace("_", " "),
        ", ".join(one.code.replace("_", " ") for one in profile.techniques),
        technique is not None,
        "This bank does not offer the technique.",
    )
    if technique is None:
        return Evaluation("decline", (offered,), None)
    results = [offered, *_limits(technique, request), *_files(technique, sections)]
    results += [_judge(rule, "decline", known) for rule in profile.rules.knock_out if _applies(rule, technique)]
    results += [_judge(rule, "refer", known) for rule in profile.rules.refer if _applies(rule, technique)]
    offer = None
    if request.requested.currency in profile.pricing.fee_minimum:
        asked = Asked(
            requested=request.requested,
            tenor_days=request.tenor_days,
            repayment=request.repayment,
            recourse=request.recourse,
            carried=carried(sections, technique.limit_months),
        )
        offer = price(profile, technique, asked, known)
        results.append(_enough_left(technique, offer))
    outcomes = {result.outcome for result in results}
    verdict: Verdict = "decline" if "decline" in outcomes else "refer" if "refer" in outcomes else "offer"
    return Evaluation(verdict, tuple(results), offer)


def _limits(technique: TechniqueSection, request: Request) -> Iterator[RuleResult]:
    amount, currency = request.requested.amount, request.requested.currency
    yield _result(
        "currency",
        "Currency",
        currency,
        ", ".join(technique.currencies),
        currency in technique.currencies,
        f"This bank does not lend in {currency}.",
    )
    yield _result(
        "amount",
        "Requested amount",
        f"{amount} {currency}",
        f"{technique.min_amount} to {technique.max_amount}",
        technique.min_amount <= amount <= technique.max_amount,
        f"The amount must be between {technique.min_amount} and {technique.max_amount} {currency}.",
    )
    yield _result(
        "tenor",
        "Tenor",
        f"{request.tenor_days} days",
        f"{technique.min_tenor_days} to {technique.max_tenor_days} days",
        technique.min_tenor_days <= request.tenor_days <= technique.max_tenor_days,
        f"The tenor must be between {technique.min_tenor_days} and {technique.max_tenor_days} days.",
    )
    yield _result(
        "repayment",
        "Repayment",
        request.repayment,
        ", ".join(technique.repayment),
        request.repayment in technique.repayment,
        f"This bank offers {' or '.join(technique.repayment)} repayment only.",
    )
    if request.recourse is not None:
        yield _result(
            "recourse",
            "Recourse",
            _RECOURSE[request.recourse],
            "with or without" if technique.recourse == "both" else technique.recourse,
            technique.with_recourse(request.recourse) == request.recourse,
            f"This bank does not lend {_RECOURSE[request.recourse]} recourse here.",
        )


def _files(technique: TechniqueSection, sections: Sections) -> Iterator[RuleResult]:
    """A file that the bank asks for and that the applicant could not make: a person looks at what the file would say.

    Whatever the profile's rules are, such an application is never approved by the engine alone.
    """
    if not technique.embedded:
        return
    unmade = not_made(sections, technique)
    yield RuleResult(
        code="asked_files",
        label="Files that the bank asks for",
        figure=f"{len(unmade)} could not be made" if unmade else "all there",
        limit="all there",
        outcome="refer" if unmade else "pass",
        reason="DOC_IRREGULARITIES",
        # The reason itself is the applicant's word, among the package's findings: those go when its consent ends.
        message=f"The applicant could not make {_listed(unmade)}; the package's findings say why." if unmade else "",
    )


def _listed(files: Sequence[UnmadeFile]) -> str:
    return ", ".join(f"{file.kind} for {file.document}" for file in files)


def _enough_left(technique: TechniqueSection, offer: Price) -> RuleResult:
    principal, fee = offer.terms.principal, offer.terms.fee
    what = "documents carry" if technique.limit_months is None else "collections carry"
    return _result(
        "advance",
        f"Advance on what the {what}",
        str(principal),
        f"at least {technique.min_amount}, at most {offer.terms.advance_rate} % ({offer.principal_limit})",
        principal.amount >= technique.min_amount and principal.amount > fee.amount,
        f"The {what} an advance of {principal} only, below the bank's minimum.",
    )


def _result(code: str, label: str, figure: str, limit: str, holds: bool, message: str) -> RuleResult:
    return RuleResult(code, label, figure, limit, "pass" if holds else "decline", "OTHERS", "" if holds else message)


def _applies(rule: Rule, technique: TechniqueSection) -> bool:
    return rule.techniques is None or technique.code in rule.techniques


def _judge(rule: Rule, otherwise: Literal["refer", "decline"], known: dict[CheckName, Decimal | None]) -> RuleResult:
    label, unit = LABELS[rule.check]
    figure = known[rule.check]
    maximum = rule.maximum if rule.worst is None else LIGHT_FIGURES[rule.worst]
    if figure is None:
        holds = rule.missing == "pass"
    elif rule.minimum is not None:
        holds = figure >= rule.minimum
    else:
        holds = maximum is not None and figure <= maximum
    return RuleResult(
        code=rule.check,
        label=label,
        figure=_shown(rule, figure, unit),
        limit=_limit(rule, unit),
        outcome="pass" if holds else otherwise,
        reason=rule.reason,
        message="" if holds else rule.message,
    )


def _shown(rule: Rule, figure: Decimal | None, unit: str) -> str:
    if figure is None:
        return "not shown"
    if rule.worst is not None:
        return next(level for level, number in LIGHT_FIGURES.items() if number == figure)
    return f"{figure} {unit}".strip()


def _limit(rule: Rule, unit: str) -> str:
    if rule.worst is not None:
        return f"at worst {rule.worst}"
    return (f"at least {rule.minimum}" if rule.minimum is not None else f"at most {rule.maximum}") + f" {unit}".rstrip()
