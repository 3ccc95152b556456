"""Programs as the protocol shows them."""

from __future__ import annotations

from decimal import Decimal

from openscf import programs as wire
from openscf.money import Money, round_money

from .models import Program


def money(amount: Decimal, currency: str) -> Money:
    """An amount of a profile, a form or a table, with the decimals of its currency."""
    return Money(amount=round_money(amount, currency), currency=currency)


def as_wire(program: Program) -> wire.Program:
    """One program."""
    return wire.Program(
        id=program.id,
        program_id=program.reference,
        kind=program.kind,
        name=program.name,
        currency=program.currency,
        status=wire.ProgramStatus(program.status),
        anchor_limit=None if program.anchor_limit is None else money(program.anchor_limit, program.currency),
        member_limit=None if program.member_limit is None else money(program.member_limit, program.currency),
        used=money(program.used, program.currency),
        terms=None if program.terms is None else wire.ProgramTerms.model_validate(program.terms),
        documents=tuple(program.documents),
        valid_until=program.valid_until,
        message=program.message,
    )


def name_of(program: Program) -> wire.ProgramName:
    """The few words in which the events about members and payables name a program."""
    return wire.ProgramName(id=program.id, program_id=program.reference, name=program.name)
