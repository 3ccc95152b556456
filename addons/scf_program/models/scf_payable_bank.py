import json
import logging
import uuid
from datetime import timezone

from openscf.payables import (
    MAX_PAYABLES,
    PayableApproval,
    PayableDocument,
    PayableFingerprints,
    PayableStatus,
    sign_payable,
)
from openscf.payables import Payable as PayableWire

from odoo import fields, models
from odoo.tools import split_every

from odoo.addons.scf_finance.amounts import exact, wire_money

_logger = logging.getLogger(__name__)

STATUSES = [
    ("queued", "Being Sent"),
    ("registered", "Registered"),
    ("rejected", "Rejected"),
    ("requested", "Asked For by the Supplier"),
    ("confirmed", "To Be Paid"),
    ("paid", "Paid Early"),
    ("overdue", "Overdue"),
    ("settled", "Settled"),
    ("withdrawn", "Withdrawn"),
]
# The bank may still be asked to pay it, or is on its way to.
OPEN_STATUSES = ("queued", "registered", "requested", "confirmed")
# Events of a payable's beginning.
OVERTAKEN = ("payable.registered", "payable.reduced")
SUPPLIER_KIND = "vendor_bill"


class ScfPayableBank(models.Model):
    """A payable at one bank: registered there by a signed approval, and what the bank says of it since."""

    _name = "scf.payable.bank"
    _description = "Payable at a bank"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id"
    _rec_name = "program_bank_id"

    payable_id = fields.Many2one("scf.payable", required=True, readonly=True, index=True, ondelete="restrict")
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    member_bank_id = fields.Many2one("scf.program.member.bank", required=True, readonly=True, ondelete="restrict")
    batch_id = fields.Many2one("scf.payable.batch", readonly=True, index="btree_not_null", ondelete="restrict")
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="payable_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="payable_id.currency_id")
    wire_ref = fields.Char(string="Our Number There", required=True, readonly=True, index=True)
    bank_payable_ref = fields.Char(string="Bank's Number", readonly=True, index="btree_not_null")
    approval = fields.Text(string="Signed Approval", readonly=True, help="Compact JWS, as the bank gets it.")
    status = fields.Selection(STATUSES, required=True, readonly=True, default="queued")
    terms = fields.Json(readonly=True, help="The bank's terms of an early payment; rates are strings.")
    settled_amount = fields.Monetary(string="Settled", readonly=True, help="As the bank says.")
    is_changing = fields.Boolean(readonly=True, help="The bank has been asked to change it, and has not answered.")
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")

    _wire_ref_once = models.UniqueIndex("(bank_id, wire_ref)", "A number is sent to a bank once.")
    _bank_once = models.UniqueIndex(
        "(payable_id, program_bank_id) WHERE status NOT IN ('withdrawn', 'rejected')",
        "A payable is registered at a bank once.",
    )

    # -- addressee --------------------------------------------------------------------------------------------------

    def _scf_target(self, verb):
        return self.bank_payable_ref or None

    def _scf_on_answer(self, message, answer):
        if message.verb in ("withdraw", "reduce"):
            self.is_changing = False
        self._take(answer, None)

    def _scf_on_refused(self, message, problem):
        """The bank does not take a change any more: most of the time as it is about to pay, or has paid."""
        self.is_changing = False
        self.message = problem.get("detail") or problem.get("title")
        if message.verb == "withdraw" and not self.bank_payable_ref:
            self._set_status("withdrawn")  # it never came to know the payable
        elif message.verb in ("withdraw", "reduce"):
            self.payable_id._tell_change_refused(self)

    # -- registering ------------------------------------------------------------------------------------------------

    def _sign(self):
        """Sign each payable for its bank: that the company will pay the amount on the due date."""
        now = fields.Datetime.now()
        keys = {}
        for row in self:
            bank, payable = row.bank_id.sudo(), row.payable_id
            if bank not in keys:
                key = bank.key_id or self.env["scf.key"]._for_company(row.company_id)
                keys[bank] = key._signing_key()
            prints = payable.move_id._scf_fingerprints()
            row.approval = sign_payable(
                PayableApproval(
                    iss=bank.client_id,
                    aud=bank.issuer,
                    payable_id=row.wire_ref,
                    program=row.program_bank_id.bank_program_ref,
                    member=row.member_bank_id.bank_member_ref,
                    document=PayableDocument(
                        kind=SUPPLIER_KIND,
                        number=payable.move_id.name,
                        issued_on=payable.move_id.invoice_date,
                        issuer_number=payable.document_number,
                    ),
                    fingerprints=PayableFingerprints(f1=prints.f1, f2=prints.f2, f3=prints.f3),
                    amount=wire_money(payable.amount, payable.currency_id.name),
                    due_date=payable.due_date,
                    approved_by=payable.approved_by_id.name or self.env._("Rule of the program"),
                    approved_at=payable.approved_at.replace(tzinfo=timezone.utc),
                    iat=int(now.replace(tzinfo=timezone.utc).timestamp()),
                ),
                key=keys[bank],
            )

    # -- bank's word ------------------------------------------------------------------------------------------------

    def _take(self, wire, cursor, kind=None, *, reason=None):
        """Bring the row in step with what the bank says, by an answer or by an event.

        :param dict wire: Payable of docs/protocol.md
        :param cursor: the event's place in the feed; None for an answer, which counts while no event came yet
        :param str kind: the event's type
        :param str reason: why, in the words of whoever caused the event
        :return: whether it was news
        """
        self.ensure_one()
        if cursor is None and self.last_cursor:
            return False
        if cursor is not None and self.last_cursor and int(cursor) <= int(self.last_cursor):
            return False
        payable = PayableWire.model_validate(wire)
        if kind in OVERTAKEN and self.status not in ("queued", "registered", "rejected"):
            # Answers run ahead of the feed: what the bank answered since stands.
            self.last_cursor = str(cursor)
            return False
        self.write(
            {
                "bank_payable_ref": payable.id,
                "terms": json.loads(payable.terms.model_dump_json()) if payable.terms else self.terms,
                "settled_amount": float(payable.settled.amount),
                "message": reason or payable.message,
                "last_cursor": str(cursor) if cursor is not None else self.last_cursor,
            }
        )
        self._set_status(payable.status.value.lower())
        self.payable_id._follow(self, payable, kind)
        return True

    def _set_status(self, status):
        """Write the status; a repeat changes nothing."""
        self.ensure_one()
        if self.status == status:
            return False
        _logger.info("scf.payable.bank %s: %s → %s", self.id, self.status, status)
        self.status = status
        return True

    def _enqueue(self, verb, payload):
        """Queue a message about this payable; those to one program at one bank reach it in order."""
        self.ensure_one()
        return (
            self.env["scf.message"]
            .sudo()
            ._enqueue(
                self.bank_id.sudo(), verb, payload, channel=self.program_bank_id._payables_channel(), addressee=self
            )
        )

    def _withdraw(self, reason):
        """Ask these banks to forget the payable; one that has been asked for a change is asked once it has answered."""
        for row in self.filtered(lambda row: row.status in ("queued", "registered") and not row.is_changing):
            row.is_changing = True
            row._enqueue("withdraw", {"reason": reason})

    def _reduce(self, reason):
        """Tell these banks that less is owed now."""
        for row in self.filtered(lambda row: row.status in ("queued", "registered") and not row.is_changing):
            row.is_changing = True
            row._enqueue(
                "reduce",
                {
                    "adjustment_id": str(uuid.uuid4()),
                    "amount": wire_money(row.payable_id.amount, row.currency_id.name),
                    "reason": reason,
                },
            )


