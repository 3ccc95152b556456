"""Reading a package: only while its consent stands, and never without writing down who did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from openscf import wire
from openscf.package import Sections
from openscf.wire import EventType
from sqlalchemy.orm import Session

from ..applications.models import Application
from ..clients.models import Client
from ..consents.models import Consent
from ..documents import repository as documents
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from . import repository
from .models import PackageRead, ReceivedPackage
from .views import as_wire

# Who reads where nobody looks: the bank's programs.
SYSTEM = "system"

Action = Literal["verified", "opened", "downloaded", "attachment_downloaded"]


@dataclass(frozen=True)
class Closing:
    """Why and since when a package may not be read any more."""

    reason: Literal["revoked", "expired"]
    since: datetime
    words: str | None

    def sentence(self) -> str:
        """For an officer."""
        day = f"{self.since.day} {self.since:%b %Y, %H:%M} UTC"
        if self.reason == "expired":
            return f"The applicant's consent expired on {day}."
        return f"The applicant revoked its consent on {day}{f': {self.words}' if self.words else '.'}"


def closing(session: Session, received: ReceivedPackage, now: datetime) -> Closing | None:
    """Whether the consent of a package has ended by the bank's clock `now`; None while it stands."""
    consent = session.get(Consent, (received.client_id, received.consent_id)) if received.consent_id else None
    if consent is None:
        return None
    if consent.revoked_at is not None:
        return Closing("revoked", consent.revoked_at, consent.revocation_reason)
    if consent.expires_at is not None and consent.expires_at <= now:
        return Closing("expired", consent.expires_at, None)
    return None


def note_read(
    uow: UnitOfWork,
    client: Client,
    application: Application,
    package_id: str,
    *,
    reader: str,
    action: Action,
    part: str | None = None,
) -> None:
    """Write one reading down and tell the applicant, in the transaction of the reading.

    The caller has locked the client's row, as for every event.
    """
    read = PackageRead(
        id=new_id("read"),
        client_id=client.id,
        application_id=application.id,
        package_id=package_id,
        reader=reader[:255],
        action=action,
        part=part,
        read_at=uow.now,
    )
    uow.session.add(read)
    emit(
        uow,
        client,
        EventType.PACKAGE_READ,
        wire.PackageReadNotice(package_id=package_id, read=as_wire(read)).to_wire(),
        loan_application_id=application.id,
        reference=application.reference,
    )


def sections_of(received: ReceivedPackage) -> Sections | None:
    """The sections of a package as they were stored."""
    return None if received.sections is None else Sections.model_validate(received.sections)


def open_file(
    uow: UnitOfWork, client: Client, application: Application, *, reader: str, part: str | None = None
) -> tuple[ReceivedPackage, bytes]:
    """The file of an application's package, with its reading written down (`part`: one file out of it is meant).

    ProblemError `wrong-state` where its consent has ended, `not-found` where there is no file.
    """
    received = repository.current(uow.session, application)
    if received is None:
        raise ProblemError("not-found", "No package came for this application.")
    ended = closing(uow.session, received, uow.now)
    if ended is not None:
        raise ProblemError("wrong-state", f"{ended.sentence()} What it covered is closed and is not served any more.")
    file = documents.content(uow.session, application.client_id, received.sha256)
    if file is None:
        raise ProblemError("not-found", "The file of this package is not kept any more.")
    note_read(
        uow,
        client,
        application,
        received.package_id,
        reader=reader,
        action="attachment_downloaded" if part else "downloaded",
        part=part,
    )
    return received, file
