"""What an anchor owes, and is about to owe, for what its suppliers were paid early."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from openscf.payables import PayableStatus
from openscf.programs import ProgramKind
from sqlalchemy.orm import Session

from ..members.models import Member
from ..programs.models import Program
from . import repository
from .models import Payable
from .repository import OWED, RESERVED

PAYABLES_FINANCE: ProgramKind = "payables_finance"


@dataclass
class Sums:
    """Open amounts in one currency: what is owed, the part of it that is overdue, and what is about to be paid."""

    owed: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    next_due: date | None = None

    def add(self, payable: Payable) -> None:
        """Count one payable; they come by due date."""
        if payable.status in RESERVED:
            self.reserved += payable.open_amount
            return
        self.owed += payable.open_amount
        if payable.status == PayableStatus.OVERDUE.value:
            self.overdue += payable.open_amount
        self.next_due = self.next_due or payable.due_date


@dataclass
class Exposure:
    """One program of an anchor: all of it, and by member."""

    program: Program
    total: Sums = field(default_factory=Sums)
    members: dict[str, tuple[Member, Sums]] = field(default_factory=dict)


def of_anchor(session: Session, client_id: str) -> list[Exposure]:
    """The anchor's programs for payables, with what is open in each."""
    query = sa.select(Program).where(Program.client_id == client_id, Program.kind == PAYABLES_FINANCE)
    return [_of_program(session, program) for program in session.scalars(query.order_by(Program.received_at))]


def _of_program(session: Session, program: Program) -> Exposure:
    exposure = Exposure(program)
    for member, payable in repository.amounts(session, program.id, (*RESERVED, *OWED)):
        exposure.total.add(payable)
        exposure.members.setdefault(member.id, (member, Sums()))[1].add(payable)
    return exposure
