"""What the company, its buyers and the banks' officers do on the days of the plan.

What an incident is about is found when its day comes: one that finds nothing to do any more, since an earlier one has
settled it, is counted as idle and changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from odoo import Command

from tests.system.year.company import Company
from tests.system.year.plan import Financing, Incident

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Payment:
    """A buyer's payment, and what of it was for each invoice, by id; what is above that the buyer has to his credit."""

    record: Any
    parts: dict[int, Decimal]


class Trade:
    """Invoices, payments and credit notes of the year, and what is said to the banks about them."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.invoices: dict[int, Any] = {}
        self.applications: dict[int, Any] = {}
        self.payments: dict[int, list[Payment]] = defaultdict(list)
        self._paid: dict[int, Decimal] = defaultdict(Decimal)
        self.done: Counter[str] = Counter()
        self.idle: Counter[str] = Counter()

    # -- requests --------------------------------------------------------

    def request(self, financings: list[Financing]) -> None:
        """Sell, ask the banks, accept the cheapest offer, and be paid out: all on one day."""
        for one in financings:
            self.invoices[one.number] = self._sell(one)
            self.applications[one.number] = self._ask(one)
        self.company.exchange()
        for one in financings:
            best = self.applications[one.number].sudo()._best_offer()
            assert best, f"no offer for {one}: {self.applications[one.number].sudo().submission_ids.mapped('state')}"
            self.company.as_("approver", best).action_accept()
            self.company.commit()
        self.company.exchange()

    def _sell(self, one: Financing) -> Any:
        today = self.company.clock.today
        invoices = self.company.model("accountant", "account.move").create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.company.buyers[one.buyer].id,
                    "currency_id": self.company.currency(one.currency).id,
                    "invoice_date": today,
                    "invoice_date_due": today + dt.timedelta(days=one.due_in_days),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Copper pans",
                                "quantity": 1,
                                "price_unit": float(amount),
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
                for amount in one.amounts
            ]
        )
        invoices.action_post()
        self.company.commit()
        return invoices

    def _ask(self, one: Financing) -> Any:
        banks = [self.company.bank_records[name].id for name in one.banks]
        application = self.company.model("requester", "scf.application").create(
            {
                "line_ids": [Command.create({"move_id": invoice.id}) for invoice in self.invoices[one.number]],
                "bank_ids": [Command.set(banks)],
            }
        )
        application.action_submit()
        self.company.commit()
        return application

    def loan(self, one: Financing) -> Any:
        """The loan of a financing, with full rights."""
        return self.applications[one.number].sudo().loan_ids

    # -- incidents -------------------------------------------------------

    def happen(self, incident: Incident) -> None:
        """Let it happen, and let both sides say what they have to say."""
        has_happened = getattr(self, f"_{incident.what}")(incident)
        (self.idle if has_happened is False else self.done)[incident.what] += 1
        self.company.commit()
        self.company.exchange()

    def _pay(self, incident: Incident) -> bool | None:
        """The buyer pays a part of what is open on each invoice."""
        open_invoices = self._open_invoices(incident.financing)
        for invoice in open_invoices:
            amount = self._part(invoice.amount_residual, incident.part)
            self._register(incident.financing, invoice, amount, incident.ago)
        return bool(open_invoices)

    _pay_too_much = _pay

    def _pay_together(self, incident: Incident) -> bool | None:
        """One payment for all open invoices of two financings."""
        assert incident.other
        invoices = self._open_invoices(incident.financing) | self._open_invoices(incident.other)
        if not invoices:
            return False
        self._register(incident.financing, invoices, None)
        return None

    def _undo(self, incident: Incident) -> bool | None:
        """The last payment of the buyer bounces: it is taken out of the books."""
        if not self.payments[incident.financing.number]:
            return False
        payment = self.payments[incident.financing.number].pop()
        payment.record.action_draft()
        payment.record.action_cancel()
        for invoice_id, amount in payment.parts.items():
            self._paid[invoice_id] -= amount
        return None

    def _credit(self, incident: Incident) -> bool | None:
        """A credit note over a part of each invoice, matched with it."""
        for invoice in self._open_invoices(incident.financing):
            wizard = self.company.model(
                "accountant", "account.move.reversal", active_model="account.move", active_ids=invoice.ids
            ).create({"journal_id": invoice.journal_id.id, "reason": "Dented", "date": self.company.clock.today})
            wizard.reverse_moves()
            note = wizard.new_move_ids
            line = note.invoice_line_ids
            line.price_unit = float(self._part(line.price_unit, incident.part))
            # Odoo matches it with the invoice by itself.
            note.action_post()
        return None

    def _top_up(self, incident: Incident) -> bool | None:
        """What the bank asks for after a credit note, from own money."""
        if not self.loan(incident.financing).shortfall:
            return False
        return self._repay_own(incident.financing, reason="shortfall")

    def _repay(self, incident: Incident) -> bool | None:
        """A part of all that is owed today, from own money."""
        return self._repay_own(incident.financing, part=incident.part, reason="early")

    def _repay_own(self, one: Financing, *, reason: str, part: Decimal = Decimal(1)) -> bool | None:
        loan = self.loan(one)
        if loan.state not in ("active", "overdue"):
            return False
        dialog = self.company.model("approver", "scf.repayment").create({"loan_id": loan.id, "reason": reason})
        dialog.amount = float(self._part(dialog.amount, part))
        dialog.action_repay()
        return None

    # -- the bank's own doings -------------------------------------------

    def _charge(self, incident: Incident) -> bool | None:
        return self._charge_for(incident, "fee", "25.00")

    def _charge_penalty(self, incident: Incident) -> bool | None:
        return self._charge_for(incident, "penalty", "40.00")

    def _charge_for(self, incident: Incident, component: str, amount: str) -> bool | None:
        loan = self.loan(incident.financing)
        if loan.state not in ("active", "overdue"):
            return False
        self._desk(loan).charge(loan.bank_loan_ref, amount, component=component)
        return None

    def _take_charge_back(self, incident: Incident) -> bool | None:
        loan = self.loan(incident.financing)
        charges = loan.entry_ids.filtered(lambda entry: entry.type == "charge")
        if not charges or loan.state not in ("active", "overdue"):
            return False
        self._desk(loan).take_back_charge(loan.bank_loan_ref, charges[-1].sequence)
        self._second_officer(loan)
        return None

    def _pay_bank(self, incident: Incident) -> bool | None:
        """The buyer pays the bank instead of the company, for each invoice."""
        loan = self.loan(incident.financing)
        for invoice in self._open_invoices(incident.financing):
            self._desk(loan).record_buyer_payment(
                loan.bank_loan_ref,
                invoice.name,
                str(self._part(invoice.amount_residual, incident.part)),
                received_on=self.company.clock.today,
                reference=f"IN-{invoice.name}",
                payer=invoice.partner_id.name,
            )
            self._second_officer(loan)
        return None

    def _return_by_bank(self, incident: Incident) -> bool | None:
        """The buyer's bank takes back what went to the bank."""
        loan = self.loan(incident.financing)
        received = loan.buyer_payment_ids.filtered(lambda payment: payment.state == "received")
        for number in range(1, len(received) + 1):
            self._desk(loan).return_buyer_payment(
                loan.bank_loan_ref, number, returned_on=self.company.clock.today, reason="Paid by mistake."
            )
            self._second_officer(loan)
        return bool(received)

    def _extend(self, incident: Incident) -> bool | None:
        """More time: asked for, offered for a fee, and accepted by somebody else."""
        loan = self.loan(incident.financing)
        if loan.state not in ("active", "overdue"):
            return False
        dialog = self.company.model("requester", "scf.extension.request").create(
            {"loan_id": loan.id, "days": 20, "reason": "The buyer asked for time."}
        )
        dialog.action_ask()
        self.company.commit()
        self.company.exchange()
        self._desk(loan).offer_extension(loan.bank_loan_ref, loan.extension_ids.name, fee="60.00")
        self.company.exchange()
        self.company.as_("approver", loan.extension_ids).action_accept()
        return None

    def _call(self, incident: Incident) -> bool | None:
        loan = self.loan(incident.financing)
        if loan.state not in ("active", "overdue"):
            return False
        self._desk(loan).call_loan(loan.bank_loan_ref, "A covenant was broken.")
        return None

    def _write_off(self, incident: Incident) -> bool | None:
        loan = self.loan(incident.financing)
        if loan.state not in ("active", "overdue"):
            return False
        self._desk(loan).propose_write_off(loan.bank_loan_ref, "The buyer is insolvent.")
        self._second_officer(loan)
        return None

    # -- words -----------------------------------------------------------

    def paid(self, invoice: Any) -> Decimal:
        """What its buyer has paid us for an invoice and not taken back, by what was registered here."""
        return self._paid[invoice.id]

    def _desk(self, loan: Any) -> Any:
        return self.company.banks[self.company.bank_of(loan)].officer

    def _second_officer(self, loan: Any) -> None:
        """Another officer approves what waits for one."""
        colleague = self.company.banks[self.company.bank_of(loan)].colleague
        if colleague.proposals(loan.bank_loan_ref):
            colleague.approve_proposal(loan.bank_loan_ref)

    def _open_invoices(self, one: Financing) -> Any:
        invoices = self.company.as_("accountant", self.invoices[one.number])
        return invoices.filtered(lambda invoice: invoice.amount_residual > 0)

    def _part(self, amount: float, part: Decimal) -> Decimal:
        return (self.company.exact(amount) * part).quantize(CENT, ROUND_HALF_UP)

    def _register(self, one: Financing, invoices: Any, amount: Decimal | None, ago: int = 0) -> None:
        """The accountant registers a payment of the buyer, which came `ago` days before."""
        values = {
            "payment_date": self.company.clock.today - dt.timedelta(days=ago),
            "journal_id": self.company.own_accounts[one.currency].id,
        }
        values |= {"group_payment": True} if amount is None else {"amount": float(amount)}
        wizard = self.company.model(
            "accountant", "account.payment.register", active_model="account.move", active_ids=invoices.ids
        ).create(values)
        exact = self.company.exact
        parts = {
            invoice.id: min(amount or exact(invoice.amount_residual), exact(invoice.amount_residual))
            for invoice in invoices
        }
        self.payments[one.number].append(Payment(wizard._create_payments(), parts))
        for invoice_id, part in parts.items():
            self._paid[invoice_id] += part
