"""Early payments: asked for by the anchor, or by the member and then confirmed or refused by the anchor."""

from __future__ import annotations

from datetime import date

from openscf import payables as wire
from openscf.errors import InputInvalid
from openscf.payables import PayableStatus
from openscf.wire import EventType

from ..access import SignedPost
from ..gateway import Gateway, UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..programs import caps
from . import payout, repository, states
from .models import EarlyPayment, Payable
from .registering import invalid, of_anchor
from .repository import Found
from .views import as_wire, money, tell, terms_of


def ask(uow: UnitOfWork, post: SignedPost, payable_id: str, request: wire.EarlyPaymentRequest) -> wire.Payable:
    """Ask that a payable is paid early, on exactly the bank's figures.

    By the anchor, which undertakes to pay, it is CONFIRMED at once; by the member's own client the anchor is asked.
    The same request again shows the payable as it stands.
    """
    if repository.visible(uow.session, post.client_id, payable_id) is None:
        raise not_found("payable", payable_id)
    seen, held = states.locked(uow, payable_id)
    payable = seen.payable
    by_anchor = post.client_id == payable.client_id
    if not by_anchor and post.client_id != seen.member.client_id:
        raise not_found("payable", payable_id)
    known = next((one for one in _all(uow, payable) if one.request_id == request.request_id), None)
    if known is not None:
        _require_same(known, payable, request)
        return as_wire(uow.session, seen)
    _check(uow, seen, request)
    early = _append(uow, post, payable, request)
    states.move(uow, seen, PayableStatus.CONFIRMED if by_anchor else PayableStatus.REQUESTED)
    payable.early_payment = early.sequence
    early.status = payable.status
    tell(uow, held, payable, EventType.PAYABLE_CONFIRMED if by_anchor else EventType.PAYABLE_REQUESTED)
    if by_anchor:
        _pay_after_commit(uow, payable)
    return as_wire(uow.session, seen)


def confirm(uow: UnitOfWork, post: SignedPost, payable_id: str, request: wire.EarlyPaymentConfirmation) -> wire.Payable:
    """The anchor stands by its undertaking for a payment that the member asked for; the bank is bound from now on."""
    seen, held = of_anchor(uow, post.client_id, payable_id)
    payable = seen.payable
    early = _asked(uow, payable, request.request_id)
    if early.confirmation is not None:
        return as_wire(uow.session, seen)
    _require_requested(payable, early)
    if early.pay_on < uow.now.date():
        raise ProblemError("wrong-state", f"It was wanted on {early.pay_on}, which is over. Let the member ask anew.")
    caps.require_open(seen.program, seen.member, uow.now.date())
    states.move(uow, seen, PayableStatus.CONFIRMED)
    early.status = payable.status
    early.confirmed_by, early.confirmed_at = request.confirmed_by, request.confirmed_at
    early.confirmation, early.confirmation_signature = post.body, post.signature
    tell(uow, held, payable, EventType.PAYABLE_CONFIRMED)
    _pay_after_commit(uow, payable)
    return as_wire(uow.session, seen)


def refuse(uow: UnitOfWork, post: SignedPost, payable_id: str, request: wire.EarlyPaymentRefusal) -> wire.Payable:
    """The anchor does not agree; the payable is REGISTERED again. Doing so again changes nothing."""
    seen, held = of_anchor(uow, post.client_id, payable_id)
    early = _asked(uow, seen.payable, request.request_id)
    if early.status != "REFUSED":
        _require_requested(seen.payable, early)
        _end(uow, seen, early, "REFUSED", request.reason)
        tell(uow, held, seen.payable, EventType.PAYABLE_REFUSED, reason=request.reason)
    return as_wire(uow.session, seen)


def lapse(gateway: Gateway, payable_id: str) -> None:
    """Take back a request that the anchor has not answered by the day on which it was wanted."""
    with gateway.unit_of_work() as uow:
        seen, held = states.locked(uow, payable_id)
        early = repository.present(uow.session, seen.payable)
        if seen.payable.status != PayableStatus.REQUESTED.value or early is None or early.pay_on >= uow.now.date():
            return
        reason = f"The anchor did not confirm it by {early.pay_on}."
        _end(uow, seen, early, "REFUSED", reason)
        tell(uow, held, seen.payable, EventType.PAYABLE_REFUSED, reason=reason)


