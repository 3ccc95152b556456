"""Whether a company is somebody: it has a tax ID, and the number can be one."""

from __future__ import annotations

from stdnum.exceptions import ValidationError

from .result import GREY
from .tax_rules import tax_rules


def identified(partner: dict) -> str:
    """The level of a buyer or seller; grey where no rule is known for its country. Nobody is asked for the number."""
    tax_id, country = partner.get("tax_id"), partner.get("country")
    if not tax_id or not country:
        return "amber"
    rules = tax_rules(country)
    if rules is None:
        return GREY
    try:
        rules.validate(tax_id)
    except ValidationError:
        return "red"
    return "green"
