"""The running account of one loan: events go in, and what is owed, paid and left over comes out."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from openscf._internal.loan_accrual import Accrual
from openscf._internal.loan_balance import ZERO, Allocation, Balance, LoanState, NextDue
from openscf._internal.loan_due import next_due, owed_by_time, past_due, past_due_since
from openscf._internal.loan_events import (
    Call,
    Charge,
    Disbursement,
    Extension,
    LoanEvent,
    Repayment,
    Surplus,
    WriteOff,
)
from openscf._internal.loan_waterfall import COMPONENTS, expanded, ignores_time, spread
from openscf.money import round_money


@dataclass
class Account(Accrual):
    """A loan's accrual, with the money that came in and was taken for what is owed."""

    paid: Allocation = field(default_factory=Allocation)
    written_off: Allocation = field(default_factory=Allocation)
    received: Decimal = ZERO
    surplus: Decimal = ZERO

    def snapshot(self) -> Account:
        """Return a copy that goes its own way."""
        other = copy.copy(self)
        other.reached, other.charges = list(self.reached), list(self.charges)
        return other

    def apply(self, event: LoanEvent) -> Allocation:
        """Take in an event that is no reversal; return what it was taken for, charged, or gave up."""
        self.accrue_to(event.on)
        if isinstance(event, Repayment):
            self.received += event.amount
            taken = self._take(event.amount)
            self.paid += taken
            return taken
        if isinstance(event, WriteOff):
            taken = self._take(self.owed().total if event.amount is None else event.amount)
            self.written_off += taken
            self.given_up = self.given_up or event.amount is None or self.owed().total == ZERO
            return taken
        if isinstance(event, Charge):
            self.charges.append(event)
            return Allocation(**{event.component: event.amount})
        if isinstance(event, Disbursement):
            self.disburse(event.on, event.amount)
        elif isinstance(event, Extension):
            self.extend(event.on, event.days)
        elif isinstance(event, Call):
            self.call(event.on)
        elif isinstance(event, Surplus):
            self.surplus += event.amount
        return Allocation()

    def _take(self, amount: Decimal) -> Allocation:
        """Take `amount` for what is owed, in the order of the waterfall."""
        if ignores_time(self.terms.waterfall):
            owed = self.owed()
            parts: dict[str, Decimal] = {component: getattr(owed, component) for component in COMPONENTS}
            taken = spread(amount, parts, self.terms.waterfall)
        else:
            taken = spread(amount, owed_by_time(self), expanded(self.terms.waterfall))
        self.met += taken
        return taken

    def booked(self) -> Allocation:
        """Return what was lent and charged less what was paid."""
        return self._lent_and_charged() - self.paid

    def left(self) -> Allocation:
        """Return what was lent and charged less what was paid or given up: what a ledger's entries add up to."""
        return self._lent_and_charged() - self.met

    def _lent_and_charged(self) -> Allocation:
        charged = {"fee": ZERO, "penalty": ZERO}
        for one in self.charges:
            charged[one.component] += one.amount
        return Allocation(principal=self.disbursed, **charged)

    def state(self, as_of: dt.date, allocations: Mapping[str, Allocation]) -> LoanState:
        """Return the loan as it stands, the account having accrued to `as_of`."""
        currency = self.terms.currency

        def money(value: Decimal) -> Decimal:
            return round_money(value, currency)

        owed, late, upcoming = self.owed(), past_due(self), next_due(self)
        times = owed_by_time(self)
        return LoanState(
            balance=Balance(
                as_of=as_of,
                currency=currency,
                principal=money(owed.principal),
                interest=money(owed.interest),
                fee=money(owed.fee),
                penalty=money(owed.penalty),
                total=money(owed.total),
            ),
            allocations=MappingProxyType(dict(allocations)),
            paid=self.paid,
            written_off=self.written_off,
            unallocated=money(self.received - self.paid.total - self.surplus),
            surplus=money(self.surplus),
            past_due=money(late.total),
            past_due_since=past_due_since(self),
            due=money(sum((part for step, part in times.items() if step.startswith("due.")), ZERO)),
            next_due=upcoming and NextDue(due_date=upcoming.due_date, amount=money(upcoming.amount)),
            available=money(self._available()),
        )

    def _available(self) -> Decimal:
        """Return what can be drawn: nothing once the last due date has come, or all was given up."""
        is_over = self.given_up or (self.start is not None and len(self.reached) == len(self.dues))
        if self.terms.repayment != "revolving" or is_over:
            return ZERO
        return max(ZERO, self.terms.principal - self.principal())
