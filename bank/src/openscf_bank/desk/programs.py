"""Programs: the list, one program with its batches and members, and an officer's word on its limits and price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from openscf.programs import MemberStatus, ProgramStatus, ProgramTerms

from ..access import gateway_of
from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError
from ..members import repository as members
from ..prequalification import repository as prequalification
from ..programs import repository, service
from ..programs.models import Program
from ..programs.section import ProgramSection
from ..programs.terms import Granted, standing_terms
from .forms import NO_FORM, FilledForm, FormRefused
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter(prefix="/programs")

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]

FILTERS = ("WAITING", *(status.value for status in MemberStatus))
# What an officer says with a reason, and what the audit log calls it.
_WORDS: dict[str, tuple[Callable[[UnitOfWork, str, str, str], Program], str]] = {
    "decline": (service.decline, "program.declined"),
    "suspend": (service.suspend, "program.suspended"),
    "resume": (service.resume, "program.resumed"),
    "close": (service.close, "program.closed"),
}


@router.get("")
def listed(request: Request, gateway: Desk, officer: AtDesk) -> Response:
    """Every program, those that wait for an officer first."""
    with gateway.db.read() as session:
        programs, waiting = repository.listed(session), members.waiting_by_program(session)
    return render(request, gateway, "programs.html", officer=officer, programs=programs, members_waiting=waiting)


@router.get("/{program_id}")
def shown(
    request: Request,
    program_id: str,
    gateway: Desk,
    officer: AtDesk,
    status: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """One program."""
    return _page(request, gateway, officer, program_id, NO_FORM, status=status, page=page)


@router.post("/{program_id}/approve")
@router.post("/{program_id}/change")
def grant(
    request: Request,
    program_id: str,
    gateway: Desk,
    officer: Sending,
    anchor_limit: Annotated[str, Form(max_length=40)] = "",
    member_limit: Annotated[str, Form(max_length=40)] = "",
    rate_pa: Annotated[str, Form(max_length=40)] = "",
    fee_percent: Annotated[str, Form(max_length=40)] = "",
    max_tenor_days: Annotated[str, Form(max_length=10)] = "",
    valid_until: Annotated[str, Form(max_length=10)] = "",
    conditions: Annotated[str, Form(max_length=4000)] = "",
    message: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take a program on, or give it other limits, another price or more time."""
    action = request.url.path.rsplit("/", 1)[-1]
    form = FilledForm(
        "grant", anchor_limit=anchor_limit, member_limit=member_limit, rate_pa=rate_pa, fee_percent=fee_percent,
        max_tenor_days=max_tenor_days, valid_until=valid_until, conditions=conditions, message=message,
    )  # fmt: skip
    try:
        with gateway.unit_of_work() as uow:
            program = uow.session.get_one(Program, program_id)
            granted = _granted(form, program, gateway.profile.program(program.kind), gateway.clock.today())
            reason = form.words("message") if action == "change" else form.fields["message"]
            with form.checked():
                if action == "approve":
                    service.approve(uow, program_id, granted, officer.name, reason or None)
                else:
                    service.change(uow, program_id, granted, officer.name, reason)
            done = "program.approved" if action == "approve" else "program.changed"
            detail = f"{granted.anchor_limit} / {granted.member_limit} {program.currency}. {reason}".strip()
            note(uow.session, officer.username, address_of(request), done, program_id, detail)
    except FormRefused as refused:
        return _page(request, gateway, officer, program_id, refused.form)
    return RedirectResponse(f"/desk/programs/{program_id}", status_code=303)


@router.post("/{program_id}/{action}")
def say(
    request: Request,
    program_id: str,
    action: Literal["decline", "suspend", "resume", "close"],
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Decline, suspend, resume or close, with a reason for the anchor."""
    form = FilledForm(action, reason=reason)
    step, done = _WORDS[action]
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            step(uow, program_id, officer.name, words)
            note(uow.session, officer.username, address_of(request), done, program_id, words)
    except FormRefused as refused:
        return _page(request, gateway, officer, program_id, refused.form)
    return RedirectResponse(f"/desk/programs/{program_id}", status_code=303)


def _page(
    request: Request,
    gateway: Gateway,
    officer: LoggedIn,
    program_id: str,
    form: FilledForm,
    *,
    status: str = "",
    page: int = 1,
) -> Response:
    """The page of a program; with a form that came back, as it was filled in."""
    chosen = status if status in FILTERS else ""
    with gateway.db.read() as session:
        program = session.get_one(Program, program_id)
        anchor = session.get_one(Client, program.client_id)
        batches = prequalification.of_program(session, program_id)
        found, total = members.of_program(session, program_id, page=page, status=chosen or None)
    offered = gateway.profile.program(program.kind)
    return render(
        request,
        gateway,
        "program.html",
        officer=officer,
        http_status=422 if form.errors else 200,
        program=program,
        anchor=anchor,
        batches=batches,
        members=found,
        total=total,
        page=page,
        pages=max(1, -(-total // members.PAGE_SIZE)),
        status=chosen,
        filters=FILTERS,
        form=form,
        fields=_prefilled(program, offered, gateway.clock.today()),
        offered=offered,
        actions=service.NEXT[ProgramStatus(program.status)],
    )


def _prefilled(program: Program, offered: ProgramSection | None, today: date) -> dict[str, str]:
    """The fields of the form: what stands, or what the profile would give."""
    given: Program | Granted
    if program.terms is not None:
        terms, given = ProgramTerms.model_validate(program.terms), program
    elif offered is not None:
        given = standing_terms(program, offered, today)
        terms = given.terms
    else:
        return {}
    return {
        "anchor_limit": str(given.anchor_limit),
        "member_limit": str(given.member_limit),
        "rate_pa": str(terms.rate_pa),
        "fee_percent": str(terms.fee_percent),
        "max_tenor_days": str(terms.max_tenor_days),
        "valid_until": str(given.valid_until),
        "conditions": "\n".join(terms.conditions),
        "message": "",
    }


def _granted(form: FilledForm, program: Program, offered: ProgramSection | None, today: date) -> Granted:
    """What the form says; its day count, recourse and least days are the profile's, or what stands."""
    days = form.amount("max_tenor_days")
    if days != days.to_integral_value() or not 1 <= days <= 1096:
        form.errors.setdefault("max_tenor_days", "Write a number of days.")
        days = Decimal(1)
    numbers = {name: form.amount(name) for name in ("anchor_limit", "member_limit", "rate_pa", "fee_percent")}
    valid_until = form.day("valid_until")
    if program.terms is not None:
        standing = ProgramTerms.model_validate(program.terms)
    elif offered is not None:
        standing = standing_terms(program, offered, today).terms
    else:
        raise ProblemError("wrong-state", "This bank no longer offers such programs; it can only be declined.")
    conditions = tuple(line.strip() for line in form.fields["conditions"].splitlines() if line.strip())
    return Granted(
        anchor_limit=numbers["anchor_limit"],
        member_limit=numbers["member_limit"],
        terms=standing.model_copy(
            update={
                "rate_pa": numbers["rate_pa"],
                "fee_percent": numbers["fee_percent"],
                "max_tenor_days": int(days),
                "conditions": conditions,
            }
        ),
        valid_until=valid_until,
    )
