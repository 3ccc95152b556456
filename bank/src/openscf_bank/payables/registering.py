"""An anchor registers what it undertakes to pay, owes less of it, or takes it back.

Whoever comes here locks the anchor's client and the members' own, in one order.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from openscf import payables as wire
from openscf.errors import OpenSCFError, SignatureInvalid
from openscf.payables import PayableApproval, PayableStatus, payable_fingerprints, read_payable
from openscf.programs import MemberStatus, ProgramStatus, ProgramTerms
from openscf.wire import EventType

from ..clients import repository as clients
from ..clients.models import Client
from ..clients.service import key_set
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..members.models import Member
from ..members.views import rate_of
from ..programs import repository as programs
from ..programs.models import Program
from . import repository, states
from .exposure import PAYABLES_FINANCE
from .models import Adjustment, Payable
from .repository import Found
from .views import as_wire, money, tell


def register(uow: UnitOfWork, client_id: str, program_id: str, request: wire.Payables) -> wire.PayableList:
    """Take each payable in, or reject it by itself; the answer has them in the order in which they came.

    A signature that does not hold, and a member that the program does not have, refuse the whole request.
    """
    program = own_program(uow, client_id, program_id)
    approvals = _read(uow, client_id, program, request)
    members = _members(uow, program, approvals)
    held = clients.lock_all(uow.session, client_id, *(member.client_id for member in members.values()))
    uow.session.refresh(program)
    require_payables(program)
    if program.status != ProgramStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The program is {program.status}; nothing new is registered in it.")
    taken = []
    for index, (approval, jws) in enumerate(zip(approvals, request.payables, strict=True)):
        member = members[approval.member]
        uow.session.refresh(member)
        payable = _register(uow, held, program, member, approval, jws, pointer=f"/payables/{index}")
        taken.append(as_wire(uow.session, Found(payable, program, member)))
    return wire.PayableList(payables=tuple(taken))


def reduce(uow: UnitOfWork, client_id: str, payable_id: str, request: wire.Reduction) -> wire.Payable:
    """The anchor owes less, of a payable that nobody has asked to be paid early."""
    seen, held = of_anchor(uow, client_id, payable_id)
    payable = seen.payable
    known = uow.session.get(Adjustment, (payable.id, request.adjustment_id))
    if known is not None:
        if (known.amount, payable.currency, known.reason) != (
            request.amount.amount, request.amount.currency, request.reason
        ):  # fmt: skip
            raise invalid("/adjustment_id", "This adjustment_id came before with another content. Use a new one.")
        return as_wire(uow.session, seen)
    _require_registered(payable)
    if request.amount.currency != payable.currency:
        raise invalid("/amount/currency", f"The payable is in {payable.currency}.")
    if request.amount.amount >= payable.amount:
        raise invalid("/amount/amount", f"It is {money(payable, payable.amount)} now. Give the lower amount.")
    uow.session.add(
        Adjustment(
            payable_id=payable.id,
            adjustment_id=request.adjustment_id,
            before=payable.amount,
            amount=request.amount.amount,
            reason=request.reason,
            received_at=uow.now,
        )
    )
    payable.amount = request.amount.amount
    tell(uow, held, payable, EventType.PAYABLE_REDUCED, reason=request.reason)
    return as_wire(uow.session, seen)


def withdraw(uow: UnitOfWork, client_id: str, payable_id: str, request: wire.Withdrawal) -> wire.Payable:
    """The anchor takes a payable back that nobody has asked to be paid early. Doing so again changes nothing."""
    seen, held = of_anchor(uow, client_id, payable_id)
    if seen.payable.status != PayableStatus.WITHDRAWN.value:
        _require_registered(seen.payable)
        states.move(uow, seen, PayableStatus.WITHDRAWN, request.reason)
        tell(uow, held, seen.payable, EventType.PAYABLE_WITHDRAWN, reason=request.reason)
    return as_wire(uow.session, seen)


def own_program(uow: UnitOfWork, client_id: str, program_id: str) -> Program:
    """An anchor's own program; ProblemError `not-found` for another's."""
    program = programs.of_anchor(uow.session, client_id, program_id)
    if program is None:
        raise not_found("program", program_id)
    return program


def require_payables(program: Program) -> None:
    """ProblemError `wrong-state` for a program of another kind."""
    if program.kind != PAYABLES_FINANCE:
        raise ProblemError("wrong-state", f"The program is for {program.kind}; it has no payables.")


def of_anchor(uow: UnitOfWork, client_id: str, payable_id: str) -> tuple[Found, dict[str, Client]]:
    """An anchor's own payable, everybody that it concerns locked; ProblemError `not-found` for another's."""
    if repository.visible(uow.session, client_id, payable_id) is None:
        raise not_found("payable", payable_id)
    seen, held = states.locked(uow, payable_id)
    if seen.payable.client_id != client_id:
        raise not_found("payable", payable_id)
    return seen, held


def invalid(pointer: str, sentence: str) -> ProblemError:
    """A member of the request that cannot stand."""
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])


def _read(uow: UnitOfWork, client_id: str, program: Program, request: wire.Payables) -> list[PayableApproval]:
    keys = key_set(uow.session.get_one(Client, client_id))
    found, errors = [], []
    for index, jws in enumerate(request.payables):
        try:
            approval = read_payable(jws, keys=keys, anchor=client_id, issuer=uow.gateway.settings.issuer)
        except SignatureInvalid as error:
            errors.append((f"/payables/{index}", str(error)))
            continue
        if approval.program != program.id:
            errors.append((f"/payables/{index}", f"It was approved for the program {approval.program!r}."))
        found.append(approval)
    ids = [approval.payable_id for approval in found]
    if not errors and len(set(ids)) < len(ids):
        errors.append(("/payables", "A payable_id is here twice. Send each once."))
    if errors:
        raise ProblemError("validation-failed", "Correct the approvals named in `errors` and sign them.", errors=errors)
    return found


def _members(uow: UnitOfWork, program: Program, approvals: list[PayableApproval]) -> dict[str, Member]:
    query = sa.select(Member).where(
        Member.program_id == program.id, Member.id.in_({approval.member for approval in approvals})
    )
    members = {member.id: member for member in uow.session.scalars(query)}
    errors = [
        (f"/payables/{index}", f"There is no member {approval.member!r} in this program.")
        for index, approval in enumerate(approvals)
        if approval.member not in members
    ]
    if errors:
        raise ProblemError("validation-failed", "Name members by the ids that the bank gave them.", errors=errors)
    return members


def _register(
    uow: UnitOfWork,
    held: dict[str, Client],
    program: Program,
    member: Member,
    approval: PayableApproval,
    jws: str,
    *,
    pointer: str,
) -> Payable:
    known = repository.of_anchor(uow.session, program.client_id, approval.payable_id)
    if known is not None and known.approval == jws:
        return known
    if known is not None and known.status != PayableStatus.REJECTED.value:
        if _content(read_back(uow, known)) != _content(approval):
            raise invalid(pointer, "This payable_id came before with another content. Use a new one.")
        return known
    payable = _row(uow, program, member, approval, jws, known)
    refusal = _refusal(uow, program, member, approval, payable)
    if refusal is None:
        _price(uow, program, member, payable)
        tell(uow, held, payable, EventType.PAYABLE_REGISTERED)
    else:
        payable.status, payable.message = PayableStatus.REJECTED.value, refusal
        tell(uow, held, payable, EventType.PAYABLE_REJECTED, reason=refusal)
    return payable


def read_back(uow: UnitOfWork, payable: Payable) -> PayableApproval:
    """The undertaking that registered a payable, checked once more."""
    keys = key_set(uow.session.get_one(Client, payable.client_id))
    return read_payable(payable.approval, keys=keys, anchor=payable.client_id, issuer=uow.gateway.settings.issuer)


def _content(approval: PayableApproval) -> PayableApproval:
    """What was approved, apart from the second in which it was signed."""
    return approval.model_copy(update={"iat": 0})


def _row(
    uow: UnitOfWork, program: Program, member: Member, approval: PayableApproval, jws: str, known: Payable | None
) -> Payable:
    """A new row, or the one of a payable that was rejected and is sent again, corrected."""
    payable = known or Payable(id=new_id("pay"), client_id=program.client_id, reference=approval.payable_id)
    payable.program_id, payable.member_id = program.id, member.id
    payable.document_kind, payable.document_number = approval.document.kind, approval.document.number
    payable.issuer_number, payable.issued_on = approval.document.issuer_number, approval.document.issued_on
    fingerprints = approval.fingerprints
    payable.f1, payable.f2, payable.f3 = fingerprints.f1, fingerprints.f2, fingerprints.f3
    payable.currency, payable.amount = approval.amount.currency, approval.amount.amount
    payable.settled, payable.due_date = Decimal(0), approval.due_date
    payable.status, payable.message = PayableStatus.REGISTERED.value, None
    payable.approval, payable.registered_at = jws, uow.now
    payable.approved_by, payable.approved_at = approval.approved_by, approval.approved_at
    uow.session.add(payable)
    return payable


def _refusal(
    uow: UnitOfWork, program: Program, member: Member, approval: PayableApproval, payable: Payable
) -> str | None:
    """Why a payable cannot be registered, None where it can."""
    if approval.amount.currency != program.currency:
        return f"The program is in {program.currency}; this is in {approval.amount.currency}."
    if member.status != MemberStatus.APPROVED.value:
        return f"The member is {member.status}; it can be paid early once it is APPROVED."
    terms = terms_of_program(program)
    last_on = approval.due_date - timedelta(days=terms.min_days)
    if last_on < uow.now.date():
        return f"It is due on {approval.due_date}: the bank pays early up to {terms.min_days} days before."
    return _wrong_fingerprint(uow, member, approval) or _taken(uow, payable)


def _wrong_fingerprint(uow: UnitOfWork, member: Member, approval: PayableApproval) -> str | None:
    """F1 is made of what is here; of the gross amount, which F2 and F3 have too, the bank knows nothing."""
    anchor = uow.session.get_one(Client, approval.iss)
    try:
        expected = payable_fingerprints(
            member_tax_id=member.tax_key,
            anchor_tax_id=anchor.party_tax_id or anchor.party_name,
            invoice_number=approval.document.invoice_number,
            issued_on=approval.document.issued_on,
            gross=approval.amount,
        )
    except OpenSCFError as error:
        return f"The invoice has no fingerprint: {error}"
    if expected.f1 != approval.fingerprints.f1:
        return "F1 is not the fingerprint of this member's invoice; make it of the member's tax id, number and year."
    return None


def _taken(uow: UnitOfWork, payable: Payable) -> str | None:
    """Why the invoice is not free. The same anchor may register it once for each due date: as instalments."""
    held = repository.claim(uow.session, payable.f1)
    if held is not None and (held[1] is None or held[1].client_id != payable.client_id):
        return f"{payable.document_number} is being financed at this bank already."
    for other in repository.of_invoice(uow.session, payable.f1, payable.id):
        same = (other.client_id, other.program_id, other.f2) == (payable.client_id, payable.program_id, payable.f2)
        if not same or other.due_date == payable.due_date:
            # Of another anchor's payable nothing is said beyond that there is one.
            return f"{payable.document_number} is registered at this bank already."
    return None


def terms_of_program(program: Program) -> ProgramTerms:
    """The terms of a program that the bank has decided about."""
    return ProgramTerms.model_validate(program.terms)


def _price(uow: UnitOfWork, program: Program, member: Member, payable: Payable) -> None:
    """Fix the price of the early payment: the member's rate where it has one of its own, else the program's."""
    terms = terms_of_program(program)
    payable.rate_pa = rate_of(member, program)
    payable.fee_percent, payable.day_count = terms.fee_percent, terms.day_count
    payable.min_days = terms.min_days
    payable.first_on = max(uow.now.date(), payable.due_date - timedelta(days=terms.max_tenor_days))
    payable.last_on = payable.due_date - timedelta(days=terms.min_days)


def _require_registered(payable: Payable) -> None:
    if payable.status != PayableStatus.REGISTERED.value:
        raise ProblemError("wrong-state", f"The payable is {payable.status}; that is for a REGISTERED one.")
