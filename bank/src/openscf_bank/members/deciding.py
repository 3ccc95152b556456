"""What becomes of a member: approved, asked for more, declined, limited anew, suspended; by the rules or an officer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.programs import LimitReason, MemberStatus, ProgramStatus
from openscf.wire import EventType

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..programs.caps import supplier_cap
from ..programs.service import BY_RULES
from . import kyb, repository
from .limits import propose, set_by_officer
from .models import Member
from .standing import Standing, locked

PENDING = (MemberStatus.RECEIVED, MemberStatus.ACTION_REQUIRED)

# What an officer may do with a member, by its status.
NEXT = {
    MemberStatus.RECEIVED: ("approve", "ask", "decline"),
    MemberStatus.ACTION_REQUIRED: ("approve", "decline"),
    MemberStatus.APPROVED: ("change", "suspend"),
    MemberStatus.SUSPENDED: ("resume", "change"),
    MemberStatus.DECLINED: (),
    MemberStatus.LEFT: (),
}


@dataclass(frozen=True)
class Given:
    """What an officer gives a member: limit, until when, and a rate of its own where it is not the program's."""

    limit: Decimal
    valid_until: date
    rate_pa: Decimal | None


def decide(uow: UnitOfWork, standing: Standing) -> None:
    """Look at a member that came, by the rules: ask for what is missing, approve, or leave it to an officer."""
    missing = _missing(uow, standing)
    if missing:
        standing.move(uow, MemberStatus.ACTION_REQUIRED, EventType.MEMBER_ACTION_REQUIRED, missing)
        return
    member, program = standing.member, standing.program
    proposal = propose(uow.session, uow.gateway.profile, program, member, uow.now.date())
    concern = proposal.concern if program.status == ProgramStatus.ACTIVE.value else f"The program is {program.status}."
    if concern is not None or proposal.limit is None:
        standing.wait_for_officer(uow, concern or "The rules find no limit.")
        return
    _limit(uow, standing, Given(proposal.limit, proposal.valid_until, None), proposal.reasons, BY_RULES)
    standing.move(uow, MemberStatus.APPROVED, EventType.MEMBER_APPROVED, None)


def review(uow: UnitOfWork, member_id: str) -> None:
    """Look at the limit of a member again by its latest prequalification: a new limit, or an officer has to look.

    The rules change no limit that an officer gave.
    """
    standing = locked(uow, member_id)
    member = standing.member
    if MemberStatus(member.status) not in (MemberStatus.APPROVED, MemberStatus.SUSPENDED):
        return
    proposal = propose(uow.session, uow.gateway.profile, standing.program, member, uow.now.date())
    if proposal.concern is not None or proposal.limit is None:
        standing.wait_for_officer(uow, f"The new prequalification: {proposal.concern or 'no limit.'}")
    elif member.decided_by != BY_RULES:
        standing.wait_for_officer(uow, f"The new prequalification says {proposal.limit}; an officer gave the limit.")
    else:
        changed = (member.limit, member.valid_until) != (proposal.limit, proposal.valid_until)
        _limit(uow, standing, Given(proposal.limit, proposal.valid_until, None), proposal.reasons, BY_RULES)
        standing.stop_waiting()
        if changed:
            standing.tell(uow, EventType.MEMBER_CHANGED)


# --- an officer's word ---------------------------------------------------------------------------------------------


def approve(uow: UnitOfWork, member_id: str, given: Given, officer: str, message: str | None) -> Member:
    """Take a member in; its limit is the officer's."""
    standing = locked(uow, member_id)
    standing.require(*PENDING)
    if standing.program.status != ProgramStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The program is {standing.program.status}; nobody is taken into it.")
    _give(uow, standing, given, officer, message)
    standing.move(uow, MemberStatus.APPROVED, EventType.MEMBER_APPROVED, message)
    return standing.member


def change(uow: UnitOfWork, member_id: str, given: Given, officer: str, reason: str) -> Member:
    """Give a member another limit, rate or time. What is confirmed or paid keeps its terms."""
    standing = locked(uow, member_id)
    standing.require(MemberStatus.APPROVED, MemberStatus.SUSPENDED)
    _give(uow, standing, given, officer, reason)
    standing.stop_waiting()
    standing.tell(uow, EventType.MEMBER_CHANGED, reason)
    return standing.member


