"""Giving pledged goods back: at once, when enough is repaid, by an officer's word, or at the end of the loan.

Whoever comes here has locked the client's row, so that of two releases at once the second one sees the first.
"""

from __future__ import annotations

from decimal import Decimal

from openscf import wire
from openscf.wire import EventType, ReleaseStatus

from ..clients import repository as clients
from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..loans import repository as loans
from ..loans import service
from ..loans.models import Loan
from ..loans.shortfall import tell_of_goods
from . import repository
from .cover import Cover, HeldGoods, cover
from .models import PledgedGoods, Release
from .views import release_as_wire


def ask(uow: UnitOfWork, client_id: str, loan_id: str, request: wire.ReleaseRequest) -> wire.Release:
    """The applicant asks for goods back: released if those that are left carry the loan, else it waits.

    The same release asked for twice (under another Idempotency-Key) has its effect once; the answer shows it as it
    stands.
    """
    client = clients.lock(uow.session, client_id)
    loan = loans.of_client(uow.session, client_id, loan_id)
    if loan is None:
        raise not_found("loan", loan_id)
    known = repository.asked_before(uow.session, loan.id, request.release_id)
    if known is not None:
        return _same(uow, loan, known, request)
    held = _held(_cover(uow, loan), loan, request.document.number)
    if request.quantity > held.held:
        raise _invalid("/quantity", f"{_held_words(held)} Ask for at most that.")
    release = _append(uow, loan, held.goods, request.quantity, request.reason, release_id=request.release_id)
    _judge(uow, client, loan, release)
    if release.status == ReleaseStatus.RELEASED.value:
        look_again(uow, client, loan)
    return release_as_wire(release, held.goods, loan.currency)


def look_again(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """Judge what waits, in the order of arrival: the balance, the value of the goods or what is held has changed."""
    for release in repository.releases(uow.session, loan.id):
        if release.status == ReleaseStatus.WAITING.value:
            _judge(uow, client, loan, release)


def release_all(uow: UnitOfWork, client: Client, loan: Loan, reason: str) -> None:
    """Release whatever is held still: the loan owes nothing any more, or was never paid out."""
    look_again(uow, client, loan)
    for held in _cover(uow, loan).goods:
        if held.held > 0:
            release = _append(uow, loan, held.goods, held.held, reason, release_id=None)
            _release(uow, client, loan, release, held.goods, decided_by=None)


def release_by_officer(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> Release:
    """An officer releases what waits, by its number, though the goods that are left may not carry the loan."""
    client, loan, release = _waiting(uow, loan_id, number)
    goods = uow.session.get_one(PledgedGoods, release.goods_id)
    held = _held(_cover(uow, loan), loan, goods.number)
    if release.quantity > held.held:
        raise ProblemError("wrong-state", f"{_held_words(held)} Decline the release.")
    _release(uow, client, loan, release, goods, decided_by=officer)
    look_again(uow, client, loan)
    tell_of_goods(uow, client, loan)
    return release


def decline_by_officer(uow: UnitOfWork, loan_id: str, number: int, officer: str, reason: str) -> Release:
    """An officer declines what waits, with a sentence for the applicant."""
    client, loan, release = _waiting(uow, loan_id, number)
    _decline(uow, client, loan, release, reason, decided_by=officer)
    return release


def _judge(uow: UnitOfWork, client: Client, loan: Loan, release: Release) -> None:
    """Release, let wait or decline; the applicant is told what is new to it."""
    present = _cover(uow, loan)
    goods = uow.session.get_one(PledgedGoods, release.goods_id)
    held = _held(present, loan, goods.number)
    if release.quantity > held.held:
        _decline(uow, client, loan, release, _held_words(held), decided_by=None)
        return
    repay_first = present.without(goods.id, release.quantity).shortfall
    if repay_first <= 0:
        _release(uow, client, loan, release, goods, decided_by=None)
    elif repay_first != release.repay_first:
        release.repay_first = repay_first
        money = wire.Money(amount=repay_first, currency=loan.currency)
        release.message = f"Repay {money} first: the goods that are left would not carry what is owed."
        _tell(uow, client, loan, release, goods, EventType.COLLATERAL_RELEASE_WAITING)


def _release(
    uow: UnitOfWork, client: Client, loan: Loan, release: Release, goods: PledgedGoods, *, decided_by: str | None
) -> None:
    release.status = ReleaseStatus.RELEASED.value
    release.reference = f"{loan.number}-R{release.sequence}"
    release.released_on = uow.now.date()
    release.repay_first = release.message = None
    release.decided_by = decided_by
    _tell(uow, client, loan, release, goods, EventType.COLLATERAL_RELEASED)


def _decline(
    uow: UnitOfWork, client: Client, loan: Loan, release: Release, reason: str, *, decided_by: str | None
) -> None:
    release.status = ReleaseStatus.DECLINED.value
    release.repay_first = None
    release.message = reason
    release.decided_by = decided_by
    goods = uow.session.get_one(PledgedGoods, release.goods_id)
    _tell(uow, client, loan, release, goods, EventType.COLLATERAL_RELEASE_DECLINED)


def _append(
    uow: UnitOfWork, loan: Loan, goods: PledgedGoods, quantity: Decimal, reason: str, *, release_id: str | None
) -> Release:
    release = Release(
        id=new_id("rel"),
        loan_id=loan.id,
        sequence=len(repository.releases(uow.session, loan.id)) + 1,
        release_id=release_id,
        goods_id=goods.id,
        quantity=quantity,
        reason=reason,
        status=ReleaseStatus.WAITING.value,
        received_at=uow.now,
    )
    uow.session.add(release)
    uow.session.flush()
    return release


def _tell(uow: UnitOfWork, client: Client, loan: Loan, release: Release, goods: PledgedGoods, kind: EventType) -> None:
    uow.session.flush()
    notice = wire.CollateralNotice(
        loan=service.snapshot(uow, loan), release=release_as_wire(release, goods, loan.currency)
    )
    service.tell(uow, client, loan, kind, notice.to_wire())


def _same(uow: UnitOfWork, loan: Loan, known: Release, request: wire.ReleaseRequest) -> wire.Release:
    goods = uow.session.get_one(PledgedGoods, known.goods_id)
    asked = (request.document.number, request.quantity, request.reason)
    if (goods.number, known.quantity, known.reason) != asked:
        raise _invalid("/release_id", "This release_id came before with another content. Use a new one.")
    return release_as_wire(known, goods, loan.currency)


def _waiting(uow: UnitOfWork, loan_id: str, number: int) -> tuple[Client, Loan, Release]:
    loan = uow.session.get_one(Loan, loan_id)
    client = clients.lock(uow.session, loan.client_id)
    uow.session.refresh(loan)
    release = next((one for one in repository.releases(uow.session, loan.id) if one.sequence == number), None)
    if release is None:
        raise ProblemError("not-found", f"The loan {loan.number} has no release {number}.")
    if release.status != ReleaseStatus.WAITING.value:
        raise ProblemError("wrong-state", "The release does not wait for an officer any more. Load the page again.")
    return client, loan, release


def _cover(uow: UnitOfWork, loan: Loan) -> Cover:
    return cover(uow.session, loan, uow.now.date())


def _held(present: Cover, loan: Loan, number: str) -> HeldGoods:
    held = present.of(number)
    if held is None:
        raise _invalid("/document/number", f"No goods {number!r} were pledged for the loan {loan.number}.")
    return held


def _held_words(held: HeldGoods) -> str:
    unit = f" {held.goods.uom}" if held.goods.uom else ""
    return f"The bank holds {held.held.normalize():f}{unit} of {held.goods.number}."


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
