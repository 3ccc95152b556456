"""The financed document, line by line, with the totals that the ERP states."""

from openscf.money import to_amount

from ..amounts import wire_money
from .scope import outstanding_of
from .wire_text import day, plain, without_none


def transaction_section(scope, priced, *, technique, requested, eligible, tenor_days, due_date) -> dict:
    """What is asked for, and the document that carries it. Amounts in the document's currency."""
    document, currency = scope.document, scope.currency
    fingerprints = document._scf_fingerprints()
    paid, credited = outstanding_of(scope)
    return {
        "technique": technique,
        "requested": wire_money(requested, currency),
        "tenor_days": tenor_days,
        "eligible": wire_money(eligible, currency),
        "documents": [
            without_none(
                {
                    "kind": scope.kind,
                    "number": document.name,
                    "issue_date": day(document._scf_issue_date()),
                    "due_date": day(due_date),
                    "fiscal_year": document._scf_fiscal_year(),
                    "buyer": scope.buyer_key,
                    "currency": currency,
                    "payment_terms": _payment_terms(document),
                    "lines": [_line(number, line, currency) for number, line in enumerate(priced.lines, start=1)],
                    "totals": {
                        "net": to_amount(priced.net, currency),
                        "tax": to_amount(priced.tax, currency),
                        "gross": to_amount(priced.gross, currency),
                        "paid": to_amount(paid, currency),
                        "credited": to_amount(credited, currency),
                        "outstanding": to_amount(priced.gross - paid - credited, currency),
                    },
                    "fingerprints": {
                        "f1": fingerprints.f1,
                        "f2": fingerprints.f2,
                        "f3": fingerprints.f3,
                        "key_version": fingerprints.key_version,
                    },
                }
            )
        ],
    }


def _payment_terms(document):
    # A requester may lack access to payment terms; their name is printed on the document anyway.
    terms = (
        document.sudo().payment_term_id if document._name == "sale.order" else document.sudo().invoice_payment_term_id
    )
    return terms.with_context(lang="en_US").name or None


def _line(number, line, currency) -> dict:
    return without_none(
        {
            "line": number,
            "description": line.description,
            "product_code": line.product_code,
            "quantity": plain(line.quantity),
            "uom": line.uom,
            "unit_price": plain(line.unit_price),
            "discount_percent": plain(line.discount_percent),
            "net": to_amount(line.net, currency),
            "tax": to_amount(line.tax, currency),
            "gross": to_amount(line.net + line.tax, currency),
            "tax_codes": list(line.tax_codes),
        }
    )
