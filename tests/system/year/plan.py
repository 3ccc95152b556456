"""What happens in the year: drawn from a seed, so that a year can be had again, and pure, so that it can be read.

A plan names financings (`Financing`) and dated incidents about them (`Incident`). It knows no loan: what an incident
comes to (what is open, owed or offered on that day) the trade finds out when the day has come.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

YEAR = 2028  # a leap year, with the last of February at a month's end
FIRST_DAY = dt.date(YEAR, 1, 3)
# So that most loans have ended by New Year's Eve, and some have not.
LAST_REQUEST = dt.date(YEAR, 11, 3)
BANKS = ("rhone", "hansa")
CURRENCIES = ("USD", "EUR")
BUYERS = 4


@dataclass(frozen=True)
class Financing:
    """One request: invoices of one buyer in one currency, and the banks that are asked."""

    number: int
    on: dt.date
    fate: str
    banks: tuple[str, ...]
    currency: str
    buyer: int
    amounts: tuple[Decimal, ...]
    due_in_days: int

    @property
    def due(self) -> dt.date:
        """When the invoices are due, and the loan with them."""
        return self.on + dt.timedelta(days=self.due_in_days)


@dataclass(frozen=True)
class Incident:
    """Something that happens to a financing: `part` of what it is about, 1 being all."""

    on: dt.date
    what: str
    financing: Financing
    part: Decimal = Decimal(1)
    ago: int = 0
    other: Financing | None = None


Fate = Callable[[Financing, random.Random], Iterator[Incident]]


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


def in_time(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due - days(dice.randint(0, 4)), "pay", one)


def late(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due + days(dice.randint(4, 40)), "pay", one)


def in_parts(one: Financing, dice: random.Random) -> Iterator[Incident]:
    for count in range(3):
        share = Decimal("0.4") if count < 2 else Decimal(1)
        yield Incident(one.on + days(8 + count * one.due_in_days // 2 + dice.randint(0, 5)), "pay", one, part=share)


def too_much(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due, "pay_too_much", one, part=Decimal("1.15"))


def undone(one: Financing, dice: random.Random) -> Iterator[Incident]:
    first = one.on + days(dice.randint(10, one.due_in_days - 6))
    back = first + days(dice.randint(2, 9))
    yield Incident(first, "pay", one, part=Decimal(dice.choice(("0.5", "1"))))
    yield Incident(back, "undo", one)
    yield Incident(max(back, one.due) + days(dice.randint(1, 12)), "pay", one)


def told_late(one: Financing, dice: random.Random) -> Iterator[Incident]:
    ago = dice.randint(2, 14)
    yield Incident((one.due.replace(day=1) + days(32)).replace(day=1) + days(dice.randint(0, 3)), "pay", one, ago=ago)


def credited(one: Financing, dice: random.Random) -> Iterator[Incident]:
    on = one.on + days(dice.randint(5, 15))
    yield Incident(on, "credit", one, part=Decimal("0.35"))
    yield Incident(on + days(dice.randint(1, 6)), "top_up", one)
    yield Incident(one.due, "pay", one)


def credited_whole(one: Financing, dice: random.Random) -> Iterator[Incident]:
    on = one.on + days(dice.randint(5, 20))
    yield Incident(on, "credit", one)
    yield Incident(on + days(3), "top_up", one)
    yield Incident(one.due, "repay", one)


def own_money_before(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.on + days(dice.randint(6, 20)), "repay", one, part=Decimal("0.5"))
    yield Incident(one.due, "pay", one)


def own_money_when_due(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due, "repay", one)
    yield Incident(one.due + days(dice.randint(3, 20)), "pay", one)


def own_money_then_undone(one: Financing, dice: random.Random) -> Iterator[Incident]:
    """The loan is repaid by the buyer and the company, then the buyer's part bounces: the loan comes back."""
    yield Incident(one.due - days(9), "pay", one, part=Decimal("0.3"))
    yield Incident(one.due - days(4), "repay", one)
    yield Incident(one.due + days(2), "undo", one)
    yield Incident(one.due + days(dice.randint(6, 15)), "pay", one)


def charged(one: Financing, dice: random.Random) -> Iterator[Incident]:
    on = one.on + days(dice.randint(4, 20))
    yield Incident(on, "charge", one)
    yield Incident(on + days(dice.randint(2, 10)), "take_charge_back", one)
    yield Incident(one.due + days(dice.randint(0, 8)), "pay", one)


def penalised(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due + days(5), "charge_penalty", one)
    yield Incident(one.due + days(dice.randint(7, 25)), "pay", one)


def paid_to_the_bank(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due - days(dice.randint(0, 5)), "pay_bank", one)


def returned_by_the_bank(one: Financing, dice: random.Random) -> Iterator[Incident]:
    on = one.due - days(dice.randint(2, 8))
    yield Incident(on, "pay_bank", one, part=Decimal(dice.choice(("0.4", "1"))))
    yield Incident(on + days(dice.randint(1, 10)), "return_by_bank", one)
    yield Incident(one.due + days(dice.randint(10, 20)), "pay", one)


