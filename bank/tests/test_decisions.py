"""The decision engine: what the two profiles say to the same package."""

from __future__ import annotations

import json
from datetime import date
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from lines import Line
from openscf import wire
from openscf.keys import SigningKey
from openscf.package import read_package
from openscf_bank.decisions.engine import Evaluation, Request, evaluate
from openscf_bank.decisions.figures import figures
from openscf_bank.profile import Profile, ProfileError, TechniqueSection, load_profile
from openscf_bank.testing import PROFILES
from packages import Sale
from purchases_and_pledges import Lot, Pledge, Purchase
from pydantic import ValidationError

TODAY = Sale().today
KEY = SigningKey.generate()


@pytest.fixture
def rhone() -> Profile:
    return load_profile(PROFILES / "rhone.toml")


@pytest.fixture
def hansa() -> Profile:
    return load_profile(PROFILES / "hansa.toml")


def judge(profile: Profile, sale: Sale, repayment: str = "bullet", today: date = TODAY) -> Evaluation:
    request = Request(
        sale.technique, wire.Money(amount=sale.requested, currency=sale.currency), sale.tenor_days, repayment
    )
    return evaluate(profile, request, read_package(sale.package(KEY)).sections, today)


def failed(evaluation: Evaluation) -> dict[str, str]:
    found = [result for result in evaluation.results if result.outcome != "pass"]
    gravest_last = sorted(found, key=lambda result: result.outcome == "decline")
    return {result.code: result.outcome for result in gravest_last}


def test_the_same_sale_is_offered_here_and_referred_there(rhone: Profile, hansa: Profile) -> None:
    here, there = judge(rhone, Sale()), judge(hansa, Sale())
    assert (here.verdict, there.verdict) == ("offer", "refer")
    assert failed(there) == {"requested_amount": "refer"}
    assert here.price and there.price
    assert there.price.terms.rate_pa < here.price.terms.rate_pa


def test_a_small_amount_needs_no_officer(hansa: Profile) -> None:
    assert judge(hansa, Sale(requested=Decimal("2000.00"))).verdict == "offer"


@pytest.mark.parametrize(
    ("changes", "rule", "outcome"),
    [
        ({"late_share": "70.01"}, "buyer_late_share_percent", "decline"),
        ({"late_share": "50.01"}, "buyer_late_share_percent", "refer"),
        ({"overdue": Decimal("29410.00")}, "buyer_overdue_percent", "decline"),
        ({"history_days": 80}, "history_months", "decline"),
        ({"due_in_days": -1}, "days_past_due", "decline"),
        ({"invoices": 2}, "history_invoices", "refer"),
        ({"history": False}, "buyer_late_share_percent", "refer"),
        ({"tenor_days": 181}, "tenor", "decline"),
        ({"tenor_days": 4}, "tenor", "decline"),
        ({"requested": Decimal("499.99")}, "amount", "decline"),
        ({"currency": "PLN"}, "currency", "decline"),
        ({"technique": "payables_finance"}, "technique", "decline"),
        ({"gross": Decimal("560.00"), "requested": Decimal("560.00")}, "advance", "decline"),
    ],
)
def test_each_rule_of_rhone_at_its_limit(rhone: Profile, changes: dict[str, Any], rule: str, outcome: str) -> None:
    found = judge(rhone, Sale(**changes))
    assert failed(found).get(rule) == outcome
    assert found.verdict == ("decline" if "decline" in failed(found).values() else outcome)


@pytest.mark.parametrize("changes", [{"late_share": "50.00"}, {"due_in_days": 0}, {"invoices": 3}, {"tenor_days": 180}])
def test_a_figure_on_the_limit_holds(rhone: Profile, changes: dict[str, Any]) -> None:
    assert judge(rhone, Sale(**changes)).verdict == "offer"


