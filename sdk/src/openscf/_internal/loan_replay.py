"""The state of a loan, replayed from its dated events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from types import MappingProxyType

from openscf._internal.day_count import days_between
from openscf._internal.loan_events import Disbursement, LoanEvent, Repayment, RepaymentReversal
from openscf._internal.loan_schedule import Instalment, schedule
from openscf._internal.loan_terms import Component, LoanTerms
from openscf.errors import InputInvalid
from openscf.money import EXACT, round_money, to_amount

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """What an amount was taken for, in the loan's currency."""

    penalty: Decimal = ZERO
    fee: Decimal = ZERO
    interest: Decimal = ZERO
    principal: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The sum of the four."""
        return self.penalty + self.fee + self.interest + self.principal

    def __add__(self, other: Allocation) -> Allocation:
        return self._zip(other, 1)

    def __sub__(self, other: Allocation) -> Allocation:
        return self._zip(other, -1)

    def _zip(self, other: Allocation, sign: int) -> Allocation:
        return Allocation(
            penalty=self.penalty + sign * other.penalty,
            fee=self.fee + sign * other.fee,
            interest=self.interest + sign * other.interest,
            principal=self.principal + sign * other.principal,
        )

    def to_wire(self, currency: str) -> dict[str, str]:
        """Return the wire's Allocation: decimal strings with the currency's decimals."""
        return {
            "penalty": to_amount(self.penalty, currency),
            "fee": to_amount(self.fee, currency),
            "interest": to_amount(self.interest, currency),
            "principal": to_amount(self.principal, currency),
        }


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What is owed at the end of the day `as_of`, interest and penalty accrued to it."""

    as_of: dt.date
    currency: str
    principal: Decimal
    interest: Decimal
    fee: Decimal
    penalty: Decimal
    total: Decimal

    def to_wire(self) -> dict[str, str]:
        """Return the wire's Balance: an ISO date and decimal strings with the currency's decimals."""
        return {
            "as_of": self.as_of.isoformat(),
            "currency": self.currency,
            "principal": to_amount(self.principal, self.currency),
            "interest": to_amount(self.interest, self.currency),
            "fee": to_amount(self.fee, self.currency),
            "penalty": to_amount(self.penalty, self.currency),
            "total": to_amount(self.total, self.currency),
        }


@dataclass(frozen=True, kw_only=True)
class LoanState:
    """A loan as its events up to a day make it.

    `allocations` tells, per event id, how each repayment was spread on its day and what each reversal gave back;
    repayments minus reversals add up to `paid`. `past_due` is what should have been paid before `as_of` and was not;
    `unallocated` is money that came in above what was owed.
    """

    balance: Balance
    allocations: Mapping[str, Allocation]
    paid: Allocation
    unallocated: Decimal
    past_due: Decimal

    @property
    def is_settled(self) -> bool:
        """Whether nothing is owed on the day of the balance."""
        return self.balance.total == 0


def replay(terms: LoanTerms, events: Iterable[LoanEvent], as_of: dt.date) -> LoanState:
    """Return the state of the loan at the end of the day `as_of`.

    The order of `events` does not matter and repeats of the same event do not count; events after `as_of` are passed
    over. On one day a disbursement comes first, then reversals, then repayments by id. A reversal whose repayment is
    not (yet) among the events changes nothing. Raises InputInvalid for events that contradict each other or the terms.
    """
    with localcontext(EXACT):
        dated = [event for event in _in_order(terms, events) if event.on <= as_of]
        account, applied = _Account(terms), list[_Applied]()
        allocations: dict[str, Allocation] = {}
        for event in dated:
            if isinstance(event, RepaymentReversal):
                remaining = [earlier for earlier in applied if getattr(earlier, "id", None) != event.reverses]
                if len(remaining) == len(applied):
                    continue
                before, account, applied = account.paid, _Account(terms), remaining
                for earlier in applied:
                    account.apply(earlier)
                allocations[event.id] = before - account.paid
            else:
                applied.append(event)
                allocation = account.apply(event)
                if isinstance(event, Repayment):
                    allocations[event.id] = allocation
        account.accrue_to(as_of)
        return account.state(as_of, allocations)


