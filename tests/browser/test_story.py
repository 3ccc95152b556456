"""The whole story, clicked: a requester asks, a bank's officer decides, an approver accepts, the customer pays."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.parts.browsing import PATIENCE_MS, PHONE, OdooUser, Officer, keep_picture
from tests.parts.town import Town


def pay_in_the_wizard(user: OdooUser, amount: str) -> None:
    user.page.get_by_role("button", name="Pay", exact=True).first.click()
    field = user.page.locator(".modal div[name=amount] input, .modal [name=amount] input").first
    field.fill(amount)
    field.press("Tab")
    user.page.locator(".modal button[name=action_create_payments]").click()
    expect(user.page.locator(".modal")).to_have_count(0)


def test_an_invoice_is_financed_and_repaid(town: Town, browser: Browser) -> None:
    invoice = town.posted_invoice(160)
    path = f"action-account.action_move_out_invoice/{invoice}"

    requester = OdooUser(browser, town.odoo.url, "requester")
    requester.open(path)
    requester.sees_panel("eligible")
    expect(requester.panel).to_contain_text("You could receive")
    requester.unfold()
    keep_picture(requester.page, "invoice-eligible")
    requester.panel.locator("button[name=action_scf_request]").click()
    ask = requester.page.locator(".modal button[name=action_submit]")
    expect(ask).to_be_visible()
    keep_picture(requester.page, "request")
    ask.click()

    officer = Officer(browser, town.banks["hansa"].url)
    officer.reload_until("Greystone Stores")
    keep_picture(officer.page, "desk-inbox")
    officer.page.get_by_role("link", name="FIN/").first.click()
    expect(officer.page.get_by_role("heading", name="Verification of the package")).to_be_visible()
    keep_picture(officer.page, "desk-application")
    officer.page.get_by_role("button", name="Approve with these terms").click()
    expect(officer.page.get_by_role("heading", name="Offer Open")).to_be_visible()

    requester.sees_panel("offered")
    offers = requester.panel.locator("tr[data-offer-state=open]")
    expect(offers).to_have_count(2, timeout=PATIENCE_MS)
    expect(requester.panel.locator(".o_scf_panel_accept")).to_have_count(0)
    expect(requester.panel.locator(".o_scf_panel_why_not")).to_be_visible()

    approver = OdooUser(browser, town.odoo.url, "approver")
    approver.open(path)
    approver.sees_panel("offered")
    keep_picture(approver.page, "invoice-offers")
    approver.panel.locator(".o_scf_panel_best .o_scf_panel_accept").click()
    approver.says_yes()
    approver.sees_panel("financed")
    expect(approver.panel.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0", timeout=PATIENCE_MS)

    pay_in_the_wizard(approver, "8000")
    expect(approver.panel.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0", timeout=PATIENCE_MS)
    keep_picture(approver.page, "invoice-financed")
    approver.panel.locator(".o_scf_panel_loan button").first.click()
    approver.page.get_by_role("tab", name="Ledger").click()
    expect(approver.page.locator(".o_form_view div[name=entry_ids]")).to_be_visible()
    keep_picture(approver.page, "loan")
    approver.open(path)
    approver.sees_panel("financed")
    pay_in_the_wizard(approver, "12000")
    approver.sees_panel("repaid")
    requester.sees_panel("repaid")

    [application] = [row["id"] for row in approver_reads(town, invoice)]
    town.assert_one_truth(application)
    assert requester.errors == [] and approver.errors == []


def approver_reads(town: Town, invoice: int) -> list[dict]:
    return town.as_("approver").search_read("scf.application", [("move_id", "=", invoice)], "state")


def test_an_order_shows_what_it_is_worth_before_anybody_is_asked(town: Town, browser: Browser) -> None:
    order = town.confirmed_order(120)
    requester = OdooUser(browser, town.odoo.url, "requester")
    requester.open(f"sales/{order}")
    requester.sees_panel("eligible")
    requester.unfold()
    expect(requester.panel).to_contain_text("What it would cost")
    keep_picture(requester.page, "order-eligible")


def test_the_panel_fits_a_phone(town: Town, browser: Browser) -> None:
    order = town.confirmed_order(100)
    requester = OdooUser(browser, town.odoo.url, "requester", size=PHONE)
    requester.open(f"sales/{order}")
    requester.sees_panel("eligible")
    requester.unfold()
    assert requester.panel.bounding_box()["width"] <= PHONE["width"]
    overflow = requester.page.evaluate(
        "document.querySelector('.o_scf_panel').scrollWidth - document.querySelector('.o_scf_panel').clientWidth"
    )
    assert overflow <= 0
    keep_picture(requester.page, "phone")
