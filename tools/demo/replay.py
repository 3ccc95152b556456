"""Makes the planned history happen in Odoo, day by day, through the same buttons that a clerk presses.

Each day's steps of one kind run together, as Odoo handles record sets faster than single records. The order within a
day is the order of `Replay.KINDS`: goods arrive before they are sold, invoices exist before they are paid.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from odoo import Command

from demo.clock import ReplayClock
from demo.company import EMPLOYER_MONTHLY_WAGES, MONTHLY_RENT, PAID_IN_CAPITAL, Buyer, article
from demo.foundation import (
    EQUITY_ACCOUNT,
    RENT_ACCOUNT,
    WAGES_ACCOUNT,
    Foundation,
    account_by_code,
    month_end,
)
from demo.history import (
    Credit,
    History,
    Payment,
    Purchase,
    Quotation,
    SaleOrder,
    Shipment,
    business_day,
    business_day_before,
)

CLEARING_DAYS = 1
"""A transfer shows on the bank statement one business day after it was booked."""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A line of the bank statement: either it clears a payment, or it goes straight to an account."""

    on: date
    label: str
    amount: float
    payment: Any = None
    account: Any = None


class Replay:
    """Replays `history` for the company that `found_company` made; `run` is called once."""

    KINDS = (
        "receive", "bill", "pay_bill", "place_purchase",
        "quote", "place_order", "add_to_order", "cancel",
        "ship", "invoice", "take_back", "credit", "collect", "import_statement",
    )  # fmt: skip

    def __init__(self, env: Any, foundation: Foundation, history: History, clock: ReplayClock) -> None:
        self.env = env
        self.clock = clock
        self.history = history
        self.place = foundation
        self.orders: dict[str, Any] = {}
        self.invoices: dict[str, Any] = {}
        self.deliveries: dict[str, Any] = {}
        self._quotations: dict[str, Any] = {}
        self._purchases: dict[str, Any] = {}
        self._bills: dict[str, Any] = {}
        self._coming: dict[Any, list[Movement]] = defaultdict(list)

    def run(self, say: Callable[[str], None]) -> None:
        gc.collect()
        gc.freeze()
        self._open_books()
        agenda = self._agenda()
        month = None
        for day in sorted(agenda):
            if (day.year, day.month) != month:
                month = (day.year, day.month)
                # Odoo walks through all living environments to make one; those in reference cycles pile up otherwise.
                gc.collect()
                say(f"{day:%B %Y}: {self._figures_of_month(agenda, month)}")
            self.clock.move_to(day)
            for kind in self.KINDS:
                if subjects := agenda[day].get(kind):
                    getattr(self, f"_{kind}")(subjects)
            self.env.flush_all()

    def _agenda(self) -> dict[date, dict[str, list[Any]]]:
        """What is to be done on each day, by kind."""
        agenda: dict[date, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))

        def note(on: date, kind: str, subject: Any) -> None:
            if on <= self.history.today:
                agenda[on][kind].append(subject)

        for purchase in self.history.purchases:
            note(purchase.ordered_on, "place_purchase", purchase)
            note(purchase.received_on, "receive", purchase)
            note(purchase.billed_on, "bill", purchase)
            note(purchase.paid_on, "pay_bill", purchase)
        for quotation in self.history.quotations:
            note(quotation.offered_on, "quote", quotation)
            if quotation.cancelled_on:
                note(quotation.cancelled_on, "cancel", quotation)
        for order in self.history.orders:
            note(order.ordered_on, "place_order", order)
            if order.added:
                note(order.added_on, "add_to_order", order)
            for shipment in order.shipments:
                note(shipment.on, "ship", (order, shipment))
                note(shipment.invoiced_on, "invoice", (order, shipment))
                if credit := shipment.credit:
                    note(credit.on, "take_back" if credit.returned else "credit", (order, shipment, credit))
                for payment in shipment.payments:
                    note(payment.on, "collect", (shipment, payment))
        for friday in self._statement_days():
            note(friday, "import_statement", friday)
        return agenda

    def _statement_days(self) -> Iterable[date]:
        day = self.history.start + timedelta(days=(4 - self.history.start.weekday()) % 7)
        while day < self.history.today:
            yield day
            day += timedelta(days=7)
        yield self.history.today

    def _figures_of_month(self, agenda: dict[date, dict[str, list[Any]]], month: tuple[int, int]) -> str:
        counts: dict[str, int] = defaultdict(int)
        for day, kinds in agenda.items():
            if (day.year, day.month) == month:
                for kind, subjects in kinds.items():
                    counts[kind] += len(subjects)
        return (
            f"{counts['place_order']} orders, {counts['ship']} deliveries, {counts['invoice']} invoices, "
            f"{counts['collect']} payments in, {counts['place_purchase']} purchases"
        )

    def _keep(self, records: Any) -> Any:
        """`records` without the context they came with, whose environment would live as long as they do."""
        return records.with_env(self.env)

    # === OPENING === #

    def _open_books(self) -> None:
        """Shareholders' money comes in, and the warehouse is filled from it."""
        start = self.history.start
        self.clock.move_to(start)
        quants = self.env["stock.quant"].create(
            [
                {
                    "product_id": self.place.articles[code].id,
                    "location_id": self.place.warehouse.lot_stock_id.id,
                    "inventory_quantity": quantity,
                }
                for code, quantity in sorted(self.history.opening_stock.items())
            ]
        )
        quants.with_context(inventory_name="Opening stock").action_apply_inventory()
        stock_value = sum(article(code).cost * n for code, n in self.history.opening_stock.items())
        equity = account_by_code(self.env, self.place.company, EQUITY_ACCOUNT)
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": start,
                "ref": "Opening stock, contributed in kind",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.place.company.account_stock_valuation_id.id,
                            "name": "Opening stock",
                            "debit": float(stock_value),
                        }
                    ),
                    Command.create({"account_id": equity.id, "name": "Opening stock", "credit": float(stock_value)}),
                ],
            }
        )
        entry.action_post()
        self._coming[self.place.eur_journal].append(
            Movement(on=start, label="Capital paid in", amount=float(PAID_IN_CAPITAL), account=equity)
        )
        wages = account_by_code(self.env, self.place.company, WAGES_ACCOUNT)
        rent = account_by_code(self.env, self.place.company, RENT_ACCOUNT)
        for month in self.history.months:
            self._coming[self.place.eur_journal] += [
                Movement(
                    on=business_day(month), label=f"Rent, warehouse and office, {month:%m/%Y}",
                    amount=-float(MONTHLY_RENT), account=rent,
                ),
                Movement(
                    on=business_day_before(month_end(month)), label=f"Wages and salaries {month:%m/%Y}",
                    amount=-float(EMPLOYER_MONTHLY_WAGES), account=wages,
                ),
            ]  # fmt: skip

    # === PURCHASING === #

    def _place_purchase(self, purchases: list[Purchase]) -> None:
        records = self.env["purchase.order"].create(
            [
                {
                    "partner_id": self.place.suppliers[purchase.supplier].id,
                    "partner_ref": f"AB-{purchase.ordered_on:%y%m%d}-{purchase.supplier[:3].upper()}",
                    "date_planned": purchase.received_on,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.place.articles[code].id,
                                "product_qty": quantity,
                                "price_unit": float(article(code).cost),
                                "date_planned": purchase.received_on,
                            }
                        )
                        for code, quantity in purchase.quantities.items()
                    ],
                }
                for purchase in purchases
            ]
        )
        records.button_confirm()
        self._purchases.update(zip((p.key for p in purchases), self._keep(records), strict=True))

    def _receive(self, purchases: list[Purchase]) -> None:
        _validate(self.env["stock.picking"].union(*(self._purchases[p.key].picking_ids for p in purchases)))

    def _bill(self, purchases: list[Purchase]) -> None:
        for purchase in purchases:
            order = self._purchases[purchase.key]
            order.action_create_invoice()
            order.invoice_ids.write(
                {"invoice_date": purchase.billed_on, "ref": f"RE-{purchase.billed_on:%Y%m%d}-{order.id}"}
            )
            order.invoice_ids.action_post()
            self._bills[purchase.key] = self._keep(order.invoice_ids)

    def _pay_bill(self, purchases: list[Purchase]) -> None:
        bills = self.env["account.move"].union(*(self._bills[p.key] for p in purchases))
        self._register_payments(bills, self.place.eur_journal)

    # === SELLING === #

    def _quote(self, quotations: list[Quotation]) -> None:
        records = self._draft([self._values(q.buyer, q.quantities) for q in quotations])
        records.write({"state": "sent"})
        for quotation, record in zip(quotations, self._keep(records), strict=True):
            self._quotations[quotation.key] = record
            if quotation.cancelled_on:
                record.action_confirm()

    def _cancel(self, quotations: list[Quotation]) -> None:
        for quotation in quotations:
            self._quotations[quotation.key].with_context(disable_cancel_warning=True).action_cancel()

    def _place_order(self, orders: list[SaleOrder]) -> None:
        records = self._draft([self._order_values(order) for order in orders])
        records.action_confirm()
        self.orders.update(zip((order.key for order in orders), self._keep(records), strict=True))

    def _draft(self, values: list[dict[str, Any]]) -> Any:
        return self.env["sale.order"].with_user(self.place.users["mia"]).sudo().create(values)

    def _order_values(self, order: SaleOrder) -> dict[str, Any]:
        first = {code: quantity - order.added.get(code, 0) for code, quantity in order.quantities.items()}
        return {
            **self._values(order.buyer, first),
            "commitment_date": order.promised_on,
            "client_order_ref": f"{order.buyer.key[:3].upper()}-{order.ordered_on:%y%m}-{order.key[-3:].upper()}",
        }

    def _values(self, buyer: Buyer, quantities: Mapping[str, int]) -> dict[str, Any]:
        return {
            "partner_id": self.place.buyers[buyer.key].id,
            "pricelist_id": self.place.pricelists[buyer.currency].id,
            "date_order": self.clock.now(),
            "user_id": self.place.users["mia"].id,
            "order_line": [
                Command.create(
                    {
                        "product_id": self.place.articles[code].id,
                        "product_uom_qty": quantity,
                        "price_unit": float(self._price(buyer, code)),
                    }
                )
                for code, quantity in quantities.items()
            ],
        }

    def _add_to_order(self, orders: list[SaleOrder]) -> None:
        """The order's log notes the change as it would in a transaction of its own: the evidence has it from there.

        What was made in a transaction is new to the log until that ends, not changed; and the whole history is one.
        """
        self._end_of_transaction(self.env)
        for order in orders:
            lines = self.orders[order.key].with_context(tracking_disable=False).order_line
            for line in lines:
                line.product_uom_qty += order.added.get(line.product_id.default_code, 0)
            self._end_of_transaction(lines.env)

    def _end_of_transaction(self, env: Any) -> None:
        """Have the log written as before a commit, with `env`, which says whether changes are tracked."""
        env.flush_all()
        env.cr.precommit.run()

    def _price(self, buyer: Buyer, code: str) -> Decimal:
        """List price; for the customer in dollars converted on the day and rounded to whole dollars."""
        price = article(code).price
        if buyer.currency == "EUR":
            return price
        dollars = self.env.ref("base.EUR")._convert(
            float(price), self.env.ref(f"base.{buyer.currency}"), self.place.company, self.clock.now().date()
        )
        return Decimal(round(dollars))

    def _ship(self, shipments: list[tuple[SaleOrder, Shipment]]) -> None:
        pickings = self.env["stock.picking"]
        for order, shipment in shipments:
            picking = self.orders[order.key].picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            for move in picking.move_ids:
                quantity = shipment.quantities.get(move.product_id.default_code, 0)
                move.write({"quantity": quantity, "picked": bool(quantity)})
            self.deliveries[shipment.key] = self._keep(picking)
            pickings |= picking
        _validate(pickings)

    def _invoice(self, shipments: list[tuple[SaleOrder, Shipment]]) -> None:
        for order, shipment in shipments:
            invoice = self.orders[order.key]._create_invoices()
            invoice.invoice_date = shipment.invoiced_on
            for line in invoice.invoice_line_ids:
                line.quantity += shipment.left_behind.get(line.product_id.default_code, 0)
            self.invoices[shipment.key] = self._keep(invoice)
        self.env["account.move"].union(*(self.invoices[s.key] for _order, s in shipments)).action_post()

    def _take_back(self, returns: list[tuple[SaleOrder, Shipment, Credit]]) -> None:
        """The goods come back into stock; the order then invoices less than nothing, which is the credit note."""
        for order, shipment, credit in returns:
            delivery = self.deliveries[shipment.key]
            wizard = self.env["stock.return.picking"].create({"picking_id": delivery.id})
            for line in wizard.product_return_moves:
                line.quantity = credit.quantity if line.product_id.default_code == credit.code else 0
            picking = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
            _validate(picking)
            note = self.orders[order.key]._create_invoices(final=True)
            note.write({"invoice_date": credit.on, "ref": credit.reason})
            self._settle_with_credit_note(shipment, note)

    def _credit(self, credits: list[tuple[SaleOrder, Shipment, Credit]]) -> None:
        for _order, shipment, credit in credits:
            wizard = self.env["account.move.reversal"].create(
                {
                    "move_ids": [Command.set(self.invoices[shipment.key].ids)],
                    "date": credit.on,
                    "reason": credit.reason,
                    "journal_id": self.invoices[shipment.key].journal_id.id,
                }
            )
            note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
            other_lines = note.invoice_line_ids.filtered(lambda line: line.product_id.default_code != credit.code)  # noqa: B023
            other_lines.unlink()
            note.invoice_line_ids.quantity = credit.quantity
            self._settle_with_credit_note(shipment, note)

    def _settle_with_credit_note(self, shipment: Shipment, note: Any) -> None:
        note.action_post()
        open_lines = (note | self.invoices[shipment.key]).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        open_lines.reconcile()

    # === BANKING === #

    def _collect(self, payments: list[tuple[Shipment, Payment]]) -> None:
        in_full: dict[Any, Any] = defaultdict(self.env["account.move"].browse)
        for shipment, payment in payments:
            invoice = self.invoices[shipment.key]
            in_dollars = invoice.currency_id == self.place.usd_journal.currency_id
            journal = self.place.usd_journal if in_dollars else self.place.eur_journal
            if payment.last:
                in_full[journal] |= invoice
            else:
                part = invoice.currency_id.round(invoice.amount_total * payment.percent / 100)
                self._register_payments(invoice, journal, amount=part)
        for journal, invoices in in_full.items():
            self._register_payments(invoices, journal)

    def _register_payments(self, moves: Any, journal: Any, *, amount: float | None = None) -> None:
        """Pays each of `moves` by a payment of its own, in full unless `amount` says how much."""
        today = self.clock.now().date()
        values = {"payment_date": today, "journal_id": journal.id, "group_payment": False}
        if amount is not None:
            values |= {"amount": amount, "payment_difference_handling": "open"}
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create(values)
        )
        for payment in wizard._create_payments():
            incoming = payment.payment_type == "inbound"
            self._coming[journal].append(
                Movement(
                    on=business_day(today + timedelta(days=CLEARING_DAYS)),
                    label=f"{payment.partner_id.name} {payment.memo}",
                    amount=payment.amount if incoming else -payment.amount,
                    payment=self._keep(payment),
                )
            )

    def _import_statement(self, days: list[date]) -> None:
        for day in days:
            for journal in list(self._coming):
                movements = sorted((m for m in self._coming[journal] if m.on <= day), key=lambda m: (m.on, m.label))
                self._coming[journal] = [m for m in self._coming[journal] if m.on > day]
                if movements:
                    self._enter_statement(journal, day, movements)

    def _enter_statement(self, journal: Any, day: date, movements: list[Movement]) -> None:
        """Enters the lines and matches each with the payment that it clears."""
        lines = self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": journal.id,
                    "date": movement.on,
                    "payment_ref": movement.label,
                    "amount": movement.amount,
                    "partner_id": movement.payment.partner_id.id if movement.payment else False,
                    "counterpart_account_id": (movement.account or movement.payment.outstanding_account_id).id,
                }
                for movement in movements
            ]
        )
        pairs = []
        for line, movement in zip(lines, movements, strict=True):
            if movement.payment:
                outstanding = movement.payment.outstanding_account_id
                both = (line.move_id | movement.payment.move_id).line_ids
                pairs.append(both.filtered(lambda item: item.account_id == outstanding))  # noqa: B023
        if pairs:
            self.env["account.move.line"]._reconcile_plan(pairs)
        statement = self.env["account.bank.statement"].create(
            {"name": f"{journal.code} {day:%Y-%m-%d}", "line_ids": [Command.set(lines.ids)]}
        )
        statement.balance_end_real = statement.balance_end


def _validate(pickings: Any) -> None:
    """Validates transfers; what was not picked stays in a backorder without a question."""
    question = pickings.with_context(skip_backorder=True).button_validate()
    if question is not True:
        raise RuntimeError(
            f"Odoo asks {question.get('name', question)!r} before it validates {pickings.mapped('name')}."
        )
