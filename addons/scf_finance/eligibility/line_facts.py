"""The facts about a line: what customers paid, as the package for it states it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from odoo.tools import SQL

from ..evidence.money_moves import read_payments
from ..evidence.period import Period
from .facts import COMPANY_SETUP, REVOLVING_LINE, BankTerms, DocumentFacts, facts_of, read_claims

HISTORY_MONTHS = 12
# A bank takes the days of the history as so many months, to a tenth (docs/protocol.md, "Discovery", `limit_months`).
DAYS_A_MONTH = Decimal("30.44")
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts(DocumentFacts):
    """A company's line in one currency as the rules see it.

    `total` is what customers paid in the last 12 full months and the running one, `open_amount` the average of a month.

    :ivar months_with_money: in how many of these months anything came in
    """

    months_with_money: int


def read_line_facts(lines, *, banks, today: date) -> tuple[LineFacts, ...]:
    """Facts of lines of one company, in their order: the same number of queries for one and for many."""
    env, period = lines.env, Period.of_months(HISTORY_MONTHS, today)
    company = lines.company_id
    payments = read_payments(env, company, period=period)
    rows = env.execute_query_dict(_lines(lines.ids))
    for row in rows:
        code = row["currency"]
        collected = max(payments.collected_in(code), Decimal(0))
        row["total"], row["open_amount"] = collected, _of_a_month(collected, period)
        row["issue_date"], row["due_date"] = today, None
    facts = facts_of(lines, rows, REVOLVING_LINE, read_claims(env, _same_asset(lines.ids)), banks, today)
    return tuple(
        LineFacts(
            **{**of_line.in_common(), "expected_payment": _end(of_line.banks, of_line.currency, today)},
            months_with_money=sum(
                1
                for (_month, code), moved in payments.by_month.items()
                if code == of_line.currency and moved.collected > 0
            ),
        )
        for of_line in facts
    )


def _of_a_month(collected: Decimal, period: Period) -> Decimal:
    months = (Decimal((period.end - period.start).days + 1) / DAYS_A_MONTH).quantize(TENTH)
    return collected / max(months, Decimal(1))


def _end(banks: tuple[BankTerms, ...], currency: str, today: date) -> date | None:
    """The end of the longest line that every bank gives which has lines in the currency."""
    longest = min((bank.max_tenor_days for bank in banks if currency in bank.currencies), default=None)
    return today + timedelta(days=longest) if longest is not None else None


def _lines(line_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT line.id, line.name, 'proposed' AS state, line.company_id, currency.name AS currency,
               FALSE AS is_own_company, NULL AS counterparty_name, NULL AS counterparty_tax_id,
               0 AS amount_decimals, %(setup)s
          FROM scf_credit_line line
          JOIN res_company company ON company.id = line.company_id
          JOIN res_currency currency ON currency.id = line.currency_id
         WHERE line.id = ANY(%(lines)s)
        """,
        lines=line_ids,
        setup=COMPANY_SETUP,
    )


def _same_asset(line_ids: list[int]) -> SQL:
    return SQL("SELECT id AS document_id, 'credit_line_id' AS field, id AS record_id FROM unnest(%s) id", line_ids)
