"""Everybody can work at the bank's desk: axe-core finds nothing on its pages against WCAG 2.2, levels A and AA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.parts.browsing import PHONE, WINDOW, Officer, assert_accessible, window
from tests.parts.town import Town


@pytest.fixture(params=[WINDOW, PHONE], ids=["window", "phone"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    return request.param


@pytest.fixture(scope="module")
def town_in_business(town: Town) -> Town:
    """At Hansa an application waits for an officer; at Rhône a loan is half repaid."""
    town.ask_banks(invoice=town.delivered_sale(40), banks=("hansa",))
    invoice = town.posted_invoice(80)
    application = town.ask_banks(invoice=invoice, banks=("rhone",))
    town.accept_best(application)
    loan = town.loan_in_state(application, "active")
    town.pay(invoice, 4_000.0)
    town.until("the repayment", lambda: town.repayments(loan["id"]))
    return town


@pytest.fixture
def officer_at_hansa(town_in_business: Town, browser: Browser, size: dict[str, int]) -> Iterator[Officer]:
    officer = Officer(browser, town_in_business.banks["hansa"].url, size=size)
    yield officer
    officer.page.context.close()


def test_the_login_and_its_refusal(town: Town, browser: Browser, size: dict[str, int]) -> None:
    page = window(browser, size=size)
    page.goto(f"{town.banks['hansa'].url}/desk/")
    assert_accessible(page)
    page.fill("input[name=username]", "nobody")
    page.fill("input[name=password]", "no password of anybody")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)


def test_the_inbox_an_application_and_terms_that_are_refused(officer_at_hansa: Officer) -> None:
    page = officer_at_hansa.page
    officer_at_hansa.reload_until("Greystone Stores")
    assert_accessible(page)
    page.get_by_role("link", name="FIN/").first.click()
    expect(page.get_by_role("heading", name="Verification of the package")).to_be_visible()
    expect(page.locator(".lights .light")).to_have_count(3)
    expect(page.locator(".graph .stream").first).to_be_visible()
    expect(page.locator(".chart").first).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    assert_accessible(page)
    page.fill("input[name=principal]", "much")
    page.get_by_role("button", name="Approve with these terms").click()
    expect(page.locator("input[name=principal]")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)


def test_evidence_that_is_closed(town_in_business: Town, browser: Browser, size: dict[str, int]) -> None:
    town, own = town_in_business, {"hansa": {"use_standing": False}}
    application = town.ask_banks(invoice=town.delivered_sale(16), banks=("hansa",), consents=own)
    submission = town.submission_at("hansa", application)
    town.as_("requester").call("scf.consent", "action_revoke", [submission["consent_id"][0]])
    officer = Officer(browser, town.banks["hansa"].url, size=size)
    officer.open(f"applications/{submission['bank_application_ref']}")
    officer.reload_until("The evidence is closed.")
    assert_accessible(officer.page)


def test_the_loans_and_a_loan(town_in_business: Town, browser: Browser, size: dict[str, int]) -> None:
    officer = Officer(browser, town_in_business.banks["rhone"].url, size=size)
    officer.open("loans")
    assert_accessible(officer.page)
    officer.page.locator("table.rows a").first.click()
    expect(officer.page.get_by_role("heading", name="Ledger")).to_be_visible()
    officer.page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    assert_accessible(officer.page)


def test_the_clients_the_audit_log_the_password_and_a_page_that_is_missing(officer_at_hansa: Officer) -> None:
    page = officer_at_hansa.page
    officer_at_hansa.open("clients")
    assert_accessible(page)
    page.locator("table.rows a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)
    for path in ("audit", "password", "password?changed=true", "nothing"):
        officer_at_hansa.open(path)
        assert_accessible(page)
