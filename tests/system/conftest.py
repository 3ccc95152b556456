from __future__ import annotations

from collections.abc import Iterator

import pytest
from openscf_bank.testing import BankProcess

from tests.parts.odoo_server import OdooServer
from tests.parts.town import Town

# The town's company is an hour old: rules about its history would refuse it, and no officer sits at the desk.
DECIDES_BY_ITSELF = {"rules": {"knock_out": [], "refer": []}}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One company on a real Odoo, and two banks that decide by themselves, connected."""
    odoo = OdooServer(tmp_path_factory.mktemp("odoo"))
    rhone = BankProcess(profile={"base": "rhone", **DECIDES_BY_ITSELF})
    hansa = BankProcess(profile={"base": "hansa", **DECIDES_BY_ITSELF})
    try:
        with rhone, hansa:
            odoo.start()
            town = Town(odoo=odoo, banks={"rhone": rhone, "hansa": hansa})
            town.settle()
            town.connect_banks()
            yield town
    finally:
        odoo.remove()
