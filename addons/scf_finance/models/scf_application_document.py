from odoo import api, fields, models
from odoo.exceptions import UserError


class ScfApplicationDocument(models.Model):
    """The claim of one application on one asset: while it is open, nobody else finances that asset."""

    _name = "scf.application.document"
    _description = "Financed document"
    _inherit = ["scf.record.kept"]
    _order = "id"

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    sale_order_id = fields.Many2one(
        "sale.order", string="Sales Order", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    asset_key = fields.Char(required=True, readonly=True, help="Fingerprint F1 of the document.")
    amount = fields.Monetary(readonly=True, help="Open amount of the document when financing was requested.")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    is_open = fields.Boolean(
        string="In Use",
        readonly=True,
        default=True,
        help="Set while the application is neither declined, expired, cancelled nor repaid.",
    )

    _one_financier = models.UniqueIndex(
        "(company_id, asset_key) WHERE is_open",
        "This document is already being financed. Withdraw or repay the other financing first.",
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_only_with_draft(self):
        if any(line.is_open for line in self):
            raise UserError(
                self.env._(
                    "%s is being financed. Withdraw the application or repay the loan first.",
                    ", ".join(line._document().display_name for line in self if line.is_open),
                )
            )

    # -- business ---------------------------------------------------------------------------------------------------

    def _document(self):
        return self.sale_order_id or self.move_id
