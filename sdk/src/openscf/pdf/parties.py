"""Who is on the cover: the applicant, and its buyers, its supplier, its goods, or all its customers."""

from __future__ import annotations

from typing import Final

from reportlab.platypus import Flowable, Paragraph, Spacer

from openscf._internal.sections import BuyerRow, CollectionAccount, Sections, SellerRow
from openscf.pdf.fonts import MEDIUM
from openscf.pdf.kinds import is_bought, is_pledged
from openscf.pdf.palette import FACT, SMALL, SMALL_QUIET
from openscf.pdf.tables import side_by_side
from openscf.pdf.wording import LONGEST_NAME, clipped, counted, day, markup, money, number

MOST_NAMES: Final = 3
"""So many buyers, or pledged goods, are named; more are a number."""
_RELATIONS: Final = {
    "own_company": "a company of its own",
    "same_group": "of the same group",
    "same_tax_id": "has the same tax id",
    "same_bank_account": "has the same bank account",
    "own_user": "a user of its own ERP",
}


def parties(sections: Sections) -> Flowable:
    """Return the applicant beside those with whom, or that with which, it asks."""
    transaction = sections.transaction
    others = _goods if is_pledged(transaction) else _sellers if is_bought(transaction) else _buyers
    if not transaction.documents:
        others = _customers
    return side_by_side([_applicant(sections), others(sections)])


def account_words(account: CollectionAccount) -> str:
    """Return an account in words: its number, its bank and its holder."""
    held = f"{account.bank or 'bank not named'} ({account.holder})"
    return f"{account.iban or account.account or 'number not given'}, {held}"


def _applicant(sections: Sections) -> list[Flowable]:
    applicant = sections.party.applicant
    who: list[Flowable] = [
        Paragraph(markup("Applicant"), SMALL_QUIET),
        Paragraph(markup(applicant.name, MEDIUM), FACT),
        Paragraph(
            markup(" · ".join(filter(None, [applicant.tax_id, applicant.registry, applicant.city, applicant.country]))),
            SMALL_QUIET,
        ),
    ]
    if applicant.collection_account:
        who += [
            Spacer(1, 3),
            Paragraph(markup(f"Collects on {account_words(applicant.collection_account)}"), SMALL),
        ]
    return who


def _buyers(sections: Sections) -> list[Flowable]:
    named = {buyer.key: buyer for buyer in sections.party.buyers}
    keys = list(dict.fromkeys(document.buyer or "" for document in sections.transaction.documents))
    shown: list[Flowable] = [Paragraph(markup("Buyers of the financed documents"), SMALL_QUIET)]
    for key in keys[:MOST_NAMES]:
        buyer = named.get(key)
        shown.append(Paragraph(markup((buyer.name if buyer else None) or key, MEDIUM, at_most=LONGEST_NAME), FACT))
        if buyer:
            since = f"customer since {day(buyer.customer_since)}" if buyer.customer_since else None
            shown += _known_of(buyer, since)
    return shown + _more(len(keys))


def _customers(sections: Sections) -> list[Flowable]:
    """All customers together: no document of a single one is financed."""
    rows = sections.cash_flow.buyer_history if sections.cash_flow else ()
    count = len({row.buyer for row in rows if row.buyer}) + sum(row.buyers or 0 for row in rows if not row.buyer)
    shown: list[Flowable] = [Paragraph(markup("Who repays"), SMALL_QUIET)]
    shown.append(Paragraph(markup("All customers of the applicant", MEDIUM), FACT))
    if count:
        shown.append(Paragraph(markup(f"{counted(count, 'customer', 'customers')} in the history"), SMALL_QUIET))
    return shown


def _sellers(sections: Sections) -> list[Flowable]:
    shown: list[Flowable] = [Paragraph(markup("Supplier, who is paid by the bank"), SMALL_QUIET)]
    for seller in sections.party.sellers[:MOST_NAMES]:
        shown.append(Paragraph(markup(seller.name, MEDIUM, at_most=LONGEST_NAME), FACT))
        since = f"supplier since {day(seller.supplier_since)}" if seller.supplier_since else None
        shown += _known_of(seller, since)
        shown += [Spacer(1, 3), Paragraph(markup(_paid_on(seller)), SMALL)]
    return shown + _more(len(sections.party.sellers))


def _paid_on(seller: SellerRow) -> str:
    if seller.account is None:
        return "No account of this supplier is named."
    trusted = "The applicant vouches for this account." if seller.account.trusted else "Nobody vouches for it."
    return f"Is paid on {account_words(seller.account)}. {trusted}"


def _known_of(party: BuyerRow | SellerRow, since: str | None) -> list[Flowable]:
    parts = filter(None, [party.tax_id, party.city, party.country, since])
    known: list[Flowable] = [Paragraph(markup(" · ".join(parts), at_most=LONGEST_NAME), SMALL_QUIET)]
    if party.related:
        known.append(Paragraph(markup(f"Related to the applicant: {_RELATIONS[party.related]}", MEDIUM), SMALL))
    return known


def _goods(sections: Sections) -> list[Flowable]:
    documents = sections.transaction.documents
    shown: list[Flowable] = [Paragraph(markup("Goods that are pledged"), SMALL_QUIET)]
    for document in documents[:MOST_NAMES]:
        for line in document.lines[:1]:
            quantity = f"{number(line.quantity)} {line.uom or ''}".strip()
            place = f" in {clipped(document.goods.place, LONGEST_NAME)}" if document.goods else ""
            value = money(document.totals.gross, document.currency)
            shown += [
                Paragraph(markup(line.description, MEDIUM, at_most=LONGEST_NAME), FACT),
                Paragraph(markup(f"{quantity}{place}, {value} at cost"), SMALL_QUIET),
            ]
    return shown + _more(len(documents))


def _more(count: int) -> list[Flowable]:
    if count <= MOST_NAMES:
        return []
    return [Paragraph(markup(f"and {counted(count - MOST_NAMES, 'more', 'more')}"), SMALL_QUIET)]
