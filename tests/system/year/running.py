"""The year, day by day: requests and incidents as planned, the nightly jobs, and the end of each month."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from odoo.sql_db import BaseCursor
from odoo.tools import config

from tests.system.year.banks import open_banks
from tests.system.year.company import Company, open_registry
from tests.system.year.month_end import Found, MonthEnd, month_ends
from tests.system.year.moved_clock import moved_clock
from tests.system.year.own_account import OwnAccount
from tests.system.year.plan import FIRST_DAY, YEAR, Financing, Incident, days, plan
from tests.system.year.trade import Trade

# From then on the bank behind the wire is killed once, as soon as it has taken the report of a payment.
POWER_CUT_FROM = dt.date(YEAR, 5, 2)
WHILE_A_BANK_RESTS = dt.timedelta(hours=2)


def main(argv: list[str]) -> int:
    """Run the year on a database and write what was found to a file; see `tests/system/test_year.py`."""
    database, configuration, report, loans, seed = argv
    begun = time.perf_counter()
    config.parse_config(["-c", configuration, "-d", database, "--no-http"], setup_logging=True)
    found = live(database, int(loans), int(seed))
    found["seconds"] = round(time.perf_counter() - begun, 1)
    found["cpu_seconds"] = round(sum(os.times()[:4]), 1)
    Path(report).write_text(json.dumps(found, indent=1, default=str), encoding="utf-8")
    return 0


def live(database: str, loans: int, seed: int) -> dict[str, Any]:
    """Live through the year, and tell what was found, as JSON can say it."""
    financings, incidents = plan(loans, seed)
    with open_banks() as banks, open_registry(database) as env, moved_clock(FIRST_DAY) as clock:
        # What Odoo calls the time of the transaction is the database's, which nobody moves.
        BaseCursor.now = lambda _cursor: clock.now.replace(tzinfo=None)
        banks.follow(clock)
        company = Company(env, clock, banks)
        year = Year(company, Trade(company), financings, incidents)
        year.live()
        return year.found()


class Year:
    """The days on which something happens, in their order; the others pass by themselves."""

    def __init__(self, company: Company, trade: Trade, financings: list[Financing], incidents: list[Incident]) -> None:
        self.company, self.trade = company, trade
        self.own_account = OwnAccount(company)
        self.month_end = MonthEnd(company, trade, self.own_account)
        self.requests, self.incidents = defaultdict(list), defaultdict(list)
        for financing in financings:
            self.requests[financing.on].append(financing)
        for incident in incidents:
            self.incidents[incident.on].append(incident)
        self.compared: list[Found] = []
        self.days = 0
        self.cut: list[str] = []
        self.read_again = 0

    def live(self) -> None:
        ends = {end + days(1): end for end in month_ends(YEAR)}
        for day in sorted({*self.requests, *self.incidents, *ends} - {self.company.clock.today}):
            self.company.clock.open(day)
            self.days += 1
            if end := ends.get(day):
                self.company.exchange()
                self._compare(end)
            if self.requests[day]:
                self.trade.request(self.requests[day])
            if day >= POWER_CUT_FROM and not self.cut:
                self.company.banks.kill_after_next("hansa", "/collections")
            for incident in self.incidents[day]:
                self.trade.happen(incident)
            self._start_banks_again()
            self.company.run("scf.loan", "_cron_overdue")

    def _compare(self, end: dt.date) -> None:
        found = self.month_end.compare(end, whole=end.month == 12)
        self.compared.append(found)
        print(f"{end}: {found.loans} loans, {found.lines} lines", *found.differences, sep="\n  ", flush=True)

    def _start_banks_again(self) -> None:
        """Start who died, wait until the ERP tries again, and have it read all that was ever said a second time."""
        if dead := self.company.banks.start_again():
            self.cut += dead
            self.company.clock.step(WHILE_A_BANK_RESTS)
            self.company.exchange()
            self.read_again = self.company.read_again()

    def found(self) -> dict[str, Any]:
        env = self.company.env
        loans = env["scf.loan"].search([])
        return {
            "loans": len(loans),
            "by_bank": dict(Counter(self.company.bank_of(loan) for loan in loans)),
            "by_currency": dict(Counter(loan.currency_id.name for loan in loans)),
            "states": dict(Counter(loans.mapped("state"))),
            "days": self.days,
            "killed": self.cut,
            "events_read_again": self.read_again,
            "entries": dict(Counter(loans.entry_ids.mapped("type"))),
            "done": dict(self.trade.done),
            "idle": dict(self.trade.idle),
            "matched": {"by_job": self.own_account.by_job, "by_hand": self.own_account.by_hand},
            "month_ends": [asdict(one) for one in self.compared],
            "failed_events": env["scf.event"]
            .search([("state", "=", "failed")])
            .mapped(lambda event: f"{event.type}: {event.error}"),
            "unsent": env["scf.message"]
            .search([("state", "not in", ("sent",))])
            .mapped(lambda message: f"{message.verb} {message.state}: {message.last_error or message.answer}"),
        }
