from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .kits import parts_of_kit
from .scf_followed_flow import Followed, forget_open_followed_products, read_followed

STAGES = [
    ("unknown", "Not followed"),
    ("ordered", "Ordered"),
    ("in_stock", "In stock"),
    ("sold", "Gone"),
    ("returned", "Returned to the supplier"),
]
QUANTITY = {"digits": "Product Unit", "required": True, "default": 0.0}
# What one line of a document brought is one source, however many lots it came in; of a kit, each part is one.
SOURCE_FIELDS = ("document_id", "purchase_line_id", "bill_line_id", "pledge_id", "product_id")


class ScfFollowedGoods(models.Model):
    """Goods that a bank's money paid for, or that secure it, from the order to the sale that repays the loan.

    One row for each line of a financed document, and for each lot in which its goods came. The figures are worked out
    anew from the transfers (`scf_followed_flow`) whenever goods of the product move; nobody writes them by hand. When
    the loan ends they stay as they are.
    """

    _name = "scf.followed.goods"
    _description = "Financed goods"
    _inherit = ["scf.record.kept"]
    _order = "id"
    _rec_name = "product_id"

    document_id = fields.Many2one(
        "scf.application.document", string="Financed Document", required=True, index=True, ondelete="cascade"
    )
    application_id = fields.Many2one(related="document_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="document_id.company_id", store=True, index=True, precompute=True)
    product_id = fields.Many2one("product.product", required=True, ondelete="restrict")
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    lot_id = fields.Many2one("stock.lot", string="Lot/Serial Number", index="btree_not_null", ondelete="restrict")
    purchase_line_id = fields.Many2one("purchase.order.line", index="btree_not_null", ondelete="restrict")
    bill_line_id = fields.Many2one("account.move.line", index="btree_not_null", ondelete="restrict")
    pledge_id = fields.Many2one("scf.pledge", index="btree_not_null", ondelete="restrict")
    quantity_before = fields.Float(
        **QUANTITY, help="What comes first of the purchase line and was billed before: it is not financed."
    )
    quantity_of_source = fields.Float(**QUANTITY, help="What the line of the document finances, in all lots.")
    quantity_financed = fields.Float(
        string="Financed", **QUANTITY, help="Of this lot; without a lot, what has not come under one."
    )
    quantity_received = fields.Float(string="Received", **QUANTITY, help="Less what was returned.")
    quantity_gone = fields.Float(string="Gone", **QUANTITY, help="What left the company's stock.")
    quantity_sold = fields.Float(string="Sold", **QUANTITY, help="What went to customers.")
    quantity_lost = fields.Float(
        string="Lost", **QUANTITY, help="What left without a sale: scrapped, used up, or missing."
    )
    quantity_returned = fields.Float(string="Returned to the Supplier", **QUANTITY)
    quantity_in_stock = fields.Float(string="In Stock", digits="Product Unit", compute="_compute_quantity_in_stock")
    received_percent = fields.Float(string="Received (%)", compute="_compute_percents", digits=(5, 2))
    in_stock_percent = fields.Float(string="In Stock (%)", compute="_compute_percents", digits=(5, 2))
    sold_percent = fields.Float(string="Sold (%)", compute="_compute_percents", digits=(5, 2))
    stage = fields.Selection(STAGES, string="Where It Stands", compute="_compute_stage")
    why_not_followed = fields.Char(
        help="Why nobody can say what becomes of these goods; empty where they are followed."
    )
    use_ids = fields.One2many("scf.followed.use", "goods_id", string="Where They Went")
    is_open = fields.Boolean(string="Followed", default=True, help="Set while the loan is open.")

    _source_once = models.UniqueIndex(
        "(document_id, purchase_line_id, bill_line_id, pledge_id, product_id, lot_id) NULLS NOT DISTINCT",
        "These goods are being followed already.",
    )
    _open_products = models.Index("(product_id) WHERE is_open")
    _open_lots = models.Index("(lot_id) WHERE is_open AND lot_id IS NOT NULL")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("quantity_received", "quantity_gone")
    def _compute_quantity_in_stock(self):
        for goods in self:
            goods.quantity_in_stock = max(goods.quantity_received - goods.quantity_gone, 0.0)

    @api.depends("quantity_financed", "quantity_received", "quantity_in_stock", "quantity_sold")
    def _compute_percents(self):
        for goods in self:
            whole = goods.quantity_financed
            for name in ("received", "in_stock", "sold"):
                goods[f"{name}_percent"] = 100 * goods[f"quantity_{name}"] / whole if whole else 0.0

    @api.depends("quantity_financed", "quantity_received", "quantity_in_stock", "quantity_returned", "why_not_followed")
    def _compute_stage(self):
        for goods in self:
            still_to_come = goods._exceeds(goods.quantity_financed, goods.quantity_received)
            if goods.why_not_followed:
                goods.stage = "unknown"
            elif goods._exceeds(goods.quantity_in_stock, 0):
                goods.stage = "in_stock"
            elif still_to_come:
                goods.stage = "returned" if goods._exceeds(goods.quantity_returned, 0) else "ordered"
            else:
                goods.stage = "sold"

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _recompute(self, product_ids):
        """Work out again what became of the followed goods of these products, and what was paid for them."""
        goods = self.search(
            [("is_open", "=", True), ("why_not_followed", "=", False), ("product_id", "in", list(product_ids))]
        )
        if not goods:
            return
        goods._lock()
        followed = read_followed(self.env, goods.product_id.ids)
        sale_lines = self.env["sale.order.line"]
        for rows in goods.grouped(lambda row: tuple(row[name].id for name in SOURCE_FIELDS)).values():
            sale_lines |= rows._take(followed.get(min(rows.ids), Followed()))
        self.env["scf.collection"]._find_resale_of(sale_lines)

    def _lock(self):
        """Write the rows, so that of two transactions that each move or pay the goods the second one is tried again.

        Neither would see the other: a payment of goods whose delivery is being done would count for nobody.
        """
        self.flush_recordset()
        self.env.cr.execute(SQL("UPDATE scf_followed_goods SET write_date = write_date WHERE id IN %s", self._ids))

    @api.model
    def _lock_sold_on(self, move_ids):
        """Do the same for the goods whose products these invoices name, or bring in a kit.

        :return: whether there are any
        """
        self.flush_model()
        self.env["account.move.line"].flush_model(["product_id", "move_id", "sale_line_ids"])
        self.env["stock.move"].flush_model(["product_id", "sale_line_id"])
        query = SQL(
            """
            UPDATE scf_followed_goods SET write_date = write_date
             WHERE is_open AND product_id IN (
                   SELECT product_id FROM account_move_line WHERE move_id = ANY(%(moves)s)
                    UNION
                   SELECT move.product_id
                     FROM account_move_line line
                     JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
                     JOIN stock_move move ON move.sale_line_id = rel.order_line_id
                    WHERE line.move_id = ANY(%(moves)s))
            RETURNING id
            """,
            moves=list(move_ids),
        )
        return bool(self.env.execute_query(query))

    def _take(self, followed):
        """Keep what became of one source, whose rows these are.

        :param Followed followed: as read from the transfers
        :return: the sale lines by which other quantities than before were sold
        """
        lost_before = sum(self.mapped("quantity_lost"))
        wanted = self._wanted(followed)
        rows = {row.lot_id.id or 0: row for row in self}
        template = self[0]._values_of_source()
        sale_lines = self.env["sale.order.line"]
        for lot_id, (financed, received) in wanted.items():
            row = rows.get(lot_id) or self.create({**template, "lot_id": lot_id})
            rows[lot_id] = row
            gone = {move_id: quantity for (lot, move_id), quantity in followed.gone.items() if lot == lot_id}
            sale_lines |= row._set_uses(gone)
            row._set_figures(financed, received, gone.get(None, 0.0), followed.sent_back if not lot_id else 0.0)
        for lot_id in rows.keys() - wanted.keys():
            sale_lines |= rows[lot_id].use_ids.sale_line_id
            rows[lot_id].unlink()
        kept = self.browse([rows[lot_id].id for lot_id in wanted])
        lost = sum(kept.mapped("quantity_lost")) - lost_before
        if kept[0]._exceeds(lost, 0):
            kept[0]._tell_lost(lost)
        return sale_lines

    def _wanted(self, followed):
        """(financed, received) of each lot of one source; 0 stands for what came without one, or is still to come."""
        whole = self[0].quantity_of_source
        if pledge := self[0].pledge_id:
            lot_id = pledge.lot_id.id if pledge.product_id.tracking != "none" else 0
            return {lot_id: (whole, whole)}
        wanted = {lot_id: (came, came) for lot_id, came in followed.received.items() if lot_id and came > 0}
        rest = whole - sum(came for _financed, came in wanted.values())
        if not wanted or self[0]._exceeds(rest, 0):
            wanted[0] = (rest, followed.received.get(0, 0.0))
        return wanted

    def _values_of_source(self):
        return {
            **{name: self[name].id for name in SOURCE_FIELDS},
            "quantity_before": self.quantity_before,
            "quantity_of_source": self.quantity_of_source,
            "is_open": self.is_open,
        }

    def _set_uses(self, gone):
        """Keep which moves took how many.

        :return: the sale lines of the moves of which that changed
        """
        known = {use.move_id.id: use for use in self.use_ids}
        changed = self.env["scf.followed.use"]
        new = []
        for move_id, quantity in gone.items():
            use = known.pop(move_id, None)
            if use and self.product_uom_id.compare(use.quantity, quantity):
                use.quantity = quantity
                changed |= use
            elif move_id and not use:
                new.append({"goods_id": self.id, "move_id": move_id, "quantity": quantity})
        sale_lines = (changed | changed.create(new)).sale_line_id
        obsolete = self.env["scf.followed.use"].union(*known.values())
        sale_lines |= obsolete.sale_line_id
        obsolete.unlink()
        return sale_lines

    def _set_figures(self, financed, received, missing, sent_back):
        by_kind = {kind: sum(uses.mapped("quantity")) for kind, uses in self.use_ids.grouped("kind").items()}
        figures = {
            "quantity_financed": financed,
            "quantity_received": received,
            "quantity_gone": sum(by_kind.values()) + missing,
            "quantity_sold": by_kind.get("sold", 0.0),
            "quantity_lost": by_kind.get("lost", 0.0) + missing,
            "quantity_returned": by_kind.get("returned", 0.0) + sent_back,
        }
        changed = {
            name: value for name, value in figures.items() if self.product_uom_id.compare(self[name], value) != 0
        }
        if changed:
            self.write(changed)

    def _tell_lost(self, quantity):
        """Nobody pays for goods that left without a sale: whoever asked for the loan has to know."""
        loan = self.env["scf.loan"].search(
            [("application_id", "=", self.application_id.id), ("state", "in", ("granted", "active", "overdue"))],
            limit=1,
        )
        if loan:
            loan._warn(
                self.env._(
                    "%(quantity)s %(unit)s of %(product)s, which this loan financed, left the stock without a sale. No "
                    "payment of a customer will repay them: repay their part from own money.",
                    quantity=f"{quantity:g}",
                    unit=self.product_uom_id.name,
                    product=self.product_id.display_name,
                )
            )

    def _exceeds(self, quantity, other):
        return self.product_uom_id.compare(quantity, other) > 0


class ScfApplicationDocument(models.Model):
    """The goods of a financed purchase, or of a pledge, are followed from the grant of the loan to its end."""

    _inherit = "scf.application.document"

    followed_ids = fields.One2many("scf.followed.goods", "document_id", string="Financed Goods", readonly=True)

    def _follow(self):
        """Follow the goods of these documents from now on; goods that were followed before are followed again."""
        lines = self.sudo()
        goods = lines.followed_ids
        goods.is_open = True
        new = lines.filtered(lambda line: not line.followed_ids)
        goods |= goods.create([values for line in new for values in line._goods_to_follow()])
        forget_open_followed_products(self.env)
        goods._recompute(goods.product_id.ids)

    def _unfollow(self):
        """The loan has ended: what became of the goods stays as it is by now."""
        self.sudo().followed_ids.is_open = False
        forget_open_followed_products(self.env)

    def _goods_to_follow(self):
        """Values of `scf.followed.goods` for each line of goods of the document; none for a sale."""
        self.ensure_one()
        if pledge := self.pledge_id:
            lot_id = pledge.lot_id.id if pledge.product_id.tracking != "none" else False
            return [
                {
                    **self._values_to_follow(pledge.product_id, pledge.quantity),
                    "pledge_id": pledge.id,
                    "lot_id": lot_id,
                }
            ]
        if self.purchase_order_id:
            return [
                {**self._values_to_follow(part, quantity), "purchase_line_id": line.id}
                for line in self.purchase_order_id.order_line
                if not line.display_type
                for part, quantity in self._goods_in(line.product_id, line.product_qty, line.product_uom_id).items()
            ]
        return self._billed_goods_to_follow() if self.move_id.move_type == "in_invoice" else []

    def _billed_goods_to_follow(self):
        """Of what came on a purchase line, a bill is for what follows that which earlier bills were for."""
        lines = self.move_id.invoice_line_ids.filtered(
            lambda line: line.display_type == "product" and line.quantity > 0
        )
        before = self._billed_before(lines.purchase_line_id)
        found = []
        for line in lines.sorted("id"):
            source = line.purchase_line_id
            for part, quantity in self._goods_in(line.product_id, line.quantity, line.product_uom_id).items():
                values = self._values_to_follow(part, quantity)
                values |= {"bill_line_id": line.id, "purchase_line_id": source.id}
                if source:
                    values["quantity_before"] = self._first_free(source, part, before[source, part], quantity)
                    before[source, part] = values["quantity_before"] + quantity
                else:
                    values["why_not_followed"] = self.env._(
                        "The line of the bill belongs to no purchase order, so nobody can say by which receipt it came."
                    )
                found.append(values)
        return found

    def _billed_before(self, purchase_lines):
        """What posted bills before this one were for, by purchase line and product, in the product's unit."""

        def is_earlier(move):
            return (
                move.move_type == "in_invoice"
                and move.state == "posted"
                and (move.invoice_date, move.id) < (self.move_id.invoice_date, self.move_id.id)
            )

        before = defaultdict(float)
        for line in purchase_lines.invoice_lines:
            sign = 0
            if is_earlier(line.move_id):
                sign = 1
            elif line.move_id.state == "posted" and is_earlier(line.move_id.reversed_entry_id):
                sign = -1
            for part, quantity in self._goods_in(line.product_id, line.quantity, line.product_uom_id).items():
                before[line.purchase_line_id, part] += sign * quantity
        return before

    def _first_free(self, purchase_line, product, place, quantity):
        """Where on the purchase line the goods of a bill begin: no piece is followed for two documents.

        A bill that is posted late and dated back comes before one whose goods are followed already.

        :param float place: where they begin by the dates of the bills
        """
        followed = self.env["scf.followed.goods"].search(
            [("purchase_line_id", "=", purchase_line.id), ("product_id", "=", product.id), ("is_open", "=", True)]
        )
        taken = sorted({(row.quantity_before, row.quantity_before + row.quantity_of_source) for row in followed})
        for begin, end in taken:
            if product.uom_id.compare(begin, place + quantity) < 0 and product.uom_id.compare(end, place) > 0:
                place = end
        return place

    def _goods_in(self, product, quantity, uom):
        """What is to be followed of a line, by product, in its unit: goods kept in stock, and those that kits bring."""
        quantity = uom._compute_quantity(quantity, product.uom_id, rounding_method="HALF-UP") if uom else quantity
        parts = parts_of_kit(product, quantity, self.company_id) or {product: quantity}
        return {part: needed for part, needed in parts.items() if part.is_storable}

    def _values_to_follow(self, product, quantity):
        return {
            "document_id": self.id,
            "product_id": product.id,
            "quantity_of_source": quantity,
            "quantity_financed": quantity,
        }


class ScfLoan(models.Model):
    """From a loan one sees where its goods are."""

    _inherit = "scf.loan"

    followed_goods_count = fields.Integer(string="Financed Goods", compute="_compute_followed_goods_count")

    def _compute_followed_goods_count(self):
        groups = self.env["scf.followed.goods"]._read_group(
            [("application_id", "in", self.application_id.ids)], ["application_id"], ["__count"]
        )
        counts = {application.id: count for application, count in groups}
        for loan in self:
            loan.followed_goods_count = counts.get(loan.application_id.id, 0)

    def action_open_goods(self):
        """Open the goods that the loan financed, and what became of them."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Goods financed by %s", self.name),
            "res_model": "scf.followed.goods",
            "views": [(False, "list"), (False, "form")],
            "domain": [("application_id", "=", self.application_id.id)],
        }
