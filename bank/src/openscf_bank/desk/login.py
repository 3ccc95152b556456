"""Logging in and out, and the colours of the bank."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from . import service
from .pages import render
from .session import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    FormForged,
    address_of,
    new_login_token,
    officer_sending,
    require_same_site,
    set_cookie,
)

router = APIRouter()

# The login form is good for this long.
LOGIN_SECONDS = 3600


@router.get("/login")
def form(request: Request, gateway: Annotated[Gateway, Depends(gateway_of)], next: str = "/desk/") -> Response:
    """The login page."""
    token = new_login_token(request)
    response = render(request, gateway, "login.html", token=token, next=_own_page(next), error=None)
    set_cookie(response, gateway, LOGIN_COOKIE, token, LOGIN_SECONDS)
    return response


@router.post("/login")
def log_in(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    username: Annotated[str, Form(max_length=255)],
    password: Annotated[str, Form(max_length=1024)],
    login_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/desk/",
) -> Response:
    """Check the password and begin a session."""
    require_same_site(request)
    expected = request.cookies.get(LOGIN_COOKIE, "")
    if not expected or not hmac.compare_digest(login_token.encode(), expected.encode()):
        raise FormForged
    try:
        secret = service.log_in(gateway, username, password, address_of(request))
    except service.LoginRefused as refusal:
        return render(
            request,
            gateway,
            "login.html",
            http_status=429 if refusal.throttled else 401,
            token=expected,
            next=_own_page(next),
            error=str(refusal),
        )
    response = RedirectResponse(_own_page(next), status_code=303)
    set_cookie(response, gateway, SESSION_COOKIE, secret, service.SESSION_HOURS * 3600)
    response.delete_cookie(LOGIN_COOKIE, path="/desk")
    return response


@router.post("/logout", dependencies=[Depends(officer_sending)])
def log_out(request: Request, gateway: Annotated[Gateway, Depends(gateway_of)]) -> Response:
    """End the session on the server, not only in the browser."""
    service.log_out(gateway, request.cookies.get(SESSION_COOKIE, ""), address_of(request))
    response = RedirectResponse("/desk/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE, path="/desk")
    return response


@router.get("/theme.css")
def theme(gateway: Annotated[Gateway, Depends(gateway_of)]) -> Response:
    """The bank's colour, apart from the stylesheet because inline styles are forbidden."""
    return Response(f":root {{ --accent: {gateway.profile.bank.accent}; }}\n", media_type="text/css")


def _own_page(path: str) -> str:
    """A page of the desk; anything else becomes the inbox, so that a link cannot lead elsewhere after the login."""
    plain = path.startswith("/desk/") and "\\" not in path and "//" not in path
    return path if plain and not path.startswith("/desk/log") else "/desk/"
