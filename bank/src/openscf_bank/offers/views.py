"""Offers as the protocol shows them."""

from __future__ import annotations

from openscf import wire

from .models import Offer


def as_wire(offer: Offer) -> wire.Offer:
    """One offer."""
    return wire.Offer(
        id=offer.id,
        loan_application_id=offer.application_id,
        status=wire.OfferStatus(offer.status),
        created_at=offer.created_at,
        expires_at=offer.expires_at,
        terms_sha256=offer.terms_sha256,
        terms=wire.OfferTerms.model_validate(offer.terms),
    )
