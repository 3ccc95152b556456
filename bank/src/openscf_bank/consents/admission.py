"""Whether the consent inside a package lets this bank read it."""

from __future__ import annotations

from typing import Any

from openscf.package import ConsentSection

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import repository
from .models import Consent


def admit(uow: UnitOfWork, client_id: str, consent: ConsentSection, *, verified: bool) -> None:
    """Keep a consent, or refuse the package with a ProblemError `consent-invalid`.

    That the consent is signed, and covers what is disclosed, is the package's verification; `verified` tells whether
    that held. The terms of one that did not hold bind nobody, but its expiry is kept, so that it closes in time.
    The schema knows one purpose, a loan application. The caller has locked the client's row.
    """
    if consent.recipient.issuer != uow.gateway.settings.issuer:
        raise _invalid("recipient/issuer", f"The consent is for {consent.recipient.issuer}, not for this bank.")
    if consent.expires_at <= uow.now:
        raise _invalid("expires_at", f"The consent expired on {consent.expires_at:%Y-%m-%d %H:%M} UTC.")
    terms = _terms(consent)
    known = repository.of_client(uow.session, client_id, consent.consent_id)
    if known is None:
        known = Consent(client_id=client_id, consent_id=consent.consent_id, received_at=uow.now)
        uow.session.add(known)
    if known.revoked_at is not None:
        raise _invalid("consent_id", f"The consent was revoked on {known.revoked_at:%Y-%m-%d %H:%M} UTC.")
    if known.closed_at is not None:
        raise _invalid("consent_id", "The consent has expired and was closed.")
    if known.terms is None:
        known.expires_at = consent.expires_at
        known.terms = terms if verified else None
    elif verified and known.terms != terms:
        raise _invalid("consent_id", "The consent's id came with other terms before; other terms need another id.")
    uow.session.flush()


def _terms(consent: ConsentSection) -> dict[str, Any]:
    # The signed form and the section's own facts may differ from package to package.
    return consent.model_dump(mode="json", exclude={"artefact", "as_of", "period", "source", "assurance"})


def _invalid(member: str, sentence: str) -> ProblemError:
    return ProblemError(
        "consent-invalid",
        f"{sentence} Ask the applicant for a consent of this bank's own and send a package that carries it.",
        errors=[(f"/sections/consent/{member}", sentence)],
    )
