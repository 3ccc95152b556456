from openscf.programs import MemberNotice

from odoo import models


class ScfEvent(models.Model):
    """Events of programs that our company is a member of; those of programs that it runs are others' to apply."""

    _inherit = "scf.event"

    def _apply_business(self, payload):
        if payload["type"].startswith(("member.", "payable.")):
            if membership := self._scf_membership(payload):
                if payload["type"].startswith("member."):
                    notice = MemberNotice.model_validate(payload["data"])
                    membership._take(notice.member, int(payload["cursor"]), reason=notice.reason)
                    return True
                return self.env["scf.approved.invoice"]._take_notice(membership, payload)
        return super()._apply_business(payload)

    def _scf_membership(self, payload):
        """Our membership that an event is about: by the bank's program, and by what the anchor calls us there."""
        content = payload["data"]
        about = content.get("member") or content.get("payable") or {}
        return self.env["scf.membership"].search(
            [
                ("bank_id", "=", self.bank_id.id),
                ("bank_program_ref", "=", (content.get("program") or {}).get("id")),
                ("member_ref", "=", about.get("member_id")),
            ],
            order="id desc",
            limit=1,
        )
