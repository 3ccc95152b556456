from decimal import Decimal

from openscf import loan as arithmetic

from ..amounts import wire_money
from .bank_double import BankDouble


class LineBank(BankDouble):
    """A bank that gives lines: it pays out drawdowns, and draws its share of each collection."""

    def offer_line(self, submission, **terms):
        """Offer a line of what was asked for."""
        terms = {"fee_timing": "periodic", "sweep_percent": "20.00", "tenor_days": 180, "fee": "0.00", **terms}
        return self.offer(submission, repayment="revolving", **terms)

    def take_drawdown(self):
        """Take in the oldest drawdown; gives it as it stands."""
        body = self.body("draw")
        drawdown = {"drawdown_id": body["drawdown_id"], "amount": body["amount"], "status": "REQUESTED"}
        self.answer("draw", drawdown)
        return drawdown

    def pay_drawdown(self, loan, drawdown):
        """Pay a drawdown out, and tell it; the first one starts the line."""
        book = self.loans[loan.bank_loan_ref]
        entries = [
            self._entry(
                book, "disbursement", self.today, Decimal(drawdown["amount"]["amount"]), source=drawdown["drawdown_id"]
            )
        ]
        terms = self.terms(loan)
        if not book["start_date"] and terms.fee and terms.fee_timing == "deducted":
            entries.append(self._entry(book, "fee", self.today, terms.fee))
        book.update(start_date=book["start_date"] or self.today, status="ACTIVE")
        drawdown = {**drawdown, "status": "POSTED", "entry": entries[0]}
        content = {"loan": self.snapshot(book["id"]), "drawdown": drawdown, "entries": entries}
        return self.tell("loan.drawn", content, loan.submission_id)

    def decline_drawdown(self, loan, drawdown, why="The account is closed."):
        drawdown = {**drawdown, "status": "DECLINED", "message": why}
        content = {"loan": self.snapshot(loan.bank_loan_ref), "drawdown": drawdown}
        return self.tell("drawdown.declined", content, loan.submission_id)

    def post_repayment(self, loan, amount, on=None, source=None):
        """Of a collection the bank draws its share; what the company pays itself counts in full."""
        share = self.terms(loan).sweep_percent / 100 if source and source.startswith("COL") else Decimal(1)
        return super().post_repayment(loan, str((Decimal(amount) * share).quantize(Decimal("0.01"))), on, source)

    def end(self, loan):
        """The tenor is over and nothing is owed."""
        self.loans[loan.bank_loan_ref]["status"] = "CLOSED"
        return self.tell("loan.closed", {"loan": self.snapshot(loan.bank_loan_ref)}, loan.submission_id)

    def snapshot(self, loan_ref):
        snapshot, book = super().snapshot(loan_ref), self.loans[loan_ref]
        paid = sum(
            Decimal(entry["amount"]) * (1 if entry["type"] == "disbursement" else -1)
            for entry in book["entries"]
            if entry["type"] in ("disbursement", "fee")
        )
        return {**snapshot, "disbursed": wire_money(paid, book["terms"]["principal"]["currency"])}

    def _settled(self, loan, on):
        """A line that owes nothing stays open until its tenor is over."""
        if arithmetic.replay(self.terms(loan), self.events(self.loans[loan.bank_loan_ref]), self.today).available:
            return False
        return super()._settled(loan, on)
