"""A loan on goods: what stands for it is held, valued, released, and never less than what was agreed."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp, new_key, new_pledge
from openscf import wire
from openscf.errors import BankRefused
from openscf_bank.collateral import releases
from openscf_bank.collateral.models import PledgedGoods
from purchases_and_pledges import Lot, Pledge
from server import Bank
from test_concurrency import together

ZERO = Decimal("0.00")


@pytest.fixture
def pledge() -> Pledge:
    """100 m² of oak worth 8,000.00 and 50 m² of larch worth 4,000.00, for 6,000.00: 60 % of them are 7,200.00."""
    return new_pledge()


@pytest.fixture
def loan(erp: Erp, pledge: Pledge) -> wire.Loan:
    return erp.financed(pledge)


@pytest.fixture
def oak(pledge: Pledge) -> str:
    return pledge.lots[0].number


@pytest.fixture
def larch(pledge: Pledge) -> str:
    return pledge.lots[1].number


def told(erp: Erp, *prefixes: str) -> list[str]:
    """The types of the events about goods, shortfalls and the end of the loan."""
    prefixes = prefixes or ("collateral.", "loan.shortfall", "loan.closed", "loan.reopened")
    return [kind for kind in erp.event_types() if kind.startswith(prefixes)]


def shortfalls(erp: Erp) -> list[str]:
    events = [event for event in erp.events() if event["type"] == "loan.shortfall"]
    return [event["data"]["shortfall"]["amount"] for event in events]


def places(refused: pytest.ExceptionInfo[BankRefused]) -> list[str]:
    assert refused.value.problem.code == "validation-failed"
    return [place.pointer for place in refused.value.problem.errors]


def test_the_goods_of_the_package_stand_for_the_loan(erp: Erp, loan: wire.Loan, oak: str, larch: str) -> None:
    assert (loan.terms.advance_rate, loan.disbursed) == (
        Decimal("60.00"),
        wire.Money(amount=Decimal("5970.00"), currency="EUR"),
    )
    first, second = erp.http.collateral(loan.id).goods
    assert (first.document.number, first.description, first.uom) == (oak, "Oak board 22 mm", "m²")
    assert (first.pledged, first.released, first.held) == (100, 0, 100)
    assert (first.value.amount, first.lending_value.amount) == (Decimal("8000.00"), Decimal("4800.00"))
    assert (second.document.number, second.held, second.lending_value.amount) == (larch, 50, Decimal("2400.00"))


def test_a_loan_on_documents_has_no_goods(erp: Erp) -> None:
    loan = erp.financed()
    assert erp.http.collateral(loan.id).goods == ()
    with pytest.raises(BankRefused) as refused:
        erp.release(loan, "INV", "1")
    assert places(refused) == ["/document/number"]


class TestReleases:
    def test_goods_that_are_not_needed_are_released_at_once(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        """25 m² of oak are worth 2,000.00; the rest carries exactly the 6,000.00 of the loan."""
        release = erp.release(loan, oak, "25", release_id="REL/1")
        assert (release.status, release.reference, release.released_on) == (
            "RELEASED",
            f"{loan.number}-R1",
            erp.bank.today(),
        )
        event = erp.events()[-1]
        assert event["type"] == "collateral.released"
        assert event["data"]["release"] == release.to_wire()
        assert event["data"]["loan"]["id"] == event["subject"]["loan_id"] == loan.id
        assert erp.held(loan)[oak] == 75

    def test_goods_that_are_needed_wait_for_the_repayment_that_was_named(
        self, erp: Erp, loan: wire.Loan, oak: str
    ) -> None:
        release = erp.release(loan, oak, "50")
        assert release.status == "WAITING"
        assert release.repay_first == wire.Money(amount=Decimal("1200.00"), currency="EUR")
        assert release.message == "Repay 1200.00 EUR first: the goods that are left would not carry what is owed."
        erp.repay(loan, "1199.99")
        assert erp.held(loan)[oak] == 100
        erp.repay(loan, "0.01")
        assert erp.held(loan)[oak] == 50
        assert told(erp) == ["collateral.release_waiting", "collateral.release_waiting", "collateral.released"]

    def test_what_has_to_be_repaid_includes_the_interest_that_a_repayment_pays_first(
        self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str
    ) -> None:
        bank.days_pass(30)
        owed = erp.http.loan(loan.id).balance
        assert owed.interest > 0
        release = erp.release(loan, oak, "50")
        assert release.repay_first is not None
        assert release.repay_first.amount == Decimal("1200.00") + owed.interest
        erp.repay(loan, release.repay_first.amount)
        assert erp.held(loan)[oak] == 50

    def test_a_collection_releases_too_and_an_undone_one_calls_for_money(
        self, erp: Erp, loan: wire.Loan, oak: str, larch: str
    ) -> None:
        erp.release(loan, larch, "50")
        erp.collect(loan, "1200.00", collection_id="PAY/1")
        assert erp.held(loan) == {oak: 100, larch: 0}
        erp.collect(loan, "1200.00", kind="undone", reverses="PAY/1")
        assert erp.held(loan) == {oak: 100, larch: 0}
        assert shortfalls(erp) == ["1200.00"]
        erp.collect(loan, "1200.00")
        assert shortfalls(erp) == ["1200.00", "0.00"]

    def test_those_that_wait_are_looked_at_in_the_order_of_arrival(
        self, erp: Erp, loan: wire.Loan, oak: str, larch: str
    ) -> None:
        waiting = [erp.release(loan, oak, "60", release_id="A"), erp.release(loan, larch, "40", release_id="B")]
        assert [release.status for release in waiting] == ["WAITING", "WAITING"]
        erp.repay(loan, "2000.00")
        assert erp.held(loan) == {oak: 40, larch: 50}
        assert [event["data"]["release"]["release_id"] for event in erp.events()[-2:]] == ["A", "B"]
        assert erp.events()[-1]["data"]["release"]["repay_first"]["amount"] == "1600.00"

    def test_one_that_was_overtaken_is_declined(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.release(loan, oak, "90", release_id="LATE")
        erp.release(loan, oak, "20", release_id="QUICK")
        last = erp.events()[-1]
        assert last["type"] == "collateral.release_declined"
        assert last["data"]["release"]["message"] == f"The bank holds 80 m² of {oak}."

    def test_the_same_release_counts_once_and_keeps_its_content(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        first = erp.release(loan, oak, "5.50", release_id="REL/1")
        assert erp.release(loan, oak, "5.50", release_id="REL/1") == first
        assert erp.held(loan)[oak] == Decimal("94.5")
        assert told(erp) == ["collateral.released"]
        with pytest.raises(BankRefused) as refused:
            erp.release(loan, oak, "6", release_id="REL/1")
        assert places(refused) == ["/release_id"]

    @pytest.mark.parametrize(
        ("number", "quantity", "place"), [("", "100.01", "/quantity"), ("PLG/X", "1", "/document/number")]
    )
    def test_more_than_is_held_is_refused(
        self, erp: Erp, loan: wire.Loan, oak: str, number: str, quantity: str, place: str
    ) -> None:
        with pytest.raises(BankRefused) as refused:
            erp.release(loan, number or oak, quantity)
        assert places(refused) == [place]
        assert told(erp) == []

    def test_before_the_money_is_out_the_goods_stand_for_all_of_it(
        self, bank: Bank, erp: Erp, pledge: Pledge, oak: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bank.core_banking, "_delay", timedelta(days=2))
        granted = erp.accept(erp.offered(pledge))
        assert erp.release(granted, oak, "26").status == "WAITING"
        assert erp.release(granted, oak, "25").status == "RELEASED"

    def test_an_unsigned_request_releases_and_values_nothing(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        document = {"kind": "pledged_goods", "number": oak}
        release = {"release_id": "x", "document": document, "quantity": "1", "reason": "x"}
        worth = {"document": document, "quantity": "1", "value": {"amount": "1.00", "currency": "EUR"}}
        valuation = {"valuation_id": "x", "as_of": str(erp.bank.today()), "goods": [worth]}
        for path, body in (("releases", release), ("valuations", valuation)):
            answer = erp.raw("POST", f"/v1/loans/{loan.id}/{path}", body, headers={"x-jws-signature": ""})
            assert (answer.status_code, answer.json()["type"]) == (401, "urn:openscf:problem:signature-missing")
        first = erp.http.collateral(loan.id).goods[0]
        assert (first.held, first.value.amount) == (100, 8000)

    def test_the_same_request_is_answered_byte_for_byte_whatever_happened_since(
        self, erp: Erp, loan: wire.Loan, oak: str
    ) -> None:
        document = {"kind": "pledged_goods", "number": oak}
        release = {"release_id": "x", "document": document, "quantity": "50", "reason": "x"}
        path, key = f"/v1/loans/{loan.id}/releases", {"Idempotency-Key": f'"{new_key()}"'}
        first = erp.raw("POST", path, release, headers=key)
        erp.repay(loan, "3000.00")
        assert erp.raw("POST", path, release, headers=key).content == first.content
        assert erp.raw("POST", path, release).json()["status"] == "RELEASED", "under another key: as it stands now"
        assert erp.held(loan)[oak] == 50


class TestTheEnd:
    def test_all_goods_go_back_before_a_loan_closes(
        self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str, larch: str
    ) -> None:
        erp.release(loan, oak, "10", release_id="REL/1")
        erp.release(loan, larch, "50", release_id="REL/2")
        bank.days_pass(10)
        erp.collect(loan, "9000.00")
        assert told(erp) == [
            "collateral.released",
            "collateral.release_waiting",
            "collateral.released",
            "collateral.released",
            "loan.closed",
        ]
        asked, given = (event["data"]["release"] for event in erp.events()[-3:-1])
        assert (asked["release_id"], asked["document"]["number"], asked["quantity"]) == ("REL/2", larch, "50")
        assert "release_id" not in given
        assert (given["document"]["number"], given["quantity"]) == (oak, "90")
        assert set(erp.held(loan).values()) == {0}

    def test_a_margin_call_is_over_before_the_loan_closes(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.value(loan, {oak: ("100", "3000.00")})
        erp.collect(loan, "9000.00")
        assert told(erp)[-4:] == ["loan.shortfall", "collateral.released", "collateral.released", "loan.closed"]
        assert shortfalls(erp) == ["1800.00", "0.00"]

    def test_a_loan_that_re_opens_has_no_goods_any_more(self, erp: Erp, pledge: Pledge, loan: wire.Loan) -> None:
        erp.collect(loan, "6000.00", collection_id="PAY/1")
        erp.collect(loan, "6000.00", kind="undone", reverses="PAY/1")
        assert told(erp)[-3:] == ["loan.closed", "loan.reopened", "loan.shortfall"]
        assert shortfalls(erp) == ["6000.00"]
        assert set(erp.held(loan).values()) == {0}
        assert erp.offered(pledge).status == "OPEN", "the goods are free for another loan"

    def test_a_payout_that_fails_gives_the_goods_back(
        self, bank: Bank, erp: Erp, pledge: Pledge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bank.core_banking, "_failure_reason", "The account is closed.")
        granted = erp.accept(erp.offered(pledge))
        assert set(erp.held(granted).values()) == {0}
        assert erp.event_types()[-3:] == ["collateral.released"] * 2 + ["loan.disbursement_failed"]

    def test_an_offer_that_outlives_its_consent_is_secured_all_the_same(self, bank: Bank, erp: Erp, oak: str) -> None:
        pledge = new_pledge(consent_days=2)
        offer = erp.offered(pledge)
        bank.days_pass(3)
        loan = erp.http.loan(erp.accept(offer).id)
        assert erp.held(loan) == {lot.number: Decimal(lot.quantity) for lot in pledge.lots}

    @pytest.mark.parametrize("how", ["revoked", "expired", "declined"])
    def test_of_goods_without_a_loan_nothing_is_left(self, bank: Bank, erp: Erp, how: str) -> None:
        pledge = new_pledge(consent_days=2)
        offer = erp.offered(pledge)
        if how == "revoked":
            erp.revoke(pledge.consent_id)
        elif how == "expired":
            bank.days_pass(3)  # the consent
            bank.days_pass(5)  # the offer
        else:
            erp.http.decline(offer.id, "No.", idempotency_key=new_key())
        assert erp.http.application(offer.loan_application_id).status == "CANCELLED"
        with bank.gateway.db.read() as session:
            query = sa.select(PledgedGoods).where(PledgedGoods.application_id == offer.loan_application_id)
            assert session.scalars(query).all() == []


class TestValuations:
    def test_goods_that_lost_value_call_for_money_until_they_carry_the_loan_again(
        self, erp: Erp, loan: wire.Loan, oak: str
    ) -> None:
        receipt = erp.value(loan, {oak: ("100", "5000.00")})
        # 5000 of oak and 4000 of larch: 60 % are 5400.
        assert (receipt.lending_value.amount, receipt.owed.amount, receipt.shortfall.amount) == (
            Decimal("5400.00"),
            Decimal("6000.00"),
            Decimal("600.00"),
        )
        call = erp.events()[-1]
        assert call["type"] == "loan.shortfall"
        assert "Please repay 600.00 EUR" in call["data"]["message"]
        erp.value(loan, {oak: ("100", "5000.00")})
        erp.repay(loan, "600.00")
        assert shortfalls(erp) == ["600.00", "0.00"]

    def test_a_higher_value_ends_the_call_and_releases_what_waits(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.release(loan, oak, "50")
        erp.value(loan, {oak: ("100", "5000.00")})
        erp.value(loan, {oak: ("100", "12000.00")})
        assert erp.held(loan)[oak] == 50
        assert shortfalls(erp) == ["600.00", "0.00"]

    def test_interest_that_accrues_is_no_margin_call(self, bank: Bank, erp: Erp) -> None:
        pledge = new_pledge(requested=Decimal("7200.00"))
        loan = erp.financed(pledge)
        assert loan.terms.principal.amount == Decimal("7200.00")
        bank.days_pass(10)
        receipt = erp.value(loan, {lot.number: (lot.quantity, lot.value) for lot in pledge.lots})
        assert receipt.owed.amount > receipt.lending_value.amount
        assert receipt.shortfall.amount == ZERO
        assert shortfalls(erp) == []

    def test_the_latest_day_counts_and_of_one_day_the_latest_word(
        self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str, larch: str
    ) -> None:
        begin = bank.today()
        bank.days_pass(5)
        erp.value(loan, {oak: ("100", "7000.00")}, as_of=begin + timedelta(days=4))
        erp.value(loan, {oak: ("100", "1.00"), larch: ("50", "4400.00")}, as_of=begin + timedelta(days=2))
        assert [goods.value.amount for goods in erp.http.collateral(loan.id).goods] == [7000, 4400]
        erp.value(loan, {oak: ("100", "7500.00")}, as_of=begin + timedelta(days=4))
        assert erp.http.collateral(loan.id).goods[0].value.amount == 7500

    def test_what_the_books_lack_of_what_is_held_has_no_value(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.value(loan, {oak: ("80", "6400.00")})
        assert erp.http.collateral(loan.id).goods[0].value.amount == 6400
        erp.release(loan, oak, "5")
        # 95 are held, of which 20 are not there.
        assert erp.http.collateral(loan.id).goods[0].value.amount == 6000

    def test_a_valuation_from_before_a_release_does_not_value_what_is_gone(
        self, erp: Erp, loan: wire.Loan, oak: str
    ) -> None:
        erp.release(loan, oak, "25")
        erp.value(loan, {oak: ("100", "10000.00")})
        assert erp.http.collateral(loan.id).goods[0].value.amount == 7500

    def test_the_same_valuation_counts_once(self, erp: Erp, loan: wire.Loan, oak: str) -> None:
        first = erp.value(loan, {oak: ("100", "5000.00")}, valuation_id="VAL/1")
        assert erp.value(loan, {oak: ("100", "5000.00")}, valuation_id="VAL/1") == first
        with pytest.raises(BankRefused) as refused:
            erp.value(loan, {oak: ("100", "5001.00")}, valuation_id="VAL/1")
        assert places(refused) == ["/valuation_id"]

    @pytest.mark.parametrize(
        ("goods", "days_ahead", "place"),
        [
            ({"PLG/X": ("1", "1.00")}, 0, "/goods/0/document/number"),
            ({"": ("0", "1.00")}, 0, "/goods/0/value/amount"),
            ({"": ("1", "-1.00")}, 0, "/goods/0/value/amount"),
            ({"": ("1", "1.00")}, 2, "/as_of"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, erp: Erp, loan: wire.Loan, oak: str, goods: dict[str, Any], days_ahead: int, place: str
    ) -> None:
        named = {number or oak: worth for number, worth in goods.items()}
        with pytest.raises(BankRefused) as refused:
            erp.value(loan, named, as_of=erp.bank.today() + timedelta(days=days_ahead))
        assert places(refused) == [place]

    def test_a_valuation_is_never_changed(self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.value(loan, {oak: ("100", "5000.00")})
        for table in ("collateral_valuations", "valued_goods"):
            with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"), bank.gateway.db.write() as session:
                session.execute(sa.text(f"DELETE FROM {table}"))


class TestOfficers:
    def test_an_officer_may_release_what_waits(self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.release(loan, oak, "50", release_id="REL/1")
        bank.officer.release_goods(loan.id, "REL/1")
        assert erp.held(loan)[oak] == 50
        assert told(erp) == ["collateral.release_waiting", "collateral.released", "loan.shortfall"]
        assert shortfalls(erp) == ["1200.00"]

    def test_an_officer_may_decline_with_a_reason(self, bank: Bank, erp: Erp, loan: wire.Loan, oak: str) -> None:
        erp.release(loan, oak, "50", release_id="REL/1")
        bank.officer.decline_release(loan.id, "REL/1", "The season is not over.")
        declined = erp.release(loan, oak, "50", release_id="REL/1")
        assert (declined.status, declined.message, declined.repay_first) == (
            "DECLINED",
            "The season is not over.",
            None,
        )
        erp.repay(loan, "3000.00")
        assert erp.held(loan)[oak] == 100


def test_releases_at_once_never_take_more_than_is_spare(bank: Bank, erp: Erp, loan: wire.Loan, oak: str) -> None:
    """Six at once, past the connection of the client: 25 of the oak are spare, so that one of 15 can be released."""

    def ask() -> wire.Release:
        request = wire.ReleaseRequest.model_validate(
            {
                "release_id": new_key(),
                "document": {"kind": "pledged_goods", "number": oak},
                "quantity": "15",
                "reason": "sold",
            }
        )
        with bank.gateway.unit_of_work() as uow:
            return releases.ask(uow, erp.client_id, loan.id, request)

    answers = together(*[ask] * 6)
    assert sorted(answer.status.value for answer in answers) == ["RELEASED"] + ["WAITING"] * 5
    assert erp.held(loan)[oak] == 85
    cursors = [int(event["cursor"]) for event in erp.events()]
    assert cursors == list(range(1, len(cursors) + 1))


@pytest.mark.parametrize("seed", [3, 11])
def test_no_automatic_release_ever_uncovers_a_loan(bank: Bank, erp: Erp, seed: int) -> None:
    """Releases, repayments, payments undone and valuations at random, some back-dated."""
    dice = random.Random(seed)
    lots = tuple(
        Lot(f"PLG/{new_key()[:8]}", "Oak board 22 mm", str(dice.randint(10, 99)), f"{dice.randint(30, 90)}.00")
        for _ in range(3)
    )
    worth = sum((lot.value for lot in lots), ZERO)
    loan = erp.financed(new_pledge(lots=lots, requested=(worth / 2).quantize(ZERO)))
    rate = loan.terms.advance_rate / 100
    payments: dict[str, str] = {}
    seen = len(erp.events())
    for step in range(22):
        bank.set_clock(bank.today() + timedelta(days=dice.randint(0, 3)))
        before = erp.http.loan(loan.id)
        if before.status == "CLOSED":
            break
        what, lot = dice.random(), dice.choice(lots)
        held = erp.held(loan)
        if what < 0.45 and held[lot.number] > 0:
            quantity = min(held[lot.number], Decimal(dice.randint(1, 4000)) / 100)
            erp.release(loan, lot.number, quantity)
        elif what < 0.65:
            amount = str(min(before.balance.total, Decimal(dice.randint(1, 90_000)) / 100))
            erp.collect(loan, amount, collection_id=f"PAY/{step}", on=bank.today() - timedelta(days=dice.randint(0, 5)))
            payments[f"PAY/{step}"] = amount
        elif what < 0.75 and payments:
            undone = dice.choice(sorted(payments))
            erp.collect(loan, payments.pop(undone), kind="undone", reverses=undone)
        else:
            quantity = max(held[lot.number] - dice.randint(0, 3), Decimal(0))
            value = (quantity * Decimal(dice.randint(20, 100))).quantize(ZERO)
            erp.value(loan, {lot.number: (quantity, value)}, as_of=bank.today() - timedelta(days=dice.randint(0, 4)))
        goods = erp.http.collateral(loan.id).goods
        assert all(0 <= one.held <= one.pledged and one.held == one.pledged - one.released for one in goods)
        lending_value = (sum((one.value.amount for one in goods), ZERO) * rate).quantize(ZERO)
        news = [event["type"] for event in erp.events(str(seen))]
        seen += len(news)
        if "collateral.released" in news:
            left = erp.http.loan(loan.id).balance.principal
            # A cent per lot is what rounding each value apart from the sum may give.
            assert left <= lending_value + Decimal("0.03"), f"seed {seed}, step {step}"
