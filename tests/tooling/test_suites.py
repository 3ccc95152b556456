"""What belongs to a suite, and what counts as a passed one."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.progress import Steps
from scf_tool.suites import AT_A_TIME, NAMES, SUITES, Suite, SuiteRun, database_of, read_report, run_all

SUITE = Suite("browser", "tests/browser")
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


def test_every_file_of_tests_belongs_to_one_suite():
    root = Path(__file__).resolve().parents[2]
    found = [
        path
        for place in ("addons", "bank", "sdk", "tests", "tools")
        for path in (root / place).rglob("test_*.py")
        if "site-packages" not in path.parts
    ]
    run = Counter(path for suite in SUITES for path in suite.files(root))
    assert len(found) > len(SUITES)
    assert {path: run[path] for path in found if run[path] != 1} == {}


def test_parts_of_a_folder_are_asked_for_by_one_name_and_share_nothing():
    parts = [suite for suite in SUITES if suite.part]
    assert {suite.name for suite in parts} == {"finance"}
    assert NAMES.count("finance") == 1
    assert len({database_of(suite) for suite in SUITES}) == len(SUITES)


def test_suites_run_some_at_a_time_and_are_told_in_their_order(monkeypatch, tmp_path):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    full = threading.Barrier(AT_A_TIME, timeout=20)
    running, most = [], []

    def run(self, suite):
        running.append(suite)
        full.wait()
        most.append(len(running))
        full.wait()
        running.remove(suite)
        full.wait()
        return suite

    monkeypatch.setattr(SuiteRun, "run", run)
    ready = SimpleNamespace(checkout=Checkout.from_environment(tmp_path))
    chosen = list(SUITES[: 2 * AT_A_TIME])
    assert run_all(ready, Steps(1), chosen, None) == chosen
    assert set(most) == {AT_A_TIME}
