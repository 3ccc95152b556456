from openscf.wire import BuyerPayment

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

STATES = [("received", "Received by the Bank"), ("returned", "Returned")]


class ScfLoanBuyerPayment(models.Model):
    """A buyer's payment on a financed document that went to the bank, and what it means for the invoice here."""

    _name = "scf.loan.buyer.payment"
    _description = "Buyer's payment to the bank"
    _inherit = ["scf.record.kept"]
    _order = "received_on desc, id desc"
    _rec_name = "reference"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    reference = fields.Char(string="Bank's Reference", required=True, readonly=True)
    document_name = fields.Char(string="Document", required=True, readonly=True, help="As the bank names it.")
    payer = fields.Char(string="Paid By", readonly=True)
    amount = fields.Monetary(readonly=True)
    received_on = fields.Date(required=True, readonly=True)
    booking_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, ondelete="restrict")
    return_booking_id = fields.Many2one(
        "account.move", string="Entry That Takes It Back", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    unmatched_amount = fields.Monetary(
        compute="_compute_unmatched_amount",
        help="What of it no invoice was owed any more: usually because the buyer has paid you as well.",
    )
    consequence = fields.Char(string="What It Means", compute="_compute_consequence")
    state = fields.Selection(STATES, required=True, readonly=True, default="received")

    _reference_once = models.UniqueIndex("(loan_id, reference)", "The bank used a payment's reference twice.")
    _booking_once = models.UniqueIndex(
        "(booking_id) WHERE booking_id IS NOT NULL", "A journal entry books one payment to the bank."
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("booking_id.line_ids.amount_residual_currency")
    def _compute_unmatched_amount(self):
        for payment in self:
            # A financing role alone does not read journal items; this figure is the loan's own.
            payment.unmatched_amount = -sum(payment.sudo()._claim_lines().mapped("amount_residual_currency"))

    @api.depends("unmatched_amount", "state", "loan_id.entry_ids")
    def _compute_consequence(self):
        for payment in self:
            payment.consequence = " ".join(filter(None, payment._sentences()))

    def _sentences(self):
        if self.state == "returned":
            yield self.env._("The bank gave it back: %s is owed to you again.", self.document_name)
            return
        if self.unmatched_amount:
            yield self._overpaid_sentence() if self._is_for_loan() else self._foreign_sentence()
        elif still_open := self._still_open():
            yield self.env._(
                "It pays a part: %(amount)s is still open on %(document)s.",
                amount=self._money(still_open),
                document=self.document_name,
            )
        else:
            yield self.env._("%s is settled by it.", self.document_name)
        if paid_on := self._paid_on():
            yield self.env._("The bank pays %s of it on to you.", self._money(paid_on))

    def _overpaid_sentence(self):
        words = {"amount": self._money(self.unmatched_amount), "document": self.document_name}
        words["payer"] = self.payer or self.env._("the buyer")
        return self.env._(
            "%(amount)s of it is more than was open on %(document)s, which has been paid here as well, credited, or "
            "not invoiced yet: pay it back to %(payer)s, or match it with the next invoice.",
            **words,
        )

    def _is_for_loan(self):
        """Whether the loan is on the document that the bank names; one that is not known here stands for any."""
        invoices = self.sudo()._invoices("customer_invoice")
        return not invoices or bool(self.sudo()._financed(invoices))

    def _foreign_sentence(self):
        return self.env._(
            "%(document)s is not financed by this loan, so nothing was matched: ask %(bank)s what was paid, and match "
            "the %(amount)s by hand.",
            document=self.document_name,
            bank=self.loan_id.bank_id.name,
            amount=self._money(self.unmatched_amount),
        )

    def _still_open(self):
        """What is left open on the invoices that it was matched with."""
        claims = self.sudo()._claim_lines()  # a financing role alone does not read journal items
        return sum(claims.matched_debit_ids.debit_move_id.move_id.mapped("amount_residual"))

    def _paid_on(self):
        """What the bank passes on of it, since the loan needed less."""
        surplus = self.loan_id.entry_ids.filtered(
            lambda entry: entry.type == "surplus" and entry.source_ref == self.reference
        )
        return sum(surplus.mapped("amount"))

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What the bank received is part of the loan's records and can't be deleted."))

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _receive(self, loan, wire):
        """Record and book a payment that the bank received; one that is known is left as it is.

        :param dict wire: BuyerPayment of docs/protocol.md
        :raise UserError: where it is in another currency than the loan
        """
        message = BuyerPayment.model_validate(wire)
        known = self.search([("loan_id", "=", loan.id), ("reference", "=", message.payment_id)])
        if known:
            return known
        if message.amount.currency != loan.currency_id.name:
            raise UserError(
                self.env._(
                    "%(bank)s tells of a payment in %(currency)s on loan %(loan)s, which is in %(own)s. Ask the bank.",
                    bank=loan.bank_id.name,
                    currency=message.amount.currency,
                    loan=loan.name,
                    own=loan.currency_id.name,
                )
            )
        payment = self.create(
            {
                "loan_id": loan.id,
                "reference": message.payment_id,
                "document_name": message.document.number,
                "payer": message.payer,
                "amount": float(message.amount.amount),
                "received_on": message.received_on,
            }
        )
        payment._book(payment._invoices(message.document.kind))
        payment._tell()
        return payment

    def _financed(self, invoices):
        """Those of the invoices that the loan was made on, or on whose orders it was; also what it let go since."""
        lines = self.loan_id.application_id.line_ids
        return invoices.filtered(
            lambda move: move in lines.move_id or move.line_ids.sale_line_ids.order_id & lines.sale_order_id
        )

    def _invoices(self, kind):
        """The invoices that bear the number which the bank names: posted, the one that is owed longest first."""
        loan = self.loan_id
        named = [("company_id", "=", loan.company_id.id), ("name", "=", self.document_name)]
        if kind == "sales_order":
            invoices = self.env["sale.order"].search(named).invoice_ids
        else:
            invoices = self.env["account.move"].search(named)
        return invoices.filtered(
            lambda move: (
                move.move_type == "out_invoice" and move.state == "posted" and move.currency_id == loan.currency_id
            )
        ).sorted(lambda move: (move.invoice_date_due or move.date, move.id))

    def _book(self, invoices):
        """Dr clearing, Cr receivable for all of it, matched with what is open on the invoices that the loan is on.

        The money stays on clearing until the bank's entries take it for the loan or the bank statement brings it. Where
        the number is another invoice's, its customer is credited, and a person says what was paid.
        """
        loan = self.loan_id
        open_items = self._financed(invoices).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        partner = invoices[:1].commercial_partner_id or loan.application_id.partner_id
        account = (open_items or invoices.line_ids.filtered(lambda line: line.display_type == "payment_term"))[
            :1
        ].account_id or partner.with_company(loan.company_id).property_account_receivable_id
        if not account:
            raise UserError(
                self.env._(
                    "%(payer)s paid %(bank)s for %(document)s, which is not known here, so nobody's account can be "
                    "credited. Ask the bank which document it means.",
                    payer=self.payer or "",
                    bank=loan.bank_id.name,
                    document=self.document_name,
                )
            )
        clearing = loan._line(loan.company_id._scf_require("scf_clearing_account_id"), self.amount, self.received_on)
        claim = loan._line(account, -self.amount, self.received_on)
        self.booking_id = loan._post_books(
            [clearing, {**claim, "partner_id": partner.id}],
            self.received_on,
            self.env._(
                "Loan %(loan)s: %(document)s paid to %(bank)s",
                loan=loan.name,
                document=self.document_name,
                bank=loan.bank_id.name,
            ),
        )
        if open_items:
            (self._claim_lines() + open_items).reconcile()

    def _claim_lines(self):
        return self.booking_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _match_clearing(self):
        """Match the money with what the bank took of it for the loan: only what it pays on stays on clearing."""
        taken = self.loan_id.entry_ids.filtered(lambda entry: entry.source_ref == self.reference).move_id
        items = (self.booking_id | taken).line_ids.filtered(
            lambda line: line.account_id == self.company_id.scf_clearing_account_id and not line.reconciled
        )
        if {line.amount_currency > 0 for line in items} == {True, False}:
            items.reconcile()

    def _take_back(self, day, reason):
        """The bank gave the payment back, as where the buyer's bank recalled it: the invoice is owed again.

        :param str reason: the bank's words; also what it claims back of what it had paid on
        """
        if self.state == "returned":
            return
        self.return_booking_id = self.booking_id._reverse_moves(
            [{"date": self.loan_id._accounting_day(day)[0], "ref": self.env._("%s, taken back", self.booking_id.ref)}],
            cancel=True,
        )
        self.state = "returned"
        self.loan_id._warn(
            self.env._(
                "%(bank)s gave back %(amount)s that %(payer)s had paid it for %(document)s. %(reason)s What was "
                "settled is open again: ask the buyer.",
                bank=self.loan_id.bank_id.name,
                amount=self._money(self.amount),
                payer=self.payer or self.env._("the buyer"),
                document=self.document_name,
                reason=reason,
            )
        )

    def _tell(self):
        """Say what came; as an activity where somebody has to do something about it."""
        sentence = self.env._(
            "%(payer)s paid %(amount)s for %(document)s to %(bank)s directly, on %(day)s.",
            payer=self.payer or self.env._("The buyer"),
            amount=self._money(self.amount),
            document=self.document_name,
            bank=self.loan_id.bank_id.name,
            day=format_date(self.env, self.received_on),
        )
        if self.unmatched_amount:
            why = self._overpaid_sentence() if self._is_for_loan() else self._foreign_sentence()
            self.loan_id._warn(f"{sentence} {why}")
        else:
            self.loan_id.message_post(body=sentence)

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)


class ScfLoan(models.Model):
    """Payments of buyers that go to the bank: no collection to be reported, since the bank told us."""

    _inherit = "scf.loan"

    buyer_payment_ids = fields.One2many(
        "scf.loan.buyer.payment", "loan_id", string="Paid to the Bank Directly", readonly=True
    )

    def _event_handlers(self):
        return {
            **super()._event_handlers(),
            "buyer_payment.received": "_take_buyer_payment",
            "buyer_payment.returned": "_take_buyer_payment_returned",
        }

    def _take_buyer_payment(self, content, is_news):
        payment = self.env["scf.loan.buyer.payment"]._receive(self, content["payment"])
        self._take_entries(content, is_news)
        payment._match_clearing()

    def _take_buyer_payment_returned(self, content, is_news):
        payment = self.env["scf.loan.buyer.payment"]._receive(self, content["payment"])
        days = [fields.Date.to_date(entry["value_date"]) for entry in content.get("entries") or []]
        payment._take_back(max([payment.received_on, *days]), content.get("reason") or "")
        self._take_entries(content, is_news)

    def _reduce_shortfall(self, entries):
        # The buyer's money lowers what the documents carry as much as what is owed: nothing of a shortfall is made up.
        by_buyers = self.buyer_payment_ids.mapped("reference")
        return super()._reduce_shortfall(entries.filtered(lambda entry: entry.source_ref not in by_buyers))
