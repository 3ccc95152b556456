"""`./scf bench`: ratios of this product to a floor or a peer, measured in turn in the same run, with query counts.

Started by tools/scf_tool/bench.py, which makes the databases; medians of wall time unless a row says otherwise.
"""

from __future__ import annotations

import argparse
import base64
import os
from pathlib import Path

from benchmarks.odoo_arm import Arm, Reading, in_turn
from benchmarks.screens import ROWS
from benchmarks.served import served_in_turn
from benchmarks.verification import table_rows

FLOOR = "the same facts: SQL + JSON + SHA-256"
CLOSED_AT_MOST = 10_000
"""With more loans than these only the first screen is measured."""
LOAN_FLOOR = "their ledgers: SQL + replay"
PANELS = {
    "invoice": "an invoice",
    "lights": "its lights",
    "order": "its order",
    "delivery": "its delivery",
    "buyer": "its buyer",
}
"""The runs of `benchmarks.panels`, in words."""
INVITING = {"look": "look at each of them", "bring_in": "make them members", "write": "write their e-mails"}
"""The steps of `benchmarks.programs.invitation`, in words."""
BOUGHT_FLOOR = "one SQL aggregation of the same rows"
TITLE = "{:48}"


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("parts", nargs="+", choices=("form", "order", "packages", "panel", "money", "programs"))
    arguments.add_argument("--rounds", type=int, required=True)
    arguments.add_argument("--package-rounds", type=int, required=True)
    arguments.add_argument("--documents", type=int, nargs="+", required=True)
    arguments.add_argument("--loaded", metavar="LINES=DATABASE", nargs="*", default=[])
    arguments.add_argument("--crowded", metavar="DATABASE,DATABASE", help="few and ten times as many unrelated lines")
    arguments.add_argument("--borrowed", metavar="LOANS=DATABASE", nargs="*", default=[])
    arguments.add_argument("--loan-rounds", type=int, required=True)
    arguments.add_argument("--bought", metavar="LINES=DATABASE", help="the anchor's purchases")
    arguments.add_argument("--suppliers", type=int, nargs="+", default=[])
    options = arguments.parse_args()
    config = Path(os.environ["SCF_ODOO_CONF"])
    print("ours | other, the two in turn; ratio = ours / other")
    if "form" in options.parts:
        _form(config, options.rounds)
    if "order" in options.parts:
        _order(config, options.rounds)
    if "packages" in options.parts:
        for loaded in options.loaded:
            lines, database = loaded.split("=")
            for documents in options.documents:
                _packages(config, database, int(lines), documents, options.package_rounds)
        if options.crowded:
            few, many = options.crowded.split(",")
            _crowded(config, few, many, options.package_rounds)
    if "panel" in options.parts:
        _panels(config, [loaded.split("=") for loaded in options.loaded], options.rounds)
    if "money" in options.parts:
        _payments(config, options.rounds)
        for borrowed in options.borrowed:
            count, database = borrowed.split("=")
            _loans(config, database, int(count), options.loan_rounds)
    if "programs" in options.parts:
        lines, database = options.bought.split("=")
        for suppliers in options.suppliers:
            _prequalification(config, database, int(lines), suppliers, options.package_rounds)
            _invitation(config, database, suppliers)


def _form(config: Path, rounds: int) -> None:
    databases = [os.environ["SCF_BENCH_WITH"], os.environ["SCF_BENCH_WITHOUT"]]
    arms = [Arm(config, database, "benchmarks.screens:screens") for database in databases]
    calls = [arm.facts["calls"] for arm in arms]
    ours, bare = in_turn(arms, rounds)
    print(f"\nForms, and lists of {ROWS} rows: the web client's own read ({rounds} rounds)")
    for name in calls[0]:
        _row(name, ours[name], bare[name], "Odoo without the addons")
    for workers in (0, 2):
        ours, bare = served_in_turn(config, databases, calls, workers=workers, rounds=rounds)
        print(f"\nThe same over HTTP, {workers or 'no'} workers ({rounds} rounds)")
        for name in calls[0]:
            _row(name, ours[name], bare[name], "Odoo without the addons")


def _order(config: Path, rounds: int) -> None:
    arm = Arm(config, os.environ["SCF_BENCH_WITH"], "benchmarks.scenarios:order_package")
    file = base64.b64decode(arm.facts["file"])
    [readings] = in_turn([arm], rounds)
    print(f"\nPackage of a five-line order, no history ({rounds} rounds)")
    _row(
        f"read, seal, draw, check, keep ({len(file) / 1000:.1f} kB)",
        readings["build"],
        readings["rows"],
        "the very same SELECTs as raw SQL",
    )
    print("\n".join(table_rows(file, rounds=10 * rounds)))


def _packages(config: Path, database: str, lines: int, documents: int, rounds: int) -> None:
    arm = Arm(config, database, "benchmarks.packages:packages", documents=documents)
    facts, [readings] = arm.facts, in_turn([arm], rounds)
    file = base64.b64decode(facts["package"])
    whole = readings["read"] + readings["seal"]
    print(f"\n{documents:,} financed, of 5 lines each, out of {lines:,} order lines ({rounds} rounds)")
    _row(f"read and seal ({len(file) / 1000:,.1f} kB)", whole, readings["floor"], FLOOR)
    _part("  read the evidence", readings["read"])
    _part("  cut, check and seal it for one bank", readings["seal"])
    print(f"{TITLE.format('  peak memory, beside idle Odoo')}{facts['peak_mb']:9.1f} MB")
    print(f"{TITLE.format('  the PDF, drawn once, apart')}{facts['pdf_seconds'] * 1000:9.1f} ms, "
          f"{facts['pdf_bytes'] / 1000:,.1f} kB")  # fmt: skip
    exported = facts["exported"]
    ours, peer = whole.median_ms / documents, readings["ubl"].median_ms / exported
    queries = max(readings["ubl"].queries) / exported
    print(
        f"{TITLE.format('per document, beside its UBL alone')}{ours:9.2f} ms {'':17}"
        f"{peer:9.2f} ms {queries:9,.0f} queries   {ours / peer:6.3f} x  "
        f"account_edi_ubl_cii, {exported:,} exported ({peer / ours:,.1f} times as long)"
    )
    print("\n".join(table_rows(file, rounds=10 * rounds)))


