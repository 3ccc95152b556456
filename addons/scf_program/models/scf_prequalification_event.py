from odoo import models


class ScfEvent(models.Model):
    _inherit = "scf.event"

    def _program_handlers(self):
        return super()._program_handlers() | {"prequalification": "_take_prequalification_event"}

    def _take_prequalification_event(self, payload):
        wire = payload["data"]["prequalification"]
        part = self.env["scf.prequalification.part"]._by_subject(self.bank_id, payload.get("subject") or {}, wire)
        if not part:
            return False
        part._take(wire, int(payload["cursor"]))
        return True
