from odoo import api, fields, models
from odoo.tools import email_normalize

from .scf_program_member import INVITED

# Who has been invited and not left: what the pages of a member are for.
WITH_PAGES = ("invited", "opened", "started", "submitted", "approved", "financed", "suspended", "declined", "bounced")

# What of a bank's word is worth an e-mail.
MAILED_STATUSES = ("approved", "action_required", "declined", "suspended")


class ScfProgramMember(models.Model):
    """A member as it sees itself: through the link of its invitation, and through its own pages."""

    _inherit = "scf.program.member"

    has_joining = fields.Boolean(compute="_compute_has_joining", help="The company has begun to give its facts.")

    # -- compute ----------------------------------------------------------------------------------------------------

    def _compute_has_joining(self):
        begun = self.env["scf.program.joining"].search([("member_id", "in", self.ids)]).member_id
        for member in self:
            member.has_joining = member in begun

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_joining(self):
        """Open what the company gave: facts, account, documents, signatures, consents."""
        self.ensure_one()
        joining = self.env["scf.program.joining"].search([("member_id", "=", self.id)])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What %s gave", self.partner_id.display_name),
            "res_model": "scf.program.joining",
            "res_id": joining.id,
            "views": [(False, "form")],
        }

    # -- business: the link -----------------------------------------------------------------------------------------

    def _why_link_closed(self):
        """Why the link of the invitation leads nowhere, as a sentence to the company; None while it works."""
        self.ensure_one()
        anchor = self.company_id.name
        if self.program_id.state == "closed" or self.state == "left":
            return self.env._("This invitation has ended. If you think that it should not have, write to %s.", anchor)
        known = self.bank_ids.filtered("bank_member_ref")
        if self.state in INVITED and known and all(bank.over_since for bank in self.bank_ids):
            return self.env._(
                "Your company was a member of this program before, and its banks have closed that membership. Write to "
                "%s: it can open another one for you.",
                anchor,
            )
        if not self.program_id._is_open():
            return self.env._("%s has paused this program. Please come back later.", anchor)
        if self._link_expired():
            return self.env._("This link has expired. Ask %s for a new one.", anchor)
        return None

    def _has_joined(self):
        """Whether somebody of the company has an account here already: from then on the link is no key any more."""
        self.ensure_one()
        joining = self.env["scf.program.joining"].sudo().search([("member_id", "=", self.id)])
        return bool(joining.joined_by_id) or self.state not in (*INVITED, "bounced", "declined")

    def _set_state(self, state, reason=False):
        """Whoever leaves, and whoever says so, the consents end with the membership."""
        has_changed = super()._set_state(state, reason)
        if has_changed and state == "left":
            for joining in self.env["scf.program.joining"].sudo().search([("member_id", "=", self.id)]):
                joining._end()
        return has_changed

    def _begin_anew(self):
        """What they gave before is signed and sent once more."""
        again = super()._begin_anew()
        for joining in self.env["scf.program.joining"].sudo().search([("member_id", "in", again.ids)]):
            joining._begin_anew()
        return again

    def _has_accepted(self):
        """Whether the company took the invitation, whatever came afterwards."""
        self.ensure_one()
        joining = self.env["scf.program.joining"].sudo().search([("member_id", "=", self.id)])
        return bool(joining.sent_at) or self.state not in ("invited", "opened", "bounced", "declined")

    def _accept(self):
        """The company takes the invitation: it has begun to give its facts."""
        self._open()
        self._start()
        return self.env["scf.program.joining"]._of(self)

    @api.model
    def _get_thread_with_access(self, thread_id, *, mode="read", **kwargs):
        """Let nobody into the anchor's conversation by a token: what makes the link is no key to it."""
        by_token = {"hash", "pid", "token"}
        kept = {name: value for name, value in kwargs.items() if name not in by_token}
        return super()._get_thread_with_access(thread_id, mode=mode, **kept)

    # -- business: accounts -----------------------------------------------------------------------------------------

    def _invited_address(self):
        """Where the invitation went, in normal form; empty where there is no address."""
        return email_normalize(self.email or self.partner_id.email) or ""

    def _account_of_invited(self):
        """Whose account the invited address is.

        :return: ``("member", user)`` for a portal user of the company, ``("stranger", user)`` for anybody else's, or
            ``(None, empty)`` where nobody has one
        """
        self.ensure_one()
        users = self.env["res.users"].sudo().with_context(active_test=False)
        address = self._invited_address()
        user = users.search(["|", ("login", "=", address), ("partner_id.email_normalized", "=", address)], limit=1)
        if not user:
            return None, user
        return ("member" if user._is_portal() and self._is_of(user) else "stranger"), user

    def _is_of(self, user):
        """Whether a portal user speaks for this member: it is of the same company."""
        company = user.partner_id.commercial_partner_id
        return user.active and user._is_portal() and self.partner_id.commercial_partner_id == company

    def _signup_path(self, redirect):
        """The path on which the invited person makes an account; it ends where `redirect` says.

        The account is a contact's of its own: a contact that has a user already must never get another password.
        """
        self.ensure_one()
        contact = self._contact_for_account()
        contact.signup_prepare()
        return contact.with_context(relative_url=True)._get_signup_url_for_action(url=redirect)[contact.id]

    def _contact_for_account(self):
        """The person of the company with the invited address and without a user; made where there is none.

        Never the company itself: whoever signs in may change the contact that the account is for, and would bear the
        company's name.
        """
        company, address = self.partner_id.commercial_partner_id.sudo(), self._invited_address()
        people = company.child_ids.filtered(lambda item: not item.is_company)
        for contact in people:
            if contact.email_normalized == address and not contact.with_context(active_test=False).user_ids:
                return contact
        # Its name is what the person types who makes the account.
        return people.create({"name": address, "email": address, "parent_id": company.id, "type": "contact"})

    # -- business: the pages ----------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _of_user(self, user):
        """The memberships of a portal user's company, with full rights; none for anybody else.

        This is the only way in which the pages find a member: who asks for another one's learns nothing.
        """
        members = self.sudo()
        if not user._is_portal():
            return members.browse()
        company = user.partner_id.commercial_partner_id
        return members.search(
            [("partner_id.commercial_partner_id", "=", company.id), ("state", "in", WITH_PAGES)], order="id desc"
        )

    # -- business: news ---------------------------------------------------------------------------------------------

    def _follow_banks(self, news):
        """Tell the member, too, what its bank says."""
        result = super()._follow_banks(news)
        if news.status in MAILED_STATUSES:
            self._mail_news(news)
        return result

    def _mail_news(self, news, template="mail_template_member_news"):
        """Write to the member's contact person.

        :param news: the record at the bank that said something new
        :param str template: what is written
        """
        joining = self.env["scf.program.joining"].sudo().search([("member_id", "=", self.id)])
        # A member that joined from its own system reads it there.
        if email := joining.sent_at and joining.contact_email:
            self.env.ref(f"scf_program.{template}").sudo().send_mail(
                news.id, email_values={"email_to": email, "recipient_ids": []}
            )