@pytest.mark.parametrize(
    ("changes", "rule", "here", "there"),
    [
        ({"lights": {"authenticity": "red"}}, "authenticity_light", "refer", "decline"),
        ({"lights": {"authenticity": "amber"}}, "authenticity_light", None, None),
        ({"lights": {"authenticity": "grey"}}, "authenticity_light", None, None),
        ({"lights": {"self_liquidation": "red"}}, "self_liquidation_light", "refer", None),
        ({"due_in_days": 60}, "coverage_percent", "refer", None),
        ({"contradictions": [{"code": "no-order", "sentence": "No order."}]}, "contradictions", None, "refer"),
    ],
)
def test_lights_coverage_and_contradictions_count_as_the_profile_says(
    rhone: Profile, hansa: Profile, changes: dict[str, Any], rule: str, here: str | None, there: str | None
) -> None:
    found = failed(judge(rhone, Sale(**changes))), failed(judge(hansa, Sale(**changes)))
    assert (found[0].get(rule), found[1].get(rule)) == (here, there)


def test_figures_come_from_the_sections_and_are_absent_without_them() -> None:
    left_out = frozenset({"checks", "evidence", "forecast", "logistics_flow", "cash_flow"})
    full = figures(read_package(Sale().package(KEY)).sections, TODAY)
    bare = figures(read_package(Sale(left_out=left_out).package(KEY)).sections, TODAY)
    assert full["coverage_percent"] == Decimal("148.75")  # 11900 of 8000
    assert full["late_deliveries_percent"] == Decimal("20.95")  # 62 of 296
    assert (full["control_light"], full["contradictions"], full["delivered_percent"]) == (1, 0, 100)
    for name in ("control_light", "contradictions", "coverage_percent", "late_deliveries_percent", "history_months"):
        assert bare[name] is None, name
    assert bare["delivered_percent"] == 100  # from the order


@pytest.mark.parametrize(
    ("sale", "rule", "here", "there"),
    [
        (Purchase(trusted=False), "supplier_account_trusted", "decline", "decline"),
        (Purchase(days_to_sell="366"), "resale_days", "decline", "refer"),
        (Purchase(days_to_sell="181"), "resale_days", "refer", "refer"),
        (Purchase(days_to_sell=None), "resale_days", None, "refer"),
        (Purchase(due_in_days=-31), "days_past_due", "refer", None),
        (Purchase(due_in_days=-30), "days_past_due", None, None),
        (Purchase(history=False), "history_invoices", None, None),
        (Purchase(late_share="99.00", days_late="90"), "buyer_late_share_percent", None, None),
        (Purchase(requested=Decimal("999.99")), "amount", "decline", "decline"),
        (Purchase(tenor_days=181), "tenor", "decline", "decline"),
        (Pledge(lots=(Lot("P1", "Oak", days_to_sell=None),)), "resale_days", "refer", "refer"),
        (Pledge(lots=(Lot("P1", "Oak"), Lot("P2", "Ash", age_days=366))), "goods_age_days", "refer", None),
        (Pledge(lots=(Lot("P1", "Oak", age_days=731),)), "goods_age_days", "refer", "decline"),
        (Pledge(lots=(Lot("P1", "Oak", age_days=None),)), "goods_age_days", None, None),
    ],
)
def test_rules_for_purchases_and_pledges_at_their_limits(
    rhone: Profile, hansa: Profile, sale: Sale, rule: str, here: str | None, there: str | None
) -> None:
    found = failed(judge(rhone, sale)), failed(judge(hansa, sale))
    assert (found[0].get(rule), found[1].get(rule)) == (here, there)


@pytest.mark.parametrize("sale", [Purchase(), Purchase(kind="purchase_order", number="P7"), Pledge()])
def test_rhone_offers_by_itself_what_hansa_leaves_to_an_officer(rhone: Profile, hansa: Profile, sale: Sale) -> None:
    here, there = judge(rhone, sale), judge(hansa, sale)
    assert (here.verdict, there.verdict) == ("offer", "refer")
    assert failed(there) == {"requested_amount": "refer"}