def ask(uow: UnitOfWork, member_id: str, message: str) -> Member:
    """Ask for more; a higher revision answers."""
    standing = locked(uow, member_id)
    standing.require(MemberStatus.RECEIVED)
    standing.move(uow, MemberStatus.ACTION_REQUIRED, EventType.MEMBER_ACTION_REQUIRED, message)
    return standing.member


def decline(uow: UnitOfWork, member_id: str, officer: str, reason: str) -> Member:
    """Do not take a member in; what it sent is erased."""
    standing = locked(uow, member_id)
    standing.require(*PENDING)
    standing.member.decided_by = officer
    end(uow, standing, MemberStatus.DECLINED, EventType.MEMBER_DECLINED, reason)
    return standing.member


def suspend(uow: UnitOfWork, member_id: str, reason: str) -> Member:
    """Pay a member nothing new until it is resumed."""
    standing = locked(uow, member_id)
    standing.require(MemberStatus.APPROVED)
    standing.move(uow, MemberStatus.SUSPENDED, EventType.MEMBER_SUSPENDED, reason)
    return standing.member


def resume(uow: UnitOfWork, member_id: str, reason: str) -> Member:
    """Let a suspended member go on, with the limit that it has."""
    standing = locked(uow, member_id)
    standing.require(MemberStatus.SUSPENDED)
    standing.move(uow, MemberStatus.APPROVED, EventType.MEMBER_APPROVED, reason)
    return standing.member


def cap_company(uow: UnitOfWork, member_id: str, cap: Decimal) -> Member:
    """Give the member's company another limit over all programs in this currency; no anchor is told."""
    standing = locked(uow, member_id)
    if cap < 0:
        raise _refused("/cap", "0 or more.")
    supplier_cap(uow, standing.member.tax_key, standing.program).cap = cap
    return standing.member


# --- the end of a membership ---------------------------------------------------------------------------------------


def end(uow: UnitOfWork, standing: Standing, status: MemberStatus, event: EventType, reason: str) -> None:
    """End a membership: documents are erased, nothing but names and digests is left of what was sent."""
    kyb.erase(uow, standing.member)
    kyb.reduce(standing.member)
    standing.member.decided_at = uow.now
    standing.move(uow, status, event, reason)


def end_consent(uow: UnitOfWork, member_id: str) -> None:
    """The consent is over: its documents are erased, and what was not decided by then is declined."""
    standing = locked(uow, member_id)
    member = standing.member
    if member.consent_until >= uow.now.date():
        return
    if MemberStatus(member.status) in PENDING:
        reason = f"The consent ended on {member.consent_until} before the bank decided. Join again with a new one."
        end(uow, standing, MemberStatus.DECLINED, EventType.MEMBER_DECLINED, reason)
    else:
        kyb.erase(uow, member)


def _missing(uow: UnitOfWork, standing: Standing) -> str | None:
    """A sentence about the documents that the program asks for and that are not there."""
    present = {one.kind for one in repository.documents_of(uow.session, standing.member.id)}
    missing = [kind for kind in standing.program.documents if kind not in present]
    return f"Please send: {', '.join(kind.replace('_', ' ') for kind in missing)}." if missing else None


def _give(uow: UnitOfWork, standing: Standing, given: Given, officer: str, message: str | None) -> None:
    member, program = standing.member, standing.program
    most = program.member_limit or Decimal(0)
    if not 0 < given.limit <= most:
        raise _refused("/limit", f"Above 0 and at most {most} {program.currency}, the program's limit for one member.")
    if given.rate_pa is not None and not 0 <= given.rate_pa <= 50:
        raise _refused("/rate_pa", "Between 0 and 50 % a year.")
    if given.valid_until <= uow.now.date():
        raise _refused("/valid_until", "A day after today.")
    proposal = propose(uow.session, uow.gateway.profile, program, member, uow.now.date())
    _limit(uow, standing, given, set_by_officer(given.limit, proposal.reasons, officer, message), officer)


def _limit(
    uow: UnitOfWork, standing: Standing, given: Given, reasons: tuple[LimitReason, ...], decided_by: str
) -> None:
    member = standing.member
    member.limit = given.limit
    member.reasons = [reason.to_wire() for reason in reasons]
    member.valid_until = given.valid_until
    member.rate_pa = given.rate_pa
    member.decided_by = decided_by
    member.decided_at = uow.now
    supplier_cap(uow, member.tax_key, standing.program)


def _refused(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
