"""The bank pays a supplier; the goods bought are sold, and what they bring repays the loan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from erp import Erp, new_key, new_purchase, new_sale
from openscf import wire
from openscf.errors import BankRefused
from openscf.package import MEDIA_TYPE, read_package
from openscf_bank.kit.core_banking import PaymentOrder
from openscf_bank.packages.reading import SYSTEM
from server import Bank


@pytest.mark.parametrize("kind", ["vendor_bill", "purchase_order"])
def test_the_supplier_is_paid_in_full_and_the_fee_is_repaid_with_the_loan(bank: Bank, erp: Erp, kind: str) -> None:
    numbered = {"number": f"P{erp.client_id[-9:]}"} if kind == "purchase_order" else {}
    purchase = new_purchase(kind=kind, **numbered)
    offer = erp.offered(purchase)
    assert offer.terms.fee_timing == "on_repayment"
    assert offer.terms.conditions[0] == "The bank pays the supplier, on the account named in the package."
    loan = erp.http.loan(erp.accept(offer).id)
    assert loan.disbursed is not None and loan.disbursed.amount == loan.terms.principal.amount == Decimal("8000.00")
    assert (loan.balance.fee, loan.balance.total) == (Decimal("40.00"), Decimal("8040.00"))
    with bank.gateway.db.read() as session:
        paid = session.get_one(PaymentOrder, loan.id)
    assert (paid.account_number, paid.holder, paid.amount) == (
        "AT611904300234573201",
        "Sägewerk Huber",
        Decimal("8000.00"),
    )
    assert erp.reads() == [(SYSTEM, "verified")]


def test_payments_name_the_invoice_that_sold_the_goods(erp: Erp) -> None:
    loan = erp.financed(new_purchase())
    erp.collect(loan, "3000.00", document=("customer_invoice", "INV/2026/00901"), collection_id="PAY/1")
    erp.collect(loan, "2000.00", document=("customer_invoice", "INV/2026/00902"))
    assert erp.http.loan(loan.id).balance.total == Decimal("3040.00")
    erp.collect(loan, "3000.00", kind="undone", reverses="PAY/1", document=("customer_invoice", "INV/2026/00901"))
    erp.collect(loan, "6040.00", document=("customer_invoice", "INV/2026/00903"))
    assert erp.http.loan(loan.id).status == "CLOSED"


def test_only_what_the_supplier_credits_lowers_what_a_purchase_carries(erp: Erp) -> None:
    purchase = new_purchase()
    loan = erp.financed(purchase)
    bill = ("vendor_bill", purchase.number)
    erp.collect(loan, "3040.00", document=("customer_invoice", "INV/2026/00901"))
    erp.collect(loan, "5000.00", kind="dilution", document=bill)
    # 6900 of the bill are left; at 80 % they carry 5520, and 5000 are owed.
    assert "loan.shortfall" not in erp.event_types()
    erp.collect(loan, "1900.00", kind="dilution", document=bill, collection_id="RC/1")
    erp.collect(loan, "1900.00", kind="undone", reverses="RC/1", document=bill)
    told = [event["data"]["shortfall"]["amount"] for event in erp.events() if event["type"] == "loan.shortfall"]
    assert told == ["1000.00", "0.00"]


@pytest.mark.parametrize(
    ("account", "asked"),
    [("AT48 3200 0000 1234 5864", {}), (None, {}), ("AT61 1904 3002 3457 3201", {"iban": "DE02120300000000202051"})],
)
def test_money_goes_to_the_suppliers_account_of_the_package_only(
    erp: Erp, account: str | None, asked: dict[str, Any]
) -> None:
    purchase = new_purchase(account=account)
    named = {**purchase.disbursement_account, **asked}
    application = erp.apply(purchase, disbursement_account=named)
    assert application.rejection is not None
    assert application.rejection.reason == "DOC_IRREGULARITIES"
    assert "/sections/party/sellers/0/account" in application.rejection.message


def test_a_corrected_package_must_name_the_same_account(bank: Bank, erp: Erp) -> None:
    purchase = new_purchase(days_to_sell="200")
    application = erp.apply(purchase)
    assert application.status == "PROCESSING"
    bank.officer.ask(application.id, "Who sells them?")
    other = new_purchase(number=purchase.number, account="AT48 3200 0000 1234 5864")
    package = erp.package(other)
    sha256 = erp.http.put_document(package, MEDIA_TYPE)
    reply = wire.Reply(message="Three.", package_sha256=sha256, package_id=read_package(package).header.package_id)
    answered = erp.http.reply(application.id, reply, idempotency_key=new_key())
    assert answered.rejection is not None and "/sections/party/sellers/0/account" in answered.rejection.message


def test_an_account_that_nobody_vouched_for_is_declined(erp: Erp) -> None:
    application = erp.apply(new_purchase(trusted=False))
    assert application.rejection is not None and "vouched" in application.rejection.message


def test_supplier_and_buyer_cannot_both_finance_one_invoice(bank: Bank, erp: Erp) -> None:
    """The supplier's invoice and the buyer's bill are one asset: they have one fingerprint."""
    supplier = Erp.approved(bank, name="Sägewerk Huber", tax_id="ATU57477929")
    purchase = new_purchase()
    invoice = new_sale(
        number=purchase.issuer_number, seller="Sägewerk Huber", seller_tax_id="ATU57477929", buyer="Nordlicht GmbH"
    )
    assert invoice.f1 == purchase.f1
    supplier.offered(invoice)
    with pytest.raises(BankRefused) as refused:
        erp.apply(purchase)
    assert refused.value.problem.code == "duplicate-document"
