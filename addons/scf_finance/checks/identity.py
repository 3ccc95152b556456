"""Whether a company is somebody: it has a tax ID, and the number can be one."""

from __future__ import annotations

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from .result import GREY


def identified(partner: dict) -> str:
    """The level of a buyer or seller; grey where no rule is known for its country. Nobody is asked for the number."""
    tax_id, country = partner.get("tax_id"), partner.get("country")
    if not tax_id or not country:
        return "amber"
    rules = get_cc_module(country.lower(), "vat")
    if rules is None:
        return GREY
    try:
        rules.validate(tax_id)
    except ValidationError:
        return "red"
    return "green"
