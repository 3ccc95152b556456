from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount

from ..eligibility.facts import INVENTORY_LOAN, bank_terms
from ..eligibility.free_goods import read_free_goods


class ScfGoodsOverview(models.AbstractModel):
    """A screen of the stock (lot, location, warehouse): what could be lent on its goods, and what they secure.

    The model that inherits this says which quants (`_scf_quants_domain`) and which pledges (`_scf_pledges_domain`) are
    its own, in one company.
    """

    _name = "scf.goods.overview"
    _description = "Screen of goods with an overview of financing"
    _inherit = ["scf.overview"]

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_borrow(self):
        """Open the dialog that borrows against the goods of these records."""
        self.check_access("read")
        domain = Domain.OR(record._scf_quants_domain() for record in self)
        return self.env["scf.borrow"]._open(domain, ", ".join(self.mapped("display_name")))

    # -- panel ------------------------------------------------------------------------------------------------------

    def _scf_overview(self):
        rows = self._scf_lendable_rows()
        actions = (
            [{"name": "action_scf_borrow", "label": self.env._("Borrow against stock"), "kind": "primary"}]
            if rows
            else []
        )
        state = "eligible" if rows else "financed"
        applications = self._scf_applications([("pledge_id", "any", self._scf_pledges_domain())])
        running = self._scf_application_rows(applications)
        next_step = self._scf_next_step(applications)
        if next_step:
            state, rows, actions = "financed", [*running, *rows], []
        else:
            rows = [*rows, *running]
        rows += self._scf_pledged_rows()
        if not rows:
            return None
        return {
            "state": state,
            "headline": rows[0]["value"],
            "subline": next_step or rows[0]["detail"],
            "rows": rows,
            "next_step": next_step,
            "actions": actions,
        }

    def _scf_quants_domain(self):
        raise NotImplementedError

    def _scf_pledges_domain(self):
        raise NotImplementedError

    def _scf_goods_company(self):
        """The company whose goods these are, among those that the user works in."""
        return self.company_id or self.env.company

    def _scf_lendable_rows(self):
        """What could be borrowed on goods that nobody holds, by the best rate that a connected bank publishes."""
        company = self._scf_goods_company()
        terms = company._scf_best_terms_on_goods()
        if (
            not terms
            or not self.env["stock.quant"].has_access("read")
            or not self.env["scf.application"].has_access("create")
        ):
            return []
        domain = Domain(self._scf_quants_domain()) & Domain("company_id", "=", company.id)
        goods, number = read_free_goods(self.env, domain)
        today = fields.Date.context_today(self)
        fit = [item for item in goods if item.is_fit(today)]
        value = sum(item.free * item.unit_value for item in fit)
        lent = min(value * terms.advance_rate / 100, terms.max_amount)
        if lent < terms.min_amount or not fit:
            return []
        currency = company.currency_id
        detail = self.env._(
            "%(rate)s %% of goods worth %(value)s at cost, at %(bank)s",
            rate=f"{terms.advance_rate.normalize():f}",
            value=format_amount(self.env, float(value), currency),
            bank=terms.name,
        )
        if number > len(goods):
            detail = self.env._(
                "%(detail)s; the %(listed)s most valuable of %(number)s",
                detail=detail,
                listed=len(goods),
                number=number,
            )
        return [
            self._scf_row(
                "free_goods",
                self.env._("Free goods"),
                self.env._("You could borrow %s", format_amount(self.env, float(lent), currency)),
                detail,
            )
        ]

    def _scf_pledged_rows(self):
        domain = Domain("state", "=", "active") & Domain(self._scf_pledges_domain())
        groups = self.env["scf.pledge"]._read_group(
            domain, ["bank_id", "currency_id"], ["__count", "value:sum", "lending_value:sum"]
        )
        return [
            self._scf_row(
                f"pledged_{bank.id}_{currency.id}",
                self.env._("Pledged to %s", bank.sudo().name),
                self.env._("Goods worth %s are pledged", format_amount(self.env, value, currency)),
                self.env._(
                    "%(count)s pledges, lending value %(lending)s",
                    count=count,
                    lending=format_amount(self.env, lending, currency),
                ),
                action={
                    "type": "ir.actions.act_window",
                    "name": self.env._("Pledged goods"),
                    "res_model": "scf.pledge",
                    "views": [(False, "list"), (False, "form")],
                    "domain": list(domain),
                },
            )
            for bank, currency, count, value, lending in groups
        ]

    def _scf_next_step(self, applications):
        """What a margin call asks for, where there is one: it comes before everything else."""
        called = applications.loan_ids.filtered(lambda loan: loan.shortfall or loan.margin_call)
        return called[:1]._next_step() if called else ""

    def _scf_still_owed(self, loan):
        owed = super()._scf_still_owed(loan)
        if not loan.pledge_value:
            return owed
        covered = self.env._("%(owed)s, covered by %(cover)s %%", owed=owed, cover=f"{loan.pledge_cover_percent:.0f}")
        return f"{covered} · {loan._next_step()}" if loan.shortfall or loan.margin_call else covered


class ResCompany(models.Model):
    _inherit = "res.company"

    def _scf_best_terms_on_goods(self):
        """Terms of the bank that lends most on goods in the company's currency; None where none does."""
        self.ensure_one()
        banks = self.env["scf.bank"].sudo().search([("company_id", "=", self.id)], order="id")
        terms = [bank for bank in bank_terms(banks, INVENTORY_LOAN) if self.currency_id.name in bank.currencies]
        return max(terms, key=lambda bank: bank.advance_rate, default=None)


class StockLot(models.Model):
    _name = "stock.lot"
    _inherit = ["stock.lot", "scf.goods.overview"]

    def _scf_quants_domain(self):
        return [("lot_id", "=", self.id)]

    def _scf_pledges_domain(self):
        return [("lot_id", "=", self.id)]


class StockLocation(models.Model):
    _name = "stock.location"
    _inherit = ["stock.location", "scf.goods.overview"]

    def _scf_overview(self):
        return super()._scf_overview() if self.usage in ("internal", "view") else None

    def _scf_quants_domain(self):
        return [("location_id", "child_of", self.id)]

    def _scf_pledges_domain(self):
        return [("location_id", "child_of", self.id)]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_scf_borrow(self):
        """Open the dialog that borrows against all stock of these products."""
        return self.product_variant_ids.action_scf_borrow()


class ProductProduct(models.Model):
    _inherit = "product.product"

    def action_scf_borrow(self):
        """Open the dialog that borrows against all stock of these products."""
        self.check_access("read")
        return self.env["scf.borrow"]._open([("product_id", "in", self.ids)], ", ".join(self.mapped("display_name")))


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def action_scf_borrow(self):
        """Open the dialog that borrows against the selected goods."""
        self.check_access("read")
        places = ", ".join(self.location_id.mapped("display_name"))
        return self.env["scf.borrow"]._open([("id", "in", self.ids)], places)

    @api.model
    def action_scf_borrow_all(self):
        """Open the dialog with the goods of the whole company."""
        return self.env["scf.borrow"]._open([("company_id", "=", self.env.company.id)], self.env.company.name)
