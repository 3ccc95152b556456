"""An officer changes the own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from . import service
from .pages import render
from .service import LoggedIn
from .session import SESSION_COOKIE, address_of, officer_at_desk, officer_sending

router = APIRouter(prefix="/password")

Desk = Annotated[Gateway, Depends(gateway_of)]


@router.get("")
def form(
    request: Request, gateway: Desk, officer: Annotated[LoggedIn, Depends(officer_at_desk)], changed: bool = False
) -> Response:
    """The form, or the word that the password is changed."""
    return _page(request, gateway, officer, changed=changed)


@router.post("")
def change(
    request: Request,
    gateway: Desk,
    officer: Annotated[LoggedIn, Depends(officer_sending)],
    present: Annotated[str, Form(max_length=1024)] = "",
    new: Annotated[str, Form(max_length=1024)] = "",
    again: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Change it: this session goes on, the officer's others end at once."""
    if new != again:
        return _page(request, gateway, officer, error="The two new passwords differ.", http_status=422)
    secret = request.cookies.get(SESSION_COOKIE, "")
    try:
        service.change_password(gateway, officer, secret, present, new, address_of(request))
    except service.OfficerError as error:
        return _page(request, gateway, officer, error=str(error), http_status=422)
    except service.LoginRefused as refusal:
        if refusal.throttled:
            return _page(request, gateway, officer, error=str(refusal), http_status=429)
        return _page(request, gateway, officer, error="The present password is wrong.", http_status=422)
    return RedirectResponse("/desk/password?changed=true", status_code=303)


def _page(
    request: Request,
    gateway: Gateway,
    officer: LoggedIn,
    *,
    changed: bool = False,
    error: str | None = None,
    http_status: int = 200,
) -> Response:
    return render(
        request,
        gateway,
        "password.html",
        officer=officer,
        http_status=http_status,
        changed=changed,
        error=error,
        min_length=service.MIN_PASSWORD_LENGTH,
    )
