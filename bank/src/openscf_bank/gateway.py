"""The gateway's parts in one place, and the unit of work through which everything is changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from openscf.keys import SigningKey
from sqlalchemy.orm import Session

from .events.nudge import Nudger
from .kit.clock import BusinessClock
from .kit.core_banking import CoreBanking, SimulatedCoreBanking
from .kit.db import Database
from .kit.idempotency import RunningRequests
from .kit.limits import RateLimiter
from .kit.signing import load_or_create_key
from .profile import Profile
from .settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """Everything a request needs that outlives it."""

    settings: Settings
    profile: Profile
    db: Database
    clock: BusinessClock
    key: SigningKey
    core_banking: CoreBanking
    nudger: Nudger
    running: RunningRequests = field(default_factory=RunningRequests)
    limiter: RateLimiter = field(default_factory=lambda: RateLimiter(600))

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """A write transaction. After its commit the follow-ups run, and clients with new events are nudged."""
        with self.db.write() as session:
            uow = UnitOfWork(gateway=self, session=session, now=self.clock.now())
            yield uow
        uow.committed()


@dataclass
class UnitOfWork:
    """One write transaction at one business time.

    Whoever changes what belongs to a client locks the client first (clients.repository.lock): this is the only lock
    order, it keeps a client's events in commit order, and two requests about the same thing wait for each other.
    """

    gateway: Gateway
    session: Session
    now: datetime
    nudged_urls: set[str] = field(default_factory=set)
    _follow_ups: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, step: Callable[[], None]) -> None:
        """Run `step` once this is committed. The step must be one that the worker would find and do anyway."""
        self._follow_ups.append(step)

    def committed(self) -> None:
        """Nudge and follow up; a follow-up that fails is logged and left to the worker."""
        for url in sorted(self.nudged_urls):
            self.gateway.nudger.nudge(url)
        for step in self._follow_ups:
            try:
                step()
            except Exception:
                logger.exception("A step after commit failed; the worker will take it up")


def build_gateway(settings: Settings, profile: Profile) -> Gateway:
    """Put the parts together. Opens no connection and starts no thread."""
    key = load_or_create_key(settings.key_file)
    return Gateway(
        settings=settings,
        profile=profile,
        db=Database(settings.database_url),
        clock=BusinessClock(settings.clock_file),
        key=key,
        core_banking=SimulatedCoreBanking(
            delay=timedelta(seconds=profile.disbursement.delay_seconds),
            failure_reason=profile.disbursement.failure_reason,
        ),
        nudger=Nudger(key=key, allow_private_addresses=profile.webhooks.allow_private_addresses),
        limiter=RateLimiter(settings.unauthenticated_per_minute),
    )
