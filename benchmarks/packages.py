"""Packages out of long histories, beside the same facts by plain SQL and beside Odoo's own UBL export.

Runs on a database of `load`; nothing is written to it.
"""

from __future__ import annotations

import base64
import resource
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from time import perf_counter
from typing import Any

import psycopg2
from dateutil.relativedelta import relativedelta
from openscf.canonical import sha256_hex
from openscf.consent import ConsentTerms, sign_consent
from openscf.keys import SigningKey
from openscf.package import seal_package
from openscf.pdf import draw_pdf

from benchmarks.floor import OF_COMPANY, OF_DOCUMENTS, digest_of, read_facts
from benchmarks.histories.stories import APPLICANT, DAY
from benchmarks.scenarios import Scenario

BANK = "https://bench.example"
HISTORY_MONTHS = 24
EXPORTED_AT_MOST = 50
"""Documents that Odoo exports in a round: a thousand take it a minute, and none is cheaper than the others."""


@dataclass(frozen=True)
class Case:
    """The newest unpaid invoices of the applicant, and the day on which its history ends."""

    env: Any
    company: Any
    invoices: Any
    today: date
    key: SigningKey

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12))


def packages(env, documents: int) -> Scenario:
    """`read` the evidence, `seal` it for one bank that may read all of it, the `floor` of both, and `ubl`, the export
    of the same documents that Odoo ships.
    """
    case = _case(env, documents)
    idle = resident_bytes()
    sealed = _seal(case, _read(case))
    peak = peak_bytes()
    start = perf_counter()
    pdf = draw_pdf(sealed, attachments={}, key=case.key)
    facts = {
        "package": base64.b64encode(sealed).decode(),
        "peak_mb": (peak - idle) / 1e6,
        "pdf_seconds": perf_counter() - start,
        "pdf_bytes": len(pdf),
        "exported": min(documents, EXPORTED_AT_MOST),
    }
    sections: dict[str, dict] = {}

    def read() -> None:
        env.invalidate_all()
        sections.update(_read(case))

    def seal() -> None:
        _seal(case, sections)

    exporter, exported = env["account.edi.xml.ubl_bis3"], case.invoices[:EXPORTED_AT_MOST]

    def ubl() -> None:
        env.invalidate_all()
        for invoice in exported:
            exporter._export_invoice(invoice)

    return {"read": read, "seal": seal, "floor": _floor(case), "ubl": ubl}, facts


def _case(env, documents: int) -> Case:
    company = env["res.company"].search([("name", "=", APPLICANT)]).ensure_one()
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    unpaid = [
        ("company_id", "=", company.id),
        ("move_type", "=", "out_invoice"),
        ("state", "=", "posted"),
        ("payment_state", "=", "not_paid"),
    ]
    invoices = env["account.move"].search(unpaid, order="invoice_date DESC, id DESC", limit=documents)
    if len(invoices) < documents:
        raise SystemExit(f"This history has {len(invoices)} unpaid invoices, not {documents}: take a longer one.")
    today = date.fromisoformat(env["ir.config_parameter"].get_param(DAY))
    return Case(env, company.with_env(env), invoices, today, SigningKey.generate())


def _read(case: Case) -> dict[str, dict]:
    from odoo.addons.scf_finance.amounts import exact
    from odoo.addons.scf_finance.evidence.sections import read_evidence

    open_amount = exact(sum(case.invoices.mapped("amount_residual")), case.company.currency_id.name)
    return read_evidence(
        case.invoices,
        company=case.company,
        technique="receivables_discounting",
        requested=open_amount,
        eligible=open_amount,
        tenor_days=60,
        as_of=case.now,
        today=case.today,
        history_months=HISTORY_MONTHS,
    ).sections


def _seal(case: Case, sections: dict[str, dict]) -> bytes:
    """What `evidence.sealing.seal_evidence` does for one bank, but for the PDF, and for checking it once drawn."""
    from odoo.addons.scf_finance.checks import run_checks
    from odoo.addons.scf_finance.evidence.views import view_for

    covered = ("consent", "checks", *sections)
    terms = _terms(case, covered)
    view = view_for(sections, covered=covered, pseudonym=lambda partner_id: f"P-{partner_id:012}")
    frame = {"as_of": sections["party"]["as_of"], "period": None, "source": "odoo/19.0 scf.consent"}
    view["consent"] = {**frame, "assurance": "asserted", **terms.section_members(sign_consent(terms, key=case.key))}
    view["checks"] = run_checks(view, case.env, case.today)
    sealed = seal_package(
        {BANK: view},
        key=case.key,
        issuer_name=case.company.name,
        issuer_tax_id=case.company.vat,
        created_at=case.now.replace(tzinfo=timezone.utc),
    )
    return sealed.file_for(BANK)


def _terms(case: Case, covered: tuple[str, ...]) -> ConsentTerms:
    granted = int(case.now.replace(tzinfo=timezone.utc).timestamp()) - 60
    return ConsentTerms(
        iss=case.company.name,
        iss_tax_id=case.company.vat,
        jti="urn:uuid:5a9b1a52-7f1c-4f6e-9d3c-0c6f4f0f7a11",
        aud=BANK,
        aud_name="Bench Bank",
        purpose="loan_application",
        sections=covered,
        counterparties="pseudonymous",
        history_months=HISTORY_MONTHS,
        granted_by="Bench",
        iat=granted,
        exp=granted + 90 * 86400,
        notice_sha256=sha256_hex(b"The words of the benchmark."),
    )


def _floor(case: Case):
    """The floor on a connection of its own: psycopg2 without Odoo, planning as we let PostgreSQL plan."""
    cursor = psycopg2.connect(dbname=case.env.cr.dbname).cursor()
    cursor.execute("SET random_page_cost = 1.1; SET jit = off")
    asked = {
        "company_id": case.company.id,
        "move_ids": case.invoices.ids,
        "start": case.today.replace(day=1) - relativedelta(months=HISTORY_MONTHS),
        "year_ago": case.today - relativedelta(years=1),
        "today": case.today,
    }

    def floor() -> int:
        digest_of(read_facts(cursor, **asked))
        return len(OF_DOCUMENTS) + len(OF_COMPANY)

    return floor


def peak_bytes() -> int:
    """The most this program had in memory at once; `getrusage` would start from what its parent had when it forked."""
    with open("/proc/self/status") as status:
        [kilobytes] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024


def resident_bytes() -> int:
    """What this program has in memory now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
