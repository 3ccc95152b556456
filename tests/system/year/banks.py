"""The two banks of the year: real gateways in processes of their own, which ask for little and decide by themselves.

One lends with recourse and deducts its fee; the other buys the invoices and takes its fee at the end, after days of
grace, and stands behind a wire that can be cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from openscf_bank.testing import BankProcess

from tests.parts.cut_wire import CutWire
from tests.parts.odoo_server import free_port
from tests.parts.town import DECIDES_BY_ITSELF
from tests.system.year.moved_clock import MovedClock

# The work that is due is done when the year says so, not while it looks away.
NEVER = 24 * 60 * 60.0
# A package per application is what takes longest: these banks read who asks and for which documents, no more.
INVOICES = {
    "code": "receivables_discounting",
    "currencies": ["EUR", "USD"],
    "min_amount": "500.00",
    "max_amount": "250000.00",
    "min_tenor_days": 5,
    "max_tenor_days": 180,
    "max_advance_rate": "85.00",
    "repayment": ["bullet"],
    "indicative_rate_pa": "7.90",
    "indicative_fee_percent": "0.50",
    "sections": ["party", "transaction"],
}
TECHNIQUES: Mapping[str, dict[str, Any]] = {
    "rhone": {**INVOICES, "recourse": "with", "fee_timing": "deducted", "day_count": "ACT/360"},
    "hansa": {
        **INVOICES,
        "recourse": "without",
        "fee_timing": "on_repayment",
        "day_count": "ACT/ACT",
        "grace_days": 3,
    },
}


class Banks:
    """Both banks by name, and the wire to one of them."""

    def __init__(self, processes: Mapping[str, BankProcess], wire: CutWire) -> None:
        self.processes = processes
        self.wire = wire

    def __getitem__(self, name: str) -> BankProcess:
        return self.processes[name]

    def follow(self, clock: MovedClock) -> None:
        """Have both live by this clock."""
        for bank in self.processes.values():
            clock.tell(bank.set_clock)

    def work(self) -> None:
        """Do what is due at both."""
        for bank in self.processes.values():
            bank.run_jobs()

    def kill_after_next(self, name: str, path_ending: str) -> None:
        """Kill the bank once it has taken the next POST to such a path, before anybody hears its answer."""
        bank = self.processes[name]

        def bank_has_it(method: str, path: str, status: int, _answer: bytes) -> bool:
            if method != "POST" or not path.endswith(path_ending) or status >= 300:
                return True
            self.wire.witness = lambda *_: True
            bank.kill()
            return False

        self.wire.witness = bank_has_it

    def start_again(self) -> list[str]:
        """Start whoever was killed, and give their names."""
        dead = [name for name, bank in self.processes.items() if not bank.running]
        for name in dead:
            self.processes[name].start()
        return dead


@contextmanager
def open_banks() -> Iterator[Banks]:
    """Start both, and end them after."""
    with ExitStack() as closing:
        port = free_port()
        wired = CutWire(free_port(), port)
        closing.callback(wired.close)
        processes = {
            "rhone": BankProcess(profile=_profile("rhone"), worker_seconds=NEVER),
            "hansa": BankProcess(profile=_profile("hansa"), port=port, issuer=wired.url, worker_seconds=NEVER),
        }
        for bank in processes.values():
            closing.enter_context(bank)
        yield Banks(processes, wired)


def _profile(name: str) -> dict[str, Any]:
    return {"base": name, **DECIDES_BY_ITSELF, "techniques": [TECHNIQUES[name]]}
