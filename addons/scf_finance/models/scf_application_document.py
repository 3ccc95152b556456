from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# The many2ones of which each line has exactly one; all lines of an application have the same.
DOCUMENT_FIELDS = ("sale_order_id", "move_id", "purchase_order_id", "pledge_id", "credit_line_id")
# What a requester may write over RPC, and only while the application is a draft.
REQUESTER_FIELDS = {"application_id", *DOCUMENT_FIELDS}
# With the user's own rights: a draft must not tell a requester anything about a document that he may not read.
FROM_DOCUMENT = {"compute": "_compute_document", "store": True, "precompute": True, "compute_sudo": False}
LIVE = {"compute": "_compute_live", "compute_sudo": False}
# Whether a document stands for its loan, is asked to take another one's place, or gave its place to another one.
STANDINGS = [
    ("held", "Stands for the loan"),
    ("asked", "Asked for as a replacement"),
    ("replaced", "Replaced, or not taken"),
]


class ScfApplicationDocument(models.Model):
    """A document of an application; once the banks are asked, a claim on it: while open, nobody else finances it."""

    _name = "scf.application.document"
    _description = "Financed document"
    _inherit = ["scf.record.kept"]
    _order = "id"
    _rec_name = "document_name"

    application_id = fields.Many2one("scf.application", required=True, index=True, ondelete="cascade")
    sale_order_id = fields.Many2one("sale.order", string="Sales Order", index="btree_not_null", ondelete="restrict")
    move_id = fields.Many2one("account.move", string="Invoice or Bill", index="btree_not_null", ondelete="restrict")
    purchase_order_id = fields.Many2one("purchase.order", index="btree_not_null", ondelete="restrict")
    pledge_id = fields.Many2one("scf.pledge", string="Pledged Goods", index="btree_not_null", ondelete="restrict")
    credit_line_id = fields.Many2one("scf.credit.line", string="Line", index="btree_not_null", ondelete="restrict")
    company_id = fields.Many2one("res.company", **FROM_DOCUMENT, index=True)
    currency_id = fields.Many2one("res.currency", **FROM_DOCUMENT)
    partner_id = fields.Many2one(
        "res.partner",
        string="Buyer or Supplier",
        **FROM_DOCUMENT,
        index=True,
        help="Whoever pays for the document, or is paid for it. Pledged goods have nobody.",
    )
    document_name = fields.Char(string="Number", compute="_compute_document_name")
    open_amount = fields.Monetary(**LIVE, help="What the document still brings today.")
    eligible_amount = fields.Monetary(**LIVE, help="The most that a bank would lend on the document today.")
    expected_payment = fields.Date(**LIVE, help="The day on which the buyer is expected to pay.")
    why_not = fields.Char(
        string="Why It Can't Be Financed", **LIVE, help="Empty where nothing hinders the financing of the document."
    )
    asset_key = fields.Char(readonly=True, help="Fingerprint F1 of the document.")
    amount = fields.Monetary(readonly=True, help="Open amount of the document when financing was requested.")
    is_open = fields.Boolean(
        string="In Use",
        readonly=True,
        help="Set while the application is neither a draft, declined, expired, cancelled nor repaid.",
    )

    standing = fields.Selection(
        STANDINGS,
        required=True,
        readonly=True,
        default="held",
        help="Documents may take each other's place once the loan runs; only those that stand for it are its own.",
    )

    _one_document = models.Constraint(
        f"CHECK (num_nonnulls({', '.join(DOCUMENT_FIELDS)}) = 1)",
        "Each line of an application names one document: an order, an invoice, a bill, pledged goods, or a line.",
    )
    _claim_names_asset = models.Constraint(
        "CHECK (NOT is_open OR asset_key IS NOT NULL)", "A claim names its asset by the fingerprint."
    )
    _one_financier = models.UniqueIndex(
        "(company_id, asset_key) WHERE is_open",
        "This document is already being financed. Withdraw or repay the other financing first.",
    )
    _order_once = models.UniqueIndex(
        "(application_id, sale_order_id) WHERE sale_order_id IS NOT NULL", "The order is in the application already."
    )
    _invoice_once = models.UniqueIndex(
        "(application_id, move_id) WHERE move_id IS NOT NULL", "The invoice is in the application already."
    )
    _purchase_once = models.UniqueIndex(
        "(application_id, purchase_order_id) WHERE purchase_order_id IS NOT NULL",
        "The purchase order is in the application already.",
    )
    _pledge_once = models.UniqueIndex(
        "(application_id, pledge_id) WHERE pledge_id IS NOT NULL", "The goods are in the application already."
    )
    _line_once = models.UniqueIndex(
        "(application_id, credit_line_id) WHERE credit_line_id IS NOT NULL", "The line is in the application already."
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends(*DOCUMENT_FIELDS)
    def _compute_document(self):
        for line in self:
            document = line._documents_read_by_user()
            line.company_id = document.company_id
            line.currency_id = document.currency_id
            line.partner_id = document._scf_counterparty() if document else False

    @api.depends(*(f"{name}.name" for name in DOCUMENT_FIELDS))
    def _compute_document_name(self):
        for line in self:
            # A requester may know the number of what was financed, though his role in sales hides the order itself;
            # what is still being drafted he has to be able to read.
            is_draft = line.application_id.state == "draft"
            document = line._documents_read_by_user() if is_draft else line._documents().sudo()
            line.document_name = document.name or document.display_name

    @api.depends(*DOCUMENT_FIELDS, "application_id.state")
    def _compute_live(self):
        self.open_amount = self.eligible_amount = 0.0
        self.expected_payment = self.why_not = False
        drafted = self.filtered(lambda line: line.application_id.state == "draft")
        for lines in drafted.grouped(lambda line: line._group_to_assess()).values():
            documents = lines._documents_read_by_user()
            if not documents:
                continue
            assessment = documents._scf_assess()
            assessed = dict(zip(documents.ids, assessment.documents, strict=True))
            for line in lines:
                if of_line := assessed.get(line._documents().id):
                    line.open_amount = float(of_line.facts.open_amount)
                    line.eligible_amount = float(of_line.eligible_amount)
                    line.expected_payment = of_line.facts.expected_payment
                    line.why_not = " ".join(finding.sentence for finding in of_line.stops) or False

    def _group_to_assess(self):
        document = self._documents_read_by_user()
        return document._name if document else "", document.company_id, document.currency_id

    # -- constrains -------------------------------------------------------------------------------------------------

    @api.constrains("application_id", *DOCUMENT_FIELDS)
    def _check_together(self):
        for application in self.application_id:
            application.line_ids._refuse_mixture()

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_writable(vals, REQUESTER_FIELDS)
        lines = super().create(vals_list)
        lines._check_drafted()
        return lines

    def write(self, vals):
        self._check_writable(vals, set())  # a line stands for its document: another document is another line
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_from_drafts(self):
        if sent := self.filtered(lambda line: line.application_id.state != "draft"):
            raise UserError(
                self.env._(
                    "%s belongs to an application that was sent. Withdraw the application or repay the loan first.",
                    ", ".join(sent.mapped("document_name")),
                )
            )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | REQUESTER_FIELDS

    def _check_writable(self, vals, allowed):
        """Over RPC only the document may be named: what is claimed, and since when, are facts, not input."""
        if not self.env.su and (forbidden := {name for name in vals if name in self._fields} - allowed):
            raise AccessError(
                self.env._(
                    "These fields of a financed document are kept by the system: %s", ", ".join(sorted(forbidden))
                )
            )

    def _check_drafted(self):
        """Documents are put into drafts of one's own company, by who may read them."""
        if self.env.su:
            return
        self.application_id.check_access("write")
        if any(application.state != "draft" for application in self.application_id):
            raise UserError(
                self.env._("The application has been sent: its documents can't be changed. Withdraw it and ask again.")
            )
        for name in DOCUMENT_FIELDS:
            if documents := self[name]:
                documents._scf_check_requester()

    # -- business ---------------------------------------------------------------------------------------------------

    def _documents(self):
        """The documents of these lines, in their order: one recordset of one model."""
        return self.sale_order_id or self.purchase_order_id or self.pledge_id or self.credit_line_id or self.move_id

    def _documents_read_by_user(self):
        """Those of the documents that the user himself may read.

        A related field of a proposal has the request computed with full rights, which must tell no more.
        """
        documents = self._documents()
        return documents.sudo(False)._filtered_access("read").sudo(documents.env.su)

    def _refuse_mixture(self):
        """Refuse documents that no bank could finance together."""
        if sales := self.sale_order_id & self.move_id.sudo().line_ids.sale_line_ids.order_id:
            invoice = self.move_id.filtered(lambda move: sales[0] in move.sudo().line_ids.sale_line_ids.order_id)[0]
            raise ValidationError(
                self.env._(
                    "%(invoice)s belongs to the same sale as %(order)s: finance one of them.",
                    invoice=invoice.name,
                    order=sales[0].name,
                )
            )
        documents = self._documents()
        if len(documents) < len(self) or len({document._scf_kind for document in documents}) > 1:
            raise ValidationError(
                self.env._(
                    "An application finances documents of one kind: sales orders, invoices, purchase orders, bills, or "
                    "goods. Make an application for each kind."
                )
            )
        if len(documents.company_id) > 1:
            raise ValidationError(
                self.env._(
                    "Documents of several companies can't be financed together: %s.",
                    ", ".join(documents.company_id.sudo().mapped("name")),
                )
            )
        if len(documents.currency_id) > 1:
            raise ValidationError(
                self.env._(
                    "Documents in several currencies can't be financed together: %s. Choose those of one currency.",
                    ", ".join(documents.currency_id.mapped("name")),
                )
            )

    def _claim(self, assessment):
        """Take the documents for their application; the database lets one open application have each."""
        for line, assessed in zip(self, assessment.documents, strict=True):
            line.write(
                {
                    "asset_key": line._documents()._scf_asset_key(),
                    "amount": float(assessed.facts.open_amount),
                    "is_open": True,
                }
            )
        self.env.flush_all()  # a concurrent claim fails here, before anything is sealed or queued
