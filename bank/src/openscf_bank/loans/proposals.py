"""What takes two officers: one proposes it, nothing happens, and another one approves it, or any of them drops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import repository
from .models import Loan, Proposal


class Act(str, Enum):
    """What is proposed."""

    WRITE_OFF = "write_off"
    BUYER_PAYMENT = "buyer_payment"
    BUYER_PAYMENT_RETURN = "buyer_payment_return"
    CHARGE_REVERSAL = "charge_reversal"


@dataclass(frozen=True)
class Officer:
    """Who acts at the desk: the user name tells officers apart, the name is shown."""

    username: str
    name: str


@dataclass(frozen=True)
class Proposed:
    """What waits for a second officer now; `is_new` is False where the same officer had proposed the same before."""

    proposal: Proposal
    is_new: bool


def takes_two(uow: UnitOfWork, amount: Decimal) -> bool:
    """Whether `amount`, in a loan's currency, is above what one officer may give back alone by the bank's profile."""
    return amount > uow.gateway.profile.officers.alone_up_to


def propose(
    uow: UnitOfWork,
    loan: Loan,
    act: Act,
    officer: str,
    *,
    subject: str = "",
    content: Mapping[str, str | None] | None = None,
    reason: str = "",
) -> Proposed:
    """Keep what `officer` (a user name) proposes; the loan's client is locked. `subject` names what of the loan it is
    about, of which one proposal waits at a time: the same again is that one, another is ProblemError `wrong-state`.
    """
    known = repository.proposals(uow.session, loan.id)
    asked = (dict(content or {}), reason, officer)
    for one in known:
        if (one.status, one.act, one.subject) == ("PROPOSED", act.value, subject):
            if (one.content, one.reason, one.proposed_by) == asked:
                return Proposed(one, is_new=False)
            raise ProblemError("wrong-state", "This waits for a second officer already. Load the page again.")
    proposal = Proposal(
        loan_id=loan.id,
        sequence=len(known) + 1,
        act=act.value,
        subject=subject,
        content=asked[0],
        reason=reason,
        status="PROPOSED",
        proposed_by=officer,
        proposed_at=uow.now,
    )
    uow.session.add(proposal)
    uow.session.flush()
    return Proposed(proposal, is_new=True)


def approved(uow: UnitOfWork, loan: Loan, number: int, officer: str) -> Proposal:
    """The proposal, approved by another officer than the one who made it; what follows from it is the caller's."""
    proposal = _waiting(uow, loan, number)
    if proposal.proposed_by == officer:
        raise ProblemError("wrong-state", "You proposed this. Another officer has to approve it.")
    _decide(uow, proposal, "APPROVED", officer)
    return proposal


def dropped(uow: UnitOfWork, loan: Loan, number: int, officer: str) -> Proposal:
    """The proposal, dropped by any officer, also the one who made it; nothing follows from it."""
    proposal = _waiting(uow, loan, number)
    _decide(uow, proposal, "DROPPED", officer)
    return proposal


def lapse(uow: UnitOfWork, loan: Loan) -> None:
    """The loan owes nothing any more: nothing is left to give up. What buyers paid may still come, and go back."""
    for one in repository.proposals(uow.session, loan.id):
        if one.status == "PROPOSED" and one.act in (Act.WRITE_OFF.value, Act.CHARGE_REVERSAL.value):
            _decide(uow, one, "LAPSED", None)


def _decide(uow: UnitOfWork, proposal: Proposal, status: str, officer: str | None) -> None:
    proposal.status = status
    proposal.decided_by = officer
    proposal.decided_at = uow.now
    uow.session.flush()


def _waiting(uow: UnitOfWork, loan: Loan, number: int) -> Proposal:
    known = repository.proposals(uow.session, loan.id)
    proposal = next((one for one in known if one.sequence == number), None)
    if proposal is None:
        raise ProblemError("not-found", f"Nobody proposed a number {number} of the loan {loan.number}.")
    if proposal.status != "PROPOSED":
        raise ProblemError("wrong-state", f"The proposal is {proposal.status}. Load the page again.")
    return proposal
