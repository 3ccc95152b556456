"""What an anchor is told of the loans that its distributors take in its program, and nothing more of their business."""

from __future__ import annotations

from openscf.money import Money
from openscf.wire import Date, DocumentRef, Id, Text, WireModel

__all__ = ["BoughtDocument", "BuyBackCall", "ProgramDrawing", "ProgramRepayment"]


class BoughtDocument(DocumentRef):
    """A purchase from the anchor by the distributor's number; `issuer_number` is the anchor's own, of its invoice."""

    issuer_number: str | None = None


class ProgramDrawing(WireModel):
    """The event `program.drawn`: the bank paid the anchor. `document` is the first of the `documents` paid for."""

    member_id: Id
    document: BoughtDocument
    documents: tuple[BoughtDocument, ...]
    amount: Money
    paid_on: Date


class ProgramRepayment(WireModel):
    """The event `program.repaid`: so much of the principal came back; below 0 where a repayment was taken back."""

    member_id: Id
    amount: Money


class BuyBackCall(WireModel):
    """The event `program.buy_back`: a distributor is so late that the anchor takes the goods back at `amount`."""

    member_id: Id
    documents: tuple[BoughtDocument, ...]
    amount: Money
    message: Text
