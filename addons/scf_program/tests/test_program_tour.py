from odoo.tests import HttpCase, tagged

from odoo.addons.scf_finance.tests.tour_case import TOUR_SECONDS

from .test_invitation import InvitingCase


@tagged("post_install", "-at_install")
class TestProgramTour(InvitingCase, HttpCase):
    """A buyer of the anchor invites companies in the browser, and looks at the funnel."""

    def test_buyer_invites_and_follows(self):
        self._bill(self.steel, 1000.0)
        self.paper.email = False
        self._bill(self.paper, 1000.0)
        login = self.people["requester"].login
        self.start_tour(
            "/odoo/action-scf_program.action_scf_program", "scf_program_invite", login=login, timeout=TOUR_SECONDS
        )
        self._work()
        self.assertEqual(self._members().mapped("state"), ["invited"])
        self.start_tour(
            "/odoo/action-scf_program.action_scf_program_member",
            "scf_program_funnel",
            login=login,
            timeout=TOUR_SECONDS,
        )
        self.assertEqual(self._members().queued_mail, "invitation")
