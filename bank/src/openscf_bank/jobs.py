"""Work that is due: consents to close, offers to expire, payments to follow, decisions left over, rows to forget."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .applications import repository as applications
from .applications import service as application_service
from .consents import closing
from .consents import repository as consents
from .desk import repository as desk
from .distributors import repository as distributors
from .distributors import telling
from .gateway import Gateway
from .kit.clock import wall_time
from .kit.idempotency import IdempotencyRecord
from .loans import disbursement, drawdowns, extensions, line_end, lines
from .loans import repository as loans
from .members import jobs as members
from .members import repository as member_rows
from .oauth import repository as oauth
from .offers import repository as offers
from .offers import service as offer_service
from .packages import leftovers
from .payables import early, payout, settling
from .payables import repository as payables
from .prequalification import deciding as prequalification
from .prequalification import repository as batches
from .settings import IDEMPOTENCY_DAYS, LEFTOVER_DAYS

logger = logging.getLogger(__name__)

_Found = TypeVar("_Found")

# Pruning needs no haste: every so many rounds of the worker.
ROUNDS_BETWEEN_PRUNING = 600


def run_due(gateway: Gateway) -> None:
    """Do everything that is due now. Each item is a transaction of its own; one that fails does not stop the others."""
    now = gateway.clock.now()
    _each(gateway, lambda session: consents.expired(session, now), closing.expire)
    _each(gateway, applications.undecided_ids, application_service.decide)
    _each(gateway, lambda session: offers.overdue_ids(session, now), offer_service.expire)
    _each(gateway, lambda session: loans.overdue_extensions(session, now), extensions.expire)
    _each(gateway, loans.unpaid_ids, disbursement.advance)
    _each(gateway, lines.unpaid_references, drawdowns.advance)
    _each(gateway, lambda session: lines.ended_ids(session, now), line_end.end)
    _each(gateway, batches.undecided_ids, prequalification.decide_batch)
    _each(gateway, members.unreviewed_batches, members.review_members)
    _each(gateway, lambda session: member_rows.with_consent_over(session, now.date()), members.expire_consent)
    _each(gateway, lambda session: payables.to_pay(session, now.date()), payout.advance)
    _each(gateway, lambda session: payables.unanswered(session, now.date()), early.lapse)
    _each(gateway, lambda session: payables.unsettled(session, now.date()), settling.mark_overdue)
    _each(gateway, distributors.untold, telling.tell)
    _each(gateway, lambda session: distributors.to_buy_back(session, now.date()), telling.call_buy_back)


def prune(gateway: Gateway) -> None:
    """Forget what has expired: tokens, assertions, sessions, failed logins, answers older than the protocol asks,
    and documents that no package claims.
    """
    now = wall_time()
    with gateway.db.write() as session:
        oauth.prune(session, now)
        desk.prune(session, now)
        too_old = IdempotencyRecord.created_at < now - timedelta(days=IDEMPOTENCY_DAYS)
        session.execute(sa.delete(IdempotencyRecord).where(too_old))
        leftovers.erase(session, now - timedelta(days=LEFTOVER_DAYS))


def _each(
    gateway: Gateway, find: Callable[[Session], Sequence[_Found]], step: Callable[[Gateway, _Found], None]
) -> None:
    with gateway.db.read() as session:
        found = find(session)
    for identifier in found:
        try:
            step(gateway, identifier)
        except Exception:
            logger.exception("Due work on %s failed and is tried again", identifier)


class Worker:
    """A thread that looks for due work every `seconds`."""

    def __init__(self, gateway: Gateway, seconds: float) -> None:
        self._gateway = gateway
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the item in hand and end."""
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.wait(self._seconds):
            try:
                run_due(self._gateway)
                if rounds % ROUNDS_BETWEEN_PRUNING == 0:
                    prune(self._gateway)
            except Exception:
                logger.exception("A round of due work failed; the next one follows")
            rounds += 1
