"""The bank pays the supplier: he has to be somebody else, known, and payable on an account that was vouched for."""

from .findings import Finding, Fix
from .statable import is_name


def check_supplier(facts, env):
    """Refuse purchases without a supplier, from the company itself, and from one without a tax ID."""
    if not facts.counterparty_name:
        return Finding("no_supplier", "stop", env._("Choose the supplier first."))
    if facts.is_own_company:
        return Finding("own_company", "stop", env._("The supplier is the company itself: there is nobody to pay."))
    if not is_name(facts.counterparty_tax_id):
        return Finding(
            "supplier_tax_id_missing",
            "stop",
            env._(
                "%s has no tax ID. Fill it in on the contact: banks know the supplier by it.", facts.counterparty_name
            ),
            Fix.SUPPLIER,
            facts.supplier_id,
        )
    return None


def check_supplier_related(facts, env):
    """Warn of a supplier that stands close to the company: such a purchase may only move money."""
    if not facts.is_related or facts.is_own_company:
        return None
    return Finding(
        "supplier_related",
        "warn",
        env._(
            "%s stands close to the company: it shares its group, tax ID, bank account or people. A bank may decline.",
            facts.counterparty_name,
        ),
    )


def check_supplier_account(facts, env):
    """Refuse while the supplier has no bank account, or one that nobody vouched for: the bank pays him there."""
    if not facts.counterparty_name:
        return None
    if not facts.account_id:
        return Finding(
            "supplier_account_missing",
            "stop",
            env._("%s has no bank account. Enter it on the contact: the bank pays there.", facts.counterparty_name),
            Fix.SUPPLIER,
            facts.supplier_id,
        )
    if not facts.is_account_trusted:
        return Finding(
            "supplier_account_untrusted",
            "stop",
            env._(
                "The bank account of %s is not trusted, or it is archived or somebody else's. Somebody with the right "
                "“Validate bank account” checks its number with the supplier and turns on “Send Money” on it.",
                facts.counterparty_name,
            ),
            Fix.SUPPLIER_ACCOUNT,
            facts.account_id,
        )
    return Finding("supplier_account", "ok", env._("The account of %s is trusted.", facts.counterparty_name))
