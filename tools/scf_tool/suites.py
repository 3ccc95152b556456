"""`./scf test`: every suite on databases, ports and folders of its own, some suites at a time."""

from __future__ import annotations

import os
import subprocess
import threading
import time
import traceback
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.databases import TEMPLATE
from scf_tool.progress import HEARTBEAT_SECONDS, Steps, say, seconds
from scf_tool.setup import Ready, exclusive, find_browser, set_up

NO_TESTS_COLLECTED = 5
# PostgreSQL takes longer to plan Odoo's long joins, and to compile them, than to run them on the few rows of a test: it
# joins in the order in which they are written and interprets. What a query gives does not depend on it.
PLANNING = "-c join_collapse_limit=1 -c from_collapse_limit=1 -c jit=off"
SHOWN_LINES_OF_A_FAILURE = 120


@dataclass(frozen=True)
class Suite:
    """One folder of tests, or a part of it that runs by itself.

    :ivar name: what it is asked for by; parts of a folder have one name.
    :ivar on_odoo: runs inside Odoo, on a copy of the template, by pytest-odoo with its HTTP server.
    :ivar addon: an addon for tests that is installed in this suite's database only.
    :ivar part: which part of the folder, for its database, log and report.
    :ivar initials: the files of the part: `test_` and one of these letters, as a pattern of file names.
    """

    name: str
    folder: str
    on_odoo: bool = False
    addon: str = ""
    part: str = ""
    initials: str = "?"

    @property
    def label(self) -> str:
        return f"{self.name}_{self.part}" if self.part else self.name

    def files(self, root: Path) -> list[Path]:
        """The files of tests, below the checkout `root`."""
        return sorted((root / self.folder).rglob(f"test_{self.initials}*.py"))


# The long ones first, so that all places are taken to the end. Finance alone would be longer than half of the rest: its
# two parts take about as long. The suites that start servers and browsers wait for minutes where an idle machine takes
# seconds, so the load of the suites beside them trips no time-out.
SUITES = (
    Suite("finance", "addons/scf_finance/tests", on_odoo=True, part="1", initials="[a-h]"),
    Suite("finance", "addons/scf_finance/tests", on_odoo=True, part="2", initials="[!a-h]"),
    Suite("program", "addons/scf_program/tests", on_odoo=True),
    Suite("demo", "tests/demo"),
    Suite("browser", "tests/browser"),
    Suite("bank", "bank/tests"),
    Suite("system", "tests/system"),
    Suite("connector", "addons/scf_connector/tests", on_odoo=True),
    Suite("mrp", "tests/addons/scf_test_mrp/tests", on_odoo=True, addon="scf_test_mrp"),
    Suite("sdk", "sdk/tests"),
    Suite("tooling", "tests/tooling"),
)
# One more than the two processors of a small machine: a suite and its server, browser or database wait for each other.
AT_A_TIME = 3
NAMES = tuple(dict.fromkeys(suite.name for suite in SUITES))


@dataclass(frozen=True)
class Outcome:
    """What a suite's own report says."""

    suite: Suite
    passed: int
    failed: int
    skipped: tuple[str, ...]
    seconds: float
    complaint: str = ""

    @property
    def good(self) -> bool:
        return not self.failed and not self.complaint


