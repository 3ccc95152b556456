"""Runs Odoo's own tests once over a database whose modules are all installed, and writes down what each test gave.

Left to itself Odoo runs the at_install tests of a module while the modules after it are not loaded yet: with other
addons beside it, such a run proves nothing about them. Here both positions run at the end, over the whole registry.

Run by the checkout's Python, with -P so that no file beside this one is taken for a library:
`python -P odoo_launcher.py REPORT.json [--findings-in MODULE,…] ODOO-OPTIONS…`
With --findings-in, whatever walks over "all addons" walks over those modules alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from unittest import case

import odoo.cli.command
import odoo.tools
from odoo.modules.module import Manifest
from odoo.tests import loader
from odoo.tests.result import OdooTestResult
from odoo.tests.suite import OdooSuite

make_suite_of_one_position = loader.make_suite


class Record:
    """What each test gave, by its name; written anew after each suite, so that a run that dies leaves what it knows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._started: list[str] = []
        self._failed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}

    def start(self, test: object) -> None:
        self._started.append(name_of(test))

    def fail(self, test: object, error: BaseException | None) -> None:
        lines = str(error).strip().splitlines()
        self._failed[name_of(test)] = f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]

    def skip(self, test: object, reason: str) -> None:
        self._skipped[name_of(test)] = reason

    def write(self) -> None:
        content = {"started": self._started, "failed": self._failed, "skipped": self._skipped}
        self._path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def name_of(test: object) -> str:
    while isinstance(test, case._SubTest):
        test = test.test_case
    return test.id() if isinstance(test, case.TestCase) else str(test)


def run_both_positions_last() -> None:
    """Make the loader find nothing at install and everything after it."""

    def make_suite(module_names: list[str], position: str = "at_install") -> OdooSuite:
        if position == "at_install":
            return OdooSuite([])
        tests = [
            test for each in ("at_install", "post_install") for test in make_suite_of_one_position(module_names, each)
        ]
        return OdooSuite(sorted(tests, key=lambda test: getattr(test, "test_sequence", 0)))

    loader.make_suite = make_suite


def record_results(record: Record) -> None:
    """Make Odoo's result, which counts only, tell `record` the names as well."""

    class RecordedResult(OdooTestResult):
        def startTest(self, test: object) -> None:  # noqa: N802 - unittest's name
            record.start(test)
            super().startTest(test)

        def addError(self, test: object, err: tuple) -> None:  # noqa: N802
            if not self._soft_fail:
                record.fail(test, err[1])
            super().addError(test, err)

        def addFailure(self, test: object, err: tuple) -> None:  # noqa: N802
            if not self._soft_fail:
                record.fail(test, err[1])
            super().addFailure(test, err)

        def addSkip(self, test: object, reason: str) -> None:  # noqa: N802
            record.skip(test, reason)
            super().addSkip(test, reason)

    run_suite = loader.run_suite

    def run_and_write(suite: OdooSuite, global_report: OdooTestResult | None = None) -> OdooTestResult:
        try:
            return run_suite(suite, global_report)
        finally:
            record.write()

    loader.OdooTestResult = RecordedResult
    loader.run_suite = run_and_write


class NarrowConfig:
    """Odoo's configuration with another root: the pylint test reads all of Odoo below it, for ten minutes."""

    def __init__(self, root: str) -> None:
        self.root_path = root

    def __getitem__(self, option: str) -> object:
        return odoo.tools.config[option]


class NarrowTools:
    """Odoo's tools with a narrow configuration."""

    def __init__(self, root: str) -> None:
        self.config = NarrowConfig(root)

    def __getattr__(self, name: str) -> object:
        return getattr(odoo.tools, name)


def look_only_at(modules: set[str]) -> None:
    """Narrow what linters walk over to `modules`; loading a registry goes by other ways."""
    every = Manifest.all_addon_manifests

    def ours() -> list[Manifest]:
        return [found for found in every() if found.name in modules]

    Manifest.all_addon_manifests = staticmethod(ours)
    run_suite = loader.run_suite

    def run_narrowly(suite: OdooSuite, global_report: OdooTestResult | None = None) -> OdooTestResult:
        pylint_test = sys.modules.get("odoo.addons.test_lint.tests.test_pylint")
        if pylint_test:
            pylint_test.tools = NarrowTools(ours()[0].path)
        return run_suite(suite, global_report)

    loader.run_suite = run_narrowly


def main(arguments: list[str]) -> None:
    record = Record(Path(arguments.pop(0)))
    if arguments[0] == "--findings-in":
        arguments.pop(0)
        look_only_at(set(arguments.pop(0).split(",")))
    run_both_positions_last()
    record_results(record)
    sys.argv[1:] = arguments
    odoo.cli.command.main()


main(sys.argv[1:])
