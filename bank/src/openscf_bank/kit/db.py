"""The database: SQLite by default, PostgreSQL by URL, and one way to read and to write on either."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.orm import DeclarativeBase, Session

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# A writer on SQLite waits this long for the writer before it. The longest write verifies a 20 MiB package.
SQLITE_BUSY_SECONDS = 30


class Base(DeclarativeBase):
    """Base of every mapped table, with constraint names that are the same on both databases."""

    metadata = sa.MetaData(naming_convention=NAMING)


class Database:
    """Opens short transactions for reading and for writing.

    On SQLite a write transaction begins with ``BEGIN IMMEDIATE``, so that two writers queue instead of failing
    half-way; on PostgreSQL writers run side by side and take row locks, and readers see one snapshot (REPEATABLE READ).
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine = sa.create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_SECONDS})
            _use_explicit_begin(self.engine)
            self._reader = self.engine.execution_options(begin="BEGIN")
            self._writer = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        else:
            self.engine = sa.create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20)
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
            self._writer = self.engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent snapshot; whatever is changed in it is thrown away.

        What was read stays readable after the block.
        """
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends, and rolls back when it raises."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _use_explicit_begin(engine: Engine) -> None:
    """Let SQLAlchemy, not the sqlite3 module, decide when a transaction begins, and with which BEGIN."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")))
