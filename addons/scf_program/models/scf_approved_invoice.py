from decimal import Decimal

from openscf.errors import InputInvalid, SignatureInvalid
from openscf.keys import KeySet
from openscf.money import Money
from openscf.payables import PayableNotice, PayableStatus, PayableTerms, early_payment, read_payable

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from odoo.addons.scf_finance.amounts import exact

from .bank_day import bank_day
from .row_hold import hold
from .scf_program_bank import is_stale

STATES = [
    ("registered", "Approved"),
    ("to_approve", "Early Payment to Approve"),
    ("sent", "Being Asked For"),
    ("requested", "Asked For"),
    ("confirmed", "Agreed"),
    ("paid", "Paid Early"),
    ("overdue", "Paid Early, Customer Late"),
    ("settled", "Settled"),
    ("rejected", "Not Taken by the Bank"),
    ("withdrawn", "Withdrawn"),
]
# While one of these lasts, the invoice is promised to this bank, or is its own: nobody else finances it.
HOLDING = ("to_approve", "sent", "requested", "confirmed", "paid", "overdue")
# Once the customer has settled it, the invoice itself stays sold; the rest of its order is free.
SOLD = (*HOLDING, "settled")
# In these the customer stands by the amount, so that its approval is its confirmation of the invoice.
STANDING = ("registered", "to_approve", "sent", "requested", "confirmed", "paid", "overdue", "settled")
BY_THE_BANK = {status.value.lower() for status in PayableStatus}
TRANSITIONS = {
    "registered": BY_THE_BANK | {"to_approve"},
    "to_approve": BY_THE_BANK | {"sent"},
    **dict.fromkeys(("sent", "requested", "confirmed", "paid", "overdue"), BY_THE_BANK),
    "settled": {"paid", "overdue"},  # where the bank took the customer's payment back
    "rejected": {"registered", "withdrawn"},
}
# An early payment of ours that is on its way is not undone by what the bank said before it heard of it.
CROSSING = ("payable.registered", "payable.reduced")


