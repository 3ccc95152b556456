from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from openscf_bank.testing import BankProcess
from playwright.sync_api import Browser, expect, sync_playwright

from tests.parts.browsing import PATIENCE_MS
from tests.parts.town import DECIDES_BY_ITSELF, WITHOUT_HISTORY, Town, open_town


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen. Where there is none the tests fail: a skipped browser proves nothing.

    What is expected on a page may take as long as the page itself: another suite runs beside this one.
    """
    chromium = os.environ.get("SCF_CHROMIUM") or shutil.which("chromium")
    assert chromium, "No Chromium on this machine; install the package chromium."
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One company, a bank that decides by itself, and one whose officer sits at the desk."""
    banks = {
        "rhone": BankProcess(profile={"base": "rhone", **DECIDES_BY_ITSELF}),
        "hansa": BankProcess(profile={"base": "hansa", **WITHOUT_HISTORY}),
    }
    with open_town(tmp_path_factory.mktemp("odoo"), banks) as town:
        yield town
