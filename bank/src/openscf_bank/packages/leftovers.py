"""Documents that nothing claims: put beforehand, and then nobody applied with them, or the bank refused.

A package claims its files, a member its documents, an undecided batch its chunks.
No consent can close them, because the bank knows of none that covers them; so they are erased by their age.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..documents import repository as documents
from ..documents.models import Document
from ..members import kyb
from ..prequalification.repository import claimed_chunks
from .models import ReceivedPackage


def erase(session: Session, put_before: datetime) -> None:
    """Erase what was last put before a time and is neither a received package nor claimed by anything."""
    is_package = sa.exists().where(
        ReceivedPackage.client_id == Document.client_id, ReceivedPackage.sha256 == Document.sha256
    )
    old = sa.select(Document.client_id, Document.sha256).where(Document.received_at < put_before, ~is_package)
    rows = session.execute(old.order_by(Document.client_id)).all()
    for client_id, of_client in groupby(rows, key=lambda row: row.client_id):
        listed = _listed(session, client_id) | kyb.claimed(session, client_id) | claimed_chunks(session, client_id)
        for row in of_client:
            if row.sha256 not in listed:
                documents.erase(session, client_id, row.sha256)


def _listed(session: Session, client_id: str) -> set[str]:
    """The digests of the files that a client's packages list, as far as they are not closed."""
    query = sa.select(ReceivedPackage.sections[("attachments", "files")])
    lists = session.scalars(query.where(ReceivedPackage.client_id == client_id, ReceivedPackage.sections.is_not(None)))
    return {file["sha256"] for files in lists for file in files or ()}
