"""GET /v1/loans/{id}/collateral, POST …/releases, POST …/valuations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import not_found
from ..loans.repository import of_client
from . import releases, valuations
from .cover import cover
from .views import as_wire

router = APIRouter(prefix="/v1/loans/{loan_id}", tags=["collateral"])


@router.get("/collateral", response_model=wire.Collateral, summary="The goods that stand for a loan")
def read(
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """What was pledged for the client's own loan, released and is held, at its present value."""
    with gateway.db.read() as session:
        loan = of_client(session, caller.client_id, loan_id)
        if loan is None:
            raise not_found("loan", loan_id)
        return answer(as_wire(loan, cover(session, loan, gateway.clock.today())))


@router.post("/releases", status_code=202, response_model=wire.Release, summary="Ask for pledged goods back")
def release(loan_id: str, request: wire.ReleaseRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """Released at once where the goods that are left carry what is owed; otherwise it waits for a repayment."""
    return post.once(lambda uow: releases.ask(uow, post.client_id, loan_id, request), status=202)


@router.post("/valuations", status_code=202, response_model=wire.ValuationReceipt, summary="Value pledged goods")
def value(loan_id: str, valuation: wire.Valuation, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """What the goods are worth now; what is owed above their lending value is told by `loan.shortfall`."""
    return post.once(lambda uow: valuations.take(uow, post.client_id, loan_id, valuation), status=202)
