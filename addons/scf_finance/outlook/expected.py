"""What may be expected to come in for what a loan financed: open invoices, orders to be invoiced, goods to be sold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.money import round_money

from odoo import fields
from odoo.tools import SQL

from ..eligibility.facts import set_order_due_dates
from ..eligibility.goods_sold import read_resale_shares
from ..eligibility.settlements import read_order_shares
from .habits import Habits
from .resale import read_goods_to_sell

# The late end of what is expected is at least so much later; and so long is waited for somebody who is later than he
# ever was, each day anew.
LEAST_DELAY_DAYS = 10


@dataclass(frozen=True, slots=True)
class Expected:
    """Money that is expected for a loan's documents or goods, in the loan's currency.

    :ivar due: when it is due: the earliest end
    :ivar on: when it is expected, by the buyer's habit
    :ivar late: the late end: as late again, and `LEAST_DELAY_DAYS` at the least
    """

    due: date
    on: date
    late: date
    amount: Decimal

    @classmethod
    def by_habit(cls, due: date, days_late: int, amount: Decimal, today: date) -> Expected:
        """What falls due on a day, from somebody who pays so many days late; nothing comes before today.

        Whoever is later than usual pays on no day that is known: he is not counted on before `LEAST_DELAY_DAYS` pass.
        """
        usual = due + timedelta(days=days_late)
        on = usual if usual >= today else today + timedelta(days=LEAST_DELAY_DAYS)
        return cls(max(due, today), on, on + timedelta(days=max(days_late, LEAST_DELAY_DAYS)), amount)

    def to_json(self) -> list[str]:
        """As JSON: days and the amount as text."""
        return [self.due.isoformat(), self.on.isoformat(), self.late.isoformat(), str(self.amount)]

    @classmethod
    def from_json(cls, told: list[str]) -> Expected:
        """What `to_json` gave."""
        return cls(*map(date.fromisoformat, told[:3]), Decimal(told[3]))


@dataclass(frozen=True, slots=True)
class Financed:
    """A loan as far as its collections go. `currency` is an ISO 4217 code.

    :ivar is_line: whether all that the company's customers pay repays it, and not certain documents or goods
    """

    loan_id: int
    application_id: int
    company_id: int
    currency: str
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A part of a claim that is open. `amount` in `currency`; `buyer_id` is the commercial partner, if known."""

    application_id: int
    buyer_id: int | None
    currency: str
    due: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is expected for one loan, and of whom (ids of commercial partners)."""

    expected: tuple[Expected, ...]
    buyer_ids: frozenset[int]


def read_expected(
    env, loans: Iterable[Financed], habits_of: Callable[[Financed], Habits], today: date
) -> dict[int, Prospect]:
    """What is expected for each of the loans, by loan id: a fixed number of queries for each company.

    Amounts in another currency than the loan's count at today's rate. Parts of a day are one sum, rounded.

    :param habits_of: how the buyers of a loan's company pay
    """
    loans = list(loans)
    by_application = {loan.application_id: loan for loan in loans}
    env.flush_all()
    outstanding = [
        *_open_invoices(env, list(by_application)),
        *_orders(env, list(by_application), today),
        *_resold(env, list(by_application)),
        *_open_of_company(env, [loan for loan in loans if loan.is_line]),
    ]
    sums: defaultdict[int, dict[tuple, Decimal]] = defaultdict(dict)
    buyers: defaultdict[int, set[int]] = defaultdict(set)
    convert = _Conversion(env, today)
    for part in outstanding:
        loan = by_application[part.application_id]
        item = Expected.by_habit(part.due, habits_of(loan).of_buyer(part.buyer_id), Decimal(0), today)
        _add(sums[loan.loan_id], item, convert(part.amount, part.currency, loan))
        buyers[loan.loan_id].add(part.buyer_id)
    for company_id in {loan.company_id for loan in loans}:
        company = env["res.company"].browse(company_id)
        of_company = [loan.application_id for loan in loans if loan.company_id == company_id]
        for lot in read_goods_to_sell(env, company, of_company, today):
            loan = by_application[lot.application_id]
            habits = habits_of(loan)
            for sold_on, amount in lot.by_week(today):
                paid_on = sold_on + timedelta(days=habits.days_to_pay)
                item = Expected(sold_on, paid_on, paid_on + (paid_on - today), Decimal(0))
                _add(sums[loan.loan_id], item, convert(amount, company.currency_id.name, loan))
    return {
        loan.loan_id: Prospect(
            tuple(
                Expected(*days, round_money(amount, loan.currency))
                for days, amount in sorted(sums[loan.loan_id].items(), key=lambda entry: (entry[0][1], entry[0]))
                if round_money(amount, loan.currency) > 0
            ),
            frozenset(buyers[loan.loan_id] - {None}),
        )
        for loan in loans
    }


def _add(sums: dict[tuple, Decimal], item: Expected, amount: Decimal) -> None:
    days = (item.due, item.on, item.late)
    sums[days] = sums.get(days, Decimal(0)) + amount


class _Conversion:
    """Amounts in the loan's currency at the day's rate, each pair of currencies asked for once."""

    def __init__(self, env, today: date) -> None:
        self._env, self._today = env, today
        self._rates: dict[tuple[str, str, int], Decimal] = {}

    def __call__(self, amount: Decimal, currency: str, loan: Financed) -> Decimal:
        if currency == loan.currency:
            return amount
        pair = (currency, loan.currency, loan.company_id)
        if pair not in self._rates:
            by_name = self._env["res.currency"].with_context(active_test=False).search
            source, target = (by_name([("name", "=", code)], limit=1) for code in pair[:2])
            company = self._env["res.company"].browse(loan.company_id)
            rate = self._env["res.currency"]._get_conversion_rate(source, target, company, self._today)
            self._rates[pair] = Decimal(str(rate))
        return amount * self._rates[pair]


# What is open of posted customer invoices, term by term; preceded by `part`: application, invoice and its share.
_OPEN_TERMS = SQL(
    """
    SELECT part.application_id, move.commercial_partner_id AS buyer_id, currency.name AS currency,
           COALESCE(item.date_maturity, item.date) AS due,
           (item.amount_residual_currency * part.share)::text AS amount
      FROM part
      JOIN account_move move ON move.id = part.move_id AND move.state = 'posted' AND move.move_type = 'out_invoice'
      JOIN account_move_line item ON item.move_id = move.id AND item.display_type = 'payment_term'
                                 AND item.reconciled IS NOT TRUE AND item.amount_residual_currency > 0
      JOIN res_currency currency ON currency.id = item.currency_id
     ORDER BY part.application_id, item.id
    """
)


def _open_invoices(env, application_ids: list[int]) -> list[Outstanding]:
    """What is open of financed invoices: one query."""
    rows = env.execute_query_dict(
        SQL(
            """
        WITH part AS (
            SELECT application_id, move_id, 1::numeric AS share FROM scf_application_document
             WHERE application_id = ANY(%s) AND move_id IS NOT NULL AND standing = 'held')
        %s
        """,
            application_ids,
            _OPEN_TERMS,
        )
    )
    return _outstanding(rows)


def _open_of_company(env, lines: list[Financed]) -> list[Outstanding]:
    """What is open of the companies' customer invoices that no other loan is repaid by, by buyer and day: one query.

    Where a company has several lines, a payment repays the first one in its currency (`scf.collection`), or else the
    first one of all, so that an open invoice counts for that one alone.
    """
    if not lines:
        return []
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT line.application_id, move.commercial_partner_id AS buyer_id, currency.name AS currency,
               COALESCE(item.date_maturity, item.date) AS due, SUM(item.amount_residual_currency)::text AS amount
          FROM UNNEST(%s::int[], %s::int[], %s::int[], %s::varchar[])
               AS line (application_id, company_id, loan_id, currency)
          JOIN account_move_line item ON item.company_id = line.company_id AND item.display_type = 'payment_term'
                                     AND item.reconciled IS NOT TRUE AND item.amount_residual_currency > 0
          JOIN account_move move ON move.id = item.move_id AND move.state = 'posted' AND move.move_type = 'out_invoice'
          JOIN res_currency currency ON currency.id = item.currency_id
         WHERE NOT EXISTS (
               SELECT FROM scf_application_document document WHERE document.move_id = move.id AND document.is_open)
           AND NOT EXISTS (
               SELECT FROM scf_loan rival
                WHERE rival.company_id = line.company_id AND rival.is_line AND rival.state IN ('active', 'overdue')
                  AND (rival.currency_id <> item.currency_id, rival.id)
                      < (line.currency <> currency.name, line.loan_id))
         GROUP BY 1, 2, 3, 4
         ORDER BY 1, 2, 3, 4
        """,
            [line.application_id for line in lines],
            [line.company_id for line in lines],
            [line.loan_id for line in lines],
            [line.currency for line in lines],
        )
    )
    return _outstanding(rows)


