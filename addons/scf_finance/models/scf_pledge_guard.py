"""The hard stop: no transaction ends with fewer goods in a place than the pledges there hold.

Whatever changes the ledger of quants says which products it touched; the sums are looked at once, when the transaction
is flushed for its end or for the end of a savepoint. Only the final state counts: goods may move inside their place.
See docs/decisions/0011-pledges-hold-sums.md.
"""

from odoo.exceptions import UserError
from odoo.tools import SQL

from .scf_pledge_claims import OPEN_STATES, open_products, read_claims

_TOUCHED = "scf_finance.touched_products"


def touch(env, product_ids) -> None:
    """Have these products looked at before the transaction ends."""
    if not product_ids:
        return
    waiting = env.cr.precommit.data
    if _TOUCHED not in waiting:
        waiting[_TOUCHED] = set()
        env.cr.precommit.add(lambda: _check_touched(env))
    waiting[_TOUCHED].update(product_ids)


def _check_touched(env) -> None:
    try:
        check_pledged(env, env.cr.precommit.data[_TOUCHED])
    except BaseException:
        # Whoever swallows this and commits all the same meets it again.
        env.cr.precommit.add(lambda: _check_touched(env))
        raise
    env.cr.precommit.data.pop(_TOUCHED)


def check_pledged(env, product_ids) -> None:
    """See that what is pledged of these products lies where it has to. One query where nothing is pledged.

    :raise UserError: where it does not
    """
    pledged = open_products(env) & set(product_ids)
    if not pledged:
        return
    # Written, not only locked: of two transactions that each take what the other one leaves, or one that takes and one
    # that activates a pledge, the second one fails and is tried again by the server, and then sees the first.
    env["scf.pledge"].flush_model()
    env.cr.execute(
        SQL(
            "UPDATE scf_pledge SET write_date = write_date WHERE product_id IN %s AND state IN %s",
            tuple(pledged),
            OPEN_STATES,
        )
    )
    broken = [claim for claim in read_claims(env, pledged) if is_broken(env, claim)]
    if broken:
        raise UserError("\n".join(_sentence(env, claim) for claim in broken))


def pledge_that_forbids(records, link, vals):
    """The first active pledge of one of the records whose values these would change; none where nothing is pledged.

    Read with full rights: the records are bound whoever may see the pledge.

    :param str link: path of fields from a pledge to its record
    """
    pledges = records.env["scf.pledge"].sudo()
    if pledges._in_use():
        for pledge in pledges.search([(link, "in", records.ids), ("state", "=", "active")]):
            if any(value != before(pledge.mapped(link), name) for name, value in vals.items()):
                return pledge
    return pledges.browse()


def before(record, name):
    """The value of a field as one would write it."""
    return record[name].id if record._fields[name].relational else record[name]


def is_broken(env, claim) -> bool:
    """Whether fewer goods lie in the place than have to stay there."""
    uom = env["product.product"].sudo().browse(claim.product_id).uom_id
    return uom.compare(claim.on_hand, claim.held) < 0


def _sentence(env, claim) -> str:
    # Read with full rights: whoever moves goods learns what binds them, whatever else he may see.
    product = env["product.product"].sudo().browse(claim.product_id)
    lot = env["stock.lot"].sudo().browse(claim.lot_id)
    place = env["stock.location"].sudo().browse(claim.location_id)
    pledges = env["scf.pledge"].sudo()._holding(claim)
    return env._(
        "%(held)s %(unit)s of %(goods)s are pledged to %(banks)s and have to stay in %(place)s, but only %(left)s "
        "would be left there. Ask the bank for their release first: open the pledge %(pledges)s.",
        held=_number(claim.held),
        unit=product.uom_id.name,
        goods=f"{product.display_name} ({lot.name})" if lot else product.display_name,
        banks=", ".join(sorted(set(pledges.mapped("bank_name")))),
        place=place.display_name,
        left=_number(claim.on_hand),
        pledges=", ".join(pledges.mapped("name")),
    )


def _number(quantity: float) -> str:
    return f"{quantity:.6f}".rstrip("0").rstrip(".")
