"""What the company has to configure before money can be booked and drawn."""

from .findings import Finding, Fix


def check_tax_id(facts, env):
    """Refuse while the company has no tax ID or country: they identify the seller in every package."""
    if facts.missing_tax_id:
        return Finding(
            "tax_id_missing",
            "stop",
            env._("The company has no tax ID or no country. Fill them in on the company: banks know it by them."),
            Fix.COMPANY,
        )
    return None


def check_accounts(facts, env):
    """Refuse while the financing journal or one of its accounts is missing."""
    if facts.missing_accounts:
        return Finding(
            "accounts_missing",
            "stop",
            env._("The financing journal and accounts are not set. Create them in the settings with one click."),
            Fix.SETTINGS,
        )
    return None


def check_collection_account(facts, env):
    """Refuse while no collection account is assigned, or one that nobody vouched for.

    The bank pays out to it and draws repayments from it. Whoever may edit contacts may enter accounts, but only who
    may validate bank accounts can trust one, and a trusted one keeps its number and its holder.
    """
    if facts.missing_collection_account:
        return Finding(
            "collection_account_missing",
            "stop",
            env._(
                "No collection account is chosen. Choose in the settings the bank account that your customers pay to."
            ),
            Fix.SETTINGS,
        )
    if facts.untrusted_collection_account:
        return Finding(
            "collection_account_untrusted",
            "stop",
            env._(
                "The collection account is not trusted, or it is archived or not the company's own. Somebody with the "
                "right “Validate bank account” checks its number and turns on “Send Money” on it, or an administrator "
                "chooses another account in the settings."
            ),
            Fix.SETTINGS,
        )
    return Finding("collection_account", "ok", env._("The collection account is assigned."))
