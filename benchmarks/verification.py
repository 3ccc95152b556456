"""Verifying a package against its floor: parse its JSON, hash each leaf once, check one signature.

`python -m benchmarks.verification FILE…` measures package files by themselves, without Odoo.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from openscf.canonical import canonical_bytes
from openscf.jws import PACKAGE_TYP, read_protected_header, verify_detached
from openscf.keys import KeySet
from openscf.package import is_pdf, package_json
from openscf.verify import verify_package


def table_rows(file: bytes, *, rounds: int) -> list[str]:
    """Measure a package file: a PDF as it is and the JSON in it, the bare JSON by itself."""
    package = package_json(file)
    rows = [_row("verify its JSON", package, rounds)]
    if is_pdf(file):
        rows.insert(0, _row("verify the PDF", file, max(3, rounds // 10)))
    return rows


def _row(name: str, file: bytes, rounds: int) -> str:
    verified, floor = compare(file, rounds=rounds)
    title = f"{name} ({len(file) / 1000:.1f} kB)"
    return (
        f"{title:44}{verified * 1000:9.2f} ms ({1 / verified:,.0f} a second on one core)"
        f"{floor * 1000:9.2f} ms                    {verified / floor:6.2f} x  JSON parse + SHA-256 + one signature"
    )


def compare(file: bytes, *, rounds: int) -> tuple[float, float]:
    """Give the median CPU seconds of a verification and of its floor, run in turn.

    The floor of a PDF is that of the package in it, and one SHA-256 over the PDF.
    """
    package = package_json(file)
    members = json.loads(package)
    keys = KeySet.of(read_protected_header(members["seal"])["jwk"])
    report = verify_package(file, keys=keys)
    assert report.ok, report.findings
    hashed = [canonical_bytes({name: leaf[name] for name in ("path", "salt", "value")}) for leaf in members["leaves"]]
    if is_pdf(file):
        hashed.append(file)
    pairs = [
        (_seconds(lambda: verify_package(file, keys=keys)), _seconds(lambda: _floor(package, hashed, keys)))
        for _ in range(rounds)
    ]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _floor(package: bytes, hashed: Sequence[bytes], keys: KeySet) -> None:
    members = json.loads(package)
    for one in hashed:
        hashlib.sha256(one).digest()
    verify_detached(canonical_bytes(members["header"]), members["seal"], keys=keys, typ=PACKAGE_TYP)


def _seconds(run: Callable[[], object]) -> float:
    """CPU time: nothing here waits, and another process on the machine is no part of it.

    What an earlier run left to the garbage collector is gone before, so that none pays for another.
    """
    gc.collect()
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="package files that verify, PDF or JSON")
    parser.add_argument("--rounds", type=int, default=200, help="rounds of each arm (default 200; a tenth for PDFs)")
    arguments = parser.parse_args()
    for path in arguments.files:
        print(path.name)
        for row in table_rows(path.read_bytes(), rounds=arguments.rounds):
            print(f"  {row}")


if __name__ == "__main__":
    main()
