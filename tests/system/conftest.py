from __future__ import annotations

from collections.abc import Iterator

import pytest
from openscf_bank.testing import BankProcess

from tests.parts.town import DECIDES_BY_ITSELF, Town, open_town


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One company on a real Odoo, and two banks that decide by themselves, connected, for every module in turn.

    What one module leaves (consents in force, loans) the next finds: a test looks at applications of its own.
    """
    banks = {name: BankProcess(profile={"base": name, **DECIDES_BY_ITSELF}) for name in ("rhone", "hansa")}
    with open_town(tmp_path_factory.mktemp("odoo"), banks) as town:
        yield town
