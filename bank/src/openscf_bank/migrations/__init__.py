"""Alembic migrations, run by `openscf-bank migrate` and at the start of `serve`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ..kit.db import Database

# Any constant: two servers that start at once migrate one after the other.
MIGRATION_LOCK = 0x0B5CF


def config(database: Database) -> Config:
    """Alembic's configuration for one database, without an ini file."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    configuration.attributes["database"] = database
    return configuration


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version; several servers may do this at once."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        configuration = config(database)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
