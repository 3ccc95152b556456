"""`python -m benchmarks.histories CONFIG DATABASE LINES UNRELATED_LINES`: give a copy of the template two histories."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, timezone

import psycopg2

from benchmarks.histories.multiplication import RELATIONS, drop_indexes, multiply, tables_of
from benchmarks.histories.stories import APPLICANT, LINES_PER_ORDER, UNRELATED, Cast, cast_companies

MEMORY = "-c work_mem=256MB -c maintenance_work_mem=512MB"
"""So that the rows of a long history are joined, and its indexes sorted, without temporary files."""


def load(config: str, database: str, lines: int, unrelated_lines: int) -> None:
    """Make both companies with Odoo, their histories with SQL, and let PostgreSQL look at what it got."""
    today = datetime.now(timezone.utc).date()
    orders = {APPLICANT: lines // LINES_PER_ORDER, UNRELATED: unrelated_lines // LINES_PER_ORDER}
    casts = _cast(config, database, today, orders)
    connection = psycopg2.connect(dbname=database, user=os.environ["SCF_PG_SUPERUSER"], options=MEMORY)
    with connection, connection.cursor() as cursor:
        indexes = drop_indexes(cursor, (*tables_of(casts[0]), *RELATIONS))
        for cast, count in zip(casts, orders.values(), strict=True):
            multiply(cursor, cast, orders=count, today=today)
    connection.autocommit = True
    with connection.cursor() as cursor:
        # First the vacuum: on rows with old versions PostgreSQL would not use a new index while anybody else's older
        # transaction runs.
        for statement in ("VACUUM", *indexes, "VACUUM ANALYZE"):
            cursor.execute(statement)
    connection.close()


def _cast(config: str, database: str, today: date, orders: dict[str, int]) -> list[Cast]:
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.sql_db import close_db
    from odoo.tools import config as odoo_config

    odoo_config.parse_config(["-c", config, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        casts = cast_companies(api.Environment(cursor, SUPERUSER_ID, {}), today, orders)
        cursor.commit()
    close_db(database)
    return casts


if __name__ == "__main__":
    load(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
