from odoo import fields, models
from odoo.tools import SQL


class ScfLoanDue(models.Model):
    """What is still to be paid on running loans, day by day: past due first, then as the bank's schedule goes.

    Worked out anew from the ledgers every day, and whenever a bank books something; nobody writes it by hand.
    """

    _name = "scf.loan.due"
    _description = "What falls due on loans"
    _order = "due_date, loan_id"
    _rec_name = "loan_id"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    bank_id = fields.Many2one("scf.bank", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    due_date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="In the loan's currency, if all that was due before is paid.")

    _one_per_day = models.UniqueIndex("(loan_id, due_date)", "A loan has one sum for each due date.")
    _company_day_idx = models.Index("(company_id, due_date)")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_loan(self):
        """Open the loan that the sum is to be paid on."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.loan",
            "res_id": self.loan_id.id,
            "views": [(False, "form")],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _replace(self, dues_of):
        """Write what falls due on these loans, in place of what was written before: three queries for all of them.

        :param dict dues_of: {loan: tuple of `outlook.standing.Due`}
        """
        loans = self.env["scf.loan"].union(*dues_of)
        if not loans:
            return
        self.flush_model()
        known: dict = {}
        for loan_id, day, amount in self.env.execute_query(
            SQL(
                "SELECT loan_id, due_date, amount::text FROM scf_loan_due WHERE loan_id = ANY(%s) ORDER BY due_date",
                loans.ids,
            )
        ):
            known.setdefault(loan_id, []).append((day, amount))
        changed = loans.filtered(
            lambda loan: known.get(loan.id, []) != [(due.on, str(due.amount)) for due in dues_of[loan]]
        )
        if not changed:
            return
        self.env.cr.execute(SQL("DELETE FROM scf_loan_due WHERE loan_id = ANY(%s)", changed.ids))
        rows = [(loan.id, due.on, str(due.amount)) for loan in changed for due in dues_of[loan]]
        if rows:
            loan_ids, days, amounts = (list(column) for column in zip(*rows, strict=True))
            self.env.cr.execute(
                SQL(
                    """
                INSERT INTO scf_loan_due (loan_id, company_id, bank_id, currency_id, due_date, amount,
                                          create_uid, create_date, write_uid, write_date)
                SELECT loan.id, loan.company_id, loan.bank_id, loan.currency_id, due.day, due.amount,
                       %(user)s, %(now)s, %(user)s, %(now)s
                  FROM UNNEST(%(loans)s::int[], %(days)s::date[], %(amounts)s::numeric[]) AS due (loan_id, day, amount)
                  JOIN scf_loan loan ON loan.id = due.loan_id
                    """,
                    loans=loan_ids,
                    days=days,
                    amounts=amounts,
                    user=self.env.uid,
                    now=fields.Datetime.now(),
                )
            )
        self.invalidate_model()
        changed.invalidate_recordset(["due_ids"])


class ScfLoanEntry(models.Model):
    """The bank beside each entry, to group by."""

    _inherit = "scf.loan.entry"

    bank_id = fields.Many2one(related="loan_id.bank_id", store=True, index=True, precompute=True)


class ScfCollection(models.Model):
    """The bank beside each collection, to group by."""

    _inherit = "scf.collection"

    bank_id = fields.Many2one(related="loan_id.bank_id", store=True, index=True, precompute=True)
