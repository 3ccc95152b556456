"""The servers that stay up after `./scf demo`: Odoo and two banks, each with a pid file, a log and a health check."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scf_tool import ports
from scf_tool.failure import CannotRun

START_SECONDS = 120
STOP_SECONDS = 15


@dataclass(frozen=True)
class Service:
    """A server of this checkout.

    :ivar health: path that answers 200 once it serves.
    :ivar variable: the setting that moves its port.
    """

    name: str
    argv: list[str]
    port: int
    variable: str
    health: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "log" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / "run" / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The running server's process; a number that the system gave to another process since does not count."""
        try:
            pid, started = self.pid_file.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return None
        return int(pid) if process_start(int(pid)) == started else None

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self.health, timeout=5) as answer:  # noqa: S310 - our own http address
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def start(self) -> bool:
        """Start the server and wait until it serves; tells whether it had to be started.

        :raises CannotRun: the port is taken, or the server ended or did not answer in time.
        """
        if self.pid():
            self._wait()
            return False
        ports.require_free(self.port, variable=self.variable, purpose=self.name)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )
        self.pid_file.write_text(f"{process.pid} {process_start(process.pid)}", encoding="utf-8")
        self._wait(process)
        return True

    def stop(self) -> bool:
        """End the server and what it started; tells whether it ran."""
        pid = self.pid()
        if pid:
            os.killpg(pid, signal.SIGTERM)
            if not _gone(pid, STOP_SECONDS):
                os.killpg(pid, signal.SIGKILL)
                _gone(pid, STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)
        return pid is not None

    def _wait(self, process: subprocess.Popen[bytes] | None = None) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.healthy():
            ended = process.poll() is not None if process else self.pid() is None
            if ended or time.monotonic() > deadline:
                last = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
                self.stop()
                why = "ended at once" if ended else f"does not answer on {self.url} after {START_SECONDS} s"
                raise CannotRun(f"{self.name} {why}; its log ends:\n{last}\n(whole log: {self.log})")
            time.sleep(0.2)


def process_start(pid: int) -> str | None:
    """When the kernel started `pid`, in ticks since boot: with the number it names one process for good.

    None for a process that is gone or waits for its parent to notice its end.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def _gone(pid: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while process_start(pid) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
