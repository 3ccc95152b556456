"""The whole story, clicked: a requester asks, a bank's officer decides, an approver accepts, the customer pays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from openscf_bank.testing import OFFICER_NAME
from playwright.sync_api import Browser, Locator, expect

from tests.parts.browsing import PATIENCE_MS, PHONE, OdooUser, Officer, keep_first_page, keep_picture
from tests.parts.town import Town


def pay_in_the_wizard(user: OdooUser, amount: str) -> None:
    user.page.get_by_role("button", name="Pay", exact=True).first.click()
    field = user.page.locator(".modal div[name=amount] input, .modal [name=amount] input").first
    field.fill(amount)
    field.press("Tab")
    user.page.locator(".modal button[name=action_create_payments]").click()
    expect(user.page.locator(".modal")).to_have_count(0)


def card_of(user: OdooUser, bank: str) -> Locator:
    """In the request, what one bank may read."""
    return user.page.locator(".modal .o_field_widget[name=proposal_ids] .o_kanban_record", has_text=bank)


def limit_the_history(user: OdooUser, bank: str, months: str) -> None:
    """Change what a bank may read before it is asked."""
    card_of(user, bank).locator("footer").click()
    dialog = user.page.locator(".modal", has=user.page.locator(".o_scf_section_choice"))
    expect(dialog.locator(".o_scf_section_choice")).to_be_visible()
    expect(dialog.get_by_text("The bank requires this").first).to_be_visible()
    field = dialog.locator("[name=history_months] input")
    field.fill(months)
    field.press("Tab")
    expect(dialog.locator("[name=notice]")).to_contain_text(f"{months} months")
    dialog.locator(".modal-title").click()  # the date that Tab came to shows its calendar until then
    keep_picture(user.page, "consent")
    dialog.locator(".o_form_button_save").click()
    expect(user.page.locator(".o_scf_section_choice")).to_have_count(0)
    expect(card_of(user, bank)).to_contain_text(f"{months} months")


def look_at_the_preview(user: OdooUser, bank: str) -> None:
    """What the bank would get opens beside the request, as a PDF that no bank would take."""
    with user.page.context.expect_event("response", lambda response: "/scf/preview/" in response.url) as opened:
        card_of(user, bank).locator(".o_scf_preview").click()
    preview = user.page.context.request.get(opened.value.url)
    assert preview.headers["content-type"] == "application/pdf"
    assert preview.body().startswith(b"%PDF-")
    for page in user.page.context.pages[1:]:
        page.close()
    expect(card_of(user, bank)).to_be_visible()


def openscf_verify(file: Path, keys: dict) -> subprocess.CompletedProcess[str]:
    jwks = file.with_suffix(".jwks.json")
    jwks.write_text(json.dumps(keys))
    program = Path(sys.executable).with_name("openscf")
    argv = [str(program), "verify", str(file), "--jwks", str(jwks)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def test_an_invoice_is_financed_and_repaid(town: Town, browser: Browser, tmp_path: Path) -> None:
    town.delivered_sale(40, customer="other_customer", due_in_days=20)
    invoice = town.delivered_sale(160)
    path = f"action-account.action_move_out_invoice/{invoice}"

    requester = OdooUser(browser, town.odoo.url, "requester")
    requester.open(path)
    requester.sees_panel("eligible")
    expect(requester.panel).to_contain_text("You could receive")
    requester.unfold()
    expect(requester.page.locator(".o_scf_light")).to_have_count(3)
    requester.page.locator(".o_scf_light[data-light=authenticity]").click()
    expect(requester.page.locator("[data-check=documents-match][data-level=green]")).to_be_visible()
    keep_picture(requester.page, "invoice-eligible")
    requester.panel.locator("button[name=action_scf_request]").click()
    ask = requester.page.locator(".modal button[name=action_submit]")
    expect(ask).to_be_visible()
    expect(card_of(requester, "Rhône Crédit")).to_contain_text("24 months")
    limit_the_history(requester, "Hansa", "12")
    look_at_the_preview(requester, "Hansa")
    requester.page.locator(".modal .modal-body").evaluate("it => it.scrollTo(0, it.scrollHeight)")
    keep_picture(requester.page, "request")
    ask.click()
    requester.sees_panel("requested", "offered")

    officer = Officer(browser, town.banks["hansa"].url)
    officer.reload_until("Greystone Stores")
    keep_picture(officer.page, "desk-inbox")
    officer.page.get_by_role("link", name="FIN/").first.click()
    expect(officer.page.get_by_role("heading", name="Verification of the package")).to_be_visible()
    expect(officer.page.locator(".lights .light")).to_have_count(3)
    expect(officer.page.locator(".lights .light.green").first).to_contain_text("Authenticity")
    expect(officer.page.locator(".graph .stream .box").first).to_be_visible()
    keep_picture(officer.page, "desk-application")
    officer.page.locator(".graph").scroll_into_view_if_needed()
    officer.page.get_by_role("heading", name="What carries the money").evaluate("it => it.scrollIntoView()")
    keep_picture(officer.page, "desk-evidence")
    officer.page.get_by_role("button", name="Approve with these terms").click()
    expect(officer.page.get_by_role("heading", name="Offer Open")).to_be_visible()

    application = application_of(town, invoice)
    requester.open(f"action-scf_finance.action_scf_package/{package_of(town, application)}")
    row = requester.page.locator(".o_field_widget[name=disclosure_ids] .o_data_row", has_text="Hansa")
    with requester.page.expect_download() as downloading:
        row.locator("button[name=action_download]").click()
    downloading.value.save_as(tmp_path / "package.pdf")
    keep_first_page(tmp_path / "package.pdf", "package")
    verified = openscf_verify(tmp_path / "package.pdf", town.registered_keys())
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "verified, 0 error(s)" in verified.stdout

    town.until("the officer's reading", lambda: OFFICER_NAME in {read["reader"] for read in town.reads(application)})
    requester.open(f"financing/{application}")
    requester.page.locator("button[name=action_open_reads]").click()
    expect(requester.page.locator(".o_data_row", has_text=OFFICER_NAME).first).to_contain_text("Opened")
    keep_picture(requester.page, "access-log")

    requester.open(path)
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

    town.assert_one_truth(application)
    assert requester.errors == [] and approver.errors == []


def application_of(town: Town, invoice: int) -> int:
    [row] = town.as_("requester").search_read("scf.application", [("line_ids.move_id", "=", invoice)], "id")
    return int(row["id"])


def package_of(town: Town, application: int) -> int:
    return int(town.as_("requester").read("scf.application", application, "package_id")["package_id"][0])


def test_a_consent_is_taken_back_with_one_click(town: Town, browser: Browser) -> None:
    own = {"hansa": {"use_standing": False}}
    application = town.ask_banks(invoice=town.delivered_sale(56), banks=("hansa",), consents=own)
    submission = town.submission_at("hansa", application)
    officer = Officer(browser, town.banks["hansa"].url)
    officer.open(f"applications/{submission['bank_application_ref']}")
    expect(officer.page.locator(".lights .light")).to_have_count(3)

    requester = OdooUser(browser, town.odoo.url, "requester")
    requester.open(f"action-scf_finance.action_scf_consent/{submission['consent_id'][0]}")
    requester.page.locator("button[name=action_revoke]").click()
    requester.says_yes()
    expect(requester.page.locator(".o_statusbar_status .o_arrow_button_current")).to_have_text("Taken back")
    keep_picture(requester.page, "consent-taken-back")

    officer.reload_until("The evidence is closed.")
    expect(officer.page.locator(".lights")).to_have_count(0)
    expect(officer.page.locator(".graph")).to_have_count(0)
    expect(officer.page.locator("body")).not_to_contain_text("Greystone")
    keep_picture(officer.page, "desk-closed")
    assert requester.errors == []


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
