from decimal import ROUND_DOWN, Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..eligibility.free_goods import MOST_LISTED, FreeGoods, enough, read_free_goods


class ScfBorrow(models.TransientModel):
    """Goods in stock, what a bank would lend on them, and the request that is made of those one chooses."""

    _name = "scf.borrow"
    _description = "Borrow against stock"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    place = fields.Char(readonly=True, help="What the goods were chosen from.")
    line_ids = fields.One2many("scf.borrow.line", "borrow_id", string="Goods")
    amount = fields.Monetary(string="Amount Needed")
    value = fields.Monetary(string="Value at Cost", compute="_compute_totals")
    lendable = fields.Monetary(
        string="A Bank Would Lend", compute="_compute_totals", help="By the best rate that a connected bank publishes."
    )
    bank_text = fields.Char(compute="_compute_totals")
    has_hindrance = fields.Boolean(compute="_compute_has_hindrance")
    answer = fields.Text(readonly=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("line_ids.quantity")
    def _compute_totals(self):
        for borrow in self:
            terms = borrow.company_id._scf_best_terms_on_goods()
            lendable = sum(borrow.line_ids.mapped("lendable"))
            borrow.value = sum(borrow.line_ids.mapped("value"))
            borrow.lendable = min(lendable, float(terms.max_amount)) if terms else 0.0
            borrow.bank_text = borrow._about_bank(terms, lendable)

    @api.depends("line_ids.why_not")
    def _compute_has_hindrance(self):
        for borrow in self:
            borrow.has_hindrance = any(borrow.line_ids.mapped("why_not"))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_reach(self):
        """Choose the goods that are enough for the amount needed, and say why those."""
        self.ensure_one()
        terms = self.company_id._scf_best_terms_on_goods()
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Say how much you need."))
        if not terms:
            raise UserError(self.bank_text)
        wanted = exact(self.amount, self.currency_id.name)
        lines = {line._as_goods(): line for line in self.line_ids.filtered(lambda line: not line.why_not)}
        taken = enough(list(lines), wanted, terms.advance_rate, lambda goods: lines[goods]._step())
        if taken is None:
            raise UserError(
                self.env._(
                    "All that is free here would bring %(most)s: less than the %(amount)s that you need.",
                    most=self._money(self._most(terms)),
                    amount=self._money(self.amount),
                )
            )
        for goods, line in lines.items():
            line.quantity = float(taken.get(goods, 0))
        (self.line_ids - self.env["scf.borrow.line"].concat(*lines.values())).quantity = 0
        self.answer = self._why(taken, lines)
        return self._reopen()

    def action_borrow(self):
        """Propose the chosen goods and draft the request: the banks are asked from there."""
        self.ensure_one()
        self._check_role()
        chosen = self.line_ids.filtered(lambda line: line.product_uom_id.compare(line.quantity, 0) > 0)
        if not chosen:
            raise UserError(self.env._("Choose at least one of the goods."))
        if hindered := chosen.filtered("why_not"):
            raise UserError(
                "\n".join(f"{line.lot_id.name or line.product_id.display_name}: {line.why_not}" for line in hindered)
            )
        application = self.env["scf.application"].with_company(self.company_id).create({})
        pledges = self.env["scf.pledge"].create(
            [
                {
                    "company_id": self.company_id.id,
                    "product_id": line.product_id.id,
                    "lot_id": line.lot_id.id,
                    "location_id": line.location_id.id,
                    "quantity": line.quantity,
                    "application_id": application.id,
                }
                for line in chosen
            ]
        )
        application.line_ids = [Command.create({"pledge_id": pledge.id}) for pledge in pledges]
        wanted = self.amount
        if 0 < wanted and application.currency_id.compare_amounts(wanted, application.eligible_amount) <= 0:
            application.requested_amount = wanted
        if self.answer:
            application.message_post(body=self.answer)
        return application._open_form()

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _open(self, domain, place):
        """Open the dialog with the goods of some quants.

        :param domain: of `stock.quant`; the user's own rights limit it further
        :param str place: what the goods are chosen from, in the reader's words
        """
        self._check_role()
        quants = self.env["stock.quant"]
        quants.check_access("read")
        domain = Domain(domain) & Domain("company_id", "in", self.env.companies.ids)
        companies = quants._read_group(domain & Domain("location_id.usage", "=", "internal"), ["company_id"])
        if len(companies) > 1:
            raise UserError(
                self.env._(
                    "The goods belong to several companies: %s. Choose those of one.",
                    ", ".join(company.name for [company] in companies),
                )
            )
        company = companies[0][0] if companies else self.env.company
        goods, number = read_free_goods(self.env, domain & Domain("company_id", "=", company.id))
        if not goods:
            raise UserError(
                self.env._("There are no goods of the company's own stock in %s that could be pledged.", place)
            )
        borrow = self.create(
            {
                "company_id": company.id,
                "place": place,
                "line_ids": [Command.create(self._line_values(item)) for item in goods],
                "answer": self.env._("The %(listed)s most valuable of %(number)s.", listed=len(goods), number=number)
                if number > MOST_LISTED
                else False,
            }
        )
        return borrow._reopen()

    def _line_values(self, goods):
        is_fit = goods.is_fit(fields.Date.context_today(self))
        return {
            "product_id": goods.product_id,
            "lot_id": goods.lot_id,
            "location_id": goods.location_id,
            "on_hand": float(goods.on_hand),
            "free": float(goods.free),
            "quantity": float(goods.free) if is_fit else 0.0,
            "unit_value": float(goods.unit_value),
            "days_to_sell": goods.days_to_sell or 0,
            "has_sold": goods.days_to_sell is not None,
            "expires_on": goods.expires_on,
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Borrow against stock"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _check_role(self):
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise AccessError(
                self.env._(
                    "Only users with the role “Financing: Requester” may do this. Ask your administrator for the role."
                )
            )

    def _about_bank(self, terms, lendable):
        if not terms:
            return self.env._("No connected bank lends on goods in %s. Connect a bank first.", self.currency_id.name)
        words = {
            "bank": terms.name,
            "rate": f"{terms.advance_rate.normalize():f}",
            "lowest": self._money(terms.min_amount),
            "highest": self._money(terms.max_amount),
            "days": terms.max_tenor_days,
        }
        if lendable < terms.min_amount:
            return self.env._("%(bank)s lends %(rate)s %% of the value, from %(lowest)s on.", **words)
        if lendable > terms.max_amount:
            return self.env._("%(bank)s lends %(rate)s %% of the value, at most %(highest)s.", **words)
        return self.env._("%(bank)s lends %(rate)s %% of the value, for at most %(days)s days.", **words)

    def _most(self, terms):
        return sum(
            (
                goods.free * goods.unit_value
                for goods in (line._as_goods() for line in self.line_ids if not line.why_not)
            ),
            Decimal(0),
        ) * (terms.advance_rate / 100)

    def _why(self, taken, lines):
        names = ", ".join(
            dict.fromkeys(lines[goods].lot_id.name or lines[goods].product_id.display_name for goods in taken)
        )
        if any(goods.days_to_sell is None for goods in taken):
            return self.env._(
                "%(goods)s reach %(amount)s: what sells fastest is taken first, because its loan is the shortest. Some "
                "of it was not sold in the last 12 months.",
                goods=names,
                amount=self._money(self.amount),
            )
        return self.env._(
            "%(goods)s reach %(amount)s: what sells fastest is taken first, because its loan is the shortest; the "
            "slowest of them takes %(days)s days to sell.",
            goods=names,
            amount=self._money(self.amount),
            days=max(goods.days_to_sell for goods in taken),
        )

    def _money(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)


class ScfBorrowLine(models.TransientModel):
    """Goods of one product (and lot) at one location."""

    _name = "scf.borrow.line"
    _description = "Goods to borrow against"

    borrow_id = fields.Many2one("scf.borrow", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="borrow_id.currency_id")
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="cascade")
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    lot_id = fields.Many2one("stock.lot", string="Lot/Serial Number", readonly=True, ondelete="cascade")
    location_id = fields.Many2one("stock.location", string="Place", required=True, readonly=True, ondelete="cascade")
    on_hand = fields.Float(digits="Product Unit", readonly=True)
    free = fields.Float(digits="Product Unit", readonly=True, help="On hand, neither reserved nor pledged.")
    quantity = fields.Float(string="To Pledge", digits="Product Unit")
    unit_value = fields.Float(string="Value of a Unit", digits="Product Price", readonly=True)
    days_to_sell = fields.Integer(readonly=True)
    has_sold = fields.Boolean(readonly=True)
    expires_on = fields.Date(readonly=True)
    sells_in = fields.Char(compute="_compute_sells_in", help="How long all that is on hand takes to sell.")
    value = fields.Monetary(compute="_compute_value")
    lendable = fields.Monetary(string="A Bank Would Lend", compute="_compute_value")
    why_not = fields.Char(compute="_compute_why_not", string="Why It Can't Be Pledged")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("has_sold", "days_to_sell")
    def _compute_sells_in(self):
        for line in self:
            line.sells_in = (
                self.env._("%s days", line.days_to_sell) if line.has_sold else self.env._("not sold for 12 months")
            )

    @api.depends("quantity", "unit_value", "borrow_id.company_id")
    def _compute_value(self):
        rates = {borrow: borrow.company_id._scf_best_terms_on_goods() for borrow in self.borrow_id}
        for line in self:
            terms, currency = rates.get(line.borrow_id), line.currency_id
            value = Decimal(repr(line.quantity)) * Decimal(repr(line.unit_value))
            line.value = currency.round(float(value))
            unit = Decimal(1).scaleb(-currency.decimal_places)
            lent = value * (terms.advance_rate if terms else Decimal(0)) / 100
            line.lendable = float(lent.quantize(unit, rounding=ROUND_DOWN))

    @api.depends("free", "quantity", "unit_value", "expires_on")
    def _compute_why_not(self):
        today = fields.Date.context_today(self)
        for line in self:
            line.why_not = line._hindrance(today)

    # -- business ---------------------------------------------------------------------------------------------------

    def _hindrance(self, today):
        if self.expires_on and self.expires_on <= today:
            return self.env._("It expired on %s.", format_date(self.env, self.expires_on))
        if not self.unit_value:
            return self.env._("It has no cost: fill in the cost of the product.")
        if self.product_uom_id.compare(self.free, 0) <= 0:
            return self.env._("All of it is reserved or pledged already.")
        if self.product_uom_id.compare(self.quantity, self.free) > 0:
            return self.env._("Only %s are free.", f"{self.free:g}")
        return False

    def _step(self):
        """In which steps a quantity is chosen: whole ones, and less only of what there is not even one of."""
        return Decimal(1) if self.free >= 1 else Decimal(repr(self.product_uom_id.rounding))

    def _as_goods(self):
        """The line as the choice of "enough for an amount" sees it (`FreeGoods`)."""
        return FreeGoods(
            product_id=self.product_id.id,
            lot_id=self.lot_id.id or None,
            location_id=self.location_id.id,
            on_hand=Decimal(repr(self.on_hand)),
            free=Decimal(repr(self.free)),
            unit_value=Decimal(repr(self.unit_value)),
            days_to_sell=self.days_to_sell if self.has_sold else None,
            expires_on=self.expires_on or None,
        )
