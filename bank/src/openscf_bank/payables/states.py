"""The states of a payable: the one place that writes them, what they use of the limits, and whose invoice is taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from openscf.payables import PayableStatus as Status
from sqlalchemy.exc import IntegrityError

from ..applications.models import FinancedDocument, Part
from ..clients import repository as clients
from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from ..programs import caps
from . import repository
from .models import Payable
from .repository import HOLDING, OWED, RESERVED, Found

# docs/protocol.md, "Payables".
NEXT: Final[dict[Status, tuple[Status, ...]]] = {
    Status.REGISTERED: (Status.REQUESTED, Status.CONFIRMED, Status.WITHDRAWN, Status.REJECTED),
    Status.REQUESTED: (Status.CONFIRMED, Status.REGISTERED),
    Status.CONFIRMED: (Status.PAID, Status.REGISTERED),
    Status.PAID: (Status.OVERDUE, Status.SETTLED),
    Status.OVERDUE: (Status.SETTLED,),
    Status.REJECTED: (Status.REGISTERED,),
    Status.SETTLED: (Status.PAID, Status.OVERDUE),  # where a settlement is taken back
    Status.WITHDRAWN: (),
}


def locked(uow: UnitOfWork, payable_id: str) -> tuple[Found, dict[str, Client]]:
    """A payable, and the clients that it concerns, locked before it is read; NoResultFound where there is none."""
    before = repository.found_one(uow.session, payable_id)
    held = clients.lock_all(uow.session, before.payable.client_id, before.member.client_id)
    return repository.found_one(uow.session, payable_id), held


def move(uow: UnitOfWork, seen: Found, status: Status, message: str | None = None) -> None:
    """Take the next step, with what follows for the limits and the invoice; `wrong-state` where it is not one.

    A limit that would be exceeded refuses the step, and so does an invoice that is financed elsewhere.
    """
    payable, present = seen.payable, Status(seen.payable.status)
    if status not in NEXT[present]:
        raise ProblemError("wrong-state", f"The payable is {present.value}; it cannot become {status.value}.")
    payable.status, payable.message = status.value, message
    if status is Status.REGISTERED:
        payable.early_payment = None
    count(uow, seen)
    if status in (Status.REQUESTED, Status.CONFIRMED) and present is Status.REGISTERED:
        _claim(uow, payable)
    elif status is Status.REGISTERED:
        _free(uow, payable)
    uow.session.flush()


def count(uow: UnitOfWork, seen: Found) -> None:
    """Let what is open of a payable count against the limits, from the request to the settlement."""
    is_owed = seen.payable.status in OWED
    amount = seen.payable.open_amount if is_owed or seen.payable.status in RESERVED else Decimal(0)
    caps.use(
        uow, seen.program, seen.member, source="payable", source_id=seen.payable.id, amount=amount, owed_already=is_owed
    )


def _claim(uow: UnitOfWork, payable: Payable) -> None:
    """Claim the invoice; the unique index refuses one that an open application or loan, or another anchor, holds.

    The instalments of an invoice share one claim: they are all its anchor's, which is locked.
    """
    held = repository.claim(uow.session, payable.f1)
    if held is not None and held[1] is not None and held[1].client_id == payable.client_id:
        return
    uow.session.add(
        FinancedDocument(
            id=new_id("fdoc"),
            payable_id=payable.id,
            fingerprint=payable.f1,
            kind=payable.document_kind,
            number=payable.document_number,
            currency=payable.currency,
            outstanding=payable.amount,
            is_open=True,
            part=Part.FINANCED.value,
        )
    )
    sentence = f"{payable.document_number} is being financed at this bank already. It cannot be paid early."
    try:
        uow.session.flush()
    except IntegrityError as error:  # nothing can be read any more in this session
        raise ProblemError("duplicate-document", sentence) from error


def _free(uow: UnitOfWork, payable: Payable) -> None:
    """What was not paid after all may be financed elsewhere, unless another instalment of it is, or was, paid early."""
    if repository.of_invoice(uow.session, payable.f1, payable.id, HOLDING):
        return
    held = repository.claim(uow.session, payable.f1)
    if held is not None and held[1] is not None:
        held[0].is_open = False
