import logging
from datetime import timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import wire_money

from ..payables.quotes import OWN_CASH
from .row_hold import hold

_logger = logging.getLogger(__name__)

STATES = [
    ("asked", "Asked For"),
    ("confirmed", "To Be Paid"),
    ("paid", "Paid"),
    ("refused", "Refused"),
    ("failed", "Failed"),
]
CHANNELS = [("portal", "By the Supplier, on the Portal"), ("rule", "By the Supplier's Rule"), ("erp", "Supplier's ERP")]
TRANSITIONS = {
    "asked": {"confirmed", "paid", "refused", "failed"},
    "confirmed": {"paid", "refused", "failed"},
    # Back to confirmed where a payment from own cash was undone.
    "paid": {"failed", "confirmed"},
    # Money that a bank has paid counts, whatever we took the early payment for.
    "refused": {"paid"},
    "failed": {"paid"},
}


class ScfPayableRequest(models.Model):
    """One early payment: what the supplier agreed to, with whom, and what came of it. One payer for one payable."""

    _name = "scf.payable.request"
    _description = "Early payment"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    wire_ref = fields.Char(required=True, readonly=True, help="What the bank knows it by: whoever asked numbered it.")
    payable_id = fields.Many2one("scf.payable", required=True, readonly=True, index=True, ondelete="restrict")
    program_id = fields.Many2one(related="payable_id.program_id", store=True, index=True, precompute=True)
    member_id = fields.Many2one(related="payable_id.member_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(related="payable_id.partner_id", string="Supplier", store=True, precompute=True)
    company_id = fields.Many2one(related="payable_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="payable_id.currency_id", store=True, precompute=True)
    bank_row_id = fields.Many2one(
        "scf.payable.bank", string="At the Bank", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    bank_id = fields.Many2one(
        related="bank_row_id.bank_id", string="Paid By", store=True, precompute=True, help="Empty: the company itself."
    )
    pay_on = fields.Date(required=True, readonly=True)
    due_date = fields.Date(required=True, readonly=True, help="When the bill was due.")
    amount = fields.Monetary(readonly=True)
    discount = fields.Monetary(readonly=True, help="What the supplier gives for being paid early.")
    payout = fields.Monetary(readonly=True, help="What the supplier gets.")
    days_early = fields.Integer(readonly=True, aggregator="avg")
    rate_pa = fields.Float(string="Cost (% a Year)", digits=(8, 2), readonly=True, aggregator="avg")
    channel = fields.Selection(CHANNELS, string="Asked", required=True, readonly=True)
    accepted_by_name = fields.Char(string="Accepted By", required=True, readonly=True)
    accepted_by_email = fields.Char(readonly=True)
    accepted_at = fields.Datetime(string="Accepted On", required=True, readonly=True)
    accepted_from = fields.Char(string="From Address", readonly=True, help="Where the acceptance came from (IP).")
    state = fields.Selection(STATES, string="Status", required=True, readonly=True, default="asked", index=True)
    is_live = fields.Boolean(compute="_compute_is_live", store=True)
    paid_on = fields.Date(readonly=True)
    message = fields.Char(readonly=True, help="Why it came to nothing.")

    _name_once = models.UniqueIndex("(company_id, name)", "An early payment's number is used once.")
    _one_financier = models.UniqueIndex(
        "(payable_id) WHERE state IN ('asked', 'confirmed', 'paid')",
        "An early payment of this bill is agreed already: one bill has one payer.",
    )
    _adds_up = models.Constraint(
        "CHECK (discount >= 0 AND payout > 0)", "A discount is not negative, and something has to be paid."
    )

    @api.depends("state")
    def _compute_is_live(self):
        for request in self:
            request.is_live = request.state in ("asked", "confirmed", "paid")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An early payment that was agreed is never deleted."))

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state, message=None):
        """Write the state, where the life of an early payment allows it.

        :return: whether anything changed
        """
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        _logger.info("scf.payable.request %s: %s → %s", self.id, self.state, state)
        self.write({"state": state, "message": message or False})
        return True

    def _confirm(self):
        """The payer is bound."""
        for request in self.filtered(lambda request: request.state == "asked"):
            request._set_state("confirmed")

    def _was_let_go(self):
        """Whether a bank that has the payable merely registered has given this early payment up.

        What the company itself asks for is refused by the answer to it; until then the payable stays registered.
        """
        return self.state in ("confirmed", "paid") or self.state == "asked" and self.channel == "erp"

    def _end(self, state, message):
        """The early payment came to nothing: the payable may be paid early by somebody else, or when it is due.

        :param str state: "refused", or "failed" where it was confirmed before
        """
        for request in self:
            was_paid = request.state == "paid"
            if not request._set_state(state, message):
                continue
            payable = request.payable_id
            if was_paid:
                payable._take_back_payment(request)
            payable._set_state("approved")
            payable._warn(
                self.env._(
                    "The early payment of %(bill)s on %(day)s came to nothing: %(why)s",
                    bill=payable.display_name,
                    day=format_date(self.env, request.pay_on),
                    why=message or self.env._("no reason was given."),
                )
            )
            # What happened to the bill in the meantime counts from here on.
            payable._reconsider()
            payable._register_at_banks()

    # -- at the bank ------------------------------------------------------------------------------------------------

    def _scf_target(self, verb):
        return self.bank_row_id.bank_payable_ref or None

    def _scf_on_answer(self, message, answer):
        self.bank_row_id._take(answer, None)

    def _scf_on_refused(self, message, problem):
        """The bank does not pay early: another price since, or a limit; or it takes the confirmation no more."""
        why = problem.get("detail") or problem.get("title")
        if message.verb == "confirm" and self.state == "asked":
            # Unless it has let the supplier's request go already, it is to do so now.
            self.bank_row_id._enqueue("refuse", {"request_id": self.wire_ref, "reason": why})
        if message.verb in ("early_payment", "confirm") and self.state == "asked":
            self._end("refused", why)

    def _ask_bank(self):
        """Ask the bank to pay early; the company's undertaking is in it."""
        self.ensure_one()
        currency = self.currency_id.name
        accepted_by = {"name": self.accepted_by_name, "at": _utc(self.accepted_at)}
        if self.accepted_by_email:
            accepted_by["email"] = self.accepted_by_email
        if self.accepted_from:
            accepted_by["address"] = self.accepted_from
        self._enqueue(
            "early_payment",
            {
                "request_id": self.wire_ref,
                "pay_on": self.pay_on.isoformat(),
                "discount": wire_money(self.discount, currency),
                "payout": wire_money(self.payout, currency),
                "accepted_by": accepted_by,
                "channel": self.channel,
            },
        )

    def _confirm_at_bank(self):
        """Stand by the undertaking towards the one bank that the supplier asked; all others have forgotten it."""
        if self._queued("confirm"):
            return
        program = self.program_id
        self._enqueue(
            "confirm",
            {
                "request_id": self.wire_ref,
                "confirmed_by": (program.approved_by_id or program.requested_by_id).name or program.company_id.name,
                "confirmed_at": _utc(fields.Datetime.now()),
            },
        )

    def _queued(self, verb):
        """The message of that kind that was written for this early payment, whatever became of it."""
        return (
            self.env["scf.message"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id), ("verb", "=", verb)], limit=1)
        )

    def _enqueue(self, verb, payload):
        row = self.bank_row_id
        return (
            self.env["scf.message"]
            .sudo()
            ._enqueue(
                row.bank_id.sudo(), verb, payload, channel=row.program_bank_id._payables_channel(), addressee=self
            )
        )


