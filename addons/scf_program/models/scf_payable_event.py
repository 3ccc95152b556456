from odoo import models


class ScfEvent(models.Model):
    _inherit = "scf.event"

    def _program_handlers(self):
        return {**super()._program_handlers(), "payable": "_apply_payable"}

    def _apply_payable(self, payload):
        """Bring a payable in step with what its bank says.

        :return: whether the payable is one that this company approved: a supplier's Odoo hears of its own, too
        """
        wire = payload["data"]["payable"]
        rows = self.env["scf.payable.bank"].search(
            [
                ("bank_id", "=", self.bank_id.id),
                ("company_id", "=", self.company_id.id),
                "|",
                ("bank_payable_ref", "=", wire["id"]),
                ("wire_ref", "=", wire["payable_id"]),
            ]
        )
        # Numbers are an anchor's own; the approval, which this company signed, is nobody else's.
        row = rows.filtered(lambda row: row.approval == wire["approval"])[:1]
        if not row:
            return False
        row._take(wire, payload["cursor"], payload["type"], reason=payload["data"].get("reason"))
        return True
