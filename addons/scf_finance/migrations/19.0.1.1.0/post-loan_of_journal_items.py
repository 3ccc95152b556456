def migrate(cr, version):
    _name_the_loan_of_items(cr)
    _sell_what_is_not_booked_yet(cr)


def _name_the_loan_of_items(cr):
    """Journal items of loans name their loan: those of the ledger's entries, and the exchange differences on them."""
    cr.execute(
        """
        UPDATE account_move_line item
           SET scf_loan_id = entry.loan_id
          FROM scf_loan_entry entry
         WHERE entry.move_id = item.move_id AND item.scf_loan_id IS NULL
        """
    )
    cr.execute(
        """
        UPDATE account_move_line item
           SET scf_loan_id = booked.scf_loan_id
          FROM account_partial_reconcile partial
          JOIN account_move_line booked ON booked.id IN (partial.debit_move_id, partial.credit_move_id)
         WHERE partial.exchange_move_id = item.move_id AND booked.scf_loan_id IS NOT NULL
           AND booked.account_id = item.account_id AND item.scf_loan_id IS NULL
        """
    )


def _sell_what_is_not_booked_yet(cr):
    """A loan without recourse whose payout was booked as a debt stays one until it is repaid, or it never comes to
    zero; what is paid out from now on is a sale.
    """
    cr.execute(
        """
        UPDATE scf_loan loan
           SET sells_receivables = TRUE
         WHERE loan.terms->>'technique' = 'receivables_discounting' AND loan.terms->>'recourse' = 'false'
           AND NOT EXISTS (SELECT FROM scf_loan_entry entry WHERE entry.loan_id = loan.id AND entry.move_id IS NOT NULL)
        """
    )
