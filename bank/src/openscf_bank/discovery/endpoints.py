"""GET /.well-known/openscf and GET /v1/jwks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from openscf import wire
from openscf.keys import KeySet

from ..access import gateway_of
from ..answers import answer
from ..gateway import Gateway

router = APIRouter(tags=["discovery"])


@router.get("/.well-known/openscf", response_model=wire.Discovery, summary="What this bank is and offers")
def discovery(gateway: Annotated[Gateway, Depends(gateway_of)]) -> Response:
    """A bank is connected by its address alone: everything else is named here."""
    issuer, profile = gateway.settings.issuer, gateway.profile
    return answer(
        wire.Discovery(
            openscf_version="1.0",
            issuer=issuer,
            name=profile.bank.name,
            country=profile.bank.country,
            jwks_uri=f"{issuer}/v1/jwks",
            token_endpoint=f"{issuer}/oauth2/token",
            api_base=f"{issuer}/v1",
            techniques=tuple(
                wire.TechniqueProfile.model_validate(technique.model_dump()) for technique in profile.techniques
            ),
            programs=tuple(wire.ProgramProfile.model_validate(program.model_dump()) for program in profile.programs),
            contact=profile.bank.contact,
        )
    )


@router.get("/v1/jwks", response_model=wire.Jwks, summary="The bank's public keys")
def jwks(gateway: Annotated[Gateway, Depends(gateway_of)]) -> Response:
    """RFC 7517. The key signs answers, events and nudges."""
    return JSONResponse(KeySet.of(gateway.key).jwks())
