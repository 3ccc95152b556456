"""Approved bills: registered by the anchor, paid early to the supplier, settled by the anchor on the due date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from erp import Erp, new_key, new_sale
from openscf.errors import BankRefused
from openscf.jws import verify_detached
from openscf.keys import KeySet, SigningKey
from openscf.payables import PAYABLE_TYP, PayableApproval, PayableNotice, read_payable, sign_payable
from openscf.programs import ProgramStatus, tax_key
from openscf_bank.gateway import UnitOfWork
from openscf_bank.kit.core_banking import PaymentInstruction, PaymentOrder, PaymentResult
from openscf_bank.payables import payout
from openscf_bank.payables.models import EarlyPayment
from openscf_bank.programs import caps
from openscf_bank.programs.models import Program, SupplierCap
from openscf_bank.testing import BankProcessError
from packages import Sale
from programs import bring_in, invitation, member_request, new_program, put_documents, tax_id
from programs_given import IBAN, Anchor, Supplier, as_member, end_program, eur, send
from server import Bank
from test_concurrency import AT_ONCE, together


@pytest.fixture
def anchor(bank: Bank) -> Anchor:
    return Anchor(bank)


@pytest.fixture
def member(anchor: Anchor) -> Supplier:
    return anchor.supplier()


def refused(code: str, call: Callable[[], Any]) -> BankRefused:
    """The bank's refusal of a call, which has this code."""
    with pytest.raises(BankRefused) as caught:
        call()
    assert caught.value.problem.code == code, caught.value
    return caught.value


def read_back(anchor: Anchor, jws: str) -> PayableApproval:
    """What an anchor has signed."""
    return read_payable(jws, keys=KeySet.of(anchor.erp.key), anchor=anchor.erp.client_id, issuer=anchor.bank.url)


# --- the story --------------------------------------------------------------------------------------------------------


def test_a_supplier_is_paid_early_and_the_anchor_settles_on_the_due_date(
    bank: Bank, anchor: Anchor, member: Supplier
) -> None:
    payable = anchor.registered(member, "11900.00", due_in=62)
    assert payable.terms is not None and payable.terms.last_on == payable.due_date - timedelta(days=5)
    asked = anchor.ask(payable, by=member.erp, pay_on=bank.today() + timedelta(days=10))
    assert asked.status == "REQUESTED"
    assert anchor.used(member) == (Decimal("11900.00"), Decimal("11900.00"))
    confirmed = anchor.confirm(asked)
    assert confirmed.status == "CONFIRMED"

    bank.days_pass(9)
    assert anchor.read(payable).status == "CONFIRMED"
    day = bank.days_pass(1)
    paid = anchor.read(payable)
    # 11900 × (6 % × 52/360 + 0.1 %) = 103.13… + 11.90
    assert paid.paid is not None and (paid.paid.paid_on, paid.paid.discount) == (day, eur("115.03"))
    with bank.gateway.db.read() as session:
        reference = session.scalars(
            sa.select(EarlyPayment.payment_reference).where(EarlyPayment.payable_id == payable.id)
        ).one()
        order = session.get_one(PaymentOrder, reference)
    assert (order.amount, order.currency, order.account_number) == (Decimal("11784.97"), "EUR", IBAN)

    bank.days_pass(52)
    assert anchor.settle((payable, "5000.00")).amount == eur("5000.00")
    assert anchor.read(payable).settled == eur("5000.00")
    assert anchor.used(member) == (Decimal("6900.00"), Decimal("6900.00"))
    bank.days_pass(1)
    assert anchor.read(payable).status == "OVERDUE"
    anchor.settle((payable, "6900.00"))
    assert anchor.read(payable).status == "SETTLED"
    assert anchor.used(member) == (0, 0)

    told = [
        ("payable.registered", payable.payable_id), ("payable.requested", payable.payable_id),
        ("payable.confirmed", payable.payable_id), ("payable.paid", payable.payable_id),
        ("payable.overdue", payable.payable_id), ("payable.settled", payable.payable_id),
    ]  # fmt: skip
    assert anchor.told() == told
    assert anchor.told(member.erp) == told


