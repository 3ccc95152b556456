"""PUT and HEAD /v1/documents/{sha256}."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError

from ..access import Caller, approved_caller, gateway_of, raw_body
from ..gateway import Gateway
from ..kit.clock import wall_time
from ..kit.problems import ProblemError, not_found
from . import repository
from .models import Document

router = APIRouter(prefix="/v1/documents", tags=["documents"])

Sha256Path = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hex")]


@router.put(
    "/{sha256}",
    status_code=201,
    response_class=Response,
    summary="Put a document",
    responses={200: {"description": "It was there already"}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
def put(
    sha256: Sha256Path,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    body: Annotated[bytes, Depends(raw_body)],
    content_type: Annotated[str, Header()] = "application/octet-stream",
) -> Response:
    """Any media type, at most 20 MiB, addressed by what it is."""
    actual = hashlib.sha256(body).hexdigest()
    if actual != sha256:
        raise ProblemError("digest-mismatch", f"The bytes hash to {actual}. Put them there, or send the right bytes.")
    try:
        with gateway.db.write() as session:
            if repository.exists(session, caller.client_id, sha256):
                repository.put_again(session, caller.client_id, sha256, wall_time())
                return Response(status_code=200)
            session.add(
                Document(
                    client_id=caller.client_id,
                    sha256=sha256,
                    media_type=content_type[:255],
                    size_bytes=len(body),
                    content=body,
                    received_at=wall_time(),
                )
            )
    except IntegrityError:  # the same document, put twice at the same moment
        return Response(status_code=200)
    return Response(status_code=201)


@router.head("/{sha256}", response_class=Response, summary="Ask whether a document is there")
def head(
    sha256: Sha256Path,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """200 or 404, about one's own documents only."""
    with gateway.db.read() as session:
        if not repository.exists(session, caller.client_id, sha256):
            raise not_found("document", sha256)
    return Response(status_code=200)
