"""What the journal carries for each loan, read from its items by SQL: in the loan's currency, and in the company's."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tests.system.year.company import Company

ZERO = Decimal(0)
# The accounts of loans, by the field of the company that names each.
ACCOUNTS = {
    name: f"scf_{name}_account_id"
    for name in (
        "loan",
        "clearing",
        "interest",
        "fee",
        "penalty",
        "deferred_fee",
        "assigned",
        "holdback",
        "write_off",
    )
}
# Of a loan that is over these are at zero; the others are what it cost.
CARRIED = ("loan", "assigned", "holdback", "deferred_fee", "clearing")

ByLoan = dict[int, dict[str, Decimal]]


def carried(company: Company) -> ByLoan:
    """What all posted items that name a loan carry, by account, in the loan's currency.

    Of `clearing` it is what is still open there, and `money` is all that went through it; `fees` are those that are a
    cost already and those that are deferred.
    """
    names = _names(company)
    company.env.cr.execute(
        """
        SELECT scf_loan_id, account_id, SUM(amount_currency), SUM(amount_residual_currency)
          FROM account_move_line
         WHERE scf_loan_id IS NOT NULL AND parent_state = 'posted' AND account_id = ANY(%s)
         GROUP BY 1, 2
        """,
        [list(names)],
    )
    sums: ByLoan = defaultdict(lambda: dict.fromkeys([*ACCOUNTS, "fees", "money"], ZERO))
    for loan_id, account_id, amount, open_amount in company.env.cr.fetchall():
        name, of_loan = names[account_id], sums[loan_id]
        of_loan[name] = company.exact(open_amount if name == "clearing" else amount)
        if name == "clearing":
            of_loan["money"] = company.exact(amount)
        if name in ("fee", "deferred_fee"):
            of_loan["fees"] += of_loan[name]
    return sums


def worth_carried(company: Company) -> ByLoan:
    """The same in the company's currency, with the differences of exchange rates that matching a loan's items made."""
    names = _names(company)
    company.env.cr.execute(
        """
        WITH exchange AS (
            SELECT DISTINCT partial.exchange_move_id AS move_id,
                   COALESCE(debit.scf_loan_id, credit.scf_loan_id) AS loan_id
              FROM account_partial_reconcile partial
              JOIN account_move_line debit ON debit.id = partial.debit_move_id
              JOIN account_move_line credit ON credit.id = partial.credit_move_id
             WHERE partial.exchange_move_id IS NOT NULL
        )
        SELECT COALESCE(item.scf_loan_id, exchange.loan_id), item.account_id,
               SUM(item.balance), SUM(item.amount_residual)
          FROM account_move_line item
          LEFT JOIN exchange ON exchange.move_id = item.move_id
         WHERE item.parent_state = 'posted' AND item.account_id = ANY(%s)
         GROUP BY 1, 2
        """,
        [list(names)],
    )
    sums: ByLoan = defaultdict(lambda: dict.fromkeys(ACCOUNTS, ZERO))
    for loan_id, account_id, balance, open_balance in company.env.cr.fetchall():
        name = names[account_id]
        sums[loan_id][name] = company.exact(open_balance if name == "clearing" else balance)
    return sums


def _names(company: Company) -> dict[int, str]:
    company.env.flush_all()
    return {company.company[account].id: name for name, account in ACCOUNTS.items()}