def _all(uow: UnitOfWork, payable: Payable) -> list[EarlyPayment]:
    return list(repository.early_payments(uow.session, payable.id))


def _asked(uow: UnitOfWork, payable: Payable, request_id: str) -> EarlyPayment:
    early = next((one for one in _all(uow, payable) if one.request_id == request_id), None)
    if early is None:
        raise invalid("/request_id", f"Nobody asked for {request_id!r} of this payable.")
    return early


def _require_requested(payable: Payable, early: EarlyPayment) -> None:
    if payable.status != PayableStatus.REQUESTED.value or payable.early_payment != early.sequence:
        raise ProblemError("wrong-state", f"This early payment is {early.status}; it does not wait for the anchor.")


def _end(uow: UnitOfWork, seen: Found, early: EarlyPayment, status: str, reason: str) -> None:
    states.move(uow, seen, PayableStatus.REGISTERED, reason)
    early.status, early.message = status, reason


def _check(uow: UnitOfWork, seen: Found, request: wire.EarlyPaymentRequest) -> None:
    """Everything but the limits, which `states.move` looks at."""
    payable, today = seen.payable, uow.now.date()
    if payable.status != PayableStatus.REGISTERED.value:
        raise ProblemError("wrong-state", f"The payable is {payable.status}; only a REGISTERED one can be asked for.")
    caps.require_open(seen.program, seen.member, today)
    terms = terms_of(payable)
    if terms is None:
        raise AssertionError(f"the payable {payable.id} is registered without a price")
    first_on = max(terms.first_on, today)
    if not first_on <= request.pay_on <= terms.last_on:
        raise invalid("/pay_on", _days_words(first_on, terms.last_on))
    try:
        figures = wire.early_payment(money(payable, payable.amount), terms, request.pay_on, payable.due_date)
    except InputInvalid as error:
        raise invalid("/pay_on", str(error)) from error
    if (request.discount, request.payout) != figures:
        raise ProblemError(
            "terms-mismatch",
            f"On {request.pay_on} the bank keeps {figures.discount} and pays {figures.payout}. Ask for these.",
            errors=[("/discount", f"{figures.discount}"), ("/payout", f"{figures.payout}")],
        )


def _days_words(first_on: date, last_on: date) -> str:
    if first_on > last_on:
        return f"It is too late: it could be paid early up to {last_on}."
    return f"It can be paid early from {first_on} to {last_on}."


def _append(uow: UnitOfWork, post: SignedPost, payable: Payable, request: wire.EarlyPaymentRequest) -> EarlyPayment:
    early = EarlyPayment(
        payable_id=payable.id,
        sequence=len(_all(uow, payable)) + 1,
        request_id=request.request_id,
        asked_by=post.client_id,
        amount=payable.amount,
        pay_on=request.pay_on,
        discount=request.discount.amount,
        payout=request.payout.amount,
        channel=request.channel,
        accepted_by=request.accepted_by.to_wire(),
        status=PayableStatus.REQUESTED.value,
        body=post.body,
        signature=post.signature,
        payment_reference=new_id("early"),
        asked_at=uow.now,
    )
    uow.session.add(early)
    uow.session.flush()
    return early


def _require_same(known: EarlyPayment, payable: Payable, request: wire.EarlyPaymentRequest) -> None:
    before = wire.EarlyPaymentRequest(
        request_id=known.request_id,
        pay_on=known.pay_on,
        discount=money(payable, known.discount),
        payout=money(payable, known.payout),
        accepted_by=wire.AcceptedBy.model_validate(known.accepted_by),
        channel=known.channel,  # type: ignore[arg-type]  # as it came, checked by the model
    )
    if before != request:
        raise invalid("/request_id", "This request_id came before with another content. Use a new one.")


def _pay_after_commit(uow: UnitOfWork, payable: Payable) -> None:
    gateway, payable_id = uow.gateway, payable.id
    uow.after_commit(lambda: payout.advance(gateway, payable_id))
