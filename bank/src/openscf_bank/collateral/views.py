"""Releases and collateral as the protocol shows them."""

from __future__ import annotations

from openscf import wire
from openscf.wire import ReleaseStatus

from ..loans.models import Loan
from .cover import Cover
from .models import PledgedGoods, Release


def release_as_wire(release: Release, goods: PledgedGoods, currency: str) -> wire.Release:
    """One release as it stands."""
    waits = release.status == ReleaseStatus.WAITING.value and release.repay_first is not None
    return wire.Release.model_validate(
        {
            "release_id": release.release_id,
            "document": {"kind": "pledged_goods", "number": goods.number},
            "quantity": release.quantity,
            "status": release.status,
            "reference": release.reference,
            "released_on": release.released_on,
            "repay_first": {"amount": release.repay_first, "currency": currency} if waits else None,
            "message": release.message,
        }
    )


def as_wire(loan: Loan, cover: Cover) -> wire.Collateral:
    """The goods of a loan, as the bank holds them."""
    return wire.Collateral.model_validate(
        {
            "loan_id": loan.id,
            "goods": [
                {
                    "document": {"kind": "pledged_goods", "number": held.goods.number},
                    "description": held.goods.description,
                    "uom": held.goods.uom,
                    "pledged": held.goods.quantity,
                    "released": held.released,
                    "held": held.held,
                    "value": {"amount": cover.value_of(held), "currency": cover.currency},
                    "lending_value": {"amount": cover.lending_value_of(held), "currency": cover.currency},
                }
                for held in cover.goods
            ],
        }
    )
