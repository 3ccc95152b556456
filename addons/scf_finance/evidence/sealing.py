"""One package for several banks: what each of them may read, under one seal, in a PDF of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

from openscf.canonical import sha256_hex
from openscf.consent import ConsentTerms
from openscf.errors import OpenSCFError
from openscf.fingerprint import OPEN_KEY, OPEN_KEY_VERSION
from openscf.keys import KeySet, SigningKey
from openscf.package import seal_package
from openscf.pdf import draw_pdf
from openscf.verify import Report, verify_package

from odoo.exceptions import UserError

from ..checks import run_checks
from .party import account_members
from .sections import Request, read_sections
from .views import view_for
from .wire_text import instant

UBL_MEDIA_TYPE = "application/xml"
# What a bank reads in words is English, as the sentences of the checks are.
LANGUAGE = "en_US"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one bank may read: the terms of its consent, their signed form, and how it names other counterparties.

    `file_kinds` are the kinds of files that the bank asks for; `pseudonym` gives a partner's code by its id.
    """

    terms: ConsentTerms
    artefact: str
    file_kinds: tuple[str, ...]
    pseudonym: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class SealedEvidence:
    """A sealed package: its id and root, each bank's PDF by its issuer, and what it tells of.

    `partial_ids` are the reconciliations that it states, `collection_account` is the account that it names,
    `payee_account` that of the supplier whom the bank is to pay (None where it pays nobody else), `unmade` are the
    files that could not be made for one bank or another (`Unmade`, reasons in the user's language).
    """

    package_ref: str
    root: str
    files: dict[str, bytes]
    partial_ids: list[int]
    collection_account: dict[str, str]
    payee_account: dict[str, str] | None
    unmade: list


def seal_evidence(
    application,
    grants: Sequence[Grant],
    *,
    key: SigningKey,
    now: datetime,
    today: date,
    supersedes: str | None = None,
    request: Request | None = None,
) -> SealedEvidence:
    """Read the evidence for `application`, cut it for each bank, and seal it once.

    The evidence is read once for each different length of history. `now` is UTC without a zone, as Odoo keeps it.

    :param request: what the package is about, where it is not what the application asked for
    :raise UserError: where two grants are for one bank, where nobody vouched for the collection account, which the
        bank pays out to, and where a bank would find that the records contradict each other
    """
    env, company = application.env, application.company_id
    if len({grant.terms.aud for grant in grants}) != len(grants):
        raise UserError(env._("Two of the banks have the same address: ask only one of them."))
    request = request or Request.of(application)
    if untrusted := request.documents._scf_why_no_account():
        raise UserError(untrusted)
    evidence = {
        months: _read(application, request, as_of=now, today=today, history_months=months)
        for months in sorted({grant.terms.history_months for grant in grants})
    }
    files, unmade = _files_for(request.documents, grants)
    views = {}
    for grant in grants:
        view = _view(evidence[grant.terms.history_months].sections, grant, *files[grant.terms.aud], now)
        if "checks" in grant.terms.sections:
            # On what the bank reads, not on what is here: no figure that is kept back gets out by a check.
            view["checks"] = run_checks(view, application.with_company(company).env, today)
        views[grant.terms.aud] = view
    try:
        sealed = seal_package(
            views,
            key=key,
            issuer_name=company.name,
            issuer_tax_id=company.vat or "",
            created_at=now.replace(tzinfo=timezone.utc),
            supersedes=supersedes,
        )
        drawn = {
            issuer: draw_pdf(
                sealed.file_for(issuer), attachments={name: content for name, *_about, content in attached}, key=key
            )
            for issuer, (attached, _not_made) in files.items()
        }
    except OpenSCFError as error:
        raise UserError(env._("The evidence can't be sealed: %s", error)) from error
    for file in drawn.values():
        _check(env, verify_file(file, KeySet.of(key)))
    read = next(iter(evidence.values()))
    party = read.sections["party"]
    account = account_members(party["applicant"]["collection_account"])
    payee = account_members(party["sellers"][0]["account"]) if party.get("sellers") else None
    return SealedEvidence(sealed.package_id, sealed.root, drawn, read.partial_ids, account, payee, unmade)


