from odoo.exceptions import LockError, UserError
from odoo.tools import SQL


def hold(records, *, in_job=False):
    """Make concurrent transactions on these rows run one after the other.

    The rows are written, not only locked: under snapshot isolation a second transaction that merely waited would still
    not see what the first one did. A written row makes it fail and be tried again by the server, or by the job.

    :param bool in_job: nobody waits at a screen: wait for the other transaction
    :raise UserError: where another transaction holds one of them at this moment
    """
    if not records:
        return
    records.flush_recordset()
    try:
        if not in_job:
            records.lock_for_update(allow_referencing=True)
    except LockError:
        raise UserError(records.env._("Somebody else is working on this right now. Try again in a moment.")) from None
    records.env.cr.execute(
        SQL(
            "UPDATE %(table)s SET write_date = write_date WHERE id IN %(ids)s",
            table=SQL.identifier(records._table),
            ids=tuple(sorted(records.ids)),
        )
    )
    # Nothing that was read before the rows were held counts any more.
    records.env.invalidate_all()
