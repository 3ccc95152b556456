from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.company import PEOPLE
from tests.parts.odoo_server import CHECKOUT, base_config, connect, copy_database, drop_database

TODAY = "2026-11-22"


def rows_of(database: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = connect(database)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()
    finally:
        connection.close()


@dataclass(frozen=True)
class LoadedBooks:
    """A database with the company in it, and what the loader wrote down about it."""

    database: str
    logins_file: Path

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.logins_file.read_text())

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return rows_of(self.database, query, *values)

    def load(self) -> str:
        """Runs the loader as `./scf demo` does; returns what it printed."""
        argv = [sys.executable, str(CHECKOUT / "tools/demo/load_company.py"), "--config", str(base_config())]
        argv += ["--database", self.database, "--logins", str(self.logins_file), "--today", TODAY]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=1800)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedBooks]:
    """The company, loaded once into a copy of the template."""
    database = f"scf_demo_{uuid.uuid4().hex[:8]}"
    copy_database(os.environ.get("SCF_TEMPLATE_DB", "scf_template"), database)
    try:
        install = [sys.executable, "-m", "odoo", "-c", str(base_config()), "-d", database]
        install += ["-i", "l10n_de", "--stop-after-init", "--no-http"]
        subprocess.run(install, check=True, capture_output=True, timeout=600)
        loaded = LoadedBooks(database=database, logins_file=tmp_path_factory.mktemp("demo") / "logins.json")
        loaded.load()
        yield loaded
    finally:
        drop_database(database)


@pytest.fixture(scope="session")
def people() -> list[str]:
    return [person.login for person in PEOPLE]
