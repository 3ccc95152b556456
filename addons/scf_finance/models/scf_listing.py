"""Which documents can be financed, as SQL: for filters of lists, and for what can be drawn today.

The rules of `eligibility` look closer at each document; what they decide by the document's own columns is said here
too, so that a list of a million documents is filtered by the database.
"""

from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..eligibility.facts import DISTRIBUTOR_FINANCE, PRE_SHIPMENT, RECEIVABLES_DISCOUNTING, bank_terms
from ..eligibility.overdue import MAX_DAYS_OVERDUE
from .scf_application import OPEN_STATES


@dataclass(frozen=True, slots=True)
class Listing:
    """Documents of one kind: what finances them, which of them are open, and where they are listed.

    :ivar kind: of the wire, `customer_invoice` and the like
    :ivar label: of several of them, in the reader's language
    :ivar domain: those that somebody still has to pay; no more than columns of the document
    :ivar action: external id of the window action with their list, whose search view has `scf_can_be_financed`
    """

    kind: str
    technique: str
    label: str
    domain: Domain
    action: str


@dataclass(frozen=True, slots=True)
class Market:
    """What the connected banks of one company lend on, with one technique: currencies, by their longest tenor."""

    company_id: int
    longest_tenor_days: dict[int, int]


class ScfFinanceable(models.AbstractModel):
    """Documents in lists: which can be financed, which are, and how far that is."""

    _inherit = "scf.financeable"

    scf_financing = fields.Selection(
        selection="_selection_scf_financing",
        string="Financing Status",
        compute="_compute_scf_financing",
        search="_search_scf_financing",
        compute_sudo=False,
        groups="scf_connector.group_scf_requester",
        help="Where the document stands: what it secures, or whether a connected bank would finance it today.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.model
    def _selection_scf_financing(self):
        states = dict(self.env["scf.application"]._fields["state"]._description_selection(self.env))
        return [("financeable", self.env._("Can be financed")), *((code, states[code]) for code in OPEN_STATES)]

    def _compute_scf_financing(self):
        for document in self:
            document.scf_financing = False
        for document_id, cell in self._scf_list_cells().items():
            self.browse(document_id).scf_financing = cell["state"]

    @api.model
    def _search_scf_financing(self, operator, value):
        # A field with a search method is not looked at for its groups where it stands in a domain.
        self._check_field_access(self._fields["scf_financing"], "read")
        if operator != "in":
            return NotImplemented
        wanted = {code for code in value if code}
        domain = Domain.FALSE
        if "financeable" in wanted:
            domain |= self._scf_financeable_domain()
        if states := wanted & set(OPEN_STATES):
            domain |= Domain("scf_claim_ids", "any", [("is_open", "=", True), ("application_id.state", "in", states)])
        if False in value:
            domain |= ~self._scf_financeable_domain() & Domain("scf_claim_ids", "not any", [("is_open", "=", True)])
        return domain

    # -- what a list shows ------------------------------------------------------------------------------------------

    @api.model
    def scf_list_cells(self, document_ids):
        """What the column “Financing” of a list shows: `{id: {"state", "label", "amount", "application_id"}}`.

        Asked for once after the list is on screen, so that its own read stays as it is. A document of which nothing is
        to say has no entry. The number of queries does not depend on how many documents are asked for.
        """
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            return {}
        return self.browse(document_ids).exists()._filtered_access("read")._scf_list_cells()

    def _scf_list_cells(self):
        if not self._scf_field:
            return {}
        labels = dict(self._selection_scf_financing())
        cells = {}
        lines = self.env["scf.application.document"].search(
            [(self._scf_field, "in", self.ids), ("is_open", "=", True)], order="id"
        )
        for line in lines:
            state = line.application_id.state
            cells[line[self._scf_field].id] = {
                "state": state,
                "label": labels[state],
                "amount": line.currency_id.format(line.amount),
                "application_id": line.application_id.id,
            }
        free = self.browse([document_id for document_id in self.ids if document_id not in cells])
        for documents in free._scf_candidates()._scf_assessable():
            for document, assessed in zip(documents, documents._scf_assess().documents, strict=True):
                if amount := assessed.eligible_amount:
                    cells[document.id] = {
                        "state": "financeable",
                        "label": labels["financeable"],
                        "amount": document.currency_id.format(float(amount)),
                        "application_id": False,
                    }
        return cells

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _scf_listings(self):
        """The kinds of documents that the model has (`Listing`); to be extended where it gets another one."""
        return ()

    def _scf_candidates(self):
        """Those of these documents that can be financed by what the database knows of them: one query, in order."""
        found = self._search(Domain("id", "in", self.ids) & self._scf_financeable_domain())
        kept = set(found)
        return self.browse([document_id for document_id in self.ids if document_id in kept])

    def _scf_assessable(self):
        """Recordsets of those that the rules look at together: of one kind, one company and one currency."""
        return list(self.grouped(lambda document: document._scf_together()).values())

    def _scf_together(self):
        """What documents of one application have in common; to be extended where there is more."""
        self.ensure_one()
        return self._scf_kind, self.company_id, self.currency_id

    @api.model
    def _scf_financeable_domain(self, kinds=None):
        """The documents that a connected bank would look at today, as a domain on columns.

        :param kinds: kinds of documents, None for all that the model has
        """
        return Domain.OR(
            self._scf_listing_domain(listing) for listing in self._scf_listings() if not kinds or listing.kind in kinds
        )

    @api.model
    def _scf_listing_domain(self, listing):
        today = fields.Date.context_today(self)
        markets = self._scf_markets(listing.technique)
        if not markets:
            return Domain.FALSE
        within = Domain.OR(
            Domain("company_id", "=", market.company_id)
            & Domain("currency_id", "=", currency_id)
            & self._scf_due_domain(listing, today, longest)
            for market in markets
            for currency_id, longest in market.longest_tenor_days.items()
        )
        return listing.domain & within & self._scf_free_domain(listing)

    @api.model
    def _scf_free_domain(self, listing):
        """Documents that no open application holds.

        By `NOT EXISTS`, as PostgreSQL compares each document with the whole list of a `NOT IN` as soon as it expects
        more of them than its working memory has room for: minutes, where thousands of loans run.
        """
        held = self._scf_held(listing)

        def is_free(model, alias, query):
            return SQL("NOT EXISTS (SELECT FROM %s AS held(id) WHERE held.id = %s)", held, SQL.identifier(alias, "id"))

        return Domain.custom(to_sql=is_free)

    @api.model
    def _scf_due_domain(self, listing, today, longest_tenor_days):
        """Documents that are paid soon enough; where no column tells when, all of them.

        :param longest_tenor_days: for how many days a bank lends at most
        """
        return Domain.TRUE

    @api.model
    def _scf_held(self, listing):
        """Ids of the documents that an open application holds, themselves or in another form of the asset, as SQL."""
        raise NotImplementedError

    @api.model
    def _scf_markets(self, technique):
        """What the user's companies that are set up can draw with the technique: one query, and one per company."""
        banks = self.env["scf.bank"].sudo().search([("company_id", "in", self.env.companies.ids)], order="id")
        currencies = {currency.name: currency.id for currency in self.env["res.currency"].search([])}
        markets = []
        for company, of_company in banks.grouped("company_id").items():
            if company._scf_lacks():
                continue
            longest = {}
            for terms in bank_terms(of_company, technique):
                for code in set(terms.currencies) & currencies.keys():
                    longest[currencies[code]] = max(longest.get(currencies[code], 0), terms.max_tenor_days)
            if longest:
                markets.append(Market(company.id, longest))
        return markets


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _scf_listings(self):
        domain = Domain(self._scf_open_domain())
        return (Listing("sales_order", PRE_SHIPMENT, self.env._("Sales orders"), domain, "sale.action_orders"),)

    @api.model
    def _scf_held(self, listing):
        return SQL(
            """
            (SELECT claim.sale_order_id FROM scf_application_document claim
              WHERE claim.is_open AND claim.sale_order_id IS NOT NULL
              UNION
             SELECT order_line.order_id
               FROM scf_application_document claim
               JOIN account_move_line line ON line.move_id = claim.move_id
               JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
               JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
              WHERE claim.is_open)
            """
        )


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _scf_listings(self):
        domain = Domain(self._scf_open_domain())
        label, action = self.env._("Purchase orders"), "purchase.purchase_form_action"
        return (Listing("purchase_order", DISTRIBUTOR_FINANCE, label, domain, action),)

    def _scf_together(self):
        return *super()._scf_together(), self._scf_counterparty()

    @api.model
    def _scf_held(self, listing):
        return SQL(
            """
            (SELECT claim.purchase_order_id FROM scf_application_document claim
              WHERE claim.is_open AND claim.purchase_order_id IS NOT NULL
              UNION
             SELECT order_line.order_id
               FROM scf_application_document claim
               JOIN account_move_line line ON line.move_id = claim.move_id
               JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
              WHERE claim.is_open)
            """
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _scf_listings(self):
        open_moves = Domain("state", "=", "posted") & Domain("payment_state", "in", ("not_paid", "partial"))
        return (
            Listing(
                "customer_invoice",
                RECEIVABLES_DISCOUNTING,
                self.env._("Customer invoices"),
                open_moves & Domain("move_type", "=", "out_invoice"),
                "account.action_move_out_invoice_type",
            ),
            Listing(
                "vendor_bill",
                DISTRIBUTOR_FINANCE,
                self.env._("Vendor bills"),
                open_moves & Domain("move_type", "=", "in_invoice"),
                "account.action_move_in_invoice_type",
            ),
        )

    def _scf_together(self):
        together = super()._scf_together()
        return (*together, self._scf_counterparty()) if self._scf_kind == "vendor_bill" else together

    @api.model
    def _scf_due_domain(self, listing, today, longest_tenor_days):
        still_owed = Domain("amount_residual", ">", 0)
        if listing.technique != RECEIVABLES_DISCOUNTING:
            return still_owed
        return (
            Domain("invoice_date_due", ">=", today - timedelta(days=MAX_DAYS_OVERDUE))
            & Domain("invoice_date_due", "<=", today + timedelta(days=longest_tenor_days))
            & still_owed
        )

    @api.model
    def _scf_held(self, listing):
        # Where a company never billed a purchase order, PostgreSQL takes all items for billed ones unless told not to.
        return SQL(
            """
            (SELECT claim.move_id FROM scf_application_document claim
              WHERE claim.is_open AND claim.move_id IS NOT NULL
              UNION
             SELECT line.move_id
               FROM scf_application_document claim
               JOIN sale_order_line order_line ON order_line.order_id = claim.sale_order_id
               JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
               JOIN account_move_line line ON line.id = rel.invoice_line_id
              WHERE claim.is_open
              UNION
             SELECT line.move_id
               FROM scf_application_document claim
               JOIN purchase_order_line order_line ON order_line.order_id = claim.purchase_order_id
               JOIN account_move_line line ON line.purchase_line_id = order_line.id
                                         AND line.purchase_line_id IS NOT NULL
              WHERE claim.is_open)
            """
        )
