"""GET /v1/offers/{id}, POST …/accept, POST …/decline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import not_found
from . import repository, service
from .views import as_wire

router = APIRouter(prefix="/v1/offers", tags=["offers"])


@router.get("/{offer_id}", response_model=wire.Offer, summary="One offer")
def read(
    offer_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """The client's own offer with its terms."""
    with gateway.db.read() as session:
        offer = repository.of_client(session, caller.client_id, offer_id)
        if offer is None:
            raise not_found("offer", offer_id)
        return answer(as_wire(offer))


@router.post("/{offer_id}/accept", response_model=wire.Loan, summary="Accept an offer")
def accept(offer_id: str, acceptance: wire.Acceptance, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """Binding. The answer is the loan as granted; the payment is told by events."""
    return post.once(lambda uow: service.accept(uow, post.client_id, offer_id, acceptance, post.body, post.signature))


@router.post("/{offer_id}/decline", response_model=wire.Offer, summary="Decline an offer")
def decline(offer_id: str, decision: wire.Decision, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """The offer becomes DECLINED; with no open offer left the application becomes CANCELLED."""
    return post.once(lambda uow: service.decline(uow, post.client_id, offer_id, decision.reason))
