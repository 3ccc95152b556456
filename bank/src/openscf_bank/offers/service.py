"""What happens to an offer: made, accepted, declined, withdrawn, expired."""

from __future__ import annotations

from datetime import timedelta

from openscf import wire
from openscf.wire import EventType, LoanApplicationStatus, OfferStatus
from sqlalchemy.exc import IntegrityError

from ..applications import states
from ..applications.models import Application
from ..clients import repository as clients
from ..clients.models import Client
from ..distributors import admission
from ..events.service import emit
from ..gateway import Gateway, UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..loans import disbursement
from ..loans.models import Loan
from ..loans.service import grant
from . import repository
from .models import Acceptance, Offer
from .views import as_wire


def make(uow: UnitOfWork, application: Application, client: Client, terms: wire.OfferTerms, made_by: str) -> Offer:
    """Put an offer to the applicant; the application becomes OFFERED."""
    offer = Offer(
        id=new_id("off"),
        application_id=application.id,
        client_id=client.id,
        status=OfferStatus.OPEN.value,
        terms=terms.to_wire(),
        terms_sha256=wire.terms_sha256(terms),
        made_by=made_by,
        created_at=uow.now,
        expires_at=uow.now + timedelta(days=uow.gateway.profile.offers.valid_days),
    )
    uow.session.add(offer)
    states.move(uow, application, LoanApplicationStatus.OFFERED)
    uow.session.flush()
    _tell(uow, client, application, offer, EventType.OFFER_CREATED)
    return offer


def accept(
    uow: UnitOfWork, client_id: str, offer_id: str, acceptance: wire.Acceptance, body: bytes, signature: str
) -> wire.Loan:
    """The applicant's binding yes: other offers are declined, the loan is granted; the payment follows after commit.

    In a program the loan counts against its limits from now on.
    """
    client = admission.lock(uow, client_id, offer_id)
    offer = _own(uow, client_id, offer_id)
    _require_not_expired(uow, offer)
    if acceptance.terms_sha256 != offer.terms_sha256:
        raise ProblemError("terms-mismatch", f"The offer's terms have the digest {offer.terms_sha256}. Read it again.")
    _require_open(offer)
    application = uow.session.get_one(Application, offer.application_id)
    offer.status = OfferStatus.ACCEPTED.value
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise ProblemError("wrong-state", "Another offer of this application was accepted.") from error
    uow.session.add(
        Acceptance(
            offer_id=offer.id,
            requested_by=acceptance.requested_by[:255],
            approved_by=acceptance.approved_by[:255],
            accepted_at=acceptance.accepted_at,
            received_at=uow.now,
            body=body,
            signature=signature,
        )
    )
    states.move(uow, application, LoanApplicationStatus.OFFER_ACCEPTED)
    for other in repository.open_of_application(uow.session, application.id):
        _close(uow, client, application, other, OfferStatus.DECLINED, "Another offer was accepted.")
    loan = grant(uow, client, application, offer)
    admission.count(uow, uow.session.get_one(Loan, loan.id))
    gateway: Gateway = uow.gateway
    uow.after_commit(lambda: disbursement.advance(gateway, loan.id))
    return loan


def decline(uow: UnitOfWork, client_id: str, offer_id: str, reason: str) -> wire.Offer:
    """The applicant does not want it. With no open offer left the application is cancelled."""
    client = clients.lock(uow.session, client_id)
    offer = _own(uow, client_id, offer_id)
    if offer.status != OfferStatus.DECLINED.value:
        _require_not_expired(uow, offer)
        _require_open(offer)
        application = uow.session.get_one(Application, offer.application_id)
        _close(uow, client, application, offer, OfferStatus.DECLINED, reason)
        cancel_without_offers(uow, client, application)
    return as_wire(offer)


