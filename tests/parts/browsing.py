"""People in front of a browser: each has a window of their own, and pictures are kept where the README wants them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pypdfium2
from axe_playwright_python.sync_playwright import Axe
from openscf_bank.testing import OFFICER_PASSWORD, OFFICER_USERNAME
from playwright.sync_api import Browser, Page, expect

from tests.parts.odoo_server import CHECKOUT
from tests.parts.town import PASSWORDS

PICTURES = CHECKOUT / "docs" / "pictures"
WINDOW = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 60_000
# Each version of WCAG adds to the ones before it, and axe-core's tags name what each added.
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def assert_accessible(page: Page, *, of: str | None = None) -> None:
    """axe-core finds nothing on the page against WCAG 2.2, levels A and AA.

    `of` is the selector of our own component, where the rest of the page is Odoo's.
    """
    found = Axe().run(page, context=of, options={"runOnly": WCAG_22_AA, "resultTypes": ["violations"]})
    assert found.response["passes"], f"axe-core checked nothing on {page.url}."
    assert not found.violations_count, f"{page.url}: {found.generate_report()}"


def keep_picture(page: Page, name: str) -> None:
    """Renew `docs/pictures/NAME.png` when SCF_KEEP_PICTURES is set; a test run changes no file otherwise."""
    if os.environ.get("SCF_KEEP_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{name}.png")


def keep_first_page(pdf: Path, name: str) -> None:
    """As `keep_picture`, of the first page of a file."""
    if os.environ.get("SCF_KEEP_PICTURES"):
        with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            document[0].render(scale=1.7).to_pil().save(PICTURES / f"{name}.png")


def window(browser: Browser, *, size: dict[str, int] | None = None) -> Page:
    page = browser.new_context(viewport=size or WINDOW).new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


class OdooUser:
    """Somebody logged in to the ERP, and what they see of the Financing panel."""

    def __init__(self, browser: Browser, url: str, who: str, *, size: dict[str, int] | None = None) -> None:
        self.page = window(browser, size=size)
        self._url = url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{url}/web/login")
        self.page.fill("input[name=login]", who)
        self.page.fill("input[name=password]", PASSWORDS[who])
        self.page.click("button[type=submit]")
        self.page.wait_for_url(re.compile("/odoo"))

    def open(self, path: str) -> None:
        self.page.goto(f"{self._url}/odoo/{path}")

    @property
    def panel(self):
        return self.page.locator(".o_scf_panel")

    def sees_panel(self, state: str) -> None:
        expect(self.page.locator(f'.o_scf_panel[data-state="{state}"]')).to_be_visible(timeout=PATIENCE_MS)

    def unfold(self) -> None:
        """Open the panel's details, if they are folded."""
        toggle = self.panel.locator(".o_scf_panel_toggle")
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()

    def says_yes(self) -> None:
        """Confirm Odoo's own question."""
        self.page.locator(".modal-footer .btn-primary").last.click()


class Officer:
    """Somebody at the bank's desk."""

    def __init__(self, browser: Browser, bank_url: str, *, size: dict[str, int] | None = None) -> None:
        self.page = window(browser, size=size)
        self._desk = f"{bank_url}/desk"
        self.open("")
        self.page.fill("input[name=username]", OFFICER_USERNAME)
        self.page.fill("input[name=password]", OFFICER_PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def open(self, path: str) -> None:
        self.page.goto(f"{self._desk}/{path}")

    def reload_until(self, text: str) -> None:
        """Look at the page again until it shows `text`, as somebody who waits for an application does."""
        found = self.page.get_by_text(text).first
        for _ in range(60):
            if found.is_visible():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        expect(found).to_be_visible()
