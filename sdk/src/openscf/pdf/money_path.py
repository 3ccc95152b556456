"""The way of the money, in one sentence or two."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from openscf._internal.naming import naming
from openscf._internal.sections import FinancedDocument, Sections
from openscf.pdf.kinds import is_bought, is_pledged
from openscf.pdf.parties import MOST_NAMES
from openscf.pdf.wording import LONGEST_NAME, clipped, counted, day, listed, money, share

_MOST_ACCOUNTS: Final = 1
_ZERO: Final = Decimal(0)


def money_path(sections: Sections) -> str:
    """Return who bought from whom, what carries the claim, what is open until when, and where it is paid.

    For pledged goods: what they are worth and where they lie; for these and for purchases, who is paid by the bank,
    and where the money of the resale comes. Where no document is financed: what the applicant collected.
    """
    if not sections.transaction.documents:
        return _collected(sections)
    if is_pledged(sections.transaction):
        return f"{_held(sections)}. {_resold(sections)}"
    if is_bought(sections.transaction):
        return f"{_traded(sections)}{_paid_by_the_bank(sections)}. {_resold(sections)}"
    account = _collected_on(sections)
    return f"{_traded(sections)}{f', to be paid to {account}' if account else ''}."


def _traded(sections: Sections) -> str:
    """Who bought from whom, for how much, what of it is carried, settled and open, and until when."""
    asked, named = sections.transaction, naming(sections.party)
    others = list(dict.fromkeys(named(document.counterparty) for document in asked.documents))
    applicant, goods = clipped(sections.party.applicant.name, LONGEST_NAME), "deliveries"
    sentence = f"{listed(others, at_most=MOST_NAMES)} bought from {applicant}"
    if is_bought(asked):
        sentence, goods = f"{applicant} bought from {listed(others, at_most=MOST_NAMES)}", "receipts"
    currencies = dict.fromkeys(document.currency for document in asked.documents)
    parts = [_amounts(sections, currency, goods=goods) for currency in currencies]
    return f"{sentence} {', and '.join(parts)}{_due(asked.documents)}"


def _collected(sections: Sections) -> str:
    """What came in within the history, in the currency asked for, and where it comes."""
    applicant, account = clipped(sections.party.applicant.name, LONGEST_NAME), _collected_on(sections)
    on_account = f" on {account}" if account else ""
    currency, cash = sections.transaction.requested.currency, sections.cash_flow
    rows = [row for row in cash.months if row.currency == currency] if cash else []
    if not rows:
        return f"{applicant} repays out of all that its customers pay{on_account}."
    collected = _unbroken(sum((row.collected for row in rows), _ZERO), currency)
    return (
        f"{applicant} collected {collected} from its customers in {counted(len(rows), 'month', 'months')}; "
        f"it repays out of what they pay from now on{on_account}."
    )


def _amounts(sections: Sections, currency: str, *, goods: str) -> str:
    totals = [document.totals for document in sections.transaction.documents if document.currency == currency]
    gross, open_ = (sum((getattr(one, name) for one in totals), _ZERO) for name in ("gross", "outstanding"))
    part = f"for {_unbroken(gross, currency)}"
    if sections.evidence:
        rows = [row for row in sections.evidence.documents if row.currency == currency]
        ordered, delivered, deliverable = (
            sum((getattr(row, name) for row in rows), _ZERO) for name in ("ordered", "delivered", "deliverable")
        )
        part += f", of which orders carry {share(ordered, gross)}"
        if deliverable:
            part += f" and {goods} {share(delivered, deliverable)} of the goods"
    return f"{part}; {_unbroken(gross - open_, currency)} is settled and {_unbroken(open_, currency)} is open"


def _due(documents: tuple[FinancedDocument, ...]) -> str:
    due = [document.due_date for document in documents if document.due_date]
    if not due:
        return ""
    last = f" and {day(max(due))}" if max(due) != min(due) else ""
    return f", due {'between ' if last else 'on '}{day(min(due))}{last}"


def _paid_by_the_bank(sections: Sections) -> str:
    accounts = [seller.account for seller in sections.party.sellers if seller.account]
    told = [
        f"{account.iban or account.account}{f' at {clipped(account.bank, LONGEST_NAME)}' if account.bank else ''}"
        for account in accounts
        if account.iban or account.account
    ]
    return f"; the bank is asked to pay the supplier on {listed(told, at_most=_MOST_ACCOUNTS)}" if told else ""


def _held(sections: Sections) -> str:
    documents = sections.transaction.documents
    worth = []
    for currency in dict.fromkeys(document.currency for document in documents):
        gross = sum((document.totals.gross for document in documents if document.currency == currency), _ZERO)
        worth.append(_unbroken(gross, currency))
    places = list(dict.fromkeys(document.goods.place for document in documents if document.goods))
    return (
        f"{clipped(sections.party.applicant.name, LONGEST_NAME)} pledges {counted(len(documents), 'lot', 'lots')} of "
        f"goods worth {' and '.join(worth)} at cost, in {listed(places, at_most=MOST_NAMES)}"
    )


def _resold(sections: Sections) -> str:
    account = _collected_on(sections)
    rows = sections.inventory.resale if sections.inventory else ()
    days = [row.days_to_sell for row in rows if row.days_to_sell is not None]
    slowest = f", the slowest within {_whole_days(max(days))}" if days else ""
    if unsold := len(rows) - len(days):
        slowest += f" (of {counted(unsold, 'line', 'lines')} nothing was sold within 12 months)"
    return (
        f"It repays itself as the goods are sold{slowest}{f', with money that comes to {account}' if account else ''}."
    )


def _whole_days(days: Decimal) -> str:
    return counted(int(days.to_integral_value()), "day", "days")


def _collected_on(sections: Sections) -> str:
    account = sections.party.applicant.collection_account
    if account is None or not (account.iban or account.account):
        return ""
    at_bank = f" at {clipped(account.bank, LONGEST_NAME)}" if account.bank else ""
    return f"{account.iban or account.account}{at_bank}"


def _unbroken(value: Decimal, currency: str) -> str:
    return money(value, currency).replace(" ", "\N{NO-BREAK SPACE}")
