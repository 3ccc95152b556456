"""The three limits of what is paid early or lent in a program, and what counts against them.

The anchor's limit is the program's, the member's that of the pair of anchor and member, the supplier's that of one
company over all programs at this bank in one currency, by its tax id. Whoever pays early or lends registers what
counts with `use`, and takes it back once it is settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa
from openscf.money import Money
from openscf.programs import MemberStatus, ProgramStatus
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..members.kyb import forget_account
from ..members.models import ENDED, Member
from .models import CapUse, Program, SupplierCap

Source = Literal["payable", "loan"]

_NAMES = {"anchor": "the program's limit", "member": "the member's limit"}
# Between the bank and the company: an anchor that reads a refusal learns no figure of it.
COMPANY_LIMIT_REACHED = "The bank's limit for this company is reached."


@dataclass(frozen=True)
class Free:
    """How much of each limit is left, in the program's currency. Below 0 where a limit was cut under what is used."""

    anchor: Decimal
    member: Decimal
    supplier: Decimal

    @property
    def most(self) -> Decimal:
        """What can be used at most."""
        return max(Decimal(0), min(self.anchor, self.member, self.supplier))

    def exceeded_by(self, amount: Decimal) -> dict[str, Decimal]:
        """By how much `amount` is above each of the program's limits that it is above, by the limit's name."""
        left = {"anchor": self.anchor, "member": self.member}
        return {name: amount - free for name, free in left.items() if amount > free}


def require_open(program: Program, member: Member, today: date) -> None:
    """Refuse anything new in a program, or for a member, that does not stand: a ProblemError `wrong-state`."""
    if program.status != ProgramStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The program is {program.status}; nothing new is paid in it.")
    if program.valid_until is not None and program.valid_until < today:
        raise ProblemError("wrong-state", f"The program's limit stood until {program.valid_until}. Ask the bank.")
    if member.status != MemberStatus.APPROVED.value:
        raise ProblemError("wrong-state", f"The member is {member.status}; nothing new is paid to it.")
    if member.valid_until is not None and member.valid_until < today:
        raise ProblemError("wrong-state", f"The member's limit stood until {member.valid_until}. Ask the bank.")


def free(session: Session, program: Program, member: Member) -> Free:
    """How much of each limit is left; a limit that the bank has not given yet is 0."""
    supplier = session.get(SupplierCap, (member.tax_key, program.currency), populate_existing=True)
    return Free(
        anchor=(program.anchor_limit or Decimal(0)) - program.used,
        member=(member.limit or Decimal(0)) - member.used,
        supplier=Decimal(0) if supplier is None else supplier.cap - supplier.used,
    )


def use(
    uow: UnitOfWork,
    program: Program,
    member: Member,
    *,
    source: Source,
    source_id: str,
    amount: Decimal,
    owed_already: bool = False,
) -> None:
    """Let `amount` count for a payable or a loan from now on; 0 where it counts no more.

    What rises above a limit is refused with a ProblemError `limit-exceeded` that says by how much, of the supplier's
    only that it is reached. The same amount again changes nothing. What is `owed_already` counts whatever the limits
    say. The caller has locked the anchor's client; the supplier's row is locked here.
    """
    session = uow.session
    counted = session.get(CapUse, (source, source_id), populate_existing=True)
    change = amount - (counted.amount if counted is not None else Decimal(0))
    if change == 0:
        return
    session.refresh(program)
    session.refresh(member)
    supplier = supplier_cap(uow, member.tax_key, program)
    if change > 0 and not owed_already:
        _require_free(free(session, program, member), change, program.currency)
    if counted is None:
        session.add(
            CapUse(source=source, source_id=source_id, program_id=program.id, member_id=member.id, amount=amount)
        )
    elif amount == 0:
        session.delete(counted)
    else:
        counted.amount = amount
    program.used += change
    member.used += change
    supplier.used += change
    if member.status in ENDED and member.used == 0:
        forget_account(member)
    session.flush()


def supplier_cap(uow: UnitOfWork, tax_key: str, program: Program) -> SupplierCap:
    """The limit of one company over all programs, locked; by the bank's profile where no officer gave another."""
    session = uow.session
    key = {"tax_key": tax_key, "currency": program.currency}
    query = sa.select(SupplierCap).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is not None:
        return found
    offered = uow.gateway.profile.program(program.kind)
    cap = Decimal(0) if offered is None else offered.max_supplier_limit
    try:
        with session.begin_nested():
            session.add(SupplierCap(**key, cap=cap, used=Decimal(0)))
    except IntegrityError:  # another anchor brought the same company in at the same moment
        pass
    return session.scalars(query).one()


def _require_free(left: Free, amount: Decimal, currency: str) -> None:
    above = left.exceeded_by(amount)
    told = [f"{Money(amount=by, currency=currency)} above {_NAMES[name]}" for name, by in above.items()]
    sentences = [f"This is {' and '.join(told)}."] if told else []
    if amount > left.supplier:
        sentences.append(COMPANY_LIMIT_REACHED)
    if sentences:
        raise ProblemError("limit-exceeded", " ".join(sentences))
