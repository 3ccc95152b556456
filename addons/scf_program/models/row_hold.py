from odoo.tools import SQL


def hold(records):
    """Make concurrent transactions on these rows run one after the other.

    The rows are written, not only locked: under snapshot isolation a second transaction that merely waited would still
    not see what the first one did. It waits here, fails when the first one has committed, and is tried again by the
    server, or by the job, that runs it.
    """
    if not records:
        return
    records.env.flush_all()
    records.env.cr.execute(
        SQL(
            "UPDATE %(table)s SET write_date = write_date WHERE id IN %(ids)s",
            table=SQL.identifier(records._table),
            ids=tuple(sorted(records.ids)),
        )
    )
    # Nothing that was read before the rows were held counts any more.
    records.env.invalidate_all()