class ScfPayableBatch(models.Model):
    """Payables that are registered at a bank by one message."""

    _name = "scf.payable.batch"
    _description = "Payables sent to a bank together"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _rec_name = "program_bank_id"

    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="program_bank_id.company_id", store=True, index=True, precompute=True)
    row_ids = fields.One2many("scf.payable.bank", "batch_id", string="Payables", readonly=True)

    def _send(self, rows):
        """Register payables at their banks: signed one by one, sent in messages of at most MAX_PAYABLES.

        :param rows: `scf.payable.bank` that no bank knows yet
        """
        rows._sign()
        for program_bank, of_bank in rows.grouped("program_bank_id").items():
            for ids in split_every(MAX_PAYABLES, of_bank.ids):
                part = rows.browse(ids)
                batch = self.create({"program_bank_id": program_bank.id})
                part.batch_id = batch
                self.env["scf.message"].sudo()._enqueue(
                    program_bank.bank_id.sudo(),
                    "payables",
                    {"payables": part.mapped("approval")},
                    channel=program_bank._payables_channel(),
                    addressee=batch,
                )

    def _scf_target(self, verb):
        return self.program_bank_id.bank_program_ref or None

    def _scf_on_answer(self, message, answer):
        rows = {row.wire_ref: row for row in self.row_ids}
        for wire in answer["payables"]:
            rows[wire["payable_id"]]._take(wire, None)

    def _scf_on_refused(self, message, problem):
        for row in self.row_ids.filtered(lambda row: row.status == "queued"):
            row.message = problem.get("detail") or problem.get("title")
            row._set_status("rejected")


