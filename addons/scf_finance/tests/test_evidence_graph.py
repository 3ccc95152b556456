from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from ..evidence import e_invoices
from ..evidence.allocation import Claim, Movement, carry, share_out
from .evidence_case import EvidenceCase


@tagged("post_install", "-at_install")
class TestEvidenceGraph(EvidenceCase):
    """Which order, delivery and tax carry each line of the financed documents, and what contradicts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods, cls.wheels = cls.env["product.product"].create(
            [
                {"name": name, "type": "consu", "invoice_policy": "order", "list_price": 10.0, "taxes_id": False}
                for name in ("Frame", "Wheel")
            ]
        )
        cls.service = cls.env["product.product"].create(
            {"name": "Assembly", "type": "service", "invoice_policy": "order", "taxes_id": False}
        )

    def _line(self, sections, at=0):
        return sections.evidence.lines[at]

    def _invoiced(self, order, *quantities):
        """A posted invoice of the order, with these quantities (all where none are given)."""
        invoice = order._create_invoices()
        lines = invoice.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        for line, quantity in zip(lines, quantities or lines.mapped("quantity"), strict=True):
            line.quantity = quantity
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    # --- what carries a line ---

    def test_order_delivery_and_invoice_are_joined(self):
        order = self._order_of((self.goods, 100.0, 10))
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        sections = self._sections(invoice)
        self.assertEqual(sections.order_flow.orders[0].documents, (invoice.name,))
        [delivery] = sections.logistics_flow.deliveries
        self.assertEqual(
            (delivery.number, delivery.order, delivery.direction, delivery.state),
            (order.picking_ids.name, order.name, "out", "done"),
        )
        self.assertEqual(delivery.done_on, self.today)
        line = self._line(sections)
        self.assertEqual((line.gross, line.ordered, line.delivered), (1000, 1000, 1000))
        [ordered], [delivered] = line.orders, line.deliveries
        self.assertEqual((ordered.order, ordered.line, ordered.quantity, ordered.net), (order.name, 1, 10, 1000))
        self.assertEqual((delivered.delivery, delivered.line, delivered.quantity), (delivery.number, 1, 10))
        [sums] = sections.evidence.documents
        self.assertEqual((sums.gross, sums.ordered, sums.delivered, sums.deliverable), (1000, 1000, 1000, 1000))
        self._assert_codes(sections)

    def test_taxes_and_discounts_are_carried_in_proportion(self):
        tax = self.percent_tax(19.0)
        order = self._create_sale_order(
            partner_id=self.buyer,
            order_line=[
                self._prepare_order_line(
                    product_id=self.goods, price_unit=33.33, product_uom_qty=3, discount=10, tax_ids=tax
                )
            ],
        )
        self._deliver(order.picking_ids, [1])
        invoice = self._invoiced(order)
        sections = self._sections(invoice)
        [stated] = self._assert_totals(sections, invoice)
        line = self._line(sections)
        self.assertEqual(line.tax_codes, stated.lines[0].tax_codes)
        self.assertEqual(line.ordered, stated.totals.gross)
        self.assertAlmostEqual(line.delivered, stated.totals.gross / 3, delta=Decimal("0.01"))
        self.assertEqual(sections.evidence.documents[0].taxed, stated.totals.tax)
        self._assert_codes(sections, "quantity-over-delivered")

    def test_services_need_no_delivery(self):
        order = self._order_of((self.goods, 100.0, 2), (self.service, 50.0, 1))
        self._deliver(order.picking_ids)
        sections = self._sections(self._invoiced(order))
        self.assertEqual([line.needs_delivery for line in sections.evidence.lines], [True, False])
        self.assertEqual(self._line(sections, 1).delivered, 0)
        [sums] = sections.evidence.documents
        self.assertEqual((sums.gross, sums.ordered, sums.deliverable, sums.delivered), (250, 250, 200, 200))
        self._assert_codes(sections)

    def test_backorder_delivers_the_rest(self):
        order = self._order_of((self.goods, 100.0, 10))
        backorder = self._deliver(order.picking_ids, [6])
        invoice = self._invoiced(order)
        sections = self._sections(invoice)
        self.assertEqual(self._line(sections).delivered, 600)
        self._assert_codes(sections, "quantity-over-delivered")
        [contradiction] = sections.evidence.contradictions
        self.assertEqual((contradiction.line, contradiction.figure, contradiction.expected), (1, 10, 6))
        self.assertEqual(
            contradiction.sentence,
            f"Line 1 of {invoice.name} charges 10, but only 6 were delivered and not charged before.",
        )
        self._deliver(backorder)
        sections = self._sections(invoice)
        self.assertEqual([item.quantity for item in self._line(sections).deliveries], [6, 4])
        first, second = sections.logistics_flow.deliveries
        self.assertEqual(second.backorder_of, first.number)
        self._assert_codes(sections)

    def test_several_invoices_share_an_order_first_invoice_first(self):
        order = self._order_of((self.goods, 100.0, 10))
        self._deliver(order.picking_ids, [7])
        first = self._invoiced(order, 6)
        second = self._invoiced(order, 4)
        sections = self._sections(second)
        line = self._line(sections)
        self.assertEqual((line.ordered, line.delivered), (400, 100))
        self.assertEqual(sections.order_flow.orders[0].documents, (second.name,))
        both = self._sections(first | second)
        self.assertEqual([line.delivered for line in both.evidence.lines], [600, 100])
        self.assertEqual([sum(piece.quantity for piece in line.deliveries) for line in both.evidence.lines], [6, 1])

    def test_invoice_over_several_orders(self):
        orders = self._order_of((self.goods, 100.0, 2)) | self._order_of((self.goods, 80.0, 5))
        self._deliver(orders[0].picking_ids)
        self._deliver(orders[1].picking_ids)
        invoice = self._invoiced(orders)
        sections = self._sections(invoice)
        self._assert_totals(sections, invoice)
        self.assertEqual([line.orders[0].order for line in sections.evidence.lines], orders.mapped("name"))
        self.assertEqual(sections.evidence.documents[0].delivered, 600)
        self._assert_codes(sections)

    def test_more_invoiced_than_ordered(self):
        order = self._order_of((self.service, 100.0, 10))
        sections = self._sections(self._invoiced(order, 12))
        self.assertEqual(self._line(sections).ordered, 1000)
        [contradiction] = sections.evidence.contradictions
        self.assertEqual(
            (contradiction.code, contradiction.figure, contradiction.expected), ("quantity-over-ordered", 12, 10)
        )

    def test_units_are_converted(self):
        dozen, unit = self.env.ref("uom.product_uom_dozen"), self.env.ref("uom.product_uom_unit")
        order = self._order_of((self.goods, 10.0, 24))
        self._deliver(order.picking_ids)
        invoice = order._create_invoices()
        invoice.invoice_line_ids.write({"product_uom_id": dozen.id, "quantity": 2, "price_unit": 120.0})
        invoice.invoice_date = self.today
        invoice.action_post()
        self.assertEqual(order.order_line.product_uom_id, unit)
        sections = self._sections(invoice)
        line = self._line(sections)
        self.assertEqual((line.ordered, line.delivered, line.orders[0].quantity), (240, 240, 2))
        self._assert_codes(sections)

    def test_down_payment_and_its_deduction_are_carried_by_their_order(self):
        order = self._order_of((self.goods, 100.0, 10))
        down_payment = self._create_down_payment_invoice(order, "percentage", 30, post=True)
        sections = self._sections(down_payment)
        line = self._line(sections)
        self.assertEqual((line.gross, line.ordered, line.needs_delivery), (300, 300, False))
        self._assert_codes(sections)
        self._deliver(order.picking_ids)
        final = self._create_final_invoice(order, post=True)
        sections = self._sections(final)
        self._assert_totals(sections, final)
        [sums] = sections.evidence.documents
        self.assertEqual((sums.gross, sums.ordered, sums.deliverable, sums.delivered), (700, 700, 1000, 1000))
        self._assert_codes(sections)

    def test_order_states_what_was_delivered_of_it(self):
        order = self._order_of((self.goods, 100.0, 10), (self.service, 20.0, 1))
        self._deliver(order.picking_ids, [4])
        sections = self._sections(order)
        line = self._line(sections)
        self.assertEqual((line.ordered, line.delivered), (1000, 400))
        self._assert_codes(sections)

    # --- returns and credit notes ---

    def test_returned_goods_contradict_until_they_are_credited(self):
        order = self._order_of((self.goods, 100.0, 10))
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        back = self._return(order.picking_ids, 3)
        sections = self._sections(invoice)
        line = self._line(sections)
        self.assertEqual(line.delivered, 700)
        self.assertEqual([(item.delivery, item.quantity) for item in line.deliveries][1], (back.name, -3))
        self.assertEqual([row.direction for row in sections.logistics_flow.deliveries], ["out", "in"])
        [contradiction] = sections.evidence.contradictions
        self.assertEqual((contradiction.code, contradiction.figure, contradiction.expected), ("returned", 3, 0))
        note = self._reverse_invoice(invoice)
        note.invoice_line_ids.quantity = 3
        note.action_post()
        self._assert_codes(self._sections(invoice))

    def test_replaced_goods_are_no_contradiction(self):
        order = self._order_of((self.goods, 100.0, 10))
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        self._return(order.picking_ids, 3)
        replacement = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        if not replacement:
            order.order_line.product_uom_qty = 13
            order.order_line.product_uom_qty = 10
            replacement = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        self._deliver(replacement)
        sections = self._sections(invoice)
        self.assertEqual(self._line(sections).delivered, 1000)
        self.assertEqual(sum(item.quantity for item in self._line(sections).deliveries), 10)
        self._assert_codes(sections)

    def test_credited_invoice_leaves_its_goods_to_the_next_one(self):
        order = self._order_of((self.goods, 100.0, 10))
        self._deliver(order.picking_ids)
        wrong = self._invoiced(order)
        self._reverse_invoice(wrong, post=True)
        right = self._invoiced(order)
        sections = self._sections(right)
        line = self._line(sections)
        self.assertEqual((line.ordered, line.delivered), (1000, 1000))
        self._assert_codes(sections)

    # --- contradictions ---

    def test_invoice_without_an_order(self):
        sections = self._sections(self._invoice(1000.0))
        self._assert_codes(sections, "no-order")
        self.assertIsNone(sections.evidence.contradictions[0].line)
        self.assertEqual(self._line(sections).ordered, 0)

    def test_line_without_an_order_line(self):
        order = self._order_of((self.service, 100.0, 1))
        invoice = order._create_invoices()
        invoice.invoice_line_ids = [
            Command.create({"product_id": self.service.id, "quantity": 1, "price_unit": 5.0, "tax_ids": False})
        ]
        invoice.invoice_date = self.today
        invoice.action_post()
        sections = self._sections(invoice)
        self._assert_codes(sections, "no-order")
        self.assertEqual(sections.evidence.contradictions[0].line, 2)

    def test_price_and_taxes_that_the_order_does_not_know(self):
        order = self._order_of((self.service, 100.0, 10))
        invoice = order._create_invoices()
        invoice.invoice_line_ids.write({"price_unit": 120.0, "discount": 5, "tax_ids": self.percent_tax(19.0).ids})
        invoice.invoice_date = self.today
        invoice.action_post()
        sections = self._sections(invoice)
        self._assert_codes(sections, "price-differs", "tax-differs")
        price = sections.evidence.contradictions[0]
        self.assertEqual((price.figure, price.expected), (114, 100))

    def test_another_currency_carries_no_amount(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])
        order = self._order_of((self.service, 100.0, 10))
        invoice = order._create_invoices()
        invoice.currency_id = euro
        invoice.invoice_line_ids.price_unit = 100.0
        invoice.invoice_date = self.today
        invoice.action_post()
        sections = self._sections(invoice)
        self._assert_codes(sections, "currency-differs")
        self.assertEqual((self._line(sections).ordered, self._line(sections).orders), (0, ()))

    def test_another_buyer_is_told_without_its_name(self):
        order = self._order_of((self.service, 100.0, 10))
        invoice = order._create_invoices()
        other = self.env["res.partner"].create({"name": "Nobody Knows Ltd", "is_company": True})
        invoice.partner_id = other
        invoice.invoice_date = self.today
        invoice.action_post()
        sections = self._sections(invoice)
        self._assert_codes(sections, "buyer-differs")
        self.assertNotIn(self.buyer.name, sections.evidence.contradictions[0].sentence)
        self.assertEqual([row.name for row in sections.party.buyers], [other.name, self.buyer.name])

    def test_dates_out_of_order(self):
        order = self._order_of((self.goods, 100.0, 1))
        self._deliver(order.picking_ids)
        invoice = self._invoiced(order)
        order.date_order += timedelta(days=3)
        invoice.invoice_date_due = self.today - timedelta(days=1)
        sections = self._sections(invoice)
        self._assert_codes(sections, "dates-out-of-order", "dates-out-of-order", "dates-out-of-order")

    def test_buyers_word(self):
        invoices = self._invoiced(self._order_of((self.service, 100.0, 1))) | self._invoiced(
            self._order_of((self.service, 70.0, 1))
        )
        answers = [
            {
                "document": invoice.name,
                "answer": "confirmed",
                "amount": f"{invoice.amount_total:.2f}",
                "currency": invoice.currency_id.name,
                "confirmed_by": "Ada",
                "confirmed_at": "2026-11-22T05:55:49Z",
                "statement_sha256": "0" * 64,
            }
            for invoice in invoices
        ]
        for said, assurance, codes in (
            ([], "asserted", ()),
            (answers[:1], "asserted", ()),
            (answers, "counterparty_confirmed", ()),
            ([answers[0], {**answers[1], "answer": "disputed"}], "asserted", ("disputed",)),
        ):
            with (
                self.subTest(said=len(said), codes=codes),
                patch.object(type(invoices), "_scf_confirmations", lambda _documents, said=said: said),
            ):
                sections = self._sections(invoices)
                self.assertEqual(sections.transaction.assurance.value, assurance)
                self._assert_codes(sections, *codes)

    # --- the streams' own members ---

    def test_change_after_confirmation_is_dated(self):
        for tracked in (True, False):
            with self.subTest(confirmation_is_tracked=tracked):
                order = self._order_of((self.service, 100.0, 1), confirm=False)
                order = order.with_context(tracking_disable=False, mail_notrack=False)
                if tracked:
                    self._flush_tracking(order)
                    order.order_line.price_unit = 95.0
                    self._flush_tracking(order)
                order.action_confirm()
                self._flush_tracking(order)
                [stated] = self._sections(order).order_flow.orders
                self.assertEqual((stated.confirmed_on, stated.changed_on), (self.today, None))
                order.order_line.price_unit = 90.0
                self._flush_tracking(order)
                self.assertEqual(self._sections(order).order_flow.orders[0].changed_on, self.today)

    def _flush_tracking(self, order):
        """What the end of a request does."""
        order.env.flush_all()
        self.cr.precommit.run()

    def test_signed_delivery_names_its_receiver(self):
        order = self._order_of((self.goods, 100.0, 1))
        order.picking_ids.with_context(
            mail_notrack=True
        ).signature = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        self.assertEqual(self._sections(order).logistics_flow.deliveries[0].signed_by, order.partner_shipping_id.name)

    def test_numbers_of_e_invoicing_systems(self):
        invoice = self._invoiced(self._order_of((self.service, 100.0, 1)))
        invoice.ref = "FA-2026-000017"
        self.assertEqual(self._sections(invoice).tax_flow.e_invoices, ())
        system = e_invoices.NumberingSystem("Example", "ref", "payment_state")
        with patch.object(e_invoices, "SYSTEMS", (system,)):
            [row] = self._sections(invoice).tax_flow.e_invoices
        self.assertEqual((row.document, row.number, row.state), (invoice.name, "FA-2026-000017", "not_paid"))

    # --- the rule of sharing out ---

    def test_what_was_credited_stands_back(self):
        claims = [Claim(1, Decimal(8), Decimal(2)), Claim(2, Decimal(1), Decimal(0))]
        self.assertEqual(share_out(Decimal(10), claims), {1: 9, 2: 1})
        self.assertEqual(share_out(Decimal(9), claims), {1: 8, 2: 1})
        self.assertEqual(share_out(Decimal(-1), claims), {1: 0, 2: 0})

    def test_returns_go_with_the_transfer_that_they_undo(self):
        moves = [
            Movement(11, Decimal(6), False, None),
            Movement(12, Decimal(4), False, None),
            Movement(13, Decimal(2), True, 11),
        ]
        carried = carry(moves, {1: Decimal(3), 2: Decimal(5)})
        self.assertEqual(carried, {1: [(11, 3)], 2: [(11, 3), (13, -2), (12, 4)]})
        everything_back = [Movement(11, Decimal(6), False, None), Movement(13, Decimal(6), True, None)]
        self.assertEqual(carry(everything_back, {1: Decimal(0)}), {1: [(11, 6), (13, -6)]})
