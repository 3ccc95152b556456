"""A bank served by a thread of the test's own process, so that a test can also look behind the counter."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType

import uvicorn
from argon2 import PasswordHasher
from openscf.wire import ClientStatus
from openscf_bank import jobs
from openscf_bank.app import build_app
from openscf_bank.clients.service import set_status
from openscf_bank.desk import service as desk
from openscf_bank.desk.service import create_officer
from openscf_bank.gateway import build_gateway
from openscf_bank.kit.core_banking import SimulatedCoreBanking
from openscf_bank.migrations import upgrade
from openscf_bank.profile import load_profile
from openscf_bank.settings import Settings
from openscf_bank.testing import (
    COLLEAGUE_NAME,
    COLLEAGUE_USERNAME,
    OFFICER_NAME,
    OFFICER_PASSWORD,
    OFFICER_USERNAME,
    PROFILES,
    OfficerAtDesk,
)

# Hashing at full cost at every login would be most of the suite's time.
desk._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


class Bank:
    """Rhône Crédit on a free port. Its worker is off: a test runs what is due with `run_jobs`."""

    def __init__(self, database_url: str, folder: Path, profile: str = "rhone") -> None:
        # The protocol is named for asyncio, which else leaves Nagle's algorithm on: every other answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._clock_file = folder / "clock"
        settings = Settings(
            issuer=self.url,
            database_url=database_url,
            key_file=folder / "key.json",
            clock_file=self._clock_file,
            worker_seconds=0,
            unauthenticated_per_minute=100_000,
        )
        self.core_banking = SimulatedCoreBanking(delay=timedelta(0), failure_reason=None)
        built = build_gateway(settings, load_profile(PROFILES / f"{profile}.toml"))
        self.gateway = dataclasses.replace(built, core_banking=self.core_banking)
        upgrade(self.gateway.db)
        create_officer(self.gateway.db, OFFICER_USERNAME, OFFICER_NAME, OFFICER_PASSWORD)
        create_officer(self.gateway.db, COLLEAGUE_USERNAME, COLLEAGUE_NAME, OFFICER_PASSWORD)
        self.officer = OfficerAtDesk(self.url)
        self.colleague = OfficerAtDesk(self.url, COLLEAGUE_USERNAME)
        self._server = uvicorn.Server(uvicorn.Config(build_app(self.gateway), log_level="info", access_log=False))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Bank:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self.gateway.db.dispose()

    def today(self) -> date:
        return self.gateway.clock.today()

    def set_clock(self, when: date | datetime | None) -> None:
        self._clock_file.write_text("" if when is None else when.isoformat(), encoding="ascii")

    def days_pass(self, days: int) -> date:
        """Move the business date, and do what became due."""
        day = self.today() + timedelta(days=days)
        self.set_clock(day)
        self.run_jobs()
        return day

    def run_jobs(self) -> None:
        jobs.run_due(self.gateway)

    def approve(self, client_id: str) -> None:
        self._set_status(client_id, ClientStatus.APPROVED)

    def suspend(self, client_id: str) -> None:
        self._set_status(client_id, ClientStatus.SUSPENDED)

    def _set_status(self, client_id: str, status: ClientStatus) -> None:
        with self.gateway.unit_of_work() as uow:
            set_status(uow, client_id, status, None)