def test_what_is_repaid_by_resale_counts_everything_that_is_sold() -> None:
    """No collection belongs to a purchase yet: what all customers are expected to pay has to cover it."""
    sale, purchase = (figures(read_package(one.package(KEY)).sections, TODAY) for one in (Sale(), Purchase()))
    assert sale["coverage_percent"] == Decimal("148.75")  # 11900 of 8000
    assert purchase["coverage_percent"] is not None and purchase["coverage_percent"] > 700
    assert (sale["resale_days"], sale["supplier_account_trusted"], sale["goods_age_days"]) == (None, None, None)
    assert (purchase["resale_days"], purchase["supplier_account_trusted"]) == (61, 1)


def test_without_a_buyer_the_grade_follows_all_buyers_by_what_they_were_invoiced(rhone: Profile) -> None:
    """84,000 of 649,000 were invoiced to the one who pays late; the others pay 4 days late, 12 % of it."""
    punctual, late = judge(rhone, Purchase()), judge(rhone, Purchase(days_late="60", late_share="100"))
    unknown = judge(rhone, Purchase(left_out=frozenset({"attachments", "cash_flow"})))
    assert punctual.price and late.price and unknown.price
    assert (punctual.price.grade, late.price.grade, unknown.price.grade) == ("A", "B", "C")
    shown = figures(read_package(Purchase(days_late="60", late_share="100").package(KEY)).sections, TODAY)
    assert (shown["buyer_days_late"], shown["history_invoices"]) == (Decimal("11.25"), 75)


def test_a_purchase_is_paid_in_full_and_its_advance_has_a_limit(rhone: Profile, hansa: Profile) -> None:
    everything = Decimal("11900.00")
    here, there = judge(rhone, Purchase(requested=everything)).price, judge(hansa, Purchase(requested=everything)).price
    pledged = judge(rhone, Pledge(requested=Decimal("8000.00"))).price
    assert here and there and pledged
    assert (here.terms.fee_timing, pledged.terms.fee_timing) == ("on_repayment", "deducted")
    assert here.terms.principal.amount == there.terms.principal.amount == Decimal("9520.00")  # 80 %
    assert pledged.terms.principal.amount == Decimal("4800.00")  # 60 % of 8000
    assert here.terms.conditions != pledged.terms.conditions != rhone.offers.conditions


def test_every_rule_is_looked_at_also_after_one_declined(rhone: Profile) -> None:
    found = judge(rhone, Sale(late_share="99.00", invoices=1, tenor_days=500))
    assert set(failed(found)) >= {"tenor", "buyer_late_share_percent", "history_invoices"}
    assert found.first_refusal().code == "tenor"


def test_a_rule_keeps_figure_limit_and_outcome(rhone: Profile) -> None:
    rules = {one["code"]: one for one in judge(rhone, Sale(overdue=Decimal("4200.00"))).results_as_json()}
    assert rules["buyer_overdue_percent"] == {
        "code": "buyer_overdue_percent",
        "label": "Overdue of what the buyer was invoiced",
        "figure": "5.00 %",
        "limit": "at most 35.00 %",
        "outcome": "pass",
        "reason": "LOW_CREDIT_SCORE",
        "message": "",
    }
    json.dumps(rules)


@pytest.mark.parametrize(
    ("days_late", "late_share", "tenor", "grade", "rate", "advance"),
    [
        ("2", "10", 45, "A", "7.90", "85.00"),
        ("2", "10", 46, "A", "8.30", "85.00"),
        ("14", "30", 45, "B", "8.60", "80.00"),
        ("14", "45", 120, "C", "11.10", "70.00"),
        (None, None, 45, "C", "10.20", "70.00"),
    ],
)
def test_the_price_follows_the_buyer_and_the_tenor(
    rhone: Profile, days_late: str | None, late_share: str | None, tenor: int, grade: str, rate: str, advance: str
) -> None:
    price = judge(rhone, Sale(days_late=days_late, late_share=late_share, tenor_days=tenor)).price
    assert price is not None
    assert (price.grade, str(price.terms.rate_pa), str(price.terms.advance_rate)) == (grade, rate, advance)


def test_the_fee_has_a_minimum(rhone: Profile) -> None:
    small, large = judge(rhone, Sale(requested=Decimal("1000.00"))).price, judge(rhone, Sale()).price
    assert small and large
    assert (small.terms.fee.amount, large.terms.fee.amount) == (Decimal("25.00"), Decimal("40.00"))


