"""The buyer opens a link, says that an invoice is correct, and the banks read it in the package."""

from __future__ import annotations

import pytest
from openscf.package import read_package
from playwright.sync_api import Browser, expect

from tests.parts.browsing import PHONE, WINDOW, assert_accessible, keep_picture, window
from tests.parts.town import Town


@pytest.mark.parametrize("size", [WINDOW, PHONE], ids=["window", "phone"])
def test_the_buyers_page_can_be_used_by_everybody_and_its_answer_reaches_the_bank(
    town: Town, browser: Browser, size: dict[str, int]
) -> None:
    invoice = town.delivered_sale(20)
    page = window(browser, size=size)
    page.goto(town.confirmation_link(invoice))
    expect(page.get_by_role("heading", name="Is this invoice correct?")).to_be_visible()
    assert_accessible(page)
    if size is WINDOW:
        keep_picture(page, "confirmation-page")

    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#error_signed_by")).to_be_visible()
    assert_accessible(page)

    page.locator("#answer_confirmed").check()
    page.fill("#signed_by", "Ada Grey")
    page.fill("#role", "Head of Accounting")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you, this is confirmed.")
    assert_accessible(page)

    application = town.ask_banks(invoice=invoice, banks=("hansa",))
    [confirmation] = read_package(town.file_sent("hansa", application)).sections.transaction.confirmations
    assert (confirmation.answer, confirmation.confirmed_by) == ("confirmed", "Ada Grey")
    assert "Ada Grey" in town.desk_page("hansa", application)
    page.context.close()


def test_a_link_of_nobody_opens_nothing(town: Town, browser: Browser) -> None:
    page = window(browser)
    answer = page.goto(f"{town.odoo.url}/scf/confirm/no-such-link")
    assert answer is not None
    assert answer.status == 404
    page.context.close()
