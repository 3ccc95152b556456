"""Finding packages and who read them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from ..applications.models import Application
from .models import PackageRead, ReceivedPackage


def of_application(session: Session, application_id: str) -> Sequence[ReceivedPackage]:
    """The packages that came for an application, newest first."""
    query = sa.select(ReceivedPackage).where(ReceivedPackage.application_id == application_id)
    return session.scalars(query.order_by(ReceivedPackage.received_at.desc(), ReceivedPackage.id)).all()


def current(session: Session, application: Application) -> ReceivedPackage | None:
    """The package that an application rests on now, with its sections."""
    query = (
        sa.select(ReceivedPackage)
        .where(ReceivedPackage.application_id == application.id, ReceivedPackage.sha256 == application.package_sha256)
        .order_by(ReceivedPackage.received_at.desc(), ReceivedPackage.id)
        .options(undefer(ReceivedPackage.sections))
        .execution_options(populate_existing=True)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def under_consent(session: Session, client_id: str, consent_id: str) -> Sequence[ReceivedPackage]:
    """Every package that came under a consent."""
    query = sa.select(ReceivedPackage).where(
        ReceivedPackage.client_id == client_id, ReceivedPackage.consent_id == consent_id
    )
    return session.scalars(query.options(undefer(ReceivedPackage.sections))).all()


def came(session: Session, client_id: str, package_id: str) -> bool:
    """Whether a client applied with this package."""
    query = sa.select(ReceivedPackage.id).where(
        ReceivedPackage.client_id == client_id, ReceivedPackage.package_id == package_id
    )
    return session.execute(query.limit(1)).first() is not None


def reads(session: Session, client_id: str, package_id: str) -> Sequence[PackageRead]:
    """Who read a client's package, oldest first."""
    query = sa.select(PackageRead).where(PackageRead.client_id == client_id, PackageRead.package_id == package_id)
    return session.scalars(query.order_by(PackageRead.number)).all()


def reads_of_application(session: Session, application_id: str) -> Sequence[PackageRead]:
    """Who read the packages of an application, newest first."""
    query = sa.select(PackageRead).where(PackageRead.application_id == application_id)
    return session.scalars(query.order_by(PackageRead.number.desc())).all()
