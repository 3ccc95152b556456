"""POST /v1/consents/{consent_id}/revoke."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import Response
from openscf import wire

from ..access import SignedPost, signed_post_once_approved
from . import closing

router = APIRouter(prefix="/v1/consents", tags=["consents"])

ConsentId = Annotated[str, Path(pattern="^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


@router.post("/{consent_id}/revoke", response_model=wire.ConsentStatus, summary="Take a consent back")
def revoke(
    consent_id: ConsentId,
    revocation: wire.ConsentRevocation,
    post: Annotated[SignedPost, Depends(signed_post_once_approved)],
) -> Response:
    """What came under the consent is closed at once; applications without a loan are cancelled."""
    return post.once(lambda uow: closing.revoke(uow, post.client_id, consent_id, revocation))
