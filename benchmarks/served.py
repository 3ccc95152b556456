"""The same reads from two servers in turn, over HTTP and one session each: what a user's browser waits for."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from benchmarks.odoo_arm import Reading

START_SECONDS = 120
ODOO_BIN = Path(__file__).with_name("odoo_bin.py")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """An Odoo of its own on one database, and the administrator's session with it."""

    def __init__(self, config: Path, database: str, workers: int) -> None:
        self._address = f"http://127.0.0.1:{(port := _free_port())}"
        self._process = subprocess.Popen(
            [
                sys.executable, "-P", str(ODOO_BIN), "-c", str(config), "-d", database, f"--db-filter=^{database}$",
                f"--http-port={port}", f"--gevent-port={_free_port()}", f"--workers={workers}",
                "--max-cron-threads=0", "--log-level=error",
            ]
        )  # fmt: skip
        self._session = requests.Session()
        self._log_in(database)

    def _log_in(self, database: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(requests.ConnectionError):
                self.answer("/web/session/authenticate", {"db": database, "login": "admin", "password": "admin"})
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server of {database} did not start; its error stands above.")
            time.sleep(0.5)

    def answer(self, path: str, params: dict[str, Any]) -> Any:
        answer = self._session.post(self._address + path, json={"jsonrpc": "2.0", "params": params}, timeout=60).json()
        if "error" in answer:
            raise SystemExit(f"{path}: {answer['error']['data']['message']}")
        return answer["result"]

    def read(self, call: list[Any]) -> float:
        """Seconds that one read takes."""
        model, method, arguments, keywords = call
        start = time.perf_counter()
        self.answer(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": arguments, "kwargs": keywords},
        )
        return time.perf_counter() - start

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)


@contextmanager
def _servers(config: Path, databases: list[str], workers: int) -> Iterator[list[Server]]:
    started: list[Server] = []
    try:
        for database in databases:
            started.append(Server(config, database, workers))
        yield started
    finally:
        for server in started:
            server.stop()


def served_in_turn(
    config: Path, databases: list[str], calls: list[dict[str, list[Any]]], *, workers: int, rounds: int
) -> list[dict[str, Reading]]:
    """Readings by call's name for each database, A B A B …; each call is made once before, to fill the caches."""
    seconds: list[dict[str, list[float]]] = [{name: [] for name in known} for known in calls]
    with _servers(config, databases, workers) as servers:
        for turn in range(-max(1, workers), rounds):
            for name in calls[0]:
                for position, server in enumerate(servers):
                    taken = server.read(calls[position][name])
                    if turn >= 0:
                        seconds[position][name].append(taken)
    return [{name: Reading(tuple(taken), ()) for name, taken in known.items()} for known in seconds]
