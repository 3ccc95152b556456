"""May the company have a line: is none running in the currency, and is there a history that one could stand on?"""

from .findings import Finding, Fix

# Fewer months with money from customers are no average.
LEAST_MONTHS = 3


def check_line_free(facts, env):
    """Refuse a second line in the currency: while one is asked for or runs, it stands on the same collections."""
    for claim in facts.claims:
        return Finding(
            "line_running",
            "stop",
            env._(
                "A line in %(currency)s is already asked for or running (%(application)s). Draw on it, or let it end.",
                currency=facts.currency,
                application=claim.application_name,
            ),
            Fix.APPLICATION,
            claim.application_id,
        )
    return Finding("line_free", "ok", env._("No other line in %s stands on what customers pay.", facts.currency))


def check_line_collections(facts, env):
    """Refuse a line where too little came in from customers to tell what a month brings."""
    if facts.months_with_money < LEAST_MONTHS:
        return Finding(
            "line_history_short",
            "stop",
            env._(
                "Customers paid in %(currency)s in %(months)s of the last 12 months; a line needs %(least)s. Only "
                "payments that are matched with invoices count: match those that are not.",
                currency=facts.currency,
                months=facts.months_with_money,
                least=LEAST_MONTHS,
            ),
            Fix.RECEIVABLES,
        )
    return Finding(
        "line_collections",
        "ok",
        env._("Customers paid in %(months)s of the last 12 months.", months=facts.months_with_money),
    )
