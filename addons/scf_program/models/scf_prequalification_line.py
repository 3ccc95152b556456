from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from ..prequalification.trade import COUNTS, SUMS


class ScfPrequalificationLine(models.Model):
    """What banks are told of one supplier: the figures as they go out, and a sentence that says them."""

    _name = "scf.prequalification.line"
    _description = "Supplier in a pre-approval"
    _inherit = ["scf.program.guarded"]
    _order = "ordered desc, id"
    _rec_name = "partner_id"

    prequalification_id = fields.Many2one(
        "scf.prequalification", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="prequalification_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="prequalification_id.currency_id")
    state = fields.Selection(related="prequalification_id.state")
    partner_id = fields.Many2one("res.partner", string="Supplier", required=True, readonly=True, ondelete="restrict")
    member_id = fields.Many2one("scf.program.member", readonly=True, index="btree_not_null", ondelete="set null")
    is_included = fields.Boolean(string="Send", default=True, help="Untick to leave this supplier out.")
    named = fields.Integer(readonly=True, help="1 where a bank may read the name, as the supplier consented.")
    is_named = fields.Boolean(string="By Name", compute="_compute_is_named")
    why = fields.Char(string="Why Again", readonly=True)
    figures = fields.Json(readonly=True, help="As the banks read them; amounts and percentages are strings.")
    first_order_on = fields.Date(string="Supplier Since", readonly=True)
    months_active = fields.Integer(string="Months with Orders", readonly=True)
    orders = fields.Integer(readonly=True)
    ordered = fields.Monetary(readonly=True, help="Without tax, in the program's currency.")
    invoiced = fields.Monetary(string="Billed", readonly=True, help="Without tax, in the program's currency.")
    disputed = fields.Monetary(string="In Dispute", readonly=True, help="Bills whose payment is blocked.")
    late_percent = fields.Float(string="Late (%)", digits=(5, 2), readonly=True, help="Of the deliveries.")
    returned_percent = fields.Float(string="Returned (%)", digits=(7, 2), readonly=True, help="Of what came, by worth.")
    price_deviation_percent = fields.Float(
        string="Price Moves (%)", digits=(7, 2), readonly=True, help="How far prices lie from each product's own mean."
    )
    share_percent = fields.Float(string="Share (%)", digits=(5, 2), readonly=True, help="Of all that you ordered.")
    sentence = fields.Char(string="What Banks Read", compute="_compute_sentence")

    _partner_once = models.UniqueIndex("(prequalification_id, partner_id)", "A supplier is in a pre-approval once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("named")
    def _compute_is_named(self):
        for line in self:
            line.is_named = bool(line.named)

    @api.depends("figures", "named")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for line in self:
            line.sentence = " ".join(line._sentences())

    def _sentences(self):
        """The figures in plain words."""
        figures = self.figures
        if self.first_order_on:
            yield self.env._("A supplier since %s.", format_date(self.env, self.first_order_on))
        if self.orders:
            yield self.env._(
                "%(count)s orders in %(months)s months, %(amount)s altogether.",
                count=self.orders,
                months=self.months_active,
                amount=self._money(self.ordered),
            )
        if figures["deliveries"]:
            late = figures["deliveries_late"]
            yield (
                self.env._(
                    "%(late)s of %(count)s deliveries were late, by %(days)s days on average.",
                    late=late,
                    count=figures["deliveries"],
                    days=figures.get("days_late", "0"),
                )
                if late
                else self.env._("All %s deliveries came in time.", figures["deliveries"])
            )
        if float(figures["returned"]):
            yield self.env._("%s went back.", self._money(float(figures["returned"])))
        if figures["invoices"]:
            yield self.env._(
                "%(count)s bills of %(amount)s.", count=figures["invoices"], amount=self._money(self.invoiced)
            )
        if float(figures["credited"]):
            yield self.env._("%s was credited.", self._money(float(figures["credited"])))
        if self.disputed:
            yield self.env._("%s is in dispute.", self._money(self.disputed))

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"is_included"}

    def write(self, vals):
        if not self.env.su and any(line.state != "ready" for line in self):
            raise UserError(self.env._("What is to be approved, or was sent, stays as it was looked at."))
        return super().write(vals)

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _values(self, trade):
        """Field values of the trade (`prequalification.trade.Trade`) with a supplier."""
        figures = trade.figures()
        return {
            "partner_id": trade.supplier_id,
            "figures": figures,
            "first_order_on": trade.first_order_on,
            **{name: figures[name] for name in COUNTS if name in self._fields},
            **{name: float(figures[name]) for name in SUMS if name in self._fields},
            "late_percent": float(trade.late_percent),
            "returned_percent": float(trade.returned_percent),
            "price_deviation_percent": float(trade.price_deviation_percent or 0),
            "share_percent": float(trade.share_percent or 0),
        }

    def _wire_row(self, member_ref, *, named):
        """The row that a bank gets (docs/protocol.md, "Prequalification").

        :param str member_ref: the bank's code of the supplier
        :param bool named: whether this bank may read who it is
        """
        partner = self.partner_id
        row = {"member_ref": member_ref, "named": named, **self.figures}
        if partner.country_id.code:
            row["country"] = partner.country_id.code
        if named:
            row["party"] = {"name": partner.name, "tax_id": partner.vat}
            if partner.country_id.code:
                row["party"]["country"] = partner.country_id.code
        return row
