from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged

from .common import ProgramCase

MODELS = (
    "scf.program",
    "scf.program.bank",
    "scf.program.terms",
    "scf.program.member",
    "scf.program.member.bank",
    "scf.program.invitation",
    "scf.program.invitation.row",
)


@tagged("post_install", "-at_install")
class TestSecurity(ProgramCase):
    """Who may read and write what of programs: the anchor's own people, by their roles, and nobody else."""

    def given(self):
        super().given()
        self.program = self._running()
        self.member = self._approved_member(self.program, self.steel)
        self.invitation = (
            self.env["scf.program.invitation"].sudo()._of_partners(self.program, self.steel | self.paper, "selection")
        )
        self.records = {
            "scf.program": self.program,
            "scf.program.bank": self.program.bank_ids,
            "scf.program.terms": self.program.terms_ids,
            "scf.program.member": self.member,
            "scf.program.member.bank": self.member.bank_ids,
            "scf.program.invitation": self.invitation,
            "scf.program.invitation.row": self.invitation.row_ids,
        }
        self.sister = self.env["res.company"].sudo().create({"name": "Sister Ltd"})
        self.stranger = new_test_user(
            self.env,
            "stranger",
            groups="scf_connector.group_scf_approver",
            company_id=self.sister.id,
            company_ids=[Command.set(self.sister.ids)],
        ).sudo()
        self.supplier = self._portal_user(self.steel)
        self.employee = new_test_user(
            self.env,
            "employee",
            groups="base.group_user",
            company_ids=[Command.set(self.company.ids)],
            company_id=self.company.id,
        )

    def test_nobody_outside_the_company_or_the_role_reads_anything_of_the_anchors(self):
        for model in MODELS:
            record = self.records[model]
            self.assertTrue(self._as("requester", record).read(["display_name"]), model)
            for user in (self.stranger, self.employee, self.env.ref("base.public_user").sudo()):
                with self.subTest(model, user=user.login):
                    self._assert_unseen(record, user)

    def _assert_unseen(self, record, user):
        theirs = record.with_user(user)
        with self.assertRaises(AccessError):
            theirs.read(["display_name"])
        try:
            self.assertFalse(theirs.search([("id", "in", record.ids)]))
        except AccessError:
            return
        self.assertFalse(set(record.ids) & {found for found, _name in theirs.name_search("")})

    def test_supplier_reads_no_limit_reason_or_other_member_over_rpc(self):
        other = self._approved_member(self.program, self.cork)
        for record in (other, other.bank_ids, self.program.bank_ids, self.invitation, self.invitation.row_ids):
            with self.subTest(record._name):
                self._assert_unseen(record, self.supplier)

    def test_states_links_and_limits_are_written_by_nobody_over_rpc(self):
        for model, values in (
            ("scf.program", {"state": "active"}),
            ("scf.program", {"approved_by_id": self.env.uid}),
            ("scf.program", {"requested_by_id": self.env.uid}),
            ("scf.program", {"reference": "PRG/1"}),
            ("scf.program", {"eligible_count": 7}),
            ("scf.program", {"terms_requested_by_id": False}),
            ("scf.program.bank", {"status": "active"}),
            ("scf.program.bank", {"limit_amount": 1.0}),
            ("scf.program.bank", {"bank_program_ref": "x"}),
            ("scf.program.bank", {"last_cursor": "0"}),
            ("scf.program.terms", {"sha256": "0"}),
            ("scf.program.terms", {"texts": {"en_US": "x"}}),
            ("scf.program.member", {"state": "approved"}),
            ("scf.program.member", {"access_token": "x"}),
            ("scf.program.member", {"link_expires_at": "2099-01-01"}),
            ("scf.program.member", {"reference": "x"}),
            ("scf.program.member", {"queued_at": False}),
            ("scf.program.member.bank", {"limit_amount": 1e9}),
            ("scf.program.member.bank", {"status": "approved"}),
            ("scf.program.invitation", {"state": "running"}),
            ("scf.program.invitation.row", {"state": "good"}),
        ):
            for role in ("requester", "approver", "admin"):
                with self.subTest(model, role=role, values=values), self.assertRaises(AccessError):
                    self._as(role, self.records[model]).write(values)

    def test_nothing_is_born_in_a_state_that_it_did_not_come_to(self):
        program = {"name": "Mine", "terms": "<p>x</p>"}
        member = {"program_id": self.program.id, "partner_id": self.paper.id}
        for model, values in (
            ("scf.program", {**program, "state": "active"}),
            ("scf.program", {**program, "bank_ids": [Command.create({"bank_id": self.rhone.id, "status": "active"})]}),
            ("scf.program", {**program, "member_ids": [Command.create({"partner_id": self.paper.id})]}),
            ("scf.program.bank", {"program_id": self.program.id, "bank_id": self.hansa.id, "limit_amount": 5.0}),
            ("scf.program.member", {**member, "state": "approved"}),
            ("scf.program.member", {**member, "access_token": "known"}),
            ("scf.program.member.bank", {"member_id": self.member.id, "program_bank_id": self.program.bank_ids.id}),
            ("scf.program.terms", {"program_id": self.program.id, "version": 9, "texts": {}, "sha256": "0"}),
            ("scf.program.invitation", {"program_id": self.program.id, "source": "rules"}),
        ):
            with self.subTest(model, values=values), self.assertRaises(AccessError):
                self._as("approver", self.env[model]).create(values)

    def test_defaults_of_a_user_do_not_make_a_state_either(self):
        records = self._as("requester", self.env["scf.program"]).with_context(
            default_state="active", default_approved_by_id=self.env.uid
        )
        program = records.create({"name": "Mine"})
        self.assertEqual((program.state, bool(program.approved_by_id)), ("draft", False))

    def test_link_is_read_by_nobody(self):
        for role in ("requester", "approver", "admin"):
            member = self._as(role, self.member)
            with self.subTest(role), self.assertRaises(AccessError):
                member.read(["access_token"])
            self.assertNotIn("access_token", member.fields_get())
            with self.assertRaises(AccessError):
                member.search([("access_token", "like", "a")])

    def test_what_is_the_systems_to_do_can_not_be_called_over_rpc(self):
        for model, methods in (
            ("scf.program.member", ("_set_state", "_by_link_token", "_link", "_queue_mail", "_financed")),
            ("scf.program.member.bank", ("_take", "_take_limit", "_open")),
            ("scf.program.bank", ("_take", "_ask", "_by_subject")),
            ("scf.program", ("_set_state", "_close")),
        ):
            for method in methods:
                with self.subTest(f"{model}.{method}"), self.assertRaises(AccessError):
                    get_public_method(self.env[model], method)

    def test_actions_ask_for_the_role_themselves(self):
        for action in ("action_suspend", "action_close", "action_take_back", "action_request_approval"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(self.program.with_user(self.stranger), action)()
        for user in (self.stranger, self.supplier, self.employee):
            for record, action in (
                (self.member, "action_invite"),
                (self.member, "action_take_out"),
                (self.invitation, "action_start"),
                (self.invitation, "action_discard"),
                (self.program, "action_count_eligible"),
                (self.program, "action_open_eligible"),
            ):
                with self.subTest(action, user=user.login), self.assertRaises(AccessError):
                    getattr(record.with_user(user), action)()

    def test_company_does_not_ask_another_companys_bank_nor_invite_into_its_program(self):
        foreign = self.rhone.sudo().copy(
            {"name": "Sister's bank", "company_id": self.sister.id, "base_url": "https://s.example"}
        )
        with self.assertRaises(UserError):
            self._program(bank_ids=[Command.create({"bank_id": foreign.id})])
        with self.assertRaises(AccessError):
            self.env["scf.program.inviting"].with_user(self.stranger).create(
                {"program_id": self.program.id, "source": "rules"}
            ).action_check()

    def test_file_of_bad_rows_is_its_companys_alone(self):
        self.assertTrue(self._as("requester", self.invitation).bad_file)
        for user in (self.stranger, self.supplier, self.employee):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.invitation.with_user(user).read(["bad_file"])
