import base64

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.scf_finance.models.labels import label_of

from ..inviting.csv_file import template


class ScfProgramInviting(models.TransientModel):
    """The dialog that says who is to be invited: a selection, whoever the program's rules match, or a file."""

    _name = "scf.program.inviting"
    _description = "Whom to invite"

    program_id = fields.Many2one("scf.program", required=True, domain=[("state", "=", "active")])
    source = fields.Selection(
        [
            ("selection", "The companies I selected"),
            ("rules", "Whoever matches the program's rules"),
            ("file", "A file (CSV)"),
        ],
        string="Whom",
        required=True,
        default="rules",
    )
    partner_ids = fields.Many2many("res.partner", string="Selected")
    partner_count = fields.Integer(compute="_compute_partner_count")
    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    template_file = fields.Binary(compute="_compute_template_file")

    @api.depends("partner_ids")
    def _compute_partner_count(self):
        for inviting in self:
            inviting.partner_count = len(inviting.partner_ids)

    def _compute_template_file(self):
        self.template_file = base64.b64encode(template())

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        active = self.env.context.get("active_ids") if self.env.context.get("active_model") == "res.partner" else None
        if active and "partner_ids" in fields:
            defaults.update(source="selection", partner_ids=[Command.set(active)])
        if "program_id" in fields and not defaults.get("program_id"):
            program = self.env.context.get("scf_program_id")
            running = self.env["scf.program"].search([("state", "=", "active")], limit=2)
            defaults["program_id"] = program or (running.id if len(running) == 1 else False)
        return defaults

    def action_check(self):
        """Look at them, and show who can be invited and who can't: nothing is sent before that is confirmed."""
        self.ensure_one()
        program = self.program_id
        program.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise UserError(self.env._("Inviting companies takes the role Requester."))
        if not program._is_open():
            raise UserError(
                self.env._("Companies can be invited while the program runs; it is “%s”.", label_of(program, "state"))
            )
        invitation = self._invitation()
        if not invitation.row_count:
            raise UserError(self.env._("There is nobody to invite: no company matches, or all are in already."))
        return {
            "type": "ir.actions.act_window",
            "name": invitation.name,
            "res_model": invitation._name,
            "res_id": invitation.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _invitation(self):
        invitations = self.env["scf.program.invitation"]
        if self.source == "file":
            if not self.file:
                raise UserError(self.env._("Choose a file. The template shows how it looks."))
            return invitations._of_file(self.program_id, base64.b64decode(self.file), self.file_name or "")
        if self.source == "selection":
            return invitations._of_partners(self.program_id, self.partner_ids, "selection")
        partners = self.program_id._eligible_partners() - self.program_id._invited_partners()
        return invitations._of_partners(self.program_id, partners, "rules")

    def action_template(self):
        """Download an empty file with its columns."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/template_file?download=true&filename=invitations.csv",
            "target": "download",
        }
