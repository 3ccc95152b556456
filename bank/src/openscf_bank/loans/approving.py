"""A second officer's word on a proposal: what was proposed happens, or is dropped."""

from __future__ import annotations

from ..gateway import UnitOfWork
from . import buyer_payments, charges, default, proposals, service
from .models import Proposal
from .proposals import Act


def approve(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> tuple[Proposal, str]:
    """Do what another officer proposed, as it stands today; returned with the id of what was booked.

    What can't be any more, because the loan has changed, is a ProblemError that says why; it can be dropped.
    """
    client, loan = service.of_officer(uow, loan_id)
    proposal = proposals.approved(uow, loan, number, officer)
    act = Act(proposal.act)
    if act is Act.WRITE_OFF:
        return proposal, default.write_off(uow, client, loan, proposal.reason).id
    if act is Act.CHARGE_REVERSAL:
        return proposal, charges.take_back_proposed(uow, client, loan, proposal).id
    if act is Act.BUYER_PAYMENT:
        return proposal, buyer_payments.record_proposed(uow, client, loan, proposal).id
    return proposal, buyer_payments.take_back_proposed(uow, client, loan, proposal).id


def drop(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> Proposal:
    """Drop what an officer proposed; everything stays as it is."""
    _client, loan = service.of_officer(uow, loan_id)
    return proposals.dropped(uow, loan, number, officer)
