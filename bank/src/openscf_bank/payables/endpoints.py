"""POST /v1/programs/{id}/payables, …/settlements, GET …/statement; GET and POST /v1/payables/{id} with what can be
done with one."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from openscf import payables as wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import ProblemError, not_found
from ..programs import repository as programs
from . import early, registering, repository, settling
from .statement import statement
from .views import as_wire

router = APIRouter(prefix="/v1", tags=["payables"])

Post = Annotated[SignedPost, Depends(signed_post)]


@router.post(
    "/programs/{program_id}/payables", status_code=202, response_model=wire.PayableList, summary="Register payables"
)
def register(program_id: str, request: wire.Payables, post: Post) -> Response:
    """Each approved bill is taken or rejected by itself; the price of its early payment is in the answer."""
    return post.once(lambda uow: registering.register(uow, post.client_id, program_id, request), status=202)


@router.post(
    "/programs/{program_id}/settlements", status_code=202, response_model=wire.Settlement, summary="Settle payables"
)
def settle(program_id: str, request: wire.SettlementRequest, post: Post) -> Response:
    """The anchor paid the bank for what was paid early, in full or in parts."""
    return post.once(lambda uow: settling.settle(uow, post, program_id, request), status=202)


@router.get(
    "/programs/{program_id}/statement", response_model=wire.ProgramStatement, summary="A program's book, day by day"
)
def read_statement(
    program_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
) -> Response:
    """What was paid early and settled, for the anchor."""
    if from_ is not None and to is not None and from_ > to:
        sentence = "The statement begins after it ends. Give `from` on or before `to`."
        raise ProblemError("validation-failed", sentence, errors=[("/?from", sentence)])
    with gateway.db.read() as session:
        program = programs.of_anchor(session, caller.client_id, program_id)
        if program is None:
            raise not_found("program", program_id)
        registering.require_payables(program)
        return answer(statement(session, program, from_, to, gateway.clock.today()))


@router.get("/payables/{payable_id}", response_model=wire.Payable, summary="One payable")
def read(
    payable_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """For the anchor, and for the member's own client."""
    with gateway.db.read() as session:
        seen = repository.visible(session, caller.client_id, payable_id)
        if seen is None:
            raise not_found("payable", payable_id)
        return answer(as_wire(session, seen))


@router.post("/payables/{payable_id}/reduce", response_model=wire.Payable, summary="Owe less of a payable")
def reduce(payable_id: str, request: wire.Reduction, post: Post) -> Response:
    """Possible for the anchor while the payable is REGISTERED."""
    return post.once(lambda uow: registering.reduce(uow, post.client_id, payable_id, request))


@router.post("/payables/{payable_id}/withdraw", response_model=wire.Payable, summary="Take a payable back")
def withdraw(payable_id: str, request: wire.Withdrawal, post: Post) -> Response:
    """Possible for the anchor while the payable is REGISTERED."""
    return post.once(lambda uow: registering.withdraw(uow, post.client_id, payable_id, request))


@router.post(
    "/payables/{payable_id}/early-payment", status_code=202, response_model=wire.Payable, summary="Be paid early"
)
def ask(payable_id: str, request: wire.EarlyPaymentRequest, post: Post) -> Response:
    """By the anchor it is confirmed at once; by the member's own client the anchor is asked first."""
    return post.once(lambda uow: early.ask(uow, post, payable_id, request), status=202)


@router.post("/payables/{payable_id}/confirm", response_model=wire.Payable, summary="Confirm an early payment")
def confirm(payable_id: str, request: wire.EarlyPaymentConfirmation, post: Post) -> Response:
    """The anchor's answer to what the member asked for."""
    return post.once(lambda uow: early.confirm(uow, post, payable_id, request))


@router.post("/payables/{payable_id}/refuse", response_model=wire.Payable, summary="Refuse an early payment")
def refuse(payable_id: str, request: wire.EarlyPaymentRefusal, post: Post) -> Response:
    """The anchor's answer to what the member asked for; the payable is REGISTERED again."""
    return post.once(lambda uow: early.refuse(uow, post, payable_id, request))
