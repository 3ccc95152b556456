"""What waits for somebody's word about a loan, and its end when the loan itself ends, or what it rests on."""

from __future__ import annotations

from openscf.wire import EventType, ExtensionStatus, SubstitutionStatus

from ..applications import repository as applications
from ..applications.models import Part
from ..clients.models import Client
from ..gateway import UnitOfWork
from . import proposals, repository, service
from .models import Extension, Loan, Substitution
from .request_views import extension_as_wire, substitution_as_wire


def end_all(uow: UnitOfWork, client: Client, loan: Loan, why: str) -> None:
    """End whatever waits: the loan owes nothing any more. `why` is a sentence for the applicant."""
    end_extensions(uow, client, loan, why)
    for substitution in repository.substitutions(uow.session, loan.id):
        if substitution.status == SubstitutionStatus.REQUESTED.value:
            decline_substitution(uow, client, loan, substitution, why, decided_by=None)
    proposals.lapse(uow, loan)


def end_extensions(uow: UnitOfWork, client: Client, loan: Loan, why: str) -> None:
    """Decline the extension that is asked for; one that is offered expires before its time."""
    for extension in repository.extensions(uow.session, loan.id):
        if extension.status == ExtensionStatus.REQUESTED.value:
            decline_extension(uow, client, loan, extension, why, decided_by=None)
        elif extension.status == ExtensionStatus.OFFERED.value:
            expire_extension(uow, client, loan, extension, why)


def decline_extension(
    uow: UnitOfWork, client: Client, loan: Loan, extension: Extension, why: str, *, decided_by: str | None
) -> None:
    """The bank's no to an extension; `decided_by` is an officer, or None where the bank's programs decided."""
    extension.status = ExtensionStatus.DECLINED.value
    extension.message = why
    extension.decided_by = decided_by
    service.notice(uow, client, loan, EventType.EXTENSION_DECLINED, extension=extension_as_wire(extension, loan))


def expire_extension(uow: UnitOfWork, client: Client, loan: Loan, extension: Extension, why: str | None) -> None:
    """An offered extension binds nobody any more."""
    extension.status = ExtensionStatus.EXPIRED.value
    extension.message = why or extension.message
    service.notice(uow, client, loan, EventType.EXTENSION_EXPIRED, extension=extension_as_wire(extension, loan))


def decline_substitution(
    uow: UnitOfWork, client: Client, loan: Loan, substitution: Substitution, why: str, *, decided_by: str | None
) -> None:
    """The bank's no to other documents: what was proposed is free again."""
    for document in applications.financed_documents(uow.session, loan.application_id, Part.PROPOSED):
        uow.session.delete(document)
    substitution.status = SubstitutionStatus.DECLINED.value
    substitution.message = why
    substitution.decided_by = decided_by
    service.notice(uow, client, loan, EventType.SUBSTITUTION_DECLINED, substitution=substitution_as_wire(substitution))
