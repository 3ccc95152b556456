"""Which limit a member gets by the rules, with the reasons that add up to it, and when an officer has to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.programs import LimitReason, ResultStatus
from openscf.wire import Party
from sqlalchemy.orm import Session
from stdnum import get_cc_module

from ..prequalification import repository as prequalification
from ..profile import Profile
from ..programs.models import Program
from .models import Member


@dataclass(frozen=True)
class Proposal:
    """A limit by the rules, None where they find none; `concern` is why an officer has to decide, if one has to."""

    limit: Decimal | None
    reasons: tuple[LimitReason, ...]
    valid_until: date
    concern: str | None


def propose(session: Session, profile: Profile, program: Program, member: Member, today: date) -> Proposal:
    """The limit of the member's latest prequalification, within the program's for one member."""
    standing = today + timedelta(days=profile.members.valid_days)
    result = (
        None if member.member_ref is None else prequalification.latest_result(session, program.id, member.member_ref)
    )
    if result is None:
        return _without_history(profile, program, member, standing)
    if result.valid_until is not None and result.valid_until < today:
        return Proposal(None, (), standing, f"Its prequalification stood until {result.valid_until}.")
    if result.status == ResultStatus.DECLINED.value:
        return Proposal(None, (), standing, "Its prequalification was declined.")
    reasons = tuple(LimitReason.model_validate(reason) for reason in result.reasons)
    limit, reasons = _within(program, result.limit, reasons)
    referred = result.status == ResultStatus.REFERRED.value
    concern = "Its prequalification was left to an officer." if referred else _concern(profile, member, limit)
    return Proposal(limit, reasons, result.valid_until or standing, concern)


def set_by_officer(
    limit: Decimal, proposed: Sequence[LimitReason], officer: str, message: str | None
) -> tuple[LimitReason, ...]:
    """The reasons of a limit that an officer gave: the rules' own, and the step from there to the officer's."""
    difference = limit - sum((reason.effect for reason in proposed), Decimal(0))
    if difference == 0:
        return tuple(proposed)
    sentence = message or f"Decided by {officer}."
    return (*proposed, LimitReason(code="officer", effect=difference, message=sentence))


def tax_id_concern(party: Party) -> str | None:
    """What is wrong with a tax id by the rules of its country; None where it fits, or no rule is known."""
    module = None if party.country is None else get_cc_module(party.country.lower(), "vat")
    if module is None or module.is_valid(party.tax_id):
        return None
    return f"The check digits of the tax id {party.tax_id} do not fit those of {party.country}."


def _without_history(profile: Profile, program: Program, member: Member, standing: date) -> Proposal:
    limit = profile.members.limit_without_history
    if limit is None:
        return Proposal(None, (), standing, "It was not prequalified.")
    start = LimitReason(code="without_history", effect=limit, message="What a member gets that was not prequalified.")
    limit, reasons = _within(program, limit, (start,))
    return Proposal(limit, reasons, standing, _concern(profile, member, limit))


def _within(
    program: Program, limit: Decimal, reasons: tuple[LimitReason, ...]
) -> tuple[Decimal, tuple[LimitReason, ...]]:
    most = program.member_limit
    if most is None or limit <= most:
        return limit, reasons
    cap = LimitReason(
        code="member_cap",
        figure=limit,
        threshold=most,
        effect=most - limit,
        message="The most for one member of this program.",
    )
    return most, (*reasons, cap)


def _concern(profile: Profile, member: Member, limit: Decimal) -> str | None:
    bound = profile.members.automatic_up_to
    if bound is None or limit > bound:
        return f"An officer decides {'every limit' if bound is None else f'above {bound}'}."
    return tax_id_concern(Party.model_validate(member.content["party"]))
