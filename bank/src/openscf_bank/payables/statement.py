"""A program's book between two days, so that the anchor can lay its own beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from openscf.money import round_money
from openscf.payables import ProgramDay, ProgramEntry, ProgramStatement
from sqlalchemy.orm import Session

from ..programs.models import Program
from . import repository
from .repository import RESERVED, PaidEarly, Settled


def statement(
    session: Session, program: Program, start: date | None, end: date | None, today: date
) -> ProgramStatement:
    """What was paid early and settled from `start` to `end`; from the beginning, and up to today, by default."""
    paid, settled = repository.paid_early(session, program.id), repository.settled_parts(session, program.id)
    days = sorted({one.paid_on for one in paid} | {one.paid_on for one in settled})
    start, end = start or (days[0] if days else today), end or today
    before = start - timedelta(days=1)
    reserved = (payable.amount for _, payable in repository.amounts(session, program.id, RESERVED))

    def shown(amount: Decimal) -> Decimal:
        return round_money(amount, program.currency)

    return ProgramStatement(
        program_id=program.reference,
        currency=program.currency,
        start=start,
        end=end,
        opening=shown(_owed(paid, settled, before)),
        days=tuple(
            _day(
                program.currency,
                day,
                [one for one in paid if one.paid_on == day],
                [one for one in settled if one.paid_on == day],
            )
            for day in days
            if start <= day <= end
        ),
        closing=shown(_owed(paid, settled, end)),
        reserved=shown(sum(reserved, Decimal(0))),
    )


def _owed(paid: Sequence[PaidEarly], settled: Sequence[Settled], day: date) -> Decimal:
    """What the anchor owes at the end of a day."""
    rose = sum((one.amount for one in paid if one.paid_on <= day), Decimal(0))
    return rose - sum((one.amount for one in settled if one.paid_on <= day), Decimal(0))


def _day(currency: str, day: date, paid: list[PaidEarly], settled: list[Settled]) -> ProgramDay:
    def total(amounts: list[Decimal]) -> Decimal:
        return round_money(sum(amounts, Decimal(0)), currency)

    return ProgramDay(
        on=day,
        paid=total([one.amount for one in paid]),
        discount=total([one.discount for one in paid]),
        payout=total([one.payout for one in paid]),
        settled=total([one.amount for one in settled]),
        entries=(
            *(
                ProgramEntry(
                    kind="paid",
                    payable_id=one.reference,
                    amount=round_money(one.amount, currency),
                    discount=round_money(one.discount, currency),
                    payout=round_money(one.payout, currency),
                )
                for one in paid
            ),
            *(
                ProgramEntry(kind="settled", payable_id=one.reference, amount=round_money(one.amount, currency))
                for one in settled
            ),
        ),
    )
