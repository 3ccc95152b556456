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
                "words": self._words(found),
                "ends_at": format_datetime(
                    self.env,
                    fields.Datetime.to_string(found.claims.expires_at.replace(tzinfo=None)),
                    dt_format="short",
                ),
                "kinds": self.env["scf.kyb.kind"].search([("code", "in", list(found.program.documents))]),
                "bank": self.env["scf.membership"]._connection(found.bank.issuer, self.company_id),
            },
        )

    def _words(self, found):
        """Sentences with names in them, whole, as each language puts a name elsewhere."""
        anchor, invited, program = found.anchor.party, found.claims.party, found.program
        names = {"anchor": anchor.name, "bank": found.bank.name}
        if program.kind == "payables_finance":
            what = self.env._(
                "Once %(anchor)s has approved an invoice of yours, %(bank)s pays it early if you want it to, less a "
                "discount. There is no recourse to you.",
                **names,
            )
        else:
            what = self.env._(
                "%(bank)s can pay %(anchor)s for what you order; you repay the bank when you have sold the goods.",
                **names,
            )
        price = ""
        if program.rate_pa and program.fee_percent:
            price = self.env._(
                "%(rate)s %% a year, and a fee of %(fee)s %% of the amount",
                rate=program.rate_pa,
                fee=program.fee_percent,
            )
        elif program.rate_pa:
            price = self.env._("%s %% a year", program.rate_pa)
        return {
            "invites": self.env._(
                "%(anchor)s (%(anchor_tax_id)s) invites %(invited)s (%(invited_tax_id)s) into its program "
                "“%(program)s”.",
                anchor=anchor.name,
                anchor_tax_id=anchor.tax_id,
                invited=invited.name,
                invited_tax_id=invited.tax_id,
                program=program.name,
            ),
            "what": what,
            "price": price,
        }

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
