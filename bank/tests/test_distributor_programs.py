"""A manufacturer as anchor, its distributors as borrowers: on the program's terms, in its limits, and discreetly."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from erp import new_purchase
from openscf import wire
from openscf.errors import BankRefused
from openscf.programs import ProgramStatus
from openscf_bank.distributors import telling
from openscf_bank.programs.models import CapUse, Program
from programs_given import Anchor, Supplier, as_member, end_program
from purchases_and_pledges import Purchase
from server import Bank
from test_concurrency import together
from test_payables import refused

TERMS: dict[str, Any] = {
    "rate_pa": "7.40",
    "fee_percent": "0.50",
    "day_count": "ACT/365",
    "min_days": 10,
    "max_tenor_days": 120,
    "recourse": True,
    "conditions": ["Where a distributor is more than 20 days past due, the anchor buys the goods back."],
}
BUY_BACK = {"after_days_past_due": 20, "percent": "90"}


def anchor_at(bank: Bank, limit: str = "100000.00") -> Anchor:
    return Anchor(bank, limit, kind="distributor_finance", terms=TERMS, changes={"buy_back": BUY_BACK})


@pytest.fixture
def anchor(bank: Bank) -> Anchor:
    return anchor_at(bank)


@pytest.fixture
def distributor(anchor: Anchor) -> Supplier:
    return anchor.supplier()


def purchase(anchor: Anchor, distributor: Supplier, **changes: Any) -> Purchase:
    """What a distributor bought of the anchor: a bill of which it asks 8,000.00."""
    return new_purchase(**{"seller_tax_id": distributor.tax_id, "supplier_tax_id": anchor.tax_id, **changes})


def offered(anchor: Anchor, distributor: Supplier, **changes: Any) -> wire.Offer:
    assert distributor.erp is not None
    return distributor.erp.offered(purchase(anchor, distributor), program=anchor.id, **changes)


def drawn(anchor: Anchor, distributor: Supplier, bought: Purchase | None = None) -> wire.Loan:
    """A loan that was paid out, of which the anchor was told."""
    assert distributor.erp is not None
    loan = distributor.erp.financed(bought or purchase(anchor, distributor), program=anchor.id)
    anchor.bank.run_jobs()
    return loan


def told(anchor: Anchor) -> list[tuple[str, dict[str, Any]]]:
    """What the anchor was told about its program."""
    return [(event["type"], event["data"]) for event in anchor.erp.events() if event["type"].startswith("program.")]


def test_an_offer_has_the_programs_price_and_conditions(anchor: Anchor, distributor: Supplier) -> None:
    assert distributor.erp is not None
    offer = offered(anchor, distributor)
    terms = offer.terms
    assert (terms.rate_pa, terms.day_count, terms.fee.amount) == (Decimal("7.40"), "ACT/365", Decimal("40.00"))
    assert TERMS["conditions"][0] in terms.conditions
    assert "The bank pays the supplier, on the account named in the package." in terms.conditions
    assert distributor.erp.http.application(offer.loan_application_id).program == anchor.id
    as_member(anchor, distributor, rate_pa=Decimal("5.10"))
    assert offered(anchor, distributor).terms.rate_pa == Decimal("5.10")


def test_the_anchor_hears_of_the_drawing_and_the_repayment_and_of_nothing_more(
    anchor: Anchor, distributor: Supplier
) -> None:
    assert distributor.erp is not None
    bought = purchase(anchor, distributor)
    loan = drawn(anchor, distributor, bought)
    assert anchor.used(distributor) == (Decimal("8000.00"), Decimal("8000.00"))
    distributor.erp.collect(loan, "5040.00", document=("customer_invoice", "INV/1"), collection_id="PAY/1")
    anchor.bank.run_jobs()
    assert anchor.used(distributor) == (Decimal("3000.00"), Decimal("3000.00"))
    # The bank cuts the limit meanwhile: what is owed again counts all the same.
    with anchor.bank.gateway.db.write() as session:
        session.get_one(Program, anchor.id).anchor_limit = Decimal("4000.00")
    distributor.erp.collect(loan, "5040.00", kind="undone", reverses="PAY/1", document=("customer_invoice", "INV/1"))
    anchor.bank.run_jobs()
    assert anchor.used(distributor) == (Decimal("8000.00"), Decimal("8000.00"))
    distributor.erp.repay(loan, "8040.00")
    for _ in range(2):
        anchor.bank.run_jobs()
    document = {"kind": "vendor_bill", "number": bought.number, "issuer_number": bought.issuer_number}
    paid_on = str(anchor.bank.today())
    assert told(anchor) == [
        (
            "program.drawn",
            {
                "member_id": distributor.member_id,
                "document": document,
                "documents": [document],
                "amount": {"amount": "8000.00", "currency": "EUR"},
                "paid_on": paid_on,
            },
        ),
        *(
            ("program.repaid", {"member_id": distributor.member_id, "amount": {"amount": amount, "currency": "EUR"}})
            for amount in ("5000.00", "-5000.00", "8000.00")
        ),
    ]
    assert anchor.used(distributor) == (0, 0)
    assert distributor.erp.http.loan(loan.id).status == "CLOSED"
    assert not [event for event in anchor.erp.events() if "loan_id" in event["subject"]]
    assert anchor.erp.raw("GET", f"/v1/loans/{loan.id}").status_code == 404


def test_a_distributor_that_is_too_late_has_its_goods_bought_back_once(
    bank: Bank, anchor: Anchor, distributor: Supplier
) -> None:
    bought = purchase(anchor, distributor)
    loan = drawn(anchor, distributor, bought)
    assert loan.due_date is not None and distributor.erp is not None
    bank.days_pass((loan.due_date - bank.today()).days + 20)
    assert [kind for kind, _ in told(anchor)] == ["program.drawn"]
    bank.days_pass(1)
    bank.days_pass(1)
    (kind, call) = told(anchor)[-1]
    assert [one for one, _ in told(anchor)].count("program.buy_back") == 1 and kind == "program.buy_back"
    assert call["documents"][0]["issuer_number"] == bought.issuer_number
    owed = distributor.erp.http.loan(loan.id, as_of=bank.today() - timedelta(days=1)).balance.total
    assert Decimal(call["amount"]["amount"]) == (owed * 90 / 100).quantize(Decimal("0.01"))
    assert "21 days past due" in call["message"]


def test_only_what_the_anchor_sells_is_financed_in_its_program(anchor: Anchor, distributor: Supplier) -> None:
    assert distributor.erp is not None
    elsewhere = purchase(anchor, distributor, supplier_tax_id="ATU57477929")
    application = distributor.erp.apply(elsewhere, program=anchor.id)
    assert application.rejection is not None and "/sections/party/sellers" in application.rejection.message
    anchor.bank.run_jobs()
    assert anchor.used(distributor) == (0, 0) and told(anchor) == []


def test_only_a_member_applies_in_a_program_and_only_for_what_it_is_for(
    bank: Bank, anchor: Anchor, distributor: Supplier
) -> None:
    stranger, suppliers = anchor_at(bank).supplier(), Anchor(bank)
    assert stranger.erp is not None and distributor.erp is not None
    cases: list[tuple[Supplier, dict[str, Any], str, str]] = [
        (stranger, {"program": anchor.id}, "validation-failed", "/program"),
        (distributor, {"program": "prg_x"}, "validation-failed", "/program"),
        (suppliers.supplier(), {"program": suppliers.id}, "validation-failed", "/program"),
        (distributor, {"program": anchor.id, "tenor_days": 121}, "validation-failed", "/tenor_days"),
        (distributor, {"program": anchor.id, "technique": "pre_shipment"}, "validation-failed", "/technique"),
    ]
    for who, changes, code, pointer in cases:
        assert who.erp is not None
        asked = who.erp.request(purchase(anchor, who), **changes)
        problem = refused(code, lambda: who.erp.http.apply(asked, idempotency_key=asked.reference)).problem  # type: ignore[union-attr]  # noqa: B023, E501
        assert [error.pointer for error in problem.errors] == [pointer]


def test_nothing_new_is_lent_where_program_or_member_does_not_stand(anchor: Anchor, distributor: Supplier) -> None:
    assert distributor.erp is not None
    offer = offered(anchor, distributor)
    as_member(anchor, distributor, status="SUSPENDED")
    refused("wrong-state", lambda: distributor.erp.accept(offer))  # type: ignore[union-attr]
    as_member(anchor, distributor, status="APPROVED")
    end_program(anchor, ProgramStatus.CLOSED)
    refused("wrong-state", lambda: offered(anchor, distributor))


def test_above_a_limit_nothing_is_offered_and_at_once_nothing_is_lent(bank: Bank) -> None:
    """Two offers fit one by one; accepted at the same moment, one of them is lent."""
    anchor = anchor_at(bank, "15000.00")
    distributors = [anchor.supplier(), anchor.supplier()]
    offers = [offered(anchor, one) for one in distributors]
    for one in distributors:
        assert one.erp is not None
        one.erp.token()
    answers = together(
        *(
            lambda erp=one.erp, offer=offer: erp.accept(offer)  # type: ignore[misc]
            for one, offer in zip(distributors, offers, strict=True)
        )
    )
    refusals = [answer for answer in answers if isinstance(answer, BankRefused)]
    assert [refusal.problem.code for refusal in refusals] == ["limit-exceeded"]
    assert "1000.00 EUR above the program's limit" in refusals[0].problem.detail
    assert anchor.used(distributors[0])[0] == Decimal("8000.00")
    # 7,000.00 are left; 8,000.00 are asked.
    detail = refused("limit-exceeded", lambda: offered(anchor, distributors[0])).problem.detail
    assert "1000.00 EUR" in detail


def test_a_loan_that_could_not_be_paid_out_leaves_the_limits_free(
    bank: Bank, anchor: Anchor, distributor: Supplier
) -> None:
    assert distributor.erp is not None
    offer = offered(anchor, distributor)
    bank.core_banking._failure_reason = "The account is closed."
    try:
        loan = distributor.erp.accept(offer)
    finally:
        bank.core_banking._failure_reason = None
    bank.run_jobs()
    assert distributor.erp.http.loan(loan.id).status == "DISBURSED_FAILED"
    assert anchor.used(distributor) == (0, 0) and told(anchor) == []
    with bank.gateway.db.read() as session:
        assert session.get(CapUse, ("loan", loan.id)) is None


def test_a_crash_between_ledger_and_anchor_loses_nothing_and_tells_once(
    anchor: Anchor, distributor: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = telling._count

    def die(*_args: Any) -> None:
        raise ConnectionError("power cut")

    monkeypatch.setattr(telling, "_count", die)
    drawn(anchor, distributor)
    assert told(anchor) == []
    monkeypatch.setattr(telling, "_count", count)
    for _ in range(2):
        anchor.bank.run_jobs()
    assert [kind for kind, _ in told(anchor)] == ["program.drawn"]
