from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ProgramCase


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

    def test_who_asks_can_not_approve(self):
        program = self._as("approver", self._program())
        program.action_request_approval()
        with self.assertRaisesRegex(UserError, "somebody else has to approve it"):
            program.action_approve()
