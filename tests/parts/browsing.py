"""People in front of a browser: each has a window of their own, and pictures are kept where the README wants them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
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
# What of our own on a page, and the page itself, is narrower than what stands in it.
CUT_OFF = """[...document.querySelectorAll("html, .modal-body, [class*=o_scf_]")]
    .filter(it => it.checkVisibility() && it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1)
    .filter(it => { const style = getComputedStyle(it); return style.overflowX === "visible" || it.tagName === "HTML" })
    .map(it => `${it.tagName}.${it.className}: ${it.scrollWidth} in ${it.clientWidth}`)"""
# Each version of WCAG adds to the ones before it, and axe-core's tags name what each added.
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def assert_accessible(page: Page, *, of: str | None = None) -> None:
    """axe-core finds nothing on the page against WCAG 2.2, levels A and AA.

    `of` is the selector of our own component, where the rest of the page is Odoo's.
    """
    found = Axe().run(page, context=of, options={"runOnly": WCAG_22_AA, "resultTypes": ["violations"]})
    assert found.response["passes"], f"axe-core checked nothing on {page.url}."
    assert not found.violations_count, f"{page.url}: {found.generate_report()}"


def keep_picture(page: Page, name: str, *, at: str | None = None) -> None:
    """Renew `docs/pictures/NAME.png` when SCF_KEEP_PICTURES is set; a test run changes no file otherwise.

    `at` is what stands at the top of the picture, where that is not the top of the page.
    """
    if os.environ.get("SCF_KEEP_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        if at:
            page.locator(at).first.evaluate("it => it.scrollIntoView({block: 'start'})")
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{name}.png")


def keep_first_page(pdf: Path, name: str) -> None:
    """As `keep_picture`, of the first page of a file."""
    if os.environ.get("SCF_KEEP_PICTURES"):
        with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            document[0].render(scale=1.7).to_pil().save(PICTURES / f"{name}.png")


def window(browser: Browser, *, size: dict[str, int] | None = None, logged_in_as: Page | None = None) -> Page:
    cookies = logged_in_as.context.storage_state() if logged_in_as else None
    context = browser.new_context(viewport=size or WINDOW, storage_state=cookies, timezone_id="UTC")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


class OdooUser:
    """Somebody logged in to the ERP, and what they see of the Financing panel."""

    def __init__(self, browser: Browser, url: str, who: str, *, size: dict[str, int] | None = None) -> None:
        self._browser = browser
        self._url = url
        self.errors: list[str] = []
        self._sit_down_at(window(browser, size=size))
        self.page.goto(f"{url}/web/login")
        self.page.fill("input[name=login]", who)
        self.page.fill("input[name=password]", PASSWORDS[who])
        self.page.click("button[type=submit]")
        self.page.wait_for_url(re.compile("/odoo"))

    def _sit_down_at(self, page: Page) -> None:
        self.page = page
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @contextlib.contextmanager
    def on_phone(self, path: str) -> Iterator[None]:
        """Look at the same screen on a phone, in the middle of one's work; nothing on it is wider than the phone."""
        desk = self.page
        self._sit_down_at(window(self._browser, size=PHONE, logged_in_as=desk))
        try:
            self.open(path)
            yield
            assert self.page.evaluate(CUT_OFF) == [], self.page.url
        finally:
            self.page.context.close()
            self.page = desk

    def open(self, path: str) -> None:
        self.page.goto(f"{self._url}/odoo/{path}")

    @property
    def panel(self):
        return self.page.locator(".o_scf_panel")

    def sees_panel(self, *states: str) -> None:
        """The panel is in one of these states: a bank that decides by itself may be quicker than the browser."""
        panel = ", ".join(f'.o_scf_panel[data-state="{state}"]' for state in states)
        expect(self.page.locator(panel)).to_be_visible(timeout=PATIENCE_MS)

    def unfold(self) -> None:
        """Open the panel's details, if they are folded."""
        toggle = self.panel.locator(".o_scf_panel_toggle")
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()

    def asks_the_banks(self) -> None:
        """Press the panel's button, which opens the request."""
        self.panel.locator("button[name=action_scf_request]").click()
        expect(self.page.locator(".modal button[name=action_submit]")).to_be_visible()

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
