from openscf.fingerprint import fingerprints

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..amounts import exact
from ..eligibility.facts import INVENTORY_LOAN
from ..eligibility.findings import Fix
from ..eligibility.goods_facts import read_goods_facts
from .scf_listing import Listing


class ScfPledge(models.Model):
    """Goods as what secures a loan: its amount is their value at cost, in the company's currency."""

    _name = "scf.pledge"
    _inherit = ["scf.pledge", "scf.financeable"]

    _scf_field = "pledge_id"
    _scf_kind = "pledged_goods"
    _scf_technique = INVENTORY_LOAN

    scf_claim_ids = fields.One2many(
        "scf.application.document",
        "pledge_id",
        string="Financing",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("name", "product_id", "lot_id")
    def _compute_display_name(self):
        for pledge in self:
            goods = pledge.sudo()  # whoever reads the pledge knows its goods, whatever of the stock he may see
            pledge.display_name = self.env._(
                "%(pledge)s: %(goods)s", pledge=pledge.name, goods=goods.lot_id.name or goods.product_id.display_name
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_request(self):
        action = super().action_scf_request()
        return {**action, "name": self.env._("Borrow against goods")} if len(self) == 1 else action

    # -- panel ------------------------------------------------------------------------------------------------------

    def _scf_fix(self, finding):
        if finding.fix is Fix.STOCK and self.env["stock.quant"].has_access("read"):
            return {
                "label": self.env._("Open the stock"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Stock"),
                    "res_model": "stock.quant",
                    "views": [(self.env.ref("stock.view_stock_quant_tree").id, "list")],
                    "target": "current",
                    "domain": [
                        ("product_id", "=", self.product_id.id),
                        ("location_id", "child_of", self.location_id.id),
                    ],
                },
            }
        if finding.fix is Fix.PRODUCT and self.product_id.has_access("write"):
            return {
                "label": self.env._("Open the product"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.product_id.display_name,
                    "res_model": "product.product",
                    "res_id": self.product_id.id,
                    "views": [(False, "form")],
                    "target": "current",
                },
            }
        return super()._scf_fix(finding)

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_facts(self, banks, today):
        return read_goods_facts(self, banks=banks, today=today)

    def _scf_open_domain(self):
        return [("state", "=", "proposed")]

    @api.model
    def _scf_listings(self):
        domain = Domain(self._scf_open_domain())
        label, action = self.env._("Proposed goods"), "scf_finance.action_scf_pledge"
        return (Listing(self._scf_kind, self._scf_technique, label, domain, action),)

    @api.model
    def _scf_held(self, listing):
        return SQL("(SELECT pledge_id FROM scf_application_document WHERE is_open AND pledge_id IS NOT NULL)")

    @api.model
    def _scf_asked_for(self, products):
        """Proposed pledges of these products about which banks are being asked: nobody else may pledge their goods."""
        return self.search(
            [
                ("product_id", "in", products.ids),
                ("state", "=", "proposed"),
                ("scf_claim_ids", "any", [("is_open", "=", True)]),
            ]
        )

    def _scf_sale(self):
        # Two pledges of the same goods meet at the goods' own rows. Who may not read all of the stock is bound too.
        quants = self.env["stock.quant"].sudo()
        for pledge in self.sudo():
            quants |= quants.search(
                [("product_id", "=", pledge.product_id.id), ("location_id", "child_of", pledge.location_id.id)]
            )
        return [quants.sorted("id"), self]

    def _scf_same_asset(self):
        """Which documents are the same goods, as SQL for `eligibility.facts.read_claims`; to be extended."""
        return SQL("SELECT id AS document_id, 'pledge_id' AS field, id AS record_id FROM unnest(%s) id", self.ids)

    def _scf_counterparty(self):
        return self.env["res.partner"]

    def _scf_issue_date(self):
        return fields.Date.context_today(self, self.create_date)

    def _scf_fingerprints(self):
        self.ensure_one()
        return fingerprints(
            issuer=self.company_id.sudo().vat,
            kind=self._scf_kind,
            number=self.name,
            fiscal_year=self._scf_fiscal_year(),
            counterparty=self.lot_id.name or self.product_id.default_code or self.product_id.name,
            issue_date=self._scf_issue_date(),
            currency=self.currency_id.name,
            amount=exact(self.value, self.currency_id.name),
        )
