"""What was asked for a running loan, and what a buyer paid for it, as the protocol shows them."""

from __future__ import annotations

from openscf import wire
from openscf.money import round_money

from .models import BuyerPayment, Extension, Loan, Substitution


def extension_as_wire(extension: Extension, loan: Loan) -> wire.Extension:
    """An extension as it stands; `days` are the bank's once it has offered, the applicant's before."""
    fee = None
    if extension.fee is not None:
        fee = wire.Money(amount=round_money(extension.fee, loan.currency), currency=loan.currency)
    return wire.Extension(
        extension_id=extension.extension_id,
        days=extension.days or extension.asked_days,
        status=wire.ExtensionStatus(extension.status),
        fee=fee,
        due_date=extension.due_date,
        expires_at=extension.expires_at,
        message=extension.message,
    )


def substitution_as_wire(substitution: Substitution) -> wire.Substitution:
    """A substitution as it stands."""
    return wire.Substitution(
        substitution_id=substitution.substitution_id,
        released=tuple(wire.DocumentRef.model_validate(one) for one in substitution.released),
        status=wire.SubstitutionStatus(substitution.status),
        message=substitution.message,
    )


def buyer_payment_as_wire(payment: BuyerPayment, loan: Loan) -> wire.BuyerPayment:
    """What a buyer paid the bank."""
    return wire.BuyerPayment.model_validate(
        {
            "payment_id": payment.id,
            "document": {"kind": payment.document_kind, "number": payment.document_number},
            "amount": {"amount": round_money(payment.amount, loan.currency), "currency": loan.currency},
            "received_on": payment.received_on,
            "payer": payment.payer,
        }
    )
