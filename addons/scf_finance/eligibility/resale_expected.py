"""The sale of the goods repays the loan: when can that be expected?"""

from odoo.tools import format_list

from .findings import Finding


def check_resale(facts, env):
    """Say when the goods will be sold and paid for; warn where that is not known, or later than any bank lends for."""
    resale, longest = facts.resale, facts.longest_tenor_days
    if resale.days is None:
        return _unknown(resale, longest, env)
    if facts.banks and resale.days > longest:
        return Finding(
            "resale_slow",
            "warn",
            env._(
                "At the speed of the last 12 months, all of the goods are sold and paid for in %(days)s days; the "
                "banks lend for at most %(longest)s. Be ready to repay the rest from own money.",
                days=resale.days,
                longest=longest,
            ),
        )
    return Finding(
        "resale_expected", "ok", env._("The goods are expected to be sold and paid for in %s days.", resale.days)
    )


def _unknown(resale, longest, env):
    if resale.unsold:
        sentence = env._(
            "Nothing of %(goods)s was sold in the last 12 months, so nobody can tell when it will be: the money is "
            "asked for as long as the banks lend it, %(longest)s days.",
            goods=format_list(env, list(resale.unsold)),
            longest=longest,
        )
    elif resale.kits:
        sentence = env._(
            "%(kits)s comes and goes in its parts, so nobody can tell when all of them will be sold: the money is "
            "asked for as long as the banks lend it, %(longest)s days.",
            kits=format_list(env, list(resale.kits)),
            longest=longest,
        )
    else:
        sentence = env._(
            "There are no goods kept in stock in it, so nobody can tell when they are sold: the money is asked for as "
            "long as the banks lend it, %s days.",
            longest,
        )
    return Finding("resale_unknown", "warn", sentence)


def check_goods_tracked(facts, env):
    """Warn of services and of goods that are not kept in stock: no sale of theirs repays the loan."""
    if not facts.resale.untracked:
        return None
    return Finding(
        "goods_untracked",
        "warn",
        env._(
            "%s is not kept in stock, so its sale can't be followed and repays nothing of the loan.",
            format_list(env, list(facts.resale.untracked)),
        ),
    )
