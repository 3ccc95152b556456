"""The consent that a package carries: signed, in force, and covering what is disclosed, no more and no less."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from openscf._internal.finding import Finding
from openscf._internal.pointer import child
from openscf._internal.sections import ConsentSection, Sections
from openscf.consent import read_consent
from openscf.errors import SignatureInvalid
from openscf.keys import KeySet
from openscf.package import Package

POINTER = "/sections/consent"
# These are in every package; a consent need not name them.
ALWAYS = frozenset({"party", "transaction", "consent"})
# `as_of` is in UTC; the day and month in which it lies are the applicant's own, up to 12 hours behind.
_LATEST_ZONE = dt.timedelta(hours=12)


def check_consent(package: Package, keys: KeySet | None) -> list[Finding]:
    """Return a finding for each way in which the consent does not cover this package.

    `keys` holds the seal's key; None where the seal does not hold, which is a finding by itself.
    """
    return [
        *(_artefact(package, keys) if keys is not None else ()),
        *_in_force(package),
        *_sections(package.sections),
        *_counterparties(package.sections),
        *_history(package.sections),
    ]


def _artefact(package: Package, keys: KeySet) -> Iterator[Finding]:
    consent, issuer = package.sections.consent, package.header.issuer
    try:
        terms = read_consent(consent.artefact, keys=keys)
    except SignatureInvalid as error:
        message = f"The consent was not signed by the key of the seal: {error}"
        yield Finding(code="consent-invalid", pointer=f"{POINTER}/artefact", message=message)
        return
    for name, value, pointer in (
        *_terms_of(consent),
        ("iss", issuer.name, "/header/issuer/name"),
        ("iss_tax_id", issuer.tax_id, "/header/issuer/tax_id"),
    ):
        if getattr(terms, name) != value:
            yield _differs(pointer, value, getattr(terms, name))


def _terms_of(consent: ConsentSection) -> list[tuple[str, object, str]]:
    """Return each term that the section states: the artefact's name for it, its value, and where it stands."""
    places = {
        "jti": ("consent_id", consent.consent_id),
        "aud": ("recipient/issuer", consent.recipient.issuer),
        "aud_name": ("recipient/name", consent.recipient.name),
        "purpose": ("purpose", consent.purpose),
        "sections": ("sections", consent.sections),
        "counterparties": ("counterparties", consent.counterparties),
        "history_months": ("history_months", consent.history_months),
        "granted_by": ("granted_by", consent.granted_by),
        "iat": ("granted_at", int(consent.granted_at.timestamp())),
        "exp": ("expires_at", int(consent.expires_at.timestamp())),
        "notice_sha256": ("notice_sha256", consent.notice_sha256),
    }
    return [(name, value, f"{POINTER}/{place}") for name, (place, value) in places.items()]


def _differs(pointer: str, stated: object, signed: object) -> Finding:
    message = f"{stated!s:.120} is stated; the signed consent says {signed!s:.120}."
    return Finding(code="consent-mismatch", pointer=pointer, message=message)


def _in_force(package: Package) -> Iterator[Finding]:
    consent, sealed = package.sections.consent, package.header.created_at
    if sealed < consent.granted_at:
        message = f"The consent was granted at {_time(consent.granted_at)}, after the package: {_time(sealed)}."
        yield Finding(code="consent-not-in-force", pointer=f"{POINTER}/granted_at", message=message)
    if sealed > consent.expires_at:
        message = f"The consent ended at {_time(consent.expires_at)}, before the package: {_time(sealed)}."
        yield Finding(code="consent-not-in-force", pointer=f"{POINTER}/expires_at", message=message)


def _sections(sections: Sections) -> Iterator[Finding]:
    covered = set(sections.consent.sections)
    there = {name for name in Sections.model_fields if getattr(sections, name) is not None}
    for name in sorted(there - covered - ALWAYS):
        message = f"The section {name} is disclosed; the consent does not cover it."
        yield Finding(code="consent-exceeded", pointer=child("/sections", name), message=message)
    seen = set[str]()
    for at, name in enumerate(sections.consent.sections):
        pointer = f"{POINTER}/sections/{at}"
        if name not in there:
            message = f"The consent covers the section {name!r:.60}; it is not in the file."
            yield Finding(code="section-missing", pointer=pointer, message=message)
        if name in seen:
            message = f"The consent names the section {name!r:.60} twice."
            yield Finding(code="repeated", pointer=pointer, message=message)
        seen.add(name)


def _counterparties(sections: Sections) -> Iterator[Finding]:
    """The buyers of the financed documents are named, all others only where the consent says so."""
    financed = {document.buyer for document in sections.transaction.documents}
    for at, buyer in enumerate(sections.party.buyers):
        pointer = f"/sections/party/buyers/{at}"
        if buyer.key in financed and buyer.pseudonymous:
            message = f"The buyer {buyer.key!r:.80} of a financed document is not named."
            yield Finding(code="buyer-unnamed", pointer=pointer, message=message)
        if buyer.key not in financed and not buyer.pseudonymous and sections.consent.counterparties == "pseudonymous":
            message = f"{buyer.name!r:.80} is named; the consent keeps this counterparty pseudonymous."
            yield Finding(code="consent-exceeded", pointer=f"{pointer}/name", message=message)


def _history(sections: Sections) -> Iterator[Finding]:
    """History reaches back the months of the consent in full, before the running one, and no further."""
    months = sections.consent.history_months
    for name in Sections.model_fields:
        section = getattr(sections, name)
        if section is None:
            continue
        earliest = _first_day(section.as_of, months)
        if section.period is not None and section.period.from_ < earliest:
            yield _too_far(f"/sections/{name}/period/from", section.period.from_.isoformat(), earliest, months)
        first = f"{earliest:%Y-%m}"
        for at, row in enumerate(getattr(section, "months", ())):
            if row.month < first:
                yield _too_far(f"/sections/{name}/months/{at}/month", row.month, earliest, months)


def _first_day(as_of: dt.datetime, months: int) -> dt.date:
    as_of -= _LATEST_ZONE
    years, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    return dt.date(max(years, 1), month + 1, 1)


def _too_far(pointer: str, stated: str, earliest: dt.date, months: int) -> Finding:
    message = f"{stated} is before {earliest}; the consent covers {months} months before the running one."
    return Finding(code="consent-exceeded", pointer=pointer, message=message)


def _time(value: dt.datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
