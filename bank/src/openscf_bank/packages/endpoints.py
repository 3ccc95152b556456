"""GET /v1/packages/{package_id}/access-log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, gateway_of, once_approved_caller
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import not_found
from . import repository
from .views import as_wire

router = APIRouter(prefix="/v1/packages", tags=["packages"])


@router.get("/{package_id}/access-log", response_model=wire.AccessLog, summary="Who read a package")
def access_log(
    package_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(once_approved_caller)],
) -> Response:
    """Every reading of the client's own package, oldest first; it stays when the consent is closed."""
    with gateway.db.read() as session:
        if not repository.came(session, caller.client_id, package_id):
            raise not_found("package", package_id)
        reads = tuple(as_wire(read) for read in repository.reads(session, caller.client_id, package_id))
    return answer(wire.AccessLog(package_id=package_id, reads=reads))
