"""Taking members in: by the anchor as channel, or by themselves with its invitation; and their leave."""

from __future__ import annotations

from decimal import Decimal

from openscf import programs as wire
from openscf.canonical import canonical_bytes, sha256_hex
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.programs import MemberStatus, ProgramStatus, tax_key
from openscf.wire import EventType
from sqlalchemy.exc import IntegrityError

from ..clients import repository as clients
from ..clients.models import Client
from ..clients.service import key_set
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..payables.views import tell_newcomer
from ..programs import repository as programs
from ..programs.models import Program
from . import kyb, repository
from .deciding import PENDING, decide, end
from .models import ENDED, Member, MemberRevision
from .standing import Standing, locked
from .views import as_wire


def bring_in(uow: UnitOfWork, client_id: str, program_id: str, asked: wire.MemberRequest) -> wire.Member:
    """What the anchor sends about a member, or a higher revision of it; the answer is the member as received."""
    program = programs.of_anchor(uow.session, client_id, program_id)
    if program is None:
        raise not_found("program", program_id)
    member = repository.of_reference(uow.session, program.id, asked.member_id)
    held = clients.lock_all(uow.session, client_id, None if member is None else member.client_id)
    uow.session.refresh(program)
    member = member or repository.of_reference(uow.session, program.id, asked.member_id)
    if member is None:
        return _enrol(uow, Standing(held[client_id], None, program, _new(uow, program, asked)), client_id, asked)
    uow.session.refresh(member)
    if member.client_id is not None and not _known(uow, member, client_id, asked):
        raise ProblemError("wrong-state", "The member is connected with its own ERP and speaks for itself now.")
    return _revise(uow, locked(uow, member.id), client_id, asked)


def join(uow: UnitOfWork, client_id: str, asked: wire.MembershipRequest) -> wire.Member:
    """What a member's own ERP sends, with the anchor's invitation: joined from now on, or a higher revision."""
    anchor, invitation = _invitation(uow, asked.invitation)
    program = programs.of_anchor(uow.session, anchor.id, invitation.program)
    if program is None or anchor.id == client_id:
        raise _wrong("/invitation", "The invitation is for no program of the anchor that signed it, or for itself.")
    held = clients.lock_all(uow.session, anchor.id, client_id)
    uow.session.refresh(program)
    own = held[client_id]
    _require_invited(own, invitation, asked)
    member = repository.of_reference(uow.session, program.id, asked.member_id)
    if (member is None or member.client_id is None) and invitation.exp <= uow.now.timestamp():
        sentence = f"The invitation expired on {invitation.expires_at:%Y-%m-%d %H:%M} UTC; ask the anchor for another."
        raise _wrong("/invitation", sentence)
    if member is None:
        member = _new(uow, program, asked)
        member.client_id = client_id
        return _enrol(uow, Standing(held[anchor.id], own, program, member), client_id, asked)
    if member.client_id not in (None, client_id):
        raise ProblemError("duplicate-member", "Another ERP of the company has joined with this invitation already.")
    if member.tax_key != tax_key(asked.party.tax_id):
        raise _wrong("/party/tax_id", "The anchor brought this member in with another tax id.")
    if member.status in ENDED and not _known(uow, member, client_id, asked):
        raise ProblemError("wrong-state", f"The membership is over ({member.status}); ask the anchor to invite again.")
    newly = member.client_id is None
    member.client_id = client_id
    standing = Standing(held[anchor.id], own, program, member)
    if newly and MemberStatus(member.status) not in PENDING:  # approved by now: joined, on what the bank decided about
        _remember(uow, member, client_id, asked)
        if asked.account.iban != member.account_iban:  # the anchor said where its money goes; the member says otherwise
            standing.wait_for_officer(
                uow,
                f"Joining with its own ERP, it names the account {asked.account.iban} of {asked.account.holder}; early "
                f"payments go to {member.account_iban}, as the anchor said. Call the company; suspend it until then.",
            )
        tell_newcomer(uow, own, member)
        uow.session.flush()
        return as_wire(member, program)
    return _revise(uow, standing, client_id, asked)


def leave(uow: UnitOfWork, client_id: str, member_id: str, reason: str) -> wire.Member:
    """The anchor, or the member, ends the membership; what is paid early runs to its end."""
    if repository.visible_to(uow.session, client_id, member_id) is None:
        raise not_found("member", member_id)
    standing = locked(uow, member_id)
    if standing.member.status != MemberStatus.LEFT.value:
        standing.require(*PENDING, MemberStatus.APPROVED, MemberStatus.SUSPENDED)
        end(uow, standing, MemberStatus.LEFT, EventType.MEMBER_LEFT, reason)
    return as_wire(standing.member, standing.program)


def _enrol(uow: UnitOfWork, standing: Standing, sender: str, asked: wire.MemberRequest) -> wire.Member:
    """A new member."""
    program = standing.program
    if program.status != ProgramStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The program is {program.status}; members join while it is ACTIVE.")
    _check(uow, program, standing.member, sender, asked)
    uow.session.add(standing.member)
    return _take(uow, standing, sender, asked)


