from odoo import api, fields, models
from odoo.exceptions import AccessError

# In the context of what books an item of a loan after another one of it; nobody can send it over RPC.
OF_LOAN = object()


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
        prefetch="scf",
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if any(values.get("scf_loan_id") for values in vals_list):
            self._scf_check_names_loan()
        return super().create(vals_list)

    def write(self, vals):
        if "scf_loan_id" in vals:
            self._scf_check_names_loan()
        return super().write(vals)

    def _scf_check_names_loan(self):
        """The loan's own books, and what follows from them, name the loan; no user does."""
        if not self.env.su and self.env.context.get("scf_of_loan") is not OF_LOAN:
            raise AccessError(
                self.env._("Which loan a journal item belongs to follows from the bank's ledger and can't be chosen.")
            )

    # -- business ---------------------------------------------------------------------------------------------------

    def _create_exchange_difference_moves(self, exchange_diff_values_list):
        of_loan = self.with_context(scf_of_loan=OF_LOAN)
        moves = super(AccountMoveLine, of_loan)._create_exchange_difference_moves(exchange_diff_values_list)
        return moves.with_env(self.env)

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
        if self.env.context.get("scf_of_loan") is OF_LOAN:
            values["scf_loan_id"] = self.scf_loan_id.id
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    def _reverse_moves(self, default_values_list=None, cancel=False):
        of_loan = self.with_context(scf_of_loan=OF_LOAN)
        return super(AccountMove, of_loan)._reverse_moves(default_values_list, cancel).with_env(self.env)
