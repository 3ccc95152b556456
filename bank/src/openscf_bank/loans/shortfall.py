"""What is owed above what the documents or goods of a loan carry, and telling the applicant when that changes."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from openscf import wire
from openscf.kinds import GOODS_KIND, PURCHASE_KINDS
from openscf.money import round_money
from openscf.wire import EventType

from ..applications.models import Part
from ..applications.repository import financed_documents
from ..clients.models import Client
from ..collateral.cover import cover
from ..events import repository as events
from ..gateway import UnitOfWork
from . import ledger, repository, service
from .models import Loan


def shortfall(uow: UnitOfWork, loan: Loan) -> Decimal:
    """How much has to be repaid for the advance rate to hold again; 0 where it holds.

    Documents of a sale carry what was outstanding when the last package that counts was made, less dilutions and
    payments since. Documents of a purchase are not what repays the loan: payments come from resale and lower the
    principal by themselves, so that only dilutions lower what they carry. Pledged goods carry their present value. A
    line stands on no document; what is drawn of it is within its limit.
    """
    kinds = {document.kind for document in financed_documents(uow.session, loan.application_id)}
    if not kinds:
        return Decimal(0)
    if GOODS_KIND in kinds:
        return cover(uow.session, loan, uow.now.date()).shortfall
    entries = repository.ledger(uow.session, loan.id)
    principal = ledger.state(loan, entries, uow.now.date()).balance.principal
    return max(principal - carried(loan, _outstanding(uow, loan)), Decimal(0))


def carried(loan: Loan, outstanding: Decimal) -> Decimal:
    """How much principal documents carry that are worth so much."""
    rate = wire.OfferTerms.model_validate(loan.terms).advance_rate
    return round_money(outstanding * rate / 100, loan.currency)


def tell(uow: UnitOfWork, client: Client, loan: Loan, message: str) -> None:
    """Tell the shortfall as it is now; `message` says what to do about it."""
    details = {
        "loan": service.snapshot(uow, loan).to_wire(),
        "shortfall": wire.Money(amount=shortfall(uow, loan), currency=loan.currency).model_dump(mode="json"),
        "message": message,
    }
    service.tell(uow, client, loan, EventType.LOAN_SHORTFALL, details)


def tell_of_goods(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """The margin call of a loan on goods, where it differs from what the applicant knows; 0 once it is over.

    A loan on documents is left alone: its credit notes tell.
    """
    present = cover(uow.session, loan, uow.now.date())
    if not present.goods or present.shortfall == last_told(uow, loan):
        return
    missing = wire.Money(amount=present.shortfall, currency=loan.currency)
    if missing.amount > 0:
        lending_value = wire.Money(amount=present.lending_value, currency=loan.currency)
        message = (
            f"The goods that are held carry {lending_value} ({present.advance_rate} % of their value); "
            f"{missing} more than that is owed. Please repay {missing} from your own money."
        )
    else:
        message = "The goods that are held carry the loan again. Nothing is to be repaid now."
    tell(uow, client, loan, message)


def last_told(uow: UnitOfWork, loan: Loan) -> Decimal:
    """The shortfall that the applicant knows of; 0 if none was told."""
    told = events.latest_of_loan(uow.session, loan.id, EventType.LOAN_SHORTFALL)
    return wire.Money.model_validate(told.payload["data"]["shortfall"]).amount if told else Decimal(0)


def standing(uow: UnitOfWork, loan: Loan, *, without: Collection[tuple[str, str]] = ()) -> dict[str, Decimal]:
    """What lowers what the documents of a loan are worth, as far as nobody took it back: credit notes and, of a sale,
    payments to the applicant or to the bank. What names a document of `without` (kind, number) is left out, as is what
    names one that a substitution released.
    """
    documents = financed_documents(uow.session, loan.application_id)
    is_sale = {document.kind for document in documents}.isdisjoint(PURCHASE_KINDS)
    lowering = {"payment", "dilution"} if is_sale else {"dilution"}
    gone = {*without, *_released(uow, loan)}
    reported = repository.collections(uow.session, loan.id)
    undone = {one.reverses for one in reported}
    payments = repository.buyer_payments(uow.session, loan.id) if is_sale else []
    return {
        f"collection {one.collection_id}": one.amount
        for one in reported
        if one.kind in lowering
        and one.collection_id not in undone
        and (one.document_kind, one.document_number) not in gone
    } | {
        f"payment {one.id}": one.amount
        for one in payments
        if one.returned_on is None and (one.document_kind, one.document_number) not in gone
    }


def _outstanding(uow: UnitOfWork, loan: Loan) -> Decimal:
    """What the documents are worth by the last package that counts, and by what happened since.

    What that package knew of is in its figures already: were it taken back, the documents would be worth more.
    """
    last = repository.last_granted_substitution(uow.session, loan.id)
    known = [Decimal(amount) for amount in last.known.values()] if last is not None else []
    lowered = sum(standing(uow, loan).values(), Decimal(0)) - sum(known, Decimal(0))
    documents = financed_documents(uow.session, loan.application_id)
    return max(sum((document.outstanding for document in documents), Decimal(0)) - lowered, Decimal(0))


def _released(uow: UnitOfWork, loan: Loan) -> set[tuple[str, str]]:
    """(kind, number) of the documents that substitutions released and none brought back."""
    financed = {(one.kind, one.number) for one in financed_documents(uow.session, loan.application_id)}
    replaced = financed_documents(uow.session, loan.application_id, Part.REPLACED)
    return {(one.kind, one.number) for one in replaced} - financed
