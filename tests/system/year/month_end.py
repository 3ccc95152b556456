"""The end of a month: ERP, journal and bank beside each other, loan by loan, to the cent."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from openscf import wire

from tests.system.year.company import Company
from tests.system.year.journal import CARRIED, carried, worth_carried
from tests.system.year.own_account import OwnAccount
from tests.system.year.trade import Trade

ZERO = Decimal(0)
CENT = Decimal("0.01")
PARTS = ("penalty", "fee", "interest", "principal")


@dataclass
class Found:
    """A month's end: how much was compared, and each disagreement in a sentence."""

    on: dt.date
    loans: int = 0
    running: int = 0
    lines: int = 0
    statements: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


class MonthEnd:
    """Works on the first of the month, before anything else happens."""

    def __init__(self, company: Company, trade: Trade, own_account: OwnAccount) -> None:
        self.company, self.trade, self.own_account = company, trade, own_account
        self._clients: dict[Any, Any] = {}

    def compare(self, day: dt.date, *, whole: bool = False) -> Found:
        """Compare, then close the month as the accountant, and compare what was accrued.

        :param whole: look at loans that ended before this month, too
        """
        env, found = self.company.env, Found(on=day)
        env.invalidate_all()
        loans = env["scf.loan"].search([("start_date", "<=", day)], order="id")
        if not whole:
            first = day.replace(day=1)
            loans = loans.filtered(
                lambda loan: loan.state != "closed" or any(entry.value_date >= first for entry in loan.entry_ids)
            )
        told = {loan: self._ask_bank(loan, day) for loan in loans}
        self.own_account.bring({loan: statement.entries for loan, statement in told.items()}, day)
        self.company.run("scf.loan", "_cron_fetch_statements")
        journal, worth = carried(self.company), worth_carried(self.company)
        for loan, statement in told.items():
            found.loans += 1
            found.running += loan.state != "closed"
            found.lines += len(statement.entries)
            for sentence in self._of_loan(loan, statement, journal[loan.id], worth[loan.id]):
                found.differences.append(f"{day} {loan.name} ({loan.state}): {sentence}")
        found.differences += [f"{day} {sentence}" for sentence in self._statements(day, found)]
        found.differences += [f"{day} {sentence}" for sentence in self._collections()]
        closing = self._close(day)
        found.differences += [f"{day} {sentence}" for sentence in self._accrued(closing, told, journal)]
        found.differences += [f"{day} {sentence}" for sentence in self._carried(day, told)]
        return found

    def _ask_bank(self, loan: Any, day: dt.date) -> wire.Statement:
        """The whole ledger up to `day`, with what is owed then: `GET /v1/loans/{id}/statement`."""
        if loan.bank_id not in self._clients:
            self._clients[loan.bank_id] = loan.bank_id._adapter()._client()
        return self._clients[loan.bank_id].statement(loan.bank_loan_ref, start=loan.start_date, end=day)

    # -- one loan --------------------------------------------------------

    def _of_loan(
        self, loan: Any, told: wire.Statement, journal: dict[str, Decimal], worth: dict[str, Decimal]
    ) -> Iterator[str]:
        ours = [self._line(entry) for entry in loan.entry_ids.sorted("sequence")]
        theirs = [_told_line(entry) for entry in told.entries]
        if ours != theirs:
            yield f"the ledger has {ours}, the bank's statement {theirs}"
        balance = loan._balance(told.closing.as_of)
        for name in PARTS:
            if getattr(balance, name) != getattr(told.closing, name):
                yield f"the replay gives {name} {getattr(balance, name)}, the bank {getattr(told.closing, name)}"
        for account, amount in self._expected(loan, told).items():
            if journal[account] != amount:
                yield f"the journal carries {journal[account]} on {account}, the bank's ledger makes it {amount}"
        if loan.state == "closed":
            for account in CARRIED:
                if journal[account] or worth[account]:
                    left = f"{journal[account]}, worth {worth[account]},"
                    yield f"it is over, and the journal carries {left} on {account}"
        if loan.mismatch:
            yield f"mismatch: {loan.mismatch}"

    def _line(self, entry: Any) -> tuple[str, ...]:
        parts = tuple(f"{entry[name]:.2f}" for name in PARTS)
        return (entry.bank_entry_ref, entry.type, str(entry.value_date), f"{entry.amount:.2f}", *parts)

    def _expected(self, loan: Any, told: wire.Statement) -> dict[str, Decimal]:
        """What the journal carries for the loan by the bank's ledger, debit positive; fees deferred count as fees."""
        sums = dict.fromkeys(PARTS, ZERO)
        paid_out = kept = given_up = moved = ZERO
        for entry in told.entries:
            if entry.type == "disbursement":
                paid_out += entry.amount
            elif entry.type == "fee":
                kept += entry.amount
            elif entry.type in ("repayment", "repayment_reversal", "write_off"):
                assert entry.allocation
                sign = -1 if entry.type == "repayment_reversal" else 1
                if entry.type == "write_off":
                    given_up += entry.allocation.principal
                    continue
                moved += sign * entry.amount
                for name in PARTS:
                    sums[name] += sign * getattr(entry.allocation, name)
        owed = paid_out - sums["principal"] - given_up
        if owed != told.closing.principal:
            raise AssertionError(f"{loan.name}: the bank's statement does not add up: {owed}, {told.closing}")
        sold = loan.sells_receivables
        holdback = ZERO if not sold or loan.state == "closed" else self.company.exact(loan.holdback)
        by_buyers = loan.buyer_payment_ids.filtered(lambda payment: payment.state == "received")
        return {
            "loan": ZERO if sold else -owed,
            "assigned": -owed - holdback if sold else ZERO,
            "holdback": holdback,
            "interest": sums["interest"],
            "fees": sums["fee"] + kept,
            "penalty": sums["penalty"],
            "money": paid_out - kept - moved + self.company.exact(sum(by_buyers.mapped("amount"))),
            "clearing": ZERO,
        }

    # -- all loans -------------------------------------------------------

    def _statements(self, day: dt.date, found: Found) -> Iterator[str]:
        """The statements that the job fetched for the month, compared line by line by the addon itself."""
        for statement in self.company.env["scf.statement"].search([("date_to", "=", day)]):
            found.statements[statement.state] = found.statements.get(statement.state, 0) + 1
            if statement.state == "different":
                causes = [f"{line.bank_ref} {line.cause}" for line in statement.difference_line_ids]
                yield f"{statement.loan_id.name}: its statement is {statement.state}: {', '.join(causes)}"

    def _collections(self) -> Iterator[str]:
        """Of no invoice more was reported as collected than its buyer has paid and not taken back."""
        env = self.company.env
        reported: dict[Any, Decimal] = defaultdict(Decimal)
        for row in env["scf.collection"].search([("state", "in", ("reported", "allocated"))]):
            if row.kind == "dilution" or row.reverses_id.kind == "dilution":
                continue
            reported[row.move_id] += self.company.exact(row.amount) * (-1 if row.kind == "undone" else 1)
        for invoice, amount in reported.items():
            if amount > self.trade.paid(invoice):
                yield f"{invoice.name}: {amount} was reported, {self.trade.paid(invoice)} paid"
            if amount < 0:
                yield f"{invoice.name}: {-amount} more was undone than had been reported"
        for row in env["scf.collection"].search([("kind", "=", "undone"), ("state", "=", "allocated")]):
            taken, back = row.reverses_id.entry_id, row.entry_id
            if back.type != "repayment_reversal" or back.reverses_ref != taken.bank_entry_ref:
                yield f"{row.reference} is undone, and the bank's entry {back.bank_entry_ref} takes nothing back"

    def _close(self, day: dt.date) -> Any:
        """The accountant closes the month by the dialog."""
        dialog = self.company.model("accountant", "scf.period.close").create({"date": day})
        action = dialog.action_close()
        self.company.commit()
        return self.company.env["scf.loan.closing"].browse(action["res_id"])

    def _accrued(
        self, closing: Any, told: dict[Any, wire.Statement], journal: dict[int, dict[str, Decimal]]
    ) -> Iterator[str]:
        """The month's end accrues what the bank says is owed, and fees come to what their time has used up."""
        sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for line in closing.line_ids:
            sums[line.loan_id.id, line.kind] += self.company.exact(line.amount)
        for loan, statement in told.items():
            owed = statement.closing
            for kind in ("interest", "penalty"):
                if sums[loan.id, kind] != getattr(owed, kind):
                    yield f"{loan.name}: {sums[loan.id, kind]} of {kind} accrued, {getattr(owed, kind)} owed"
            if owed.principal:
                cost = journal[loan.id]["fee"] + sums[loan.id, "fee"] + sums[loan.id, "deferred_fee"]
                if cost != self._fees_until(loan, statement):
                    yield f"{loan.name}: fees cost {cost} so far, by days {self._fees_until(loan, statement)}"
        if closing.move_id:
            booked = self._sum(closing.move_id, "scf_accrued_account_id")
            accrued = -sum(closing.line_ids.filtered(_is_accrued).mapped("balance"))
            if booked != self.company.exact(accrued):
                yield f"the entry of the month's end accrues {booked}, its loans {accrued}"

    def _fees_until(self, loan: Any, statement: wire.Statement) -> Decimal:
        """What a loan that is due in one sum has cost in fees: the agreed one by its days, and what was charged."""
        terms = loan._terms()
        day, start = statement.closing.as_of, loan.start_date
        used = Decimal((min(day, loan.due_date) - start).days) / Decimal((loan.due_date - start).days)
        charged = sum(
            (
                entry.amount * (-1 if entry.type == "charge_reversal" else 1)
                for entry in statement.entries
                if entry.type in ("charge", "charge_reversal") and entry.allocation and entry.allocation.fee
            ),
            ZERO,
        )
        return (terms.fee * used).quantize(CENT, ROUND_HALF_UP) + charged

    def _carried(self, day: dt.date, told: dict[Any, wire.Statement]) -> Iterator[str]:
        """The loan account at the day's rate is what all loans owe, in the company's currency, but for rounding."""
        company, env = self.company.company, self.company.env
        env.cr.execute(
            "SELECT COALESCE(SUM(balance), 0) FROM account_move_line"
            " WHERE account_id = %s AND parent_state = 'posted' AND date <= %s",
            [company.scf_loan_account_id.id, day],
        )
        booked, owed = self.company.exact(env.cr.fetchone()[0]), ZERO
        for loan, statement in told.items():
            if loan.sells_receivables:
                continue
            rate = env["res.currency"]._get_conversion_rate(loan.currency_id, company.currency_id, company, day)
            owed += (statement.closing.principal * Decimal(repr(rate))).quantize(CENT, ROUND_HALF_UP)
        if abs(booked + owed) > CENT * len(told):
            yield f"the loan account carries {-booked} at the day's rate, the banks say {owed}"

    def _sum(self, move: Any, field_name: str) -> Decimal:
        account = self.company.company[field_name]
        items = move.line_ids.filtered(lambda item: item.account_id == account)
        return self.company.exact(sum(items.mapped("balance")))


def month_ends(year: int) -> list[dt.date]:
    """The last days of its months."""
    return [dt.date(year, month, calendar.monthrange(year, month)[1]) for month in range(1, 13)]


def _told_line(entry: wire.Entry) -> tuple[str, ...]:
    """A ledger entry in words that both sides have: what it was taken for is zero where it says nothing of it."""
    parts = tuple(f"{getattr(entry.allocation, name) if entry.allocation else ZERO:.2f}" for name in PARTS)
    return (entry.id, entry.type, str(entry.value_date), f"{entry.amount:.2f}", *parts)


def _is_accrued(line: Any) -> bool:
    return line.kind in ("interest", "penalty", "fee")
