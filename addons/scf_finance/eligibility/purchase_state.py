"""Is the purchase one for which the supplier is, or will be, owed money?"""

from .findings import Finding, Fix
from .statable import is_name


def check_purchase_state(facts, env):
    """Refuse orders that are not binding or are fully billed, and moves that are no open vendor bill."""
    if facts.kind == "purchase_order":
        return _check_order(facts, env)
    return _check_bill(facts, env)


def _check_order(facts, env):
    if facts.state == "cancel":
        return Finding("order_cancelled", "stop", env._("The purchase order is cancelled."))
    if facts.state != "purchase":
        return Finding(
            "order_not_confirmed",
            "stop",
            env._("Confirm the purchase order first: a bank pays for binding orders only."),
        )
    if facts.invoice_status == "invoiced":
        return Finding(
            "order_billed",
            "stop",
            env._("The purchase order is fully billed. Have the bank pay its bill instead."),
            Fix.INVOICES,
        )
    if facts.open_amount <= 0:
        return Finding("order_paid", "stop", env._("The purchase order is paid in full: nothing is left to finance."))
    return Finding("order_confirmed", "ok", env._("The purchase order is confirmed and not yet fully billed."))


def _check_bill(facts, env):
    if facts.move_type != "in_invoice":
        return Finding("not_a_bill", "stop", env._("Only vendor bills can be paid by a bank."))
    if facts.state == "cancel":
        return Finding("bill_cancelled", "stop", env._("The bill is cancelled."))
    if facts.state != "posted":
        return Finding("bill_not_posted", "stop", env._("Confirm the bill first: a draft owes the supplier nothing."))
    if facts.payment_state == "reversed":
        return Finding("bill_reversed", "stop", env._("The bill was reversed by a credit note."))
    if facts.payment_state in ("paid", "in_payment") or facts.open_amount <= 0:
        return Finding("bill_paid", "stop", env._("The bill is paid: nothing is left to finance."))
    if facts.payment_state == "blocked":
        return Finding("bill_blocked", "stop", env._("Payment of the bill is blocked. Unblock it first."))
    return Finding("bill_open", "ok", env._("The bill is confirmed and open."))


def check_bill_number(facts, env):
    """Refuse bills without the supplier's own number, and those whose number another bill of his has too."""
    if facts.kind != "vendor_bill":
        return None
    if not is_name(facts.supplier_number):
        return Finding(
            "bill_number_missing",
            "stop",
            env._(
                "%s does not say which number the supplier gave it. Fill in the bill reference: banks know by it that "
                "nobody else finances the same invoice.",
                facts.name,
            ),
        )
    if facts.duplicate:
        return Finding(
            "bill_duplicate",
            "stop",
            env._(
                "%(other)s has the same number %(number)s of the same supplier. Cancel the one that is entered twice.",
                other=facts.duplicate,
                number=facts.supplier_number,
            ),
            Fix.BILL,
            facts.duplicate_id,
        )
    return None


def check_bill_overdue(facts, env):
    """Warn of a bill that is overdue: the supplier waits already."""
    if facts.kind != "vendor_bill" or not facts.due_on or facts.due_on >= facts.today:
        return None
    return Finding(
        "bill_overdue",
        "warn",
        env._("The bill is %s days overdue: a bank may ask why.", (facts.today - facts.due_on).days),
    )
