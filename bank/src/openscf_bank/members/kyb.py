"""The documents about a member: taken only where they are what they say, claimed, and erased when it is over."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.programs import MAX_KYB_BYTES, KybDocument, MemberRequest
from sqlalchemy.orm import Session

from ..documents import repository as documents
from ..documents.models import Document
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..packages.models import ReceivedPackage
from . import repository
from .models import Member, MemberDocument

# The kind of document that is the words that were signed; nobody lists it.
AGREEMENT = "agreement"
# How a file of each type begins.
_BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


def check(session: Session, client_id: str, listed: tuple[KybDocument, ...]) -> None:
    """Refuse documents that were not PUT, are too large, or are something else than they say (`validation-failed`)."""
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(listed):
        sentence = (
            "The document is listed twice." if (one.kind, one.sha256) in seen else _wrong(session, client_id, one)
        )
        if sentence is not None:
            raise ProblemError("validation-failed", sentence, errors=[(f"/documents/{index}", sentence)])
        seen.add((one.kind, one.sha256))


def replace(uow: UnitOfWork, member: Member, client_id: str, asked: MemberRequest) -> None:
    """Let these be the member's documents, with the words that were signed; what is listed no more is erased."""
    session = uow.session
    before = repository.documents_of(session, member.id)
    rows: list[tuple[str, str, str, str]] = [
        (one.kind, one.name, one.sha256, one.media_type) for one in asked.documents
    ]
    rows += _agreements(session, client_id, asked)
    kept = {sha256 for _, _, sha256, _ in rows}
    _forget(uow, [one for one in before if one.client_id != client_id or one.sha256 not in kept])
    for row in before:
        session.delete(row)
    session.flush()
    for number, (kind, name, sha256, media_type) in enumerate(rows, start=1):
        session.add(
            MemberDocument(
                member_id=member.id,
                number=number,
                client_id=client_id,
                sha256=sha256,
                kind=kind,
                name=name,
                media_type=media_type,
            )
        )
    session.flush()


def erase(uow: UnitOfWork, member: Member) -> None:
    """Erase the bytes of a member's documents; their names and digests stay."""
    _forget(uow, repository.documents_of(uow.session, member.id))


def reduce(member: Member) -> None:
    """Leave of what was sent nothing but names and digests: who signed which words, and which documents there were."""
    content = member.content
    member.content = {
        "party": {"name": content["party"]["name"]},
        "signatories": [
            {"name": one["name"], "agreement_sha256": one["agreement_sha256"]} for one in content["signatories"]
        ],
        "documents": [
            {"kind": one["kind"], "name": one["name"], "sha256": one["sha256"]} for one in content.get("documents", ())
        ],
    }
    if member.used == 0:
        forget_account(member)


def forget_account(member: Member) -> None:
    """The account of a member that is over is needed no more once nothing is on its way to it."""
    member.account_iban = None
    member.account_holder = None


def claimed(session: Session, client_id: str) -> set[str]:
    """The digests of the documents that a client put and that belong to a member still."""
    query = sa.select(MemberDocument.sha256).where(
        MemberDocument.client_id == client_id, MemberDocument.erased_at.is_(None)
    )
    return set(session.scalars(query))


def _agreements(session: Session, client_id: str, asked: MemberRequest) -> list[tuple[str, str, str, str]]:
    """The words that signatories signed, where their bytes were PUT: (kind, name, digest, media type)."""
    digests = dict.fromkeys(signatory.agreement_sha256 for signatory in asked.signatories)
    there = [digest for digest in digests if documents.exists(session, client_id, digest)]
    return [(AGREEMENT, "agreement", digest, "application/octet-stream") for digest in there]


def _wrong(session: Session, client_id: str, one: KybDocument) -> str | None:
    found = session.get(Document, (client_id, one.sha256))
    if found is None:
        return "The document was not put, or is here no longer. Put it and send this again."
    if found.size_bytes > MAX_KYB_BYTES:
        return f"The document has more than {MAX_KYB_BYTES} bytes; send a smaller one."
    beginning = session.scalar(
        sa.select(sa.func.substr(Document.content, 1, 8)).where(
            Document.client_id == client_id, Document.sha256 == one.sha256
        )
    )
    if not bytes(beginning or b"").startswith(_BEGINNINGS[one.media_type]):
        return f"The document is no {one.media_type}; send a PDF, PNG or JPEG under its own type."
    return None


def _forget(uow: UnitOfWork, rows: Sequence[MemberDocument]) -> None:
    for row in rows:
        if row.erased_at is None:
            row.erased_at = uow.now
            uow.session.flush()
            if not _needed_elsewhere(uow.session, row):
                documents.erase(uow.session, row.client_id, row.sha256)


def _needed_elsewhere(session: Session, row: MemberDocument) -> bool:
    another = sa.select(MemberDocument.number).where(
        MemberDocument.client_id == row.client_id,
        MemberDocument.sha256 == row.sha256,
        MemberDocument.erased_at.is_(None),
    )
    package = sa.select(ReceivedPackage.id).where(
        ReceivedPackage.client_id == row.client_id, ReceivedPackage.sha256 == row.sha256
    )
    return any(session.execute(query.limit(1)).first() is not None for query in (another, package))
