"""The financed documents, line by line, with the totals that the ERP states."""

from decimal import Decimal

from openscf.fingerprint import fingerprints

from .scope import buyer_key, seller_key
from .wire_text import amount_text, day, plain, without_none


def document_rows(scope, priced) -> list[dict]:
    """Rows of FinancedDocument, as given. Amounts in the documents' currency."""
    settled = settled_of(scope)
    applicant = scope.company.sudo().vat
    return [_document(scope, header, priced[header.id], settled[header.id], applicant) for header in scope.headers]


def settled_of(scope) -> dict[int, tuple[Decimal, Decimal]]:
    """What was paid and what was credited so far, by document id."""
    settled = {header.id: [Decimal(0), Decimal(0)] for header in scope.headers}
    for item in scope.reductions:
        settled[item.document_id][item.settlement.kind == "credit_note"] += item.amount
    return {document_id: (paid, credited) for document_id, (paid, credited) in settled.items()}


def outstanding_of(scope) -> Decimal:
    """What all documents together still bring."""
    settled = settled_of(scope)
    return sum((header.gross - sum(settled[header.id]) for header in scope.headers), Decimal(0))


def _document(scope, header, priced, settled, applicant) -> dict:
    currency, (paid, credited) = header.currency, settled
    return without_none(
        {
            "kind": scope.kind,
            "number": header.number,
            "issue_date": day(header.issue_date),
            "due_date": day(header.due_date),
            "fiscal_year": header.fiscal_year,
            "issuer_number": header.issuer_number,
            "buyer": buyer_key(header.partner_id) if scope.buyer_ids else None,
            "seller": seller_key(header.partner_id) if scope.seller_ids else None,
            "goods": _goods(header.goods) if header.goods else None,
            "currency": currency,
            "payment_terms": header.payment_terms,
            "lines": [_line(number, line, currency) for number, line in enumerate(priced.lines, start=1)],
            "totals": {
                "net": amount_text(header.net, currency),
                "tax": amount_text(header.tax, currency),
                "gross": amount_text(header.gross, currency),
                "paid": amount_text(paid, currency),
                "credited": amount_text(credited, currency),
                "outstanding": amount_text(header.gross - paid - credited, currency),
            },
            "fingerprints": fingerprints(
                **_identity(scope, header, applicant),
                issue_date=header.issue_date,
                currency=currency,
                amount=header.gross,
            ).model_dump(),
        }
    )


def _identity(scope, header, applicant: str) -> dict[str, str]:
    """What the document is called by who numbered it; a bill is its supplier's invoice, whoever has it financed."""
    named = {"kind": scope.kind, "number": header.number, "fiscal_year": header.fiscal_year}
    if header.goods:
        goods = header.goods
        return {**named, "issuer": applicant, "counterparty": goods.lot or goods.product_code or goods.description}
    partner = header.partner_tax_id or header.partner_name
    if not header.issuer_number:
        return {**named, "issuer": applicant, "counterparty": partner}
    return {
        "issuer": partner,
        "kind": "customer_invoice",
        "number": header.issuer_number,
        "fiscal_year": str(header.issue_date.year),
        "counterparty": applicant,
    }


def _goods(goods) -> dict:
    return without_none(
        {
            "lot": goods.lot,
            "place": goods.place,
            "on_hand": plain(goods.on_hand),
            "oldest_on": day(goods.oldest_on),
        }
    )


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
            "net": amount_text(line.net, currency),
            "tax": amount_text(line.tax, currency),
            "gross": amount_text(line.gross, currency),
            "tax_codes": list(line.tax_codes),
        }
    )
