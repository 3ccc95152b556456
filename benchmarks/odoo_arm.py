"""One arm of a comparison: an Odoo registry in its own process that runs a scenario whenever its parent says so.

Two arms (for instance with and without the addons) run in turn, round by round, so that a drift of the machine's speed
hits both alike. Nothing is committed: the scenario's records vanish with the process.
"""

from __future__ import annotations

import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reading:
    """What one arm took: seconds per round, and the SQL queries of each round."""

    seconds: tuple[float, ...]
    queries: tuple[int, ...]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.seconds) * 1000

    def __add__(self, other: Reading) -> Reading:
        """What both took together, round by round."""
        return Reading(
            tuple(map(sum, zip(self.seconds, other.seconds, strict=True))),
            tuple(map(sum, zip(self.queries, other.queries, strict=True))),
        )

    @property
    def query_text(self) -> str:
        return "/".join(str(count) for count in sorted(set(self.queries)))


class Arm:
    """`scenario` names `module:function`, which takes `env` and `options`; it gives the runs of a round by name, and
    facts. A run may give the number of queries that it sent on a connection of its own.
    """

    def __init__(self, config: Path, database: str, scenario: str, **options: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.odoo_arm", str(config), database, scenario, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        self.facts = self._answer()
        self._seconds: dict[str, list[float]] = {}
        self._queries: dict[str, list[int]] = {}

    def _answer(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("A benchmark's Odoo process ended early; its error stands above.")
        return json.loads(line)

    def round(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("round\n")
        self._process.stdin.flush()
        for name, (seconds, queries) in self._answer().items():
            self._seconds.setdefault(name, []).append(seconds)
            self._queries.setdefault(name, []).append(queries)

    def finish(self) -> dict[str, Reading]:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        return {name: Reading(tuple(self._seconds[name]), tuple(self._queries[name])) for name in self._seconds}


def in_turn(arms: list[Arm], rounds: int) -> list[dict[str, Reading]]:
    """Run all arms `rounds` times, A B A B …, and give their readings in the same order."""
    for _ in range(rounds):
        for arm in arms:
            arm.round()
    return [arm.finish() for arm in arms]


def _measure(cursor, run: Callable[[], int | None]) -> tuple[float, int]:
    before = cursor.sql_log_count
    start = time.perf_counter()
    elsewhere = run() or 0
    return time.perf_counter() - start, cursor.sql_log_count - before + elsewhere


def _serve(config: str, database: str, scenario: str, options: str) -> None:
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tools import config as odoo_config

    odoo_config.parse_config(["-c", config, "-d", database, "--log-level=error"])
    module, function = scenario.split(":")
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        runs, facts = getattr(importlib.import_module(module), function)(env, **json.loads(options))
        for run in runs.values():
            run()
        print(json.dumps(facts), flush=True)
        for _ in sys.stdin:
            print(json.dumps({name: _measure(cursor, run) for name, run in runs.items()}), flush=True)
        cursor.rollback()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
