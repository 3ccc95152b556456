"""The ASGI application: routes, middlewares, and what starts and stops with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response
from openscf.wire import Problem

from . import __version__
from .applications.endpoints import router as applications
from .clients.endpoints import router as clients
from .collateral.endpoints import router as collateral
from .consents.endpoints import router as consents
from .desk.app import build_desk
from .discovery.endpoints import router as discovery
from .documents.endpoints import router as documents
from .events.endpoints import router as events
from .gateway import Gateway
from .jobs import Worker
from .kit import problems
from .kit.limits import LimitBody
from .kit.signing import SignAnswers
from .loans.endpoints import router as loans
from .loans.request_endpoints import router as loan_requests
from .members.endpoints import router as members
from .oauth.endpoints import router as oauth
from .offers.endpoints import router as offers
from .packages.endpoints import router as packages
from .payables.endpoints import router as payables
from .prequalification.endpoints import router as prequalifications
from .programs.endpoints import router as programs

_ROUTERS = (
    discovery,
    clients,
    oauth,
    documents,
    applications,
    consents,
    packages,
    offers,
    loans,
    loan_requests,
    collateral,
    programs,
    prequalifications,
    members,
    events,
    payables,
)

# Every route may refuse; the codes are in docs/protocol.md, "Errors".
_PROBLEM: dict[str, Any] = {
    "description": "RFC 9457 problem details",
    "content": {problems.MEDIA_TYPE: {}},
    "model": Problem,
}


def build_app(gateway: Gateway) -> FastAPI:
    """The application of one gateway: API and desk. Its worker and its nudger run while it is served."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        worker = Worker(gateway, gateway.settings.worker_seconds) if gateway.settings.worker_seconds else None
        gateway.nudger.start()
        if worker:
            worker.start()
        yield
        if worker:
            worker.stop()
        gateway.nudger.stop()
        gateway.db.dispose()

    app = build_api(lifespan)
    app.state.gateway = gateway
    for path in ("/", "/desk"):
        app.add_api_route(path, _to_the_desk, include_in_schema=False)
    app.mount("/desk", build_desk(gateway))
    app.add_middleware(SignAnswers, key=gateway.key)
    app.add_middleware(LimitBody)
    return app


def _to_the_desk() -> Response:
    return RedirectResponse("/desk/", status_code=303)


def build_api(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    """The routes of the protocol alone, which is all that the OpenAPI document needs."""
    app = FastAPI(
        title="OpenSCF bank gateway",
        version=__version__,
        summary="The bank's half of OpenSCF 1.0. The words are in docs/protocol.md.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    for router in _ROUTERS:
        app.include_router(router, responses={"4XX": _PROBLEM})
    problems.install(app)
    return app
