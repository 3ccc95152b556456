"""Which vendor bills may be approved for early payment, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Instalment:
    """What is open of a bill for one due date, in the bill's currency."""

    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFacts:
    """A vendor bill as the rules see it.

    :ivar number: the company's number of the bill
    :ivar supplier_number: the number that the supplier gave it: what the fingerprints rest on
    :ivar instalments: what is open, by due date, the earliest first
    :ivar is_blocked: under dispute
    :ivar payment_on_its_way: a payment of it was made, or drafted, that no statement shows yet
    :ivar approved_in: the name of the program in which it is approved already, if any
    :ivar claimed_by: the number of another financing that rests on the same purchase, if any
    :ivar posted_by_approver: the person who approves is the one who posted it
    :ivar duplicate: another bill of the supplier with the same number, if any
    """

    number: str
    supplier: str
    is_vendor_bill: bool
    is_posted: bool
    currency: str
    supplier_number: str | None
    issued_on: date | None
    instalments: tuple[Instalment, ...]
    is_blocked: bool
    payment_on_its_way: bool
    approved_in: str | None
    claimed_by: str | None
    posted_by_approver: bool
    duplicate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRules:
    """A program as the rules see it.

    :ivar shortest_days: fewer days before the due date nobody pays early: the least of the banks and of own cash
    :ivar longest_days: a due date later than this is not taken
    :ivar is_member: whether somebody would pay this supplier early: a bank that approved it, or the anchor itself
    """

    name: str
    is_running: bool
    currency: str
    is_member: bool
    shortest_days: int
    longest_days: int
    approves_separately: bool


def open_for_approval(bill: BillFacts, program: ProgramRules, today: date) -> tuple[Instalment, ...]:
    """The parts of a bill whose due date leaves time for an early payment."""
    return tuple(
        part
        for part in bill.instalments
        if part.amount > ZERO and program.shortest_days <= (part.due_on - today).days <= program.longest_days
    )


def why_not(bill: BillFacts, program: ProgramRules | None, today: date, env) -> str:
    """Why a bill may not be approved, as a sentence that says what to do; empty where it may be."""
    return (
        _why_no_document(bill, env)
        or _why_no_program(bill, program, env)
        or _why_not_free(bill, env)
        or _why_no_time(bill, program, today, env)
        or _why_no_approver(bill, program, env)
    )


def _why_no_document(bill, env):
    if not bill.is_vendor_bill:
        return env._("%s is no vendor bill: only what you owe a supplier can be paid early.", bill.number)
    if not bill.is_posted:
        return env._("%s is not posted. Post it first: a draft binds nobody.", bill.number)
    if not bill.supplier_number or not bill.issued_on:
        return env._(
            "%s lacks the supplier's own number or its date. Enter them: the banks recognise the bill by them.",
            bill.number,
        )
    if bill.duplicate:
        return env._(
            "%(bill)s has the same number as %(other)s of this supplier. Find out which of them is right first.",
            bill=bill.number,
            other=bill.duplicate,
        )
    return ""


def _why_no_program(bill, program, env):
    if program is None:
        return env._("%s is in no running program. Invite the supplier to one first.", bill.supplier)
    if not program.is_running:
        return env._("The program %s is not running.", program.name)
    if bill.currency != program.currency:
        return env._(
            "%(bill)s is in %(currency)s, the program %(program)s in %(wanted)s.",
            bill=bill.number,
            currency=bill.currency,
            program=program.name,
            wanted=program.currency,
        )
    if not program.is_member:
        return env._(
            "%(supplier)s is not approved in %(program)s yet: nobody would pay it early.",
            supplier=bill.supplier,
            program=program.name,
        )
    return ""


def _why_not_free(bill, env):
    if bill.approved_in:
        return env._("%(bill)s is approved already, in %(program)s.", bill=bill.number, program=bill.approved_in)
    if bill.claimed_by:
        return env._(
            "%(bill)s, or its purchase, is already being financed by %(application)s: one bill has one financier.",
            bill=bill.number,
            application=bill.claimed_by,
        )
    if bill.is_blocked:
        return env._("%s is blocked for payment. Settle the dispute and unblock it first.", bill.number)
    if bill.payment_on_its_way:
        return env._("A payment of %s is on its way: it would be paid twice.", bill.number)
    return ""


def _why_no_time(bill, program, today, env):
    if not any(part.amount > ZERO for part in bill.instalments):
        return env._("Nothing is open of %s.", bill.number)
    if open_for_approval(bill, program, today):
        return ""
    if all((part.due_on - today).days < program.shortest_days for part in bill.instalments):
        return env._(
            "%(bill)s is due too soon: at least %(days)s days have to be left until the due date.",
            bill=bill.number,
            days=program.shortest_days,
        )
    return env._(
        "%(bill)s is due too late: the program takes due dates within %(days)s days.",
        bill=bill.number,
        days=program.longest_days,
    )


def _why_no_approver(bill, program, env):
    if program.approves_separately and bill.posted_by_approver:
        return env._(
            "You posted %s yourself: in this program somebody else has to approve it.",
            bill.number,
        )
    return ""