def extended(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.due - days(dice.randint(2, 9)), "extend", one)
    yield Incident(one.due + days(20), "pay", one)


def called(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.on + days(20), "call", one)
    yield Incident(one.on + days(26), "repay", one)
    yield Incident(one.due, "pay", one)


def written_off(one: Financing, dice: random.Random) -> Iterator[Incident]:
    yield Incident(one.on + days(14), "pay", one, part=Decimal("0.2"))
    yield Incident(one.due + days(35), "write_off", one)


FATES: dict[str, tuple[Fate, int]] = {
    # How each comes about, and how often beside the others.
    "in_time": (in_time, 6),
    "late": (late, 4),
    "in_parts": (in_parts, 4),
    "too_much": (too_much, 2),
    "undone": (undone, 3),
    "told_late": (told_late, 2),
    "credited": (credited, 3),
    "credited_whole": (credited_whole, 1),
    "own_money_before": (own_money_before, 2),
    "own_money_when_due": (own_money_when_due, 2),
    "own_money_then_undone": (own_money_then_undone, 1),
    "charged": (charged, 2),
    "penalised": (penalised, 1),
    "paid_to_the_bank": (paid_to_the_bank, 1),
    "returned_by_the_bank": (returned_by_the_bank, 1),
    "extended": (extended, 1),
    "called": (called, 0),
    "written_off": (written_off, 0),
    # One payment of a buyer for the invoices of two loans: see `_batches`.
    "batched": (lambda one, dice: iter(()), 2),
}
# What would be odd more often than this in a year of a sound company: once at each bank, and never by chance.
ONCE_AT_EACH = ("called", "written_off")


def plan(loans: int, seed: int) -> tuple[list[Financing], list[Incident]]:
    """The financings of a year and what happens to them, each in the order of their days.

    From `len(FATES) + 3` loans on every fate comes at least once, and to its end before the year does.
    """
    dice = random.Random(seed)
    financings = [_financing(number, fate, bank, dice) for number, (fate, bank) in enumerate(_fates(loans, dice))]
    pairs = _batches(financings)
    financings = [pairs.get(one.number, one) for one in financings]
    incidents = [incident for one in financings for incident in FATES[one.fate][0](one, dice)]
    incidents += _payments_of(pairs)
    return (
        sorted(financings, key=lambda one: (one.on, one.number)),
        sorted(
            (incident for incident in incidents if incident.on.year == YEAR),
            key=lambda incident: (incident.on, incident.financing.number),
        ),
    )


def _fates(loans: int, dice: random.Random) -> list[tuple[str, str | None]]:
    """Each fate once, those of `ONCE_AT_EACH` at each bank, a second one of a batch, and then as the dice fall."""
    fates: list[tuple[str, str | None]] = [(fate, None) for fate in FATES if fate not in ONCE_AT_EACH]
    fates += [(fate, bank) for fate in ONCE_AT_EACH for bank in BANKS]
    fates.append(("batched", None))
    weights = [weight for _fate, weight in FATES.values()]
    fates += [(fate, None) for fate in dice.choices(list(FATES), weights, k=max(loans - len(fates), 0))]
    return fates[:loans]


def _financing(number: int, fate: str, bank: str | None, dice: random.Random) -> Financing:
    due_in_days = dice.randint(28, 75)
    latest = LAST_REQUEST if number > len(FATES) + 2 else LAST_REQUEST - days(60)
    counted = 1 if dice.random() < 0.75 else dice.randint(2, 3)
    return Financing(
        number=number,
        on=FIRST_DAY + days(dice.randrange((latest - FIRST_DAY).days)),
        fate=fate,
        banks=(bank,) if bank else BANKS if dice.random() < 0.15 else (dice.choice(BANKS),),
        currency=dice.choice(CURRENCIES),
        buyer=dice.randrange(BUYERS),
        amounts=tuple(Decimal(dice.randrange(150_000, 2_500_000)) / 100 for _invoice in range(counted)),
        due_in_days=due_in_days,
    )


def _batches(financings: list[Financing]) -> dict[int, Financing]:
    """Those that are paid in batches, by number: two and two, made alike in buyer and currency and asked for together.

    One that is left over is paid like any other.
    """
    batched = [one for one in financings if one.fate == "batched"]
    paired: dict[int, Financing] = {}
    for first, second in zip(batched[::2], batched[1::2], strict=False):
        paired[first.number] = first
        paired[second.number] = replace(second, buyer=first.buyer, currency=first.currency, on=first.on)
    if len(batched) % 2:
        paired[batched[-1].number] = replace(batched[-1], fate="in_time")
    return paired


def _payments_of(batched: dict[int, Financing]) -> Iterator[Incident]:
    members = [one for one in batched.values() if one.fate == "batched"]
    for first, second in zip(members[::2], members[1::2], strict=True):
        yield Incident(max(first.due, second.due), "pay_together", first, other=second)
