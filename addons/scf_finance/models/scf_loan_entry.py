from openscf.loan import (
    Call,
    Charge,
    ChargeReversal,
    Disbursement,
    Extension,
    Repayment,
    RepaymentReversal,
    WriteOff,
)
from openscf.wire import Entry

from odoo import fields, models
from odoo.tools import format_amount, format_date
from odoo.tools.translate import LazyTranslate

from ..amounts import exact
from .labels import label_of

_lt = LazyTranslate(__name__)

TYPES = [
    ("disbursement", "Payout"),
    ("fee", "Fee"),
    ("repayment", "Repayment"),
    ("repayment_reversal", "Repayment taken back"),
    ("charge", "Charge"),
    ("charge_reversal", "Charge taken back"),
    ("extension", "Extension"),
    ("call", "Everything due"),
    ("surplus", "Surplus paid on"),
    ("write_off", "Written off"),
]


class ScfLoanEntry(models.Model):
    """A line of the bank's loan ledger. Never changed or deleted: a correction is a further entry."""

    _name = "scf.loan.entry"
    _description = "Loan ledger entry"
    _inherit = ["scf.record.unchanging"]
    _order = "loan_id, sequence, id"
    _rec_name = "bank_entry_ref"
    _why_unchanged = _lt("A ledger entry is never changed: a correction comes from the bank as a new one.")
    _why_kept = _lt("A ledger entry is never deleted: a correction comes from the bank as a new one.")

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    bank_entry_ref = fields.Char(string="Bank's Entry", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    type = fields.Selection(TYPES, required=True, readonly=True)
    value_date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    penalty = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True)
    principal = fields.Monetary(readonly=True)
    source_ref = fields.Char(string="Source", readonly=True, help="Our collection or repayment that caused the entry.")
    days = fields.Integer(readonly=True, help="By how many days an extension moves what is due.")
    reverses_ref = fields.Char(string="Takes Back", readonly=True, help="The bank's entry that this one takes back.")
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _bank_entry_unique = models.UniqueIndex("(loan_id, bank_entry_ref)", "The bank used a ledger entry's number twice.")

    # -- business ---------------------------------------------------------------------------------------------------

    def _record(self, loan, wires):
        """Record and book ledger entries as the bank signed them; those that are known are passed over.

        :param list wires: Entry of docs/protocol.md; entries told together become one journal entry
        """
        known = set(loan.entry_ids.mapped("bank_entry_ref"))
        entries = [entry for entry in map(Entry.model_validate, wires) if entry.id not in known]
        if not entries:
            return self.browse()
        move = loan._book(entries)
        recorded = self.create([self._values(loan, entry, move) for entry in entries])
        loan._reconcile_books()
        collected = self.env["scf.collection"]._allocate(recorded)
        loan._reduce_shortfall(recorded.filtered(lambda entry: entry.type == "repayment") - collected)
        # What only moves due dates has no amount; whoever takes the event tells of it.
        for entry in recorded.filtered("amount"):
            loan.message_post(
                body=self.env._(
                    "%(type)s of %(amount)s on %(day)s.",
                    type=label_of(entry, "type"),
                    amount=format_amount(self.env, entry.amount, entry.currency_id),
                    day=format_date(self.env, entry.value_date),
                )
            )
        return recorded

    def _event(self):
        """The entry as an event of the loan's arithmetic (`openscf.loan`).

        None for a fee, which a payout contains, and for a surplus, which was never the loan's (decision 0018).
        """
        dated = {"id": self.bank_entry_ref, "on": self.value_date}
        amount = exact(self.amount, self.currency_id.name)
        if self.type in ("disbursement", "repayment", "write_off"):
            kinds = {"disbursement": Disbursement, "repayment": Repayment, "write_off": WriteOff}
            return kinds[self.type](**dated, amount=amount)
        if self.type in ("repayment_reversal", "charge_reversal"):
            kind = RepaymentReversal if self.type == "repayment_reversal" else ChargeReversal
            return kind(**dated, reverses=self.reverses_ref)
        if self.type == "charge":
            return Charge(**dated, amount=amount, component="penalty" if self.penalty else "fee")
        if self.type == "extension":
            return Extension(**dated, days=self.days)
        return Call(**dated) if self.type == "call" else None

    def _values(self, loan, entry, move):
        allocation = entry.allocation.model_dump() if entry.allocation else {}
        return {
            "loan_id": loan.id,
            "bank_entry_ref": entry.id,
            "sequence": entry.sequence,
            "type": entry.type,
            "value_date": entry.value_date,
            "amount": float(entry.amount),
            **{part: float(amount) for part, amount in allocation.items()},
            "days": entry.days,
            "source_ref": entry.source_id,
            "reverses_ref": entry.reverses,
            "move_id": move.id,
        }
