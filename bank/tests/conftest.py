"""One bank per database for the whole run, a new ERP per test.

The suite runs on SQLite, and on PostgreSQL where SCF_TEST_PG names a server (`host=/tmp/x port=5432 user=odoo`, a role
that may create databases). SCF_REQUIRE_PG=1 makes it an error to run without.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

sys.path.insert(0, str(Path(__file__).parent))

from erp import Erp
from server import Bank

POSTGRESQL = os.environ.get("SCF_TEST_PG", "")
REQUIRED = os.environ.get("SCF_REQUIRE_PG") == "1"
BACKENDS = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    if REQUIRED and not POSTGRESQL:
        raise pytest.UsageError("SCF_REQUIRE_PG=1, but SCF_TEST_PG does not name a PostgreSQL server.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not POSTGRESQL:
        terminalreporter.write_line("bank: SQLite only; the PostgreSQL half was deselected, SCF_TEST_PG is not set")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if POSTGRESQL:
        return
    left_out = [
        item for item in items if getattr(item, "callspec", None) and "postgresql" in item.callspec.params.values()
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('bank') / 'bank.sqlite'}"
        return
    name = f"scf_bank_test_{os.getpid()}"
    with psycopg.connect(POSTGRESQL, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
        server = conninfo_to_dict(POSTGRESQL)
        yield (
            f"postgresql://{server.get('user', '')}@/{name}"
            f"?host={server.get('host', 'localhost')}&port={server.get('port', '5432')}"
        )
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def served(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Rhône Crédit, served over HTTP."""
    with Bank(database_url, tmp_path_factory.mktemp("served")) as bank:
        yield bank


@pytest.fixture
def bank(served: Bank) -> Iterator[Bank]:
    """The bank, on its wall clock again afterwards."""
    served.set_clock(None)
    yield served
    served.set_clock(None)


@pytest.fixture
def erp(bank: Bank) -> Erp:
    """An ERP that the bank approved."""
    return Erp.approved(bank)