def test_pre_shipment_is_advanced_less(rhone: Profile) -> None:
    sale = Sale(technique="pre_shipment", kind="sales_order", requested=Decimal("11900.00"))
    price = judge(rhone, sale).price
    assert price is not None
    assert price.terms.principal.amount == Decimal("8330.00")  # 70 % of 11900


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pricing": {"base_rate_pa": 7.4}}, "pricing.base_rate_pa"),
        ({"pricing": {"fee_minimum": {"EUR": "1"}}}, "fee_minimum lacks"),
        ({"offers": {"valid_dyas": 3}}, "offers.valid_dyas"),
        ({"rules": {"knock_out": [{"check": "astrology", "minimum": "1", "message": "x"}]}}, "check"),
        ({"rules": {"knock_out": [{"check": "days_past_due", "message": "x"}]}}, "either minimum or maximum"),
        ({"rules": {"refer": [{"check": "control_light", "maximum": "1", "message": "x"}]}}, "worst = "),
        ({"rules": {"refer": [{"check": "days_past_due", "worst": "amber", "message": "x"}]}}, "either minimum or"),
    ],
)
def test_an_unclear_profile_is_refused_with_the_place(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    from openscf_bank.testing import tomllib

    content = tomllib.loads((PROFILES / "rhone.toml").read_text(encoding="utf-8"))
    for section, values in change.items():
        content[section] = {**content[section], **values}
    path = tmp_path / "bank.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ProfileError, match=sentence):
        load_profile(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sections": ["party", "horoscope"]}, "no section horoscope"),
        ({"sections": ["party"], "embedded": ["ubl_invoice"]}, 'list it among the sections'),
        ({"embedded": ["ubl_waybill"]}, "embedded"),
        ({"code": "distributor_finance"}, 'write fee_timing = "on_repayment"'),
    ],
)
def test_a_technique_that_cannot_be_kept_is_refused(rhone: Profile, change: dict[str, Any], sentence: str) -> None:
    technique = rhone.techniques[0].model_dump(mode="json")
    with pytest.raises(ValidationError, match=sentence):
        TechniqueSection.model_validate({**technique, **change})


# --- lines, recourse, and the terms that come with a technique --------------------------------------------------------


def test_a_line_is_a_share_of_what_the_company_collects_in_some_months(rhone: Profile, hansa: Profile) -> None:
    """532,600.00 in 12 months: 80 % of 1.5 months here, 75 % of 2 months there."""
    sections = read_package(Line().package(KEY)).sections
    assert sections.cash_flow is not None
    collected = sum(month.collected for month in sections.cash_flow.months)
    months = figures(sections, TODAY)["history_months"]
    assert months is not None
    most = Decimal("49999.99")
    here, there = (judge(bank, Line(requested=most), "revolving").price for bank in (rhone, hansa))
    assert here and there
    for price, months_lent, rate in ((here, "1.5", "80"), (there, "2", "75")):
        whole = collected / months * Decimal(months_lent) * Decimal(rate) / 100
        assert price.principal_limit == whole.quantize(Decimal("0.01"), rounding=ROUND_DOWN)
        assert price.terms.principal.amount == min(most, price.principal_limit)


def test_a_line_brings_its_own_terms(rhone: Profile, hansa: Profile) -> None:
    here, there = (judge(bank, Line(), "revolving").price for bank in (rhone, hansa))
    assert here and there
    assert (here.terms.fee_timing, here.terms.grace_days, here.terms.sweep_percent) == ("periodic", 5, Decimal("20.00"))
    assert (here.terms.day_count, here.terms.fee.amount) == ("ACT/360", Decimal("25.00"))
    assert (there.terms.fee_timing, there.terms.day_count) == ("up_front", "ACT/ACT")
    assert (there.terms.grace_days, there.terms.minimum_percent, there.terms.period_days) == (None, None, None)
    assert here.terms.rate_pa == Decimal("7.40") + here.grade_margin + here.tenor_margin + Decimal("0.60")


