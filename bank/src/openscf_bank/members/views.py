"""Members as the protocol shows them."""

from __future__ import annotations

from decimal import Decimal

from openscf import programs as wire
from openscf.money import to_decimal

from ..programs.models import Program
from ..programs.views import money, name_of
from .models import Member


def rate_of(member: Member, program: Program) -> Decimal | None:
    """The rate (percent a year) at which a member is paid early: its own, or the program's."""
    if member.rate_pa is not None:
        return member.rate_pa
    return None if program.terms is None else to_decimal(program.terms["rate_pa"])


def as_wire(member: Member, program: Program) -> wire.Member:
    """One member; its limit and rate once it was approved."""
    approved = member.limit is not None
    return wire.Member(
        id=member.id,
        member_id=member.reference,
        status=wire.MemberStatus(member.status),
        revision=member.revision,
        limit=None if member.limit is None else money(member.limit, program.currency),
        used=money(member.used, program.currency),
        rate_pa=rate_of(member, program) if approved else None,
        valid_until=member.valid_until,
        message=member.message,
    )


def notice(member: Member, program: Program, reason: str | None) -> wire.MemberNotice:
    """What an event says about a member."""
    return wire.MemberNotice(member=as_wire(member, program), program=name_of(program), reason=reason)
