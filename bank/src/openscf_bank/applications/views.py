"""Applications as the protocol shows them."""

from __future__ import annotations

import sqlalchemy as sa
from openscf import wire
from sqlalchemy.orm import Session

from ..distributors.models import ProgramLoan
from ..loans.models import Loan
from ..offers.repository import of_application
from ..offers.views import as_wire as offer_as_wire
from .models import Application


def as_wire(session: Session, application: Application) -> wire.LoanApplication:
    """One application with its offers, and its loan once there is one."""
    rejection = None
    if application.rejection_reason is not None:
        rejection = wire.Rejection(
            reason=wire.RejectionReason(application.rejection_reason), message=application.rejection_message or ""
        )
    action = None
    if application.action_message is not None:
        action = wire.ActionRequired(message=application.action_message)
    return wire.LoanApplication(
        id=application.id,
        reference=application.reference,
        status=wire.LoanApplicationStatus(application.status),
        technique=application.technique,
        requested=wire.Money(amount=application.requested_amount, currency=application.currency),
        created_at=application.created_at,
        updated_at=application.updated_at,
        rejection=rejection,
        action_required=action,
        offers=tuple(offer_as_wire(offer) for offer in of_application(session, application.id)),
        loan_id=session.scalars(sa.select(Loan.id).where(Loan.application_id == application.id)).one_or_none(),
        program=session.scalars(
            sa.select(ProgramLoan.program_id).where(ProgramLoan.application_id == application.id)
        ).one_or_none(),
    )