def test_an_officer_takes_a_settlement_back_as_a_whole(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    late, open_one = anchor.paid(member, "10000.00", due_in=30), anchor.paid(member, "2000.00", due_in=60)
    begin = bank.today()
    bank.days_pass(30)
    unpaid = anchor.registered(member)
    anchor.settle((late, "10000.00"), (open_one, "500.00"), settlement_id="STL/1")
    assert (anchor.read(late).status, anchor.read(open_one).status) == ("SETTLED", "PAID")
    settled_on = bank.today()
    bank.days_pass(2)
    before = len(anchor.told())
    as_member(anchor, member, limit=Decimal("1.00"))  # what is owed is owed above every limit
    page = bank.officer.page(f"payables/{late.id}")
    path = re.findall(r'action="/desk/(payables/[^"]+/take-back)"', page)[0]
    assert "a sentence" in bank.officer.refused(path, {"reason": " "})
    assert bank.officer._post(path.replace(late.id, unpaid.id), {"reason": "Not its own."}).status_code == 404
    assert (anchor.read(late).status, len(anchor.told())) == ("SETTLED", before)
    bank.officer.take_back_settlement(late.id, "STL/1", "The transfer was called back.")
    one, other = anchor.read(late), anchor.read(open_one)
    assert [(payable.status, payable.settled) for payable in (one, other)] == [
        ("OVERDUE", eur("0.00")), ("PAID", eur("0.00"))
    ]  # fmt: skip
    assert anchor.used(member) == (Decimal("12000.00"), Decimal("12000.00"))
    assert sorted(anchor.told()[before:]) == sorted(
        ("payable.settlement_reversed", payable.payable_id) for payable in (late, open_one)
    )
    notice = PayableNotice.model_validate(anchor.erp.events()[-1]["data"])
    assert notice.reason == "The transfer was called back."
    statement = anchor.statement()
    assert [(day.on, day.settled) for day in statement.days] == [
        (begin, Decimal("0.00")), (settled_on, Decimal("10500.00")), (bank.today(), Decimal("-10500.00"))
    ]  # fmt: skip
    assert statement.closing == Decimal("12000.00")
    assert path not in bank.officer.page(f"payables/{late.id}")
    assert "called back" in bank.officer.page("audit")
    with pytest.raises(BankProcessError, match="taken back on"):
        bank.officer._send(path, {"reason": "Once more."})
    again = ((late, "10000.00"), (open_one, "500.00"))
    assert "new settlement_id" in str(
        refused("wrong-state", lambda: anchor.settle(*again, on=settled_on, settlement_id="STL/1"))
    )
    anchor.settle(*again, settlement_id="STL/2")
    assert (anchor.read(late).status, anchor.read(open_one).settled) == ("SETTLED", eur("500.00"))


@pytest.mark.parametrize("whose", ["program", "member"])
def test_nothing_is_taken_after_the_last_day_of_a_limit(
    bank: Bank, anchor: Anchor, member: Supplier, whose: str
) -> None:
    asked = anchor.ask(anchor.registered(member), by=member.erp, pay_on=bank.today() + timedelta(days=3))
    other = anchor.registered(member)
    if whose == "program":
        bank.officer.change_program(anchor.id, "Looked at.", valid_until=bank.today() + timedelta(days=1))
    else:
        as_member(anchor, member, valid_until=bank.today() + timedelta(days=1))
    bank.days_pass(1)
    anchor.ask(anchor.registered(member), pay_on=bank.today() + timedelta(days=5))  # its last day counts
    bank.days_pass(1)
    for call in (lambda: anchor.ask(other), lambda: anchor.ask(other, by=member.erp), lambda: anchor.confirm(asked)):
        assert "limit stood until" in str(refused("wrong-state", call))


def test_the_books_of_the_anchor_can_be_compared_day_by_day(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    first, second = anchor.paid(member, "10000.00"), anchor.paid(member, "2000.00", due_in=30)
    begin = bank.today()
    bank.days_pass(3)
    anchor.settle((first, "4000.00"), (second, "2000.00"))
    reserved = anchor.ask(anchor.registered(member, "700.00"), pay_on=bank.today() + timedelta(days=2))
    whole = anchor.statement()
    assert (whole.opening, whole.closing, whole.reserved) == (0, Decimal("6000.00"), Decimal("700.00"))
    assert [(day.on, day.paid, day.settled) for day in whole.days] == [
        (begin, Decimal("12000.00"), Decimal("0.00")),
        (bank.today(), Decimal("0.00"), Decimal("6000.00")),
    ]
    for day in whole.days:
        assert day.discount + day.payout == day.paid
    assert [(entry.kind, entry.payable_id, entry.amount) for entry in whole.days[1].entries] == [
        ("settled", one.payable_id, amount)
        for one, amount in sorted(
            [(first, Decimal("4000.00")), (second, Decimal("2000.00"))], key=lambda pair: pair[0].payable_id
        )
    ]
    assert anchor.used(member)[0] == whole.closing + whole.reserved
    later = anchor.statement(**{"from": begin + timedelta(days=1), "to": bank.today()})
    assert (later.opening, later.closing) == (Decimal("12000.00"), Decimal("6000.00"))
    assert reserved.status == "CONFIRMED"


def test_a_supplier_that_joins_with_its_own_erp_hears_of_what_its_anchor_registered_before(bank: Bank) -> None:
    """Program, member and payables over HTTP; then the member comes by itself, and settles what it is asked."""
    erp = Erp.approved(bank, tax_id=tax_id())
    program = new_program(erp)
    asked = member_request(erp)
    brought = bring_in(erp, program, asked)
    assert (program["status"], brought["status"]) == ("ACTIVE", "APPROVED")
    anchor, member = Anchor(bank, erp=erp, id=program["id"]), Supplier(brought["id"], asked["member_id"], "")
    member.tax_id = asked["party"]["tax_id"]
    paid, registered = anchor.paid(member, "1000.00"), anchor.registered(member, "2000.00", due_in=30)
    own = Erp.approved(bank, name=asked["party"]["name"], tax_id=member.tax_id)
    body = {**asked, "documents": put_documents(own), "invitation": invitation(erp, program, asked)}
    assert send(own, "/v1/memberships", body)["status"] == "APPROVED"
    assert anchor.told(own) == [("payable.registered", registered.payable_id), ("payable.paid", paid.payable_id)]
    assert anchor.confirm(anchor.ask(registered, by=own)).status == "CONFIRMED"
    anchor.settle((anchor.read(paid), "1000.00"))
    assert [kind for kind, _ in anchor.told(own)][2:] == [
        "payable.requested", "payable.confirmed", "payable.paid", "payable.settled",
    ]  # fmt: skip
    shown = erp.raw("GET", f"/v1/programs/{program['id']}").json()
    assert shown["used"] == {"amount": "2000.00", "currency": "EUR"}


# --- registering ------------------------------------------------------------------------------------------------------


def test_each_payable_is_taken_or_rejected_by_itself(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    waiting = anchor.member(status="RECEIVED")
    good, dollars, late, stranger, forged = anchor.register(
        anchor.approval(member),
        anchor.approval(member, claims={"amount": {"amount": "1.00", "currency": "USD"}}),
        anchor.approval(member, due_in=4),
        anchor.approval(waiting),
        anchor.approval(member, claims={"fingerprints": {"f1": "0" * 64, "f2": "0" * 64, "f3": "0" * 64}}),
    )
    assert good.status == "REGISTERED"
    for rejected, words in ((dollars, "in EUR"), (late, "5 days before"), (stranger, "RECEIVED"), (forged, "F1")):
        assert rejected.status == "REJECTED" and words in (rejected.message or ""), rejected
    assert [kind for kind, _ in anchor.told()] == ["payable.registered", *["payable.rejected"] * 4]


def test_a_rejected_payable_may_come_again_corrected(anchor: Anchor) -> None:
    member = anchor.member(status="RECEIVED")
    jws = anchor.approval(member)
    (rejected,) = anchor.register(jws)
    as_member(anchor, member, status="APPROVED")
    assert anchor.register(jws)[0].status == "REJECTED"
    approval = read_back(anchor, jws)
    again = sign_payable(approval.model_copy(update={"iat": approval.iat + 1}), key=anchor.erp.key)
    (registered,) = anchor.register(again)
    assert (registered.status, registered.id, registered.message) == ("REGISTERED", rejected.id, None)


def test_the_same_payable_again_is_one_payable_and_another_content_is_refused(anchor: Anchor, member: Supplier) -> None:
    jws = anchor.approval(member, invoice="RE-SAME", claims={"payable_id": "PAY/SAME"})
    (first,), (second,) = anchor.register(jws), anchor.register(jws)
    assert first == second
    other = anchor.approval(member, "1.00", invoice="RE-SAME", claims={"payable_id": "PAY/SAME"})
    assert refused("validation-failed", lambda: anchor.register(other)).problem.errors[0].pointer == "/payables/0"
    assert len(anchor.told()) == 1


def test_an_invoice_is_registered_once_whichever_anchor_says_it(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    first, second = anchor.register(
        anchor.approval(member, invoice="RE-TWICE"), anchor.approval(member, invoice="re twice")
    )
    assert (first.status, second.status) == ("REGISTERED", "REJECTED")
    elsewhere = Anchor(bank)
    there = elsewhere.member(tax_id=member.tax_id)
    (third,) = elsewhere.register(elsewhere.approval(there, invoice="RE-TWICE"))
    assert third.status == "REJECTED" and "already" in (third.message or "")


def test_the_instalments_of_an_invoice_are_payables_of_their_own_and_hold_it_together(
    anchor: Anchor, member: Supplier
) -> None:
    assert member.erp is not None
    sale = invoice_of(member)
    first, second = anchor.register(
        *(anchor.approval(member, "6000.00", invoice=sale.number, gross="12000.00", due_in=days) for days in (30, 60))
    )
    assert (first.status, second.status) == ("REGISTERED", "REGISTERED")
    assert anchor.read(anchor.ask(first)).status == "PAID"
    asked = anchor.ask(second, by=member.erp)
    assert asked.request is not None
    refusal = {"request_id": asked.request.request_id, "reason": "Disputed"}
    assert send(anchor.erp, f"/v1/payables/{second.id}/refuse", refusal)["status"] == "REGISTERED"
    refused("duplicate-document", lambda: member.erp.apply(sale))  # type: ignore[union-attr]
    assert anchor.read(anchor.ask(second)).status == "PAID"
    (other,) = anchor.register(anchor.approval(member, "1.00", invoice=sale.number, gross="1.00", due_in=90))
    assert other.status == "REJECTED"


@pytest.mark.parametrize("wrong", ["key", "program", "member", "bank"])
def test_an_undertaking_that_does_not_hold_refuses_the_request_with_its_place(
    anchor: Anchor, member: Supplier, wrong: str
) -> None:
    changed = {"program": {"program": "prg_x"}, "member": {"member": "mbr_x"}, "bank": {"aud": "https://x"}}
    jws = anchor.approval(member, claims=changed.get(wrong))
    if wrong == "key":
        approval = read_payable(
            jws, keys=KeySet.of(anchor.erp.key), anchor=anchor.erp.client_id, issuer=anchor.bank.url
        )
        jws = sign_payable(approval, key=SigningKey.generate())
    problem = refused("validation-failed", lambda: anchor.register(anchor.approval(member), jws)).problem
    assert [error.pointer for error in problem.errors] == ["/payables/1"]
    assert anchor.told() == []


def test_nothing_is_registered_in_a_program_that_does_not_stand(anchor: Anchor, member: Supplier) -> None:
    approval = anchor.approval(member)
    end_program(anchor, ProgramStatus.SUSPENDED)
    refused("wrong-state", lambda: anchor.register(approval))


# --- reduced and withdrawn --------------------------------------------------------------------------------------------


def test_a_credit_note_lowers_what_is_paid_until_somebody_asks(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member, "1000.00")
    reduction = {"adjustment_id": "CN/1", "amount": {"amount": "900.00", "currency": "EUR"}, "reason": "Returned"}
    path = f"/v1/payables/{payable.id}/reduce"
    for _ in range(2):
        assert send(anchor.erp, path, reduction)["amount"] == {"amount": "900.00", "currency": "EUR"}
    refused("validation-failed", lambda: send(anchor.erp, path, {**reduction, "reason": "Other"}))
    refused("validation-failed", lambda: send(anchor.erp, path, {**reduction, "adjustment_id": "CN/2"}))
    assert anchor.told(member.erp)[-1] == ("payable.reduced", payable.payable_id)
    asked = anchor.ask(anchor.read(payable), by=member.erp)
    assert asked.request is not None and asked.request.payout.amount < 900
    more = {**reduction, "adjustment_id": "CN/3", "amount": {"amount": "1.00", "currency": "EUR"}}
    refused("wrong-state", lambda: send(anchor.erp, path, more))
    refused("wrong-state", lambda: send(anchor.erp, f"/v1/payables/{payable.id}/withdraw", {"reason": "x"}))


def test_what_was_withdrawn_is_not_paid_and_may_be_registered_anew(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member, invoice="RE-BACK")
    for _ in range(2):
        withdrawn = send(anchor.erp, f"/v1/payables/{payable.id}/withdraw", {"reason": "Wrong bill"})
        assert (withdrawn["status"], withdrawn["message"]) == ("WITHDRAWN", "Wrong bill")
    refused("wrong-state", lambda: anchor.ask(payable))
    assert anchor.registered(member, invoice="RE-BACK").status == "REGISTERED"


# --- asked for, confirmed, refused ------------------------------------------------------------------------------------


def test_the_anchors_own_request_is_confirmed_and_paid_at_once(bank: Bank, anchor: Anchor) -> None:
    member = anchor.member()
    payable = anchor.registered(member)
    asked = anchor.ask(payable, channel="rule")
    assert asked.status == "CONFIRMED"
    assert anchor.read(payable).status == "PAID"
    assert [kind for kind, _ in anchor.told()] == ["payable.registered", "payable.confirmed", "payable.paid"]


def test_only_the_banks_figures_are_taken(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    wrong = {"amount": "100.00", "currency": "EUR"}
    problem = refused("terms-mismatch", lambda: anchor.ask(payable, discount=wrong)).problem
    assert "110.00 EUR" in problem.detail and "9890.00 EUR" in problem.detail
    dollars = {"amount": "110.00", "currency": "USD"}
    refused("terms-mismatch", lambda: anchor.ask(payable, discount=dollars))
    for days in (-1, 56):
        day = anchor.bank.today() + timedelta(days=days)
        problem = refused("validation-failed", lambda: anchor.ask(payable, pay_on=day)).problem  # noqa: B023
        assert problem.errors[0].pointer == "/pay_on"
    assert anchor.read(payable).status == "REGISTERED"


def test_a_members_own_rate_is_its_price(anchor: Anchor) -> None:
    payable = anchor.registered(anchor.member(rate_pa=Decimal("3.00")))
    assert payable.terms is not None and payable.terms.rate_pa == Decimal("3.00")


def test_the_same_request_again_has_its_effect_once(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    first = anchor.ask(payable, by=member.erp, request_id="R1")
    assert anchor.ask(payable, by=member.erp, request_id="R1") == first
    later = payable.due_date - timedelta(days=6)
    refused("validation-failed", lambda: anchor.ask(payable, by=member.erp, request_id="R1", pay_on=later))
    refused("wrong-state", lambda: anchor.ask(payable, by=member.erp, request_id="R2"))
    assert [kind for kind, _ in anchor.told()].count("payable.requested") == 1


def test_a_refused_request_leaves_the_payable_as_it_was(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    asked = anchor.ask(payable, by=member.erp)
    assert asked.request is not None
    refusal = {"request_id": asked.request.request_id, "reason": "The goods are disputed."}
    for _ in range(2):
        after = send(anchor.erp, f"/v1/payables/{payable.id}/refuse", refusal)
        assert (after["status"], after["message"]) == ("REGISTERED", "The goods are disputed.")
        assert "request" not in after
    assert anchor.used(member) == (0, 0)
    refused("wrong-state", lambda: anchor.confirm(asked))
    assert anchor.told(member.erp)[-1] == ("payable.refused", payable.payable_id)
    assert anchor.ask(payable, by=member.erp).status == "REQUESTED"


def test_a_request_that_the_anchor_leaves_unanswered_lapses_after_its_day(
    bank: Bank, anchor: Anchor, member: Supplier
) -> None:
    payable = anchor.registered(member)
    asked = anchor.ask(payable, by=member.erp)
    bank.days_pass(1)
    after = anchor.read(payable)
    assert after.status == "REGISTERED" and "did not confirm" in (after.message or "")
    refused("wrong-state", lambda: anchor.confirm(asked))
    assert anchor.used(member) == (0, 0)


def test_nothing_new_is_paid_where_program_or_member_does_not_stand(
    bank: Bank, anchor: Anchor, member: Supplier
) -> None:
    payable, asked = anchor.registered(member), anchor.ask(anchor.registered(member), by=member.erp)
    bound = anchor.ask(anchor.registered(member), pay_on=bank.today() + timedelta(days=1))
    as_member(anchor, member, status="SUSPENDED")
    refused("wrong-state", lambda: anchor.ask(payable))
    refused("wrong-state", lambda: anchor.confirm(asked))
    bank.days_pass(1)
    assert anchor.read(bound).status == "PAID"  # the bank's word stands
    as_member(anchor, member, status="APPROVED")
    end_program(anchor, ProgramStatus.CLOSED)
    refused("wrong-state", lambda: anchor.ask(payable))


def test_what_both_sides_signed_is_kept(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    asked = anchor.confirm(anchor.ask(anchor.registered(member), by=member.erp))
    with bank.gateway.db.read() as session:
        kept = session.get_one(EarlyPayment, (asked.id, 1))
    assert member.erp is not None and kept.confirmation is not None and kept.confirmation_signature is not None
    assert verify_detached(kept.body, kept.signature, keys=KeySet.of(member.erp.key))["aud"] == bank.url
    verify_detached(kept.confirmation, kept.confirmation_signature, keys=KeySet.of(anchor.erp.key))
    assert asked.approval.count(".") == 2 and PAYABLE_TYP == "openscf-payable+jwt"


# --- the payment ------------------------------------------------------------------------------------------------------


@pytest.fixture
def failing(bank: Bank) -> Iterator[None]:
    bank.core_banking._failure_reason = "The account is closed."
    yield
    bank.core_banking._failure_reason = None


def test_a_payment_that_fails_leaves_the_payable_free_again(
    bank: Bank, anchor: Anchor, member: Supplier, failing: None
) -> None:
    payable = anchor.registered(member)
    anchor.ask(payable)
    after = anchor.read(payable)
    assert (after.status, after.message, after.request) == ("REGISTERED", "The account is closed.", None)
    assert anchor.used(member) == (0, 0)
    assert [kind for kind, _ in anchor.told(member.erp)][-2:] == ["payable.confirmed", "payable.failed"]
    bank.core_banking._failure_reason = None
    anchor.ask(after)
    assert anchor.read(payable).status == "PAID"


def test_a_payment_is_made_once_whatever_crashes(
    bank: Bank, anchor: Anchor, member: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core system is told, and the bank dies before it has written that down; then the core system is away."""
    payable = anchor.registered(member)
    told: list[PaymentInstruction] = []
    pay, result = bank.core_banking.pay, bank.core_banking.result

    def pay_and_die(session: Any, instruction: PaymentInstruction, at: Any) -> None:
        told.append(instruction)
        raise ConnectionError("power cut")

    monkeypatch.setattr(bank.core_banking, "pay", pay_and_die)
    anchor.ask(payable)
    assert anchor.read(payable).status == "CONFIRMED"
    as_member(anchor, member, account_iban="AT483200000012345864")
    bank.run_jobs()
    assert len(told) == 2 and told[0] == told[1]  # the same reference, amount and account

    def away(*_args: Any) -> PaymentResult:
        raise ConnectionError("the core system is away")

    monkeypatch.setattr(bank.core_banking, "pay", pay)
    monkeypatch.setattr(bank.core_banking, "result", away)
    bank.run_jobs()
    assert anchor.read(payable).status == "CONFIRMED"
    monkeypatch.setattr(bank.core_banking, "result", result)
    for _ in range(2):
        bank.run_jobs()
    assert anchor.read(payable).status == "PAID"
    with bank.gateway.db.read() as session:
        orders = session.scalars(sa.select(PaymentOrder).where(PaymentOrder.reference == told[0].reference)).all()
    assert [order.amount for order in orders] == [Decimal("9890.00")]
    assert [kind for kind, _ in anchor.told()].count("payable.paid") == 1


def test_a_slow_payment_is_followed_until_it_is_done(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    bank.core_banking._delay = timedelta(hours=30)
    try:
        payable = anchor.registered(member)
        anchor.ask(payable)
        bank.run_jobs()
        assert anchor.read(payable).status == "CONFIRMED"
        bank.days_pass(2)
    finally:
        bank.core_banking._delay = timedelta(0)
    paid = anchor.read(payable).paid
    assert paid is not None and paid.paid_on == bank.today() and paid.payout == eur("9890.00")


# --- settled ----------------------------------------------------------------------------------------------------------


def test_a_settlement_is_booked_whole_or_not_at_all_and_once(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    first, second = anchor.paid(member, "1000.00"), anchor.paid(member, "2000.00")
    free = anchor.registered(member)
    refused("validation-failed", lambda: anchor.settle((first, "1000.00"), (second, "2000.01")))
    refused("validation-failed", lambda: anchor.settle((first, "1.00"), (first, "1.00")))
    refused("validation-failed", lambda: anchor.settle((first, "1.00"), on=bank.today() + timedelta(days=1)))
    refused("validation-failed", lambda: anchor.settle((first, "1.00"), on=bank.today() - timedelta(days=1)))
    refused("wrong-state", lambda: anchor.settle((first, "1000.00"), (free, "1.00")))
    assert anchor.read(first).settled == eur("0.00")
    for _ in range(2):
        assert anchor.settle((first, "1000.00"), (second, "500.00"), settlement_id="S1").amount == eur("1500.00")
    refused("validation-failed", lambda: anchor.settle((second, "500.00"), settlement_id="S1"))
    assert (anchor.read(first).status, anchor.read(second).settled) == ("SETTLED", eur("500.00"))
    refused("wrong-state", lambda: anchor.settle((first, "1.00")))
    assert [kind for kind, _ in anchor.told()].count("payable.settled") == 1


def test_what_was_settled_cannot_be_changed_or_deleted(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    payable = anchor.paid(member)
    anchor.settle((payable, "1.00"), settlement_id="STL/KEPT")
    bank.officer.take_back_settlement(payable.id, "STL/KEPT", "The money never came.")
    columns = {"settlements": "amount", "settlement_lines": "amount", "settlement_reversals": "reason"}
    for table, column in columns.items():
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
            with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"), bank.gateway.db.write() as session:
                session.execute(sa.text(statement))


def test_a_settlement_and_its_return_lock_companies_in_one_order(
    bank: Bank, anchor: Anchor, member: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever order an anchor names them in, and whatever ids its payables have: else two wait for each other."""
    companies = [member, *(anchor.member() for _ in range(3))]
    payables = [anchor.paid(one) for one in companies]
    locked: list[str] = []
    lock = caps.supplier_cap

    def note(uow: UnitOfWork, key: str, program: Program) -> SupplierCap:
        locked.append(key)
        return lock(uow, key, program)

    monkeypatch.setattr(caps, "supplier_cap", note)
    anchor.settle(*((one, "1.00") for one in reversed(payables)), settlement_id="STL/ORDER")
    in_order = sorted(tax_key(one.tax_id) for one in companies)
    assert locked == in_order
    bank.officer.take_back_settlement(payables[0].id, "STL/ORDER", "The money never came.")
    assert locked == in_order * 2


# --- one asset, one financier; limits ---------------------------------------------------------------------------------


def test_an_invoice_that_was_paid_early_is_never_registered_again(anchor: Anchor, member: Supplier) -> None:
    paid = anchor.paid(member, invoice="RE-ONCE")
    anchor.settle((paid, "10000.00"))
    (again,) = anchor.register(anchor.approval(member, invoice="RE-ONCE"))
    assert again.status == "REJECTED"


def invoice_of(member: Supplier) -> Sale:
    """An invoice of the member's own books, from which it could have it financed."""
    return new_sale(seller_tax_id=member.tax_id)


def test_the_supplier_cannot_borrow_on_an_invoice_that_was_paid_early(anchor: Anchor, member: Supplier) -> None:
    sale = invoice_of(member)
    anchor.paid(member, invoice=sale.number)
    assert member.erp is not None
    refused("duplicate-document", lambda: member.erp.apply(sale))  # type: ignore[union-attr]


def test_an_invoice_on_which_the_supplier_borrows_is_not_registered_and_not_paid_early(
    anchor: Anchor, member: Supplier
) -> None:
    assert member.erp is not None
    sale, before = invoice_of(member), invoice_of(member)
    registered = anchor.registered(member, invoice=before.number)
    for one in (sale, before):
        assert member.erp.apply(one).status == "OFFERED"
    (rejected,) = anchor.register(anchor.approval(member, invoice=sale.number))
    assert rejected.status == "REJECTED" and "financed" in (rejected.message or "")
    refused("duplicate-document", lambda: anchor.ask(registered))
    assert anchor.read(registered).status == "REGISTERED"
    assert anchor.used(member) == (0, 0)
    (application,) = [event for event in member.erp.events() if event["type"] == "offer.created"][1:]
    member.erp.http.cancel(
        application["subject"]["loan_application_id"], "Paid early instead.", idempotency_key=new_key()
    )
    anchor.ask(registered)
    assert anchor.read(registered).status == "PAID"


def test_of_an_application_and_an_early_payment_at_once_one_gets_the_invoice(anchor: Anchor, member: Supplier) -> None:
    own = member.erp
    assert own is not None
    for _ in range(3):
        sale = invoice_of(member)
        payable = anchor.registered(member, "3000.00", invoice=sale.number)
        request = own.request(sale)
        anchor.erp.token(), own.token()
        answers = together(
            lambda: anchor.ask(payable),  # noqa: B023
            lambda: own.http.apply(request, idempotency_key=new_key()),  # noqa: B023
        )
        refusals = [answer for answer in answers if isinstance(answer, BankRefused)]
        assert [refusal.problem.code for refusal in refusals] == ["duplicate-document"]


def test_a_limit_refuses_what_is_above_it_and_says_by_how_much(bank: Bank) -> None:
    anchor = Anchor(bank, limit="15000.00")
    member = anchor.member("12000.00", company_cap="11000.00")
    anchor.paid(member, "8000.00")
    payable = anchor.registered(member, "7500.00")
    detail = refused("limit-exceeded", lambda: anchor.ask(payable)).problem.detail
    for words in ("500.00 EUR above the program", "3500.00 EUR above the member", "limit for this company is reached"):
        assert words in detail
    assert "4500" not in detail, "no anchor is shown the company's limit"
    assert anchor.read(payable).status == "REGISTERED"
    assert anchor.used(member) == (Decimal("8000.00"), Decimal("8000.00"))


@pytest.mark.parametrize("cap", ["anchor", "member", "supplier"])
def test_of_requests_at_once_that_together_exceed_a_limit_exactly_those_within_it_get_through(
    bank: Bank, cap: str
) -> None:
    """The limit has room for one: of six at once one is CONFIRMED, five are refused, and the books say the same."""
    anchors = [Anchor(bank, limit="10000.00" if cap == "anchor" else "90000.00") for _ in range(2)]
    anchors = anchors if cap == "supplier" else anchors[:1] * 2
    company = f"SUP{new_key()[:8]}"
    members = [
        anchor.member(
            "10000.00" if cap == "member" else "90000.00",
            tax_id=company if cap == "supplier" else None,
            company_cap="10000.00" if cap == "supplier" else "90000.00",
        )
        for anchor in (anchors if cap != "member" else anchors[:1])
    ]
    pairs = [(anchors[at % 2], members[at % len(members)]) for at in range(AT_ONCE)]
    waiting = [(anchor, anchor.registered(member, "9000.00")) for anchor, member in pairs]
    for anchor in anchors:
        anchor.erp.token()
    answers = together(*(lambda a=anchor, p=payable: a.ask(p) for anchor, payable in waiting))  # type: ignore[misc]
    refusals = [answer for answer in answers if isinstance(answer, BankRefused)]
    assert len(refusals) == AT_ONCE - 1
    assert {refusal.problem.code for refusal in refusals} == {"limit-exceeded"}
    paid = [anchor.read(payable).status.value for anchor, payable in waiting]
    assert sorted(paid) == ["PAID", *["REGISTERED"] * (AT_ONCE - 1)]
    assert sum(used for used, _ in {id(a): a.used(m) for a, m in pairs}.values()) == Decimal("9000.00")


def test_one_payable_asked_for_by_both_sides_at_once_is_taken_once(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    assert member.erp is not None
    anchor.erp.token(), member.erp.token()
    calls = [lambda: anchor.ask(payable), lambda: anchor.ask(payable, by=member.erp)] * 3
    answers = together(*calls)
    refusals = [answer for answer in answers if isinstance(answer, BankRefused)]
    assert len(refusals) == len(calls) - 1
    assert {refusal.problem.code for refusal in refusals} == {"wrong-state"}


def test_settlements_at_once_never_take_more_than_is_owed(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.paid(member, "10000.00")
    anchor.erp.token()
    together(*(lambda: anchor.settle((payable, "3000.00")) for _ in range(AT_ONCE)))
    assert anchor.read(payable).settled == eur("9000.00")
    assert anchor.used(member) == (Decimal("1000.00"), Decimal("1000.00"))


# --- who sees what ----------------------------------------------------------------------------------------------------


def test_everybody_else_finds_nothing(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    payable = anchor.paid(member)
    competitor, other_anchor = anchor.supplier().erp, Anchor(bank)
    assert competitor is not None and member.erp is not None
    assert anchor.read(payable, by=member.erp).id == payable.id
    body: dict[str, Any] = {
        "reason": "x", "adjustment_id": "A", "amount": {"amount": "1.00", "currency": "EUR"}, "request_id": "R",
        "confirmed_by": "x", "confirmed_at": "2026-11-22T11:00:00Z", "pay_on": str(bank.today()),
        "discount": {"amount": "1.00", "currency": "EUR"}, "payout": {"amount": "1.00", "currency": "EUR"},
        "accepted_by": {"name": "x", "at": "2026-11-22T11:00:00Z"}, "channel": "erp",
        "settlement_id": "S", "paid_on": str(bank.today()),
        "payables": [{"id": payable.id, "amount": {"amount": "1.00", "currency": "EUR"}}],
    }  # fmt: skip
    verbs = ("reduce", "withdraw", "early-payment", "confirm", "refuse")
    for stranger in (competitor, other_anchor.erp):
        refused("not-found", lambda: anchor.read(payable, by=stranger))  # noqa: B023
        for verb in verbs:
            refused("not-found", lambda: send(stranger, f"/v1/payables/{payable.id}/{verb}", body))  # noqa: B023
        refused("not-found", lambda: send(stranger, f"/v1/programs/{anchor.id}/settlements", body))  # noqa: B023
        refused("not-found", lambda: send(stranger, f"/v1/programs/{anchor.id}/payables", {"payables": ["a.b.c"]}))  # noqa: B023
        assert stranger.raw("GET", f"/v1/programs/{anchor.id}/statement").status_code == 404
        assert anchor.told(stranger) == []
    for verb in ("reduce", "withdraw", "confirm", "refuse"):
        refused("not-found", lambda: send(member.erp, f"/v1/payables/{payable.id}/{verb}", body))  # noqa: B023
    assert member.erp.raw("GET", f"/v1/programs/{anchor.id}/statement").status_code == 404


def test_an_event_shows_the_payable_as_it_then_was(anchor: Anchor, member: Supplier) -> None:
    payable = anchor.paid(member)
    shown = [event for event in anchor.erp.events() if event["type"].startswith("payable.")]
    notices = [PayableNotice.model_validate(event["data"]) for event in shown]
    assert [notice.payable.status.value for notice in notices] == ["REGISTERED", "CONFIRMED", "PAID"]
    assert notices[-1].payable == payable
    assert notices[-1].program.program_id == anchor.program_id
    subject = {"client_id": anchor.erp.client_id, "program_id": anchor.program_id, "member_id": member.member_id}
    assert shown[0]["subject"] == {**subject, "payable_id": payable.payable_id}


def test_the_worker_and_a_request_pay_once(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    payable = anchor.ask(anchor.registered(member), pay_on=bank.today() + timedelta(days=1))
    bank.set_clock(bank.today() + timedelta(days=1))
    together(*(lambda: payout.advance(bank.gateway, payable.id) for _ in range(4)))
    assert [kind for kind, _ in anchor.told()].count("payable.paid") == 1


# --- the desk ---------------------------------------------------------------------------------------------------------


def test_an_officer_sees_what_is_overdue_and_what_an_anchor_owes(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    late, partly = anchor.paid(member, "7000.00", due_in=6), anchor.paid(member, "2000.00", due_in=30)
    bank.days_pass(7)
    anchor.settle((partly, "500.00"))
    anchor.ask(anchor.registered(member, "300.00"), pay_on=bank.today() + timedelta(days=3))
    overdue = bank.officer.page(f"payables?status=OVERDUE&program={anchor.id}")
    assert late.document.number in overdue and partly.document.number not in overdue
    assert "Kaufhaus am Markt AG" in overdue and "overdue" in overdue
    page = bank.officer.page(f"payables/{partly.id}")
    for words in ("2,000.00 EUR", "1,500.00 EUR", IBAN, "Eva Huber", "the anchor"):
        assert words in page
    owed = " ".join(re.sub(r"<[^>]+>", " ", bank.officer.page(f"anchors/{anchor.erp.client_id}")).split())
    for words in ("Owed 8,500.00 EUR", "Overdue 7,000.00 EUR", "About to be paid 300.00 EUR", "Limit 100,000.00 EUR"):
        assert words in owed


def test_taking_the_undertaking_out_of_the_desk_is_audited(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    taken = bank.officer.fetch(f"payables/{payable.id}/approval")
    assert taken.text == payable.approval
    assert "attachment" in taken.headers["content-disposition"]
    audit = bank.officer.page("audit")
    assert "Payable approval downloaded" in audit and payable.id in audit


def test_without_a_login_the_desk_shows_no_payable(bank: Bank, anchor: Anchor, member: Supplier) -> None:
    payable = anchor.registered(member)
    for path in ("payables", f"payables/{payable.id}", f"payables/{payable.id}/approval", f"anchors/{member.id}"):
        answer = requests.get(f"{bank.url}/desk/{path}", timeout=20, allow_redirects=False)
        assert answer.status_code == 303 and "login" in answer.headers["location"]
        assert payable.document.number not in answer.text
