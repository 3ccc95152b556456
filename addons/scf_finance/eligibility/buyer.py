"""A claim needs a debtor who is somebody else."""

from .findings import Finding


def check_buyer(facts, env):
    """Refuse documents without a buyer and those that the company wrote to itself."""
    if not facts.counterparty_name:
        return Finding("no_buyer", "stop", env._("Choose the customer first."))
    if facts.is_own_company:
        return Finding("own_company", "stop", env._("The buyer is the company itself: there is no claim to finance."))
    return None
