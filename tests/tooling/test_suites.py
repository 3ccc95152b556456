"""What counts as a passed suite."""

from __future__ import annotations

import pytest

from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.suites import Suite, SuiteRun, read_report

SUITE = Suite("browser", "tests/browser", alone=True)
PASSED = '<testcase classname="a" name="one"/>'
SKIPPED = '<testcase classname="a" name="two"><skipped message="no browser"/></testcase>'
FAILED = '<testcase classname="a" name="three"><failure message="x"/></testcase>'
BROKEN = '<testcase classname="a" name="four"><error message="x"/></testcase>'


@pytest.fixture
def outcome(tmp_path):
    def read(*cases, status=0, filtered=False):
        report = tmp_path / "report.xml"
        report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        return read_report(SUITE, report, status, 1.0, filtered=filtered)

    return read


def test_passed_is_good(outcome):
    assert outcome(PASSED).good


def test_skipped_test_fails_the_run_though_pytest_is_content(outcome):
    result = outcome(PASSED, SKIPPED, status=0)
    assert not result.good
    assert result.skipped == ("a::two: no browser",)


@pytest.mark.parametrize("case", [FAILED, BROKEN])
def test_failure_and_error_both_count(outcome, case):
    result = outcome(PASSED, case, status=1)
    assert (result.passed, result.failed, result.good) == (1, 1, False)


def test_run_without_a_test_is_bad(outcome):
    assert not outcome(status=5).good


def test_expression_that_selects_nothing_in_one_suite_is_fine(outcome):
    assert outcome(status=5, filtered=True).good


def test_crash_of_pytest_is_bad(tmp_path):
    result = read_report(SUITE, tmp_path / "absent.xml", -9, 1.0, filtered=False)
    assert "status -9" in result.complaint


def test_all_tests_passed_but_pytest_did_not_end_well(outcome):
    assert "status 3" in outcome(PASSED, status=3).complaint


def test_suite_that_cannot_start_is_told_as_its_failure_and_ends_no_other(tmp_path):
    class NoServer:
        checkout = Checkout.from_environment(tmp_path)

        @property
        def odoo(self):
            raise CannotRun("the server is gone")

    folder = tmp_path / SUITE.folder
    folder.mkdir(parents=True)
    (folder / "test_a.py").touch()
    runner = SuiteRun(NoServer(), None)
    result = runner.run(SUITE)
    assert not result.good
    assert "the server is gone" in result.complaint
    assert "Traceback" in runner.log(SUITE).read_text()
