"""Members of programs: their documents, who signed, their limit with its reasons, and an officer's word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf.programs import LimitReason, MemberStatus

from ..access import gateway_of
from ..clients.models import Client
from ..documents import repository as documents
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError
from ..members import deciding, repository
from ..members.deciding import Given
from ..members.limits import propose
from ..members.models import Member
from ..members.views import rate_of
from ..programs.caps import free
from ..programs.models import Program, SupplierCap
from .forms import NO_FORM, FilledForm, FormRefused
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter(prefix="/members/{member_id}")

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]

_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "application/octet-stream": "bin"}


@router.get("")
def shown(request: Request, member_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """One member."""
    return _page(request, gateway, officer, member_id, NO_FORM)


@router.get("/documents/{number}")
def document(request: Request, member_id: str, number: int, gateway: Desk, officer: AtDesk) -> Response:
    """A document, to be stored and opened elsewhere: whatever a stranger sent is never shown by the desk itself."""
    with gateway.unit_of_work() as uow:
        row = next((one for one in repository.documents_of(uow.session, member_id) if one.number == number), None)
        content = None if row is None else documents.content(uow.session, row.client_id, row.sha256)
        if row is None or content is None or row.erased_at is not None:
            raise ProblemError("not-found", "The document was erased, or there never was one.")
        subject, address = f"{member_id}/{number}", address_of(request)
        note(uow.session, officer.username, address, "member_document.downloaded", subject, row.kind)
    name = f"{row.kind}-{row.sha256[:12]}.{_ENDINGS[row.media_type]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/approve")
@router.post("/change")
def give(
    request: Request,
    member_id: str,
    gateway: Desk,
    officer: Sending,
    limit: Annotated[str, Form(max_length=40)] = "",
    valid_until: Annotated[str, Form(max_length=10)] = "",
    rate_pa: Annotated[str, Form(max_length=40)] = "",
    message: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take a member in, or give it another limit, rate or time; without a rate it is the program's."""
    action = request.url.path.rsplit("/", 1)[-1]
    form = FilledForm("give", limit=limit, valid_until=valid_until, rate_pa=rate_pa, message=message)
    try:
        given = Given(
            limit=form.amount("limit"),
            valid_until=form.day("valid_until"),
            rate_pa=form.amount("rate_pa") if form.fields["rate_pa"] else None,
        )
        reason = form.words("message") if action == "change" else form.fields["message"]
        with form.checked(), gateway.unit_of_work() as uow:
            if action == "approve":
                deciding.approve(uow, member_id, given, officer.name, reason or None)
            else:
                deciding.change(uow, member_id, given, officer.name, reason)
            done = "member.approved" if action == "approve" else "member.changed"
            detail = f"{given.limit} until {given.valid_until}"
            note(uow.session, officer.username, address_of(request), done, member_id, detail)
    except FormRefused as refused:
        return _page(request, gateway, officer, member_id, refused.form)
    return RedirectResponse(f"/desk/members/{member_id}", status_code=303)


@router.post("/cap")
def cap(
    request: Request,
    member_id: str,
    gateway: Desk,
    officer: Sending,
    cap: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Give the member's company another limit over all programs."""
    form = FilledForm("cap", cap=cap)
    try:
        amount = form.amount("cap")
        with form.checked(), gateway.unit_of_work() as uow:
            member = deciding.cap_company(uow, member_id, amount)
            note(uow.session, officer.username, address_of(request), "supplier.capped", member.tax_key, str(amount))
    except FormRefused as refused:
        return _page(request, gateway, officer, member_id, refused.form)
    return RedirectResponse(f"/desk/members/{member_id}", status_code=303)


@router.post("/{action}")
def say(
    request: Request,
    member_id: str,
    action: Literal["ask", "decline", "suspend", "resume"],
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Ask for more, decline, suspend or resume, with a sentence for the member and its anchor."""
    form = FilledForm(action, reason=reason)
    steps: dict[str, tuple[Callable[[UnitOfWork, str], Member], str]] = {
        "ask": (lambda uow, words: deciding.ask(uow, member_id, words), "member.asked"),
        "decline": (lambda uow, words: deciding.decline(uow, member_id, officer.name, words), "member.declined"),
        "suspend": (lambda uow, words: deciding.suspend(uow, member_id, words), "member.suspended"),
        "resume": (lambda uow, words: deciding.resume(uow, member_id, words), "member.resumed"),
    }
    step, done = steps[action]
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            step(uow, words)
            note(uow.session, officer.username, address_of(request), done, member_id, "")
    except FormRefused as refused:
        return _page(request, gateway, officer, member_id, refused.form)
    return RedirectResponse(f"/desk/members/{member_id}", status_code=303)


def _page(request: Request, gateway: Gateway, officer: LoggedIn, member_id: str, form: FilledForm) -> Response:
    """The page of a member; with a form that came back, as it was filled in."""
    today = gateway.clock.today()
    with gateway.db.read() as session:
        member = session.get_one(Member, member_id)
        program = session.get_one(Program, member.program_id)
        anchor = session.get_one(Client, program.client_id)
        own = None if member.client_id is None else session.get_one(Client, member.client_id)
        files = repository.documents_of(session, member_id)
        supplier = session.get(SupplierCap, (member.tax_key, program.currency))
        left = free(session, program, member)
        actions = deciding.NEXT[MemberStatus(member.status)]
        proposal = propose(session, gateway.profile, program, member, today) if actions else None
    reasons = tuple(LimitReason.model_validate(reason) for reason in member.reasons or ())
    if member.limit is None and proposal is not None:
        reasons = proposal.reasons
    limit = member.limit if member.limit is not None or proposal is None else proposal.limit
    valid_until = member.valid_until or (proposal.valid_until if proposal is not None else None)
    return render(
        request,
        gateway,
        "member.html",
        officer=officer,
        http_status=422 if form.errors else 200,
        member=member,
        program=program,
        anchor=anchor,
        own=own,
        files=files,
        missing=[kind for kind in program.documents if kind not in {one.kind for one in files}],
        supplier=supplier,
        left=left,
        rate=rate_of(member, program),
        reasons=reasons,
        actions=actions,
        proposal=proposal,
        limit=limit,
        valid_until=valid_until,
        form=form,
        content=member.content,
    )
