"""The benchmarks: the databases that the folder benchmarks/ measures on.

Two differ in our addons only. Others carry histories of a given length; those are kept, and made again when Odoo, our
models or the way of loading change.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess

from scf_tool.checkout import Checkout
from scf_tool.databases import TEMPLATE, UPSTREAM, digest_of_tree
from scf_tool.postgres import SUPERUSER
from scf_tool.progress import Steps, run_logged
from scf_tool.setup import Ready, exclusive, set_up

WITHOUT = "scf_bench_without"
WITH = "scf_bench_with"
PARTS = ("form", "order", "packages", "panel", "money", "programs")
LOANS = [1_000, 10_000, 100_000]
LINES = [10_000, 100_000, 1_000_000]
DOCUMENTS = [1, 50, 1000]
BOUGHT = 1_000_000
SUPPLIERS = [600, 10_000]
LOADED_ADDONS = ("scf_connector", "scf_finance")
"""Whose models a history depends on."""
CROWD = 10
"""How many times the unrelated history is made longer, to show that it does not matter."""


def run(checkout: Checkout, arguments: list[str]) -> int:
    """Run `python -m benchmarks` on the databases that its parts need."""
    options = _options(arguments)
    sizes = _sizes(options)
    has_programs = "programs" in options.parts
    ready, steps = set_up(checkout, further_steps=2 + len(sizes) + len(_loans(options)) + has_programs)
    with exclusive(checkout):
        with steps.step("Database of Odoo with our addons") as step:
            step.result = ready.databases.ensure_template()
        with steps.step("Databases with and without our addons"):
            _copy(ready)
        loaded = {size: _ensure_history(ready, steps, *size) for size in sizes}
        borrowed = {count: _ensure_loans(ready, steps, count) for count in _loans(options)}
        bought = _ensure_purchases(ready, steps, options.bought, max(options.suppliers)) if has_programs else None
    environment = _environment(ready) | {"SCF_BENCH_WITHOUT": WITHOUT, "SCF_BENCH_WITH": WITH}
    argv = [str(checkout.python), "-m", "benchmarks", *options.parts]
    argv += ["--rounds", str(options.rounds), "--package-rounds", str(options.package_rounds)]
    argv += ["--documents", *map(str, options.documents)]
    if loaded:
        argv += ["--loaded", *(f"{lines}={loaded[lines, lines]}" for lines in options.lines)]
    argv += ["--loan-rounds", str(options.loan_rounds)]
    if borrowed:
        argv += ["--borrowed", *(f"{count}={name}" for count, name in borrowed.items())]
    if bought:
        argv += ["--bought", f"{options.bought}={bought}", "--suppliers", *map(str, options.suppliers)]
    if crowded := _crowded(options):
        argv += ["--crowded", ",".join(loaded[size] for size in crowded)]
    try:
        return subprocess.run(argv, cwd=checkout.root, env=environment, check=False).returncode
    finally:
        ready.databases.drop(WITHOUT)
        ready.databases.drop(WITH)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./scf bench", description="Ratios to a floor or a peer, with query counts.")
    # A list as default of positional arguments would be refused by `choices` on Python 3.11.
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which to run, of {', '.join(PARTS)} (default all)")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of form and order (default 40)")
    parser.add_argument("--package-rounds", type=int, default=7, help="rounds of each package (default 7)")
    parser.add_argument(
        "--documents", type=int, nargs="+", default=DOCUMENTS, help="invoices in a package (default 1 50 1000)"
    )
    parser.add_argument(
        "--lines",
        type=int,
        nargs="+",
        default=LINES,
        help="order lines of the applicant's history, as many again of another company; the longest takes minutes to "
        "load and 10 GB (default 10000 100000 1000000)",
    )
    parser.add_argument(
        "--crowded",
        type=int,
        default=None,
        metavar="LINES",
        help=f"the history beside which {CROWD} times as many unrelated lines are put; 0 for none (default the "
        "shortest)",
    )
    parser.add_argument(
        "--loans", type=int, nargs="+", default=LOANS, help="loans of a company (default 1000 10000 100000)"
    )
    parser.add_argument("--loan-rounds", type=int, default=3, help="rounds of each number of loans (default 3)")
    parser.add_argument(
        "--bought",
        type=int,
        default=BOUGHT,
        metavar="LINES",
        help=f"purchase order lines of the anchor (default {BOUGHT})",
    )
    parser.add_argument(
        "--suppliers", type=int, nargs="+", default=SUPPLIERS, help="suppliers in a batch (default 600 10000)"
    )
    options = parser.parse_args(arguments)
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"{part!r} is no part: choose from {', '.join(PARTS)}.")
    options.parts = options.parts or list(PARTS)
    options.crowded = min(options.lines) if options.crowded is None else options.crowded
    return options


def _sizes(options: argparse.Namespace) -> list[tuple[int, int]]:
    """Order lines of the applicant and of the unrelated company, of each history that is needed."""
    if not {"packages", "panel"} & set(options.parts):
        return []
    return list(dict.fromkeys([*((lines, lines) for lines in options.lines), *_crowded(options)]))


def _crowded(options: argparse.Namespace) -> list[tuple[int, int]]:
    lines = options.crowded if "packages" in options.parts else 0
    return [(lines, lines), (lines, CROWD * lines)] if lines else []


def _loans(options: argparse.Namespace) -> list[int]:
    return options.loans if "money" in options.parts else []


def _copy(ready: Ready) -> None:
    for template, name in ((UPSTREAM, WITHOUT), (TEMPLATE, WITH)):
        ready.databases.copy(template, name)
        ready.cluster.sql("ANALYZE", database=name)


def _environment(ready: Ready) -> dict[str, str]:
    return ready.odoo.environment() | {
        "SCF_ODOO_CONF": str(ready.databases.test_config()),
        "SCF_PG_SUPERUSER": SUPERUSER,
    }


def _ensure_history(ready: Ready, steps: Steps, lines: int, unrelated_lines: int) -> str:
    """Have a database with histories of these lengths; gives its name."""
    title = f"History of {lines:,} order lines, {unrelated_lines:,} unrelated"
    return _ensure_loaded(
        ready, steps, title, f"scf_bench_{lines}_{unrelated_lines}", "benchmarks.histories", lines, unrelated_lines
    )


def _ensure_loans(ready: Ready, steps: Steps, count: int) -> str:
    """Have a database with a company of so many loans; gives its name. Its loans are as of the day of loading."""
    return _ensure_loaded(
        ready,
        steps,
        f"{count:,} loans",
        f"scf_bench_loans_{count}",
        "benchmarks.histories.loans",
        count,
        is_of_today=True,
    )


def _ensure_purchases(ready: Ready, steps: Steps, lines: int, suppliers: int) -> str:
    """Have a database with so many purchase order lines of so many suppliers; gives its name."""
    return _ensure_loaded(
        ready,
        steps,
        f"{lines:,} purchase order lines of {suppliers:,} suppliers",
        f"scf_bench_bought_{lines}_{suppliers}",
        "benchmarks.histories.purchases",
        lines,
        suppliers,
        addons=(*LOADED_ADDONS, "scf_program"),
    )


def _ensure_loaded(
    ready: Ready,
    steps: Steps,
    title: str,
    name: str,
    loader: str,
    *sizes: int,
    is_of_today: bool = False,
    addons: tuple[str, ...] = LOADED_ADDONS,
) -> str:
    databases, root = ready.databases, ready.checkout.root
    key = f"{databases.comment(UPSTREAM)}-{_loading_digest(ready.checkout)}"
    if is_of_today:
        key += f"-{dt.datetime.now(dt.UTC).date()}"
    with steps.step(title) as step:
        if databases.comment(name) == key:
            step.result = f"{name} up to date"
            return name
        making = f"{name}_making"
        databases.copy(TEMPLATE, making)
        run_logged(
            [str(ready.checkout.python), "-m", loader, str(databases.test_config()), making, *map(str, sizes)],
            log=ready.checkout.logs / "bench-load.log",
            what=f"loading {name}",
            env=_environment(ready),
            cwd=root,
        )
        databases.publish(making, name, key)
        step.result = f"{name} loaded"
    return name


def _loading_digest(checkout: Checkout) -> str:
    """Changes whenever the loaded rows could: with our models and their indexes, and with what loads."""
    models = [checkout.addons / addon / "models" for addon in ("scf_connector", "scf_finance", "scf_program")]
    return digest_of_tree([*models, checkout.root / "benchmarks" / "histories"])
