"""What the money takes: a payment on a financed invoice, the end of a period and the day's work on many loans.

What a round writes is rolled back to where it began, except what commits by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from openscf.loan import Disbursement, LoanTerms, Repayment, replay

from benchmarks.histories.loans import plain_invoice, trade_of, walk_of
from benchmarks.packages import peak_bytes, resident_bytes
from benchmarks.scenarios import Scenario

FINANCE = "scf.loan"


class _Undone(Exception):
    pass


@contextmanager
def _undone(env) -> Iterator[None]:
    """Do what is inside with all that a commit would write, and take it back."""
    try:
        with env.cr.savepoint():
            yield
            # All that a commit would do first, so that nothing put off until then goes unmeasured.
            env.cr.flush()
            raise _Undone
    except _Undone:
        env.invalidate_all()


def payments(env) -> Scenario:
    """`financed`: register and reconcile a payment on an invoice that a running loan finances; `plain`: on another.

    Without the addons both are plain, of the same company and buyer.
    """
    financed, plain = _invoices(env)
    env.flush_all()
    return {"financed": _payment(env, financed), "plain": _payment(env, plain)}, {}


def _invoices(env):
    if FINANCE in env:
        walk = walk_of(env, datetime.now(timezone.utc).date())
        loan = walk.loan(paid_out=20, tenor=60)
        return loan.application_id.line_ids.move_id, walk.invoice(walk.today - timedelta(days=20))
    buyer, product = trade_of(env)
    return [plain_invoice(env, buyer, product, datetime.now(timezone.utc).date() - timedelta(days=20)) for _ in "ab"]


def _payment(env, invoice) -> Callable[[], None]:
    def run() -> None:
        env.invalidate_all()
        with _undone(env):
            register = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
            register.create({})._create_payments()

    return run


def loans(env, home_alone: int) -> Scenario:
    """`close`: book the end of a period with all its loans; `follow`: the daily job's work on them, on a day without
    news (it commits, so the news are told in the first, unmeasured round); `home`: the first screen.

    `home_alone`: run nothing but that, where the rest would take hours.

    `floor`: the ledgers read by raw SQL and replayed by the SDK, which no way of closing can do without.
    """
    admin = env.ref("base.user_admin")
    for name in ("account.group_account_manager", "scf_connector.group_scf_admin"):
        admin.group_ids += env.ref(name)
    env = env(user=admin.id)
    today = datetime.now(timezone.utc).date()
    running = env["scf.loan"].sudo().search([("state", "in", ("active", "overdue"))])

    def close() -> None:
        env.invalidate_all()
        with _undone(env):
            env["scf.loan.closing"]._close(env.company, today)

    def follow() -> None:
        env.invalidate_all()
        running.env["scf.loan"]._cron_overdue()

    def home() -> None:
        env.invalidate_all()
        env["scf.home"].scf_home()

    def floor() -> None:
        _replay_all(env, today)

    if home_alone:
        return {"home": home}, {"running": len(running)}
    idle = resident_bytes()
    close()
    peak = peak_bytes() - idle
    runs: dict[str, Callable[[], int | None]] = {"home": home, "close": close, "follow": follow, "floor": floor}
    return runs, {"running": len(running), "peak_mb": peak / 1e6}


def _replay_all(env, today: date) -> None:
    env.cr.execute(
        """SELECT loan.terms,
                  json_agg(json_build_array(entry.type, entry.bank_entry_ref, entry.value_date, entry.amount)
                           ORDER BY entry.sequence)
             FROM scf_loan loan JOIN scf_loan_entry entry ON entry.loan_id = loan.id
            WHERE loan.state IN ('active', 'overdue') GROUP BY loan.id"""
    )
    kinds = {"disbursement": Disbursement, "repayment": Repayment}
    for terms, entries in env.cr.fetchall():
        known = LoanTerms.from_wire(terms if isinstance(terms, dict) else json.loads(terms))
        events: list[Any] = [
            kinds[kind](id=reference, on=date.fromisoformat(on), amount=Decimal(f"{amount:.2f}"))
            for kind, reference, on, amount in entries
            if kind in kinds
        ]
        replay(known, events, today)
