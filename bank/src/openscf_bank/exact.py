"""Exact numbers in a profile: amounts, rates and shares are strings in the file, so that no float comes near them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _exact(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError(f'write {value!r} as a string, for example "{value}"')
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a decimal number")
    return number


Exact = Annotated[Decimal, BeforeValidator(_exact)]


class ProfileSection(BaseModel):
    """A section of a profile: a member that it does not name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
