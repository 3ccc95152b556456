"""Who is at the desk: the dependencies of its pages and forms."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from ..access import gateway_of
from ..gateway import Gateway
from ..kit.ids import new_secret
from .service import LoggedIn, logged_in

# The __Host- prefix would be stricter, but browsers accept it over HTTPS only, and the demonstration runs on HTTP.
SESSION_COOKIE = "openscf_desk"
LOGIN_COOKIE = "openscf_desk_login"


class LoginNeeded(Exception):
    """Nobody is logged in; `back_to` is the page that was asked."""

    def __init__(self, back_to: str) -> None:
        super().__init__(back_to)
        self.back_to = back_to


class FormForged(Exception):
    """A form without this session's token, or sent from another site."""


def address_of(request: Request) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else "unknown"


def officer_at_desk(request: Request, gateway: Annotated[Gateway, Depends(gateway_of)]) -> LoggedIn:
    """The officer of the session cookie; LoginNeeded otherwise."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    officer = logged_in(gateway, secret) if secret else None
    if officer is None:
        raise LoginNeeded(request.url.path)
    return officer


def officer_sending(
    request: Request,
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
    csrf_token: Annotated[str, Form()] = "",
) -> LoggedIn:
    """The officer who sends a form: it must carry the session's token and come from this site."""
    if not hmac.compare_digest(csrf_token.encode(), officer.csrf_token.encode()):
        raise FormForged
    require_same_site(request)
    return officer


def require_same_site(request: Request) -> None:
    """Browsers say where a form comes from; one from another site is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormForged


def set_cookie(response: Response, gateway: Gateway, name: str, value: str, seconds: int) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/desk",
        httponly=True,
        samesite="strict",
        secure=gateway.settings.secure_cookies,
    )


def new_login_token(request: Request) -> str:
    """The token that ties the login form to this browser."""
    return request.cookies.get(LOGIN_COOKIE) or new_secret()