def _read(application, request, **asked):
    """The evidence; UserError with the document that no package can state, where there is one."""
    try:
        return read_sections(application, request, **asked)
    except OpenSCFError as error:
        raise UserError(why_unstated(request.documents, error)) from error


def why_unstated(documents, error: OpenSCFError) -> str:
    """Which document keeps the evidence from being written, and what to do, in a sentence.

    :param documents: the sales orders or invoices that the evidence is about
    :param error: what the package's writer says
    """
    about = [finding.sentence for finding in documents._scf_assess().unstatable]
    return "\n".join(about) or documents.env._(
        "The evidence on %(documents)s can't be written: %(error)s",
        documents=", ".join(documents.mapped("display_name")),
        error=error,
    )


def verify_file(content: bytes, keys: KeySet) -> Report:
    """Check a bank's file as the bank does."""
    return verify_package(content, keys=keys, fingerprint_keys={OPEN_KEY_VERSION: OPEN_KEY})


def _check(env, report: Report) -> None:
    if not report.ok:
        raise UserError(
            env._(
                "The records contradict each other, so no bank would accept them:\n%s",
                "\n".join(f"{finding.pointer}: {finding.message}" for finding in report.findings),
            )
        )


def _files_for(documents, grants: Sequence[Grant]) -> tuple[dict[str, tuple[list, list]], list]:
    """The files (name, kind, document, content) that each bank gets and those that could not be made, by its issuer.

    They are made once for banks that may read names, and once for those that may not. Beside them, all that could not
    be made, in the user's language: a bank reads why in the package's.
    """
    files, all_unmade = {}, []
    for is_pseudonymous in (False, True):
        kinds = {
            grant.terms.aud: grant.file_kinds if "attachments" in grant.terms.sections else ()
            for grant in grants
            if _is_pseudonymous(grant) is is_pseudonymous
        }
        wanted = sorted({kind for of_bank in kinds.values() for kind in of_bank})
        made, unmade = documents._scf_ubl_files(wanted, of_buyers_only=is_pseudonymous) if wanted else ([], [])
        all_unmade += unmade
        if unmade and documents.env.lang != LANGUAGE:
            in_english = documents.with_context(lang=LANGUAGE)
            unmade = in_english._scf_ubl_files(wanted, of_buyers_only=is_pseudonymous)[1]
        files |= {
            issuer: ([file for file in made if file[1] in of_bank], [item for item in unmade if item.kind in of_bank])
            for issuer, of_bank in kinds.items()
        }
    return files, all_unmade


def _view(
    sections: dict[str, dict], grant: Grant, files: list[tuple[str, str, str, bytes]], unmade: list, now: datetime
) -> dict:
    terms = grant.terms
    view = view_for(sections, covered=terms.sections, pseudonym=grant.pseudonym if _is_pseudonymous(grant) else None)
    view["consent"] = {**_frame(now, "odoo/19.0 scf.consent"), **terms.section_members(grant.artefact)}
    if "attachments" in terms.sections:
        not_made = [{"kind": item.kind, "document": item.document, "reason": item.reason} for item in unmade]
        view["attachments"] = {
            **_frame(now, "odoo/19.0 account_edi_ubl_cii", assurance="document"),
            "files": [_attachment_row(*file) for file in files],
            **({"not_made": not_made} if not_made else {}),
        }
    return view


def _is_pseudonymous(grant: Grant) -> bool:
    return grant.terms.counterparties == "pseudonymous"


def _frame(now: datetime, source: str, *, assurance: str = "asserted") -> dict:
    return {"as_of": instant(now), "period": None, "source": source, "assurance": assurance}


def _attachment_row(name: str, kind: str, document: str, content: bytes) -> dict:
    return {
        "name": name,
        "kind": kind,
        "document": document,
        "media_type": UBL_MEDIA_TYPE,
        "sha256": sha256_hex(content),
        "bytes": len(content),
    }
