"""A buyer pays the bank instead of the applicant: taken for the loan, and what is above that is paid on.

The ledger takes of a payment what is owed; the rest is none of the loan's money, whatever becomes of the loan later. It
goes to the account of the applicant, and where the payment is returned, the bank claims it from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf import wire
from openscf.errors import OpenSCFError
from openscf.kinds import GOODS_KIND, PURCHASE_KINDS
from openscf.money import to_amount
from openscf.wire import EventType, LoanStatus
from sqlalchemy.orm import Session

from ..applications import repository as applications
from ..applications.models import Application, FinancedDocument, Part
from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.core_banking import PaymentInstruction, PaymentResult
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from . import ledger, proposals, repository, service, settling
from .ledger import Source
from .models import BuyerPayment, LedgerEntry, Loan, Proposal
from .proposals import Act, Officer, Proposed
from .request_views import buyer_payment_as_wire
from .views import entry_as_wire


@dataclass(frozen=True)
class Received:
    """What came in by the core system: `reference` is its own, `amount` in the loan's currency, `payer` as it says."""

    reference: str
    document: wire.DocumentRef
    amount: Decimal
    received_on: date
    payer: str | None


def payable_documents(session: Session, loan: Loan) -> list[FinancedDocument]:
    """The documents of a loan that a buyer pays: of a sale, and also those that a substitution released, for which
    buyers may pay the bank still.
    """
    documents = [
        document
        for part in (Part.FINANCED, Part.REPLACED)
        for document in applications.financed_documents(session, loan.application_id, part)
    ]
    return [one for one in documents if one.kind not in PURCHASE_KINDS and one.kind != GOODS_KIND]


def record(uow: UnitOfWork, loan_id: str, officer: Officer, received: Received) -> BuyerPayment | Proposed:
    """Book what a buyer paid, with the day on which it came as value date, and pay on what is not owed.

    Where more is paid on than one officer gives back alone, the whole payment is proposed, and booked on a second
    officer's word. Recorded twice (the same reference and document) it has its effect once. ProblemError
    `validation-failed` with the places `/reference`, `/document`, `/amount` and `/received_on` for what cannot be
    booked.
    """
    client, loan = service.of_officer(uow, loan_id)
    known = _known(uow, loan, received)
    if known is not None:
        return known
    _check(uow, loan, received)
    _on, drawn = drawn_of(uow.session, loan, received, uow.now.date())
    if proposals.takes_two(uow, received.amount - drawn):
        kind, number = received.document.kind, received.document.number
        return proposals.propose(
            uow,
            loan,
            Act.BUYER_PAYMENT,
            officer.username,
            subject=f"{received.reference} {kind} {number}",
            content=_as_content(received, officer),
        )
    return _record(uow, client, loan, officer.name, received)


def record_proposed(uow: UnitOfWork, client: Client, loan: Loan, proposal: Proposal) -> BuyerPayment:
    """Book the payment that two officers agreed about, as the loan stands today."""
    received = proposed(proposal)
    known = _known(uow, loan, received)
    if known is not None:
        return known
    _check(uow, loan, received)
    return _record(uow, client, loan, proposal.content["officer"], received)


def proposed(proposal: Proposal) -> Received:
    """What a proposal says that came in."""
    content = proposal.content
    return Received(
        reference=content["reference"],
        document=wire.DocumentRef(kind=content["kind"], number=content["number"]),
        amount=Decimal(content["amount"]),
        received_on=date.fromisoformat(content["received_on"]),
        payer=content["payer"],
    )


def _as_content(received: Received, officer: Officer) -> dict[str, str | None]:
    return {
        "reference": received.reference,
        "kind": received.document.kind,
        "number": received.document.number,
        "amount": format(received.amount, "f"),
        "received_on": received.received_on.isoformat(),
        "payer": received.payer,
        "officer": officer.name,
    }


def _record(uow: UnitOfWork, client: Client, loan: Loan, officer: str, received: Received) -> BuyerPayment:
    on, drawn = drawn_of(uow.session, loan, received, uow.now.date())
    payment = BuyerPayment(
        id=new_id("bpay"),
        loan_id=loan.id,
        sequence=len(repository.buyer_payments(uow.session, loan.id)) + 1,
        reference=received.reference,
        document_kind=received.document.kind,
        document_number=received.document.number,
        amount=received.amount,
        surplus=received.amount - drawn,
        received_on=received.received_on,
        payer=received.payer,
        recorded_by=officer,
        recorded_at=uow.now,
    )
    uow.session.add(payment)
    uow.session.flush()
    entries = _book(uow, loan, payment, on, drawn)
    service.notice(
        uow,
        client,
        loan,
        EventType.BUYER_PAYMENT_RECEIVED,
        payment=buyer_payment_as_wire(payment, loan),
        entries=tuple(entry_as_wire(entry, loan.currency) for entry in entries),
    )
    settling.bring_in_line(uow, client, loan)
    return payment