class SuiteRun:
    """Runs suites of one checkout, each in its own pytest process with its own log and report."""

    def __init__(self, ready: Ready, expression: str | None) -> None:
        self._ready = ready
        self._expression = expression
        self._speaking = threading.Lock()
        self._preparing = threading.Lock()

    def run(self, suite: Suite) -> Outcome:
        begun = time.monotonic()
        self._say(f"  {suite.label}: started")
        try:
            outcome = self._run(suite, begun)
        except Exception as failure:
            # The other suites go on, and this one's failure stands in the table beside theirs.
            self.log(suite).parent.mkdir(parents=True, exist_ok=True)
            with self.log(suite).open("a", encoding="utf-8") as log:
                log.write(f"\n{traceback.format_exc()}")
            complaint = f"could not run: {type(failure).__name__}: {failure}"
            outcome = Outcome(suite, 0, 0, (), time.monotonic() - begun, complaint)
        verdict = "passed" if outcome.good else "FAILED"
        self._say(f"  {suite.label}: {verdict}, {counts(outcome)} ({seconds(outcome.seconds)})")
        return outcome

    def log(self, suite: Suite) -> Path:
        return self._ready.checkout.logs / f"test-{suite.label}.log"

    def _run(self, suite: Suite, begun: float) -> Outcome:
        checkout = self._ready.checkout
        if not suite.files(checkout.root):
            return Outcome(suite, 0, 0, (), 0.0, f"{suite.folder} holds no tests")
        report = checkout.state / "reports" / f"{suite.label}.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        with self._preparing:
            argv, environment = self._command(suite, report)
        self.log(suite).parent.mkdir(parents=True, exist_ok=True)
        with self.log(suite).open("wb") as output:
            process = subprocess.Popen(
                argv,
                cwd=checkout.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            status = self._wait(process, suite, begun)
        if suite.on_odoo:
            self._ready.databases.drop(database_of(suite))
        return read_report(suite, report, status, time.monotonic() - begun, filtered=bool(self._expression))

    def _command(self, suite: Suite, report: Path) -> tuple[list[str], dict[str, str]]:
        ready = self._ready
        argv = [str(ready.checkout.python), "-m", "pytest", "-q", "-rfEs", "--color=no", f"--junitxml={report}"]
        environment = ready.odoo.environment() | {
            "SCF_TEMPLATE_DB": TEMPLATE,
            "SCF_ODOO_CONF": str(ready.databases.test_config()),
            "SCF_REQUIRE_PG": "1",
            "SCF_TEST_PG": ready.cluster.conninfo(),
            "SCF_CHROMIUM": find_browser() or "",
            "PGOPTIONS": PLANNING,
            "PYTHONPATH": str(ready.checkout.root / "tools"),
        }
        if suite.on_odoo:
            ready.databases.copy(TEMPLATE, database_of(suite))
            if suite.addon:
                ready.databases.install_test_addon(database_of(suite), suite.addon)
            config = ready.checkout.state / f"odoo-test-{suite.label}.conf"
            options = ready.databases.test_options() | {"db_name": database_of(suite)}
            ready.odoo.write_options(config, options)
            argv += [f"--odoo-config={config}", "--odoo-http"]
        else:
            argv += ["-p", "no:odoo"]
        if self._expression:
            argv += ["-k", self._expression]
        where = suite.files(ready.checkout.root) if suite.part else [suite.folder]
        return [*argv, *map(str, where)], environment

    def _wait(self, process: subprocess.Popen[bytes], suite: Suite, begun: float) -> int:
        while True:
            try:
                return process.wait(timeout=3 * HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                self._say(f"  {suite.label}: {seconds(time.monotonic() - begun)} so far")
            except BaseException:
                process.terminate()
                raise

    def _say(self, text: str) -> None:
        with self._speaking:
            say(text)


def database_of(suite: Suite) -> str:
    return f"scf_test_{suite.label}"


def read_report(suite: Suite, report: Path, status: int, elapsed: float, *, filtered: bool) -> Outcome:
    """Read pytest's JUnit report; what pytest calls success is looked at twice.

    A skipped test is a failure of its run: a browser test that does not run proves nothing. So is a run without tests,
    unless an expression has selected none here.
    """
    if not report.exists():
        nothing_selected = status == NO_TESTS_COLLECTED and filtered
        complaint = "" if nothing_selected else f"pytest ended with status {status} and no report"
        return Outcome(suite, 0, 0, (), elapsed, complaint)
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - written by our own pytest a moment ago
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = tuple(_skip_line(case) for case in cases if case.find("skipped") is not None)
    passed = len(cases) - failed - len(skipped)
    complaint = ""
    if skipped:
        complaint = f"{len(skipped)} skipped, and a skipped test proves nothing"
    elif not cases and not filtered:
        complaint = "no test ran"
    elif status not in (0, 1) and not (status == NO_TESTS_COLLECTED and filtered):
        complaint = f"pytest ended with status {status}"
    return Outcome(suite, passed, failed, skipped, elapsed, complaint)


def _skip_line(case: ElementTree.Element) -> str:
    skip = case.find("skipped")
    reason = skip.get("message", "") if skip is not None else ""
    return f"{case.get('classname')}::{case.get('name')}: {reason}"


def counts(outcome: Outcome) -> str:
    return f"{outcome.passed} passed, {outcome.failed} failed, {len(outcome.skipped)} skipped"


def run(checkout: Checkout, names: list[str], expression: str | None) -> int:
    """Set up, run the suites, print what failed and a table.

    :returns: 0 when every suite passed and nothing was skipped.
    """
    chosen = [suite for suite in SUITES if not names or suite.name in names]
    begun = time.monotonic()
    ready, steps = set_up(checkout, browser=True, further_steps=2)
    with exclusive(checkout), steps.step("Database of Odoo with our addons") as step:
        step.result = ready.databases.ensure_template()
    outcomes = run_all(ready, steps, chosen, expression)
    _print_failures(SuiteRun(ready, expression), outcomes)
    _print_table(outcomes, time.monotonic() - begun)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def run_all(ready: Ready, steps: Steps, chosen: list[Suite], expression: str | None) -> list[Outcome]:
    """Run the suites, one more at a time than there are processors, up to `AT_A_TIME`; the outcomes are in the order of
    `chosen`.
    """
    runner = SuiteRun(ready, expression)
    with steps.step(f"Tests: {', '.join(suite.label for suite in chosen)}") as step:
        with ThreadPoolExecutor(max_workers=min(AT_A_TIME, (os.cpu_count() or 1) + 1)) as pool:
            outcomes = list(pool.map(runner.run, chosen))
        step.result = f"logs in {ready.checkout.logs}"
    return outcomes


def _print_failures(runner: SuiteRun, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.good:
            continue
        say(f"\n=== {outcome.suite.label}: {outcome.complaint or f'{outcome.failed} failed'} ===")
        for line in outcome.skipped:
            say(f"skipped: {line}")
        log = runner.log(outcome.suite)
        if outcome.seconds and log.exists():
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            say("\n".join(lines[-SHOWN_LINES_OF_A_FAILURE:]))
            say(f"(whole log: {log})")


def _print_table(outcomes: list[Outcome], elapsed: float) -> None:
    say(f"\n{'suite':12}{'passed':>8}{'failed':>8}{'skipped':>8}{'time':>10}")
    for outcome in outcomes:
        columns = f"{outcome.passed:8}{outcome.failed:8}{len(outcome.skipped):8}{seconds(outcome.seconds):>10}"
        say(f"{outcome.suite.label:12}{columns}  {outcome.complaint}")
    say(f"whole run {seconds(elapsed)}")
    bad = sum(outcome.failed or bool(outcome.complaint) for outcome in outcomes)
    skipped = sum(len(outcome.skipped) for outcome in outcomes)
    say(f"{sum(outcome.passed for outcome in outcomes)} passed, {bad} failed, {skipped} skipped")