def withdraw(uow: UnitOfWork, offer_id: str, reason: str) -> Offer:
    """The bank takes an open offer back; with none left an officer has to decide again.

    One whose time is over has ended already, and its application with it, also where `expire` comes a moment later.
    """
    offer = uow.session.get_one(Offer, offer_id)
    client = clients.lock(uow.session, offer.client_id)
    uow.session.refresh(offer)
    _require_not_expired(uow, offer)
    _require_open(offer)
    application = uow.session.get_one(Application, offer.application_id, populate_existing=True)
    _close(uow, client, application, offer, OfferStatus.WITHDRAWN, reason)
    if not repository.open_of_application(uow.session, application.id):
        states.move(uow, application, LoanApplicationStatus.PROCESSING)
        states.wait_for_officer(uow, application)
    return offer


def expire(gateway: Gateway, offer_id: str) -> None:
    """End an offer whose time is over; one that was answered meanwhile is left alone."""
    with gateway.unit_of_work() as uow:
        offer = uow.session.get_one(Offer, offer_id)
        client = clients.lock(uow.session, offer.client_id)
        uow.session.refresh(offer)
        if offer.status != OfferStatus.OPEN.value or not _time_is_over(uow, offer):
            return
        application = uow.session.get_one(Application, offer.application_id, populate_existing=True)
        _close(uow, client, application, offer, OfferStatus.EXPIRED, None)
        cancel_without_offers(uow, client, application)


def close_all(uow: UnitOfWork, client: Client, application: Application, reason: str) -> None:
    """Decline every open offer of an application that its applicant gives up."""
    for offer in repository.open_of_application(uow.session, application.id):
        _close(uow, client, application, offer, OfferStatus.DECLINED, reason)


def cancel_without_offers(uow: UnitOfWork, client: Client, application: Application) -> None:
    """An application whose last open offer is gone is over: CANCELLED, its documents free again."""
    if not repository.open_of_application(uow.session, application.id):
        states.end(uow, client, application, LoanApplicationStatus.CANCELLED, EventType.LOAN_APPLICATION_CANCELLED)


def _close(
    uow: UnitOfWork, client: Client, application: Application, offer: Offer, status: OfferStatus, reason: str | None
) -> None:
    event = {
        OfferStatus.DECLINED: EventType.OFFER_DECLINED,
        OfferStatus.WITHDRAWN: EventType.OFFER_WITHDRAWN,
        OfferStatus.EXPIRED: EventType.OFFER_EXPIRED,
    }[status]
    offer.status = status.value
    offer.reason = reason
    uow.session.flush()
    _tell(uow, client, application, offer, event)


def _tell(uow: UnitOfWork, client: Client, application: Application, offer: Offer, kind: EventType) -> None:
    emit(
        uow,
        client,
        kind,
        as_wire(offer).to_wire(),
        loan_application_id=application.id,
        reference=application.reference,
        offer_id=offer.id,
    )


def _own(uow: UnitOfWork, client_id: str, offer_id: str) -> Offer:
    offer = repository.of_client(uow.session, client_id, offer_id)
    if offer is None:
        raise not_found("offer", offer_id)
    return offer


def _time_is_over(uow: UnitOfWork, offer: Offer) -> bool:
    """From the second of `expires_at` on the offer binds nobody (docs/protocol.md, "Offer")."""
    return offer.expires_at <= uow.now


def _require_not_expired(uow: UnitOfWork, offer: Offer) -> None:
    """An offer expires by the clock; whether the worker has written it down already makes no difference."""
    if offer.status == OfferStatus.EXPIRED.value or (
        offer.status == OfferStatus.OPEN.value and _time_is_over(uow, offer)
    ):
        raise ProblemError(
            "offer-expired",
            f"It stood until {offer.expires_at:%Y-%m-%d %H:%M:%S} UTC. A new application gets a new offer.",
        )


def _require_open(offer: Offer) -> None:
    if offer.status != OfferStatus.OPEN.value:
        raise ProblemError("wrong-state", f"The offer is {offer.status}; only an OPEN one can be answered.")
