"""A history of any length from a few sales: their rows copied by SQL, with keys, days, numbers and buyers of their own.

What Odoo wrote is copied column by column, so that a copy has everything that a sale made by hand would have; keys
between copied rows are found by the database's own foreign keys, which are not checked meanwhile: only PostgreSQL's
superuser may do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Composable, Composed, Identifier, Literal

from benchmarks.histories.stories import Cast

SPAN_DAYS = 1096
"""36 months: a third lies outside of the 24 that a package tells of."""
UNPAID_NEWEST = 1300
"""So many of the newest orders are unpaid, whatever the size of the history: four fifths of them have an invoice."""
COURSE = ("quotation", "cancelled", "paid", "paid", "paid", "paid", "paid", "late", "late", "late")
"""What becomes of ten orders, where the time was long enough for it; the others are delivered and invoiced."""
RELATIONS = (
    "account_tax_sale_order_line_rel",
    "sale_order_line_invoice_rel",
    "account_move_line_account_tax_rel",
    "account_move__account_payment",
)
NUMBERED = {
    ("sale_order", "name"),
    ("stock_picking", "name"),
    ("purchase_order", "name"),
    ("account_move", "name"),
    ("account_payment", "name"),
    ("scf_application", "name"),
    ("scf_application_document", "asset_key"),
    ("scf_submission", "reference"),
    ("scf_submission", "bank_application_ref"),
    ("scf_offer", "bank_offer_ref"),
    ("scf_loan", "name"),
    ("scf_loan", "bank_loan_ref"),
    ("scf_loan_entry", "bank_entry_ref"),
}

Copy = tuple[int, str, int, int]
"""Its number, the story's name, by how many days it is shifted, and the key of its buyer."""


def multiply(cursor, cast: Cast, *, orders: int, today: date) -> None:
    """Copy the sales of one company `orders` times over the days before `today`, and remove the originals.

    :param cursor: of PostgreSQL's superuser, on a database that nobody else uses
    """
    copy_stories(cursor, cast, _copies(cast, orders), RELATIONS)


def copy_stories(cursor, cast: Cast, copies: Sequence[Copy], relations: Sequence[str] = ()) -> None:
    """Copy the rows of each copy's story, with their `relations`, and remove the originals."""
    cursor.execute("SET session_replication_role = replica")
    tables = tables_of(cast)
    _tell_copies(cursor, cast, copies)
    bases = _number_rows(cursor, cast, tables)
    for table in (*tables, *relations):
        _copy_rows(cursor, cast, table, bases)
    for table in (*relations, *tables):
        _remove_originals(cursor, table, bases)
    for table in tables:
        cursor.execute(
            SQL("SELECT setval(pg_get_serial_sequence({name}, 'id'), (SELECT MAX(id) FROM {table}))").format(
                name=Literal(table), table=Identifier(table)
            )
        )
    cursor.execute("DROP TABLE copy, original, part")


def tables_of(cast: Cast) -> list[str]:
    """The tables whose rows are copied with keys of their own."""
    return list(cast.stories[0].rows)


