"""`./scf upstream`: Odoo's own tests with and without our addons, on two copies of one template, compared by name."""

from __future__ import annotations

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scf_tool import ports
from scf_tool.checkout import Checkout
from scf_tool.databases import UPSTREAM, UPSTREAM_MODULES
from scf_tool.failure import CannotRun
from scf_tool.progress import HEARTBEAT_SECONDS, Steps, say, seconds
from scf_tool.setup import Ready, exclusive, set_up

MODULES = ("sale", "account", "stock", "purchase", "sale_stock", "purchase_stock", "stock_account")
LAUNCHER = Path(__file__).with_name("odoo_launcher.py")
EVERY_FAILURE = "100000"
"""Odoo halts a run after a number of failures; a comparison needs them all."""


@dataclass(frozen=True)
class Arm:
    """One side of the comparison."""

    name: str
    with_us: bool

    @property
    def database(self) -> str:
        return f"scf_upstream_{self.name}"


ARMS = (Arm("without", with_us=False), Arm("with", with_us=True))


@dataclass(frozen=True)
class Results:
    """What one arm's tests gave, by name."""

    ran: frozenset[str]
    failed: dict[str, str]
    skipped: frozenset[str]

    def of_module(self, module: str) -> tuple[int, int, int]:
        """How many tests of `module` ran, failed and were skipped."""
        prefix = f"odoo.addons.{module}."
        return (
            sum(name.startswith(prefix) for name in self.ran),
            sum(prefix in name for name in self.failed),
            sum(prefix in name for name in self.skipped),
        )


def run(checkout: Checkout, modules: list[str]) -> int:
    """Run both arms side by side, print the table and each difference.

    :returns: 1 when a test ran, failed or was skipped on one side only.
    """
    chosen = tuple(modules or MODULES)
    ready, steps = set_up(checkout, browser=True, further_steps=3)
    if unknown := [name for name in chosen if not ready.databases.source.has_addon(name)]:
        raise CannotRun(f"{', '.join(unknown)}: Odoo has no such module. The default is {', '.join(MODULES)}.")
    further = [name for name in chosen if name not in (*UPSTREAM_MODULES, "sale")]
    with exclusive(checkout), steps.step("A database for each side"):
        for arm in ARMS:
            ready.databases.copy(UPSTREAM, arm.database)
            if further:
                ready.odoo.install(arm.database, further, what=f"installing {', '.join(further)}")
            ready.databases.install_own_addons(arm.database, ours=arm.with_us)
    without, with_us = _run_arms(ready, steps, chosen)
    for arm in ARMS:
        ready.databases.drop(arm.database)
    with steps.step("Comparison"):
        differences = compare(without, with_us)
    _print_table(chosen, without, with_us, differences)
    return 1 if differences else 0


def _run_arms(ready: Ready, steps: Steps, modules: tuple[str, ...]) -> list[Results]:
    with steps.step(f"Odoo's tests of {', '.join(modules)}, both sides at once") as step:
        config = ready.databases.test_config()
        with ThreadPoolExecutor(max_workers=len(ARMS)) as pool:
            results = list(pool.map(lambda arm: _run_arm(ready, arm, modules, config), ARMS))
        step.result = f"logs in {ready.checkout.logs}"
    return results


def _run_arm(ready: Ready, arm: Arm, modules: tuple[str, ...], config: Path) -> Results:
    checkout = ready.checkout
    report = checkout.state / "reports" / f"upstream-{arm.name}.json"
    log = checkout.logs / f"upstream-{arm.name}.log"
    for path in (report, log):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    argv: list[str | Path] = [
        checkout.python, "-P", LAUNCHER, report, "-c", config, "-d", arm.database, "--test-enable", "--stop-after-init",
        f"--test-tags={','.join(f'/{module}' for module in modules)}", f"--http-port={ports.any_free()}",
        "--max-cron-threads=0", "--log-level=warn",
    ]  # fmt: skip
    environment = ready.odoo.environment() | {"ODOO_TEST_MAX_FAILED_TESTS": EVERY_FAILURE}
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [os.fspath(word) for word in argv],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _wait(process, arm, begun)
    if not report.exists():
        raise CannotRun(f"Odoo's tests {arm.name} us did not come to an end; see {log}.")
    return read_results(report)


def _wait(process: subprocess.Popen[bytes], arm: Arm, begun: float) -> None:
    while True:
        try:
            process.wait(timeout=6 * HEARTBEAT_SECONDS)
            say(f"      {arm.name} us: ended after {seconds(time.monotonic() - begun)}")
            return
        except subprocess.TimeoutExpired:
            say(f"      … {arm.name} us, {seconds(time.monotonic() - begun)} so far")
        except BaseException:
            process.terminate()
            raise


def read_results(report: Path) -> Results:
    content = json.loads(report.read_text(encoding="utf-8"))
    return Results(frozenset(content["started"]), content["failed"], frozenset(content["skipped"]))


def compare(without: Results, with_us: Results) -> list[str]:
    """One sentence for each test that did not give the same on both sides."""
    broken, mended = with_us.failed.keys() - without.failed.keys(), without.failed.keys() - with_us.failed.keys()
    differences = [f"ran only without us: {name}" for name in sorted(without.ran - with_us.ran)]
    differences += [f"ran only with us: {name}" for name in sorted(with_us.ran - without.ran)]
    differences += [f"fails only with us: {name} ({with_us.failed[name]})" for name in sorted(broken)]
    differences += [f"fails only without us: {name} ({without.failed[name]})" for name in sorted(mended)]
    differences += [f"skipped on one side only: {name}" for name in sorted(without.skipped ^ with_us.skipped)]
    return differences


def _print_table(modules: tuple[str, ...], without: Results, with_us: Results, differences: list[str]) -> None:
    say(f"\n{'':16}{'without us':>27}{'with us':>27}")
    say(f"{'module':16}" + f"{'ran':>9}{'failed':>9}{'skipped':>9}" * 2)
    for module in modules:
        say(f"{module:16}" + "".join(f"{number:9}" for side in (without, with_us) for number in side.of_module(module)))
    totals = [number for side in (without, with_us) for number in (len(side.ran), len(side.failed), len(side.skipped))]
    say(f"{'all':16}" + "".join(f"{number:9}" for number in totals))
    shared = sorted(without.failed.keys() & with_us.failed.keys())
    if shared:
        say(f"\n{len(shared)} fail on both sides (no wkhtmltopdf, no demonstration data, run after installation):")
        for name in shared:
            say(f"  {name}: {without.failed[name]}")
    say(
        f"\n{len(differences)} differences" if differences else "\nno difference: the same tests ran, and gave the same"
    )
    for difference in differences:
        say(f"  {difference}")
