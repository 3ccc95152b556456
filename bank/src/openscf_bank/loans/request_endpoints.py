"""POST /v1/loans/{id}/extensions, …/accept, …/withdraw, POST …/substitutions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import wire

from ..access import SignedPost, signed_post
from ..documents.erasing import forgotten_where_not_ours
from . import extensions, substitutions

# The ERP chooses the ids of what it asks for, and may have chosen a slash.
router = APIRouter(prefix="/v1/loans/{loan_id}", tags=["loans"])


@router.post("/extensions", status_code=202, response_model=wire.Extension, summary="Ask for later due dates")
def extend(loan_id: str, request: wire.ExtensionRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """An officer offers it at a price, or declines; the answer comes as an event."""
    return post.once(lambda uow: extensions.ask(uow, post.client_id, loan_id, request), status=202)


@router.post(
    "/extensions/{extension_id:path}/accept",
    status_code=202,
    response_model=wire.Extension,
    summary="Accept an extension",
)
def accept(
    loan_id: str,
    extension_id: str,
    acceptance: wire.ExtensionAcceptance,
    post: Annotated[SignedPost, Depends(signed_post)],
) -> Response:
    """Binding, and exactly as offered: the due dates move and the fee is charged."""
    return post.once(
        lambda uow: extensions.accept(
            uow, post.client_id, loan_id, extension_id, acceptance, post.body, post.signature
        ),
        status=202,
    )


@router.post(
    "/extensions/{extension_id:path}/withdraw", status_code=202, response_model=wire.Extension, summary="Give it up"
)
def withdraw(
    loan_id: str, extension_id: str, decision: wire.Decision, post: Annotated[SignedPost, Depends(signed_post)]
) -> Response:
    """Possible until the extension is accepted, declined or expired."""
    return post.once(
        lambda uow: extensions.withdraw(uow, post.client_id, loan_id, extension_id, decision.reason), status=202
    )


@router.post("/substitutions", status_code=202, response_model=wire.Substitution, summary="Ask for other documents")
def substitute(
    loan_id: str, request: wire.SubstitutionRequest, post: Annotated[SignedPost, Depends(signed_post)]
) -> Response:
    """The package names the documents as they would be. One that does not verify is declined at once."""
    with forgotten_where_not_ours(post, request.package_sha256):
        return post.once(lambda uow: substitutions.ask(uow, post.client_id, loan_id, request), status=202)