class ScfProgramBank(models.Model):
    _inherit = "scf.program.bank"

    def _payables_channel(self):
        return f"payables-{self.id}"


class ScfPayable(models.Model):
    _inherit = "scf.payable"

    # -- business: at the banks -------------------------------------------------------------------------------------

    def _register_at_banks(self):
        """Register approved payables at each bank of their program that approved the supplier; twice is once."""
        values = []
        for payable in self.filtered(lambda payable: payable.state == "approved"):
            known = payable.bank_ids.filtered(lambda row: row.status != "withdrawn").program_bank_id
            for at_bank in payable.member_id.bank_ids:
                program_bank = at_bank.program_bank_id
                if program_bank in known or not at_bank._takes_payables():
                    continue
                again = len(payable.bank_ids.filtered(lambda row, one=program_bank: row.program_bank_id == one))
                values.append(
                    {
                        "payable_id": payable.id,
                        "program_bank_id": program_bank.id,
                        "member_bank_id": at_bank.id,
                        "wire_ref": f"{payable.name}-{again + 1}" if again else payable.name,
                    }
                )
        if values:
            self.env["scf.payable.batch"]._send(self.env["scf.payable.bank"].create(values))

    def _follow(self, row, wire, kind=None):
        """Follow what a bank said of the payable.

        :param row: `scf.payable.bank`, in step with the bank
        :param openscf.payables.Payable wire: what the bank said
        :param str kind: the event's type; None for an answer
        """
        self.ensure_one()
        request = self._live_request()
        ours = request.filtered(lambda one: one.bank_row_id == row)
        if wire.status is PayableStatus.REQUESTED and not ours:
            self._take_member_request(row, wire)
        elif wire.status is PayableStatus.CONFIRMED:
            ours._confirm()
        elif wire.status in (PayableStatus.PAID, PayableStatus.OVERDUE, PayableStatus.SETTLED):
            self._take_payment(row, wire, kind)
        elif wire.status is PayableStatus.REGISTERED and ours._was_let_go():
            ours._end("refused" if ours.state == "asked" else "failed", wire.message)
        self._bring_in_step(row, wire)
        self._keep_one_financier()

    def _bring_in_step(self, row, wire):
        """Tell a bank again what it could not take in before: that the payable ended, or that less is owed."""
        if wire.status is not PayableStatus.REGISTERED:
            return
        if self.state in ("withdrawn", "ended"):
            row._withdraw(self.ended_because or self.env._("No longer offered."))
        elif self.state == "approved" and wire.amount.amount > exact(self.amount, self.currency_id.name):
            row._reduce(self.env._("Less is owed."))

    def _keep_one_financier(self):
        """Where one bank, or the company itself, is to pay early: withdraw the payable from the others, then confirm.

        Called after each change; what was done is not done again.
        """
        self.ensure_one()
        request = self._live_request()
        if not request or request.state == "asked" and request.channel != "erp":
            return  # an answer of the bank that was asked may still free it
        others = self.bank_ids.filtered(lambda row: row != request.bank_row_id and row.status in OPEN_STATUSES)
        others._withdraw(self.env._("Paid early by somebody else."))
        if request.state == "asked" and not others:
            request._confirm_at_bank()


class ScfProgramMemberBank(models.Model):
    _inherit = "scf.program.member.bank"

    def _takes_payables(self):
        """Whether the bank would register payables of this member now."""
        return bool(
            self.status == "approved"
            and not self.over_since
            and self.bank_member_ref
            and self.program_bank_id.status == "active"
            and self.program_bank_id.bank_program_ref
        )

    def _set_over(self):
        """The bank forgets the bills of whoever left; if it joins again, they are registered for it anew."""
        ended = super()._set_over()
        rows = self.env["scf.payable.bank"].sudo().search([("member_bank_id", "in", ended.ids)])
        rows._withdraw(self.env._("The supplier's membership at the bank is over."))
        return ended
