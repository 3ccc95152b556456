from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProgramCase


@tagged("post_install", "-at_install")
class TestProgramBank(ProgramCase):
    """What a bank is asked and what it says: applied once, in order, and shown in an accountant's words."""

    def test_bank_is_asked_for_what_was_approved(self):
        program = self._approved()
        request = self.rhone_bank.body("program")
        self.assertEqual(
            {
                name: request[name]
                for name in ("program_id", "kind", "requested_limit", "max_tenor_days", "approved_by")
            },
            {
                "program_id": program.reference,
                "kind": "payables_finance",
                "requested_limit": {"amount": "1000000.00", "currency": "USD"},
                "max_tenor_days": 180,
                "approved_by": "Approver",
            },
        )
        self.assertEqual(request["requested_by"], "Requester")
        self.assertEqual(request["documents"], ["registration_extract", "bank_account_proof"])
        self.assertEqual(request["terms_sha256"], program.terms_version_id.sha256)
        [document] = self.rhone_bank.queued("program").document_ids
        self.assertEqual((document.name, document.raw), (request["terms_sha256"], program.terms_version_id._document()))

    def test_distributors_conditions_go_to_the_bank(self):
        self._approved(kind="distributor_finance", buy_back_days=30, buy_back_percent=80.0, stock_control=True)
        request = self.rhone_bank.body("program")
        self.assertEqual(request["buy_back"], {"after_days_past_due": 30, "percent": "80.00"})
        self.assertTrue(request["stock_control"])

    def test_what_the_bank_agreed_to_is_shown(self):
        program = self._running()
        bank = program.bank_ids
        self.assertEqual(
            (bank.status, bank.limit_amount, bank.rate_pa, bank.fee_percent), ("active", 1000000, 6.0, 0.1)
        )
        self.assertIn("pays early, up to", bank.state_message)
        self.assertEqual(bank.conditions, "Approved bills only")
        self.assertTrue(bank.valid_until)
        self.assertEqual((program.limit_amount, program.available_amount), (1000000, 1000000))

    def test_caps_of_several_banks_add_up_to_no_more_than_was_approved(self):
        program = self._approved(banks=self.rhone | self.hansa, anchor_limit=800000.0)
        first, second = program.bank_ids
        self.rhone_bank.approve_program(first, limit="500000.00")
        self.hansa_bank.approve_program(second, limit="500000.00")
        self.assertEqual(program.limit_amount, 800000)
        self.rhone_bank.tell_program("program.changed", first, used={"amount": "100000.00", "currency": "USD"})
        self.assertEqual((program.used_amount, program.available_amount), (100000, 700000))
        francs = {"amount": "9.00", "currency": "CHF"}
        event = self.rhone_bank.tell_program("program.changed", first, anchor_limit=francs, state="failed")
        self.assertIn("9.00 CHF, and the program runs in USD", event.error)
        self.assertEqual(program.limit_amount, 800000)

    def test_older_word_of_the_bank_changes_nothing(self):
        program = self._running()
        self.rhone_bank.tell_program("program.suspended", program.bank_ids, status="SUSPENDED", reason="We look again.")
        self.assertEqual((program.bank_ids.status, program.bank_ids.message), ("suspended", "We look again."))
        early = self.rhone_bank.told[0]
        self.rhone_bank.send_event(early)
        self.assertEqual(program.bank_ids.status, "suspended")
        self.rhone_bank.tell_program("program.resumed", program.bank_ids, status="ACTIVE")
        self.assertEqual(program.bank_ids.status, "active")

    def test_event_that_overtakes_the_answer_is_not_undone_by_it(self):
        program = self._approved()
        request = self.rhone_bank.queued("program")
        wire = self.rhone_bank.receive_program(program.bank_ids)
        self.assertEqual(request.state, "sent")
        self.rhone_bank.tell_program("program.declined", program.bank_ids, status="DECLINED", reason="No appetite.")
        program.bank_ids._scf_on_answer(request, wire)
        self.assertEqual(program.bank_ids.status, "declined")

    def test_no_of_the_bank_calls_the_responsible_person(self):
        program = self._approved()
        self.rhone_bank.receive_program(program.bank_ids)
        self.rhone_bank.tell_program("program.declined", program.bank_ids, status="DECLINED", reason="No appetite.")
        self.assertEqual(program.activity_ids.user_id, self.people["requester"])
        self.assertIn("No appetite.", program.activity_ids.note)
        with self.assertRaisesRegex(UserError, "Duplicate it"):
            self._as("approver", program.bank_ids).action_ask()

    def test_request_that_the_bank_does_not_take_can_be_asked_again(self):
        program = self._approved()
        self.rhone_bank.refuse("program", detail="The currency is wrong.")
        self.assertEqual((program.bank_ids.status, program.bank_ids.message), ("declined", "The currency is wrong."))
        self.assertIn("The currency is wrong.", program.activity_ids.note)
        self._as("approver", program.bank_ids).action_ask()
        self.assertEqual(program.bank_ids.status, "requested")
        self.assertTrue(self.rhone_bank.queued("program"))

    def test_bank_that_is_away_is_said_and_nothing_is_lost(self):
        program = self._approved()
        self.rhone_bank.be_down("program")
        self.assertIn("can't be reached", program.bank_ids.state_message)
        self.assertEqual(program.bank_ids.status, "requested")

    def test_bank_added_to_a_running_program_is_asked_by_an_approver(self):
        program = self._running()
        bank = self._as("requester", self.env["scf.program.bank"]).create(
            {"program_id": program.id, "bank_id": self.hansa.id}
        )
        with self.assertRaisesRegex(UserError, "Only an approver"):
            bank.action_ask()
        self.assertFalse(self.hansa_bank.queued("program"))
        self._as("approver", bank).action_ask()
        self.hansa_bank.approve_program(bank)
        self.assertEqual(bank.status, "active")

    def test_bank_that_was_asked_stays_on_record(self):
        bank = self._as("requester", self._running().bank_ids)
        with self.assertRaisesRegex(UserError, "stays on record"):
            bank.unlink()
        with self.assertRaisesRegex(UserError, "was asked already"):
            bank.bank_id = self.hansa

    def test_event_of_a_program_that_is_not_ours_is_ignored(self):
        program = self._running()
        self.rhone_bank.programs["PRG/X"] = {
            **self.rhone_bank.programs[program.reference],
            "program_id": "PRG/X",
            "id": "x",
        }
        event = self.rhone_bank.tell_subject(
            "program.suspended",
            {"program": {**self.rhone_bank.programs["PRG/X"], "status": "SUSPENDED"}},
            {"program_id": "PRG/X"},
            state=None,
        )
        self.assertEqual(event.state, "ignored")
        self.assertEqual(program.bank_ids.status, "active")


