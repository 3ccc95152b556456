from odoo import fields, models


class ScfBank(models.Model):
    """The bank as somebody whom money is owed to in the books."""

    _inherit = "scf.bank"

    creditor_id = fields.Many2one(
        "res.partner",
        string="Contact in the Books",
        help="Whom journal items name that are owed to this bank. Without one, a contact is made when it is needed.",
    )

    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"creditor_id"}

    def _scf_creditor(self):
        """The contact that stands for the bank in the books; made where there is none."""
        self.ensure_one()
        bank = self.sudo()
        if not bank.creditor_id:
            bank.creditor_id = bank.repayment_account_id.partner_id or bank.env["res.partner"].create(
                {"name": bank.name, "is_company": True, "company_id": bank.company_id.id}
            )
        return bank.creditor_id
