from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .goods_case import GoodsCase


@tagged("post_install", "-at_install")
class TestGoodsSecurity(GoodsCase):
    """Inventory loans as the wrong user, over RPC: the stock asks for goods and learns nothing of the loan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.setup_other_company()["company"]
        cls.stranger = new_test_user(
            cls.env,
            "fin_stranger",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
            groups="scf_connector.group_scf_admin,stock.group_stock_manager",
        )
        cls.portal = new_test_user(cls.env, "fin_portal", groups="base.group_portal")

    def setUp(self):
        super().setUp()
        self.pledge = self._copper(500).sudo()
        self.loan = self._financed(self.pledge, requested=2000, advance_rate="80.00")

    def _call(self, user, records, method, *args, **kwargs):
        return call_kw(self.env[records._name].with_user(user), method, [records.ids, *args], kwargs)

    def _ask(self, user, quantity):
        wizard = self._call(user, self.pledge, "action_ask_release")
        request = self.env["scf.release.request"].with_user(user).browse(wizard["res_id"])
        self._call(user, request.line_ids, "write", {"quantity": quantity})
        self._call(user, request, "write", {"reason": "A customer waits"})
        self._call(user, request, "action_ask")
        return self.pledge.release_ids[0]

    def test_a_keeper_asks_for_goods_and_sees_no_amount(self):
        release = self._ask(self.keeper, 400)
        self.assertEqual((release.user_id, release.state), (self.keeper, "asked"))
        self.assertEqual(self.rhone_bank.body("release")["reason"], "A customer waits")
        self.rhone_bank.release(self.pledge, 400, release_id=release.name, status="WAITING", repay_first="1360.00")
        self.assertEqual(self._call(self.keeper, release, "read", ["state"])[0]["state"], "waiting")
        for name in ("repay_first", "message"):
            with self.subTest(name), self.assertRaises(AccessError):
                self._call(self.keeper, release, "read", [name])
        for records in (self.loan, self.loan.application_id, self.loan.offer_id, self.loan.entry_ids):
            with self.subTest(records._name), self.assertRaises(AccessError):
                self._call(self.keeper, records, "read", ["display_name"])
        read = self._call(self.keeper, self.pledge.message_ids, "read", ["body"])
        told = "".join(message["body"] for message in read)
        self.assertFalse([amount for amount in ("1,360", "2,000") if amount in told])
        self.assertNotIn("1,360", "".join(map(str, self.pledge.activity_ids.mapped("note"))))
        self.assertEqual(self._call(self.keeper, self.pledge, "scf_panel"), {"visible": False})

    def test_a_keeper_borrows_and_repays_nothing(self):
        release = self._ask(self.keeper, 400)
        for records, method in (
            (self.lot, "action_scf_borrow"),
            (self.collateral, "action_scf_borrow"),
            (self.pledge, "action_scf_request"),
            (release, "action_repay_first"),
        ):
            with self.subTest(f"{records._name}.{method}"), self.assertRaises(AccessError):
                self._call(self.keeper, records, method)
        with self.assertRaises(AccessError):
            call_kw(self.env["scf.borrow"].with_user(self.keeper), "create", [{"company_id": self.company.id}], {})

    def test_the_system_s_own_steps_are_not_called_from_outside(self):
        for user in (self.keeper, self.people["admin"]):
            for method, args in (
                ("_release", [500, "mine"]),
                ("_take_release", [500, "mine"]),
                ("_take_over_release", [500]),
                ("_stand_down", ["dropped"]),
                ("_activate", []),
            ):
                with self.subTest(f"{user.login} {method}"), self.assertRaises(AccessError):
                    self._call(user, self.pledge, method, *args)
        self.assertEqual(self.pledge.held_quantity, 500)

    def test_another_company_and_the_portal_reach_nothing(self):
        for user in (self.stranger, self.portal):
            for records, method in (
                (self.pledge, "scf_panel"),
                (self.pledge, "action_ask_release"),
                (self.lot, "action_scf_borrow"),
                (self.collateral, "scf_panel"),
                (self.loan, "action_repay_now"),
            ):
                # A lot may belong to all companies: then it is its goods that are not to be found.
                with self.subTest(f"{user.login} {records._name}.{method}"), self.assertRaises(UserError):
                    self._call(user, records, method)

    def test_a_dialog_is_for_nobody_but_whoever_opened_it(self):
        borrow = self._call(self.people["requester"], self.lot, "action_scf_borrow")
        ask = self._call(self.keeper, self.pledge, "action_ask_release")
        dialogs = [self.env[action["res_model"]].sudo().browse(action["res_id"]) for action in (borrow, ask)]
        for user in (self.stranger, self.people["approver"]):
            for dialog in dialogs:
                for records in (dialog, dialog.line_ids):
                    for method, args in (("read", []), ("write", [{}])):
                        with self.subTest(f"{user.login} {records._name}.{method}"), self.assertRaises(AccessError):
                            self._call(user, records, method, *args)

    def test_goods_of_one_s_second_company_are_borrowed_against(self):
        user, own = self.people["requester"], self.stranger.company_id
        user.sudo().company_ids += own
        companies = {"allowed_company_ids": [own.id, self.company.id]}
        action = self.lot.with_user(user).with_context(**companies).action_scf_borrow()
        borrow = self.env["scf.borrow"].with_user(user).with_context(**companies).browse(action["res_id"])
        application = self.env["scf.application"].browse(borrow.action_borrow()["res_id"])
        self.assertEqual(application.line_ids.pledge_id.company_id | application.company_id, self.company)

    def test_nobody_writes_what_the_bank_says(self):
        release = self._ask(self.keeper, 400)
        for user in (self.people["requester"], self.people["admin"], self.manager):
            for records, values in (
                (self.loan, {"goods_mismatch": False, "margin_call": 0}),
                (release, {"state": "released"}),
                (release, {"repay_first": 0}),
                (release, {"unexplained_quantity": 500}),
                (self.pledge, {"state": "dropped"}),
            ):
                with self.subTest(f"{user.login} {values}"), self.assertRaises(AccessError):
                    self._call(user, records, "write", values)
