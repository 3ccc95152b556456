import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import email_normalize

from odoo.addons.scf_finance.models.labels import label_of

from .row_hold import hold
from .scf_program_member import INVITED

_logger = logging.getLogger(__name__)

MAILS = [("invitation", "Invitation"), ("reminder", "Reminder")]
TEMPLATES = {
    "invitation": "scf_program.mail_template_invitation",
    "reminder": "scf_program.mail_template_reminder",
}
# Who may be written to again by hand.
INVITABLE = ("draft", "bounced", "declined", "left", *INVITED)
# Members that are written to within one transaction.
CHUNK = 100


class ScfProgramMember(models.Model):
    """E-mails to members: invitations and reminders, written by a job, each in the member's language."""

    _inherit = "scf.program.member"

    queued_mail = fields.Selection(MAILS, readonly=True, copy=False)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_invite(self):
        """Send the invitation, or send it again with a link that works anew."""
        self.check_access("write")
        for program in self.program_id:
            if not program._is_open():
                raise UserError(
                    self.env._(
                        "Companies can be invited while the program runs; “%(program)s” is “%(state)s”.",
                        program=program.name,
                        state=label_of(program, "state"),
                    )
                )
        if beyond := self.filtered(lambda member: member.state not in INVITABLE):
            raise UserError(
                self.env._(
                    "%(member)s is “%(state)s” already.",
                    member=beyond[0].partner_id.display_name,
                    state=label_of(beyond[0], "state"),
                )
            )
        if unreachable := self.filtered(lambda member: not email_normalize(member.email)):
            raise UserError(
                self.env._(
                    "%s has no e-mail address. Enter one, then invite it.", unreachable[0].partner_id.display_name
                )
            )
        self.sudo()._queue_mail("invitation", self.env.user)
        return True

    def action_take_out(self):
        """Take members out of the program; what was paid early runs to its end."""
        self.check_access("write")
        for member in self.sudo():
            hold(member)
            member._leave(self.env._("%s took it out of the program.", self.env.user.name))
        return True

    # -- business: writing to members -------------------------------------------------------------------------------

    def _awaits_invitation(self):
        """Whether nobody has written to the member yet, nor is about to: it was pre-approved, or added by hand."""
        self.ensure_one()
        return self.state == "draft" and not self.queued_at

    def _queue_mail(self, kind, user):
        """Have the job write to these members; two clicks, and two jobs, make one e-mail.

        :param str kind: `invitation` or `reminder`
        :param user: whose name stands under it
        """
        self.filtered(lambda member: not member.queued_at).write(
            {"queued_at": fields.Datetime.now(), "queued_mail": kind, "invited_by_id": user.id}
        )
        self.env.ref("scf_program.cron_write_to_members").sudo()._trigger()

    @api.model
    def _cron_write(self):
        """Write to the members that wait for it, a chunk in each transaction, until the job's time is up.

        Invitations and reminders come first, then other prices of banks.
        """
        waiting = [("queued_at", "!=", False), ("program_id.state", "=", "active")]
        remaining = self.search_count(waiting)
        last_id = 0
        while chunk := self.search([*waiting, ("id", ">", last_id)], order="id", limit=CHUNK):
            last_id = chunk[-1].id
            try:
                chunk.try_lock_for_update(allow_referencing=True)._write_or_set_aside()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same rows a moment ago: they are looked at again in another run.
                self.env.cr.rollback()
                self.env.ref("scf_program.cron_write_to_members")._trigger()
            remaining = max(remaining - len(chunk), 0)
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=remaining):
                return
        self.env["scf.program.member.bank"]._mail_prices()

    def _write_or_set_aside(self):
        """Write to these members; what fails for one of them stops that one only, and calls the responsible person."""
        try:
            with self.env.cr.savepoint():
                self._write_to()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(self) > 1:
                for member in self:
                    member._write_or_set_aside()
                return
            _logger.warning("scf.program.member %s could not be written to", self.id, exc_info=True)
            self.queued_at = False
            self._tell(self.env._("The e-mail could not be written: %s", error), act=True)

    def _write_to(self):
        """Make the e-mails of these members and note that they were written to, in one transaction.

        The mail queue sends them. Their links are in no message that people read.
        """
        self._set_unreachable_aside()
        for kind, members in self.filtered("queued_at").grouped("queued_mail").items():
            if kind == "invitation":
                members._renew_link()
            # In the order of the ids, as `send_mail_batch` gives the mails.
            template = self.env.ref(TEMPLATES[kind]).sudo()
            links = {member.id: member._link() for member in members}
            mails = template.with_context(scf_links=links).send_mail_batch(
                members.ids, email_values={"auto_delete": True, "is_notification": True}
            )
            members._attach_files(mails)
            mails.write({"body": members._told(kind), "subtype_id": self.env.ref("mail.mt_note").id})
            members._note_written(kind)

    def _told(self, kind):
        """What the chatter keeps of an e-mail: that it was written, without its link."""
        return self.env._("The invitation was sent.") if kind == "invitation" else self.env._("A reminder was sent.")

    def _note_written(self, kind):
        now = fields.Datetime.now()
        if kind == "invitation":
            self.write({"queued_at": False, "invited_at": now, "reminded_at": False, "reminder_count": 0})
            for member in self.filtered(lambda item: item.state not in INVITED):
                member._set_state("invited")
            self._begin_anew()
        else:
            self.write({"queued_at": False, "reminded_at": now})
            for count, members in self.grouped("reminder_count").items():
                members.reminder_count = count + 1

    def _set_unreachable_aside(self):
        """Write to nobody without a usable address, or who asked for no more e-mails."""
        emails = {member.id: email_normalize(member.email) for member in self}
        refused = set(
            self.env["mail.blacklist"]
            .sudo()
            .search([("email", "in", list(filter(None, emails.values())))])
            .mapped("email")
        )
        for member in self:
            email = emails[member.id]
            if email and email not in refused:
                continue
            member.queued_at = False
            member._set_state(
                "bounced",
                self.env._("Whoever has this address asked for no more e-mails.")
                if email
                else self.env._("There is no e-mail address."),
            )

    def _attach_files(self, mails):
        """Put the files of :meth:`_invitation_files` to the e-mails of their members."""
        files = self._invitation_files()
        if not files:
            return
        for mail in mails:
            mail.attachment_ids = [
                Command.create(
                    {
                        "name": name,
                        "raw": content,
                        "mimetype": media_type,
                        "res_model": "mail.message",
                        "res_id": mail.mail_message_id.id,
                    }
                )
                for name, content, media_type in files.get(mail.res_id, ())
            ]

    def _invitation_files(self):
        """Files that go with the invitations and reminders of these members. To be extended.

        :return: {id of a member: [(file name, bytes, media type)]}
        :rtype: dict
        """
        return {}

    # -- business: reminders ----------------------------------------------------------------------------------------

    @api.model
    def _cron_remind(self):
        """Queue reminders by the rule of each program: after so many days without an answer, at most so many."""
        for program in self.env["scf.program"].search([("state", "=", "active"), ("reminder_count", ">", 0)]):
            due = self.search(program._reminder_domain())
            for user, members in due.grouped("invited_by_id").items():
                members._queue_mail("reminder", user or program.user_id)

    # -- business: what comes back ----------------------------------------------------------------------------------

    def _message_receive_bounce(self, email, partner):
        """An e-mail to the member came back: its state says so, and the responsible person corrects the address."""
        for member in self.sudo():
            if not email or email_normalize(member.email) in (False, email_normalize(email)):
                member._bounce(self.env._("The e-mail to %s came back.", email or member.email))
        return super()._message_receive_bounce(email, partner)

    def _bounce(self, reason):
        self.ensure_one()
        if self.state in ("invited", "opened") and self._set_state("bounced", reason):
            self._tell(
                self.env._(
                    "%(member)s was not reached. %(why)s Correct the address, then send the invitation again.",
                    member=self.partner_id.name,
                    why=reason,
                ),
                act=True,
            )

    def write(self, vals):
        if "email" in vals and not self.env.su:
            # A link that went to the wrong mailbox leads nowhere as soon as that is known.
            changed = self.filtered(lambda member: member.email and member.email != vals["email"])
            if signed := changed.filtered(lambda member: member.state not in INVITABLE):
                raise UserError(
                    self.env._(
                        "%s has signed with its address. Its people change it in the portal.", signed[0].partner_id.name
                    )
                )
            changed._end_link()
        return super().write(vals)


class ScfProgram(models.Model):
    _inherit = "scf.program"

    def _reminder_domain(self):
        """Members whom a reminder is due to: their link works, and they have not answered."""
        self.ensure_one()
        now = fields.Datetime.now()
        long_ago = now - timedelta(days=self.reminder_days)
        return [
            ("program_id", "=", self.id),
            ("state", "in", INVITED),
            ("queued_at", "=", False),
            ("link_expires_at", ">", now),
            ("reminder_count", "<", self.reminder_count),
            ("invited_at", "<=", long_ago),
            "|",
            ("reminded_at", "=", False),
            ("reminded_at", "<=", long_ago),
        ]
