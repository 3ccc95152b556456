def migrate(cr, version):
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
