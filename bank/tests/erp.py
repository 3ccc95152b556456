"""An ERP for tests: a few words for what it does at a bank."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import requests
from openscf import wire
from openscf.client import BankClient
from openscf.jws import sign_detached, verify_event
from openscf.keys import KeySet, SigningKey
from openscf.package import MEDIA_TYPE, read_package
from packages import SELLER_TAX_ID, Sale
from purchases_and_pledges import Lot, Pledge, Purchase
from server import Bank

_numbers = itertools.count(1)


def new_key() -> str:
    """A new idempotency key."""
    return str(uuid.uuid4())


def new_sale(**changes: Any) -> Sale:
    """A sale that no other test has."""
    return Sale(**{"number": f"INV/2026/{next(_numbers):05d}", **changes})


def new_purchase(**changes: Any) -> Purchase:
    """A purchase that no other test has."""
    number = next(_numbers)
    return Purchase(**{"number": f"BILL/2026/11/{number:04d}", "issuer_number": f"RE-{number:06d}", **changes})


def new_pledge(**changes: Any) -> Pledge:
    """Oak and larch in stock, pledged as no other test does: 100 m² worth 8,000.00 and 50 m² worth 4,000.00."""
    number = next(_numbers)
    lots = (Lot(f"PLG/{number:05d}/A", "Oak board 22 mm"), Lot(f"PLG/{number:05d}/B", "Larch board 28 mm", "50"))
    return Pledge(**{"lots": lots, **changes})


class Erp:
    """One registered ERP with its key."""

    def __init__(self, bank: Bank, *, name: str = "Nordlicht GmbH", tax_id: str = SELLER_TAX_ID) -> None:
        self.bank = bank
        self.key = SigningKey.generate()
        self.http = BankClient(base_url=bank.url, key=self.key)
        self.http.discover()
        self.registration = wire.ClientRegistration(
            client_name="Nordlicht's ERP",
            software="scf_for_odoo/19.0.1.0.0",
            party=wire.Party(name=name, tax_id=tax_id, country="DE"),
            jwks={"keys": [self.key.public_jwk()]},
        )
        self.client_id = self.http.register(self.registration).client_id

    @classmethod
    def approved(cls, bank: Bank, **kwargs: Any) -> Erp:
        erp = cls(bank, **kwargs)
        bank.approve(erp.client_id)
        return erp

    # --- the story ----------------------------------------------------------------------------------------------

    def package(self, sale: Sale, **header: Any) -> bytes:
        """The package of a sale for this ERP's bank."""
        return sale.package(self.key, self.bank.url, **header)

    def revoke(self, consent_id: str, reason: str = "We have the money from elsewhere.") -> wire.ConsentStatus:
        """Take a consent back."""
        revocation = wire.ConsentRevocation(reason=reason, revoked_at=datetime.now(timezone.utc))
        return self.http.revoke_consent(consent_id, revocation, idempotency_key=new_key())

    def request(
        self,
        sale: Sale,
        package: bytes | None = None,
        *,
        files: Mapping[str, bytes] | None = None,
        **changes: Any,
    ) -> wire.LoanApplicationRequest:
        """Put the package with its files, and write the application."""
        package = package if package is not None else self.package(sale)
        for content in (sale.files if files is None else files).values():
            self.http.put_document(content, "application/xml")
        return wire.LoanApplicationRequest.model_validate(
            {
                "reference": f"FIN/{uuid.uuid4().hex[:12]}",
                "technique": sale.technique,
                "requested": {"amount": str(sale.requested), "currency": sale.currency},
                "tenor_days": sale.tenor_days,
                "repayment": "bullet",
                "package_sha256": self.http.put_document(package, MEDIA_TYPE),
                "package_id": read_package(package).header.package_id,
                "disbursement_account": sale.disbursement_account,
                "documents_fingerprints": sale.f1s,
                **changes,
            }
        )

    def apply(self, sale: Sale, package: bytes | None = None, **changes: Any) -> wire.LoanApplication:
        """Apply, and look at what became of it."""
        sent = self.http.apply(self.request(sale, package, **changes), idempotency_key=new_key())
        return self.http.application(sent.id)

    def offered(self, sale: Sale | None = None, **changes: Any) -> wire.Offer:
        """An application that got its offer."""
        application = self.apply(sale or new_sale(), **changes)
        assert application.status == "OFFERED", application
        return application.offers[0]

    def accept(self, offer: wire.Offer) -> wire.Loan:
        acceptance = acceptance_of(offer)
        return self.http.accept(offer.id, acceptance, idempotency_key=new_key())

    def financed(self, sale: Sale | None = None, **changes: Any) -> wire.Loan:
        """A loan that was paid out."""
        loan = self.http.loan(self.accept(self.offered(sale, **changes)).id)
        assert loan.status == "ACTIVE", loan
        return loan

    def collect(
        self,
        loan: wire.Loan,
        amount: str,
        *,
        kind: str = "payment",
        on: date | None = None,
        collection_id: str | None = None,
        reverses: str | None = None,
        document: tuple[str, str] = ("customer_invoice", "INV"),
    ) -> wire.CollectionReceipt:
        collection = wire.Collection.model_validate(
            {
                "collection_id": collection_id or new_key(),
                "document": {"kind": document[0], "number": document[1]},
                "amount": {"amount": amount, "currency": loan.terms.principal.currency},
                "collected_on": str(on or self.bank.today()),
                "kind": kind,
                "reverses": reverses,
            }
        )
        return self.http.collect(loan.id, collection, idempotency_key=new_key())

    def repay(self, loan: wire.Loan, amount: str | Decimal, *, on: date | None = None) -> wire.RepaymentReceipt:
        repayment = wire.Repayment.model_validate(
            {
                "repayment_id": new_key(),
                "amount": {"amount": str(amount), "currency": loan.terms.principal.currency},
                "paid_on": str(on or self.bank.today()),
                "reason": "due date",
            }
        )
        return self.http.repay(loan.id, repayment, idempotency_key=new_key())

    def release(
        self, loan: wire.Loan, number: str, quantity: str | Decimal, *, release_id: str | None = None
    ) -> wire.Release:
        """Ask for pledged goods back."""
        asked = wire.ReleaseRequest.model_validate(
            {
                "release_id": release_id or new_key(),
                "document": {"kind": "pledged_goods", "number": number},
                "quantity": str(quantity),
                "reason": "sold",
            }
        )
        return self.http.release(loan.id, asked, idempotency_key=new_key())

    def value(
        self,
        loan: wire.Loan,
        goods: Mapping[str, tuple[str | Decimal, str | Decimal]],
        *,
        as_of: date | None = None,
        valuation_id: str | None = None,
    ) -> wire.ValuationReceipt:
        """Value pledged goods: (quantity, value) by document."""
        valuation = wire.Valuation.model_validate(
            {
                "valuation_id": valuation_id or new_key(),
                "as_of": str(as_of or self.bank.today()),
                "goods": [
                    {
                        "document": {"kind": "pledged_goods", "number": number},
                        "quantity": str(quantity),
                        "value": {"amount": str(value), "currency": loan.terms.principal.currency},
                    }
                    for number, (quantity, value) in goods.items()
                ],
            }
        )
        return self.http.value(loan.id, valuation, idempotency_key=new_key())

    def held(self, loan: wire.Loan) -> dict[str, Decimal]:
        """What the bank holds, by document."""
        return {goods.document.number: goods.held for goods in self.http.collateral(loan.id).goods}

    # --- looking ------------------------------------------------------------------------------------------------

    def events(self, after: str = "0") -> list[dict[str, Any]]:
        """The whole feed, each event's signature checked."""
        found, more = [], True
        while more:
            page = self.http.events(after)
            assert self.http.jwks is not None
            keys = KeySet.from_jwks(self.http.jwks)
            for event in page.events:
                payload = verify_event(event.jws, keys=keys, issuer=self.bank.url, audience=self.client_id)
                assert payload["cursor"] == event.cursor
                found.append(payload)
            after, more = page.next_cursor, page.has_more
        return found

    def event_types(self) -> list[str]:
        """What was told, apart from who read what."""
        return [event["type"] for event in self.events() if event["type"] != "package.read"]

    def reads(self) -> list[tuple[str, str]]:
        """(reader, action) of each reading that was told."""
        told = [event["data"]["read"] for event in self.events() if event["type"] == "package.read"]
        return [(read["reader"], read["action"]) for read in told]

    def entries(self, loan: wire.Loan) -> tuple[wire.Entry, ...]:
        """The whole ledger."""
        return self.http.statement(loan.id, start=date(2020, 1, 1), end=date(2040, 1, 1)).entries

    # --- raw requests -------------------------------------------------------------------------------------------

    def token(self) -> str:
        return self.http._access_token(self.http._deadline())

    def raw(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **signing: Any
    ) -> requests.Response:
        """A request made by hand, properly signed and keyed except for what `headers` and `signing` change."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        complete = {"Authorization": f"Bearer {self.token()}"}
        if body is not None:
            complete |= {"Content-Type": "application/json", "Idempotency-Key": f'"{new_key()}"'}
            complete["x-jws-signature"] = self.sign(method, path, sent, **signing)
        complete |= headers or {}
        complete = {name: value for name, value in complete.items() if value}
        return requests.request(method, self.bank.url + path, data=sent or None, headers=complete, timeout=30)

    def sign(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        key: SigningKey | None = None,
        at: int | None = None,
        **claims: Any,
    ) -> str:
        return sign_detached(
            body,
            key=key or self.key,
            issued_at=at or int(time.time()),
            claims={"htm": method, "htu": path, "aud": self.bank.url} | claims,
        )


def acceptance_of(offer: wire.Offer, **changes: Any) -> wire.Acceptance:
    return wire.Acceptance.model_validate(
        {
            "terms_sha256": offer.terms_sha256,
            "requested_by": "Jonas Petersen",
            "approved_by": "Marta Klein",
            "accepted_at": datetime.now(timezone.utc),
            **changes,
        }
    )
