from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TERMS, ProgramCase


@tagged("post_install", "-at_install")
class TestProgram(ProgramCase):
    """The life of a program: prepared by one person, approved by another, changed within limits, closed for good."""

    def test_program_runs_once_a_second_person_approved_it(self):
        program = self._program()
        program.action_request_approval()
        self.assertEqual(program.state, "to_approve")
        self.assertIn("Approver", program.next_step)
        self.assertTrue(program.sudo().activity_ids.filtered(lambda task: task.user_id == self.people["approver"]))
        with self.assertRaisesRegex(UserError, "Only an approver"):
            program.action_approve()
        self._as("approver", program).action_approve()
        self.assertEqual((program.state, program.approved_by_id.name), ("active", "Approver"))
        self.assertTrue(program.reference.startswith("PRG/"))
        self.assertFalse(program.sudo().activity_ids)
        with self.assertRaisesRegex(UserError, "Running"):
            self._as("approver", program).action_approve()

    def test_who_asks_can_not_approve(self):
        program = self._as("approver", self._program())
        program.action_request_approval()
        with self.assertRaisesRegex(UserError, "somebody else has to approve it"):
            program.action_approve()

    def test_what_is_missing_is_said_before_anybody_is_asked(self):
        for values, sentence in (
            ({"terms": "<p><br></p>"}, "Write the terms"),
            ({"bank_ids": []}, "at least one bank"),
            ({"anchor_limit": 0.0, "member_limit": 0.0}, "up to what amount"),
            ({"anchor_limit": 9000000.0}, "agrees to at most"),
            ({"max_tenor_days": 300}, "at most 180 days"),
            ({"currency_id": self.env.ref("base.CHF").id}, "does not run programs in CHF"),
        ):
            with self.subTest(sentence), self.assertRaisesRegex(UserError, sentence):
                self._program(**values).action_request_approval()
        self.rhone.sudo().profile = {**self.rhone.profile, "programs": []}
        with self.assertRaisesRegex(UserError, "does not offer programs of this kind"):
            self._program().action_request_approval()

    def test_own_cash_needs_no_bank(self):
        program = self._approved(kind="dynamic_discounting", bank_ids=[], anchor_limit=0.0, member_limit=0.0)
        self.assertEqual(program.state, "active")
        self.assertFalse(self.rhone_bank.queued())

    def test_what_was_approved_stays_and_what_runs_may_change(self):
        program = self._as("requester", self._running())
        for values in (
            {"anchor_limit": 2000000.0},
            {"kind": "distributor_finance"},
            {"document_kind_ids": [Command.clear()]},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "Duplicate the program"):
                program.write(values)
        program.write({"landing_text": "<p>Welcome</p>", "reminder_days": 3, "name": "Early payment II"})
        self.assertEqual(program.reminder_days, 3)

    def test_program_that_waits_for_approval_waits_as_it_is(self):
        program = self._program()
        program.action_request_approval()
        with self.assertRaisesRegex(UserError, "waits for approval as it is"):
            program.terms = "<p>Other</p>"
        program.action_take_back()
        program.terms = "<p>Other</p>"
        self.assertEqual(program.state, "draft")
        self.assertFalse(program.sudo().activity_ids)

    def test_signature_names_the_version_that_was_in_force(self):
        program = self._as("requester", self._running())
        first = program.terms_version_id
        self.assertEqual(first.version, 1)
        self.assertIn("approved on its due date", first.text)
        program.terms = "<p>We pay a day later.</p>"
        self.assertTrue(program.terms_changed)
        self.assertEqual(program.terms_version_id, first)
        program.action_request_terms()
        with self.assertRaisesRegex(UserError, "Only an approver"):
            program.action_approve_terms()
        self._as("approver", program).action_approve_terms()
        second = program.terms_version_id
        self.assertEqual((second.version, program.terms_changed), (2, False))
        self.assertNotEqual(first.sha256, second.sha256)
        self.assertIn("approved on its due date", first.text, "the version that was signed is kept")

    def test_terms_that_change_after_they_were_asked_for_are_asked_for_anew(self):
        program = self._as("requester", self._running())
        program.terms = "<p>Two.</p>"
        program.action_request_terms()
        program.terms = "<p>Three.</p>"
        with self.assertRaisesRegex(UserError, "they were changed since"):
            self._as("approver", program).action_approve_terms()

    def test_who_asks_for_new_terms_can_not_approve_them(self):
        program = self._as("approver", self._running())
        program.terms = "<p>Two.</p>"
        program.action_request_terms()
        with self.assertRaisesRegex(UserError, "somebody else has to approve it"):
            program.action_approve_terms()

    def test_digest_is_that_of_all_languages(self):
        self.env["res.lang"]._activate_lang("de_DE")
        program = self._program()
        words = TERMS.removeprefix("<p>").removesuffix("</p>")
        program.update_field_translations("terms", {"de_DE": {words: "Wir zahlen bei Fälligkeit."}})
        program.action_request_approval()
        self._as("approver", program).action_approve()
        terms = program.terms_version_id
        self.assertEqual(set(terms.texts), {"en_US", "de_DE"})
        self.assertIn("Fälligkeit", terms.with_context(lang="de_DE").text)
        self.assertIn("due date", terms.text)
        self.assertIn("Fälligkeit".encode(), terms._document())

    def test_suspended_program_takes_nothing_new_and_comes_back(self):
        program = self._running()
        with self.assertRaisesRegex(UserError, "Only an approver"):
            self._as("requester", program).action_suspend()
        self._as("approver", program).action_suspend()
        self.assertFalse(program._is_open())
        self._as("approver", program).action_resume()
        self.assertTrue(program._is_open())

    def test_closing_says_what_it_means_and_tells_the_banks(self):
        program = self._running()
        self._member(program, self.steel)
        self.rhone_bank.tell_program(
            "program.changed", program.bank_ids, used={"amount": "25000.00", "currency": program.currency_id.name}
        )
        closing = self._as("approver", self.env["scf.program.closing"]).create({"program_id": program.id})
        self.assertIn("25,000.00", closing.consequences)
        self.assertIn("Banque du Rhône", closing.consequences)
        with self.assertRaisesRegex(UserError, "Say why"):
            closing.action_confirm()
        closing.reason = "We pay faster now."
        closing.action_confirm()
        self.assertEqual(program.state, "closed")
        self.assertEqual(self.rhone_bank.body("close_program"), {"reason": "We pay faster now."})
        self.rhone_bank.answer("close_program", {**self.rhone_bank.programs[program.reference], "status": "CLOSED"})
        self.rhone_bank.tell_program("program.closed", program.bank_ids, status="CLOSED")
        self.assertEqual(program.bank_ids.status, "closed")
        with self.assertRaisesRegex(UserError, "closed"):
            self._member(program, self.paper)
        with self.assertRaisesRegex(UserError, "stays as it was"):
            self._as("requester", program).name = "Again"

    def test_duplicate_starts_from_the_terms_and_has_no_members(self):
        program = self._running()
        self._member(program, self.steel)
        copy = self._as("requester", program).copy()
        self.assertEqual((copy.state, copy.reference, copy.name), ("draft", "/", "Early payment (copy)"))
        self.assertEqual(copy.terms, TERMS)
        self.assertFalse(copy.member_ids | copy.terms_ids.program_id.member_ids)
        self.assertEqual((copy.bank_ids.bank_id, copy.bank_ids.status), (self.rhone, "none"))
        self.assertEqual(copy.document_kind_ids, self.kinds)

    def test_approved_program_can_not_be_deleted_and_a_draft_can(self):
        with self.assertRaisesRegex(UserError, "Close it instead"):
            self._as("requester", self._running()).unlink()
        draft = self._program()
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_one_member_can_not_have_more_than_all_together(self):
        with self.assertRaises(ValidationError):
            self._program(anchor_limit=10.0, member_limit=11.0)

    def test_several_programs_of_a_company_run_side_by_side(self):
        first, second = self._running(name="One"), self._running(name="Two")
        self.assertNotEqual(first.reference, second.reference)
        member = self._member(first, self.steel)
        self.assertTrue(self._member(second, self.steel))
        self.assertEqual(first.member_ids, member)


