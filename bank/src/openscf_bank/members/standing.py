"""A member with all that is locked for it, and how its standing is changed and told."""

from __future__ import annotations

from dataclasses import dataclass

from openscf.programs import MemberStatus
from openscf.wire import EventType

from ..clients import repository as clients
from ..clients.models import Client
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..programs.models import Program
from .models import Member
from .views import notice


@dataclass(frozen=True)
class Standing:
    """A member in its program: the anchor's client, and the member's own where it joined with one. Both are locked."""

    anchor: Client
    own: Client | None
    program: Program
    member: Member

    def require(self, *statuses: MemberStatus) -> None:
        """Refuse what is not possible in the member's present state."""
        if MemberStatus(self.member.status) not in statuses:
            raise ProblemError("wrong-state", f"The member is {self.member.status}; that is not possible now.")

    def move(self, uow: UnitOfWork, status: MemberStatus, event: EventType, reason: str | None) -> None:
        """Give the member a state, which ends its waiting for an officer, and tell."""
        self.member.status = status.value
        self.member.message = reason
        self.stop_waiting()
        self.tell(uow, event, reason)

    def wait_for_officer(self, uow: UnitOfWork, note: str) -> None:
        """Leave the member to an officer, who reads why."""
        self.member.note = note
        self.member.waiting_since = self.member.waiting_since or uow.now

    def stop_waiting(self) -> None:
        """No officer needs to look any more."""
        self.member.note = None
        self.member.waiting_since = None

    def tell(self, uow: UnitOfWork, event: EventType, reason: str | None = None) -> None:
        """Tell the anchor, and the member's own ERP."""
        uow.session.flush()
        told = notice(self.member, self.program, reason).to_wire()
        for client in (self.anchor, self.own):
            if client is not None:
                emit(uow, client, event, told, program_id=self.program.reference, member_id=self.member.reference)


def locked(uow: UnitOfWork, member_id: str) -> Standing:
    """A member's standing, read afresh under the locks of its clients."""
    member = uow.session.get_one(Member, member_id)
    program = uow.session.get_one(Program, member.program_id)
    held = clients.lock_all(uow.session, program.client_id, member.client_id)
    uow.session.refresh(program)
    uow.session.refresh(member)
    own = member.client_id
    if own is not None and own not in held:  # it joined with its own ERP while this waited for the lock
        held |= clients.lock_all(uow.session, own)
    return Standing(held[program.client_id], None if own is None else held[own], program, member)
