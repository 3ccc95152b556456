"""Who and what takes part in the story: three people in the ERP, the banks with an officer each, the documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from openscf_bank.testing import OfficerAtDesk

from demo.erp import Erp, Row
from demo.telling import Telling

T = TypeVar("T")
PATIENCE_SECONDS = 120
POLL_SECONDS = 0.7
FIELDS = {
    "sale.order": "sale_order_id",
    "account.move": "move_id",
    "purchase.order": "purchase_order_id",
    "scf.pledge": "pledge_id",
}


class StoryFailed(Exception):
    """Something did not happen as it should have; the message says what, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class BankOnStage:
    """A bank by its address, and the officer who sits at its desk."""

    url: str
    officer: OfficerAtDesk


@dataclass(frozen=True, kw_only=True)
class Document:
    """What can be financed: an invoice or order of the company, a purchase, or goods proposed as security."""

    model: str
    id: int
    name: str

    @property
    def field(self) -> str:
        """The field of scf.application.document that names it."""
        return FIELDS[self.model]


@dataclass(frozen=True, kw_only=True)
class Stage:
    admin: Erp
    mia: Erp
    jonas: Erp
    banks: tuple[BankOnStage, ...]
    url: str
    """Where Odoo is, for who comes by a browser."""
    documents: Mapping[str, Document]
    tell: Telling

    def company(self, *fields: str) -> Row:
        [row] = self.admin.search("res.company", [], *fields, limit=1)
        return row

    def bank_record(self, bank: BankOnStage, *fields: str) -> Row | None:
        """The ERP's record of the bank, None while it is not connected."""
        rows = self.admin.search("scf.bank", [("base_url", "=", bank.url)], "name", *fields, limit=1)
        return rows[0] if rows else None

    def bank_of(self, bank_id: int) -> BankOnStage:
        """The bank behind a record of scf.bank."""
        address = self.admin.read("scf.bank", bank_id, "base_url")["base_url"]
        return next(bank for bank in self.banks if bank.url == address)

    def until(self, what: str, probe: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS) -> T:
        """Asks `probe` until it gives something true, while the ERP looks for news.

        :raises StoryFailed: it did not come in time; the outbox's last error is quoted.
        """
        deadline = time.monotonic() + seconds
        while True:
            if found := probe():
                return found
            if time.monotonic() > deadline:
                raise StoryFailed(f"Waited {seconds:.0f} s in vain for {what}.{self._what_hinders()}")
            ids = [row["id"] for row in self.admin.search("scf.bank", [("client_id", "!=", False)])]
            if ids:
                self.admin.call("scf.bank", "action_check_now", ids)
            time.sleep(POLL_SECONDS)

    def expect(self, held: bool, sentence: str) -> None:
        """Prints what held, or ends the story with it."""
        if not held:
            raise StoryFailed(f"This does not hold: {sentence}")
        self.tell.good(sentence)

    def _what_hinders(self) -> str:
        waiting = self.admin.search(
            "scf.message", [("state", "in", ("queued", "dead", "refused"))], "verb", "state", "last_error", limit=3
        )
        failed = self.admin.search("scf.event", [("state", "=", "failed")], "type", "error", limit=3)
        words = [f" Outbox: {m['verb']} is {m['state']}, {m['last_error'] or 'no error yet'}." for m in waiting]
        return "".join(words + [f" Inbox: {e['type']} failed, {e['error']}." for e in failed])
