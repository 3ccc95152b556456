"""How much of a settlement was money: the rule of eligibility.settlements, for whole periods at once."""

from odoo.tools import SQL

# Adds `share` to the rows of a preceding `settled`, which name the settling item by its `move_id`, `payment_id` and
# `balance`: the part of what it settles that came as money (positive) or went as money (negative). The amount on bank,
# cash and outstanding accounts is divided by what the entry books on receivables and payables, so that discounts, bank
# fees and other write-offs don't count; a credit note, an exchange difference or any other entry gives 0.
# A payment knows its amount on the outstanding account, and books one item on the partner's account; of other entries,
# such as statement lines, all items are read.
WITH_SHARES = SQL(
    """
    SELECT settled.*,
           COALESCE(CASE WHEN settled.payment_id IS NULL THEN entry.share
                         WHEN payment.amount_company_currency_signed * settled.balance < 0
                         THEN SIGN(payment.amount_company_currency_signed)
                              * LEAST(ABS(payment.amount_company_currency_signed / settled.balance), 1) END, 0) AS share
      FROM settled
      LEFT JOIN account_payment payment ON payment.id = settled.payment_id
      LEFT JOIN (
           SELECT move_id,
                  CASE WHEN liquid > 0 AND credit > 0 THEN LEAST(liquid / credit, 1)
                       WHEN liquid < 0 AND debit > 0 THEN -LEAST(-liquid / debit, 1) END AS share
             FROM (SELECT item.move_id,
                          SUM(item.balance) FILTER (
                              WHERE kind.account_type IN ('asset_cash', 'liability_credit_card')) AS liquid,
                          SUM(GREATEST(item.balance, 0)) FILTER (
                              WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS debit,
                          SUM(GREATEST(-item.balance, 0)) FILTER (
                              WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS credit
                     FROM (SELECT DISTINCT move_id FROM settled WHERE payment_id IS NULL) settling
                     JOIN account_move move ON move.id = settling.move_id AND move.move_type = 'entry'
                     JOIN account_move_line item ON item.move_id = move.id
                     JOIN account_account kind ON kind.id = item.account_id
                    GROUP BY item.move_id) total) entry ON entry.move_id = settled.move_id
    """
)
