from decimal import Decimal
from functools import partial

from openscf.money import round_money
from openscf.wire import Collection

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_amount

from ..amounts import exact, wire_money
from ..eligibility.goods_sold import read_resale_shares
from ..eligibility.repaid_loans import WATCHED_STATES, read_repaid_loans
from ..eligibility.settlements import (
    read_bill_credits,
    read_order_settlements,
    read_purchase_credits,
    read_settlements,
)
from .on_its_own import on_its_own
from .scf_followed_flow import open_followed_products

KINDS = [
    ("payment", "Payment"),
    ("undone", "Payment undone"),
    ("dilution", "Credit note"),
]
STATES = [
    ("found", "Found"),
    ("reported", "Reported to the bank"),
    ("allocated", "Credited to the loan"),
    ("refused", "Refused by the bank"),
    ("void", "Undone before it was reported"),
]
TRANSITIONS = {
    "found": {"reported", "void"},
    "reported": {"allocated", "refused"},
}


class ScfCollection(models.Model):
    """Money of the financed sale or of financed goods, or what reduces a claim, as found in our books."""

    _name = "scf.collection"
    _description = "Collection on a financed document"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _rec_name = "reference"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="loan_id.bank_id")
    reference = fields.Char(required=True, readonly=True)
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    payment_id = fields.Many2one("account.payment", readonly=True, index="btree_not_null", ondelete="set null")
    partial_id = fields.Integer(
        string="Reconciliation", readonly=True, index=True, help="Number of the reconciliation, as long as it stands."
    )
    by_statement = fields.Boolean(readonly=True, help="The bank statement itself was matched with the invoice.")
    counterpart_name = fields.Char(string="Paid By", readonly=True, help="Payment, statement line or credit note.")
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    collected_on = fields.Date(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    reverses_id = fields.Many2one("scf.collection", readonly=True, ondelete="restrict")
    of_resale = fields.Boolean(
        readonly=True,
        help="For goods that the loan financed: more may be found of the same payment when more are sold.",
    )
    cleared = fields.Boolean(compute="_compute_cleared", help="The payment has been matched with a bank statement.")
    entry_id = fields.Many2one("scf.loan.entry", string="Loan Entry", readonly=True, ondelete="restrict")
    refusal = fields.Char(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="found", index=True)

    _reference_unique = models.UniqueIndex("(loan_id, reference)", "A collection's reference is used once per loan.")
    _once_per_partial = models.UniqueIndex(
        "(loan_id, partial_id, kind) WHERE partial_id > 0 AND of_resale IS NOT TRUE",
        "This payment has already been recorded as a collection of the loan.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("payment_id.is_matched", "by_statement")
    def _compute_cleared(self):
        for collection in self:
            # A financing role alone does not read payments; whether this one cleared is no secret to it.
            collection.cleared = collection.by_statement or collection.sudo().payment_id.is_matched

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A collection is part of the loan's records and can't be deleted."))

    # -- business: finding ------------------------------------------------------------------------------------------

    def _find(self, partials):
        """Record what reconciliations mean for running or granted loans. Writes rows and wakes the cron, no more.

        Runs within every reconciliation of the company: where nothing is financed it costs one query.
        """
        invoices = partials.debit_move_id.move_id.filtered(lambda move: move.move_type == "out_invoice")
        bills = partials.credit_move_id.move_id.filtered(lambda move: move.move_type == "in_invoice")
        if not invoices and not bills:
            return
        if not (repaid := read_repaid_loans(self.env, invoices, bills, partials.ids)):
            return
        if repaid.by_move:
            self._find_on_documents(partials, invoices, bills, repaid)
        if repaid.has_goods:
            self._find_resale(invoices.ids, partial_ids=partials.ids)
        if repaid.line_ids:
            self._find_for_lines(partials, self.env["scf.loan"].browse(repaid.line_ids))

    def _find_on_documents(self, partials, invoices, bills, repaid):
        """Record what reconciliations settle of financed invoices and bills, and of those of financed orders."""
        self._flush_for_settlements()
        settlements = read_settlements(self.env, invoices.ids, partial_ids=partials.ids)
        settlements += read_bill_credits(self.env, bills.ids, partial_ids=partials.ids)
        loans = self.env["scf.loan"].browse(repaid.known_to)
        # Of the wide row of a loan no more is needed here.
        loans.fetch(["name", "company_id", "bank_id", "currency_id", "application_id"])
        for settlement in settlements:
            for loan_id, of_orders in repaid.by_move.get(settlement.move_id, {}).items():
                part = self._part(settlement, of_orders)
                if part and settlement.partial_id not in repaid.known_to[loan_id]:
                    self._record(self.env["scf.loan"].browse(loan_id), settlement, part)
        self._trigger_report()

    def _flush_for_settlements(self):
        """Write what the settlements' query reads, and no more: this runs in the middle of a reconciliation."""
        for model, names in {
            "account.partial.reconcile": [
                "debit_move_id",
                "credit_move_id",
                "debit_amount_currency",
                "credit_amount_currency",
                "max_date",
            ],
            "account.move.line": ["balance", "account_id", "move_id", "currency_id", "date"],
            "account.move": ["move_type", "name", "state", "statement_line_id", "origin_payment_id"],
            "account.payment": ["is_matched", "outstanding_account_id"],
            "scf.loan.buyer.payment": ["booking_id"],
        }.items():
            self.env[model].flush_model(names)

    def _find_since_package(self, loan):
        """Record what was settled after the package was sealed: the bank does not know of it yet."""
        self.env.flush_all()
        documents = loan.application_id._documents()
        if documents._name == "sale.order":
            found = [(item.settlement, item.share) for item in read_order_settlements(self.env, documents.ids)]
        elif documents._name == "purchase.order":
            found = [(item.settlement, item.share) for item in read_purchase_credits(self.env, documents.ids)]
        elif documents._name == "account.move":
            found = [
                (settlement, Decimal(1))
                for settlement in read_settlements(self.env, documents.ids) + read_bill_credits(self.env, documents.ids)
            ]
        else:
            found = []
        settlements, shares = {}, {}
        for settlement, share in found:
            # An invoice of several of the financed orders is settled once, with the parts of all of them.
            settlements[settlement.partial_id] = settlement
            shares[settlement.partial_id] = shares.get(settlement.partial_id, Decimal(0)) + share
        # The bank knew of what its package says when it decided.
        known = {
            *(loan.submission_id.package_id.settled_partials or ()),
            *self.search([("loan_id", "=", loan.id), ("partial_id", "in", list(settlements))]).mapped("partial_id"),
        }
        for partial_id, settlement in settlements.items():
            if partial_id not in known:
                self._record(loan, settlement, min(shares[partial_id], Decimal(1)))
        self._find_resale_of(loan.application_id.line_ids.followed_ids.use_ids.sale_line_id)

    def _find_resale_of(self, sale_lines):
        """Record what was paid on the invoices of these sales order lines for goods that a loan financed."""
        invoices = sale_lines.invoice_lines.move_id
        self._find_resale(
            invoices.filtered(lambda move: move.move_type == "out_invoice" and move.state == "posted").ids
        )

    def _find_resale(self, move_ids, partial_ids=None):
        """Record the part of payments on customer invoices that is for goods which a loan financed.

        Looked at again whenever more of the goods leave, so the row may be one of several for the same payment. Where
        fewer were sold than it seemed, nothing is taken back: the payment came, and the bank has it.
        """
        if not move_ids or not open_followed_products(self.env):
            return
        if not self.env["scf.followed.goods"]._lock_sold_on(move_ids):
            return
        self._flush_for_settlements()
        if shares := read_resale_shares(self.env, move_ids):
            for settlement in read_settlements(self.env, list(shares), partial_ids=partial_ids):
                if settlement.cash:
                    self._record_resale(settlement, shares[settlement.move_id])
            self._trigger_report()

    def _record_resale(self, settlement, shares):
        """One payment on the loans whose goods it is for, after what it repays of loans on the invoice itself.

        :param dict shares: share of the payment by application id
        """
        known = self.search([("partial_id", "=", settlement.partial_id), ("kind", "=", "payment")])
        # What a bank refused repays nothing there, so it is left for the other loans.
        taken = known.filtered(lambda row: row.state != "refused")
        left = settlement.cash - sum(exact(row.amount, row.currency_id.name) for row in taken)
        loans = self.env["scf.loan"].search(
            [("application_id", "in", list(shares)), ("state", "in", WATCHED_STATES)], order="id"
        )
        for loan in loans:
            # What came before the bank was asked, it never counted on.
            if settlement.settled_on < fields.Date.context_today(loan, loan.submission_id.create_date):
                continue
            if settlement.paid_to_bank or not self._is_in_currency_of(loan, settlement):
                continue
            of_loan = known.filtered(lambda row, loan=loan: row.loan_id == loan)
            amount = round_money(settlement.cash * shares[loan.application_id.id], settlement.currency)
            amount -= sum(exact(row.amount, row.currency_id.name) for row in of_loan)
            if (amount := min(amount, left)) > 0:
                left -= amount
                self._add(loan, settlement, "payment", amount, of_resale=True)

    def _part(self, settlement, of_orders):
        """The part of a settlement that counts for a loan: one loan may finance several orders of an invoice."""
        if of_orders is None:
            return Decimal(1)
        return min(sum(share.share for share in of_orders if share.is_reduced_by(settlement)), Decimal(1))

    def _record(self, loan, settlement, share):
        """One settlement on one loan: what came in cash, and what fell away without cash (credit note, write-off)."""
        if settlement.paid_to_bank or not self._is_in_currency_of(loan, settlement):
            return
        currency = loan.currency_id.name
        parts = {
            "payment": round_money(settlement.cash * share, currency),
            "dilution": round_money((settlement.amount - settlement.cash) * share, currency),
        }
        for kind, amount in parts.items():
            if amount > 0:
                self._add(loan, settlement, kind, amount)

    def _is_in_currency_of(self, loan, settlement):
        """Whether the bank can be told of the settlement; whoever asked for the loan is told where it can't."""
        if settlement.currency == loan.currency_id.name:
            return True
        loan._warn(
            self.env._(
                "%(payment)s settles an invoice in %(invoice)s, but the loan is in %(loan)s: report it to the bank "
                "yourself.",
                payment=settlement.counterpart,
                invoice=settlement.currency,
                loan=loan.currency_id.name,
            )
        )
        return False

    def _add(self, loan, settlement, kind, amount, *, of_resale=False):
        """Make the row of one settlement. It is said on the loan when the bank is told, off the payment's path."""
        self.create(
            {
                "loan_id": loan.id,
                "reference": self._next_reference(loan),
                "move_id": settlement.move_id,
                "payment_id": settlement.payment_id,
                "partial_id": settlement.partial_id,
                "by_statement": settlement.cleared and not settlement.payment_id,
                "counterpart_name": settlement.counterpart,
                "amount": float(amount),
                "collected_on": settlement.settled_on,
                "kind": kind,
                "of_resale": of_resale,
            }
        )

    def _undo(self, partial_ids):
        """Take back what reconciliations had brought: unreported rows lapse, reported ones are undone.

        The row lets go of the reconciliation, so that it counts anew where the same one comes back.
        """
        for collection in self.search([("partial_id", "in", partial_ids)]):
            collection.partial_id = False
            if collection.state == "found":
                collection._set_state("void")
            if collection.state not in ("reported", "allocated"):
                continue
            self.create(
                {
                    "loan_id": collection.loan_id.id,
                    "reference": self._next_reference(collection.loan_id),
                    "move_id": collection.move_id.id,
                    "payment_id": collection.payment_id.id,
                    "counterpart_name": collection.counterpart_name,
                    "amount": collection.amount,
                    "collected_on": max(fields.Date.context_today(self), collection.collected_on),
                    "kind": "undone",
                    "reverses_id": collection.id,
                }
            )
            collection.loan_id.message_post(
                body=self.env._(
                    "%(counterpart)s of %(amount)s was undone.",
                    counterpart=collection.counterpart_name,
                    amount=format_amount(self.env, collection.amount, collection.currency_id),
                )
            )
            self._trigger_report()

    def _next_reference(self, loan):
        """The company's own sequence comes first, as in `next_by_code`, which takes a query more."""
        sequence = self.env["ir.sequence"].search_fetch(
            [("code", "=", "scf.collection"), ("company_id", "in", [loan.company_id.id, False])],
            ["implementation", "prefix", "suffix", "padding", "number_increment", "use_date_range"],
            order="company_id",
            limit=1,
        )
        return sequence.next_by_id()

    # -- business: reporting ----------------------------------------------------------------------------------------

    def _trigger_report(self):
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id("scf_finance.cron_report_collections")
        self.env["ir.cron"].browse(cron_id)._trigger()

    def _cron_report(self):
        """Queue the report of every collection whose loan can take it, each in a transaction of its own."""
        due = self.search(self._due_domain(), order="id")
        for position, collection in enumerate(due, start=1):
            try:
                if error := on_its_own(collection, collection._report):
                    on_its_own(collection, partial(collection._tell_unreported, error))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same rows a moment ago: this collection's turn comes again, after the others'.
                self.env.cr.rollback()
                self._trigger_report()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - position):
                break

    def _due_domain(self):
        """Found, on a loan that was paid out: dated today or earlier, or undone, whatever its date and the time zone.

        An undone payment counts on a closed loan too.
        """
        return Domain("state", "=", "found") & (
            (Domain("kind", "=", "undone") & Domain("loan_id.state", "in", ("active", "overdue", "closed")))
            | (
                Domain("collected_on", "<=", fields.Date.context_today(self))
                & Domain("loan_id.state", "in", ("active", "overdue"))
            )
        )

    def _report(self):
        """Queue the report to the bank."""
        self.ensure_one()
        message = Collection(
            collection_id=self.reference,
            document={"kind": self.move_id._scf_kind, "number": self.move_id.name},
            amount=wire_money(self.amount, self.currency_id.name),
            collected_on=self.collected_on,
            kind=self.kind,
            reverses=self.reverses_id.reference or None,
        )
        self.loan_id.submission_id._send("collect", message.to_wire(), addressee=self)
        self._set_state("reported")
        self.refusal = False
        if not self.reverses_id:
            self.loan_id._message_log(
                body=self.env._(
                    "%(kind)s of %(amount)s found: %(counterpart)s.",
                    kind=dict(self._fields["kind"]._description_selection(self.env))[self.kind],
                    amount=format_amount(self.env, self.amount, self.currency_id),
                    counterpart=self.counterpart_name,
                )
            )
        self.loan_id.application_id._notify_panel()

    def _tell_unreported(self, error):
        """Say once why the report could not be written; every run of the job tries it again."""
        reason = self.env._(
            "The collection %(reference)s could not be reported to the bank: %(error)s It is tried again by itself.",
            reference=self.reference,
            error=error if isinstance(error, UserError) else self.env._("the server's log has the details."),
        )
        if self.refusal != reason:
            self.refusal = reason
            self.loan_id._warn(reason)

    def _allocate(self, entries):
        """Tie the bank's ledger entries to the collections that caused them.

        :return: the entries that a collection caused
        """
        allocated = entries.browse()
        for entry in entries.filtered("source_ref"):
            collection = self.search([("loan_id", "=", entry.loan_id.id), ("reference", "=", entry.source_ref)])
            if collection:
                collection.entry_id = entry
                collection._set_state("allocated")
                allocated += entry
        return allocated

    def _set_state(self, state):
        """The only writer of `state`: skips repeats and what can't follow."""
        self.ensure_one()
        if state in TRANSITIONS.get(self.state, ()):
            self.state = state

    def _scf_target(self, verb):
        return self.loan_id.bank_loan_ref

    def _scf_on_answer(self, message, answer):
        self.loan_id.submission_id.delayed = False

    def _scf_on_refused(self, message, problem):
        self.loan_id.submission_id.delayed = False
        self.refusal = problem.get("detail") or problem.get("title") or ""
        self._set_state("refused")
        self.loan_id._warn(
            self.env._(
                "The bank did not take the collection %(reference)s: %(detail)s",
                reference=self.reference,
                detail=self.refusal,
            )
        )
        if self.kind == "payment" and self.partial_id:
            self._find_resale(self.move_id.ids, partial_ids=[self.partial_id])

    def _scf_on_delayed(self, message):
        self.loan_id.submission_id._scf_on_delayed(message)
