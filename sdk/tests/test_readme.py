"""The README's figures are what the code says."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_loan_of_the_readme() -> None:
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "LoanTerms(" in block)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own text
    assert names["offer_cost"](names["terms"], names["start"]).apr == Decimal("9.71")
    assert names["state"].balance.total == Decimal("8048.00")
    assert "Decimal('9.71')" in README and "Decimal('8048.00')" in README
