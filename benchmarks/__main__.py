"""`./scf bench`: ratios of this product to a floor or a peer, measured in turn in the same run, with query counts."""

from __future__ import annotations

import argparse
import base64
import os
from pathlib import Path

from benchmarks.odoo_arm import Arm, Reading, in_turn
from benchmarks.verification import table_rows


def _row(name: str, ours: Reading, floor: Reading, floor_name: str) -> None:
    ratio = ours.median_ms / floor.median_ms
    print(
        f"{name:44}{ours.median_ms:9.1f} ms {ours.query_text:>9} queries"
        f"{floor.median_ms:9.1f} ms {floor.query_text:>9} queries   {ratio:6.2f} x  {floor_name}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(prog="./scf bench", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=40, help="rounds of each arm (default 40)")
    rounds = arguments.parse_args().rounds
    config = Path(os.environ["SCF_ODOO_CONF"])
    without, with_addons = os.environ["SCF_BENCH_WITHOUT"], os.environ["SCF_BENCH_WITH"]

    print(f"medians of {rounds} rounds, the arms in turn; ratio = ours / other\n")
    ours, bare = in_turn(
        [
            Arm(config, with_addons, "benchmarks.scenarios:sales_order_form"),
            Arm(config, without, "benchmarks.scenarios:sales_order_form"),
        ],
        rounds,
    )
    _row("open the sales order form, 5 lines", ours["open"], bare["open"], "Odoo without the addons")

    arm = Arm(config, with_addons, "benchmarks.scenarios:package")
    package = base64.b64decode(arm.facts["package"])
    [readings] = in_turn([arm], rounds)
    _row(
        f"build and seal a package ({len(package) / 1000:.1f} kB)",
        readings["build"],
        readings["rows"],
        "the same rows by raw SQL",
    )

    for row in table_rows(package, rounds=10 * rounds):
        print(row)


if __name__ == "__main__":
    main()
