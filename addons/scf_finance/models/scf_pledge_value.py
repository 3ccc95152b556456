from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..amounts import exact
from .scf_pledge import FINANCING


class ScfPledge(models.Model):
    """What pledged goods are worth, in the company's currency.

    A unit is worth its cost as Odoo keeps it: the lot's where the product is valued by lot, else the product's
    (the standard price, the average cost, or the value per unit of the FIFO stack).
    """

    _inherit = "scf.pledge"

    currency_id = fields.Many2one(related="company_id.currency_id", store=True, precompute=True)
    unit_value = fields.Float(
        string="Value of a Unit", digits="Product Price", readonly=True, copy=False, groups=FINANCING
    )
    initial_value = fields.Monetary(
        string="Value When Pledged", readonly=True, copy=False, groups=FINANCING, help="Of the whole pledged quantity."
    )
    value = fields.Monetary(
        string="Current Value", readonly=True, copy=False, groups=FINANCING, help="Of what is still held."
    )
    lending_value = fields.Monetary(
        readonly=True, copy=False, groups=FINANCING, help="The current value less the haircut."
    )
    valued_on = fields.Date(readonly=True, copy=False, groups=FINANCING)

    def _revalue(self):
        """Value these pledges anew, and see whether they still cover their loans. A fixed number of queries."""
        if not self:
            return
        self.flush_model()
        self.env["product.product"].flush_model(["standard_price"])
        self.env["stock.lot"].flush_model(["standard_price"])
        self.env["product.template"].flush_model(["lot_valuated"])
        self.env["res.currency"].flush_model(["rounding"])
        # Without cost an article is worth nothing to a bank; a user's own default for the field is no cost.
        self.env.cr.execute(
            SQL(
                """
                WITH unit AS (
                    SELECT pledge.id, currency.decimal_places AS digits, COALESCE(
                               CASE WHEN template.lot_valuated
                                    THEN (lot.standard_price ->> pledge.company_id::text)::numeric END,
                               (product.standard_price ->> pledge.company_id::text)::numeric, 0) AS value
                      FROM scf_pledge pledge
                      JOIN res_company company ON company.id = pledge.company_id
                      JOIN res_currency currency ON currency.id = company.currency_id
                      JOIN product_product product ON product.id = pledge.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                      LEFT JOIN stock_lot lot ON lot.id = pledge.lot_id
                     WHERE pledge.id IN %(pledges)s
                )
                UPDATE scf_pledge pledge
                   SET unit_value = unit.value,
                       initial_value = CASE WHEN pledge.state = 'proposed' OR pledge.valued_on IS NULL
                                            THEN ROUND(pledge.quantity * unit.value, unit.digits)
                                            ELSE pledge.initial_value END,
                       value = ROUND(pledge.held_quantity * unit.value, unit.digits),
                       lending_value = ROUND(
                           pledge.held_quantity * unit.value * (100 - pledge.haircut::numeric) / 100, unit.digits),
                       valued_on = %(today)s
                  FROM unit
                 WHERE unit.id = pledge.id
                """,
                pledges=self._ids,
                today=fields.Date.context_today(self),
            )
        )
        self.invalidate_recordset(["unit_value", "initial_value", "value", "lending_value", "valued_on"])
        self.loan_id._check_cover()

    @api.model
    def _cron_revalue(self):
        """Value all that is pledged or proposed, and call for more where a loan is not covered any more."""
        self.search([("state", "in", ("proposed", "active"))])._revalue()


class ScfLoan(models.Model):
    """How far pledged goods cover a loan."""

    _inherit = "scf.loan"

    pledge_ids = fields.One2many("scf.pledge", "loan_id", string="Pledged Goods", readonly=True)
    pledge_value = fields.Monetary(
        string="Lending Value", readonly=True, help="Current value of the pledged goods less the haircuts."
    )
    pledge_cover_percent = fields.Float(
        string="Cover (%)", digits=(12, 2), readonly=True, help="Lending value in percent of what is owed."
    )
    pledge_cover_wanted = fields.Float(
        string="Cover Agreed (%)",
        digits=(5, 2),
        readonly=True,
        help="The cover that the bank's terms ask for. Without one, the company's own limit counts.",
    )
    margin_call = fields.Monetary(readonly=True, help="Lending value that is missing at today's cost: repay as much.")

    def _check_cover(self):
        """Compare the lending value of the goods with what is owed; call for more once when cover falls short."""
        if not self:
            return
        self.env["scf.pledge"].flush_model(["loan_id", "state", "lending_value", "currency_id"])
        groups = self.env["scf.pledge"]._read_group(
            [("loan_id", "in", self.ids)], ["loan_id", "currency_id"], ["lending_value:sum"]
        )
        today, lending_values = fields.Date.context_today(self), dict.fromkeys(self, Decimal(0))
        for loan, currency, lending_value in groups:
            converted = currency._convert(lending_value, loan.currency_id, loan.company_id, today)
            lending_values[loan] += exact(converted, loan.currency_id.name)
        for loan, lending_value in lending_values.items():
            loan._take_cover(lending_value)

    def _take_cover(self, lending_value):
        """Write down the cover, and tell when it became too low, or good again.

        :param Decimal lending_value: in the loan's currency
        """
        self.ensure_one()
        owed = exact(self.balance_total, self.currency_id.name)
        wanted = Decimal(str(self.pledge_cover_wanted or self.company_id.scf_pledge_cover_percent))
        # By a bank's terms goods cover the principal: interest that accrues is what the haircut is for.
        secured = exact(self.balance_principal, self.currency_id.name) if self.pledge_cover_wanted else owed
        is_short = self.state in ("active", "overdue") and self.pledge_ids and secured * wanted / 100 > lending_value
        missing = owed * wanted / 100 - lending_value if is_short else Decimal(0)
        missing, before = self.currency_id.round(float(missing)), self.margin_call
        self.write(
            {
                "pledge_value": float(lending_value),
                "pledge_cover_percent": float(100 * lending_value / owed) if owed else 0.0,
                "margin_call": missing,
            }
        )
        if missing and not before and not self.shortfall:
            self._call_margin(wanted)
        elif before and not missing:
            if not self.shortfall:
                self.activity_unlink(["scf_finance.activity_margin_call"])
            self.message_post(body=self.env._("The pledged goods cover the loan again."))

    def _call_margin(self, wanted):
        note = self.env._(
            "At today's cost the pledged goods cover %(cover).1f %% of what is owed; %(wanted).1f %% are agreed. Repay "
            "at least %(missing)s.",
            cover=self.pledge_cover_percent,
            wanted=wanted,
            missing=self.currency_id.format(self.margin_call),
        )
        self.message_post(body=note)
        self.activity_schedule(
            "scf_finance.activity_margin_call", user_id=self.application_id.requester_id.id, note=note
        )
