"""GET /v1/loans/{id}, …/statement, …/statement.camt053, POST …/collections, …/repayments, …/drawdowns."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..clients.models import Client
from ..gateway import Gateway
from ..kit.problems import ProblemError, not_found
from . import collecting, drawdowns, repository
from .statement_file import statement_file
from .statements import statement
from .views import as_wire

router = APIRouter(prefix="/v1/loans", tags=["loans"])


@router.get("/{loan_id}", response_model=wire.Loan, summary="One loan")
def read(
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    as_of: Annotated[date | None, Query(description="The balance's day; the bank's today by default")] = None,
) -> Response:
    """The client's own loan with its schedule and its balance."""
    with gateway.db.read() as session:
        loan = repository.of_client(session, caller.client_id, loan_id)
        if loan is None:
            raise not_found("loan", loan_id)
        return answer(as_wire(loan, repository.ledger(session, loan.id), as_of or gateway.clock.today()))


@router.get("/{loan_id}/statement", response_model=wire.Statement, summary="The ledger between two days")
def read_statement(
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
) -> Response:
    """Opening balance, entries and closing balance."""
    _check_period(from_, to)
    with gateway.db.read() as session:
        loan = repository.of_client(session, caller.client_id, loan_id)
        if loan is None:
            raise not_found("loan", loan_id)
        return answer(statement(session, loan, from_, to, gateway.clock.today()))


@router.get(
    "/{loan_id}/statement.camt053",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}, "description": "camt.053.001.08"}},
    summary="The ledger between two days as an ISO 20022 statement",
)
def read_statement_file(
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: Annotated[date | None, Query()] = None,
) -> Response:
    """One `Stmt` of the loan's account, whose balance is the principal owed; an `Ntry` for each entry of the ledger."""
    _check_period(from_, to)
    with gateway.db.read() as session:
        loan = repository.of_client(session, caller.client_id, loan_id)
        if loan is None:
            raise not_found("loan", loan_id)
        owner = session.get_one(Client, loan.client_id).party_name
        entries, now = repository.ledger(session, loan.id), gateway.clock.now()
        content = statement_file(loan, entries, start=from_, end=to, owner=owner, now=now)
    return Response(content, media_type="application/xml")


@router.post(
    "/{loan_id}/collections", status_code=202, response_model=wire.CollectionReceipt, summary="Report a collection"
)
def collect(loan_id: str, collection: wire.Collection, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """A payment is drawn for the loan, an undone one given back, a credit note may leave a shortfall."""
    return post.once(lambda uow: collecting.collect(uow, post.client_id, loan_id, collection), status=202)


@router.post(
    "/{loan_id}/repayments", status_code=202, response_model=wire.RepaymentReceipt, summary="Pay from one's own money"
)
def repay(loan_id: str, repayment: wire.Repayment, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """At most what is owed on that day."""
    return post.once(lambda uow: collecting.repay(uow, post.client_id, loan_id, repayment), status=202)


@router.post("/{loan_id}/drawdowns", status_code=202, response_model=wire.Drawdown, summary="Draw a part of a line")
def draw(loan_id: str, drawdown: wire.DrawdownRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """At most the limit, less what is drawn or asked for; paid out after the answer."""
    return post.once(lambda uow: drawdowns.draw(uow, post.client_id, loan_id, drawdown), status=202)


def _check_period(start: date | None, end: date | None) -> None:
    if start and end and start > end:
        raise ProblemError(
            "validation-failed", "`from` is after `to`. Exchange them.", errors=[("/?from", "after `to`")]
        )
