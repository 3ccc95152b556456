"""Verification of a package for a line: the company's sales as a whole stand for it, and no document is financed."""

from __future__ import annotations

from typing import Any

import pytest
from stories import document, full_sections, line, sealed
from test_verify import KEY, KEYS, Change, errors, put, warnings

from openscf._internal.show import summary
from openscf.errors import PackageInvalid
from openscf.package import read_package
from openscf.pdf import draw_pdf
from openscf.verify import Report, verify_package

DOCUMENTS = "/sections/transaction/documents"


def line_sections() -> dict[str, Any]:
    """10 000.00 of 12 000.00 that were collected in two months."""
    sections = full_sections()
    for name in ("evidence", "attachments"):
        del sections[name]
    sections["transaction"] |= {
        "technique": "revolving_line",
        "requested": {"amount": "10000.00", "currency": "EUR"},
        "eligible": {"amount": "12000.00", "currency": "EUR"},
        "documents": [],
        "confirmations": [],
    }
    sections["order_flow"]["orders"] = []
    sections["logistics_flow"]["deliveries"] = []
    sections["tax_flow"] |= {"taxes": [], "e_invoices": []}
    sections["cash_flow"]["payments"] = []
    for result in sections["checks"]["results"]:
        result.pop("documents", None)
    for week in sections["forecast"]["weeks"]:
        week["financed"] = "0.00"
    return sections


def checked(change: Change = lambda sections: None) -> Report:
    sections = line_sections()
    change(sections)
    return verify_package(sealed(sections, KEY), keys=KEYS)


def test_an_honest_package_without_documents_passes_as_json_and_as_pdf() -> None:
    report = checked()
    assert report.ok, report.findings
    assert not warnings(report)
    file = sealed(line_sections(), KEY)
    assert verify_package(draw_pdf(file, attachments={}, key=KEY), keys=KEYS).ok
    assert "Documents" not in list(summary(read_package(file)))


@pytest.mark.parametrize("technique", ["receivables_discounting", "a technique of tomorrow"])
def test_only_a_line_does_without_documents(technique: str) -> None:
    sections = line_sections()
    sections["transaction"]["technique"] = technique
    with pytest.raises(PackageInvalid, match="finances one document at least"):
        sealed(sections, KEY)


def test_a_line_finances_no_single_document() -> None:
    named = document([line(1, net="1000.00", tax="200.00")], paid="0.00", credited="0.00")
    report = checked(put("transaction", "documents", [named]))
    assert ("technique-mismatch", f"{DOCUMENTS}/0/kind") in errors(report)


def test_what_is_eligible_was_collected_in_the_history() -> None:
    report = checked(put("transaction", "eligible", {"amount": "12000.01", "currency": "EUR"}))
    assert errors(report) == {("limit-exceeded", "/sections/transaction/eligible/amount")}


def test_a_line_without_its_cash_is_not_checked_against_it() -> None:
    def hide(sections: dict[str, Any]) -> None:
        del sections["cash_flow"]

    assert ("not-checked", "/sections") in warnings(checked(hide))


def test_nothing_is_expected_of_documents_that_are_not_there() -> None:
    report = checked(put("forecast", "weeks", 0, "financed", "500.00"))
    assert errors(report) == {("limit-exceeded", "/sections/forecast/weeks/0/financed")}
