import json

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import FinanceCase

MODELS = (
    "scf.application",
    "scf.application.document",
    "scf.package",
    "scf.disclosure",
    "scf.package.read",
    "scf.consent",
    "scf.submission",
    "scf.offer",
    "scf.loan",
    "scf.loan.entry",
    "scf.collection",
)


@tagged("post_install", "-at_install")
class TestSecurity(FinanceCase):
    """Each model and each public method as the wrong user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company()["company"]
        cls.stranger = new_test_user(
            cls.env,
            "fin_stranger",
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
            groups="scf_connector.group_scf_admin,account.group_account_manager,sales_team.group_sale_manager",
        )
        cls.portal = new_test_user(cls.env, "fin_portal", groups="base.group_portal")
        cls.portal.partner_id.parent_id = cls.buyer

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)
        self.loan = self._financed(self.invoice)
        self._pay(self.invoice, 100.0)
        self.application = self.loan.application_id
        disclosure = self.application.submission_ids.disclosure_id
        read = {"read_id": "1", "read_at": "2026-11-22T05:55:49Z", "reader": "system", "action": "verified"}
        self.env["scf.package.read"].sudo()._take(
            self.rhone, {"package_id": disclosure.package_id.package_ref, "read": read}
        )
        self.records = {
            "scf.application": self.application,
            "scf.application.document": self.application.line_ids,
            "scf.package": self.application.package_id,
            "scf.disclosure": disclosure,
            "scf.package.read": disclosure.read_ids,
            "scf.consent": disclosure.consent_id,
            "scf.submission": self.application.submission_ids,
            "scf.offer": self.application.offer_ids,
            "scf.loan": self.loan,
            "scf.loan.entry": self.loan.entry_ids[:1],
            "scf.collection": self.loan.collection_ids,
        }

    def test_every_model_is_covered(self):
        self.assertTrue(all(self.records[model] for model in MODELS))

    def test_accountant_and_portal_user_see_nothing(self):
        for user in (self.people["accountant"], self.portal):
            for model in MODELS:
                with self.subTest(f"{user.login} {model}"), self.assertRaises(AccessError):
                    self.records[model].with_user(user).read(["id", "display_name"])
                with self.subTest(f"{user.login} {model} search"), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_other_company_sees_nothing(self):
        for model in MODELS:
            records = self.records[model].with_user(self.stranger).with_company(self.other_company)
            with self.subTest(model):
                self.assertFalse(records.search([]))
                with self.assertRaises(AccessError):
                    records.invalidate_recordset()
                    records.read(["display_name"])

    def test_requester_reads_but_writes_no_fact(self):
        for model in MODELS:
            record = self._as("requester", self.records[model])
            record.read(["display_name"])
            if model not in ("scf.application", "scf.application.document"):  # drafts, and what they list: see below
                with self.subTest(f"{model} create"), self.assertRaises(AccessError):
                    record.create({})
            with self.subTest(f"{model} unlink"), self.assertRaises(UserError):
                record.unlink()
            fields_ = {
                "scf.application": {"state": "repaid"},
                "scf.package": {"root": "0"},
                "scf.disclosure": {"sha256": "0"},
                "scf.package.read": {"reader": "Nobody"},
                "scf.consent": {"state": "expired"},
                "scf.application.document": {"is_open": False},
                "scf.submission": {"state": "granted"},
                "scf.offer": {"state": "accepted"},
                "scf.loan": {"principal": 1.0},
                "scf.loan.entry": {"amount": 1.0},
                "scf.collection": {"amount": 1.0},
            }[model]
            with self.subTest(f"{model} write"), self.assertRaises(UserError):
                record.write(fields_)

    def test_facts_can_not_be_smuggled_in_when_a_request_is_created(self):
        applications = self._as("requester", self.env["scf.application"])
        invoice = self._invoice(5000.0)
        for values in (
            {"state": "financed"},
            {"approver_id": self.people["requester"].id},
            {"requester_id": self.people["approver"].id},
            {"eligible_amount": 99999.0},
            {"line_ids": [Command.create({"move_id": invoice.id, "asset_key": "x"})]},
            {"line_ids": [Command.create({"move_id": invoice.id, "is_open": True})]},
            {"company_id": self.other_company.id},
            {"package_id": self.application.package_id.id},
            {"partner_id": self.buyer.id},
            {"name": "FIN/X"},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                applications.create({"line_ids": [Command.create({"move_id": invoice.id})], **values})

    def test_facts_can_not_be_smuggled_in_as_defaults_of_the_context(self):
        invoice = self._invoice(5000.0)
        smuggled = {
            "state": "financed",
            "approver_id": self.people["requester"].id,
            "requester_id": self.people["approver"].id,
            "eligible_amount": 99999.0,
            "package_id": self.application.package_id.id,
            "name": "FIN/X",
        }
        applications = self._as("requester", self.env["scf.application"])
        application = applications.with_context(
            default_line_ids=[Command.create({"move_id": invoice.id})],
            default_tenor_days=33,
            **{f"default_{name}": value for name, value in smuggled.items()},
        ).create({})
        self._assert_untouched_draft(application, invoice)
        self.assertEqual(application.tenor_days, 33, "a request's own fields have defaults")

    def test_facts_can_not_be_smuggled_in_as_personal_defaults(self):
        invoice = self._invoice(5000.0)
        for name, value in (
            ("state", "financed"),
            ("approver_id", self.people["requester"].id),
            ("requester_id", self.people["approver"].id),
            ("eligible_amount", 99999.0),
            ("package_id", self.application.package_id.id),
            ("name", "FIN/X"),
            ("tenor_days", 33),
        ):
            self._personal_default("scf.application", name, value)
        application = self._draft(invoice)
        self._assert_untouched_draft(application, invoice)
        self.assertEqual(application.tenor_days, 33, "a request's own fields have defaults")

    def test_defaults_of_the_user_decide_nothing_about_what_is_sent(self):
        smuggled = {
            "scf.application.document": {"is_open": False},
            "scf.package": {"supersedes_id": self.application.package_id.id},
            "scf.consent": {"state": "revoked", "bank_told_at": "2026-01-01 00:00:00"},
            "scf.submission": {"state": "granted", "bank_application_ref": "app-of-mine"},
            "scf.message": {
                "state": "sent",
                "next_attempt_at": "2999-01-01 00:00:00",
                "idempotency_key": "mine",
                "answer": "{}",
            },
            "ir.attachment": {
                "public": True,
                "access_token": "known",
                "type": "url",
                "url": "https://elsewhere.example",
                "res_field": "terms",
                "description": "mine",
            },
        }
        context = {f"default_{name}": value for values in smuggled.values() for name, value in values.items()}
        context |= {"default_state": "granted", "default_res_id": self.application.id}
        # Odoo cleans a user's context on the way to full rights; what runs with full rights already keeps its own.
        requests = {"context": self._draft(self._invoice(5000.0)).sudo().with_context(**context)}
        requests["ir.default"] = self._draft(self._invoice(6000.0))
        for how, request in requests.items():
            if how == "ir.default":
                for model, values in smuggled.items():
                    for name, value in values.items():
                        self._personal_default(model, name, value)
            with self.subTest(how):
                request.action_submit()
                application = request.sudo().with_env(request.sudo().env(context={}))
                self.assertEqual(application.line_ids.mapped("is_open"), [True])
                self.assertFalse(application.package_id.supersedes_id)
                self.assertEqual(set(application.submission_ids.mapped("state")), {"created"})
                self.assertFalse(any(application.submission_ids.mapped("bank_application_ref")))
                messages = self.env["scf.message"].sudo().search([("res_id", "in", application.submission_ids.ids)])
                self.assertEqual(set(messages.mapped("state")), {"queued"})
                self.assertLess(max(messages.mapped("next_attempt_at")).year, 2999)
                self.assertNotIn("mine", messages.mapped("idempotency_key"))
                self.assertFalse(any(messages.mapped("answer")))
                self.assertEqual(set(application.submission_ids.consent_id.mapped("state")), {"active"})
                self.assertFalse(any(application.submission_ids.consent_id.mapped("bank_told_at")))
                disclosures = application.package_id.disclosure_ids
                files = disclosures.attachment_id | messages.document_ids
                self.assertEqual(len(files), 2 * len(messages))
                for file in files:
                    self.assertEqual(
                        (file.public, file.access_token, file.type, file.url, file.res_field),
                        (False, False, "binary", False, False),
                    )
                self.assertEqual(disclosures.attachment_id.mapped("res_id"), disclosures.ids)

    def _personal_default(self, model, name, value):
        """What a user stores as his own default, over RPC."""
        self.env["ir.default"].with_user(self.people["requester"]).create(
            {
                "field_id": self.env["ir.model.fields"]._get(model, name).id,
                "user_id": self.people["requester"].id,
                "json_value": json.dumps(value),
            }
        )

    def _assert_untouched_draft(self, application, invoice):
        draft = application.sudo()
        self.assertEqual(
            (draft.state, draft.name, draft.requester_id, draft.eligible_amount),
            ("draft", "/", self.people["requester"], draft._documents()._scf_assess().eligible_amount),
        )
        self.assertFalse(draft.approver_id or draft.package_id or draft.line_ids.is_open or draft.line_ids.asset_key)
        self.assertEqual(draft._documents(), invoice)

    def test_loan_on_an_offer_that_nobody_accepted_is_not_booked(self):
        offer = self._offered(self._invoice(5000.0))
        for told in (None, "ACCEPTED"):
            if told:
                self.rhone_bank.change_offer(offer, told)
            loan_ref = self.rhone_bank.book_loan(offer)
            payload = self.rhone_bank.payload("loan.granted", self.rhone_bank.snapshot(loan_ref), offer.submission_id)
            event = self.rhone_bank.send_event(payload, state="failed")
            self.assertIn("nobody here accepted", event.error)
            self.assertFalse(offer.application_id.loan_ids)
        warned = self.rhone.sudo().activity_ids.user_id
        self.assertIn(self.people["admin"], warned)

    def test_requester_needs_to_see_the_document(self):
        blind = new_test_user(
            self.env,
            "fin_blind",
            groups="scf_connector.group_scf_requester",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        invoice = self._invoice(5000.0)
        with self.assertRaises(AccessError):
            invoice.with_user(blind).scf_panel()
        with self.assertRaises(AccessError):
            self.env["scf.application"].with_user(blind).create({"line_ids": [Command.create({"move_id": invoice.id})]})

    def test_draft_tells_nothing_of_a_document_that_one_may_not_read(self):
        invoice = self._invoice(5000.0)
        drafts = self.env["scf.application"].with_user(self.stranger).with_company(self.other_company)
        self.env.invalidate_all()
        names = ("eligible_amount", "partner_id", "buyers", "document_name", "requested_amount", "currency_id")
        of_line = ("document_name", "partner_id", "open_amount", "eligible_amount", "expected_payment", "why_not")
        spec = {"line_ids": {"fields": {name: {} for name in ("move_id", *of_line)}}, **{name: {} for name in names}}
        lines = [Command.create({"move_id": invoice.id})]
        for told in (
            drafts.onchange({"line_ids": lines}, ["line_ids"], spec)["value"],
            drafts.with_context(default_line_ids=lines).onchange({}, [], spec)["value"],
        ):
            self.assertFalse([told[name] for name in names if told.get(name)])
            for _command, _id, line in told.get("line_ids", ()):
                self.assertFalse([line[name] for name in of_line if line and line.get(name)])

    def test_banks_of_another_company_can_not_be_asked(self):
        foreign = self.rhone.copy({"company_id": self.other_company.id, "base_url": "https://far.example"})
        foreign.write({"profile": self.rhone.profile, "state": "connected"})
        with self.assertRaises(UserError):
            draft = self._draft(self._invoice(5000.0), banks=foreign)
            draft.action_submit()

    def test_public_methods_refuse_users_without_the_role(self):
        accountant = self.people["accountant"]
        calls = [
            (self.invoice, "action_scf_request"),
            (self.invoice, "action_scf_open"),
            (self.application, "action_submit"),
            (self.application, "action_cancel"),
            (self.application, "action_open_documents"),
            (self.application, "action_open_loans"),
            (self.records["scf.submission"], "action_reply"),
            (self.records["scf.submission"], "action_withdraw"),
            (self.records["scf.offer"], "action_accept"),
            (self.records["scf.offer"], "action_decline"),
            (self.loan, "action_repay_now"),
            (self.loan, "action_open_moves"),
            (self.application, "action_open_reads"),
            (self.application, "scf_offers"),
            (self.records["scf.submission"], "action_open_file"),
            (self.records["scf.submission"], "action_open_reads"),
            (self.records["scf.submission"], "action_revoke_consent"),
            (self.records["scf.disclosure"], "action_open_file"),
            (self.records["scf.disclosure"], "action_download"),
            (self.records["scf.disclosure"], "action_verify"),
            (self.records["scf.consent"], "action_revoke"),
        ]
        for user in (accountant, self.portal, self.stranger):
            for record, method in calls:
                with self.subTest(f"{user.login} {record._name}.{method}"), self.assertRaises(AccessError):
                    record.invalidate_recordset()
                    getattr(record.with_user(user).with_company(user.company_id), method)()

    def test_panel_is_hidden_from_users_without_the_role(self):
        self.assertEqual(self._as("accountant", self.invoice).scf_panel(), {"visible": False})
        self.assertEqual(
            self.invoice.with_user(self.portal).scf_panel(),
            {"visible": False},
            "the buyer may read its invoice in the portal, and no more",
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.invoice.with_user(self.stranger).with_company(self.other_company).scf_panel()

    def test_dialogs_are_bound_by_the_record_that_they_name(self):
        with self.assertRaises(AccessError):
            self.env["scf.repayment"].with_user(self.people["requester"]).create({"loan_id": self.loan.id})
        wizard = (
            self.env["scf.reply"]
            .with_user(self.stranger)
            .create({"submission_id": self.records["scf.submission"].id, "message": "x"})
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.read(["action_message"])
        with self.assertRaises(AccessError):
            wizard.action_send()
        with self.assertRaises(AccessError):
            self.env["scf.repayment"].with_user(self.stranger).create({"loan_id": self.loan.id})
        wizard = (
            self.env["scf.repayment"]
            .with_user(self.stranger)
            .sudo()
            .create({"loan_id": self.loan.id, "amount": 1.0})
            .sudo(False)
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.action_repay()

    def test_file_of_the_package_is_bound_by_the_package(self):
        attachment = self.application.package_id.disclosure_ids.attachment_id
        for user in (self.people["accountant"], self.portal, self.stranger):
            with self.subTest(user.login), self.assertRaises(AccessError):
                attachment.invalidate_recordset()
                attachment.with_user(user).read(["raw"])

    def test_what_a_request_proposes_is_bound_by_the_request(self):
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        for user in (self.people["accountant"], self.portal, self.stranger):
            proposals = draft.proposal_ids.with_user(user).with_company(user.company_id)
            for call in (lambda: proposals.read(["notice"]), lambda: proposals.write({"history_months": 60})):  # noqa: B023
                with self.subTest(user.login), self.assertRaises(AccessError):
                    proposals.invalidate_recordset()
                    call()

    def test_bank_of_another_company_is_not_proposed_to(self):
        foreign = self.rhone.copy({"company_id": self.other_company.id, "base_url": "https://far.example"})
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        with self.assertRaises(UserError):
            self._as("requester", self.env["scf.consent.proposal"]).create(
                {"application_id": draft.id, "bank_id": foreign.id}
            )

    def test_approver_of_another_company_is_not_asked(self):
        self.assertNotIn(self.stranger, self.application._approvers())
        self.assertNotIn(self.portal, self.application._approvers())
