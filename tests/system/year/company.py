"""The company of the year: an Odoo registry in this process, its people, its books, and the jobs of its ERP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry

from tests.system.year.banks import Banks
from tests.system.year.moved_clock import MovedClock
from tests.system.year.plan import BUYERS, CURRENCIES

PEOPLE = {
    "requester": ("account.group_account_invoice", "scf_connector.group_scf_requester"),
    "approver": ("account.group_account_invoice", "scf_connector.group_scf_approver"),
    # Invoices, payments and the end of each month.
    "accountant": ("account.group_account_user", "account.group_account_manager"),
    "admin": ("account.group_account_manager", "scf_connector.group_scf_admin"),
}
# Euros for a dollar on the first of each month.
RATES = ("0.91", "0.93", "0.90", "0.94", "0.96", "0.92", "0.89", "0.90", "0.95", "0.97", "0.93", "0.92")
# Rounds of both sides' jobs until nobody has anything new to say; a chain of messages takes three or four.
MOST_ROUNDS = 12


class Company:
    """Who does what in the ERP, as the people with their own rights, and the jobs that run behind them."""

    def __init__(self, env: Any, clock: MovedClock, banks: Banks) -> None:
        self.env, self.clock, self.banks = env, clock, banks
        self.company = env.company
        self._settle()
        self.people = {role: self._hire(role, groups) for role, groups in PEOPLE.items()}
        self.buyers = [self._buyer(number) for number in range(BUYERS)]
        self.commit()
        self.bank_records = {name: self._connect(name) for name in banks.processes}

    def as_(self, role: str, records: Any) -> Any:
        """The same records, seen and handled by somebody with that role alone."""
        return records.with_user(self.people[role]).with_company(self.company)

    def model(self, role: str, name: str, **context: Any) -> Any:
        return self.as_(role, self.env[name]).with_context(**context)

    def commit(self) -> None:
        self.env.cr.commit()

    def currency(self, name: str) -> Any:
        return self.env.ref(f"base.{name}")

    # -- the jobs --------------------------------------------------------

    def exchange(self) -> None:
        """Run the jobs of both sides until neither has anything new."""
        for _round in range(MOST_ROUNDS):
            self.clock.step()
            before = self._told()
            self.run("scf.collection", "_cron_report")
            self.run("scf.message", "_send_due")
            self.banks.work()
            self.run("scf.bank", "_poll_banks")
            if self._told() == before:
                return
        raise AssertionError(f"after {MOST_ROUNDS} rounds the ERP and the banks still have news for each other")

    def read_again(self) -> int:
        """Have the feeds read from their beginning, as after a restored backup, and give how many events came again."""
        known = self.env["scf.event"].search_count([])
        for bank in self.bank_records.values():
            bank.event_cursor = "0"
        self.commit()
        self.exchange()
        if self.env["scf.event"].search_count([]) != known:
            raise AssertionError("an event that was read a second time was stored a second time")
        return known

    def run(self, model: str, job: str) -> None:
        """One job, as its cron runs it."""
        getattr(self.env[model], job)()
        self.commit()

    def _told(self) -> tuple[int, ...]:
        self.env.cr.execute("SELECT (SELECT COUNT(*) FROM scf_message), (SELECT COUNT(*) FROM scf_event)")
        return tuple(self.env.cr.fetchone())

    # -- the first day ---------------------------------------------------

    def _settle(self) -> None:
        """Accounts, the collection account, and what a dollar costs each month."""
        company, year = self.company, self.clock.today.year
        company.partner_id.write(
            {
                "vat": "US12-3456789",
                "street": "1 Main Street",
                "city": "Springfield",
                "country_id": self.env.ref("base.us").id,
            }
        )
        company._scf_create_accounts()
        company.scf_fee_recognition = "spread"
        company.scf_collection_bank_account_id = self.env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        self.currency("EUR").active = True
        self.env["res.currency.rate"].create(
            [
                {
                    "name": dt.date(year, month, 1),
                    "rate": float(rate),
                    "currency_id": self.currency("EUR").id,
                    "company_id": company.id,
                }
                for month, rate in enumerate(RATES, start=1)
            ]
        )
        self.own_accounts = {name: self._own_account(name) for name in CURRENCIES}

    def _own_account(self, currency: str) -> Any:
        """The journal of the company's account at its house bank in a currency."""
        foreign = self.currency(currency) != self.company.currency_id
        return self.env["account.journal"].create(
            {
                "name": f"Bank {currency}",
                "code": f"B{currency}",
                "type": "bank",
                "company_id": self.company.id,
                "currency_id": self.currency(currency).id if foreign else False,
            }
        )

    def _hire(self, role: str, groups: tuple[str, ...]) -> Any:
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": role.capitalize(),
                    "login": f"year_{role}",
                    "email": f"{role}@year.example",
                    "group_ids": [Command.link(self.env.ref(group).id) for group in groups],
                }
            )
        )

    def _buyer(self, number: int) -> Any:
        return self.env["res.partner"].create(
            {
                "name": f"Greystone Stores {number + 1} Inc.",
                "is_company": True,
                "city": "Boston",
                "country_id": self.env.ref("base.us").id,
                "vat": f"US98-765432{number}",
                "email": f"payables{number}@greystone.example",
            }
        )

    def _connect(self, name: str) -> Any:
        """Connect a bank by its address alone; its officer lets the company in."""
        bank = self.model("admin", "scf.bank").create({"base_url": self.banks[name].issuer})
        bank.action_discover()
        bank.action_register()
        self.commit()
        self.exchange()
        self.banks[name].approve_client(bank.client_id)
        self.exchange()
        if bank.state != "connected":
            raise AssertionError(f"{name} is {bank.state}: {bank.sudo().last_error}")
        return bank.sudo()

    # -- what it says ----------------------------------------------------

    def bank_of(self, loan: Any) -> str:
        """The year's name for the bank of a loan."""
        [name] = [name for name, bank in self.bank_records.items() if bank == loan.bank_id]
        return name

    def exact(self, amount: float) -> Decimal:
        """An amount of the books in cents; both currencies of the year have them."""
        return Decimal(f"{amount:.2f}")


@contextmanager
def open_registry(database: str) -> Iterator[Any]:
    """The registry's environment with full rights, on one cursor.

    Nobody reads in the year which field was changed when: writing it all down would take a fifth of the time.
    """
    registry = Registry(database)
    with registry.cursor() as cursor:
        yield api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