def take_back(
    uow: UnitOfWork, loan_id: str, number: int, officer: Officer, *, returned_on: date, reason: str
) -> BuyerPayment | Proposed:
    """The buyer's bank took the payment back: the repayment is reversed, and the bank claims what it had paid on.

    A payment above what one officer gives back alone is proposed to be returned, and a second officer's word returns
    it. ProblemError `validation-failed` with the place `/returned_on` for a day that cannot be.
    """
    client, loan = service.of_officer(uow, loan_id)
    payment = _returnable(uow, loan, number, returned_on)
    if proposals.takes_two(uow, payment.amount):
        content = {"returned_on": returned_on.isoformat(), "officer": officer.name}
        return proposals.propose(
            uow,
            loan,
            Act.BUYER_PAYMENT_RETURN,
            officer.username,
            subject=str(number),
            content=content,
            reason=reason,
        )
    return _return(uow, client, loan, payment, officer.name, returned_on, reason)


def take_back_proposed(uow: UnitOfWork, client: Client, loan: Loan, proposal: Proposal) -> BuyerPayment:
    """Return the payment that two officers agreed about."""
    returned_on = date.fromisoformat(proposal.content["returned_on"])
    payment = _returnable(uow, loan, int(proposal.subject), returned_on)
    return _return(uow, client, loan, payment, proposal.content["officer"], returned_on, proposal.reason)


def _returnable(uow: UnitOfWork, loan: Loan, number: int, returned_on: date) -> BuyerPayment:
    """The loan's payment with this number, which may have been returned that day; else a ProblemError."""
    payment = next((one for one in repository.buyer_payments(uow.session, loan.id) if one.sequence == number), None)
    if payment is None:
        raise ProblemError("not-found", f"The loan {loan.number} has no payment {number} of a buyer.")
    if payment.returned_on is not None:
        raise ProblemError("wrong-state", "The payment was returned before. Load the page again.")
    if not payment.received_on <= returned_on <= uow.now.date():
        raise _invalid("/returned_on", f"Between {payment.received_on}, when it came, and today.")
    return payment


def _return(
    uow: UnitOfWork, client: Client, loan: Loan, payment: BuyerPayment, officer: str, returned_on: date, reason: str
) -> BuyerPayment:
    payment.returned_on, payment.return_reason, payment.returned_by = returned_on, reason, officer
    uow.session.flush()
    source = Source("buyer_payment", payment.id)
    drawn = ledger.repayment_of(repository.ledger(uow.session, loan.id), source)
    entries: list[LedgerEntry] = []
    if drawn is not None:
        entries.append(ledger.book_reversal(uow, loan, max(returned_on, drawn.value_date), drawn, source))
    words = reason
    if payment.surplus > 0:
        instruction = _instruction(uow, loan, payment, reference=claim_reference(payment))
        uow.gateway.core_banking.claim(uow.session, instruction, uow.now)
        surplus = wire.Money(amount=payment.surplus, currency=loan.currency)
        words = f"{reason} The bank claims the {surplus} that it had paid on from {instruction.account_number}."
    service.notice(
        uow,
        client,
        loan,
        EventType.BUYER_PAYMENT_RETURNED,
        payment=buyer_payment_as_wire(payment, loan),
        entries=tuple(entry_as_wire(entry, loan.currency) for entry in entries),
        reason=words,
    )
    settling.bring_in_line(uow, client, loan)
    return payment


def claim_reference(payment: BuyerPayment) -> str:
    """Under which the core system claims a surplus; it is paid on under the payment's own id."""
    return f"{payment.id}-claim"


def moved(gateway: Gateway, session: Session, payment: BuyerPayment) -> PaymentResult | None:
    """Where the payment of a surplus stands, or its claim once the buyer's payment was returned; None without one."""
    if payment.surplus <= 0:
        return None
    reference = payment.id if payment.returned_on is None else claim_reference(payment)
    return gateway.core_banking.result(session, reference, gateway.clock.now())


