"""The statements of the company's own accounts: what the two banks really moved, brought in and matched with clearing.

The lines come from the banks' ledgers, over the wire, and from nothing that the ERP wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openscf.wire import Entry

from tests.system.year.company import Company

# A buyer's payment to the bank moves nothing on the company's accounts; its id at the bank begins like this.
PAID_TO_BANK = "bpay"


@dataclass(frozen=True)
class Moved:
    """Money on the company's account: what came is positive."""

    key: str
    loan: Any
    on: dt.date
    amount: Decimal


class OwnAccount:
    """Brings the lines of each month, once, and matches them: by the job first, by hand what the job leaves open."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._brought: set[str] = set()
        self.by_job = self.by_hand = 0

    def bring(self, ledgers: dict[Any, tuple[Entry, ...]], until: dt.date) -> None:
        """The lines up to `until` that are not there yet.

        :param ledgers: the whole ledger of each loan, as its bank tells it
        """
        moved = [
            one
            for loan, entries in ledgers.items()
            for one in [*moves_of(loan, entries), *self._claims(loan)]
            if one.on <= until and one.key not in self._brought
        ]
        self._brought |= {one.key for one in moved}
        lines = self.company.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.company.own_accounts[one.loan.currency_id.name].id,
                    "date": one.on,
                    "payment_ref": f"{one.loan.bank_id.name} {one.loan.name}",
                    "amount": float(one.amount),
                }
                for one in moved
            ]
        )
        self.company.commit()
        self.company.run("account.bank.statement.line", "_cron_match_clearing")
        left = lines.filtered(lambda line: not line.is_reconciled)
        self.by_job += len(lines - left)
        self._match_by_hand(left)

    def _claims(self, loan: Any) -> Iterator[Moved]:
        """What the bank claims back of a surplus, since the buyer's payment was returned."""
        for payment in loan.buyer_payment_ids.filtered(lambda payment: payment.state == "returned"):
            surplus = loan.entry_ids.filtered(
                lambda entry, payment=payment: entry.type == "surplus" and entry.source_ref == payment.reference
            )
            for entry in surplus:
                day = payment.return_booking_id.date
                yield Moved(f"claim {entry.bank_entry_ref}", loan, day, -self.company.exact(entry.amount))

    def _match_by_hand(self, lines: Any) -> None:
        """As an accountant does: lines of a loan on clearing, matched with what is open of it there."""
        account = self.company.company.scf_clearing_account_id
        for loan_name, of_loan in lines.grouped("payment_ref").items():
            for line in of_loan:
                _liquidity, suspense, _other = line._seek_for_lines()
                suspense.with_context(skip_readonly_check=True).account_id = account
            items = of_loan.line_ids.filtered(lambda item: item.account_id == account)
            [loan] = self.company.env["scf.loan"].search([("name", "=", loan_name.split()[-1])])
            items |= loan.item_ids.filtered(
                lambda item: item.account_id == account and item.parent_state == "posted" and not item.reconciled
            )
            items.reconcile()
            self.by_hand += len(of_loan)
        self.company.commit()


def moves_of(loan: Any, entries: Iterable[Entry]) -> Iterator[Moved]:
    """What each ledger entry moved on the company's account; a payout comes less the fee that was kept back."""
    known = {entry.id: entry for entry in entries}
    for entry in known.values():
        source = entry.source_id or ""
        if entry.type == "disbursement":
            kept = sum((other.amount for other in known.values() if other.type == "fee"), Decimal(0))
            yield Moved(entry.id, loan, entry.value_date, entry.amount - kept)
        elif entry.type == "surplus":
            yield Moved(entry.id, loan, entry.value_date, entry.amount)
        elif entry.type == "repayment" and not source.startswith(PAID_TO_BANK):
            yield Moved(entry.id, loan, entry.value_date, -entry.amount)
        elif entry.type == "repayment_reversal" and not source.startswith(PAID_TO_BANK):
            yield Moved(entry.id, loan, entry.value_date, entry.amount)
