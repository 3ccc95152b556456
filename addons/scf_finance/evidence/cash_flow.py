"""How the financed documents were settled so far."""

from .wire_text import amount_text, day


def payment_rows(scope) -> list[dict]:
    """Rows of PaymentRow: what reduces a document is positive."""
    numbers = {header.id: header.number for header in scope.headers}
    return [
        {
            "document": numbers[item.document_id],
            "date": day(item.settlement.settled_on),
            "amount": amount_text(item.amount, scope.currency),
            "currency": scope.currency,
            "kind": item.settlement.kind,
            "cleared": item.settlement.cleared,
        }
        for item in scope.reductions
        if item.amount
    ]
