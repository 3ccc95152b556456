"""May these goods be pledged: are they there, the company's own, free, worth something, and fit to be sold?"""

from .findings import Finding, Fix
from .statable import is_name


def check_goods_state(facts, env):
    """Refuse goods that a bank holds already, and those that it has let go: they are proposed anew."""
    if facts.state == "active":
        return Finding("goods_pledged", "stop", env._("The goods of %s are pledged already.", facts.name))
    if facts.state == "dropped":
        return Finding(
            "goods_dropped", "stop", env._("The financing that %s was for ended: pledge the goods anew.", facts.name)
        )
    if facts.state == "released":
        return Finding(
            "goods_released", "stop", env._("The bank has released the goods of %s: pledge them anew.", facts.name)
        )
    return Finding("goods_proposed", "ok", env._("The goods are proposed to the banks and free until one takes them."))


def check_goods_place(facts, env):
    """Refuse what is not kept in stock, and places that are not the company's own stock."""
    goods = facts.goods
    if not goods.is_storable:
        return Finding(
            "not_storable",
            "stop",
            env._("%s is not kept in stock: there is nothing to pledge.", goods.label),
            Fix.PRODUCT,
        )
    if not goods.is_own_place:
        return Finding(
            "not_own_place",
            "stop",
            env._(
                "%(place)s is no location of the company's own stock (any more), so nobody could hold %(goods)s there.",
                place=goods.place,
                goods=goods.label,
            ),
        )
    return None


def check_goods_there(facts, env):
    """Refuse goods that are not there, that belong to somebody else, and quantities that the books can't tell."""
    goods = facts.goods
    if goods.is_negative:
        return Finding(
            "negative_stock",
            "stop",
            env._(
                "In %(place)s the books carry less than nothing of %(goods)s, so they don't tell what is there. Count "
                "the goods first.",
                place=goods.place,
                goods=goods.label,
            ),
            Fix.STOCK,
        )
    if goods.on_hand < goods.quantity and goods.consigned > 0:
        return Finding(
            "consigned",
            "stop",
            env._(
                "%(consigned)s %(unit)s of %(goods)s in %(place)s belong to somebody else: only %(own)s are the "
                "company's own to pledge.",
                consigned=_number(goods.consigned),
                unit=goods.unit,
                goods=goods.label,
                place=goods.place,
                own=_number(goods.on_hand),
            ),
            Fix.STOCK,
        )
    if goods.on_hand < goods.quantity:
        return Finding(
            "goods_gone",
            "stop",
            env._(
                "Of %(goods)s only %(on_hand)s %(unit)s are left in %(place)s; %(quantity)s were to be pledged.",
                goods=goods.label,
                on_hand=_number(goods.on_hand),
                unit=goods.unit,
                place=goods.place,
                quantity=_number(goods.quantity),
            ),
            Fix.STOCK,
        )
    return None


def check_goods_free(facts, env):
    """Refuse goods that another pledge holds, or that a transfer is about to take."""
    goods = facts.goods
    if goods.on_hand < goods.quantity:
        return None  # `check_goods_there` has said so
    if goods.on_hand < goods.held:
        return Finding(
            "pledged_elsewhere",
            "stop",
            env._(
                "Of %(goods)s in %(place)s, %(held)s %(unit)s would be pledged and only %(on_hand)s are there: another "
                "pledge holds the rest.",
                goods=goods.label,
                place=goods.place,
                held=_number(goods.held),
                unit=goods.unit,
                on_hand=_number(goods.on_hand),
            ),
            Fix.STOCK,
        )
    if goods.free < goods.quantity:
        return Finding(
            "goods_reserved",
            "stop",
            env._(
                "%(reserved)s %(unit)s of %(goods)s in %(place)s are reserved for transfers, so only %(free)s are free "
                "to be pledged. Pledge less, or unreserve them.",
                reserved=_number(goods.reserved),
                unit=goods.unit,
                goods=goods.label,
                place=goods.place,
                free=_number(max(goods.free, 0)),
            ),
            Fix.STOCK,
        )
    return Finding("goods_free", "ok", env._("The goods are there, and neither reserved nor pledged to anybody else."))


def check_goods_value(facts, env):
    """Refuse goods without cost, of which nobody could say what they are worth, and warn of those that don't sell."""
    goods = facts.goods
    if facts.total <= 0:
        return Finding(
            "no_cost",
            "stop",
            env._("%s has no cost, so it is worth nothing to a bank. Fill in the cost of the product.", goods.label),
            Fix.PRODUCT,
        )
    if goods.expires_on and goods.expires_on <= facts.today:
        return Finding(
            "lot_expired",
            "stop",
            env._("%(goods)s expired on %(day)s: no bank lends on it.", goods=goods.label, day=goods.expires_on),
        )
    if goods.expires_on and facts.expected_payment and goods.expires_on <= facts.expected_payment:
        return Finding(
            "lot_expires",
            "warn",
            env._(
                "%(goods)s expires on %(day)s, before it is expected to be sold: a bank may decline it.",
                goods=goods.label,
                day=goods.expires_on,
            ),
        )
    if goods.days_to_sell is None:
        return Finding(
            "goods_unsold",
            "warn",
            env._("Nothing of %s went out in the last 12 months: a bank may decline it.", goods.label),
        )
    return None


def check_goods_names(facts, env):
    """Refuse goods whose lot, code and name nobody could tell from others: their fingerprints are made of them."""
    if is_name(facts.name) and is_name(facts.goods.label):
        return None
    return Finding(
        "number_nameless",
        "stop",
        env._(
            "“%s” has no letter or digit, so that no bank could tell the goods from others. Rename the product or its "
            "lot.",
            facts.goods.label if is_name(facts.name) else facts.name,
        ),
        Fix.PRODUCT,
    )


def check_goods_not_financed(facts, env):
    """Refuse goods that an open application holds, or whose purchase a bank pays for."""
    for claim in facts.claims:
        if claim.document_name == facts.name:
            sentence = env._(
                "%(document)s is already being financed by %(application)s.",
                document=facts.name,
                application=claim.application_name,
            )
        else:
            sentence = env._(
                "%(goods)s came with %(other)s, which is already being financed by %(application)s.",
                goods=facts.goods.label,
                other=claim.document_name,
                application=claim.application_name,
            )
        return Finding("already_financed", "stop", sentence, Fix.APPLICATION, claim.application_id)
    return Finding("not_financed", "ok", env._("No other financing rests on these goods."))


def _number(quantity) -> str:
    return f"{quantity.normalize():f}" if quantity else "0"
