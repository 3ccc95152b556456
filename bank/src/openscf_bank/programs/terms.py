"""On which terms a bank takes a program on: by its profile, or as an officer changed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.programs import BuyBack, KybKind, ProgramRequest, ProgramTerms

from ..kit.problems import ProblemError
from .models import Program
from .section import ProgramSection


@dataclass(frozen=True)
class Granted:
    """What the bank gives: the program's limit, the most for one member, the price, and until when."""

    anchor_limit: Decimal
    member_limit: Decimal
    terms: ProgramTerms
    valid_until: date


def check_request(request: ProgramRequest, offered: ProgramSection | None) -> ProgramSection:
    """What the bank offers in programs of the kind; ProblemError `validation-failed` for what it does not."""
    if offered is None:
        raise _refused("/kind", "This bank offers no program of that kind. Its discovery document says which it does.")
    for pointer, sentence in _mistakes(request, offered):
        raise _refused(pointer, sentence)
    return offered


def documents_asked(request: ProgramRequest, offered: ProgramSection) -> list[KybKind]:
    """What every member has to bring: what the bank asks for, and what the anchor does beside."""
    return list(dict.fromkeys((*offered.documents, *request.documents)))


def standing_terms(program: Program, offered: ProgramSection, today: date) -> Granted:
    """What the profile gives a program: what was asked, within the bank's limits, at its price."""
    asked = program.requested_member_limit or offered.max_member_limit
    return Granted(
        anchor_limit=program.requested_limit,
        member_limit=min(asked, offered.max_member_limit, program.requested_limit),
        terms=ProgramTerms(
            rate_pa=offered.rate_pa,
            fee_percent=offered.fee_percent,
            day_count=offered.day_count,
            min_days=offered.min_days,
            max_tenor_days=program.requested_tenor_days,
            recourse=offered.recourse,
            conditions=(*offered.conditions, *_of_this_program(program)),
        ),
        valid_until=today + timedelta(days=offered.valid_days),
    )


def check_granted(granted: Granted, program: Program, offered: ProgramSection, today: date) -> None:
    """Refuse what an officer may not give; the pointers are the form's fields."""
    if not 0 < granted.anchor_limit <= offered.max_anchor_limit:
        raise _refused("/anchor_limit", f"Above 0 and at most {offered.max_anchor_limit} {program.currency}.")
    most = min(granted.anchor_limit, offered.max_member_limit)
    if not 0 < granted.member_limit <= most:
        raise _refused("/member_limit", f"Above 0 and at most {most} {program.currency}.")
    if not 0 <= granted.terms.rate_pa <= 50:
        raise _refused("/rate_pa", "Between 0 and 50 % a year.")
    if not 0 <= granted.terms.fee_percent <= 10:
        raise _refused("/fee_percent", "Between 0 and 10 %.")
    if not granted.terms.min_days < granted.terms.max_tenor_days <= offered.max_tenor_days:
        sentence = f"More than {granted.terms.min_days} and at most {offered.max_tenor_days} days."
        raise _refused("/max_tenor_days", sentence)
    if granted.valid_until <= today:
        raise _refused("/valid_until", "A day after today.")


def _mistakes(request: ProgramRequest, offered: ProgramSection) -> Iterator[tuple[str, str]]:
    if request.currency not in offered.currencies:
        yield "/currency", f"This bank offers such programs in {', '.join(offered.currencies)}."
    for name, limit in (("requested_limit", request.requested_limit), ("member_limit", request.member_limit)):
        if limit is not None and limit.currency != request.currency:
            yield f"/{name}/currency", f"The program's currency is {request.currency}."
    if request.requested_limit.amount > offered.max_anchor_limit:
        yield "/requested_limit", f"This bank gives at most {offered.max_anchor_limit} {request.currency}."
    if request.member_limit is not None and request.member_limit.amount > request.requested_limit.amount:
        yield "/member_limit", "One member cannot have more than the whole program."
    if not offered.min_days < request.max_tenor_days <= offered.max_tenor_days:
        yield "/max_tenor_days", f"More than {offered.min_days} and at most {offered.max_tenor_days} days."
    if request.kind != "distributor_finance":
        for name, value in (("buy_back", request.buy_back), ("stock_control", request.stock_control)):
            if value:
                yield f"/{name}", "Goods are bought back or controlled in distributor finance only."


def _of_this_program(program: Program) -> Iterator[str]:
    if program.buy_back is not None:
        promise = BuyBack.model_validate(program.buy_back)
        yield (
            f"Where a distributor is more than {promise.after_days_past_due} days past due, the anchor buys the goods "
            f"back at {promise.percent} % of what is owed."
        )
    if program.stock_control:
        yield "The goods stay in stock under the anchor's control until what was lent on them is repaid."


def _refused(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
