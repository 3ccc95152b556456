from openscf.wire import Release, ReleaseRequest, ReleaseStatus

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from .labels import as_note

STATES = [
    ("asked", "Asked"),
    ("waiting", "Waiting for Repayment"),
    ("released", "Released"),
    ("declined", "Declined"),
    ("expired", "Not Needed Any More"),
]
OPEN_RELEASES = ("asked", "waiting")


class ScfPledgeRelease(models.Model):
    """Goods that somebody needs back from a pledge, or that the bank has let go."""

    _name = "scf.pledge.release"
    _description = "Release of pledged goods"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _rec_name = "reference"

    name = fields.Char(
        string="Number", readonly=True, index="btree_not_null", help="Our number, where we asked for it."
    )
    pledge_id = fields.Many2one("scf.pledge", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="pledge_id.company_id", store=True, index=True, precompute=True)
    product_uom_id = fields.Many2one(related="pledge_id.product_uom_id")
    currency_id = fields.Many2one(related="pledge_id.currency_id")
    quantity = fields.Float(digits="Product Unit", required=True, readonly=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    reference = fields.Char(string="Bank's Reference", readonly=True)
    released_on = fields.Datetime(readonly=True)
    repay_first = fields.Monetary(
        readonly=True,
        groups="scf_connector.group_scf_requester",
        help="What the bank wants repaid before it lets the goods go.",
    )
    message = fields.Char(
        string="Bank's Answer", readonly=True, groups="scf_connector.group_scf_requester", help="In the bank's words."
    )
    bank_cursor = fields.Char(readonly=True, help="Cursor of the bank's last event on this release.")
    unexplained_quantity = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="What was taken over from the bank's list of goods, because no event had told of it yet.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="asked")

    _reference_once = models.UniqueIndex(
        "(pledge_id, reference) WHERE reference IS NOT NULL", "The bank's reference of a release is used once."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A release is part of the pledge's records and can't be deleted."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_repay_first(self):
        """Open the dialog that repays what the bank wants before it lets these goods go."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.pledge_id.loan_id.action_repay_now(),
            "context": {
                "default_loan_id": self.pledge_id.loan_id.id,
                "default_amount": self.repay_first,
                "default_reason": "release",
            },
        }

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _send(self):
        """Ask the bank for the goods; its answer, or a later event, says what becomes of it."""
        self.ensure_one()
        pledge = self.pledge_id
        sequence = self.env["ir.sequence"].with_company(self.company_id)
        self.name = sequence.next_by_code("scf.pledge.release")
        request = ReleaseRequest.model_validate(
            {
                "release_id": self.name,
                "document": pledge._wire_document(),
                "quantity": pledge._wire_quantity(self.quantity),
                "reason": self.reason,
            }
        )
        pledge.loan_id.submission_id._send("release", request.to_wire(), addressee=self)

    def _scf_target(self, verb):
        return self.pledge_id.loan_id.bank_loan_ref

    def _scf_on_answer(self, message, answer):
        submission = self.pledge_id.loan_id.submission_id
        submission._take_turn()
        submission.delayed = False
        self._take_answer(answer)

    def _scf_on_refused(self, message, problem):
        self.pledge_id.loan_id.submission_id.delayed = False
        if self.state in OPEN_RELEASES:
            self._set_declined(problem.get("detail") or problem.get("title") or "")

    def _scf_on_delayed(self, message):
        self.pledge_id.loan_id.submission_id._scf_on_delayed(message)

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take_answer(self, wire, cursor=None):
        """Apply what the bank says of this release; an answer that an event has overtaken changes nothing.

        :param dict wire: Release of docs/protocol.md
        :param int cursor: place of the event in the bank's feed, None for the answer to our request
        """
        self.ensure_one()
        if self.state not in OPEN_RELEASES or (int(self.bank_cursor or 0) >= cursor if cursor else self.bank_cursor):
            return
        if cursor:
            self.bank_cursor = str(cursor)
        message = Release.model_validate(wire)
        if message.status is ReleaseStatus.RELEASED:
            self.pledge_id._take_release(float(message.quantity), message.reference or self.name, request=self)
        elif message.status is ReleaseStatus.DECLINED:
            self._set_declined(message.message or "")
        else:
            self._set_waiting(message)

    def _set_waiting(self, message):
        repay_first = float(message.repay_first.amount) if message.repay_first else 0.0
        is_same_sum = not self.currency_id.compare_amounts(self.repay_first, repay_first)
        if self.state == "waiting" and is_same_sum and self.message == message.message:
            return  # The event repeats the answer to the request: people read it once.
        self.write({"state": "waiting", "repay_first": repay_first, "message": message.message})
        self._tell(
            self.env._(
                "%(bank)s releases %(goods)s once %(amount)s is repaid. %(message)s",
                bank=self.pledge_id.bank_name,
                goods=self._goods(),
                amount=format_amount(self.env, repay_first, self.currency_id),
                message=message.message or "",
            )
        )

    def _set_declined(self, reason):
        self.write({"state": "declined", "repay_first": 0, "message": reason})
        self._tell(
            self.env._(
                "%(bank)s does not release %(goods)s: %(reason)s",
                bank=self.pledge_id.bank_name,
                goods=self._goods(),
                reason=reason,
            )
        )

    def _goods(self):
        pledge = self.pledge_id
        return self.env._(
            "%(quantity)s %(unit)s of %(product)s",
            quantity=f"{self.quantity:g}",
            unit=pledge.product_uom_id.name,
            product=pledge.lot_id.display_name or pledge.product_id.display_name,
        )

    def _tell(self, sentence):
        """Say it to whoever asked for the financing: what is owed is not for everybody who sees the pledge."""
        pledge = self.pledge_id
        pledge.loan_id.message_post(body=sentence)
        answered = self.env._(
            "%(bank)s has answered the request for %(goods)s. What it wants first, the loan says.",
            bank=pledge.bank_name,
            goods=self._goods(),
        )
        pledge.message_post(body=answered)
        pledge.activity_search(["scf_finance.activity_release_goods"]).note = as_note(answered)

    def _take(self, quantity, reference):
        """The bank has let this quantity go."""
        self.ensure_one()
        self.write(
            {
                "quantity": quantity,
                "reference": reference,
                "released_on": fields.Datetime.now(),
                "repay_first": 0,
                "state": "released",
            }
        )

    def _expire(self):
        """The pledge holds nothing any more: what was asked needs no answer."""
        self.filtered(lambda release: release.state in OPEN_RELEASES).state = "expired"
