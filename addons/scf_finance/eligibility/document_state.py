"""Is the document in a state in which a buyer owes, or will owe, money for it?"""

from .facts import PRE_SHIPMENT
from .findings import Finding, Fix


def check_document_state(facts, env):
    """Refuse orders that are not binding or are fully invoiced, and moves that are no open customer invoice."""
    if facts.technique == PRE_SHIPMENT:
        return _check_order(facts, env)
    return _check_invoice(facts, env)


def _check_order(facts, env):
    if facts.state == "cancel":
        return Finding("order_cancelled", "stop", env._("The order is cancelled."))
    if facts.state != "sale":
        return Finding(
            "order_not_confirmed", "stop", env._("Confirm the order first: a bank finances binding orders only.")
        )
    if facts.invoice_status == "invoiced":
        return Finding(
            "order_invoiced", "stop", env._("The order is fully invoiced. Finance its invoice instead."), Fix.INVOICES
        )
    if facts.open_amount <= 0:
        return Finding("order_paid", "stop", env._("The order is paid in full: nothing is left to finance."))
    return Finding("order_confirmed", "ok", env._("The order is confirmed and not yet fully invoiced."))


def _check_invoice(facts, env):
    if facts.move_type != "out_invoice":
        return Finding("not_an_invoice", "stop", env._("Only customer invoices can be financed."))
    if facts.state == "cancel":
        return Finding("invoice_cancelled", "stop", env._("The invoice is cancelled."))
    if facts.state != "posted":
        return Finding(
            "invoice_not_posted", "stop", env._("Confirm the invoice first: a draft is no claim on the buyer.")
        )
    if facts.payment_state == "reversed":
        return Finding("invoice_reversed", "stop", env._("The invoice was reversed by a credit note."))
    if facts.payment_state in ("paid", "in_payment") or facts.open_amount <= 0:
        return Finding("invoice_paid", "stop", env._("The invoice is paid: nothing is left to finance."))
    if facts.payment_state == "blocked":
        return Finding("invoice_blocked", "stop", env._("Payment of the invoice is blocked. Unblock it first."))
    return Finding("invoice_open", "ok", env._("The invoice is confirmed and open."))
