"""`./scf lint`: everything that reads the code without running it. All checks run, whatever one of them finds."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scf_tool import ports
from scf_tool.checkout import Checkout
from scf_tool.databases import TEMPLATE
from scf_tool.progress import say, seconds
from scf_tool.setup import Ready, exclusive, set_up
from scf_tool.translations import of_catalogues, stale_templates
from scf_tool.upstream import LAUNCHER

ODOO_LINT = "scf_lint"
SHELL_SCRIPTS_OF_CONTAINERS = (
    "docker/make-secrets", "docker/odoo/start", "docker/bank/start", "docker/postgres/make-databases",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a check has to say: nothing when all is well."""

    good: bool
    output: str


Check = Callable[[Ready], Finding]


def run(checkout: Checkout) -> int:
    """Run every check.

    :returns: 1 when one of them found something.
    """
    ready, steps = set_up(checkout, further_steps=1)
    with exclusive(checkout), steps.step("Database of Odoo with our addons") as step:
        step.result = ready.databases.ensure_template()
    with ThreadPoolExecutor(max_workers=2) as pool:
        findings = dict(zip(CHECKS, pool.map(lambda name: _run_check(ready, name), CHECKS), strict=True))
    bad = [name for name, finding in findings.items() if not finding.good]
    for name in bad:
        say(f"\n=== {name} ===\n{findings[name].output.rstrip()}")
    say(f"\n{len(CHECKS) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


def _run_check(ready: Ready, name: str) -> Finding:
    begun = time.monotonic()
    finding = CHECKS[name](ready)
    say(f"{'ok ' if finding.good else 'BAD'} {name} ({seconds(time.monotonic() - begun)})")
    return finding


def _tool(ready: Ready, *argv: str, cwd: Path | None = None) -> Finding:
    program = ready.checkout.venv / "bin" / argv[0]
    answer = subprocess.run(
        [os.fspath(program), *argv[1:]],
        cwd=cwd or ready.checkout.root,
        env=ready.odoo.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return Finding(answer.returncode == 0, answer.stdout + answer.stderr)


def ruff(ready: Ready) -> Finding:
    return _tool(ready, "ruff", "check", ".")


def ruff_format(ready: Ready) -> Finding:
    return _tool(ready, "ruff", "format", "--check", ".")


def pylint_odoo(ready: Ready) -> Finding:
    """OCA's mandatory checks on the addons."""
    addons = [f"addons/{name}" for name in ready.databases.product_addons()]
    return _tool(ready, "pylint", "--rcfile=.pylintrc", *addons)


def mypy_sdk(ready: Ready) -> Finding:
    return _tool(ready, "mypy", "--strict", "src", cwd=ready.checkout.root / "sdk")


def mypy_bank(ready: Ready) -> Finding:
    return _tool(ready, "mypy", "--strict", "src", cwd=ready.checkout.root / "bank")


def mypy_tools(ready: Ready) -> Finding:
    """What `./scf` and its bench are made of, without the scripts that Odoo runs and whose `env` it brings."""
    scripts_of_odoo = r"(odoo_launcher|_in_database)\.py$"
    return _tool(
        ready, "mypy", "--ignore-missing-imports", "--exclude", scripts_of_odoo, "tools/scf_tool", "benchmarks"
    )


def shell_scripts(ready: Ready) -> Finding:
    return _tool(ready, "shellcheck", "scf", ".ci/run", *SHELL_SCRIPTS_OF_CONTAINERS)


def compose_file(ready: Ready) -> Finding:
    """docker-compose.yml against the schema of the Compose specification."""
    return _tool(ready, "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def translations(ready: Ready) -> Finding:
    """Each addon's i18n/*.pot says what its sources say now, and every language says all of it."""
    stale, catalogues = stale_templates(ready), of_catalogues(ready, "check")
    output = "\n".join([*stale, catalogues.stdout + catalogues.stderr])
    return Finding(not stale and not catalogues.returncode, f"{output}\n'./scf translations' brings them in step.")


def odoo_lint(ready: Ready) -> Finding:
    """Odoo's own linter for addons (`test_lint`), on ours."""
    checkout = ready.checkout
    report = checkout.state / "reports" / "odoo-lint.json"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    with exclusive(checkout):
        if ready.databases.comment(ODOO_LINT) != ready.databases.comment(TEMPLATE):
            ready.databases.copy(TEMPLATE, ODOO_LINT)
            ready.odoo.install(
                ODOO_LINT, ["test_lint"], what="installing Odoo's linter", config=ready.databases.test_config()
            )
            ready.databases.set_comment(ODOO_LINT, ready.databases.comment(TEMPLATE) or "")
    answer = _tool(
        ready, "python", "-P", str(LAUNCHER), str(report), "--findings-in", ",".join(ready.databases.product_addons()),
        "-c", str(ready.databases.test_config()), "-d", ODOO_LINT, "--test-enable", "--test-tags=/test_lint",
        "--stop-after-init", f"--http-port={ports.any_free()}", "--max-cron-threads=0", "--log-level=warn",
    )  # fmt: skip
    if not report.exists():
        return Finding(False, answer.output)
    content = json.loads(report.read_text(encoding="utf-8"))
    if not content["started"]:
        return Finding(False, "no test of test_lint ran\n" + answer.output)
    return Finding(not content["failed"], answer.output)


CHECKS: dict[str, Check] = {
    # The long ones first: two run at a time.
    "pylint-odoo (OCA's mandatory checks)": pylint_odoo,
    "Odoo's test_lint": odoo_lint,
    "mypy --strict bank/src": mypy_bank,
    "mypy --strict sdk/src": mypy_sdk,
    "mypy tools/ benchmarks/": mypy_tools,
    "translations": translations,
    "ruff check": ruff,
    "ruff format": ruff_format,
    "shellcheck": shell_scripts,
    "docker-compose.yml": compose_file,
}
