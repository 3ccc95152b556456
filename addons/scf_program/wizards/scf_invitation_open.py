import base64
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from .. import invitation_file
from ..models.scf_membership_joining import ADMIN


class ScfInvitationOpen(models.TransientModel):
    """Open the invitation file of a customer, or of a supplier: check it, show what it says, and go on from there."""

    _name = "scf.invitation.open"
    _description = "Open an invitation file"

    content = fields.Binary(string="File", attachment=False)
    filename = fields.Char()
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    problem = fields.Text(compute="_compute_found")
    in_words = fields.Html(compute="_compute_found", sanitize=False)
    is_usable = fields.Boolean(compute="_compute_found")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("content", "company_id")
    @api.depends_context("lang", "tz")
    def _compute_found(self):
        for wizard in self:
            wizard.problem = wizard.in_words = False
            wizard.is_usable = False
            if not wizard.content:
                continue
            try:
                wizard._refuse_other_company()
                found = wizard._read()
                if problem := self.env["scf.membership"]._why_not_ours(found, wizard.company_id):
                    raise UserError(problem)
            except UserError as error:
                wizard.problem = str(error)
            else:
                wizard.in_words = wizard._shown(found)
                wizard.is_usable = True

    def _shown(self, found):
        return self.env["ir.qweb"]._render(
            "scf_program.invitation_in_words",
            {
                "found": found,
                "ends_at": format_datetime(
                    self.env,
                    fields.Datetime.to_string(found.claims.expires_at.replace(tzinfo=None)),
                    dt_format="short",
                ),
                "kinds": self.env["scf.kyb.kind"].search([("code", "in", list(found.program.documents))]),
                "bank": self.env["scf.membership"]._connection(found.bank.issuer, self.company_id),
            },
        )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open(self):
        """Keep the invitation, connect the bank where it is not yet, and show the membership."""
        self.ensure_one()
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise AccessError(self.env._("Only users with the role “Financing: Requester” open invitations."))
        self._refuse_other_company()
        membership = self.env["scf.membership"]._open(self._read(), self.company_id)
        if membership.state == "draft" and not membership.bank_id and self.env.user.has_group(ADMIN):
            membership.action_connect()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.membership",
            "res_id": membership.id,
            "views": [(False, "form")],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _refuse_other_company(self):
        """Over RPC any company can be named; nothing is said of one that the user has not chosen."""
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("Choose the company at the top right first."))

    def _read(self):
        """The file, checked.

        :rtype: invitation_file.InvitationFile
        :raise UserError: with what to do
        """
        content = self.with_context(bin_size=False).content  # the web client asks for the size of files only
        if not content:
            raise UserError(self.env._("Choose the invitation file first: it came with the e-mail."))
        try:
            return invitation_file.read(base64.b64decode(content), now=int(time.time()))
        except invitation_file.InvitationRefused as refusal:
            sentences = {
                "unreadable": self.env._("This is no invitation file. Choose the file as it came with the e-mail."),
                "changed": self.env._(
                    "The file was changed after it was signed, or was put together by somebody else. Don't use it: ask "
                    "the company that invited you to send it again."
                ),
                "expired": self.env._(
                    "The invitation is no longer valid. Ask the company that invited you for a new one. (If the clock "
                    "of this server is wrong, have it set first.)"
                ),
            }
            words = {"sentence": sentences[refusal.reason], "detail": refusal.detail}
            raise UserError(self.env._("%(sentence)s\n\n%(detail)s", **words)) from None
