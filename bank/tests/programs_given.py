"""A program with members for tests that are about what happens in it: the rows as an officer's yes leaves them.

What the anchor and its suppliers then say goes over HTTP, signed by their ERPs.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from erp import Erp, new_key
from openscf import payables, programs
from openscf.errors import BankRefused
from openscf.payables import (
    Payable,
    PayableApproval,
    early_payment,
    payable_fingerprints,
    sign_payable,
)
from openscf.programs import tax_key
from openscf.wire import Money, Problem
from openscf_bank.kit.ids import new_id
from openscf_bank.members.models import Member
from openscf_bank.programs.models import Program, SupplierCap
from server import Bank

_numbers = itertools.count(1)

TERMS: dict[str, Any] = {
    "rate_pa": "6.00",
    "fee_percent": "0.10",
    "day_count": "ACT/360",
    "min_days": 5,
    "max_tenor_days": 120,
    "recourse": False,
    "conditions": [],
}
IBAN = "AT611904300234573201"


def eur(amount: str | Decimal) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def send(erp: Erp, path: str, body: Any) -> dict[str, Any]:
    """POST as the ERP; BankRefused where the bank refuses."""
    answer = erp.raw("POST", path, body)
    if answer.status_code >= 400:
        raise BankRefused(status=answer.status_code, problem=Problem.model_validate(answer.json()))
    return dict(answer.json())


@dataclass
class Supplier:
    """A member of a program, with its own ERP or without."""

    id: str
    member_id: str
    tax_id: str
    erp: Erp | None = None


@dataclass
class Anchor:
    """An anchor with one active program at a bank; `erp` and `id` are of one that was taken on over HTTP."""

    bank: Bank
    limit: str = "100000.00"
    kind: str = "payables_finance"
    terms: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    erp: Erp = None  # type: ignore[assignment]
    id: str = ""

    def __post_init__(self) -> None:
        if self.id:
            self.tax_id = self.erp.registration.party.tax_id
            return
        number = next(_numbers)
        self.tax_id = f"DE9{number:08d}"
        self.erp = Erp.approved(self.bank, name="Kaufhaus am Markt AG", tax_id=self.tax_id)
        self.program_id = f"PRG/{number}"
        self.id = self._program()

    def _program(self) -> str:
        now = datetime.now(timezone.utc)
        with self.bank.gateway.db.write() as session:
            program = Program(
                id=new_id("prg"), client_id=self.erp.client_id, reference=self.program_id, kind=self.kind,
                name="Suppliers of the Kaufhaus", currency="EUR", status="ACTIVE",
                requested_limit=Decimal(self.limit), requested_tenor_days=120, documents=[], terms_sha256="0" * 64,
                stock_control=False, requested_by="Jonas Petersen", approved_by="Marta Klein", requested_at=now,
                request_sha256="0" * 64, anchor_limit=Decimal(self.limit), member_limit=Decimal(self.limit),
                used=Decimal(0), terms={**TERMS, **self.terms}, received_at=now,
            )  # fmt: skip
            for name, value in self.changes.items():
                setattr(program, name, value)
            session.add(program)
            return program.id

    def member(
        self,
        limit: str = "50000.00",
        *,
        erp: Erp | None = None,
        tax_id: str | None = None,
        company_cap: str = "1000000.00",
        **changes: Any,
    ) -> Supplier:
        """An approved member; `company_cap` is what its company may use in all programs."""
        number = next(_numbers)
        tax_id = tax_id or f"ATU{number:08d}"
        now = datetime.now(timezone.utc)
        with self.bank.gateway.db.write() as session:
            member = Member(
                id=new_id("mbr"), program_id=self.id, reference=f"MBR/{number}", client_id=erp and erp.client_id,
                status="APPROVED", revision=1, name=f"Supplier {number}", tax_key=tax_key(tax_id), country="AT",
                account_iban=IBAN, account_holder=f"Supplier {number}", content={},
                consent_until=date(2040, 1, 1), limit=Decimal(limit), used=Decimal(0), received_at=now,
            )  # fmt: skip
            for name, value in changes.items():
                setattr(member, name, value)
            session.add(member)
            if session.get(SupplierCap, (tax_key(tax_id), "EUR")) is None:
                cap = SupplierCap(tax_key=tax_key(tax_id), currency="EUR", cap=Decimal(company_cap), used=Decimal(0))
                session.add(cap)
            return Supplier(member.id, member.reference, tax_id, erp)

    def supplier(self, limit: str = "50000.00", **changes: Any) -> Supplier:
        """An approved member that has its own ERP."""
        tax_id = f"ATU{next(_numbers):08d}"
        erp = Erp.approved(self.bank, name="Sägewerk Huber", tax_id=tax_id)
        return self.member(limit, erp=erp, tax_id=tax_id, **changes)

    # --- what the anchor says ----------------------------------------------------------------------------------------

    def approval(
        self,
        member: Supplier,
        amount: str = "10000.00",
        *,
        due_in: int = 60,
        invoice: str | None = None,
        gross: str | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        """An undertaking, signed, for an invoice of `gross`; `claims` say something else than they should."""
        number = f"RE-{next(_numbers):06d}"
        invoice = invoice or number
        issued_on = self.bank.today() - timedelta(days=10)
        made = payable_fingerprints(
            member_tax_id=member.tax_id,
            anchor_tax_id=self.tax_id,
            invoice_number=invoice,
            issued_on=issued_on,
            gross=eur(gross or amount),
        )
        right = {
            "iss": self.erp.client_id,
            "aud": self.bank.url,
            "payable_id": f"PAY/{number}",
            "program": self.id,
            "member": member.id,
            "document": {
                "kind": "vendor_bill",
                "number": f"BILL/{number}",
                "issued_on": str(issued_on),
                "issuer_number": invoice,
            },
            "fingerprints": {"f1": made.f1, "f2": made.f2, "f3": made.f3},
            "amount": {"amount": amount, "currency": "EUR"},
            "due_date": str(self.bank.today() + timedelta(days=due_in)),
            "approved_by": "Marta Klein",
            "approved_at": "2026-11-05T09:00:00Z",
            "iat": int(time.time()),
        }
        return sign_payable(PayableApproval.model_validate({**right, **(claims or {})}), key=self.erp.key)

    def register(self, *approvals: str) -> tuple[Payable, ...]:
        answer = send(self.erp, f"/v1/programs/{self.id}/payables", {"payables": list(approvals)})
        return payables.PayableList.model_validate(answer).payables

    def registered(self, member: Supplier, amount: str = "10000.00", **changes: Any) -> Payable:
        """One payable that the bank took."""
        (payable,) = self.register(self.approval(member, amount, **changes))
        assert payable.status == "REGISTERED", payable.message
        return payable

    def ask(self, payable: Payable, *, by: Erp | None = None, pay_on: date | None = None, **changes: Any) -> Payable:
        """Ask for an early payment on the right figures, today where no day is given."""
        day = pay_on or self.bank.today()
        assert payable.terms is not None
        figures = early_payment(payable.amount, payable.terms, day, payable.due_date)
        asked = {
            "request_id": new_key(),
            "pay_on": str(day),
            "discount": figures.discount.model_dump(mode="json"),
            "payout": figures.payout.model_dump(mode="json"),
            "accepted_by": {"name": "Eva Huber", "at": "2026-11-22T10:00:00Z", "address": "203.0.113.7"},
            "channel": "portal",
            **changes,
        }
        return Payable.model_validate(send(by or self.erp, f"/v1/payables/{payable.id}/early-payment", asked))

    def confirm(self, payable: Payable) -> Payable:
        assert payable.request is not None
        answer = {
            "request_id": payable.request.request_id,
            "confirmed_by": "Marta Klein",
            "confirmed_at": "2026-11-22T11:00:00Z",
        }
        return Payable.model_validate(send(self.erp, f"/v1/payables/{payable.id}/confirm", answer))

    def paid(self, member: Supplier, amount: str = "10000.00", **changes: Any) -> Payable:
        """A payable that the bank paid early today."""
        payable = self.read(self.ask(self.registered(member, amount, **changes)))
        assert payable.status == "PAID", payable
        return payable

    def settle(
        self, *parts: tuple[Payable, str], on: date | None = None, settlement_id: str | None = None
    ) -> payables.Settlement:
        body = {
            "settlement_id": settlement_id or new_key(),
            "paid_on": str(on or self.bank.today()),
            "payables": [{"id": one.id, "amount": {"amount": amount, "currency": "EUR"}} for one, amount in parts],
        }
        return payables.Settlement.model_validate(send(self.erp, f"/v1/programs/{self.id}/settlements", body))

    # --- looking -----------------------------------------------------------------------------------------------------

    def read(self, payable: Payable, *, by: Erp | None = None) -> Payable:
        answer = (by or self.erp).raw("GET", f"/v1/payables/{payable.id}")
        if answer.status_code >= 400:
            raise BankRefused(status=answer.status_code, problem=Problem.model_validate(answer.json()))
        return Payable.model_validate(answer.json())

    def statement(self, **period: date) -> payables.ProgramStatement:
        query = "&".join(f"{name}={day}" for name, day in period.items())
        answer = self.erp.raw("GET", f"/v1/programs/{self.id}/statement?{query}")
        assert answer.status_code == 200, answer.text
        return payables.ProgramStatement.model_validate(answer.json())

    def used(self, member: Supplier) -> tuple[Decimal, Decimal]:
        """What counts against the program's limit and against the member's."""
        with self.bank.gateway.db.read() as session:
            return session.get_one(Program, self.id).used, session.get_one(Member, member.id).used

    def told(self, erp: Erp | None = None) -> list[tuple[str, str]]:
        """(event, payable) of everything that was told about payables."""
        return [
            (event["type"], event["subject"]["payable_id"])
            for event in (erp or self.erp).events()
            if event["type"].startswith("payable.")
        ]


def as_member(anchor: Anchor, member: Supplier, **changes: Any) -> None:
    """Change a member, as an officer would."""
    with anchor.bank.gateway.db.write() as session:
        row = session.get_one(Member, member.id)
        for name, value in changes.items():
            setattr(row, name, value)


def end_program(anchor: Anchor, status: programs.ProgramStatus) -> None:
    """Change a program's status, as an officer would."""
    with anchor.bank.gateway.db.write() as session:
        session.get_one(Program, anchor.id).status = status.value
