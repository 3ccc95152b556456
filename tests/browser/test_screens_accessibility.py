"""Everybody can work on the screens of financing: axe-core finds nothing on our components, on a phone neither."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.parts.browsing import PHONE, WINDOW, OdooUser, assert_accessible, keep_picture
from tests.parts.town import Town


@pytest.fixture(scope="module")
def town_in_business(town: Town) -> Town:
    """A loan runs, a bank is asked, and invoices and orders of the same customer are open."""
    application = town.ask_banks(invoice=town.posted_invoice(80), banks=("rhone",))
    town.accept_best(application)
    town.loan_in_state(application, "active")
    town.ask_banks(invoice=town.posted_invoice(40), banks=("hansa",))
    town.posted_invoice(60)
    return town


@pytest.fixture(params=[WINDOW, PHONE], ids=["window", "phone"])
def requester(request: pytest.FixtureRequest, town_in_business: Town, browser: Browser) -> Iterator[OdooUser]:
    user = OdooUser(browser, town_in_business.odoo.url, "requester", size=request.param)
    yield user
    assert user.errors == []
    user.page.context.close()


def fits(user: OdooUser, selector: str) -> bool:
    """Whether nothing of the component is wider than the window."""
    box = user.page.locator(selector).first.bounding_box()
    return box is not None and box["x"] + box["width"] <= user.page.viewport_size["width"]


def picture(user: OdooUser, name: str) -> None:
    keep_picture(user.page, name if user.page.viewport_size == WINDOW else f"{name}-phone")


def test_home(requester: OdooUser) -> None:
    requester.open("financing-home")
    expect(requester.page.locator("[data-kind=customer_invoice] .o_scf_home_amount")).to_be_visible()
    expect(requester.page.locator(".o_scf_home_loan").first).to_be_visible()
    assert_accessible(requester.page, of=".o_scf_home")
    assert fits(requester, ".o_scf_home_card") and fits(requester, ".o_scf_home_weeks")
    picture(requester, "home")


def test_customer_and_delivery(requester: OdooUser, town_in_business: Town, browser: Browser) -> None:
    requester.open(f"res.partner/{town_in_business.refs['customer']}")
    requester.sees_panel("eligible")
    requester.unfold()
    expect(requester.page.locator(".o_scf_panel_rows")).to_be_visible()
    assert_accessible(requester.page, of=".o_scf_panel")
    assert fits(requester, ".o_scf_panel")
    picture(requester, "customer")

    keeper = OdooUser(browser, town_in_business.odoo.url, "admin", size=requester.page.viewport_size)
    order = town_in_business.confirmed_order(30)
    [picking] = town_in_business.as_("admin").read("sale.order", order, "picking_ids")["picking_ids"]
    keeper.open(f"stock.picking/{picking}")
    keeper.sees_panel("eligible")
    assert_accessible(keeper.page, of=".o_scf_panel")
    assert fits(keeper, ".o_scf_panel")
    keeper.page.context.close()


def test_list_and_bulk_request(requester: OdooUser, town_in_business: Town) -> None:
    """The list that home leads to; and, with another currency in the selection, what is asked as several requests."""
    page = requester.page
    requester.open("financing-home")
    page.get_by_role("button", name=re.compile("Choose in the list")).first.click()
    if page.viewport_size == WINDOW:
        expect(page.locator(".o_facet_value", has_text="Can Be Financed")).to_be_visible()
        page.locator(".o_optional_columns_dropdown button").click()
        page.locator(".o-dropdown--menu .dropdown-item", has_text=re.compile("^Financing$")).click()
        expect(page.locator(".o_scf_financing[data-state=financeable]").first).to_be_visible()
        assert_accessible(page, of=".o_scf_financing")
    [bulk] = several_requests(town_in_business)
    requester.open(f"scf.bulk.request/{bulk}")
    expect(page.locator(".o_scf_bulk_progress[data-state=draft]")).to_be_visible()
    assert_accessible(page, of=".o_scf_bulk_progress")
    assert fits(requester, ".o_scf_bulk_progress")
    picture(requester, "bulk-request")


def several_requests(town: Town) -> list[int]:
    """The bulk request of this town, planned by the requester where there is none yet."""
    session = town.as_("requester")
    if not (known := session.search_read("scf.bulk.request", [], "id")):
        admin = town.as_("admin")
        euro, dollar = (town.ref(f"base.{code}") for code in ("EUR", "USD"))
        admin.call("res.currency", "write", [euro, dollar], {"active": True})
        invoices = [town.posted_invoice(20), town.posted_invoice(30)]
        own = admin.read("account.move", invoices[0], "currency_id")["currency_id"][0]
        admin.call("account.move", "button_draft", invoices[:1])
        admin.call("account.move", "write", invoices[:1], {"currency_id": dollar if own == euro else euro})
        admin.call("account.move", "action_post", invoices[:1])
        session.call("account.move", "action_scf_request", invoices)
        known = session.search_read("scf.bulk.request", [], "id")
    return [int(row["id"]) for row in known]
