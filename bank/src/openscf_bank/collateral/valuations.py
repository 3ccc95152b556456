"""What the applicant's books say that the goods are worth, and the margin call that may follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from openscf import wire
from openscf.canonical import sha256_hex

from ..clients import repository as clients
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError, not_found
from ..loans import repository as loans
from ..loans.models import Loan
from ..loans.shortfall import tell_of_goods
from . import releases, repository
from .cover import Cover, cover
from .models import Valuation, ValuedGoods

# The applicant's calendar may be a day ahead of UTC.
DAYS_AHEAD = 1


def take(uow: UnitOfWork, client_id: str, loan_id: str, valuation: wire.Valuation) -> wire.ValuationReceipt:
    """Take note of a valuation. For the goods of each document the latest by its day, then by its arrival, counts.

    The same valuation sent twice (under another Idempotency-Key) has its effect once; the answer shows how the loan
    stands.
    """
    client = clients.lock(uow.session, client_id)
    loan = loans.of_client(uow.session, client_id, loan_id)
    if loan is None:
        raise not_found("loan", loan_id)
    content_sha256 = sha256_hex(valuation.to_bytes())
    known = uow.session.get(Valuation, (loan.id, valuation.valuation_id))
    if known is not None:
        if known.content_sha256 != content_sha256:
            raise _refused([("/valuation_id", "This valuation_id came before with another content. Use a new one.")])
        return _receipt(uow, loan, valuation)
    before = cover(uow.session, loan, uow.now.date())
    errors = list(_errors(uow, loan, before, valuation))
    if errors:
        raise _refused(errors)
    _keep(uow, loan, before, valuation, content_sha256)
    receipt = _receipt(uow, loan, valuation)
    releases.look_again(uow, client, loan)
    tell_of_goods(uow, client, loan)
    return receipt


def _keep(uow: UnitOfWork, loan: Loan, before: Cover, valuation: wire.Valuation, content_sha256: str) -> None:
    uow.session.add(
        Valuation(
            loan_id=loan.id,
            valuation_id=valuation.valuation_id,
            sequence=len(repository.valuations(uow.session, loan.id)) + 1,
            as_of=min(valuation.as_of, uow.now.date()),
            content_sha256=content_sha256,
            received_at=uow.now,
        )
    )
    uow.session.flush()
    goods = {held.goods.number: held for held in before.goods}
    for row in valuation.goods:
        held = goods[row.document.number]
        uow.session.add(
            ValuedGoods(
                loan_id=loan.id,
                valuation_id=valuation.valuation_id,
                goods_id=held.goods.id,
                quantity=row.quantity,
                value=row.value.amount,
                missing=max(held.held - row.quantity, Decimal(0)),
            )
        )


def _receipt(uow: UnitOfWork, loan: Loan, valuation: wire.Valuation) -> wire.ValuationReceipt:
    present = cover(uow.session, loan, uow.now.date())

    def money(amount: Decimal) -> wire.Money:
        return wire.Money(amount=amount, currency=loan.currency)

    return wire.ValuationReceipt(
        valuation_id=valuation.valuation_id,
        status="RECEIVED",
        lending_value=money(present.lending_value),
        owed=money(present.owed),
        shortfall=money(present.shortfall),
    )


def _errors(uow: UnitOfWork, loan: Loan, before: Cover, valuation: wire.Valuation) -> Iterator[tuple[str, str]]:
    """(pointer, sentence) for each place of a valuation that cannot be taken."""
    today = uow.now.date()
    if valuation.as_of > today + timedelta(days=DAYS_AHEAD):
        yield "/as_of", f"{valuation.as_of} lies in the future; the bank's day is {today}. Value the goods of today."
    named = Counter(row.document.number for row in valuation.goods)
    for index, row in enumerate(valuation.goods):
        number = row.document.number
        if before.of(number) is None:
            yield f"/goods/{index}/document/number", f"No goods {number!r} were pledged for the loan {loan.number}."
        if named[number] > 1:
            yield f"/goods/{index}/document/number", f"{number!r} is named more than once."
        if row.value.currency != loan.currency:
            yield f"/goods/{index}/value/currency", f"The loan is in {loan.currency}. Value in {loan.currency}."
        if row.value.amount < 0 or (row.quantity == 0 and row.value.amount != 0):
            yield f"/goods/{index}/value/amount", "Goods have a value of zero or more; no goods have none."


def _refused(errors: Sequence[tuple[str, str]]) -> ProblemError:
    return ProblemError("validation-failed", " ".join(sentence for _, sentence in errors[:3]), errors=errors)
