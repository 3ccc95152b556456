"""Verifying a package against its floor: parse the same JSON, hash the same bytes once, check one signature."""

from __future__ import annotations

import base64
import hashlib
import json
import statistics
import time
from collections.abc import Callable

from openscf.canonical import canonical_bytes
from openscf.jws import verify_detached
from openscf.keys import KeySet
from openscf.verify import verify_package


def _floor(package: bytes, keys: KeySet) -> None:
    members = json.loads(package)
    hashlib.sha256(package).digest()
    verify_detached(canonical_bytes(members["header"]), members["seal"], keys=keys, typ="openscf-package+jws")


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(package: bytes, *, rounds: int) -> tuple[float, float]:
    """Give the median seconds of a verification and of its floor, run in turn."""
    report = verify_package(package)
    assert report.ok and report.package is not None, report.findings
    keys = KeySet.of(json.loads(_protected(package))["jwk"])
    pairs = [
        (_seconds(lambda: verify_package(package, keys=keys)), _seconds(lambda: _floor(package, keys)))
        for _ in range(rounds)
    ]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _protected(package: bytes) -> bytes:
    protected = json.loads(package)["seal"].split(".")[0]
    return base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4))