def test_a_loan_repaid_out_of_sales_has_a_minimum_by_period(hansa: Profile) -> None:
    price = judge(hansa, Line(), "sales_linked").price
    assert price
    assert (price.terms.minimum_percent, price.terms.period_days) == (Decimal("10.00"), 30)


def test_the_rules_of_a_line(rhone: Profile, hansa: Profile) -> None:
    here, there = judge(rhone, Line(), "revolving"), judge(hansa, Line(), "revolving")
    assert (here.verdict, failed(there)) == ("offer", {"requested_amount": "refer"})
    assert failed(judge(rhone, Line(), "sales_linked")) == {"repayment": "decline"}
    thin = Line(left_out=frozenset({"attachments", "evidence", "forecast"}))
    assert failed(judge(rhone, thin, "revolving")) == {"coverage_percent": "refer"}
    poor = Line(requested=Decimal("150000.00"))
    assert failed(judge(rhone, poor, "revolving")) == {"requested_amount": "refer", "coverage_percent": "refer"}


def test_without_its_cash_a_company_carries_no_line(rhone: Profile) -> None:
    found = judge(rhone, Line(left_out=frozenset({"attachments", "evidence", "cash_flow"})), "revolving")
    assert {"advance", "history_months"} <= set(failed(found))
    assert any("The collections carry an advance of 0.00 EUR only" in result.message for result in found.results)


def asked(profile: Profile, sale: Sale, *, recourse: bool | None) -> Evaluation:
    money = wire.Money(amount=sale.requested, currency=sale.currency)
    request = Request(sale.technique, money, sale.tenor_days, "bullet", recourse)
    return evaluate(profile, request, read_package(sale.package(KEY)).sections, TODAY)


def test_without_recourse_is_dearer_and_only_where_it_is_asked_for(rhone: Profile) -> None:
    everything = Decimal("11900.00")
    unasked, secured, unsecured = (
        asked(rhone, Sale(requested=everything), recourse=recourse).price for recourse in (None, True, False)
    )
    assert unasked and secured and unsecured
    assert unasked.terms == secured.terms
    assert (secured.terms.recourse, unsecured.terms.recourse) == (True, False)
    assert unsecured.terms.rate_pa == secured.terms.rate_pa + Decimal("1.20")
    assert unsecured.terms.principal.amount == Decimal("9520.00"), "80 % of 11,900.00, not 85 %"
    assert unsecured.terms.fee.amount == Decimal("85.68"), "0.90 %"
    assert unsecured.terms.conditions == rhone.conditions_of(rhone.techniques[0], recourse=False)


def test_a_bank_with_recourse_only_declines_to_do_without(hansa: Profile) -> None:
    found = asked(hansa, Sale(requested=Decimal("2000.00")), recourse=False)
    assert failed(found) == {"recourse": "decline"}
    assert found.first_refusal().message == "This bank does not lend without recourse here."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"recourse": "both"}, "without_recourse with its price go together"),
        ({"repayment": ["revolving"]}, "not drawn again and again"),
        ({"repayment": ["sales_linked"]}, "give both, or neither"),
        ({"minimum_percent": "10", "period_days": 30}, "give both, or neither"),
        ({"limit_months": "2"}, "limit_months goes with revolving_line"),
        ({"code": "revolving_line", "repayment": ["revolving"]}, "limit_months goes with revolving_line"),
        ({"grace_days": 91}, "grace_days is 91"),
        ({"sweep_percent": "0"}, "sweep_percent is 0"),
        ({"sweep_percent": 20}, "write 20 as a string"),
        ({"waterfall": ["interest", "principal"]}, "waterfall"),
        ({"waterfall": ["luck"]}, "waterfall"),
        ({"fee_timing": "never"}, "fee_timing"),
        ({"day_count": "ACT/364"}, "day_count"),
    ],
)
def test_terms_that_make_no_loan_are_refused(hansa: Profile, change: dict[str, Any], sentence: str) -> None:
    technique = hansa.techniques[0].model_dump(mode="json")
    with pytest.raises(ValidationError, match=sentence):
        TechniqueSection.model_validate({**technique, **change})