def payoff_amount(terms: LoanTerms, events: Iterable[LoanEvent], on: dt.date) -> Decimal:
    """Return what closes the loan to zero when paid on the day `on`, in the loan's currency."""
    return replay(terms, events, on).balance.total


def posting(terms: LoanTerms, known: Iterable[LoanEvent], event: Repayment | RepaymentReversal) -> Allocation:
    """Return what a ledger that is never rewritten must add for `event`, told after the `known` ones.

    It is the change of all that is allocated: for a repayment what it brought, for a reversal what was given back.
    For an event told in the order of dates it equals `allocations[event.id]` of the replay; for a back-dated one it
    also carries what the earlier entries must be corrected by, so single parts may be negative. Ledger entries made
    this way always add up to `LoanState.paid`.
    """
    earlier = list(known)
    latest = max(one.on for one in (*earlier, event))
    with localcontext(EXACT):
        before, after = replay(terms, earlier, latest).paid, replay(terms, [*earlier, event], latest).paid
        return after - before if isinstance(event, Repayment) else before - after


_Applied = Disbursement | Repayment


@dataclass(kw_only=True)
class _Owed:
    """Amounts by component, on the way through the waterfall."""

    penalty: Decimal = ZERO
    fee: Decimal = ZERO
    interest: Decimal = ZERO
    principal: Decimal = ZERO

    def total(self) -> Decimal:
        return self.penalty + self.fee + self.interest + self.principal


@dataclass
class _Account:
    """The running account of one loan; `day` is the day up to which it has accrued.

    Interest is kept as principal × days and penalties as past-due principal × days: exact sums, divided and rounded
    only when somebody asks.
    """

    terms: LoanTerms
    day: dt.date | None = None
    instalments: tuple[Instalment, ...] = ()
    principal_days: Decimal = ZERO
    past_due_days: Decimal = ZERO
    principal_days_at_due: dict[dt.date, Decimal] = field(default_factory=dict)
    paid: Allocation = field(default_factory=Allocation)
    received: Decimal = ZERO

    def apply(self, event: _Applied) -> Allocation:
        if isinstance(event, Disbursement):
            self.day, self.instalments = event.on, schedule(self.terms, event.on)
            return Allocation()
        self.accrue_to(event.on)
        self.received += event.amount
        return self._allocate(event.amount)

    def accrue_to(self, day: dt.date) -> None:
        if self.day is None:
            return
        due_dates = [row.due_date for row in self.instalments]
        for stop in sorted({date for date in due_dates if self.day < date < day} | {day}):
            span = days_between(self.day, stop, self.terms.day_count)
            due = sum(date <= self.day for date in due_dates)
            self.principal_days += self._principal() * span
            self.past_due_days += self._unpaid_principal_of_first(due) * span
            self.day = stop
            if stop in due_dates:
                self.principal_days_at_due[stop] = self.principal_days

    def owed(self) -> _Owed:
        if self.day is None:
            return _Owed()
        fee = self.terms.fee if self.terms.fee_timing == "on_repayment" else ZERO
        return _Owed(
            penalty=self.terms.interest_on(self.past_due_days, self.terms.penalty_rate_pa) - self.paid.penalty,
            fee=fee - self.paid.fee,
            interest=self.terms.interest_on(self.principal_days, self.terms.rate_pa) - self.paid.interest,
            principal=self._principal(),
        )

    def past_due(self, as_of: dt.date) -> Decimal:
        """Return what should have been paid before `as_of` and was not; after the last due date that is everything."""
        passed = [row.due_date for row in self.instalments if row.due_date < as_of]
        if not passed:
            return ZERO
        owed = self.owed()
        if len(passed) == len(self.instalments):
            return owed.total()
        interest_due = self.terms.interest_on(self.principal_days_at_due[passed[-1]], self.terms.rate_pa)
        interest = max(ZERO, interest_due - self.paid.interest)
        return owed.penalty + owed.fee + interest + self._unpaid_principal_of_first(len(passed))

    def _allocate(self, amount: Decimal) -> Allocation:
        owed, left = self.owed(), amount
        taken: dict[Component, Decimal] = {}
        for component in self.terms.waterfall:
            taken[component] = min(left, getattr(owed, component))
            left -= taken[component]
        allocation = Allocation(**taken)
        self.paid += allocation
        return allocation

    def _principal(self) -> Decimal:
        return self.terms.principal - self.paid.principal

    def _unpaid_principal_of_first(self, count: int) -> Decimal:
        """Return the principal of the first `count` instalments, less all principal paid."""
        due = sum((row.principal for row in self.instalments[:count]), ZERO)
        return max(ZERO, due - self.paid.principal)

    def state(self, as_of: dt.date, allocations: Mapping[str, Allocation]) -> LoanState:
        owed = self.owed()

        def money(value: Decimal) -> Decimal:
            return round_money(value, self.terms.currency)

        return LoanState(
            balance=Balance(
                as_of=as_of,
                currency=self.terms.currency,
                principal=money(owed.principal),
                interest=money(owed.interest),
                fee=money(owed.fee),
                penalty=money(owed.penalty),
                total=money(owed.total()),
            ),
            allocations=MappingProxyType(dict(allocations)),
            paid=self.paid,
            unallocated=money(self.received - self.paid.total),
            past_due=money(self.past_due(as_of)),
        )


