"""Indexes with which the history of one company and period is read without touching any other's."""

from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    _scf_history_idx = models.Index("(company_id, date_order)")
    _scf_first_order_idx = models.Index("(partner_id, company_id, date_order) WHERE state = 'sale'")


class AccountMove(models.Model):
    _inherit = "account.move"

    _scf_history_idx = models.Index(
        "(company_id, invoice_date) WHERE state = 'posted' AND move_type IN ('out_invoice', 'out_refund')"
    )
    _scf_first_invoice_idx = models.Index(
        "(commercial_partner_id, company_id, invoice_date) WHERE state = 'posted' AND move_type = 'out_invoice'"
    )
    _scf_first_bill_idx = models.Index(
        "(commercial_partner_id, company_id, invoice_date) WHERE state = 'posted' AND move_type = 'in_invoice'"
    )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    _scf_open_term_idx = models.Index(
        "(company_id, invoice_date) WHERE display_type = 'payment_term' AND reconciled IS NOT TRUE"
    )
    _scf_tax_idx = models.Index("(company_id, date) WHERE parent_state = 'posted' AND tax_line_id IS NOT NULL")
    # With its columns in the index, two years of items are summed up without a look at the table.
    _scf_tax_base_idx = models.Index(
        "(company_id, date) INCLUDE (id, move_id, balance) "
        "WHERE parent_state = 'posted' AND display_type NOT IN ('payment_term', 'cogs')"
    )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    _scf_history_idx = models.Index("(company_id, max_date)")


class StockPicking(models.Model):
    _inherit = "stock.picking"

    _scf_history_idx = models.Index("(company_id, date_done) WHERE state = 'done'")


class StockMove(models.Model):
    _inherit = "stock.move"

    _scf_history_idx = models.Index("(company_id, date) WHERE state = 'done' AND (is_in OR is_out)")
