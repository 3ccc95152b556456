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
        return {"program": "_take_program_event", "member": "_take_member_event"}

    def _take_program_event(self, payload):
        content, subject = payload["data"], payload.get("subject") or {}
        if "program" not in content:
            member = self.env["scf.program.member.bank"]._by_subject(self.bank_id, subject, content)
            return bool(member) and member._take_trade(payload["type"], content)
        program = self.env["scf.program.bank"]._by_subject(self.bank_id, subject, content["program"])
        if not program:
            return False
        program._take(content["program"], int(payload["cursor"]), reason=content.get("reason"))
        return True

    def _take_member_event(self, payload):
        content = payload["data"]
        member = self.env["scf.program.member.bank"]._by_subject(
            self.bank_id, payload.get("subject") or {}, content["member"]
        )
        if not member:
            return False
        member._take(content["member"], int(payload["cursor"]), reason=content.get("reason"))
        return True
