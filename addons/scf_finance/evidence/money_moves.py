"""How much of a settlement was money: the same rule as eligibility.settlements, for whole periods at once."""

from odoo.tools import SQL

# For each `move_id` of a preceding `settled`: the part of what it settles that came, or went, as money. The amount on
# bank, cash and outstanding accounts is divided by what the entry books on receivables and payables, so that discounts,
# bank fees and other write-offs don't count; a credit note, an exchange difference or any other entry gives 0.
# `share` is positive for money that came in, negative for money that went out.
LIQUID_SHARES = SQL(
    """
    SELECT move_id,
           CASE WHEN liquid > 0 AND credit > 0 THEN LEAST(liquid / credit, 1)
                WHEN liquid < 0 AND debit > 0 THEN -LEAST(-liquid / debit, 1)
                ELSE 0 END AS share
      FROM (SELECT item.move_id,
                   SUM(item.balance) FILTER (
                       WHERE kind.account_type IN ('asset_cash', 'liability_credit_card')
                          OR item.account_id = payment.outstanding_account_id) AS liquid,
                   SUM(GREATEST(item.balance, 0)) FILTER (
                       WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS debit,
                   SUM(GREATEST(-item.balance, 0)) FILTER (
                       WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS credit
              FROM (SELECT DISTINCT move_id FROM settled) settling
              JOIN account_move entry ON entry.id = settling.move_id AND entry.move_type = 'entry'
              JOIN account_move_line item ON item.move_id = entry.id
              JOIN account_account kind ON kind.id = item.account_id
              LEFT JOIN account_payment payment ON payment.id = entry.origin_payment_id
             GROUP BY item.move_id) total
    """
)