def drop_indexes(cursor, tables: Iterable[str]) -> list[str]:
    """Drop what no constraint needs; gives the definitions, to build the indexes again when the rows are there."""
    cursor.execute(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)""",
        [list(tables)],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]


def _copies(cast: Cast, orders: int) -> list[Copy]:
    by_name = {story.name: story for story in cast.stories}
    copies = []
    for n in range(orders):
        days_ago = (orders - 1 - n) * SPAN_DAYS // orders
        story = by_name[COURSE[n % len(COURSE)]]
        is_unpaid = days_ago < story.days or n >= orders - UNPAID_NEWEST
        name = "open" if story.days and is_unpaid else story.name
        # Not every buyer orders as often: n² spreads them over the pool unevenly.
        copies.append((n, name, -days_ago, cast.pool_of_buyers[n * n % len(cast.pool_of_buyers)]))
    return copies


def _tell_copies(cursor, cast: Cast, copies: Sequence[Copy]) -> None:
    """`copy`: which story, which buyer and which day each copy has, and `part`: who stands in for a product."""
    cursor.execute("CREATE TEMP TABLE copy (n int, story varchar, shift int, buyer_id int)")
    execute_values(cursor, "INSERT INTO copy VALUES %s", copies, page_size=10_000)
    cursor.execute("CREATE TEMP TABLE part (product_id int, place int)")
    if cast.product_ids:
        execute_values(cursor, "INSERT INTO part VALUES %s", [(key, at) for at, key in enumerate(cast.product_ids)])
    cursor.execute("ANALYZE copy")


def _number_rows(cursor, cast: Cast, tables: list[str]) -> dict[str, tuple[int, int]]:
    """`original`: the place of each original in its table and story. Gives where the copies' keys begin, and how many
    each copy takes of them.
    """
    cursor.execute("CREATE TEMP TABLE original (tab varchar, id int, story varchar, place int)")
    places = [
        (table, row_id, story.name, place)
        for story in cast.stories
        for table in tables
        for place, row_id in enumerate(story.rows[table])
    ]
    execute_values(cursor, "INSERT INTO original VALUES %s", places)
    bases = {}
    for table in tables:
        cursor.execute(SQL("SELECT COALESCE(MAX(id), 0) + 1 FROM {}").format(Identifier(table)))
        bases[table] = cursor.fetchone()[0], max(len(story.rows[table]) for story in cast.stories)
    return bases


def _columns(cursor, table: str) -> list[tuple[str, str, str | None]]:
    """Name, type, and the table that it refers to, of each column."""
    cursor.execute(
        """SELECT attname, format_type(atttypid, NULL), confrelid::regclass::text
             FROM pg_attribute
             LEFT JOIN pg_constraint ON conrelid = attrelid AND contype = 'f' AND conkey = ARRAY[attnum]
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
            ORDER BY attnum""",
        [table],
    )
    return cursor.fetchall()


def _copy_rows(cursor, cast: Cast, table: str, bases: dict[str, tuple[int, int]]) -> None:
    columns = _columns(cursor, table)
    joins: list[Composable] = []
    values: list[Composable] = []
    for at, (column, type_name, referred) in enumerate(columns):
        source, alias = SQL("row.{}").format(Identifier(column)), Identifier(f"o{at}")
        if column == "id":
            referred = table
        if referred in bases:
            joins.append(_join_original(referred, source, alias))
            base, width = bases[referred]
            values.append(SQL("COALESCE({} + copy.n * {} + {}.place, {})").format(
                Literal(base), Literal(width), alias, source
            ))  # fmt: skip
        elif referred == "res_partner":
            buyer = Literal(cast.buyer_id)
            values.append(SQL("CASE WHEN {0} = {1} THEN copy.buyer_id ELSE {0} END").format(source, buyer))
        elif referred == "product_product":
            joins.append(SQL("LEFT JOIN part {0} ON {0}.product_id = {1}").format(alias, source))
            values.append(SQL("COALESCE(({pool})[1 + (copy.n * {step} + {part}.place) % {size}], {source})").format(
                pool=SQL("{}::int[]").format(Literal(cast.pool_of_products)), step=Literal(len(cast.product_ids)),
                part=alias, size=Literal(len(cast.pool_of_products)), source=source,
            ))  # fmt: skip
        elif type_name == "date":
            values.append(SQL("{} + copy.shift").format(source))
        elif type_name.startswith("timestamp"):
            values.append(SQL("{} + MAKE_INTERVAL(days => copy.shift)").format(source))
        elif (table, column) in NUMBERED:
            values.append(SQL("{} || '-' || copy.n").format(source))
        else:
            values.append(source)
    statement = SQL(
        "INSERT INTO {table} ({columns}) "
        "SELECT {values} FROM ({rows}) row JOIN copy ON copy.story = row.told_in {joins}"
    )
    cursor.execute(
        statement.format(
            table=Identifier(table),
            columns=SQL(", ").join(Identifier(column) for column, *_rest in columns),
            values=SQL(", ").join(values),
            rows=_originals(table, columns, bases),
            joins=SQL(" ").join(joins),
        )
    )


def _join_original(referred: str, source: Composable, alias: Composable) -> Composed:
    return SQL("LEFT JOIN original {0} ON {0}.tab = {1} AND {0}.id = {2}").format(alias, Literal(referred), source)


def _originals(table: str, columns: list[tuple[str, str, str | None]], bases: dict[str, tuple[int, int]]) -> Composed:
    """The originals of `table` with the name of their story; rows of a relation belong to the row that they name."""
    column, owner = _owner(table, columns, bases)
    return SQL(
        "SELECT kept.*, original.story AS told_in FROM {table} kept "
        "JOIN original ON original.tab = {owner} AND original.id = kept.{column}"
    ).format(table=Identifier(table), owner=Literal(owner), column=Identifier(column))


def _owner(table: str, columns, bases) -> tuple[str, str]:
    if table in bases:
        return "id", table
    return next((column, referred) for column, _type, referred in columns if referred in bases)


def _remove_originals(cursor, table: str, bases: dict[str, tuple[int, int]]) -> None:
    column, owner = _owner(table, _columns(cursor, table), bases)
    cursor.execute(
        SQL("DELETE FROM {table} WHERE {column} IN (SELECT id FROM original WHERE tab = {owner})").format(
            table=Identifier(table), column=Identifier(column), owner=Literal(owner)
        )
    )
