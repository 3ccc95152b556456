"""A program's rate changes: the members that pay it, and that hear of it in their own ERP, are told."""

from __future__ import annotations

from openscf.wire import EventType

from ..clients import repository as clients
from ..clients.models import Client
from ..gateway import UnitOfWork
from ..programs.models import Program
from . import repository
from .standing import Standing
from .views import rate_of


def lock(uow: UnitOfWork, program: Program) -> dict[str, Client]:
    """The clients of the anchor and of those members by id, all locked."""
    held = clients.lock_all(uow.session, program.client_id, *_own(uow, program))
    joined_meanwhile = _own(uow, program) - held.keys()
    return held | clients.lock_all(uow.session, *joined_meanwhile)


def tell(uow: UnitOfWork, program: Program, held: dict[str, Client]) -> None:
    """Tell them the rate that the program has now; the clients are `held` since `lock`."""
    for member in repository.priced_by_program(uow.session, program.id):
        if member.client_id is not None:
            standing = Standing(held[program.client_id], held[member.client_id], program, member)
            standing.tell(
                uow, EventType.MEMBER_CHANGED, f"The rate is {rate_of(member, program)} % a year from now on."
            )


def _own(uow: UnitOfWork, program: Program) -> set[str]:
    members = repository.priced_by_program(uow.session, program.id)
    return {member.client_id for member in members if member.client_id is not None}
