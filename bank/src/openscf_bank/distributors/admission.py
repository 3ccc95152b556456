"""A distributor applies for a loan in a program: whether it may, and on the program's terms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from openscf import wire
from openscf.distributors import BoughtDocument
from openscf.money import Money, round_money
from openscf.package import Sections
from openscf.programs import ProgramKind, ProgramTerms
from sqlalchemy.orm import Session

from ..clients import repository as clients
from ..clients.models import Client
from ..decisions.pricing import Price
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..loans.models import Loan
from ..members.models import Member
from ..members.views import rate_of
from ..programs import caps
from ..programs.models import Program
from . import repository
from .models import ProgramLoan

DISTRIBUTOR_FINANCE: ProgramKind = "distributor_finance"
WITHIN_LIMITS = "It can be accepted while the limits of the program leave room for it."


@dataclass(frozen=True)
class Membership:
    """A distributor's place in a program."""

    program: Program
    member: Member
    anchor: Client

    @property
    def terms(self) -> ProgramTerms:
        """The terms on which the bank took the program on."""
        return ProgramTerms.model_validate(self.program.terms)

    @property
    def seller_tax_id(self) -> str:
        """By which the anchor is known as the seller; nothing where it registered without one."""
        return self.anchor.party_tax_id or ""


def of_request(uow: UnitOfWork, client_id: str, request: wire.LoanApplicationRequest) -> Membership | None:
    """The place in a program in which an application is made; None outside of any.

    ProblemError where the applicant has none, or where what it asks does not fit the program.
    """
    if request.program is None:
        return None
    program = uow.session.get(Program, request.program)
    member = repository.membership(uow.session, request.program, client_id)
    if program is None or member is None or program.kind != DISTRIBUTOR_FINANCE:
        raise _invalid("/program", f"This client is no distributor in a program {request.program!r}.")
    found = Membership(program, member, uow.session.get_one(Client, program.client_id))
    caps.require_open(program, member, uow.now.date())
    _check(found, request)
    left = caps.free(uow.session, program, member)
    if request.requested.amount > left.most:
        above = Money(amount=request.requested.amount - left.most, currency=program.currency)
        raise ProblemError("limit-exceeded", f"This is {above} above what the limits of the program leave. Ask less.")
    return found


def of_application(session: Session, application_id: str) -> Membership | None:
    """The place in a program in which an application was made; None outside of any."""
    row = session.get(ProgramLoan, application_id)
    if row is None:
        return None
    program = session.get_one(Program, row.program_id)
    return Membership(program, session.get_one(Member, row.member_id), session.get_one(Client, program.client_id))


def note(uow: UnitOfWork, application_id: str, membership: Membership) -> None:
    """Remember that an application is made in a program."""
    uow.session.add(
        ProgramLoan(
            application_id=application_id,
            program_id=membership.program.id,
            member_id=membership.member.id,
            documents=[],
            told_sequence=0,
        )
    )


def note_documents(uow: UnitOfWork, application_id: str, sections: Sections) -> None:
    """Remember by which numbers the anchor knows what it sold; nothing outside of a program."""
    row = uow.session.get(ProgramLoan, application_id)
    if row is not None:
        row.documents = [
            BoughtDocument(kind=one.kind, number=one.number, issuer_number=one.issuer_number).to_wire()
            for one in sections.transaction.documents
        ]


def priced(price: Price, membership: Membership) -> Price:
    """The same loan at the program's rate and fee, under its conditions."""
    terms, principal = membership.terms, price.terms.principal
    rate = rate_of(membership.member, membership.program) or terms.rate_pa
    fee = round_money(principal.amount * terms.fee_percent / 100, principal.currency)
    offered = price.terms.model_copy(
        update={
            "rate_pa": rate,
            "day_count": terms.day_count,
            "fee": Money(amount=fee, currency=principal.currency),
            "conditions": tuple(dict.fromkeys((*price.terms.conditions, *terms.conditions, WITHIN_LIMITS))),
        }
    )
    return replace(
        price,
        terms=offered,
        base_rate_pa=rate,
        grade_margin=Decimal(0),
        tenor_margin=Decimal(0),
        technique_margin=Decimal(0),
    )


def lock(uow: UnitOfWork, client_id: str, offer_id: str) -> Client:
    """The applicant's row, locked; and the anchor's with it where the offer was made in a program."""
    anchor_id = repository.anchor_of_offer(uow.session, offer_id)
    return clients.lock_all(uow.session, client_id, anchor_id)[client_id]


def count(uow: UnitOfWork, loan: Loan) -> None:
    """Let a loan that was granted in a program count against its limits, both clients being locked."""
    membership = of_application(uow.session, loan.application_id)
    if membership is not None:
        uow.session.refresh(membership.program)
        uow.session.refresh(membership.member)
        caps.require_open(membership.program, membership.member, uow.now.date())
        caps.use(uow, membership.program, membership.member, source="loan", source_id=loan.id, amount=loan.principal)


def _check(membership: Membership, request: wire.LoanApplicationRequest) -> None:
    program, terms = membership.program, membership.terms
    if request.technique != DISTRIBUTOR_FINANCE:
        raise _invalid("/technique", f"In this program only {DISTRIBUTOR_FINANCE} is offered.")
    if request.requested.currency != program.currency:
        raise _invalid("/requested/currency", f"The program is in {program.currency}.")
    if not terms.min_days <= request.tenor_days <= terms.max_tenor_days:
        raise _invalid("/tenor_days", f"In this program from {terms.min_days} to {terms.max_tenor_days} days.")


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
