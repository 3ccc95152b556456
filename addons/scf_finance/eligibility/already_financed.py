"""One asset has one financier: an order and its invoices are the same sale or purchase; goods are what they become."""

from .facts import DISTRIBUTOR_FINANCE, INVENTORY_LOAN
from .findings import Finding, Fix


def check_already_financed(facts, env):
    """Refuse a document that an open application holds, itself or through what is the same sale or purchase.

    One on which a bank lost its money is refused for good.
    """
    is_purchase = facts.technique == DISTRIBUTOR_FINANCE
    for claim in facts.claims:
        if claim.was_given_up:
            sentence = env._(
                "A bank wrote off the loan on %(document)s (%(application)s): it can't be financed again.",
                document=claim.document_name,
                application=claim.application_name,
            )
            return Finding("written_off", "stop", sentence, Fix.APPLICATION, claim.application_id)
        if claim.document_name == facts.name:
            sentence = env._(
                "%(document)s is already being financed by %(application)s.",
                document=facts.name,
                application=claim.application_name,
            )
        elif claim.by_goods:
            sentence = _of_goods(facts, claim, env)
        elif is_purchase:
            sentence = env._(
                "%(other)s, which belongs to the same purchase, is already being financed by %(application)s.",
                other=claim.document_name,
                application=claim.application_name,
            )
        else:
            sentence = env._(
                "%(other)s, which belongs to the same sale, is already being financed by %(application)s.",
                other=claim.document_name,
                application=claim.application_name,
            )
        fix = Fix.APPLICATION if claim.application_id else None
        return Finding("already_financed", "stop", sentence, fix, claim.application_id)
    if is_purchase:
        return Finding("not_financed", "ok", env._("No other financing rests on this purchase."))
    return Finding("not_financed", "ok", env._("No other financing rests on this sale."))


def _of_goods(facts, claim, env):
    """Say which goods are financed already, in the form in which the document has them."""
    if facts.technique == DISTRIBUTOR_FINANCE:
        return env._(
            "Goods that came with %(document)s are pledged for %(application)s.",
            document=facts.name,
            application=claim.application_name,
        )
    if facts.technique == INVENTORY_LOAN:
        return env._(
            "The goods of %(document)s are financed by %(application)s, which paid for them and is repaid out of their "
            "sale.",
            document=facts.name,
            application=claim.application_name,
        )
    return env._(
        "The goods on %(document)s are financed by %(application)s, which is repaid out of this sale.",
        document=facts.name,
        application=claim.application_name,
    )
