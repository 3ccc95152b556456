"""A real Odoo server on its own database copy, which a test can start, kill and speak to as a browser would."""

from __future__ import annotations

import configparser
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg2
import requests

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 240


class RpcError(Exception):
    """What the server answered instead of a result: `name` is the exception's class, `message` what the user reads."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def base_config() -> Path:
    return Path(os.environ.get("SCF_ODOO_CONF", CHECKOUT / ".scf" / "odoo.conf"))


def connect(database: str):
    """Open a connection by the host, port and role that the server's own configuration names."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(base_config())
    options = config["options"]
    return psycopg2.connect(host=options["db_host"], port=options["db_port"], user=options["db_user"], dbname=database)


def copy_database(template: str, name: str) -> None:
    with contextlib.closing(connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop_database(name: str) -> None:
    with contextlib.closing(connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Session:
    """One user's session: calls go the way the web client's go, so access rights are those of the screens."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self._url = url
        self._http = requests.Session()
        answer = self._post("/web/session/authenticate", {"db": database, "login": login, "password": password})
        self.uid: int = answer["uid"]

    def _post(self, path: str, params: dict[str, Any]) -> Any:
        response = self._http.post(
            self._url + path, json={"jsonrpc": "2.0", "method": "call", "params": params}, timeout=120
        )
        response.raise_for_status()
        answer = response.json()
        if "error" in answer:
            problem = answer["error"]["data"]
            raise RpcError(problem["name"], problem["message"])
        return answer.get("result")

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def download(self, path: str) -> bytes:
        """What a click on a link of that path brings."""
        response = self._http.get(self._url + path, timeout=120)
        response.raise_for_status()
        return response.content

    def create(self, model: str, **values: Any) -> int:
        [record_id] = self.call(model, "create", [values])
        return int(record_id)

    def read(self, model: str, record_id: int, *fields: str) -> dict[str, Any]:
        [row] = self.call(model, "read", [record_id], list(fields))
        return row

    def search_read(self, model: str, domain: list, *fields: str, **kwargs: Any) -> list[dict[str, Any]]:
        return self.call(model, "search_read", domain, list(fields), **kwargs)


class OdooServer:
    """`start()`, `kill()` (SIGKILL, as a power cut) and `start()` again on the same database and port."""

    def __init__(self, directory: Path, *, template: str | None = None) -> None:
        self.directory = directory
        self.database = f"scf_system_{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "odoo.log"
        self._process: subprocess.Popen[bytes] | None = None
        copy_database(template or os.environ.get("SCF_TEMPLATE_DB", "scf_template"), self.database)
        self._config = self._write_config()

    def _write_config(self) -> Path:
        config = configparser.ConfigParser(interpolation=None)
        config.read(base_config())
        config["options"].update(
            {
                "db_name": self.database,
                "http_interface": "127.0.0.1",
                "http_port": str(self.port),
                "gevent_port": str(free_port()),
                "data_dir": str(self.directory / "odoo-data"),
                "max_cron_threads": "1",
                "workers": "0",
                "list_db": "False",
            }
        )
        config["options"].pop("logfile", None)
        path = self.directory / "odoo.conf"
        with path.open("w") as file:
            config.write(file)
        return path

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "odoo", "-c", str(self._config)],
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=CHECKOUT,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise AssertionError(f"Odoo ended while starting:\n{self.log_tail()}")
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/web/health", timeout=2).ok:
                    return
            time.sleep(0.2)
        raise AssertionError(f"Odoo did not answer within {START_SECONDS} s:\n{self.log_tail()}")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it at once, with no chance to finish anything."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        self.kill()
        drop_database(self.database)

    def login(self, login: str, password: str) -> Session:
        return Session(self.url, self.database, login, password)

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
