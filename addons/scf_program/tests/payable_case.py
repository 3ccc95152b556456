from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields

from .common import ProgramCase
from .payable_bank import PayableBankDouble


class PayableCase(ProgramCase):
    """The vocabulary of payables: a running program with two banks, and a supplier that both let in."""

    def given(self):
        self.rhone_bank, self.hansa_bank = PayableBankDouble(self.rhone), PayableBankDouble(self.hansa)
        for bank in self.banks:
            bank.bank.write({"client_id": f"client-{bank.bank.id}"})
        self.program = self._approved(
            banks=self.rhone + self.hansa,
            currency_id=self.company.currency_id.id,
        )
        self.program.approves_separately = False
        self.member = self._member(self.program, self.steel, "submitted")
        for bank in self.banks:
            program_bank = self.program.bank_ids.filtered(lambda one, bank=bank: one.bank_id.id == bank.bank.id)
            bank.approve_program(program_bank)
            bank.approve_member(self.member, program_bank, limit="50000.00")

    @property
    def banks(self):
        return self.rhone_bank, self.hansa_bank

    # --- given ---

    def _budget(self, amount=100000.0, **values):
        """Own cash for the coming year."""
        self.program.write(
            {
                "own_cash": True,
                "target_return_pa": 9.0,
                "budget_ids": [
                    Command.create(
                        {
                            "date_from": self.today,
                            "date_to": fields.Date.add(self.today, years=1),
                            "amount": amount,
                            **values,
                        }
                    )
                ],
            }
        )

    def _bill_of(self, amount=10000.0, *, days=60, ref="SW-1", partner=None, **values):
        return self._bill(partner or self.steel, amount, days=days, ref=ref, **values)

    # --- when ---

    def _approve(self, bill, role="approver"):
        """Approve a bill by the button; gives its payables with full rights."""
        self._as(role, bill).action_scf_approve_payable()
        return self.env["scf.payable"].sudo().search([("move_id", "=", bill.id), ("state", "=", "approved")])

    def _registered(self, bill=None):
        """A payable that both banks have registered."""
        payable = self._approve(bill or self._bill_of())
        for bank in self.banks:
            bank.register()
        return payable

    def _accept(self, payable, source, pay_on=None):
        """The supplier takes the offer of one payer on the portal; gives the early payment."""
        quotes = payable._quotes([pay_on] if pay_on else None)
        quote = next(one for one in quotes if one.source == source)
        return payable._request_early_payment(
            quote,
            quote.pay_on,
            {
                "name": "Ada Supplier",
                "email": "ada@steelworks.example",
                "at": fields.Datetime.now(),
                "address": "192.0.2.7",
            },
            "portal",
        )

    def _source_at(self, payable, bank):
        return payable.bank_ids.filtered(lambda row: row.bank_id.id == bank.bank.id)[-1:]._source()

    def _paid_early(self, bill=None, bank=None, *, on=None):
        """A payable that a bank has paid to the supplier."""
        bank = bank or self.rhone_bank
        payable = self._registered(bill)
        self._accept(payable, self._source_at(payable, bank))
        bank.confirm_early_payment(payable)
        for other in self.banks:
            if other is not bank:
                other.forget(payable)
        bank.pay_early(payable, on=on)
        return payable

    def _run_job(self, name):
        """Run one of the jobs, as the server does."""
        with self.enter_registry_test_mode():
            self.env.ref(f"scf_program.{name}").with_user(self.env.ref("base.user_root")).method_direct_trigger()
        self.env.invalidate_all()

    def _day(self, days):
        """Let `days` pass."""
        return patch.object(fields.Date, "context_today", lambda *args: self.today + timedelta(days=days))

    # --- then ---

    def _owed_on(self, account, partner=None):
        """The balance of an account, for a partner where one is given."""
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
                *([("partner_id", "=", partner.id)] if partner else []),
            ]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))
