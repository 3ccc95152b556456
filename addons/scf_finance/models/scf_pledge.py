from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from .labels import as_note, label_of
from .scf_pledge_claims import forget_open_products, read_claims
from .scf_pledge_guard import check_pledged, is_broken
from .scf_pledge_release import OPEN_RELEASES

STATES = [
    ("proposed", "Proposed"),
    ("active", "Pledged"),
    ("released", "Released"),
    ("dropped", "Not Needed"),
]
# An acceptance that came to nothing makes goods a proposal again, or nothing at all where no offer is left. Goods that
# were given up are held again where the bank grants a loan on an acceptance that it had taken before.
TRANSITIONS = {
    "proposed": {"active", "dropped"},
    "active": {"released", "proposed", "dropped"},
    "dropped": {"active"},
    "released": set(),
}
# What a requester says when he proposes goods. Everything else is written by the methods of this module.
PROPOSED_FIELDS = {
    "company_id",
    "product_id",
    "lot_id",
    "location_id",
    "quantity",
    "haircut",
    "bank_id",
    "application_id",
}
FINANCING = "scf_connector.group_scf_requester"


class ScfPledge(models.Model):
    """Goods that have to stay in a place until the bank lets them go.

    Goods with lots are pledged by lot; goods without, by quantity in a collateral location. The place is a location
    with all below it. Users of the stock see what is pledged and to whom, and nothing of the loan.
    """

    _name = "scf.pledge"
    _description = "Pledged goods"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.record.kept"]
    _order = "id desc"
    _mail_post_access = "read"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/", index="trigram")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="restrict"
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_storable', '=', True)]",
    )
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    tracking = fields.Selection(related="product_id.tracking")
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial Number",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('product_id', '=', product_id)]",
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Place",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
        help="The goods have to stay in this location or below it. Inside it they may be moved.",
    )
    quantity = fields.Float(string="Pledged Quantity", digits="Product Unit", required=True)
    released_quantity = fields.Float(digits="Product Unit", required=True, readonly=True, default=0.0, copy=False)
    held_quantity = fields.Float(
        string="Held",
        digits="Product Unit",
        compute="_compute_held_quantity",
        store=True,
        help="What still has to stay: pledged less released.",
    )
    held_percent = fields.Float(string="Held (%)", compute="_compute_held_percent", digits=(5, 2))
    bank_id = fields.Many2one(
        "scf.bank", index="btree_not_null", ondelete="restrict", check_company=True, groups=FINANCING
    )
    bank_name = fields.Char(string="Pledged To", related="bank_id.name")
    application_id = fields.Many2one(
        "scf.application",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        copy=False,
        groups=FINANCING,
    )
    loan_id = fields.Many2one(
        "scf.loan",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        groups=FINANCING,
    )
    haircut = fields.Float(
        string="Haircut (%)",
        digits=(5, 2),
        default=lambda self: self.env.company.scf_pledge_haircut,
        groups=FINANCING,
        help="What the bank takes off the goods' value, in percent.",
    )
    release_ids = fields.One2many("scf.pledge.release", "pledge_id", string="Releases", readonly=True)
    pledged_on = fields.Datetime(readonly=True, copy=False)
    released_on = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(
        STATES, required=True, readonly=True, default="proposed", copy=False, tracking=True, index=True
    )

    _quantities = models.Constraint(
        "CHECK (quantity > 0 AND released_quantity >= 0 AND released_quantity <= quantity)",
        "A pledged quantity is above zero, and no more than that can be released.",
    )
    _haircut = models.Constraint("CHECK (haircut >= 0 AND haircut < 100)", "A haircut is from 0 to below 100 %.")
    _held_by_somebody = models.Constraint(
        "CHECK (state IN ('proposed', 'dropped') OR bank_id IS NOT NULL)",
        "Goods are pledged to a bank: say to which one.",
    )
    _open_products = models.Index("(product_id) WHERE state IN ('proposed', 'active')")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("quantity", "released_quantity")
    def _compute_held_quantity(self):
        for pledge in self:
            pledge.held_quantity = pledge.quantity - pledge.released_quantity

    @api.depends("quantity", "held_quantity")
    def _compute_held_percent(self):
        for pledge in self:
            pledge.held_percent = 100 * pledge.held_quantity / pledge.quantity if pledge.quantity else 0.0

    # -- constrains -------------------------------------------------------------------------------------------------

    @api.constrains("product_id", "lot_id", "location_id", "company_id")
    def _check_goods(self):
        for pledge in self.sudo():  # whoever proposes learns what is wrong, whatever of the stock he may see
            product, lot, place = pledge.product_id, pledge.lot_id, pledge.location_id
            if not product.is_storable:
                raise ValidationError(
                    self.env._("%s is not kept in stock: there is nothing to pledge.", product.display_name)
                )
            if product.tracking != "none" and not lot:
                raise ValidationError(
                    self.env._("%s has lots or serial numbers: say which one is pledged.", product.display_name)
                )
            if lot and (product.tracking == "none" or lot.product_id != product):
                raise ValidationError(
                    self.env._(
                        "%(lot)s is not a lot of %(product)s.", lot=lot.display_name, product=product.display_name
                    )
                )
            if place.usage != "internal" or place.company_id != pledge.company_id or not place.active:
                raise ValidationError(
                    self.env._(
                        "Goods are pledged in a location of the company's own stock; %s is none.", place.display_name
                    )
                )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            kept = {name for vals in vals_list for name in vals if name in self._fields} - PROPOSED_FIELDS
            kept -= {name for model in ("mail.thread", "mail.activity.mixin") for name in self.env[model]._fields}
            if kept:
                raise AccessError(
                    self.env._("These fields of a pledge are kept by the system: %s", ", ".join(sorted(kept)))
                )
        pledges = super().create(vals_list)
        sequence = self.env["ir.sequence"].sudo()
        for pledge in pledges.sudo():  # numbers are the system's
            pledge.name = sequence.with_company(pledge.company_id).next_by_code("scf.pledge")
        forget_open_products(self.env)
        pledges.sudo()._check_available()
        pledges.sudo()._revalue()
        return pledges

    @api.ondelete(at_uninstall=False)
    def _unlink_only_proposals(self):
        if any(pledge.state != "proposed" for pledge in self):
            raise UserError(self.env._("Goods are pledged until the bank releases them: the pledge can't be deleted."))
        forget_open_products(self.env)

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | PROPOSED_FIELDS

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_ask_release(self):
        """Open the dialog that asks the bank to let goods go."""
        self.check_access("read")
        return self.env["scf.release.request"]._open({pledge: pledge.held_quantity for pledge in self})

    # -- business: states -------------------------------------------------------------------------------------------

    def _activate(self, bank=None, loan=None, haircut=None):
        """The bank has taken the pledge: from now on the goods stay. A repeat changes nothing.

        :param bank: the bank that has taken it, where the proposal named none
        :param loan: the loan that the goods secure
        :param float haircut: what the bank takes off the value, in percent; None to keep what was proposed
        :raise UserError: where the goods are not there any more, or are pledged to somebody else
        """
        proposed = self.filtered(lambda pledge: pledge.state in ("proposed", "dropped"))
        for pledge in proposed:
            values = {"pledged_on": fields.Datetime.now()}
            values.update({name: record.id for name, record in (("bank_id", bank), ("loan_id", loan)) if record})
            if haircut is not None:
                values["haircut"] = haircut
            pledge.write(values)
            pledge._set_state("active")
        proposed._touch_quants()
        check_pledged(self.env, proposed.product_id.ids)
        proposed._revalue()
        for pledge in proposed:
            pledge.message_post(body=self.env._("Pledged to %s.", pledge.bank_name))

    def _stand_down(self, state):
        """Nothing was borrowed on the goods: they are a proposal again, or not needed any more, and free at once.

        :param str state: "proposed" or "dropped"
        """
        freed = self.filtered(lambda pledge: pledge.state == "active" and pledge.loan_id.state in (False, "failed"))
        if state == "dropped":
            freed |= self.filtered(lambda pledge: pledge.state == "proposed")
        for pledge in freed:
            was_held = pledge.state == "active"
            pledge._set_state(state)
            if was_held:
                pledge.write({"bank_id": False, "pledged_on": False})
                pledge.release_ids._expire()
                pledge.activity_unlink(["scf_finance.activity_release_goods"])
                pledge.message_post(body=self.env._("The goods are free: nothing was borrowed on them."))

    def _release(self, quantity, reference, request=None):
        """The bank lets goods go; the same reference is applied once.

        :param float quantity: in the product's unit; more than is held releases all
        :param str reference: the bank's own for this release
        :param request: the `scf.pledge.release` that asked for it, where the bank names one
        :return: the release
        """
        self.ensure_one()
        known = self.release_ids.filtered(lambda release: release.reference == reference)
        if known or self.state == "released":
            return known
        if self.state != "active":
            raise UserError(
                self.env._(
                    "%(pledge)s is “%(state)s”: nothing can be released.",
                    pledge=self.name,
                    state=label_of(self, "state"),
                )
            )
        uom = self.product_uom_id
        if uom.compare(quantity, 0) <= 0:
            raise UserError(self.env._("A release of %(quantity)s is none.", quantity=quantity))
        quantity = min(quantity, self.held_quantity)
        if request and request.pledge_id != self:
            raise UserError(self.env._("%s was not asked for of this pledge.", request.display_name))
        release = request or self.env["scf.pledge.release"].create({"pledge_id": self.id, "quantity": quantity})
        release._take(quantity, reference)
        self.released_quantity += quantity
        if uom.compare(self.held_quantity, 0) <= 0:
            self.released_on = fields.Datetime.now()
            self._set_state("released")
            self.release_ids._expire()
        self._revalue()
        self.message_post(
            body=self.env._(
                "%(bank)s has released %(quantity)s %(unit)s (%(reference)s).",
                bank=self.bank_name,
                quantity=quantity,
                unit=uom.name,
                reference=reference,
            )
        )
        if not self.release_ids.filtered(lambda item: item.state in OPEN_RELEASES):
            self.activity_unlink(["scf_finance.activity_release_goods"])
        return release

    def _ask_release(self, quantity, reason):
        """Record that somebody needs the goods, and tell whoever asked for the financing.

        :return: the request (`scf.pledge.release`)
        """
        self.ensure_one()
        if self.state != "active":
            raise UserError(self.env._("%s holds no goods: nothing has to be released.", self.name))
        if (
            self.product_uom_id.compare(quantity, 0) <= 0
            or self.product_uom_id.compare(quantity, self.held_quantity) > 0
        ):
            raise UserError(
                self.env._(
                    "Ask for more than 0 and no more than the %(held)s %(unit)s that %(pledge)s holds.",
                    held=self.held_quantity,
                    unit=self.product_uom_id.name,
                    pledge=self.name,
                )
            )
        request = self.env["scf.pledge.release"].create(
            {"pledge_id": self.id, "quantity": quantity, "reason": reason, "user_id": self.env.uid}
        )
        note = self.env._(
            "%(user)s needs %(quantity)s %(unit)s of %(product)s: %(reason)s",
            user=self.env.user.name,
            quantity=quantity,
            unit=self.product_uom_id.name,
            product=self.product_id.display_name,
            reason=reason,
        )
        self.message_post(body=note)
        self.activity_schedule("scf_finance.activity_release_goods", user_id=self._responsible().id, note=as_note(note))
        if self.loan_id:
            request._send()
        return request

    def _set_state(self, state):
        """The only writer of `state`: skips repeats and what can't follow.

        :return: whether the state changed
        """
        self.ensure_one()
        if state not in TRANSITIONS[self.state]:
            return False
        self.state = state
        forget_open_products(self.env)
        self._refresh_use()
        return True

    # -- business: goods --------------------------------------------------------------------------------------------

    def _check_available(self):
        """See that goods that are being proposed are there, and not pledged already."""
        uncovered = [
            claim
            for claim in read_claims(self.env, self.product_id.ids, as_if_active=self.ids)
            if is_broken(self.env, claim)
        ]
        for pledge in self:
            for claim in uncovered:
                if pledge._is_under(claim):
                    raise UserError(
                        self.env._(
                            "Of %(goods)s only %(on_hand)s %(unit)s lie in %(place)s; with what is pledged already, "
                            "%(held)s would have to. Propose less, or goods that are free.",
                            goods=pledge.lot_id.display_name or pledge.product_id.display_name,
                            on_hand=claim.on_hand,
                            held=claim.held,
                            unit=pledge.product_uom_id.name,
                            place=self.env["stock.location"].browse(claim.location_id).display_name,
                        )
                    )

    def _is_under(self, claim):
        """Whether this pledge is one of those that the claim sums up."""
        return (
            self.company_id.id == claim.company_id
            and self.product_id.id == claim.product_id
            and (self.lot_id.id or None) == claim.lot_id
            and self.location_id.parent_path.startswith(claim.path)
        )

    def _holding(self, claim):
        """The active pledges that the claim sums up, the oldest first."""
        pledges = self.search([("state", "=", "active"), ("product_id", "=", claim.product_id)], order="pledged_on, id")
        return pledges.filtered(lambda pledge: pledge._is_under(claim))

    def _touch_quants(self):
        """Write the goods' rows, so that whoever is taking them at this moment fails, and is tried again.

        The pledge's own row does the same for whoever saw it proposed; this is for those who began before that.
        """
        self.env["stock.quant"].flush_model()
        for pledge in self:
            quants = self.env["stock.quant"].search(
                [("product_id", "=", pledge.product_id.id), ("location_id", "child_of", pledge.location_id.id)]
            )
            if quants:
                self.env.cr.execute(SQL("UPDATE stock_quant SET write_date = write_date WHERE id IN %s", quants._ids))

    @api.model
    @tools.ormcache()
    def _in_use(self):
        """Whether anything is pledged at all: costs no query, so that a company without pledges pays nothing.

        For what is shown and offered; the hard stop does not rely on it.
        """
        return bool(self.env.execute_query(SQL("SELECT 1 FROM scf_pledge WHERE state = 'active' LIMIT 1")))

    def _refresh_use(self):
        self.flush_model(["state"])
        if self._in_use() != bool(self.sudo().search_count([("state", "=", "active")], limit=1)):
            self.env.registry.clear_cache()
            # Another thread may read the old state again before the commit.
            self.env.cr.postcommit.add(self.env.registry.clear_cache)

    def _responsible(self):
        """Whoever asked for the financing, else whoever proposed the goods."""
        return self.application_id.requester_id or self.create_uid

    # -- business: what the stock screens show ----------------------------------------------------------------------

    @api.model
    def scf_hints(self, model, record_ids):
        """What is pledged of lots, products, locations or quants: `{id: [{"text": …, "pledge_id": …}]}`.

        Asked for after the form or list is on screen. Says nothing where nothing is pledged.
        """
        field = {
            "stock.lot": "lot_id",
            "product.product": "product_id",
            "product.template": "product_id.product_tmpl_id",
            "stock.location": "location_id",
        }.get(model)
        if not field and model != "stock.quant":
            raise UserError(self.env._("Pledges are not shown on %s.", model))
        records = self.env[model].browse(record_ids).exists()
        records.check_access("read")
        if not self.has_access("read") or not self._in_use():
            return {}
        hints = defaultdict(list)
        if model == "stock.quant":
            for pledge in self.search([("state", "=", "active"), ("product_id", "in", records.product_id.ids)]):
                for quant in records.filtered(pledge._holds_from):
                    hints[quant.id].append(pledge._hint())
            return dict(hints)
        for pledge in self.search([("state", "=", "active"), (field, "in", records.ids)]):
            hints[pledge.mapped(field).id].append(pledge._hint())
        return dict(hints)

    def _holds_from(self, quant):
        return (
            quant.product_id == self.product_id
            and (not self.lot_id or quant.lot_id == self.lot_id)
            and quant.location_id.parent_path.startswith(self.location_id.parent_path)
            and quant.company_id == self.company_id
            and quant.owner_id in (self.env["res.partner"], self.company_id.sudo().partner_id)
        )

    def _hint(self):
        return {
            "pledge_id": self.id,
            "text": self.env._(
                "%(held)s %(unit)s pledged to %(bank)s in %(place)s",
                held=f"{self.held_quantity:g}",
                unit=self.product_uom_id.name,
                bank=self.bank_name,
                place=self.location_id.display_name,
            ),
        }
