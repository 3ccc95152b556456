"""The taxes of the financed document."""

from openscf.money import to_amount

from .wire_text import plain, without_none


def tax_flow_section(scope, priced) -> dict:
    """One row per tax; their amounts add up to the document's tax."""
    return {
        "taxes": [
            without_none(
                {
                    "document": scope.document.name,
                    "tax_code": tax.tax_code,
                    "rate_percent": plain(tax.rate_percent) if tax.rate_percent is not None else None,
                    "base": to_amount(tax.base, scope.currency),
                    "amount": to_amount(tax.amount, scope.currency),
                    "currency": scope.currency,
                }
            )
            for tax in priced.taxes
        ]
    }
