"""What is owed above what the documents or goods of a loan carry, and telling the applicant when that changes."""

from __future__ import annotations

from decimal import Decimal

from openscf import wire
from openscf.kinds import GOODS_KIND, PURCHASE_KINDS
from openscf.money import round_money
from openscf.wire import EventType

from ..applications.repository import financed_documents
from ..clients.models import Client
from ..collateral.cover import cover
from ..events import repository as events
from ..gateway import UnitOfWork
from . import ledger, repository, service
from .models import Loan


def shortfall(uow: UnitOfWork, loan: Loan) -> Decimal:
    """How much has to be repaid for the advance rate to hold again; 0 where it holds.

    Documents of a sale carry what was outstanding when the package was made, less dilutions and payments reported
    since. Documents of a purchase are not what repays the loan: payments come from resale and lower the principal by
    themselves, so that only dilutions lower what they carry. Pledged goods carry their present value.
    """
    kinds = {document.kind for document in financed_documents(uow.session, loan.application_id)}
    if GOODS_KIND in kinds:
        return cover(uow.session, loan, uow.now.date()).shortfall
    rate = wire.OfferTerms.model_validate(loan.terms).advance_rate
    left = _carried(uow, loan, paid_by_sale=kinds.isdisjoint(PURCHASE_KINDS))
    carried = round_money(left * rate / 100, loan.currency)
    entries = repository.ledger(uow.session, loan.id)
    principal = ledger.state(loan, entries, uow.now.date()).balance.principal
    return max(principal - carried, Decimal(0))


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


def _carried(uow: UnitOfWork, loan: Loan, *, paid_by_sale: bool) -> Decimal:
    reported = repository.collections(uow.session, loan.id)
    undone = {collection.reverses for collection in reported if collection.kind == "undone"}
    lowering = {"payment", "dilution"} if paid_by_sale else {"dilution"}
    gone = sum((one.amount for one in reported if one.kind in lowering and one.collection_id not in undone), Decimal(0))
    outstanding = sum(
        (document.outstanding for document in financed_documents(uow.session, loan.application_id)), Decimal(0)
    )
    return max(outstanding - gone, Decimal(0))