@tagged("post_install", "-at_install")
class TestMemberAtBank(ProgramCase):
    """What the banks say of a member, and its state, which is the best of them."""

    def given(self):
        super().given()
        self.program = self._approved(banks=self.rhone | self.hansa)
        self.at_rhone, self.at_hansa = self.program.bank_ids
        self.rhone_bank.approve_program(self.at_rhone)
        self.hansa_bank.approve_program(self.at_hansa)
        self.member = self._member(self.program, self.steel, "submitted")

    def test_approved_member_shows_limit_price_and_validity(self):
        self.rhone_bank.approve_member(
            self.member, self.at_rhone, limit="50000.00", rate="5.50", valid_until="2030-01-31"
        )
        at_bank = self.member.bank_ids
        self.assertEqual((at_bank.status, at_bank.limit_amount, at_bank.rate_pa), ("approved", 50000, 5.5))
        self.assertEqual(str(at_bank.valid_until), "2030-01-31")
        self.assertEqual((self.member.state, self.member.limit_amount), ("approved", 50000))

    def test_one_bank_is_enough_and_the_last_no_ends_it(self):
        self.hansa_bank.tell_member(
            "member.declined", self.member, self.at_hansa, status="DECLINED", reason="Outside our region."
        )
        self.assertEqual(self.member.state, "declined")
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        self.assertEqual(self.member.state, "approved")
        self.rhone_bank.tell_member("member.suspended", self.member, self.at_rhone, status="SUSPENDED", reason="Late.")
        self.assertEqual((self.member.state, self.member.state_reason), ("suspended", "Late."))
        self.rhone_bank.tell_member("member.changed", self.member, self.at_rhone, status="APPROVED")
        self.assertEqual(self.member.state, "approved")

    def test_question_of_a_bank_calls_the_responsible_person_and_shows_what_is_asked(self):
        self.rhone_bank.tell_member(
            "member.action_required", self.member, self.at_rhone, status="ACTION_REQUIRED", reason="Send the extract."
        )
        self.assertEqual(self.member.state, "submitted")
        self.assertIn("Send the extract.", self.member.next_step)
        self.assertEqual(self.member.activity_ids.user_id, self.people["requester"])
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        self.assertFalse(self.member.activity_ids)

    def test_financed_member_stays_financed_when_its_limit_changes(self):
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        self.member._financed()
        self.rhone_bank.tell_member(
            "member.changed", self.member, self.at_rhone, limit={"amount": "70000.00", "currency": "USD"}
        )
        self.assertEqual((self.member.state, self.member.limit_amount), ("financed", 70000))

    def test_older_word_and_repeat_change_nothing(self):
        self.rhone_bank.tell_member("member.received", self.member, self.at_rhone)
        early = self.rhone_bank.told[-1]
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        messages = len(self.member.message_ids)
        self.rhone_bank.send_event(early)
        self.rhone_bank.send_event(self.rhone_bank.told[-1])
        self.assertEqual(self.member.bank_ids.status, "approved")
        self.assertEqual(len(self.member.message_ids), messages)

    def test_limit_of_a_member_is_never_above_that_of_the_program(self):
        self.rhone_bank.approve_member(self.member, self.at_rhone, limit="90000.00")
        self.hansa_bank.approve_member(self.member, self.at_hansa, limit="90000.00")
        self.assertEqual(self.member.limit_amount, 100000, "the program gives each member 100,000")

    def test_pre_approval_counts_until_the_member_has_joined_at_the_bank(self):
        [record] = self.env["scf.program.member.bank"]._open(self.member, self.at_rhone)
        reasons = [{"code": "base", "effect": "1000.00", "message": "A base."}]
        record._take_limit(status="APPROVED", limit=1000.0, reasons=reasons)
        self.assertEqual((record.status, self.member.limit_amount), ("prequalified", 1000))
        self.rhone_bank.approve_member(self.member, self.at_rhone, limit="5000.00")
        record._take_limit(status="DECLINED", limit=0.0, reasons=reasons)
        self.assertEqual((record.status, record.limit_amount), ("approved", 5000))

    def test_decline_of_the_bank_stands_until_the_member_is_invited_again(self):
        self.rhone_bank.tell_member(
            "member.declined", self.member, self.at_rhone, status="DECLINED", reason="Outside our region."
        )
        at_bank = self.env["scf.program.member.bank"]
        [record] = at_bank._open(self.member, self.at_rhone)
        reasons = [{"code": "base", "effect": "1000.00", "message": "A base."}]
        record._take_limit(status="APPROVED", limit=1000.0, reasons=reasons)
        self.assertEqual((record.status, record.message), ("declined", "Outside our region."))
        self.assertEqual((record.reasons, self.member.limit_amount), (reasons, 0))
        self.member._note_written("invitation")
        again = at_bank._open(self.member, self.at_rhone)
        self.assertEqual((again.status, again.reference), ("none", f"{self.member.reference}-2"))
        again._take_limit(status="APPROVED", limit=1000.0, reasons=reasons)
        self.assertEqual(again.status, "prequalified")

    def test_late_word_about_an_ended_membership_does_not_end_the_next_one(self):
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        first = self.member.bank_ids
        self.member._leave("Sold.")
        self.member._note_written("invitation")
        self.rhone_bank.tell_member("member.left", self.member, self.at_rhone, status="LEFT")
        self.assertEqual((first.status, self.member.state), ("left", "invited"))
        wire = {**self.rhone_bank.member_wire(self.member, self.at_rhone), "id": "mem-2", "status": "APPROVED"}
        wire["member_id"] = self.member._reference_at(self.at_rhone)
        subject = {"program_id": self.program.reference, "member_id": wire["member_id"]}
        program = {"id": self.at_rhone.bank_program_ref, "program_id": self.program.reference, "name": "P"}
        self.rhone_bank.tell_subject("member.approved", {"member": wire, "program": program}, subject)
        second = self.member.bank_ids - first
        self.assertEqual((second.status, second.bank_member_ref, self.member.state), ("approved", "mem-2", "approved"))

    def test_member_joins_again_from_a_file_where_its_membership_was_over(self):
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        self.hansa_bank.approve_member(self.member, self.at_hansa)
        self.rhone_bank.tell_member("member.left", self.member, self.at_rhone, status="LEFT")
        wire = {**self.rhone_bank.member_wire(self.member, self.at_rhone), "id": "mem-2", "status": "RECEIVED"}
        wire["member_id"] = self.member._reference_at(self.at_rhone)
        subject = {"program_id": self.program.reference, "member_id": wire["member_id"]}
        program = {"id": self.at_rhone.bank_program_ref, "program_id": self.program.reference, "name": "P"}
        self.rhone_bank.tell_subject("member.received", {"member": wire, "program": program}, subject)
        again = self.member.bank_ids.filtered(lambda one: one.reference == f"{self.member.reference}-2")
        self.assertRecordValues(again, [{"program_bank_id": self.at_rhone.id, "status": "received"}])
        self.assertEqual(self.member.state, "approved")

    def test_bank_that_never_took_the_member_keeps_nothing_open(self):
        self.env["scf.program.member.bank"]._open(self.member, self.at_hansa)
        self.rhone_bank.tell_member("member.declined", self.member, self.at_rhone, status="DECLINED", reason="No.")
        self.assertEqual((self.member.state, self.member.state_reason), ("declined", "No."))

    def test_member_refused_by_the_wire_needs_an_answer(self):
        [record] = self.env["scf.program.member.bank"]._open(self.member, self.at_rhone)
        message = record._send("member", {"member_id": self.member.reference})
        record._scf_on_refused(message, {"detail": "The tax ID is in the program already."})
        self.assertEqual(record.status, "action_required")
        self.assertIn("The tax ID is in the program already.", self.member.next_step)

    def test_records_at_a_bank_are_opened_once_in_bulk(self):
        members = self.member | self._member(self.program, self.paper) | self._member(self.program, self.cork)
        first = self.env["scf.program.member.bank"]._open(members, self.at_rhone)
        self.assertEqual(len(first), 3)
        self.env.flush_all()
        with self.assertQueryCount(4):
            self.assertEqual(self.env["scf.program.member.bank"]._open(members, self.at_rhone), first)

    def test_distributors_loans_are_told_and_a_buy_back_calls_the_responsible_person(self):
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        subject = {"program_id": self.program.reference, "member_id": self.member.reference}
        document = {"kind": "vendor_bill", "number": "B-7", "issuer_number": "INV/7"}
        money = {"amount": "1200.00", "currency": "USD"}
        told = {"member_id": self.member.reference, "documents": [document]}
        self.rhone_bank.tell_subject(
            "program.drawn", {**told, "document": document, "amount": money, "paid_on": "2026-01-15"}, subject
        )
        self.assertEqual(self.member.state, "financed")
        self.assertIn("INV/7", self.member.message_ids[:1].body)
        self.assertFalse(self.member.activity_ids)
        self.rhone_bank.tell_subject("program.repaid", {"member_id": self.member.reference, "amount": money}, subject)
        self.assertIn("1,200.00", self.member.message_ids[:1].body)
        self.rhone_bank.tell_subject(
            "program.buy_back", {**told, "amount": money, "message": "31 days past due."}, subject
        )
        self.assertEqual(self.member.activity_ids.user_id, self.people["requester"])
        self.assertIn("31 days past due.", self.member.activity_ids.note)
