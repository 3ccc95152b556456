"""The end of a line: its tenor is over and nothing is owed, or nothing was drawn of it for as long as that."""

from __future__ import annotations

from openscf.wire import EventType, LoanApplicationStatus, LoanStatus

from ..applications import states
from ..applications.models import Application
from ..gateway import Gateway
from . import lines, service, settling


def end(gateway: Gateway, loan_id: str) -> None:
    """Close a line that has ended; one that owes something, or is being drawn, stays as it is.

    A drawn one is not looked at again before its end moves: what closes it later is money, or a payment that fails.
    """
    with gateway.unit_of_work() as uow:
        client, loan = service.of_officer(uow, loan_id)
        if loan.status == LoanStatus.ACTIVE.value:
            loan.ended_on = loan.due_date
            settling.bring_in_line(uow, client, loan)
        elif loan.status == LoanStatus.GRANTED.value and not lines.is_being_drawn(uow.session, loan.id):
            service.move(loan, LoanStatus.CLOSED)
            application = uow.session.get_one(Application, loan.application_id)
            states.move(uow, application, LoanApplicationStatus.CLOSED)
            service.notice(uow, client, loan, EventType.LOAN_CLOSED)
