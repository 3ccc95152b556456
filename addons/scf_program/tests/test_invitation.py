import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ProgramCase


class InvitingCase(ProgramCase):
    """What the job does, and who was written to."""

    def given(self):
        super().given()
        self.program = self._running(landing_text="<p>Be paid early.</p>")

    def _run(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).with_user(self.env.ref("base.user_root")).method_direct_trigger()
        self.env.invalidate_all()

    def _work(self):
        """Let the jobs bring in and write to everybody who waits."""
        self._run("scf_program.cron_bring_in")
        self._run("scf_program.cron_write_to_members")

    def _inviting(self, source, **values):
        """What the dialog shows after “Look at them”, as the requester sees it."""
        inviting = self._as("requester", self.env["scf.program.inviting"]).create(
            {"program_id": self.program.id, "source": source, **values}
        )
        return self._as("requester", self.env["scf.program.invitation"]).browse(inviting.action_check()["res_id"])

    def _of_partners(self, partners):
        return self._inviting("selection", partner_ids=[Command.set(partners.ids)])

    def _of_file(self, content, name="vendors.csv"):
        content = content if isinstance(content, bytes) else content.encode()
        return self._inviting("file", file=base64.b64encode(content), file_name=name)

    def _members(self):
        return self.env["scf.program.member"].sudo().search([("program_id", "=", self.program.id)], order="id")

    def _mails(self):
        return self.env["mail.mail"].sudo().search([("model", "=", "scf.program.member")], order="id")


