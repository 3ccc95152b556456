from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from ..eligibility.facts import read_invoice_facts, read_order_facts
from .followed_case import FollowedCase


@tagged("post_install", "-at_install")
class TestFollowedMoney(FollowedCase):
    """Who buys financed goods repays the loan, and the goods are financed only once."""

    def setUp(self):
        super().setUp()
        self.purchase = self._purchase((self.nails, 10))
        self.loan = self._loan(self.purchase)
        self._receive(self.purchase, 10)

    def _credited(self, invoice, amount, *, quantity=1.0):
        """A credit note of the invoice's only line, matched with it."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": self.today})
        )
        note = self.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        note.invoice_line_ids.write({"quantity": quantity, "price_unit": amount / quantity})
        note.action_post()
        kind = "asset_receivable" if invoice.move_type == "out_invoice" else "liability_payable"
        items = (invoice + note).line_ids.filtered(lambda line: line.account_type == kind and not line.reconciled)
        if len(items) > 1:
            items.reconcile()  # where posting did not
        return note

    def test_payment_for_financed_goods_is_reported_with_the_customers_invoice(self):
        invoice = self._invoiced(self._sold(self.nails, 6))
        self._pay(invoice, 45.0)
        self.assertEqual(self._collected(self.loan), [("payment", 45)])
        self._pay(invoice)
        self.assertEqual(self._collected(self.loan), [("payment", 45), ("payment", 15)])
        self.loan.collection_ids[0]._report()
        body = self.rhone_bank.body("collect")
        self.assertEqual(body["document"], {"kind": "customer_invoice", "number": invoice.name})

    def test_only_the_part_that_is_for_financed_goods_counts(self):
        self._put(self.sand, 100, self.stock)
        order = self._order_of(self.nails, 10)
        order.write(
            {
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.sand.id,
                            "product_uom_qty": 20,
                            "price_unit": 5.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ]
            }
        )
        order.picking_ids.move_ids.picked = True
        order.picking_ids._action_done()
        self.env.cr.flush()
        self.assertEqual(self._figures(self.loan)[0][3], 10)
        self._pay(self._invoiced(order), 100.0)
        self.assertEqual(self._collected(self.loan), [("payment", 50)])

    def test_payment_that_is_undone_is_taken_back_and_counts_again(self):
        invoice = self._invoiced(self._sold(self.nails, 6))
        payment = self._pay(invoice)
        self.loan.collection_ids._report()
        payment.action_draft()
        self.assertEqual(self._collected(self.loan), [("payment", 60), ("undone", 60)])
        payment.action_post()
        self.assertEqual(self._collected(self.loan), [("payment", 60), ("undone", 60), ("payment", 60)])

    def test_invoice_paid_before_the_goods_left_counts_as_they_leave(self):
        order = self._order_of(self.nails, 8)
        invoice = self._invoiced(order)
        self._pay(invoice)
        self.assertEqual(self._collected(self.loan), [])
        self._deliver(order, 3)
        self.assertEqual(self._collected(self.loan), [("payment", 30)])
        self._deliver(order, 5)
        self.assertEqual(self._collected(self.loan), [("payment", 30), ("payment", 50)])
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._collected(self.loan), [], "all that was found of the payment lapses")

    def test_several_invoices_of_one_line_are_for_the_goods_in_their_order(self):
        self._put(self.nails, 4, self.stock)
        first = self._purchase((self.nails, 6))
        other = self._loan(first)
        self._receive(first, 6)
        self.nails.invoice_policy = "delivery"
        order = self._order_of(self.nails, 20)
        self._deliver(order, 8)
        one = self._invoiced(order)
        self._deliver(order, 12)
        two = self._invoiced(order)
        self._pay(two)
        self._pay(one)
        # 4 lay there before and 10 came before the other 6.
        by_invoice = {
            (loan, row.move_id): row.amount for loan in (self.loan, other) for row in loan.collection_ids.sudo()
        }
        self.assertEqual(
            by_invoice, {(self.loan, one): 40, (self.loan, two): 60, (other, two): 60}, "the first 4 were nobody's"
        )

    def test_discounts_and_down_payments_do_not_make_more_of_a_payment_than_it_is(self):
        order = self._order_of(self.nails, 10)
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        self.assertEqual(self._collected(self.loan), [])
        self._deliver(order, 10)
        self._pay(self._invoiced(order, final=True))
        self.assertEqual(self._collected(self.loan), [("payment", 75)])

    def test_credit_note_of_a_resale_is_no_dilution(self):
        order = self._sold(self.nails, 10)
        invoice = self._invoiced(order)
        self._send_back(order.picking_ids.move_ids, 2)
        self._credited(invoice, 20.0, quantity=2.0)
        self._pay(invoice)
        self.assertEqual(self._collected(self.loan), [("payment", 80)])

    def test_credited_and_written_anew_the_goods_are_paid_by_the_new_invoice(self):
        order = self._sold(self.nails, 10)
        wrong = self._invoiced(order)
        self._credited(wrong, 100.0, quantity=10.0)
        right = self._invoiced(order)
        self._pay(right)
        self.assertEqual([(row.move_id, row.amount) for row in self.loan.collection_ids], [(right, 100)])

    def test_loan_on_the_invoice_itself_is_repaid_first(self):
        invoice = self._invoiced(self._sold(self.nails, 10))
        on_invoice = self._loan(invoice)
        self._pay(invoice, 70.0)
        self.assertEqual(self._collected(on_invoice), [("payment", 70)])
        self.assertEqual(self._collected(self.loan), [])
        on_invoice._set_state("closed")
        self._pay(invoice)
        self.assertEqual(self._collected(self.loan), [("payment", 30)])

    def test_what_a_bank_refuses_is_left_for_the_loan_whose_goods_it_is_for(self):
        earlier = self._purchase((self.nails, 10))
        other = self._loan(earlier)
        invoice = self._invoiced(self._sold(self.nails, 10))
        self._pay(invoice)
        self.loan.collection_ids._report()
        late = self._receive(earlier, 10)
        late.date = "2020-01-01 00:00:00"
        self.env.cr.flush()
        self.assertEqual(self._collected(other), [], "the bank was told that the payment is for the other loan")
        self.rhone_bank.refuse("collect")
        self.assertEqual(self.loan.collection_ids.state, "refused")
        self.assertEqual(self._collected(other), [("payment", 100)])
        self.assertEqual(self._collected(self.loan), [("payment", 100)], "and it is not told there again")

    def test_payment_from_before_the_request_is_nobodys(self):
        order = self._order_of(self.nails, 6)
        self._pay(self._invoiced(order), payment_date=self.today - timedelta(days=3))
        self._deliver(order, 6)
        self.assertEqual(self._collected(self.loan), [])

    def test_sales_of_other_goods_bring_nothing(self):
        self._put(self.sand, 100, self.stock)
        self._pay(self._invoiced(self._sold(self.sand, 10)))
        self._pay(self._invoice(500.0))
        self.assertEqual(self._collected(self.loan), [])

    def test_suppliers_credit_on_a_financed_bill_is_a_dilution_of_the_bill(self):
        purchase = self._purchase((self.cable, 10))
        self._receive(purchase, 10, self.drum)
        bill = self._bill(purchase)
        loan = self._loan(bill)
        self._pay(bill, 20.0)
        self.assertEqual(self._collected(loan), [], "the company's own payment is no business of the bank")
        note = self._credited(bill, 15.0)
        self.assertEqual(self._collected(loan), [("dilution", 15)])
        loan.collection_ids._report()
        self.assertEqual(self.rhone_bank.body("collect")["document"], {"kind": "vendor_bill", "number": bill.name})
        note.button_draft()
        self.assertEqual(self._collected(loan), [("dilution", 15), ("undone", 15)])

    def test_suppliers_credit_on_a_bill_of_a_financed_order_is_a_dilution_of_the_order(self):
        other = self._purchase((self.cable, 20))
        self._receive(other, 20, self.drum)
        joint = self._bill(self.purchase | other)
        self._pay(joint, 20.0)
        self.assertEqual(self._collected(self.loan), [], "the company's own payment is no business of the bank")
        note = self._credited(joint, 7.5)  # each of the two lines
        self.assertEqual(self._collected(self.loan), [("dilution", 5)], "a third of the bill is for the order")
        self.loan.collection_ids._report()
        self.assertEqual(self.rhone_bank.body("collect")["document"], {"kind": "vendor_bill", "number": joint.name})
        late = self._loan(other)
        self.env["scf.collection"].sudo()._find_since_package(late)
        self.assertEqual(self._collected(late), [("dilution", 10)], "credited before the bank granted it")
        note.button_draft()
        self.assertEqual(self._collected(self.loan), [("dilution", 5), ("undone", 5)])

    def test_loan_that_comes_back_finds_what_was_paid_meanwhile(self):
        self.loan._set_state("closed")
        self._pay(self._invoiced(self._sold(self.nails, 5)))
        self.assertEqual(self._collected(self.loan), [])
        self.loan._reopen()
        self.assertEqual(self._collected(self.loan), [("payment", 50)])

    # --- one asset through its forms ---

    def _refusal(self, document):
        [assessed] = document._scf_assess().documents
        return " ".join(finding.sentence for finding in assessed.stops if finding.code == "already_financed")

    def test_sale_of_financed_goods_is_not_financed_again(self):
        order = self._sold(self.nails, 6)
        invoice = self._invoiced(order)
        name = self.loan.application_id.name
        for document in (order, invoice):
            self.assertEqual(
                self._refusal(document),
                f"The goods on {document.name} are financed by {name}, which is repaid out of this sale.",
            )
        self.loan._set_state("closed")
        self.assertFalse(self._refusal(order) or self._refusal(invoice))

    def test_lots_that_are_reserved_count_before_they_leave(self):
        purchase = self._purchase((self.cable, 10))
        loan = self._loan(purchase)
        self._receive(purchase, 10, self.drum)
        order = self._order_of(self.cable, 4)
        self.assertEqual(order.picking_ids.move_line_ids.lot_id, self.drum)
        for document in (order, self._invoiced(order)):
            self.assertIn(loan.application_id.name, self._refusal(document))
        other = self._order_of(self.nails, 1)
        self.assertFalse(self._refusal(other))

    def test_goods_that_a_bank_paid_for_can_not_be_pledged(self):
        purchase = self._purchase((self.cable, 10))
        loan = self._loan(purchase)
        self._receive(purchase, 10, self.drum)
        lot = self._proposed(self.cable, 4, self.stock, self.drum)
        self.assertIn(loan.application_id.name, self._refusal(lot))
        self._put(self.nails, 5, self.stock)
        self.assertFalse(self._refusal(self._proposed(self.nails, 5, self.stock)))
        self.assertIn(self.loan.application_id.name, self._refusal(self._proposed(self.nails, 6, self.stock)))

    def test_purchase_of_pledged_lots_is_not_financed(self):
        purchase = self._purchase((self.cable, 10))
        self._receive(purchase, 10, self.drum)
        pledge = self._proposed(self.cable, 4, self.stock, self.drum, bank_id=self.rhone.id).sudo()
        loan = self._loan(pledge)
        pledge._activate()
        for document in (purchase, self._bill(purchase)):
            self.assertEqual(
                self._refusal(document),
                f"Goods that came with {document.name} are pledged for {loan.application_id.name}.",
            )

    def test_purchase_whose_goods_are_pledged_without_lots_is_not_financed(self):
        old, purchase, coming = (self._purchase((self.sand, 10)) for _number in range(3))
        self._receive(old, 10)
        self._sold(self.sand, 10)
        receipt = self._receive(purchase, 10)
        pledge = self._proposed(self.sand, 10, self.stock, bank_id=self.rhone.id).sudo()
        bill = self._bill(purchase)
        self.assertFalse(self._refusal(bill), "nobody was asked for money on the goods")
        loan = self._loan(pledge)
        for activate in (False, True):
            if activate:
                pledge._activate()
            for document in (purchase, bill):
                self.assertEqual(
                    self._refusal(document),
                    f"Goods that came with {document.name} are pledged for {loan.application_id.name}.",
                )
            for document in (old, self._bill(old) if activate else old, coming):
                self.assertFalse(self._refusal(document), "long sold, or still to come")
        self._put(self.sand, 9, self.stock)
        self.assertTrue(self._refusal(purchase), "one is missing")
        self._put(self.sand, 1, self.stock)
        self.assertFalse(self._refusal(purchase) or self._refusal(bill), "others lie there for the pledge")
        self._send_back(receipt, 10)
        self.assertFalse(self._refusal(purchase), "nothing of it came to stay")

    def test_pledged_stock_needs_goods_beside_those_that_banks_paid_for(self):
        purchase, other = self._purchase((self.sand, 10)), self._purchase((self.sand, 10))
        for order in (purchase, other):
            self._receive(order, 10)
        on_goods = self._loan(self._pledged(self.sand, 5, self.stock))
        self._put(self.sand, 5, self.stock)
        self.assertFalse(self._refusal(purchase) or self._refusal(other))
        self._loan(other)
        self.assertFalse(self._refusal(purchase), "5 + 10 of others are enough for the pledge and the bank")
        self._put(self.sand, -1, self.stock)
        self.assertIn(on_goods.application_id.name, self._refusal(purchase))

    def test_goods_that_customers_gave_back_are_no_new_receipt(self):
        purchase = self._purchase((self.sand, 10))
        self._receive(purchase, 10)
        sale = self._sold(self.sand, 10)
        self._send_back(sale.picking_ids.move_ids, 10)
        self._loan(self._pledged(self.sand, 10, self.stock))
        self.assertTrue(self._refusal(purchase))

    def test_bill_needs_no_more_than_it_bills(self):
        purchase = self._purchase((self.sand, 10))
        self._receive(purchase, 4)
        bill = self._bill(purchase)
        self._receive(purchase, 6)
        self._loan(self._pledged(self.sand, 6, self.stock))
        self.assertFalse(self._refusal(bill))
        self.assertTrue(self._refusal(purchase))

    def test_bill_of_a_financed_purchase_is_not_financed(self):
        self.assertIn(self.purchase.name, self._refusal(self._bill(self.purchase)))
        purchase = self._purchase((self.nails, 3))
        self._receive(purchase, 3)
        bill = self._bill(purchase)
        self._loan(bill)
        self.assertIn(bill.name, self._refusal(purchase))

    def test_facts_of_many_documents_cost_as_many_queries_as_of_one(self):
        orders = self.env["sale.order"].union(*(self._sold(self.nails, 1) for _number in range(3)))
        invoices = self.env["account.move"].union(*(self._invoiced(order) for order in orders))
        for read, documents in ((read_order_facts, orders), (read_invoice_facts, invoices)):
            queries = []
            for some in (documents[:1], documents[:1], documents):
                self.env.flush_all()
                before = self.env.cr.sql_log_count
                facts = read(some, banks=self.env["scf.bank"], today=self.today)
                queries.append(self.env.cr.sql_log_count - before)
            self.assertEqual(queries[1], queries[2])
            self.assertTrue(all(claim.by_goods for item in facts for claim in item.claims))
