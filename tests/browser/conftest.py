from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from openscf_bank.testing import BankProcess
from playwright.sync_api import Browser, sync_playwright

from tests.parts.odoo_server import OdooServer
from tests.parts.town import Town

# The town's company is an hour old: rules about its history would refuse it.
WITHOUT_HISTORY = {"rules": {"knock_out": []}}
DECIDES_BY_ITSELF = {"rules": {"knock_out": [], "refer": []}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a screen. Where there is none the tests fail: a skipped browser proves nothing."""
    chromium = os.environ.get("SCF_CHROMIUM") or shutil.which("chromium")
    assert chromium, "No Chromium on this machine; install the package chromium."
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One company, a bank that decides by itself, and one whose officer sits at the desk."""
    odoo = OdooServer(tmp_path_factory.mktemp("odoo"))
    rhone = BankProcess(profile={"base": "rhone", **DECIDES_BY_ITSELF})
    hansa = BankProcess(profile={"base": "hansa", **WITHOUT_HISTORY})
    try:
        with rhone, hansa:
            odoo.start()
            town = Town(odoo=odoo, banks={"rhone": rhone, "hansa": hansa})
            town.settle()
            town.connect_banks()
            yield town
    finally:
        odoo.remove()
