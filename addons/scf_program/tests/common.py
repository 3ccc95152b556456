from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.scf_finance.tests.common import FinanceCase

from .program_bank import ProgramBankDouble

TERMS = "<p>We pay what we approved on its due date, to whoever it was sold to.</p>"


def program_profile(kind, **members):
    """What a bank announces about programs of a kind."""
    return {
        "kind": kind,
        "currencies": ["EUR", "USD"],
        "max_anchor_limit": "5000000.00",
        "min_days": 5,
        "max_tenor_days": 180,
        "rate_pa": "6.00",
        "fee_percent": "0.10",
        "day_count": "ACT/360",
        "documents": ["registration_extract", "bank_account_proof"],
        "conditions": ["Approved bills only"],
        **members,
    }


class ProgramCase(FinanceCase):
    """The vocabulary of programs: an anchor with its people, two banks that run programs, vendors and members.

    `self.rhone_bank` and `self.hansa_bank` are doubles that know programs (`program_bank.py`). The people of
    `FinanceCase` are the anchor's: `requester` prepares, `approver` approves, `admin` connects banks.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for bank in (cls.rhone, cls.hansa):
            bank.sudo().profile = {
                **bank.profile,
                "programs": [program_profile("payables_finance"), program_profile("distributor_finance")],
            }
        cls.kinds = cls.env["scf.kyb.kind"].search([("code", "in", ["registration_extract", "bank_account_proof"])])
        cls.vendors = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "vat": vat,
                    "email": email,
                    "is_company": True,
                    "country_id": cls.env.ref(f"base.{country}").id,
                    "supplier_rank": 1,
                }
                for name, vat, email, country in (
                    ("Steelworks NV", "BE0477472701", "finance@steelworks.example", "be"),
                    ("Papier Müller GmbH", "DE136695976", "kasse@papier-mueller.example", "de"),
                    ("Cork & Co", "FR23334175221", "compta@cork.example", "fr"),
                )
            ]
        )
        cls.steel, cls.paper, cls.cork = cls.vendors

    # --- given ---

    def given(self):
        """Banks that run programs; a class with records of its own calls this first."""
        self.rhone_bank, self.hansa_bank = ProgramBankDouble(self.rhone), ProgramBankDouble(self.hansa)

    def _program(self, *, banks=None, **values):
        """A draft, complete as it is, by the requester."""
        values = {
            "name": "Early payment",
            "anchor_limit": 1000000.0,
            "member_limit": 100000.0,
            "terms": TERMS,
            "document_kind_ids": [Command.set(self.kinds.ids)],
            "bank_ids": [Command.create({"bank_id": bank.id}) for bank in (self.rhone if banks is None else banks)],
            **values,
        }
        return self._as("requester", self.env["scf.program"]).create(values)

    def _approved(self, **values):
        """A program that a second person approved, and its banks were asked for; with full rights."""
        program = self._program(**values)
        program.action_request_approval()
        self._as("approver", program).action_approve()
        return program.sudo()

    def _running(self, **values):
        """A program that Banque du Rhône agreed to; with full rights."""
        program = self._approved(**values)
        self.rhone_bank.approve_program(program.bank_ids)
        return program

    def _member(self, program, partner, state="invited"):
        """A member in a state of the funnel, invited without an e-mail; with full rights."""
        member = (
            program.env["scf.program.member"]
            .sudo()
            .create({"program_id": program.id, "partner_id": partner.id, "email": partner.email})
        )
        member._renew_link()
        path = ("invited", "opened", "started", "submitted", "approved", "financed")
        if state != "draft":
            for step in path[: path.index(state) + 1]:
                member._set_state(step)
        return member

    def _approved_member(self, program, partner, *, limit="50000.00"):
        """A member that signed, and that Banque du Rhône let in; with full rights."""
        member = self._member(program, partner, "submitted")
        self.rhone_bank.approve_member(member, program.bank_ids[:1], limit=limit)
        return member

    def _bill(self, partner, amount=1000.0, *, days=60, ago=0, **values):
        """A posted vendor bill without tax, of `ago` days ago, due `days` after that."""
        issued = self.today - timedelta(days=ago)
        return self._create_invoice_one_line(
            move_type=values.pop("move_type", "in_invoice"),
            product_id=values.pop("product_id", self.product_a),
            price_unit=amount,
            tax_ids=values.pop("tax_ids", self.env["account.tax"]),
            partner_id=partner,
            invoice_date=issued,
            invoice_date_due=issued + timedelta(days=days),
            invoice_payment_term_id=self.env["account.payment.term"],
            post=True,
            **values,
        )

    def _portal_user(self, partner, login="supplier"):
        """Somebody at the member's who may sign in to the portal."""
        contact = self.env["res.partner"].create(
            {"name": "Ada Supplier", "parent_id": partner.id, "email": f"{login}@{login}.example"}
        )
        return new_test_user(self.env, login, groups="base.group_portal", partner_id=contact.id)