class ScfApprovedInvoice(models.Model):
    """An invoice of ours that a customer approved, as the bank of its program tells us: who stands for what.

    The approval is signed by the customer's key, which came with the invitation, so that the bank need not be believed.
    """

    _name = "scf.approved.invoice"
    _description = "Invoice approved by the customer"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee", "scf.program.guarded"]
    _order = "due_date, id"
    _rec_name = "number"
    _mail_post_access = "read"

    membership_id = fields.Many2one("scf.membership", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="membership_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="membership_id.bank_id", store=True, index=True, precompute=True)
    bank_name = fields.Char(related="membership_id.bank_name")
    anchor_name = fields.Char(string="Customer", related="membership_id.anchor_name")
    bank_payable_ref = fields.Char(string="Bank's Number", required=True, readonly=True, index=True)
    payable_ref = fields.Char(string="Customer's Number", required=True, readonly=True)
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="registered", tracking=True, index=True
    )
    number = fields.Char(string="Our Number", required=True, readonly=True, help="As the customer has it.")
    issued_on = fields.Date(string="Invoice Date", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    approved_amount = fields.Monetary(
        string="Approved", readonly=True, help="What the customer signed that it pays on the due date."
    )
    amount = fields.Monetary(string="To Be Paid", readonly=True, help="What the customer owes the bank's program now.")
    due_date = fields.Date(required=True, readonly=True)
    approved_by = fields.Char(readonly=True)
    approved_at = fields.Datetime(string="Approved On", readonly=True)
    approval = fields.Text(string="Approval as Signed", readonly=True, required=True)
    signature_problem = fields.Char(readonly=True, help="Why the signature can't be trusted, where it can't.")
    fingerprints = fields.Json(readonly=True)
    payable_terms = fields.Json(readonly=True, help="Price and days of an early payment, as the bank sent them.")
    message = fields.Char(string="Last Word", readonly=True, help="What the bank or the customer said last.")
    last_cursor = fields.Char(readonly=True)
    offer_in_words = fields.Char(string="Get Paid Early", compute="_compute_offer_in_words")

    _once = models.UniqueIndex("(bank_id, bank_payable_ref)", "The bank used a number twice.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("payable_terms", "amount", "due_date", "state", "membership_id.valid_until")
    @api.depends_context("lang", "tz")
    def _compute_offer_in_words(self):
        for invoice in self:
            day = invoice._first_day() if invoice.state == "registered" else None
            try:
                invoice.offer_in_words = invoice._price_in_words(day) if day else False
            except InputInvalid:  # the discount would leave nothing: nothing is offered
                invoice.offer_in_words = False

    # -- business: what the bank says -------------------------------------------------------------------------------

    @api.model
    @api.private
    def _take_notice(self, membership, payload):
        """Apply an event `payable.*` of the bank, to the member.

        :param membership: the ``scf.membership`` that it is about
        :param dict payload: the verified event
        """
        notice = PayableNotice.model_validate(payload["data"])
        invoice = self.search(
            [("membership_id", "=", membership.id), ("bank_payable_ref", "=", notice.payable.id)], limit=1
        ) or self._record(membership, notice.payable)
        invoice._take(notice.payable, int(payload["cursor"]), kind=payload["type"], reason=notice.reason)
        return True

    @api.model
    def _record(self, membership, payable):
        """Keep an approval, whatever its signature is worth: a person sees which one is not counted, and why."""
        problem, approval = "", None
        try:
            approval = read_payable(
                payable.approval,
                keys=KeySet.from_jwks(membership.anchor_jwks),
                anchor=membership.anchor_client_ref,
                issuer=membership.bank_issuer,
            )
            problem = self._disagreement(membership, payable, approval)
        except SignatureInvalid as error:
            problem = self.env._(
                "The approval is not signed by the key in the invitation of %(anchor)s: %(why)s Ask for a new "
                "invitation file, and open it.",
                anchor=membership.anchor_name,
                why=error,
            )
        currency = self.env["res.currency"].search([("name", "=", payable.amount.currency)], limit=1)
        return self.create(
            {
                "membership_id": membership.id,
                "bank_payable_ref": payable.id,
                "payable_ref": payable.payable_id,
                "number": payable.document.invoice_number,
                "issued_on": payable.document.issued_on,
                "currency_id": (currency or membership.currency_id).id,
                "approved_amount": float((approval or payable).amount.amount),
                "amount": float(payable.amount.amount),
                "due_date": payable.due_date,
                "approval": payable.approval,
                "approved_by": approval and approval.approved_by,
                "approved_at": approval and approval.approved_at.replace(tzinfo=None),
                "fingerprints": approval and approval.fingerprints.to_wire(),
                "signature_problem": problem or False,
            }
        )

    @api.model
    def _disagreement(self, membership, payable, approval):
        """What the bank tells otherwise than the customer signed; an empty text where they agree."""
        signed = (approval.payable_id, approval.program, approval.document, approval.due_date, approval.amount.currency)
        told = (
            payable.payable_id,
            membership.bank_program_ref,
            payable.document,
            payable.due_date,
            payable.amount.currency,
        )
        is_ours = not membership.bank_member_ref or approval.member == membership.bank_member_ref
        if signed == told and is_ours and approval.amount.amount >= payable.amount.amount:
            return ""
        return self.env._("%(bank)s tells otherwise than %(anchor)s signed. Ask both.", **membership._names())

    def _take(self, payable, cursor=None, *, kind=None, reason=None):
        """Apply a Payable of docs/protocol.md; an older word than the last one changes nothing.

        :param payable: `openscf.payables.Payable`
        :param int cursor: place of the event in the bank's feed; None for an answer, which an event overtakes
        :param str kind: the event's type
        """
        self.ensure_one()
        hold(self)
        if is_stale(self.last_cursor, cursor) and not (cursor is None and self.state == "sent"):
            return
        before = self.amount
        self.write(
            {
                "amount": float(payable.amount.amount),
                "payable_terms": payable.terms.to_wire() if payable.terms else self.payable_terms,
                "message": reason or payable.message or False,
                **({"last_cursor": str(cursor)} if cursor is not None else {}),
            }
        )
        if not self.move_id:
            self._match()  # who joins late is told of what has been paid already, which is booked on the invoice
        crossed = self.state == "sent" and kind in CROSSING
        was = self.state
        if not crossed and self._set_state(payable.status.value.lower()):
            self._follow_state(was, payable, kind)
        if self.currency_id.compare_amounts(before, self.amount):
            self._tell(
                self.env._(
                    "%(anchor)s pays %(now)s of it, no longer %(before)s. %(why)s",
                    anchor=self.anchor_name,
                    now=self._money(self.amount),
                    before=self._money(before),
                    why=self.message or "",
                )
            )
        self._match()

    def _follow_state(self, was, payable, kind):
        """What a new state of the bank's brings about; extended for matching, early payment and books."""
        if kind:
            self._tell(self._state_in_words())

    def _state_in_words(self):
        names = {"number": self.number, "why": self.message or "", **self.membership_id._names()}
        sentences = {
            "registered": self.env._("%(anchor)s stands by %(number)s; it is not paid early. %(why)s", **names),
            "requested": self.env._("%(bank)s asked %(anchor)s to agree to the early payment of %(number)s.", **names),
            "confirmed": self.env._("%(anchor)s agreed: %(bank)s pays %(number)s early.", **names),
            "paid": self.env._("%(bank)s paid %(number)s early.", **names),
            "overdue": self.env._("%(anchor)s is late with %(number)s; that is between it and %(bank)s.", **names),
            "settled": self.env._("%(anchor)s settled %(number)s with %(bank)s.", **names),
            "rejected": self.env._("%(bank)s did not take %(number)s. %(why)s", **names),
            "withdrawn": self.env._("%(anchor)s took back its approval of %(number)s. %(why)s", **names),
        }
        return sentences[self.state]

    def _set_state(self, state):
        """The only writer of `state`; skips repeats and what can't follow.

        :return: whether anything changed
        """
        self.ensure_one()
        if state == self.state or state not in TRANSITIONS.get(self.state, ()):
            return False
        self.state = state
        return True

    def _tell(self, sentence):
        self.message_post(body=sentence)

    # -- business: the price ----------------------------------------------------------------------------------------

    def _terms(self):
        """`openscf.payables.PayableTerms` of the early payment; None where the bank offers none."""
        return PayableTerms.model_validate(self.payable_terms) if self.payable_terms else None

    def _first_day(self):
        """The first day on which the bank can pay early; None where there is none any more."""
        terms = self._terms()
        if not terms or self.signature_problem or self.membership_id.sudo()._is_limit_over():
            return None
        day = max(terms.first_on, fields.Date.context_today(self), bank_day())
        return day if day <= terms.last_on else None

    def _price(self, day):
        """What the bank keeps and what it pays on a day: `openscf.payables.Discounted`."""
        currency = self.currency_id.name
        amount = Money(amount=exact(self.amount, currency), currency=currency)
        return early_payment(amount, self._terms(), day, self.due_date)

    def _yearly_percent(self, discounted, day):
        """What the discount costs in percent a year of the money that comes early."""
        days = (self.due_date - day).days
        if not days:
            return Decimal(0)
        return discounted.discount.amount * 36500 / (discounted.payout.amount * days)

    def _price_in_words(self, day):
        price = self._price(day)
        return self.env._(
            "%(payout)s on %(day)s, costs %(discount)s (%(percent)s %% a year)",
            payout=self._money(price.payout.amount),
            day=format_date(self.env, day),
            discount=self._money(price.discount.amount),
            percent=f"{self._yearly_percent(price, day):.1f}",
        )

    def _money(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)
