"""`python -m benchmarks.histories.loans CONFIG DATABASE COUNT`: give a copy of the template a company with many loans.

A few are walked through by Odoo with a bank's double, each to another end; their rows are copied by SQL.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import psycopg2

from benchmarks.histories.__main__ import MEMORY
from benchmarks.histories.multiplication import copy_stories, drop_indexes, tables_of
from benchmarks.histories.stories import Cast, Story

BUYERS = 400
COURSE = ("running", "running", "running", "partly", "partly", "late", "repaid", "repaid", "repaid", "repaid")
"""What became of ten loans."""
SPREAD_DAYS = 25
"""The copies are paid out on so many days: few enough that the running ones stay running, the late ones late."""
AMOUNT = 10_000


def walk_of(env, today: date) -> Walk:
    """A company that is ready to borrow, its bank, and the people of a loan."""
    # What the addon's own tests stand the bank in with; there is no such addon where nothing is loaded.
    from odoo.addons.scf_finance.tests.bank_double import BankDouble

    env = env(context={**env.context, "tracking_disable": True})
    buyer, product = trade_of(env)
    env.company._scf_create_accounts()
    env.company.scf_collection_bank_account_id = env.company.partner_id.bank_ids
    return Walk(env, BankDouble(_bank(env)), _approver(env), buyer, product, today)


def cast_loans(env, today: date) -> Cast:
    """Make the company, its bank, its buyers and a loan of each story."""
    walk = walk_of(env, today)
    buyers = walk.buyer | walk.env["res.partner"].create(
        [
            {"name": f"Bench Buyer {n}", "is_company": True, "vat": f"US98-{n:07}", "country_id": env.ref("base.us").id}
            for n in range(1, BUYERS)
        ]
    )
    stories = [
        walk.story("running", paid_out=40, tenor=90),
        walk.story("partly", paid_out=40, tenor=90, repaid=(3000, 10)),
        walk.story("late", paid_out=70, tenor=45),
        walk.story("repaid", paid_out=70, tenor=45, repaid=(AMOUNT, 30)),
    ]
    return Cast(env.company.id, walk.buyer.id, [], buyers.ids, [], stories)


def trade_of(env):
    """Let the company have a country, a tax number and a bank account, which payments cost more with.

    :return: a buyer and a product
    """
    company, country = env.company, env.ref("base.us")
    company.write({"vat": "US12-3456789", "country_id": country.id})
    env["res.partner.bank"].create(
        {"acc_number": "DE89370400440532013000", "partner_id": company.partner_id.id, "allow_out_payment": True}
    )
    buyer = env["res.partner"].create(
        {"name": "Bench Buyer", "is_company": True, "vat": "US98-0000000", "country_id": country.id}
    )
    return buyer, env["product.product"].create({"name": "Bench product", "type": "consu"})


def _bank(env):
    bank = env["scf.bank"].create(
        {
            "name": "Bench Bank",
            "base_url": "https://bench.example",
            "issuer": "https://bench.example",
            "profile": {
                "name": "Bench Bank",
                "techniques": [
                    {
                        "code": "receivables_discounting",
                        "currencies": ["USD"],
                        "min_amount": "100.00",
                        "max_amount": "1000000.00",
                        "min_tenor_days": 1,
                        "max_tenor_days": 365,
                        "max_advance_rate": "80.00",
                        "recourse": "with",
                        "repayment": ["bullet"],
                        "sections": ["party", "transaction", "consent", "cash_flow"],
                    }
                ],
            },
        }
    )
    bank._set_state("connected")
    return bank


def _approver(env):
    return env["res.users"].create(
        {
            "name": "Bench Approver",
            "login": "bench_approver",
            "group_ids": [
                (4, env.ref(name).id) for name in ("scf_connector.group_scf_approver", "account.group_account_manager")
            ],
        }
    )


@dataclass(frozen=True)
class Walk:
    """Who walks the loans of a day."""

    env: Any
    bank: Any
    approver: Any
    buyer: Any
    product: Any
    today: date

    def story(self, name: str, *, paid_out: int, tenor: int, repaid: tuple[int, int] | None = None) -> Story:
        """A loan with all its rows; `repaid`: an amount, and how many days ago the bank took it."""
        loan = self.loan(paid_out=paid_out, tenor=tenor)
        if repaid:
            amount, days_ago = repaid
            self.bank.post_repayment(loan, amount, on=self.today - timedelta(days=days_ago))
        self.env.flush_all()
        return Story(name, {table: records.ids for table, records in _rows(loan).items()}, 0)

    def loan(self, *, paid_out: int, tenor: int):
        """A loan on an invoice, paid out `paid_out` days ago."""
        invoice = self.invoice(self.today - timedelta(days=paid_out))
        application = self.env["scf.application"].create({"line_ids": [(0, 0, {"move_id": invoice.id})]})
        application.action_submit()
        self.bank.receive(application.submission_ids)
        offer = self.bank.offer(application.submission_ids, tenor_days=tenor)
        offer.with_user(self.approver).action_accept()
        loan = self.bank.grant(offer)
        self.bank.disburse(loan, on=invoice.invoice_date)
        return loan

    def invoice(self, day: date):
        """A posted invoice that is not due yet."""
        return plain_invoice(self.env, self.buyer, self.product, day)


def plain_invoice(env, buyer, product, day: date):
    """A posted invoice of one line, due in two months."""
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": buyer.id,
            "invoice_date": day,
            "invoice_date_due": day + timedelta(days=80),
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                (0, 0, {"product_id": product.id, "quantity": 1, "price_unit": AMOUNT, "tax_ids": False})
            ],
        }
    )
    invoice.action_post()
    return invoice


def _rows(loan) -> dict[str, Any]:
    application = loan.application_id
    moves = application.line_ids.move_id | loan.entry_ids.move_id
    partials = moves.line_ids.matched_debit_ids | moves.line_ids.matched_credit_ids
    return {
        "account_move": moves,
        "account_move_line": moves.line_ids,
        "account_partial_reconcile": partials,
        "account_full_reconcile": partials.full_reconcile_id,
        "scf_application": application,
        "scf_application_document": application.line_ids,
        "scf_submission": application.submission_ids,
        "scf_offer": application.offer_ids,
        "scf_loan": loan,
        "scf_loan_entry": loan.entry_ids,
        "scf_loan_due": loan.env["scf.loan.due"].search([("loan_id", "=", loan.id)]),
    }


def load(config: str, database: str, count: int) -> None:
    """Make the company and its loans, and let PostgreSQL look at what it got."""
    today = datetime.now(timezone.utc).date()
    cast = _cast(config, database, today)
    copies = [
        (n, COURSE[n % len(COURSE)], -(n % SPREAD_DAYS), cast.pool_of_buyers[n * n % BUYERS]) for n in range(count)
    ]
    connection = psycopg2.connect(dbname=database, user=os.environ["SCF_PG_SUPERUSER"], options=MEMORY)
    with connection, connection.cursor() as cursor:
        indexes = drop_indexes(cursor, tables_of(cast))
        copy_stories(cursor, cast, copies)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in ("VACUUM", *indexes, "VACUUM ANALYZE"):
            cursor.execute(statement)
    connection.close()


def _cast(config: str, database: str, today: date) -> Cast:
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.sql_db import close_db
    from odoo.tools import config as odoo_config

    odoo_config.parse_config(["-c", config, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        cast = cast_loans(api.Environment(cursor, SUPERUSER_ID, {}), today)
        cursor.commit()
    close_db(database)
    return cast


if __name__ == "__main__":
    load(sys.argv[1], sys.argv[2], int(sys.argv[3]))
