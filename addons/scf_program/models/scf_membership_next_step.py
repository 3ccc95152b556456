from odoo import api, fields, models

from .scf_membership_joining import APPROVER


class ScfMembership(models.Model):
    """What has to be done next for a membership, and by whom: each role sees other buttons."""

    _inherit = "scf.membership"

    next_step = fields.Char(string="What Happens Next", compute="_compute_next_step")

    @api.depends(
        "state",
        "bank_id.state",
        "account_id",
        "contact_name",
        "contact_email",
        "signatory_role",
        "missing_documents",
        "invitation_ends_at",
    )
    @api.depends_context("uid", "lang")
    def _compute_next_step(self):
        for membership in self:
            membership.next_step = membership._next_step()

    def _next_step(self):
        """What an accountant has to do, or to wait for, as a sentence."""
        names = self._names()
        sentences = {
            "draft": self._next_step_before_signing,
            "signed": lambda: self.env._(
                "It is signed. A financing administrator presses “Connect the Bank”, then it goes to %(bank)s.", **names
            ),
            "sent": self._next_step_on_its_way,
            "received": lambda: self.env._("%(bank)s decides. There is nothing to do until then.", **names),
            "action_required": lambda: self.env._(
                "Correct or attach what %(bank)s asks for. Then an approver presses “Sign and Send Again”.", **names
            ),
            "approved": self._next_step_as_member,
            "declined": lambda: self.env._("It is over. %(anchor)s can send a new invitation.", **names),
            "suspended": lambda: self.env._("Nothing new is paid early for now. What was agreed goes on.", **names),
            "left": lambda: self.env._("It is over. %(anchor)s can send a new invitation.", **names),
        }
        return sentences[self.state]()

    def _next_step_before_signing(self):
        is_approver = self.env.user.has_group(APPROVER)
        if why_not := self._why_not_join() if is_approver else self._why_not_signable():
            return why_not
        if is_approver:
            return self.env._("Read the terms, then press “Accept the Terms and Join”.")
        return self.env._(
            "It is complete. An approver opens it, reads the terms and presses “Accept the Terms and Join”."
        )

    def _next_step_on_its_way(self):
        if self.bank_is_connected:
            return self.env._("It goes to %(bank)s by itself.", **self._names())
        return self.env._("%(bank)s has to let us in first. The membership follows by itself.", **self._names())

    def _next_step_as_member(self):
        if self.kind == "payables_finance":
            return self.env._(
                "When %(anchor)s approves an invoice of ours, it appears under Approved Invoices by itself.",
                **self._names(),
            )
        return self.env._("We can ask %(bank)s to finance what we order from %(anchor)s.", **self._names())
