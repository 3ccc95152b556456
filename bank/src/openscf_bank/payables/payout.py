"""Paying a confirmed payable to the member on its day, once, through the core system.

Each step is a transaction of its own; the worker finds again what a crash left, and the core system moves the money
once for a reference, however often it is told.
"""

from __future__ import annotations

from openscf.payables import PayableStatus
from openscf.wire import EventType

from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.core_banking import PaymentInstruction
from . import repository, states
from .models import EarlyPayment
from .repository import Found
from .views import tell


def advance(gateway: Gateway, payable_id: str) -> None:
    """Take a confirmed payable as far as the core system allows now; anything else is left alone."""
    _address(gateway, payable_id)
    _pay(gateway, payable_id)


def _address(gateway: Gateway, payable_id: str) -> None:
    """Fix the account first: the payment goes there, whatever the member names later."""
    with gateway.unit_of_work() as uow:
        seen, held = states.locked(uow, payable_id)
        early = _due(uow, seen)
        if early is None or early.account_number is not None:
            return
        if seen.member.account_iban is None or seen.member.account_holder is None:
            _fail(uow, held, seen, early, "The bank has no account of the member any more. Ask the bank.")
            return
        early.account_number, early.account_holder = seen.member.account_iban, seen.member.account_holder


def _pay(gateway: Gateway, payable_id: str) -> None:
    with gateway.unit_of_work() as uow:
        seen, held = states.locked(uow, payable_id)
        early = _due(uow, seen)
        if early is None or early.account_number is None or early.account_holder is None:
            return
        instruction = PaymentInstruction(
            reference=early.payment_reference,
            amount=early.payout,
            currency=seen.payable.currency,
            account_number=early.account_number,
            holder=early.account_holder,
        )
        gateway.core_banking.pay(uow.session, instruction, uow.now)
        result = gateway.core_banking.result(uow.session, early.payment_reference, uow.now)
        if result.status == "COMPLETED":
            states.move(uow, seen, PayableStatus.PAID)
            early.status, early.paid_on = PayableStatus.PAID.value, uow.now.date()
            tell(uow, held, seen.payable, EventType.PAYABLE_PAID)
        elif result.status == "FAILED":
            _fail(uow, held, seen, early, result.reason or "The payment could not be made.")


def _due(uow: UnitOfWork, seen: Found) -> EarlyPayment | None:
    """The confirmed early payment whose day has come."""
    if seen.payable.status != PayableStatus.CONFIRMED.value:
        return None
    early = repository.present(uow.session, seen.payable)
    return early if early is not None and early.pay_on <= uow.now.date() else None


def _fail(uow: UnitOfWork, held: dict[str, Client], seen: Found, early: EarlyPayment, reason: str) -> None:
    early.status, early.message = "FAILED", reason
    states.move(uow, seen, PayableStatus.REGISTERED, reason)
    tell(uow, held, seen.payable, EventType.PAYABLE_FAILED, reason=reason)