def _in_order(terms: LoanTerms, events: Iterable[LoanEvent]) -> list[LoanEvent]:
    """Return the distinct events in the one order in which they count."""
    by_id: dict[str, LoanEvent] = {}
    for event in events:
        if by_id.setdefault(event.id, event) != event:
            raise InputInvalid(f"Two different events have the id {event.id!r}; give each its own.")
    for event in by_id.values():
        if isinstance(event, Repayment):
            to_amount(event.amount, terms.currency)
    _check_disbursement(terms, [event for event in by_id.values() if isinstance(event, Disbursement)])
    reversal_of = _reversals(by_id)

    def rank(event: LoanEvent) -> tuple[dt.date, int, str]:
        if isinstance(event, Disbursement):
            return event.on, 0, event.id
        if isinstance(event, RepaymentReversal):
            return event.on, 2, event.id
        reversal = reversal_of.get(event.id)
        return event.on, 1 if reversal is not None and reversal.on == event.on else 3, event.id

    return sorted(by_id.values(), key=rank)


def _check_disbursement(terms: LoanTerms, disbursements: list[Disbursement]) -> None:
    if len(disbursements) > 1:
        raise InputInvalid(f"The loan was disbursed {len(disbursements)} times; this version knows one disbursement.")
    if disbursements and disbursements[0].amount != terms.principal:
        raise InputInvalid(
            f"The disbursement is {disbursements[0].amount}, the principal {terms.principal}; give the full principal, "
            "of which a deducted fee is a part."
        )


def _reversals(by_id: Mapping[str, LoanEvent]) -> dict[str, RepaymentReversal]:
    """Return the reversal of each reversed repayment."""
    found: dict[str, RepaymentReversal] = {}
    for event in by_id.values():
        if not isinstance(event, RepaymentReversal):
            continue
        if event.reverses in found:
            raise InputInvalid(f"The repayment {event.reverses!r} is reversed twice; a repayment is undone once.")
        repayment = by_id.get(event.reverses)
        if repayment is not None and not isinstance(repayment, Repayment):
            raise InputInvalid(f"The reversal {event.id!r} names {event.reverses!r}, which is no repayment.")
        if repayment is not None and event.on < repayment.on:
            raise InputInvalid(f"The reversal {event.id!r} is dated before the repayment that it undoes.")
        found[event.reverses] = event
    return found