def _open_shares(env, shares: list[tuple[int, int, Decimal]]) -> list[Outstanding]:
    """What is open of invoices that belong to applications by a share (application, invoice, share): one query."""
    if not shares:
        return []
    applications, moves, parts = zip(*shares, strict=True)
    rows = env.execute_query_dict(
        SQL(
            """
        WITH part AS (
            SELECT * FROM UNNEST(%s::int[], %s::int[], %s::numeric[]) AS part (application_id, move_id, share))
        %s
        """,
            list(applications),
            list(moves),
            [str(part) for part in parts],
            _OPEN_TERMS,
        )
    )
    return _outstanding(rows)


def _outstanding(rows: list[dict]) -> list[Outstanding]:
    return [Outstanding(**{**row, "amount": Decimal(row["amount"])}) for row in rows]


def _orders(env, application_ids: list[int], today: date) -> list[Outstanding]:
    """What financed sales orders still bring: what is open of their invoices, and what is yet to be invoiced."""
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT document.application_id, so.id AS order_id, currency.name AS currency, so.amount_total::text AS total,
               partner.commercial_partner_id AS buyer_id, so.state, so.invoice_status, so.date_order,
               so.commitment_date::date AS commitment_date, so.payment_term_id AS term_id,
               (SELECT COALESCE(MAX(line.customer_lead), 0) FROM sale_order_line line
                 WHERE line.order_id = so.id) AS lead_days
          FROM scf_application_document document
          JOIN sale_order so ON so.id = document.sale_order_id
          JOIN res_partner partner ON partner.id = so.partner_id
          JOIN res_currency currency ON currency.id = so.currency_id
         WHERE document.application_id = ANY(%s) AND document.standing = 'held'
        """,
            application_ids,
        )
    )
    if not rows:
        return []
    for row in rows:
        row["issue_date"] = fields.Date.context_today(env["sale.order"], row["date_order"])
    set_order_due_dates(env, rows, today)
    application_of = {row["order_id"]: row["application_id"] for row in rows}
    shares = read_order_shares(env, order_ids=list(application_of))
    totals = _invoiced(env, [share.move_id for share in shares])
    left = {row["order_id"]: Decimal(row["total"]) for row in rows}
    for share in shares:
        left[share.order_id] -= totals[share.move_id] * share.share
    found = _open_shares(env, [(application_of[share.order_id], share.move_id, share.share) for share in shares])
    found += [
        Outstanding(row["application_id"], row["buyer_id"], row["currency"], row["due_date"], left[row["order_id"]])
        for row in rows
        if row["state"] == "sale" and row["invoice_status"] != "invoiced" and left[row["order_id"]] > 0
    ]
    return found


def _invoiced(env, move_ids: list[int]) -> dict[int, Decimal]:
    """Totals of invoices by id: one query."""
    rows = env.execute_query(SQL("SELECT id, amount_total::text FROM account_move WHERE id = ANY(%s)", move_ids))
    return {move_id: Decimal(total) for move_id, total in rows}


def _resold(env, application_ids: list[int]) -> list[Outstanding]:
    """What is open of customer invoices for goods that the loans financed, each with the goods' part of it."""
    rows = env.execute_query(
        SQL(
            """
        SELECT DISTINCT line.move_id
          FROM scf_followed_goods goods
          JOIN scf_followed_use use ON use.goods_id = goods.id AND use.kind = 'sold'
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = use.sale_line_id
          JOIN account_move_line line ON line.id = rel.invoice_line_id
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                                AND move.move_type = 'out_invoice' AND move.amount_residual > 0
         WHERE goods.application_id = ANY(%s) AND goods.is_open
        """,
            application_ids,
        )
    )
    wanted = set(application_ids)
    shares = read_resale_shares(env, [move_id for (move_id,) in rows])
    return _open_shares(
        env,
        [
            (application_id, move_id, share)
            for move_id, of_move in shares.items()
            for application_id, share in of_move.items()
            if application_id in wanted
        ],
    )
