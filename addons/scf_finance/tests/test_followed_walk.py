import random
from collections import defaultdict

from odoo.exceptions import UserError
from odoo.tests import tagged

from .followed_case import FollowedCase

WALKS = 2
STEPS = 45


class Impossible(Exception):
    """A step that no warehouse could do: it is undone, and the walk goes on."""


@tagged("post_install", "-at_install")
class TestFollowedWalk(FollowedCase):
    """Whatever happens to the stock, what is followed is what a queue of single pieces says."""

    def test_any_walk_gives_what_a_plain_queue_gives(self):
        done = defaultdict(int)
        for seed in range(WALKS):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._walk(random.Random(seed), done)
                savepoint.rollback()
                self.env.invalidate_all()
                self.env.cr.cache.clear()
        operations = {name for name in dir(self) if name.startswith("do_")}
        self.assertFalse(operations - done.keys(), "operations that never came through")

    # --- the walk ---

    def _walk(self, dice, done):
        self.dice = dice
        self.start = {(self.nails, None): 7, (self.cable, self.drum): 4, (self.cable, self.other_drum): 0}
        for (product, lot), quantity in self.start.items():
            if quantity:
                self._put(product, quantity, self.stock, lot=lot)
        self.purchases = [self._purchase((product, 12)) for product in (self.nails, self.cable) for _twice in range(2)]
        self.others = [self._purchase((product, 50)) for product in (self.nails, self.cable)]
        self.loans = {order: self._loan(order) for order in self.purchases}
        self.sales = []
        operations = sorted(name for name in dir(self) if name.startswith("do_"))
        for _step in range(STEPS):
            name = dice.choice(operations)
            try:
                with self.env.cr.savepoint():
                    came_through = getattr(self, name)()
            except (UserError, Impossible):
                continue
            if came_through:
                done[name] += 1
            self.env.cr.flush()
            self._compare()
        self._compare_money()

    def _lot(self, product):
        return self.dice.choice((self.drum, self.other_drum)) if product == self.cable else None

    def _on_hand_of(self, product, lot):
        return int(self._on_hand(product, self.stock, lot))

    def _some(self, most):
        return self.dice.randint(1, min(most, 9)) if most >= 1 else 0

    def do_receive(self):
        return self._receive_of(self.dice.choice(self.purchases), most=8)

    def do_receive_what_nobody_financed(self):
        return self._receive_of(self.dice.choice(self.others), most=5)

    def do_receive_too_much(self):
        return self._receive_of(self.dice.choice(self.purchases), most=20)

    def _receive_of(self, order, most):
        open_moves = order.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        if not open_moves:
            return False
        move = self._receive(order, self.dice.randint(1, most), self._lot(order.order_line.product_id))
        return move.state == "done"

    def do_sell(self):
        product = self.dice.choice((self.nails, self.cable))
        lot = self._lot(product)
        quantity = self._some(self._on_hand_of(product, lot))
        if not quantity:
            return False
        order = self._sold(product, quantity, lot)
        self.sales.append(order)
        if self.dice.random() < 0.7:
            self._pay(self._invoiced(order), self.dice.randint(1, quantity) * 10.0)
        return True

    def _done_moves(self, moves, kind):
        return moves.filtered(
            lambda move: move.state == "done" and not move.origin_returned_move_id and move.quantity >= 1
        ).filtered(lambda move: kind in (move.location_id.usage, move.location_dest_id.usage))

    def do_take_back_from_a_customer(self):
        moves = self._done_moves(self.env["sale.order"].union(*self.sales).picking_ids.move_ids, "customer")
        return self._back(moves)

    def do_send_back_to_the_supplier(self):
        moves = self._done_moves(self.env["purchase.order"].union(*self.purchases).picking_ids.move_ids, "supplier")
        return self._back(moves)

    def _back(self, moves):
        if not moves:
            return False
        move = self.dice.choice(moves)
        left = int(move.quantity - sum(move.returned_move_ids.filtered(lambda m: m.state == "done").mapped("quantity")))
        quantity = self._some(left)
        if not quantity:
            return False
        back = self._send_back(move, quantity)
        lot = move.move_line_ids[:1].lot_id
        if lot and back.move_line_ids.lot_id != lot:
            raise Impossible("Another lot would go back.")
        if self._negative():
            raise Impossible("Nothing of it is left.")
        return back.state == "done"

    def do_scrap(self):
        product = self.dice.choice((self.nails, self.cable))
        lot = self._lot(product)
        quantity = min(self._some(self._on_hand_of(product, lot)), 3)
        if quantity:
            self._scrap(product, quantity, lot)
        return bool(quantity)

    def do_find(self):
        quants = self.env["stock.quant"].search(
            [("product_id", "in", (self.nails | self.cable).ids), ("location_id", "=", self.stock.id)], order="id"
        )
        if not quants:
            return False
        quant = self.dice.choice(quants).with_context(inventory_mode=True)
        quant.inventory_quantity = max(quant.quantity + self.dice.randint(-2, 4), 0)
        quant.action_apply_inventory()
        return True

    def do_edit_a_done_transfer(self):
        orders = [*self.purchases, *self.others, *self.sales]
        lines = self.env["stock.move.line"].union(*(order.picking_ids.move_ids.move_line_ids for order in orders))
        lines = lines.filtered(lambda line: line.state == "done" and not line.move_id.returned_move_ids)
        if not lines:
            return False
        line = self.dice.choice(lines)
        more = 0 if line.move_id.origin_returned_move_id else 3
        line.quantity = max(line.quantity + self.dice.randint(-3, more), 0)
        self.env.cr.flush()
        if self._negative():
            raise Impossible("Nothing of it is left.")
        return True

    def _negative(self):
        return any(self._on_hand_of(product, lot) < 0 for product, lot in self.start)

    # --- the plain queue ---

    def _plain(self):
        """(received, gone) of each purchase by lot, from a queue of pieces that are each named after who financed it.

        The same transfers, read by the ORM and taken piece by piece, returns crossed out first.
        """
        moves = self.env["stock.move"].search(
            [("state", "=", "done"), ("product_id", "in", (self.nails | self.cable).ids)], order="date, id"
        )
        pieces, returned = defaultdict(int), defaultdict(int)
        for line in moves.move_line_ids:
            direction = (line.location_dest_id.usage == "internal") - (line.location_id.usage == "internal")
            key = (line.move_id, line.lot_id, direction)
            pieces[key] += int(line.quantity)
        for (move, lot, direction), quantity in list(pieces.items()):
            origin = move.origin_returned_move_id
            if origin and pieces.get((origin, lot, -direction)):
                returned[origin, lot, -direction] += quantity
                pieces[move, lot, direction] = 0
        for key, quantity in returned.items():
            excess = max(quantity - pieces[key], 0)
            self.assertFalse(excess, "the walk returns no more than was moved")
            pieces[key] -= quantity
        received, gone = defaultdict(int), defaultdict(int)
        left_to_finance = {order.order_line: int(order.order_line.product_qty) for order in self.purchases}
        queues = {key: [None] * quantity for key, quantity in self.start.items()}
        leaving = defaultdict(list)
        for (move, lot, direction), quantity in pieces.items():
            goods = (move.product_id, lot or None)
            source = move.purchase_line_id if move.purchase_line_id in left_to_finance else None
            if direction > 0:
                financed = min(quantity, left_to_finance[source]) if source else 0
                if source:
                    left_to_finance[source] -= financed
                    received[source, goods[1]] += financed
                queues[goods] += [source] * financed + [None] * (quantity - financed)
            elif direction < 0:
                leaving[goods] += [move] * quantity
        for goods, moves_of_pieces in leaving.items():
            for source, move in zip(queues[goods], moves_of_pieces, strict=False):
                if source:
                    gone[source, goods[1], move] += 1
        return received, gone

    def _compare(self):
        received, gone = self._plain()
        for order, loan in self.loans.items():
            goods = self._goods(loan)
            line = order.order_line
            self.assertEqual(sum(goods.mapped("quantity_financed")), line.product_qty if goods else 0)
            for row in goods:
                lot = row.lot_id or None
                self.assertEqual(row.quantity_received, received[line, lot])
                uses = {use.move_id: use.quantity for use in row.use_ids}
                self.assertEqual(
                    uses, {move: pieces for (of, its, move), pieces in gone.items() if (of, its) == (line, lot)}
                )
                self.assertEqual(row.quantity_gone, sum(uses.values()))
                self.assertEqual(row.quantity_sold + row.quantity_lost + self._sent(row), row.quantity_gone)
                self.assertLessEqual(row.quantity_gone, row.quantity_received)
                self.assertLessEqual(row.quantity_received, row.quantity_financed)
            rows = {(line, row.lot_id or None) for row in goods}
            self.assertFalse({key for key, pieces in received.items() if key[0] == line and pieces} - rows)
        for move, quantity in self.env["scf.followed.use"].sudo()._read_group([], ["move_id"], ["quantity:sum"]):
            self.assertLessEqual(quantity, move.quantity)

    def _sent(self, row):
        return sum(row.use_ids.filtered(lambda use: use.kind == "returned").mapped("quantity"))

    def _compare_money(self):
        """No more is collected than was paid, and nothing is left of it once all payments are undone."""
        collections = self.env["scf.collection"].sudo().search([("company_id", "=", self.company.id)])
        paid = defaultdict(float)
        for row in collections:
            paid[row.partial_id] += row.amount
        for partial_id, amount in paid.items():
            self.assertLessEqual(amount, self.env["account.partial.reconcile"].browse(partial_id).amount + 0.001)
        self.env["sale.order"].union(*self.sales).invoice_ids.line_ids.remove_move_reconcile()
        self.assertEqual(set(collections.mapped("state")) - {"void"}, set())