def drawn_of(session: Session, loan: Loan, received: Received, today: date) -> tuple[date, Decimal]:
    """The value date, and how much of the money is owed; of a document that was released, nothing."""
    document = _document(session, loan, received)
    if document is None or document.part == Part.REPLACED.value:
        return received.received_on, Decimal(0)
    return ledger.best_draw(loan, repository.ledger(session, loan.id), received.received_on, today, received.amount)


def _book(uow: UnitOfWork, loan: Loan, payment: BuyerPayment, on: date, drawn: Decimal) -> list[LedgerEntry]:
    source = Source("buyer_payment", payment.id)
    entries: list[LedgerEntry] = []
    if drawn > 0:
        entries.append(ledger.book_repayment(uow, loan, on, drawn, source))
    if payment.surplus > 0:
        entries.append(ledger.book_surplus(uow, loan, uow.now.date(), payment.surplus, source))
        uow.gateway.core_banking.pay(uow.session, _instruction(uow, loan, payment, reference=payment.id), uow.now)
    return entries


def _instruction(uow: UnitOfWork, loan: Loan, payment: BuyerPayment, *, reference: str) -> PaymentInstruction:
    application = uow.session.get_one(Application, loan.application_id)
    return PaymentInstruction(
        reference=reference,
        amount=payment.surplus,
        currency=loan.currency,
        account_number=application.account_number,
        holder=application.account_holder,
    )


def _known(uow: UnitOfWork, loan: Loan, received: Received) -> BuyerPayment | None:
    asked = (received.reference, received.document.kind, received.document.number)
    for one in repository.buyer_payments(uow.session, loan.id):
        if (one.reference, one.document_kind, one.document_number) == asked:
            if (one.amount, one.received_on, one.returned_on) != (received.amount, received.received_on, None):
                raise _invalid("/reference", "This reference was booked with another amount or day, or returned since.")
            return one
    return None


def _document(session: Session, loan: Loan, received: Received) -> FinancedDocument | None:
    asked = (received.document.kind, received.document.number)
    found = (one for one in payable_documents(session, loan) if (one.kind, one.number) == asked)
    return next(found, None)


def _check(uow: UnitOfWork, loan: Loan, received: Received) -> None:
    if loan.start_date is None or loan.status not in (LoanStatus.ACTIVE.value, LoanStatus.CLOSED.value):
        raise ProblemError("wrong-state", f"The loan {loan.number} is {loan.status}; nothing was paid out for it.")
    if any(entry.type == "write_off" for entry in repository.ledger(uow.session, loan.id)):
        sentence = f"The loan {loan.number} was written off: what comes in still is the bank's own, not the loan's."
        raise ProblemError("wrong-state", sentence)
    errors: list[tuple[str, str]] = []
    if not received.reference:
        errors.append(("/reference", "Write the reference of the payment in the core system."))
    document = _document(uow.session, loan, received)
    if document is None:
        errors.append(("/document", f"No buyer pays {received.document.number!r} for this loan."))
    elif elsewhere := _elsewhere(uow, document, received):
        errors.append(("/document", elsewhere))
    try:
        to_amount(received.amount, loan.currency)
    except OpenSCFError as error:
        errors.append(("/amount", str(error)))
    if received.amount <= 0:
        errors.append(("/amount", "The amount must be above zero."))
    if not loan.start_date <= received.received_on <= uow.now.date():
        errors.append(("/received_on", f"Between {loan.start_date}, when the loan was paid out, and today."))
    if errors:
        raise ProblemError("validation-failed", " ".join(sentence for _, sentence in errors), errors=errors)


def _elsewhere(uow: UnitOfWork, document: FinancedDocument, received: Received) -> str:
    """Why the payment is another loan's, which was made on the same document; an empty text where it is not.

    A document that one loan released may secure the next one, and one payment must not be paid on by both.
    """
    for other, is_held in repository.others_on_document(uow.session, document):
        booked = repository.buyer_payments(uow.session, other.id)
        if any(
            (one.reference, one.document_number, one.returned_on) == (received.reference, document.number, None)
            for one in booked
        ):
            return f"The payment {received.reference} of {document.number} is booked on the loan {other.number}."
        if is_held and document.part == Part.REPLACED.value:
            return f"{document.number} was released here and secures the loan {other.number} now. Record it there."
    return ""


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
