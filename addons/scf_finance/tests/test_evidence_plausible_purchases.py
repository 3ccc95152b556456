import random
from datetime import timedelta
from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from .purchase_evidence_case import PurchaseEvidenceCase

# Stories are drawn anew from these, the same ones in every run.
SEEDS = range(5)


@tagged("post_install", "-at_install")
class TestEvidencePlausiblePurchases(PurchaseEvidenceCase):
    """Purchases as they come: whatever was ordered, received, billed, returned, credited and paid, their packages
    verify and say what the ERP says.
    """

    def setUp(self):
        super().setUp()
        self.taxes = (
            self.percent_tax(20.0)
            | self.percent_tax(7.7)
            | self.percent_tax(21.0, price_include_override="tax_included")
            | self.division_tax(18.0)
        )
        self.euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])

    def test_any_purchase(self):
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint():
                self._live(random.Random(seed))

    def _open(self, document):
        self.env.flush_all()
        return document._scf_facts(self.env["scf.bank"], self.today)[0].open_amount

    def _live(self, chance):
        self.company.tax_calculation_rounding_method = chance.choice(("round_per_line", "round_globally"))
        currency = chance.choice((self.euro, self.company.currency_id))
        order = self._purchase(
            *(self._any_line(chance) for _ in range(chance.randint(1, 4))),
            currency_id=currency.id,
            on=self.today - timedelta(days=chance.randint(0, 60)),
        )
        bills = self.env["account.move"]
        for _ in range(chance.randint(0, 3)):
            self._receive_some(chance, order)
            if chance.random() < 0.7:
                bills |= self._bill_some(chance, order)
        self._check(order)
        if bills.exists():
            self._check(bills)

    def _any_line(self, chance):
        product = chance.choice((self.nails, self.screws, self.freight))
        values = {
            "discount": chance.choice((0, 0, 3.3, 12.5, 100)),
            "tax_ids": [Command.set(self.taxes.filtered(lambda _tax: chance.random() < 0.4)[:2].ids)],
        }
        if product != self.freight and chance.random() < 0.3:
            values["product_uom_id"] = self.uom_dozen.id
        return product, chance.randint(1, 40), round(chance.uniform(0.01, 500), 2), values

    def _receive_some(self, chance, order):
        picking = order.picking_ids.filtered(lambda item: item.state not in ("done", "cancel"))[:1]
        if not picking:
            return
        demanded = picking.move_ids.mapped("product_uom_qty")
        quantities = [chance.choice((0, quantity, quantity * 2, round(quantity / 2))) for quantity in demanded]
        if not any(quantities):
            return
        self._deliver(picking, quantities)
        done = picking.move_ids.filtered("quantity")
        if len(picking.move_ids) == 1 and done and chance.random() < 0.4:
            self._return(picking, round(done.quantity / 3) or 1)

    def _bill_some(self, chance, order):
        if not any(order.order_line.mapped("qty_to_invoice")) or order.invoice_status != "to invoice":
            return self.env["account.move"]
        bill = self._bill(order, post=False, invoice_date=self.today - timedelta(days=chance.randint(0, 10)))
        if bill.move_type != "in_invoice":
            bill.unlink()
            return self.env["account.move"]
        for line in bill.invoice_line_ids:
            if chance.random() < 0.3:
                line.quantity = max(round(line.quantity / 2), 1)
            if chance.random() < 0.2:
                line.price_unit = round(line.price_unit * 1.07, 2)
        bill.action_post()
        if bill.currency_id.is_zero(bill.amount_total):
            return self.env["account.move"]
        if chance.random() < 0.5:
            self._pay(bill, bill.currency_id.round(bill.amount_residual * chance.uniform(0.05, 0.9)))
        if chance.random() < 0.4:
            self._refund(bill, bill.currency_id.round(bill.amount_residual / 7) or None)
        return bill

    def _check(self, documents):
        """Read and verify the package, unless nothing is left that could be financed."""
        if sum(self._open(document) for document in documents) < 1:
            return
        sections = self._sections(documents)
        stated = self._assert_totals(sections, documents)
        for document, evidence in zip(stated, sections.evidence.documents, strict=True):
            self.assertEqual(evidence.gross, document.totals.gross)
            self.assertLessEqual(evidence.delivered, evidence.deliverable)
            self.assertLessEqual(evidence.ordered, max(evidence.gross, Decimal(0)))
