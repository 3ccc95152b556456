"""Loans for tests that need no evidence: an application without a package, and an offer on given terms."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from erp import Erp
from openscf import wire
from openscf_bank.applications.models import Application, FinancedDocument
from openscf_bank.clients import repository as clients
from openscf_bank.kit.ids import new_id
from openscf_bank.offers import service as offers

TERMS: dict[str, Any] = {
    "technique": "receivables_discounting",
    "principal": {"amount": "8000.00", "currency": "EUR"},
    "rate_pa": "9.00",
    "day_count": "ACT/360",
    "repayment": "bullet",
    "tenor_days": 60,
    "fee": {"amount": "0.00", "currency": "EUR"},
    "advance_rate": "80.00",
    "recourse": True,
    "penalty_rate_pa": "5.00",
}
LINE: dict[str, Any] = {
    "technique": "revolving_line",
    "principal": {"amount": "20000.00", "currency": "EUR"},
    "repayment": "revolving",
    "tenor_days": 180,
    "sweep_percent": "20.00",
}


def granted(erp: Erp, **terms: Any) -> wire.Loan:
    """A loan on `TERMS`, changed by `terms`, that the applicant accepted; what follows from that has happened."""
    offered = wire.OfferTerms.model_validate({**TERMS, **terms})
    with erp.bank.gateway.unit_of_work() as uow:
        client = clients.lock(uow.session, erp.client_id)
        application = Application(
            id=new_id("app"),
            client_id=client.id,
            reference=f"FIN/{uuid.uuid4().hex[:12]}",
            technique=offered.technique,
            requested_amount=offered.principal.amount,
            currency=offered.principal.currency,
            tenor_days=offered.tenor_days,
            repayment=offered.repayment,
            account_number="DE02120300000000202051",
            account_holder="Nordlicht GmbH",
            applicant_name=client.party_name,
            counterparty_name="",
            package_sha256="0" * 64,
            package_id="urn:uuid:none",
            status=wire.LoanApplicationStatus.PROCESSING.value,
            needs_decision=False,
            created_at=uow.now,
            updated_at=uow.now,
        )
        uow.session.add(application)
        uow.session.flush()
        offer = offers.make(uow, application, client, offered, "Camille Moreau")
    return erp.http.loan(erp.accept(erp.http.offer(offer.id)).id)


def financing(
    erp: Erp, loan: wire.Loan, *numbers: str, outstanding: str = "10000.00", kind: str = "customer_invoice"
) -> wire.Loan:
    """The loan with documents of these numbers, each worth `outstanding`, as if a package had named them."""
    with erp.bank.gateway.db.write() as session:
        for number in numbers:
            session.add(
                FinancedDocument(
                    id=new_id("fdoc"),
                    application_id=loan.loan_application_id,
                    fingerprint=f"f1 {uuid.uuid4().hex}",
                    kind=kind,
                    number=number,
                    currency=loan.terms.principal.currency,
                    outstanding=Decimal(outstanding),
                    is_open=True,
                )
            )
    return loan
