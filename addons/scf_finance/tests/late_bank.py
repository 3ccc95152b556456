import uuid
from datetime import timedelta
from decimal import Decimal

from openscf import loan as arithmetic

from odoo import fields

from ..amounts import wire_money
from .bank_double import BankDouble


class LateBank(BankDouble):
    """A bank that goes on after the payout: charges, more time, other documents, buyers' payments, the end."""

    def events(self, book):
        kinds = {
            "disbursement": lambda entry, **dated: arithmetic.Disbursement(**dated, amount=Decimal(entry["amount"])),
            "repayment": lambda entry, **dated: arithmetic.Repayment(**dated, amount=Decimal(entry["amount"])),
            "repayment_reversal": lambda entry, **dated: arithmetic.RepaymentReversal(
                **dated, reverses=entry["reverses"]
            ),
            "charge": lambda entry, **dated: arithmetic.Charge(**dated, amount=Decimal(entry["amount"])),
            "charge_reversal": lambda entry, **dated: arithmetic.ChargeReversal(**dated, reverses=entry["reverses"]),
            "extension": lambda entry, **dated: arithmetic.Extension(**dated, days=entry["days"]),
            "call": lambda entry, **dated: arithmetic.Call(**dated),
            "surplus": lambda entry, **dated: arithmetic.Surplus(**dated, amount=Decimal(entry["amount"])),
            "write_off": lambda entry, **dated: arithmetic.WriteOff(**dated, amount=Decimal(entry["amount"])),
        }
        return [
            kinds[entry["type"]](entry, id=entry["id"], on=fields.Date.to_date(entry["value_date"]))
            for entry in book["entries"]
            if entry["type"] in kinds
        ]

    # --- charges ---

    def charge(self, loan, amount, on=None):
        """Charge a fee, and tell it; gives the entry."""
        entry = self._charged(loan, amount, on or self.today)
        self._tell("charge.posted", loan, entry=entry)
        return entry

    def take_back_charge(self, loan, charged, on=None):
        book, on = self.loans[loan.bank_loan_ref], on or self.today
        event = arithmetic.ChargeReversal(id=self._id(), on=on, reverses=charged["id"])
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        entry = self._entry(
            book,
            "charge_reversal",
            on,
            Decimal(charged["amount"]),
            allocation=allocation,
            ref=event.id,
            reverses=charged["id"],
        )
        self._tell("charge.reversed", loan, entry=entry)
        return entry

    def _charged(self, loan, amount, on, source=None):
        book = self.loans[loan.bank_loan_ref]
        event = arithmetic.Charge(id=self._id(), on=on, amount=Decimal(amount))
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        return self._entry(book, "charge", on, event.amount, allocation=allocation, ref=event.id, source=source)

    # --- more time ---

    def take_extension(self, loan):
        """Take in the request for more time; gives the extension as it stands."""
        body = self.body("extend")
        extension = {"extension_id": body["extension_id"], "days": body["days"], "status": "REQUESTED"}
        self.answer("extend", extension)
        return extension

    def offer_extension(self, loan, extension, fee="120.00", valid_days=3):
        due = loan.due_date + timedelta(days=extension["days"])
        extension.update(
            status="OFFERED",
            fee=wire_money(Decimal(fee), loan.currency_id.name),
            due_date=due.isoformat(),
            expires_at=self._now(timedelta(days=valid_days)),
        )
        return self._tell("extension.offered", loan, extension=dict(extension))

    def end_extension(self, loan, extension, status, message=None):
        extension.update(status=status, **({"message": message} if message else {}))
        return self._tell(f"extension.{status.lower()}", loan, extension=dict(extension))

    def grant_extension(self, loan, extension):
        """Move the due dates, charge the fee, and tell both."""
        book, amount = self.loans[loan.bank_loan_ref], extension["fee"]["amount"]
        moved = self._entry(book, "extension", self.today, Decimal(0), source=extension["extension_id"])
        moved["days"] = extension["days"]
        entries = [moved]
        if Decimal(amount):
            entries.append(self._charged(loan, amount, self.today, source=extension["extension_id"]))
        extension.update(status="GRANTED")
        return self._tell("extension.granted", loan, extension=dict(extension), entries=entries)

    # --- other documents ---

    def take_substitution(self):
        body = self.body("substitute")
        substitution = {
            "substitution_id": body["substitution_id"],
            "released": body["released"],
            "status": "REQUESTED",
        }
        self.answer("substitute", substitution)
        return substitution

    def decide_substitution(self, loan, substitution, status, message=None):
        substitution.update(status=status, **({"message": message} if message else {}))
        return self._tell(f"substitution.{status.lower()}", loan, substitution=dict(substitution))

    # --- buyers ---

    def buyer_pays(self, loan, number, amount, on=None, kind="customer_invoice"):
        """Take a buyer's payment for the loan, pay on what is more than owed, and tell it; gives the payment."""
        book, on, amount = self.loans[loan.bank_loan_ref], on or self.today, Decimal(amount)
        payment = {
            "payment_id": self._id(),
            "document": {"kind": kind, "number": number},
            "amount": wire_money(amount, loan.currency_id.name),
            "received_on": on.isoformat(),
            "payer": "Atlas Retail",
        }
        owed = arithmetic.payoff_amount(self.terms(loan), self.events(book), on)
        entries = []
        if taken := min(amount, owed):
            event = arithmetic.Repayment(id=self._id(), on=on, amount=taken)
            allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
            entries.append(
                self._entry(
                    book, "repayment", on, taken, allocation=allocation, ref=event.id, source=payment["payment_id"]
                )
            )
        if surplus := amount - taken:
            entries.append(self._entry(book, "surplus", on, surplus, source=payment["payment_id"]))
        closes = self._settled(loan, on)
        if closes:
            book["status"] = "CLOSED"
        self._tell("buyer_payment.received", loan, payment=payment, entries=entries)
        if closes:
            self._tell("loan.closed", loan)
        return payment

    def give_back(self, loan, payment, on=None):
        """The buyer's bank recalled the payment."""
        book, on = self.loans[loan.bank_loan_ref], on or self.today
        taken = next(entry for entry in book["entries"] if entry.get("source_id") == payment["payment_id"])
        event = arithmetic.RepaymentReversal(id=self._id(), on=on, reverses=taken["id"])
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        entry = self._entry(
            book,
            "repayment_reversal",
            on,
            Decimal(taken["amount"]),
            allocation=allocation,
            source=payment["payment_id"],
            ref=event.id,
            reverses=taken["id"],
        )
        reopened, book["status"] = book["status"] == "CLOSED", "ACTIVE"
        self._tell("buyer_payment.returned", loan, payment=payment, entries=[entry])
        if reopened:
            self._tell("loan.reopened", loan)
        return entry

    # --- the end ---

    def call(self, loan, reason="The buyer is insolvent.", on=None):
        entry = self._entry(self.loans[loan.bank_loan_ref], "call", on or self.today, Decimal(0))
        return self._tell("loan.called", loan, entry=entry, reason=reason)

    def write_off(self, loan, reason="Nothing can be had from the buyer.", on=None):
        book, on = self.loans[loan.bank_loan_ref], on or self.today
        owed = arithmetic.payoff_amount(self.terms(loan), self.events(book), on)
        event = arithmetic.WriteOff(id=self._id(), on=on, amount=owed)
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        entry = self._entry(book, "write_off", on, owed, allocation=allocation, ref=event.id)
        book["status"] = "CLOSED"
        self._tell("loan.written_off", loan, entries=[entry], reason=reason)
        self._tell("loan.closed", loan)
        return entry

    def tell_shortfall(self, loan, amount, message="After the credit note the advance is above what is carried."):
        return self._tell("loan.shortfall", loan, shortfall=wire_money(Decimal(amount), "USD"), message=message)

    # --- words ---

    def _tell(self, kind, loan, **content):
        return self.tell(kind, {"loan": self.snapshot(loan.bank_loan_ref), **content}, loan.submission_id)

    def _id(self):
        return f"ent-{uuid.uuid4().hex[:30]}"
