from odoo import api, models
from odoo.fields import Domain

from .scf_pledge_claims import read_claims
from .scf_pledge_guard import touch

# What makes a quant another quant; any change of these may take goods out of a place.
IDENTITY = {"product_id", "location_id", "lot_id", "owner_id", "company_id"}


class StockQuant(models.Model):
    """The ledger of what lies where: it tells the guard of pledges what left, and reserves no pledged goods."""

    _inherit = "stock.quant"

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        below_zero = any((vals.get("quantity") or 0) < 0 for vals in vals_list)
        quants = super().create(vals_list)
        if below_zero:
            touch(self.env, quants.filtered(lambda quant: quant.quantity < 0 and quant._scf_is_own()).product_id.ids)
        return quants

    def write(self, vals):
        if IDENTITY & vals.keys():
            # A negative quant takes away from what it becomes, too.
            touch(self.env, {*self.sudo().product_id.ids, *filter(None, [vals.get("product_id")])})
        elif "quantity" in vals:
            new = vals["quantity"] or 0
            less = self.sudo().filtered(lambda quant: quant.quantity > new and quant._scf_is_own())
            touch(self.env, less.product_id.ids)
        return super().write(vals)

    def unlink(self):
        gone = self.sudo().filtered(lambda quant: quant.quantity > 0 and quant._scf_is_own())
        touch(self.env, gone.product_id.ids)
        return super().unlink()

    def _scf_is_own(self):
        """Whether the quant lies where goods can be pledged at all."""
        return self.location_id.usage == "internal"

    # -- actions ----------------------------------------------------------------------------------------------------

    @api.model
    def _get_quants_action(self, extend=False):
        action = super()._get_quants_action(extend=extend)
        if self.env["scf.pledge"]._in_use():
            # The lists show their column of pledges, which costs their own reading nothing.
            action["context"] = {**action["context"], "scf_pledges": True}
        return action

    # -- business: reservation --------------------------------------------------------------------------------------

    def _get_gather_domain(self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False):
        domain = super()._get_gather_domain(product_id, location_id, lot_id, package_id, owner_id, strict)
        passed_over = self.env.context.get("scf_passed_over")
        return Domain(domain) & ~Domain(passed_over) if passed_over else domain

    def _get_reserve_quantity(
        self,
        product_id,
        location_id,
        quantity,
        uom_id=None,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=False,
    ):
        def reserve(passed_over, wanted):
            ledger = self.with_context(
                scf_leaving_to=None, scf_passed_over=list(passed_over) if passed_over else None, quants_cache=None
            )
            return super(StockQuant, ledger)._get_reserve_quantity(
                product_id, location_id, wanted, uom_id, lot_id, package_id, owner_id, strict
            )

        leaving_to = self.env.context.get("scf_leaving_to")
        claims = self._scf_claims_left_by(product_id, leaving_to) if leaving_to and quantity > 0 else []
        if not claims:
            return super()._get_reserve_quantity(
                product_id, location_id, quantity, uom_id, lot_id, package_id, owner_id, strict
            )
        uom = product_id.uom_id
        picks = _PassingOver(uom, claims).pick(reserve, quantity)
        if uom_id and uom_id != uom and not strict:
            # As without pledges: no more than whole units of the transfer.
            total = sum(taken for _quant, taken in picks)
            whole = uom_id._compute_quantity(
                uom._compute_quantity(total, uom_id, rounding_method="DOWN"), uom, rounding_method="HALF-UP"
            )
            picks = _cut(picks, whole, uom)
        return picks

    def _scf_claims_left_by(self, product, destination_id):
        """The claims on the product that goods leave when they go to this location."""
        path = self.env["stock.location"].sudo().browse(destination_id).parent_path or ""
        return [claim for claim in read_claims(self.env, product.ids) if not path.startswith(claim.path)]


class _PassingOver:
    """Picks quants for a transfer, of each pledged place and lot no more than is free."""

    def __init__(self, uom, claims):
        self._uom = uom
        self._claims = claims
        self._left = {claim: max(claim.free, 0.0) for claim in claims}

    def pick(self, reserve, quantity):
        """Ask `reserve(passed_over, wanted)` for (quant, quantity) pairs until no claim is exceeded.

        A claim that would be is used up to what is free, and its goods are passed over from then on.
        """
        shut = [claim for claim in self._claims if self._uom.compare(self._left[claim], 0) <= 0]
        picks = []
        while True:
            passed_over = Domain.OR(claim.quants_domain() for claim in shut) if shut else None
            wanted = quantity - sum(taken for _quant, taken in picks)
            offered = reserve(passed_over, wanted) if self._uom.compare(wanted, 0) > 0 else []
            exceeded = self._exceeded(offered, shut)
            if not exceeded:
                return picks + offered
            inside = [(quant, taken) for quant, taken in offered if _is_of(exceeded, quant)]
            for quant, taken in _cut(inside, self._left[exceeded], self._uom):
                for claim in self._claims:
                    if _is_of(claim, quant):
                        self._left[claim] -= taken
                picks.append((quant, taken))
            shut.append(exceeded)

    def _exceeded(self, offered, shut):
        """The innermost claim, of those that are not shut, of which more is offered than is free."""
        for claim in sorted(set(self._claims) - set(shut), key=lambda claim: (-len(claim.path), claim.lot_id or 0)):
            wanted = sum(taken for quant, taken in offered if _is_of(claim, quant))
            if self._uom.compare(wanted, self._left[claim]) > 0:
                return claim
        return None


def _is_of(claim, quant):
    return claim.has(quant.location_id, quant.lot_id, quant.owner_id)


def _cut(picks, total, uom):
    """The first of the picks, up to `total` together."""
    kept = []
    for quant, taken in picks:
        taken = min(taken, total)
        if uom.compare(taken, 0) > 0:
            kept.append((quant, taken))
            total -= taken
    return kept
