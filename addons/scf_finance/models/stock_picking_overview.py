from odoo import models


class StockPicking(models.Model):
    """A delivery or receipt: the financing of the order that it belongs to, in short, and what its goods secure."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "scf.overview"]

    def _scf_overview(self):
        orders = self._scf_orders()
        domains = [domain for order in orders for domain in self._scf_line_domains(order)]
        applications = self.env["scf.application"]
        if domains:
            applications = self._scf_applications(["|"] * (len(domains) - 1) + domains)
        rows = self._scf_application_rows(applications) if applications else self._scf_free_order_rows(orders)
        rows += self._scf_pledge_rows()
        if not rows:
            return None
        return {
            "state": "financed" if applications else rows[0].get("state", "financed"),
            "headline": rows[0]["value"],
            "subline": rows[0]["detail"],
            "next_step": applications[:1]._next_step() if applications else "",
            "rows": [{key: value for key, value in row.items() if key != "state"} for row in rows],
        }

    def _scf_orders(self):
        """The orders that the transfer belongs to, as recordsets of documents that can be financed."""
        orders = [self.sudo().sale_id.sudo(False), self.sudo().purchase_id.sudo(False)]
        return [order for order in orders if order and order.has_access("read")]

    def _scf_line_domains(self, order):
        """Where an application's line finances the order, or an invoice of it."""
        field = {"sale.order": "sale_order_id", "purchase.order": "purchase_order_id"}[order._name]
        return [(field, "in", order.ids), ("move_id", "in", order.sudo().invoice_ids.ids)]

    def _scf_free_order_rows(self, orders):
        """What an order that nobody finances yet could bring."""
        rows = []
        for order in orders:
            if "scf_financing" not in order._fields or not order._scf_candidates():
                continue
            assessment = order._scf_assess()
            if assessment.is_eligible:
                rows.append(
                    {
                        **self._scf_row(
                            f"order_{order.id}",
                            order.name,
                            self.env._("You could receive %s today", order._scf_money(assessment.eligible_amount)),
                            self.env._("on %s: open it and ask the banks.", order.name),
                            action=self._scf_open_record(order),
                        ),
                        "state": "eligible",
                    }
                )
        return rows

    def _scf_open_record(self, record):
        return {
            "type": "ir.actions.act_window",
            "name": record.display_name,
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _scf_pledge_rows(self):
        """What the goods of the transfer secure."""
        pledges = self.env["scf.pledge"]
        if not pledges._in_use():
            return []
        held = pledges.search(
            [
                ("state", "=", "active"),
                ("company_id", "=", self.company_id.id),
                ("product_id", "in", self.sudo().move_ids.product_id.ids),
                "|",
                ("lot_id", "=", False),
                ("lot_id", "in", self.sudo().move_line_ids.lot_id.ids),
            ]
        )
        return [
            self._scf_row(
                f"pledge_{pledge.id}",
                self.env._("%(product)s secures a loan", product=pledge.lot_id.name or pledge.product_id.display_name),
                pledge._hint()["text"],
                action=self._scf_open_record(pledge),
            )
            for pledge in held
        ]