class ScfPayable(models.Model):
    _inherit = "scf.payable"

    # -- business: early payment ------------------------------------------------------------------------------------

    def _request_early_payment(self, quote, pay_on, accepted_by, channel):
        """Agree to an early payment on the figures that the supplier was shown. A second click changes nothing.

        :param Quote quote: what was shown (`_quotes`)
        :param date pay_on: the day of payment, `quote.pay_on`
        :param dict accepted_by: who agreed: "name", "at" (datetime in UTC), and where known "email" and "address" (IP)
        :param str channel: "portal", "rule" or "erp"
        :rtype: scf.payable.request
        :raise UserError: where it can't be had on these figures any more, with what to do
        """
        self.ensure_one()
        hold(self.program_id)  # limits and budgets are the program's
        hold(self)
        live = self._live_request()
        if live:
            if self._is_same(live, quote, pay_on):
                return live
            raise UserError(self.env._("An early payment of %s is agreed already.", self.display_name))
        current = self._quote_of(quote.source, pay_on)
        if not current:
            raise UserError(
                self._why_held()
                or self.env._(
                    "%s can't be paid early on these terms any more. Look at what is offered now.", self.display_name
                )
            )
        if current.figures != quote.figures:
            raise UserError(
                self.env._(
                    "The figures have changed: %(payout)s would come now. Look at them again before you accept.",
                    payout=self._money(current.payout),
                )
            )
        request = self._open_request(current, accepted_by, channel)
        if current.source == OWN_CASH:
            request._pay_from_own_cash()
        else:
            request._ask_bank()
        return request

    def _is_same(self, request, quote, pay_on):
        source = request.bank_row_id._source() if request.bank_row_id else OWN_CASH
        return source == quote.source and request.pay_on == pay_on

    def _open_request(self, quote, accepted_by, channel, wire_ref=None):
        """Record that the supplier agreed to a quote.

        :param str wire_ref: the number that the bank knows it by, where the supplier asked there
        """
        name = self.env["ir.sequence"].sudo().with_company(self.company_id).next_by_code("scf.payable.request")
        row = self.bank_ids.filtered(lambda row: row._source() == quote.source)
        request = self.env["scf.payable.request"].create(
            {
                "name": name,
                "wire_ref": wire_ref or name,
                "payable_id": self.id,
                "bank_row_id": row.id,
                "pay_on": quote.pay_on,
                "due_date": quote.due_on,
                "amount": float(quote.amount),
                "discount": float(quote.discount),
                "payout": float(quote.payout),
                "days_early": quote.days,
                "rate_pa": float(quote.rate_pa),
                "channel": channel,
                "accepted_by_name": accepted_by["name"],
                "accepted_by_email": accepted_by.get("email"),
                "accepted_at": accepted_by["at"],
                "accepted_from": accepted_by.get("address"),
            }
        )
        self._set_state("agreed")
        self.message_post(
            body=self.env._(
                "%(who)s agreed to be paid %(payout)s on %(day)s by %(payer)s, for a discount of %(discount)s.",
                who=request.accepted_by_name,
                payout=self._money(quote.payout),
                day=format_date(self.env, quote.pay_on),
                payer=quote.payer,
                discount=self._money(quote.discount),
            )
        )
        return request


def _utc(moment):
    """A moment of the database as on the wire."""
    return moment.replace(tzinfo=timezone.utc, microsecond=0).isoformat().replace("+00:00", "Z")
