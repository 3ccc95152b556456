"""A claim that the buyer has not paid long after the due date is a dispute, not collateral."""

from .facts import RECEIVABLES_DISCOUNTING
from .findings import Finding

# Banks' usual cut-off for fundable receivables is 30 to 90 days past due; the strict end keeps surprises away.
MAX_DAYS_OVERDUE = 30


def check_overdue(facts, env):
    """Refuse invoices overdue by more than MAX_DAYS_OVERDUE, warn about those that are overdue at all."""
    if facts.technique != RECEIVABLES_DISCOUNTING or facts.days_to_payment >= 0:
        return None
    days = -facts.days_to_payment
    if days > MAX_DAYS_OVERDUE:
        return Finding(
            "invoice_overdue",
            "stop",
            env._(
                "The invoice is %(days)s days overdue; banks take at most %(limit)s. Collect it from the buyer first.",
                days=days,
                limit=MAX_DAYS_OVERDUE,
            ),
        )
    return Finding(
        "invoice_late", "warn", env._("The invoice is %(days)s days overdue: a bank may decline it.", days=days)
    )
