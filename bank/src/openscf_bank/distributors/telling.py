"""Telling the anchor what its program is used for, from the ledgers of the loans: drawn, repaid, to be bought back.

It follows the ledger after it was committed, in a transaction of its own: what a distributor does never waits for the
lock of its anchor, and a crash in between loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from openscf.distributors import BoughtDocument, BuyBackCall, ProgramDrawing, ProgramRepayment
from openscf.money import Money, round_money
from openscf.programs import BuyBack
from openscf.wire import EventType, LoanStatus, WireModel

from ..clients import repository as clients
from ..clients.models import Client
from ..events.service import emit
from ..gateway import Gateway, UnitOfWork
from ..loans import ledger
from ..loans import repository as loans
from ..loans.models import LedgerEntry, Loan
from ..members.models import Member
from ..programs import caps
from ..programs.models import Program
from .models import ProgramLoan


class _Told:
    """A loan of a program with everything that is locked for it."""

    def __init__(self, uow: UnitOfWork, application_id: str) -> None:
        self.row = uow.session.get_one(ProgramLoan, application_id)
        self.program = uow.session.get_one(Program, self.row.program_id)
        self.member = uow.session.get_one(Member, self.row.member_id)
        loan = loans.of_application(uow.session, application_id)
        if loan is None:
            raise AssertionError(f"the application {application_id} has no loan to tell of")
        self.loan: Loan = loan
        held = clients.lock_all(uow.session, self.program.client_id, loan.client_id)
        self.anchor: Client = held[self.program.client_id]
        for read_before in (self.row, self.program, self.member, self.loan):
            uow.session.refresh(read_before)
        self.entries: Sequence[LedgerEntry] = loans.ledger(uow.session, loan.id)

    @property
    def documents(self) -> tuple[BoughtDocument, ...]:
        return tuple(BoughtDocument.model_validate(one) for one in self.row.documents)

    def money(self, amount: Decimal) -> Money:
        return Money(amount=round_money(amount, self.loan.currency), currency=self.loan.currency)

    def tell(self, uow: UnitOfWork, kind: EventType, notice: WireModel) -> None:
        names = {"program_id": self.program.reference, "member_id": self.member.reference}
        emit(uow, self.anchor, kind, notice.to_wire(), **names)


def tell(gateway: Gateway, application_id: str) -> None:
    """Tell what was booked since the last time, and let the limits follow what is owed."""
    with gateway.unit_of_work() as uow:
        told = _Told(uow, application_id)
        fresh = [entry for entry in told.entries if entry.sequence > told.row.told_sequence]
        for entry in fresh:
            if entry.type == "disbursement":
                _tell_of_drawing(uow, told, entry)
        repaid = sum((_principal_repaid(entry) for entry in fresh), Decimal(0))
        if repaid:
            notice = ProgramRepayment(member_id=told.member.reference, amount=told.money(repaid))
            told.tell(uow, EventType.PROGRAM_REPAID, notice)
        told.row.told_sequence = max((entry.sequence for entry in told.entries), default=0)
        _count(uow, told)


def call_buy_back(gateway: Gateway, application_id: str) -> None:
    """Ask the anchor, once, to take the goods back of a distributor that is too late."""
    with gateway.unit_of_work() as uow:
        told = _Told(uow, application_id)
        if told.row.bought_back_on is not None or told.program.buy_back is None:
            return
        promise = BuyBack.model_validate(told.program.buy_back)
        today = uow.now.date()
        state = ledger.state(told.loan, told.entries, today)
        if told.loan.status != LoanStatus.ACTIVE.value or state.days_past_due <= promise.after_days_past_due:
            return
        amount = told.money(state.balance.total * promise.percent / 100)
        message = (
            f"{told.member.name} is {state.days_past_due} days past due. Buy the goods back for {amount}, "
            f"{promise.percent} % of what is owed."
        )
        notice = BuyBackCall(member_id=told.member.reference, documents=told.documents, amount=amount, message=message)
        told.tell(uow, EventType.PROGRAM_BUY_BACK, notice)
        told.row.bought_back_on = today


def _tell_of_drawing(uow: UnitOfWork, told: _Told, entry: LedgerEntry) -> None:
    notice = ProgramDrawing(
        member_id=told.member.reference,
        document=told.documents[0],
        documents=told.documents,
        amount=told.money(entry.amount),
        paid_on=entry.value_date,
    )
    told.tell(uow, EventType.PROGRAM_DRAWN, notice)


def _principal_repaid(entry: LedgerEntry) -> Decimal:
    principal = entry.principal or Decimal(0)
    return {"repayment": principal, "repayment_reversal": -principal}.get(entry.type, Decimal(0))


def _count(uow: UnitOfWork, told: _Told) -> None:
    """What is lent counts, also where a repayment that was taken back lifts it above a limit: it is owed."""
    owed = Decimal(0)
    if told.loan.status == LoanStatus.ACTIVE.value:
        owed = ledger.state(told.loan, told.entries, uow.now.date()).balance.principal
    caps.use(uow, told.program, told.member, source="loan", source_id=told.loan.id, amount=owed, owed_already=True)
