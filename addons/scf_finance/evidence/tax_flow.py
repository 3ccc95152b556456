"""The taxes of the financed documents."""

from .wire_text import amount_text, plain, without_none


def tax_rows(scope, priced) -> list[dict]:
    """Rows of TaxRow, one per document and tax; the amounts of a document add up to its tax."""
    return [_tax(header.number, tax, scope.currency) for header in scope.headers for tax in priced[header.id].taxes]


def _tax(document: str, tax, currency: str) -> dict:
    return without_none(
        {
            "document": document,
            "tax_code": tax.tax_code,
            "rate_percent": plain(tax.rate_percent) if tax.rate_percent is not None else None,
            "base": amount_text(tax.base, currency),
            "amount": amount_text(tax.amount, currency),
            "currency": currency,
        }
    )
