"""The benchmarks: two databases that differ in our addons only, and the folder benchmarks/ that measures on them."""

from __future__ import annotations

import subprocess

from scf_tool.checkout import Checkout
from scf_tool.databases import TEMPLATE, UPSTREAM
from scf_tool.setup import exclusive, set_up

WITHOUT = "scf_bench_without"
WITH = "scf_bench_with"


def run(checkout: Checkout, arguments: list[str]) -> int:
    """Run `python -m benchmarks` with SCF_BENCH_WITHOUT and SCF_BENCH_WITH naming fresh databases."""
    ready, steps = set_up(checkout, further_steps=2)
    with exclusive(checkout):
        with steps.step("Database of Odoo with our addons") as step:
            step.result = ready.databases.ensure_template()
        with steps.step("Databases to measure on"):
            ready.databases.copy(UPSTREAM, WITHOUT)
            ready.databases.copy(TEMPLATE, WITH)
            ready.cluster.sql("ANALYZE", database=WITHOUT)
            ready.cluster.sql("ANALYZE", database=WITH)
    environment = ready.odoo.environment() | {
        "SCF_ODOO_CONF": str(ready.databases.test_config()),
        "SCF_BENCH_WITHOUT": WITHOUT,
        "SCF_BENCH_WITH": WITH,
    }
    argv = [str(checkout.python), "-m", "benchmarks", *arguments]
    try:
        return subprocess.run(argv, cwd=checkout.root, env=environment, check=False).returncode
    finally:
        ready.databases.drop(WITHOUT)
        ready.databases.drop(WITH)
