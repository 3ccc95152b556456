from odoo import fields, models


class AccountMoveLine(models.Model):
    """A journal item that a loan's ledger caused names the loan: the books of each loan can be read by themselves."""

    _inherit = "account.move.line"

    scf_loan_id = fields.Many2one(
        "scf.loan",
        string="Loan",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The loan whose ledger this item books.",
    )

    def _prepare_exchange_difference_move_vals(self, amounts_list, company=None, exchange_date=None, **kwargs):
        """An exchange difference on an item of a loan is the loan's too."""
        prepared = super()._prepare_exchange_difference_move_vals(
            amounts_list, company=company, exchange_date=exchange_date, **kwargs
        )
        for line, sequence in prepared["to_reconcile"] if prepared else ():
            if line.scf_loan_id:
                for _command, _id, values in prepared["move_values"]["line_ids"][sequence : sequence + 2]:
                    values["scf_loan_id"] = line.scf_loan_id.id
        return prepared

    def _copy_data_extend_business_fields(self, values):
        """What reverses an item of a loan is the loan's too; a plain copy is not."""
        result = super()._copy_data_extend_business_fields(values)
        values["scf_loan_id"] = self.scf_loan_id.id
        return result