@tagged("post_install", "-at_install")
class TestInvitation(InvitingCase):
    """Companies are invited: looked at first, brought in by a job, written to once, reminded, and heard."""

    def test_nothing_happens_before_it_is_confirmed_and_then_each_is_written_to_once(self):
        invitation = self._of_partners(self.vendors)
        self.assertEqual((invitation.good_count, invitation.bad_count, invitation.state), (3, 0, "draft"))
        self._work()
        self.assertFalse(self._members())

        invitation.action_start()
        self._work()
        self.assertEqual(invitation.state, "done")
        members = self._members()
        self.assertEqual(members.mapped("state"), ["invited"] * 3)
        self.assertEqual(members.partner_id, self.vendors)
        mails = self._mails()
        self.assertEqual(sorted(mails.mapped("email_to")), sorted(self.vendors.mapped("email")))
        for member, mail in zip(members, mails, strict=True):
            self.assertIn(member._link(), mail.body_html)
        self._work()
        self.assertEqual(self._mails(), mails, "nobody is written to twice")

    def test_link_is_in_no_message_that_people_read(self):
        self._of_partners(self.steel).action_start()
        self._work()
        member = self._members()
        for message in member.message_ids:
            self.assertNotIn(member._link_token(), message.body or "")
        self.assertIn("The invitation was sent.", "".join(member.message_ids.mapped("body")))

    def test_who_is_in_already_can_not_be_invited_again_from_anywhere(self):
        self._of_partners(self.steel).action_start()
        self._work()
        again = self._of_partners(self.steel | self.paper)
        self.assertEqual((again.good_count, again.bad_count), (1, 1))
        self.assertIn("in the program already", again.bad_ids.problem)
        third = self._of_partners(self.paper)
        again.action_start()
        third.action_start()
        self._work()
        self.assertEqual(len(self._members()), 2)
        self.assertEqual(third.bad_count, 1, "what came in after it was confirmed comes back")
        self.assertEqual(len(self._mails()), 2)

    def test_job_that_breaks_off_goes_on_where_it_was(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Vendor {n}", "email": f"v{n}@v.example", "is_company": True} for n in range(7)]
        )
        invitation = self._of_partners(partners)
        invitation.action_start()
        with (
            patch("odoo.addons.scf_program.models.scf_program_invitation.CHUNK", 3),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 0),
        ):
            self.env["scf.program.invitation"].sudo()._cron_bring_in()
        self.assertEqual((invitation.invited_count, invitation.state), (3, "running"))
        invitation.action_stop()
        self._work()
        self.assertEqual(invitation.invited_count, 3, "what was stopped waits")
        invitation.action_resume()
        self._work()
        self.assertEqual((invitation.invited_count, invitation.state), (7, "done"))
        self.assertEqual(len(self._members()), 7)

    def test_what_the_database_refuses_stops_that_company_only(self):
        invitation = self._of_file("name,email\nGood,good@good.example\nOdd,odd@odd.example\n")
        invitation.action_start()
        partners = type(self.env["res.partner"])
        original, refusal = partners.create, UserError("Not with us.")

        def create(records, vals_list):
            if any(vals.get("name") == "Odd" for vals in vals_list):
                raise refusal
            return original(records, vals_list)

        logger = "odoo.addons.scf_program.models.scf_program_invitation_row"
        with patch.object(partners, "create", create), self.assertLogs(logger, "WARNING"):
            self._work()
        self.assertEqual((invitation.invited_count, invitation.bad_count), (1, 1))
        self.assertIn("Not with us.", invitation.bad_ids.problem)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Odd")]))

    def test_rules_say_who_is_invited(self):
        self._bill(self.steel, 60000.0, ago=100)
        self._bill(self.paper, 60000.0, ago=20)
        self._bill(self.cork, 500.0, ago=100)
        program = self._as("requester", self.program)
        program.write({"min_tenure_months": 3, "min_bought_amount": 10000.0})
        program.action_count_eligible()
        self.assertEqual(program.eligible_count, 1)
        self.assertEqual(program.action_open_eligible()["domain"], [("id", "in", self.steel.ids)])
        invitation = self._inviting("rules")
        self.assertEqual(invitation.good_ids.partner_id, self.steel)

    def test_who_was_only_pre_approved_is_invited_as_the_member_it_is(self):
        steel, paper = (self._member(self.program, partner, "draft") for partner in (self.steel, self.paper))
        for partner in self.vendors:
            self._bill(partner, 60000.0, ago=100)
        program = self._as("requester", self.program)
        self.assertEqual(program.action_open_eligible()["domain"], [("id", "in", self.vendors.ids)])
        invitation = self._inviting("rules")
        self.assertEqual(invitation.good_ids.partner_id, self.vendors)
        self.assertEqual(self._of_partners(self.vendors).good_count, 3)
        rows = "".join(f"{partner.name},new@{partner.email.split('@')[1]},{partner.vat}\n" for partner in self.vendors)
        by_file = self._of_file(f"name,email,vat\n{rows}")
        self.assertEqual(by_file.bad_ids.mapped("problem"), [])
        by_file.action_start()
        self._work()
        invitation.action_start()
        self._work()
        members = self._members()
        self.assertEqual((members.partner_id, len(members)), (self.vendors, 3))
        self.assertLessEqual(steel | paper, members)
        self.assertEqual(set(members.mapped("state")), {"invited"})
        self.assertEqual(steel.email, "new@steelworks.example")
        self.assertEqual((by_file.invited_count, invitation.bad_count, len(self._mails())), (3, 3, 3))

    def test_address_of_a_member_that_waits_is_no_other_company_s(self):
        self._member(self.program, self.steel, "draft")
        self.paper.email = self.steel.email
        self.assertEqual(self._of_partners(self.steel).good_count, 1)
        self.assertIn("with this e-mail address", self._of_partners(self.paper).bad_ids.problem)

    def test_rules_in_an_accountants_words(self):
        for partner in self.vendors:
            self._bill(partner, 1000.0, ago=40)
        self._bill(self.cork, 300.0, ago=10, move_type="in_refund")
        self._bill(self.paper, 90000.0, ago=500)
        tag = self.env["res.partner.category"].create({"name": "Strategic"})
        self.steel.category_id = tag
        program = self.program
        for rules, expected in (
            ({}, self.vendors),
            ({"max_return_percent": 20.0}, self.steel | self.paper),
            ({"min_bought_amount": 5000.0}, self.env["res.partner"]),
            ({"country_ids": [Command.set(self.env.ref("base.de").ids)]}, self.paper),
            ({"category_ids": [Command.set(tag.ids)]}, self.steel),
            ({"min_tenure_months": 12}, self.paper),
        ):
            with self.subTest(rules=rules), self.env.cr.savepoint() as savepoint:
                program.write(rules)
                self.assertEqual(program._eligible_partners() & self.vendors, expected)
                savepoint.close(rollback=True)
                program.invalidate_recordset()

    def test_rules_that_change_say_that_the_count_is_old(self):
        program = self._as("requester", self.program)
        program.action_count_eligible()
        self.assertTrue(program.eligible_counted_at)
        program.min_bought_amount = 5.0
        self.assertFalse(program.eligible_counted_at)

    def test_reminders_come_by_rule_and_end(self):
        self.program.write({"reminder_days": 5, "reminder_count": 2})
        self._of_partners(self.steel | self.paper).action_start()
        self._work()
        member, other = self._members()
        other._decline("No need.")
        for _time in range(4):
            past = fields.Datetime.now() - timedelta(days=6)
            member.write({"invited_at": past, **({"reminded_at": past} if member.reminded_at else {})})
            other.invited_at = past
            self._run("scf_program.cron_remind_members")
            self._run("scf_program.cron_remind_members")
            self._run("scf_program.cron_write_to_members")
        self.assertEqual(member.reminder_count, 2)
        self.assertEqual(len(self._mails()), 4, "two invitations, two reminders to who has not answered")
        self.assertIn("Reminder:", self._mails()[-1].subject)

    def test_reminder_waits_for_its_day_and_for_a_link_that_works(self):
        self._of_partners(self.steel).action_start()
        self._work()
        member = self._members()
        self._run("scf_program.cron_remind_members")
        self.assertFalse(member.queued_at)
        past = fields.Datetime.now() - timedelta(days=60)
        member.write({"invited_at": past, "link_expires_at": past})
        self._run("scf_program.cron_remind_members")
        self.assertFalse(member.queued_at)

    def test_mail_that_comes_back_calls_the_responsible_person(self):
        self._of_partners(self.steel).action_start()
        self._work()
        member = self._members()
        self.env["mail.thread"]._routing_handle_bounce(
            None,
            {
                "bounced_email": "finance@steelworks.example",
                "bounced_partner": self.env["res.partner"],
                "bounced_msg_ids": [],
                "bounced_message": self._mails().mail_message_id,
                "email_from": "mailer@steelworks.example",
                "to": "bounce@us.example",
                "message_id": "<1@x>",
            },
        )
        self.assertEqual(member.state, "bounced")
        self.assertIn("finance@steelworks.example", member.state_reason)
        self.assertEqual(member.activity_ids.user_id, self.people["requester"])
        self._as("requester", member).email = "new@steelworks.example"
        self._as("requester", member).action_invite()
        self._run("scf_program.cron_write_to_members")
        self.assertEqual((member.state, self._mails()[-1].email_to), ("invited", "new@steelworks.example"))

    def test_address_that_the_mail_server_refuses_counts_as_not_reached(self):
        self._of_partners(self.steel).action_start()
        self._work()
        self._mails()._postprocess_sent_message(
            [], [], failure_reason="No such host", failure_type="mail_email_invalid"
        )
        self.assertEqual(self._members().state, "bounced")

    def test_who_asked_for_no_more_mail_is_not_written_to(self):
        self.env["mail.blacklist"].sudo()._add("kasse@papier-mueller.example")
        invitation = self._of_partners(self.paper)
        self.assertIn("no more e-mails", invitation.bad_ids.problem)
        member = self._member(self.program, self.paper, "draft")
        self._as("requester", member).action_invite()
        self._work()
        self.assertEqual((member.state, len(self._mails())), ("bounced", 0))

    def test_link_ends_is_renewed_and_can_not_be_made_up(self):
        members = self.env["scf.program.member"]
        member = self._member(self.program, self.steel)
        token = member._link_token()
        self.assertEqual(members._by_link_token(token), member)
        for wrong in ("", "x", "1-", token[:-1], f"{member.id + 1}-{token.partition('-')[2]}", "9" * 30 + "-a", None):
            self.assertFalse(members._by_link_token(wrong))
        member.link_expires_at = fields.Datetime.now() - timedelta(days=1)
        self.assertTrue(member._link_expired())
        self.assertIn("expired", member.next_step)
        self._as("requester", member).action_invite()
        self._run("scf_program.cron_write_to_members")
        self.assertFalse(member._link_expired())
        self.assertFalse(members._by_link_token(token), "a link that had ended stays ended")
        renewed = member._link_token()
        self._as("requester", member).email = "other@steelworks.example"
        self.assertFalse(members._by_link_token(renewed), "a link in the wrong mailbox leads nowhere")

    def test_mail_is_in_the_partners_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("scf_program.mail_template_invitation")
        template.with_context(lang="de_DE").subject = "Einladung von {{ object.company_id.name }}"
        self.paper.lang = "de_DE"
        self._of_partners(self.paper | self.steel).action_start()
        self._work()
        subjects = {mail.email_to: mail.subject for mail in self._mails()}
        self.assertTrue(subjects["kasse@papier-mueller.example"].startswith("Einladung"))
        self.assertIn("invites you", subjects["finance@steelworks.example"])

    def test_files_go_with_the_mail(self):
        members = type(self.env["scf.program.member"])
        with patch.object(
            members, "_invitation_files", lambda self: {self[0].id: [("join.scf", b"token", "application/jose")]}
        ):
            self._of_partners(self.steel | self.paper).action_start()
            self._work()
        first, second = self._mails()
        self.assertEqual(first.attachment_ids.mapped("raw"), [b"token"])
        self.assertFalse(second.attachment_ids)

    def test_file_that_can_not_be_made_stops_that_mail_only(self):
        members, refusal = type(self.env["scf.program.member"]), UserError("No key.")

        def no_file_for_steel(these):
            if self.steel in these.partner_id:
                raise refusal
            return {}

        self._of_partners(self.steel | self.paper).action_start()
        logger = "odoo.addons.scf_program.models.scf_program_member_inviting"
        with patch.object(members, "_invitation_files", no_file_for_steel), self.assertLogs(logger, "WARNING"):
            self._work()
        steel, paper = self._members().sorted(lambda member: member.partner_id.name, reverse=True)
        self.assertEqual((steel.state, paper.state), ("draft", "invited"))
        self.assertIn("No key.", steel.activity_ids.note)

    def test_two_programs_keep_their_members_apart(self):
        other = self._running(name="Second")
        self._member(other, self.steel)
        invitation = self._of_partners(self.steel)
        self.assertEqual(invitation.good_count, 1)

    def test_program_that_does_not_run_invites_nobody(self):
        draft = self._program(name="Draft")
        inviting = self._as("requester", self.env["scf.program.inviting"]).create(
            {"program_id": draft.id, "source": "selection", "partner_ids": [Command.set(self.steel.ids)]}
        )
        with self.assertRaisesRegex(UserError, "while the program runs"):
            inviting.action_check()
        with self.assertRaisesRegex(UserError, "while the program runs"):
            self.env["scf.program.member"].create({"program_id": draft.id, "partner_id": self.steel.id}).action_invite()

    def test_only_requesters_invite(self):
        invitation = self._of_partners(self.steel)
        with self.assertRaises(AccessError):
            self._as("accountant", invitation).action_start()
        with self.assertRaises(AccessError):
            self._as("accountant", self.env["scf.program.inviting"]).create({"program_id": self.program.id})

    def test_what_nobody_confirmed_does_not_stay(self):
        invitation = self._of_partners(self.steel)
        self.env.cr.execute(
            "UPDATE scf_program_invitation SET create_date = create_date - interval '8 days' WHERE id = %s",
            [invitation.id],
        )
        self.env["scf.program.invitation"].sudo()._gc_unconfirmed()
        self.assertFalse(invitation.exists())