def _crowded(config: Path, few: str, many: str, rounds: int) -> None:
    scenario = "benchmarks.packages:packages"
    crowded, alone = in_turn(
        [Arm(config, many, scenario, documents=1), Arm(config, few, scenario, documents=1)], rounds
    )
    print(f"\n1 invoice, unrelated history ×10: that beside ×1 ({rounds} rounds)")
    _row(
        "read and seal", crowded["read"] + crowded["seal"], alone["read"] + alone["seal"], "unrelated history ×1, ours"
    )
    _row("the floor", crowded["floor"], alone["floor"], "unrelated history ×1, floor")


def _panels(config: Path, histories: list[list[str]], rounds: int) -> None:
    """Each call beside the same call in the shortest history, all of them in turn."""
    arms = [Arm(config, database, "benchmarks.panels:panels") for _lines, database in histories]
    readings = in_turn(arms, rounds)
    print(f"\nThe panel's own calls ({rounds} rounds)")
    for name, title in PANELS.items():
        for (lines, _database), reading in zip(histories, readings, strict=True):
            other = f"ours, {int(histories[0][0]):,} order lines"
            _row(f"{title}, {int(lines):,} order lines", reading[name], readings[0][name], other)


def _payments(config: Path, rounds: int) -> None:
    databases = [os.environ["SCF_BENCH_WITH"], os.environ["SCF_BENCH_WITHOUT"]]
    ours, bare = in_turn([Arm(config, database, "benchmarks.money:payments") for database in databases], rounds)
    print(f"\nRegister and reconcile a payment of a whole invoice ({rounds} rounds)")
    _row("on an invoice that a loan finances", ours["financed"], bare["financed"], "Odoo without the addons")
    _row("on another invoice", ours["plain"], bare["plain"], "Odoo without the addons")


def _loans(config: Path, database: str, count: int, rounds: int) -> None:
    home_alone = count > CLOSED_AT_MOST
    arm = Arm(config, database, "benchmarks.money:loans", home_alone=int(home_alone))
    facts, [readings] = arm.facts, in_turn([arm], rounds)
    running = facts["running"]
    print(f"\n{count:,} loans, {running:,} of them running ({rounds} rounds)")
    _part("the Financing home", readings["home"])
    if home_alone:
        return
    for name, run in (("close a period with them", "close"), ("the day's work on them", "follow")):
        _row(name, readings[run], readings["floor"], LOAN_FLOOR)
        print(f"{TITLE.format('  for each running loan')}{readings[run].median_ms / running:9.3f} ms")
    print(f"{TITLE.format('  peak memory of closing, beside idle Odoo')}{facts['peak_mb']:9.1f} MB")


def _prequalification(config: Path, database: str, lines: int, suppliers: int, rounds: int) -> None:
    arm = Arm(config, database, "benchmarks.programs:prequalification", suppliers=suppliers)
    facts, [readings] = arm.facts, in_turn([arm], rounds)
    print(f"\nA batch on {suppliers:,} suppliers out of {lines:,} purchase order lines ({rounds} rounds)")
    _row("read the trade with each of them", readings["read"], readings["floor"], BOUGHT_FLOOR)
    name = f"cut {facts['rows']:,} rows into {facts['chunks']} chunks ({facts['bytes'] / 1000:,.0f} kB)"
    _part(f"  {name}", readings["batch"])
    print(f"{TITLE.format('  for each supplier')}"
          f"{(readings['read'] + readings['batch']).median_ms / facts['rows']:9.3f} ms")  # fmt: skip
    print(f"{TITLE.format('  peak memory, beside idle Odoo')}{facts['peak_mb']:9.1f} MB")
    print(f"{TITLE.format('  read again elsewhere: the same bytes')}{'yes' if facts['identical'] else 'NO':>9}")


def _invitation(config: Path, database: str, suppliers: int) -> None:
    arm = Arm(config, database, "benchmarks.programs:invitation", suppliers=suppliers)
    arm.finish()
    print(f"\nInvite {suppliers:,} suppliers, once")
    for step, name in INVITING.items():
        seconds, queries = arm.facts["taken"][step]
        each = f"{seconds * 1000 / suppliers:9.2f} ms each"
        print(f"{TITLE.format(name)}{seconds * 1000:9.1f} ms {queries:9,} queries {each}")
    print(f"{TITLE.format('  invited')}{arm.facts['states'].get('invited', 0):9,}")


def _row(name: str, ours: Reading, other: Reading, other_name: str) -> None:
    ratio = ours.median_ms / other.median_ms
    print(f"{TITLE.format(name)}{_taken(ours)}{_taken(other)}   {ratio:6.2f} x  {other_name}")


def _part(name: str, reading: Reading) -> None:
    print(f"{TITLE.format(name)}{_taken(reading)}")


def _taken(reading: Reading) -> str:
    queries = f"{reading.query_text:>9} queries" if reading.queries else ""
    return f"{reading.median_ms:9.1f} ms {queries}"


if __name__ == "__main__":
    main()
