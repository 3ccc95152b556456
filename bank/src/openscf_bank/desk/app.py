"""The desk as an application of its own under /desk: HTML pages, its own errors, its own headers."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import NoResultFound
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..gateway import Gateway
from ..kit.problems import ProblemError
from . import (
    applications,
    audit,
    buyer_payments,
    charges,
    clients,
    default,
    downloads,
    extensions,
    inbox,
    loans,
    login,
    members,
    password,
    payables,
    prequalifications,
    programs,
    proposals,
    substitutions,
)
from .pages import FOLDER, render
from .session import FormForged, LoginNeeded

# No script at all, nothing from elsewhere, framed by nobody.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """ASGI middleware that puts the desk's security headers on every answer."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"strict-transport-security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


def build_desk(gateway: Gateway) -> FastAPI:
    """The desk of one gateway."""
    desk = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    desk.state.gateway = gateway
    about_loans = (loans, proposals, charges, extensions, substitutions, buyer_payments, default)
    about_programs = (programs, members, prequalifications, payables)
    for part in (login, password, inbox, clients, applications, downloads, *about_loans, *about_programs, audit):
        desk.include_router(part.router)
    desk.mount("/static", StaticFiles(directory=FOLDER / "static"))
    _install_errors(desk, gateway)
    desk.add_middleware(SecurityHeaders, https=gateway.settings.secure_cookies)
    return desk


def _install_errors(desk: FastAPI, gateway: Gateway) -> None:
    def page(request: Request, status: int, title: str, sentence: str) -> HTMLResponse:
        return render(request, gateway, "error.html", http_status=status, title=title, sentence=sentence)

    @desk.exception_handler(LoginNeeded)
    def _login(_request: Request, error: LoginNeeded) -> Response:
        return RedirectResponse(f"/desk/login?next={quote(error.back_to)}", status_code=303)

    @desk.exception_handler(FormForged)
    def _forged(request: Request, _error: FormForged) -> Response:
        sentence = "The form did not come from your session. Go back, load the page again, and send it once more."
        return page(request, 403, "The form was not accepted", sentence)

    @desk.exception_handler(ProblemError)
    def _problem(request: Request, error: ProblemError) -> Response:
        return page(request, error.status, error.title, error.detail)

    @desk.exception_handler(NoResultFound)
    def _missing(request: Request, _error: NoResultFound) -> Response:
        return page(request, 404, "There is no such page", "Check the address, or start from the inbox.")

    @desk.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        fields = ", ".join(sorted({str(item["loc"][-1]) for item in error.errors()}))
        return page(request, 422, "The form is not complete", f"Go back and correct: {fields}.")

    @desk.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        title = "There is no such page" if error.status_code == 404 else "That is not possible here"
        return page(request, error.status_code, title, "Check the address, or start from the inbox.")

    @desk.exception_handler(Exception)
    def _internal(request: Request, _error: Exception) -> Response:
        return page(request, 500, "Something went wrong", "Nothing was changed. Try again; if it stays, tell support.")
