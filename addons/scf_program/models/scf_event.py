from odoo import models


class ScfEvent(models.Model):
    _inherit = "scf.event"

    def _apply_business(self, payload):
        if super()._apply_business(payload):
            return True
        prefix = payload["type"].split(".", 1)[0]
        if method := self._program_handlers().get(prefix):
            return getattr(self, method)(payload)
        return False

    def _program_handlers(self):
        """Who applies the events of programs.

        :return: {the type's first word: name of a method of this model, which gets the payload, finds the record that
            the `subject` names at this event's bank, and returns whether it knew it}
        :rtype: dict[str, str]
        """
        return {}
