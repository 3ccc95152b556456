"""How a wire message becomes an HTTP answer."""

from __future__ import annotations

from fastapi.responses import Response
from openscf.wire import WireModel


def answer(message: WireModel, status: int = 200) -> Response:
    """The canonical bytes of a message; the signing middleware adds the signature."""
    return Response(message.to_bytes(), status_code=status, media_type="application/json")
