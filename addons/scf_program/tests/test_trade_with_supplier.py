from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from openscf.programs import PrequalificationRow, read_chunk

from odoo.tests import tagged

from odoo.addons.scf_finance.tests.purchase_evidence_case import PurchaseEvidenceCase

from ..prequalification.batch import batch_of
from ..prequalification.scope import Scope
from ..prequalification.trade import read_trade


@tagged("post_install", "-at_install")
class TestTradeWithSupplier(PurchaseEvidenceCase):
    """What a bank is told of the trade with a supplier is what the ERP's own records add up to."""

    def given(self):
        """Two years with a supplier: goods, dozens, a service, another currency; late, returned, credited, disputed."""
        self.on = self.today - timedelta(days=60)
        self.other = self.supplier.copy({"name": "Clay Works", "vat": False})
        self.dozen = self.env.ref("uom.product_uom_dozen")
        self.foreign = self._other_currency()
        self.steady = self._bought(
            (self.nails, 100, 10.0), (self.screws, 10, 24.0, {"product_uom_id": self.dozen.id}), late_days=4
        )
        self._send_back(self.steady.picking_ids, self.nails, 20)
        self.dearer = self._bought((self.nails, 50, 12.0), (self.freight, 1, 90.0), late_days=0, days_ago=30)
        self.abroad = self._bought((self.nails, 10, 30.0), days_ago=20, currency_id=self.foreign.id)
        self.cheap = self._purchase((self.nails, 5, 3.0), partner_id=self.other.id, on=self.today - timedelta(days=9))
        self._purchase((self.nails, 1000, 10.0), confirm=False)
        self._purchase((self.nails, 1000, 10.0)).button_cancel()
        self.old = self._purchase((self.nails, 7, 10.0), on=self.today - timedelta(days=1500))
        self.bill = self._bill(self.steady)
        self.disputed = self._bill(self.dearer)
        self.disputed.action_toggle_block_payment()
        self.refund = self._refund(self.bill, 60.0)
        self._bill(self.abroad, post=False)

    def _other_currency(self):
        """A currency of which 2 are one of the company's, and were 4 before the orders were placed."""
        currency = self.env.ref("base.SEK")
        currency.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", currency.id)]).unlink()
        self.env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": day, "rate": rate, "company_id": self.company.id}
                for day, rate in ((self.today - timedelta(days=1600), 4.0), (self.today - timedelta(days=90), 2.0))
            ]
        )
        return currency

    def _bought(self, *lines, late_days=0, days_ago=60, **values):
        """An order that came in full, `late_days` after the promised day."""
        day = self.today - timedelta(days=days_ago)
        order = self._purchase(*lines, confirm=False, date_order=datetime.combine(day, time(9)), **values)
        order.order_line.date_planned = datetime.combine(day + timedelta(days=5), time(9))
        order.button_confirm()
        order.date_approve = datetime.combine(day, time(12))
        picking = order.picking_ids
        self._deliver(picking)
        picking.move_ids.date = datetime.combine(day + timedelta(days=5 + late_days), time(15))
        return order

    def _send_back(self, picking, product, quantity):
        """Return so many of a product to the supplier."""
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_ids=picking.ids, active_id=picking.id)
            .create({"picking_id": picking.id})
        )
        for line in wizard.product_return_moves:
            line.quantity = quantity if line.product_id == product else 0
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        self._deliver(back, back.move_ids.mapped("product_uom_qty"))

    def _scope(self, **values):
        values.setdefault("supplier_ids", (self.supplier.id, self.other.id))
        currency = values.pop("currency", self.company.currency_id)
        return Scope(self.company.sudo(), currency, as_of=values.pop("as_of", self.today), **values)

    def _trade(self, supplier=None, **values):
        trades = {trade.supplier_id: trade for trade in read_trade(self._scope(**values))}
        return trades[(supplier or self.supplier).id]

    def test_every_figure_is_what_the_records_add_up_to(self):
        trade = self._trade()
        orders = self.steady + self.dearer + self.abroad
        self.assertEqual((trade.orders, trade.order_lines), (3, 5))
        self.assertEqual(trade.first_order_on, self.old.date_approve.date())
        self.assertEqual(trade.last_order_on, self.abroad.date_approve.date())
        self.assertEqual(trade.months_active, len({(day.year, day.month) for day in orders.mapped("date_approve")}))
        self.assertEqual(
            trade.ordered, self._in_cents(sum(order.amount_untaxed / order.currency_rate for order in orders))
        )
        self.assertEqual(trade.ordered, Decimal("2080.00"))
        # 100 nails and 10 dozens, then 50 nails, 10 nails at half the price, and the freight once it is billed.
        self.assertEqual(trade.received, Decimal("1000.00") + 240 + 600 + 150 + 90)
        self.assertEqual(trade.returned, Decimal("200.00"))
        moves = orders.order_line.move_ids.filtered(
            lambda move: move.state == "done" and move.location_id.usage == "supplier"
        )
        late = [move for move in moves if move.date.date() > move.date_deadline.date()]
        self.assertEqual((trade.deliveries, trade.deliveries_late), (len(moves), len(late)))
        self.assertEqual((trade.deliveries, trade.deliveries_late, trade.days_late), (4, 2, Decimal("4.0")))

    def test_bills_credits_and_disputes_are_the_posted_ones(self):
        trade = self._trade()
        bills = self.bill + self.disputed
        self.assertEqual(trade.invoices, 2)
        self.assertEqual(trade.invoiced, self._in_cents(sum(bills.mapped("amount_untaxed"))))
        self.assertEqual(trade.credited, Decimal("60.00"))
        self.assertEqual(trade.disputed, self._in_cents(self.disputed.amount_untaxed))

    def test_price_deviation_is_from_each_products_own_mean_weighted_by_what_was_spent(self):
        # Nails in the company's currency: 100 at 10 and 50 at 12, so 10.6667 on average.
        mean = Decimal(1600) / 150
        moved = 1000 * (mean - 10) / mean + 600 * (12 - mean) / mean
        # Screws, freight, and nails in another currency: at one price each.
        expected = 100 * moved / (1000 + 600 + 240 + 90 + 150)
        self.assertEqual(self._trade().price_deviation_percent, self._in_cents(expected))

    def test_share_is_of_all_that_was_ordered_from_anybody(self):
        ours = self._trade(supplier_ids=(self.supplier.id,))
        self.assertEqual(ours.share_percent, self._in_cents(Decimal(208000) / Decimal("2095")))
        self.assertEqual(ours.share_percent + self._trade(self.other).share_percent, Decimal("100.00"))

    def test_amounts_are_turned_at_the_rate_that_each_document_keeps(self):
        self.env["res.currency.rate"].search([("currency_id", "=", self.foreign.id)]).rate = 50.0
        self.assertEqual(self._trade().ordered, Decimal("2080.00"))

    def test_a_program_in_another_currency_takes_its_own_as_they_are_and_others_at_the_days_rate(self):
        trade = self._trade(currency=self.foreign)
        self.assertEqual(trade.ordered, Decimal("300.00") + 2 * (1000 + 240 + 600 + 90))
        self.assertEqual(trade.received, Decimal("300.00") + 2 * (1000 + 240 + 600 + 90))
        self.assertEqual(trade.invoiced, 2 * self._trade().invoiced)
        self.assertEqual(trade.price_deviation_percent, self._trade().price_deviation_percent)

    def test_returned_more_of_a_service_than_came_is_no_negative_figure(self):
        self.steady.order_line[0].price_unit = -50
        self.assertEqual(self._trade().ordered, Decimal(0))
        PrequalificationRow.model_validate(self._row(self._trade()))

    def test_a_branch_belongs_to_the_company_and_another_company_does_not(self):
        before = self._trade()
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        stranger = self.env["res.company"].create({"name": "Stranger"})
        self.cr.precommit.run()  # Odoo loads a new company's chart of accounts when it would commit
        self.env.cr.execute("UPDATE purchase_order SET company_id = %s WHERE id = %s", [branch.id, self.dearer.id])
        self.env.cr.execute("UPDATE account_move SET company_id = %s WHERE id = %s", [branch.id, self.disputed.id])
        self.env.invalidate_all()
        self.assertEqual(self._trade(), before)
        self.env.cr.execute("UPDATE purchase_order SET company_id = %s WHERE id = %s", [stranger.id, self.dearer.id])
        self.env.cr.execute("UPDATE account_move SET company_id = %s WHERE id = %s", [stranger.id, self.disputed.id])
        self.env.invalidate_all()
        apart = self._trade()
        self.assertEqual((apart.orders, apart.invoices, apart.disputed), (2, 1, 0))
        self.assertEqual(before.ordered - apart.ordered, Decimal("690.00"))

    def test_orders_of_a_contact_are_the_companys(self):
        clerk = self.supplier.copy({"name": "Clerk", "parent_id": self.supplier.id, "is_company": False, "vat": False})
        self._purchase((self.nails, 1, 10.0), partner_id=clerk.id)
        self.assertEqual(self._trade().orders, 4)

    def test_days_are_the_companys_whoever_looks(self):
        self.company.partner_id.tz = "Pacific/Auckland"
        self.steady.date_approve = datetime.combine(self.on, time(23))
        for zone in ("America/Los_Angeles", "Asia/Tokyo"):
            self.env.user.tz = zone
            first = self._trade(as_of=self.on).last_order_on if self._has_trade(self.on) else None
            self.assertIsNone(first, "at eleven in the evening it is the next day in Auckland")
        self.assertEqual(self._trade(as_of=self.on + timedelta(days=1)).orders, 1)

    def _has_trade(self, as_of):
        return any(trade.orders for trade in read_trade(self._scope(as_of=as_of)))

    def test_a_kit_that_comes_in_parts_is_received_as_the_orders_line_says(self):
        before = self._trade()
        line = self.dearer.order_line[0]
        self.env.cr.execute(
            "UPDATE stock_move SET product_id = %s WHERE id = ANY(%s)", [self.screws.id, line.move_ids.ids]
        )
        self.env.invalidate_all()
        scope = self._scope()
        vars(scope)["has_kits"] = True
        trades = {trade.supplier_id: trade for trade in read_trade(scope)}
        self.assertEqual(trades[self.supplier.id].received, before.received)
        self.assertEqual(trades[self.supplier.id].deliveries, before.deliveries)

    def test_whom_nothing_was_bought_from_is_left_out(self):
        nobody = self.supplier.copy({"name": "Nobody", "vat": False})
        scope = self._scope(supplier_ids=(nobody.id, self.other.id))
        self.assertEqual([trade.supplier_id for trade in read_trade(scope)], [self.other.id])

    def test_the_period_ends_with_its_last_day_and_is_twenty_four_months_long(self):
        scope = self._scope(as_of=date(2026, 3, 31))
        self.assertEqual((scope.start, scope.as_of), (date(2024, 4, 1), date(2026, 3, 31)))
        self.assertEqual(self._scope(as_of=date(2026, 2, 27)).start, date(2024, 2, 28))

    def test_it_takes_the_same_few_queries_however_many_suppliers_and_orders(self):
        few = self._queries()
        crowd = self.env["res.partner"].create([{"name": f"Supplier {n}", "is_company": True} for n in range(40)])
        for supplier in crowd:
            self._purchase((self.nails, 2, 10.0), (self.screws, 3, 5.0), partner_id=supplier.id)
        many = self._queries(supplier_ids=(self.supplier.id, *crowd.ids))
        self.assertEqual((few, many), (6, 6))

    def _queries(self, **values):
        scope = self._scope(**values)
        read_trade(scope)
        before = self.cr.sql_log_count
        read_trade(scope)
        return self.cr.sql_log_count - before

    def _row(self, trade):
        return {"member_ref": f"P-{trade.supplier_id}", "named": False, "country": "FR", **trade.figures()}

    def test_the_same_records_give_the_same_bytes(self):
        one = batch_of([self._row(trade) for trade in read_trade(self._scope())], "USD")
        self.env.cr.execute("UPDATE purchase_order_line SET write_date = NOW()")  # the rows lie elsewhere now
        again = batch_of([self._row(trade) for trade in reversed(read_trade(self._scope()))], "USD")
        self.assertEqual([piece.content for piece in one.pieces], [piece.content for piece in again.pieces])
        self.assertEqual(one.totals, {"ordered": "2095.00", "invoiced": one.totals["invoiced"]})
        rows = list(read_chunk(one.pieces[0].content, currency="USD"))
        self.assertEqual(
            [row.ordered for row in rows], [row.ordered for row in sorted(rows, key=lambda r: r.member_ref)]
        )

    def test_two_thousand_and_one_rows_are_three_pieces(self):
        row = self._row(self._trade())
        batch = batch_of([{**row, "member_ref": f"P-{at:05}"} for at in range(2001)], "USD")
        self.assertEqual([piece.rows for piece in batch.pieces], [1000, 1000, 1])
        self.assertEqual(batch.rows, 2001)
        self.assertEqual(batch.totals["ordered"], str(2001 * Decimal(row["ordered"])))

    @staticmethod
    def _in_cents(amount):
        return Decimal(str(amount)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
