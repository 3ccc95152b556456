"""Classes of finance tests that follow each other share their set-up; see scf_finance/tests/shared_house.py."""

import sys

import pytest


def pytest_collection_finish():
    if finance := _common():
        finance.HOUSE.share()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem):
    try:
        return (yield)
    finally:
        finance = _common()
        if finance and not (nextitem and issubclass(nextitem.cls or object, finance.FinanceCase)):
            finance.HOUSE.close()


def _common():
    """The base of the finance tests, if they are among the tests that were collected."""
    return sys.modules.get("odoo.addons.scf_finance.tests.common")