def _revise(uow: UnitOfWork, standing: Standing, sender: str, asked: wire.MemberRequest) -> wire.Member:
    """Another revision of a member, or the same one again."""
    member, program = standing.member, standing.program
    if _known(uow, member, sender, asked):
        return as_wire(member, program)
    standing.require(*PENDING)
    _check(uow, program, member, sender, asked)
    return _take(uow, standing, sender, asked)


def _take(uow: UnitOfWork, standing: Standing, sender: str, asked: wire.MemberRequest) -> wire.Member:
    member, program = standing.member, standing.program
    _fill(member, asked)
    _flush(uow)
    _remember(uow, member, sender, asked)
    kyb.replace(uow, member, sender, asked)
    standing.move(uow, MemberStatus.RECEIVED, EventType.MEMBER_RECEIVED, None)
    received = as_wire(member, program)
    decide(uow, standing)
    return received


def _new(uow: UnitOfWork, program: Program, asked: wire.MemberRequest) -> Member:
    return Member(
        id=new_id("mem"),
        program_id=program.id,
        reference=asked.member_id,
        status=MemberStatus.RECEIVED.value,
        used=Decimal(0),
        received_at=uow.now,
    )


def _fill(member: Member, asked: wire.MemberRequest) -> None:
    member.revision = asked.revision
    member.member_ref = asked.member_ref
    member.name = asked.party.name
    member.tax_key = tax_key(asked.party.tax_id)
    member.country = asked.party.country
    member.account_iban = asked.account.iban
    member.account_holder = asked.account.holder
    member.content = _content(asked)
    member.consent_until = asked.consent.expires_on


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise ProblemError("duplicate-member", "A company with this tax id is in the program already.") from error


def _content(asked: wire.MemberRequest) -> dict[str, object]:
    """What was sent about the member itself; the invitation is about how it came."""
    return {name: value for name, value in asked.to_wire().items() if name != "invitation"}


def _digest(asked: wire.MemberRequest) -> str:
    return sha256_hex(canonical_bytes(_content(asked)))


def _known(uow: UnitOfWork, member: Member, sender: str, asked: wire.MemberRequest) -> bool:
    """Whether this sender sent exactly this revision before; a ProblemError for another content, or an older one."""
    revisions = {one.revision: one for one in repository.revisions_of(uow.session, member.id, sender)}
    before = revisions.get(asked.revision)
    if before is not None and before.content_sha256 == _digest(asked):
        return True
    if before is not None:
        raise _wrong("/revision", "This revision came before with another content. Send it under a higher one.")
    if revisions and asked.revision < max(revisions):
        raise _wrong("/revision", f"Revision {max(revisions)} came before. Send a higher one.")
    return False


def _remember(uow: UnitOfWork, member: Member, sender: str, asked: wire.MemberRequest) -> None:
    uow.session.add(
        MemberRevision(
            member_id=member.id,
            client_id=sender,
            revision=asked.revision,
            content_sha256=_digest(asked),
            received_at=uow.now,
        )
    )


def _check(uow: UnitOfWork, program: Program, member: Member, sender: str, asked: wire.MemberRequest) -> None:
    """Refuse what this bank may not read, or cannot take."""
    issuer = uow.gateway.settings.issuer
    if asked.consent.recipient != issuer:
        raise _no_consent("recipient", f"The consent is for {asked.consent.recipient}, not for this bank, {issuer}.")
    if asked.consent.expires_on < uow.now.date():
        raise _no_consent("expires_on", f"The consent ended on {asked.consent.expires_on}.")
    try:
        company = tax_key(asked.party.tax_id)
    except InputInvalid as error:
        raise _wrong("/party/tax_id", str(error)) from error
    there = repository.company_in_program(uow.session, program.id, company)
    if there is not None and there.id != member.id:
        raise ProblemError(
            "duplicate-member", f"The company is in the program already, as member {there.reference}. Use that one."
        )
    kyb.check(uow.session, sender, asked.documents)


def _invitation(uow: UnitOfWork, token: str) -> tuple[Client, wire.Invitation]:
    """Who signed an invitation, and what it says. Whether its time is over depends on what it is used for."""
    try:
        anchor = clients.of_key(uow.session, wire.invitation_kid(token))
        if anchor is None:
            raise SignatureInvalid("The invitation is signed by nobody whom this bank knows.")
        issuer = uow.gateway.settings.issuer
        return anchor, wire.read_invitation(token, keys=key_set(anchor), issuer=anchor.id, audience=issuer)
    except SignatureInvalid as error:
        raise _wrong("/invitation", str(error)) from error


def _require_invited(own: Client, invitation: wire.Invitation, asked: wire.MembershipRequest) -> None:
    """The member that joins, the one that was invited, and the registered client are one company."""
    company = tax_key(asked.party.tax_id)
    if asked.member_id != invitation.member_id:
        raise _wrong("/member_id", "The invitation is for another member id.")
    if company != tax_key(invitation.party.tax_id):
        raise _wrong("/party/tax_id", "The invitation is for a company with another tax id.")
    if own.party_tax_id is None or company != tax_key(own.party_tax_id):
        raise _wrong("/party/tax_id", "This ERP is registered with another tax id; a company joins for itself.")


def _no_consent(member: str, sentence: str) -> ProblemError:
    return ProblemError("consent-invalid", f"{sentence} Send one of the member's own for this bank.", errors=[
        (f"/consent/{member}", sentence)
    ])  # fmt: skip


def _wrong(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