@tagged("post_install", "-at_install")
class TestMember(ProgramCase):
    """How far a company came: one step writes it, and repeats and impossible steps change nothing."""

    def given(self):
        super().given()
        self.program = self._running()

    def test_funnel_is_walked_once_and_not_backwards(self):
        member = self._member(self.program, self.steel)
        self.assertTrue(member._open())
        self.assertFalse(member._open())
        self.assertTrue(member._start())
        self.assertFalse(member._open(), "who has started does not fall back")
        self.assertTrue(member._submit())
        self.assertFalse(member._submit())
        self.assertFalse(member._financed(), "nothing is financed before a bank approved")
        self.assertTrue(member.opened_at and member.submitted_at)

    def test_company_may_change_its_mind_while_the_link_works(self):
        member = self._member(self.program, self.steel)
        member._open()
        member._decline("Too dear.")
        self.assertEqual((member.state, member.state_reason), ("declined", "Too dear."))
        self.assertIn("Too dear.", member.next_step)
        self.assertTrue(member._start())

    def test_contact_person_stands_for_its_company_which_is_in_once(self):
        contact = self.env["res.partner"].create({"name": "Ada", "parent_id": self.steel.id})
        member = self._member(self.program, contact)
        self.assertEqual(member.partner_id, self.steel)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self._member(self.program, self.steel)

    def test_board_shows_the_funnel_and_what_is_outside_it_where_somebody_is(self):
        self._member(self.program, self.steel)
        groups = self.env["scf.program.member"]._read_group(
            [("program_id", "=", self.program.id)], ["state"], ["__count"]
        )
        self.assertIn(("invited", 1), groups)
        states = self.env["scf.program.member"]._expand_states(["bounced"], [])
        self.assertEqual(states, ["invited", "opened", "started", "submitted", "approved", "financed", "bounced"])
        self.assertEqual(self.env["scf.program.member"]._expand_states(["draft"], [])[0], "draft")

    def test_who_is_taken_out_leaves_its_banks_and_its_link(self):
        member = self._approved_member(self.program, self.steel)
        token = member._link_token()
        self._as("requester", member).action_take_out()
        self.assertEqual(member.state, "left")
        self.assertIn("took it out", self.rhone_bank.body("leave")["reason"])
        self.assertFalse(member._by_link_token(token))

    def test_who_was_invited_stays_on_record(self):
        member = self._as("requester", self._member(self.program, self.steel))
        with self.assertRaisesRegex(UserError, "stays on record"):
            member.unlink()
        with self.assertRaisesRegex(UserError, "stays the company it is"):
            member.partner_id = self.paper
        draft = self._as("requester", self.env["scf.program.member"]).create(
            {"program_id": self.program.id, "partner_id": self.cork.id}
        )
        draft.unlink()
        self.assertFalse(draft.exists())
