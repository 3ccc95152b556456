from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact

SETTLEMENT_REVERSED = "payable.settlement_reversed"


class ScfPayable(models.Model):
    """The books of a payable: from the supplier to the bank when it is paid early, away when the bank is paid.

    paid: Dr payable of the supplier (matched with the bill), Cr payables to banks, the bill's due date; settled: Dr
    payables to banks (matched), Cr clearing, until the bank statement brings it; a payout that failed: the first entry
    reversed. Each step is booked once, as an entry (`scf.payable.entry`) that names its journal entry.
    """

    _inherit = "scf.payable"

    entry_ids = fields.One2many("scf.payable.entry", "payable_id", string="Booked", readonly=True)

    # -- business: the bank paid ------------------------------------------------------------------------------------

    def _take_payment(self, row, wire, kind=None):
        """Book that a bank has paid the supplier, and what the bank says has been settled since.

        :param row: `scf.payable.bank`
        :param openscf.payables.Payable wire: PAID, OVERDUE or SETTLED
        :param str kind: the event's type; None for an answer
        """
        self.ensure_one()
        request = self._request_at(row, wire)
        self._take_back_approved_anew(row)
        was, why = request.state, request.message
        if request._set_state("paid"):
            request.paid_on = wire.paid.paid_on
            if was in ("refused", "failed"):
                self._warn_of_payment(request, why)
        if not request.entry_ids:
            self._book_payment(request, wire)
            self._set_state("paid")
            self.member_id._set_state("financed")
            self.message_post(
                body=self.env._(
                    "%(bank)s paid %(payout)s to the supplier on %(day)s. %(amount)s are owed to the bank on %(due)s.",
                    bank=row.bank_id.sudo().name,
                    payout=self._money(wire.paid.payout.amount),
                    day=format_date(self.env, wire.paid.paid_on),
                    amount=self._money(self.amount),
                    due=format_date(self.env, self.due_date),
                )
            )
        self._take_settled(request, wire, is_taken_back=kind == SETTLEMENT_REVERSED)
        if self.state == "settled" and wire.status.value in ("PAID", "OVERDUE"):
            self._set_state("paid")
        # An event from before a settlement is read after the answer to it: nothing is owed by the books then.
        if wire.status.value == "OVERDUE" and self._owed() > 0 and self._set_state("overdue"):
            self._warn(
                self.env._(
                    "%(bank)s was to be paid %(amount)s for %(bill)s on %(due)s. Pay it now.",
                    bank=row.bank_id.sudo().name,
                    amount=self._money(self._owed()),
                    bill=self.move_id.name,
                    due=format_date(self.env, self.due_date),
                )
            )
        if wire.status.value == "SETTLED" and self._set_state("settled"):
            self.settles_by_hand = False

    def _request_at(self, row, wire):
        """The early payment that the bank paid.

        :raise UserError: where this company agreed to none: the event waits until a person has looked
        """
        live = self._live_request()
        asked = wire.request.request_id if wire.request else None
        request = live.filtered(lambda one: one.bank_row_id == row) or self.request_ids.filtered(
            lambda one: one.bank_row_id == row and one.wire_ref == asked
        )
        if request - live and (live or request.entry_ids):
            self._leave_payment_to_a_person(row)
        if not request or not wire.paid:
            raise UserError(
                self.env._(
                    "%(bank)s says that it paid %(payable)s early, which nobody here agreed to. Ask the bank.",
                    bank=row.bank_id.sudo().name,
                    payable=self.display_name,
                )
            )
        return request

    def _leave_payment_to_a_person(self, row):
        """Let the event wait.

        :raise UserError: always
        """
        raise UserError(
            self.env._(
                "%(bank)s says that it paid %(payable)s early, which came to nothing by our records, and which "
                "somebody else pays or has paid since, or which was paid and taken back. Ask the bank, and book it "
                "by hand.",
                bank=row.bank_id.sudo().name,
                payable=self.display_name,
            )
        )

    def _take_back_approved_anew(self, row):
        """What a bank paid after it was withdrawn here is offered to nobody else: the same was approved once more.

        :raise UserError: where somebody else is to pay that, or has paid it
        """
        anew = self._open_of(self.move_id).filtered(lambda one: one != self and one.due_date == self.due_date)
        if anew.filtered(lambda one: one.state != "approved"):
            self._leave_payment_to_a_person(row)
        anew._withdraw(self.env._("A bank has paid the bill early."))
        anew.flush_recordset(["state"])  # the database knows one open approval of a bill's due date

    def _warn_of_payment(self, request, why):
        """Say that a bank paid what by our records had come to nothing: its word about money counts."""
        self._warn(
            self.env._(
                "%(bank)s paid %(bill)s early, although the early payment had come to nothing by our records: %(why)s "
                "It is booked as paid. Ask the bank why it paid.",
                bank=request.bank_id.sudo().name,
                bill=self.display_name,
                why=why or "",
            )
        )

    def _book_payment(self, request, wire):
        """Post the transfer of what is owed from the supplier to the bank, and match it with the bill."""
        row, on = request.bank_row_id, wire.paid.paid_on
        # Where the bill's due date was changed by hand meanwhile, the bank paid what is open of it all the same.
        of_bill = self._payable_items() or self.move_id._scf_payable_items().sorted("date_maturity")
        items = of_bill.filtered(lambda item: not item.reconciled)
        if not items:
            self._warn(
                self.env._(
                    "Nothing was open of %(bill)s any more when %(bank)s paid it early: %(supplier)s has the money "
                    "twice. Have it paid back, or match it with the next bills.",
                    bill=self.display_name,
                    bank=row.bank_id.sudo().name,
                    supplier=self.partner_id.name,
                )
            )
        supplier_account = (items or of_bill)[:1].account_id
        label = self.env._("%(bill)s, paid early by %(bank)s", bill=self.move_id.name, bank=row.bank_id.sudo().name)
        amount = exact(self.amount, self.currency_id.name)
        move = self._post_books(
            [
                {
                    **self._line(supplier_account, amount, on, label),
                    "partner_id": self.move_id.commercial_partner_id.id,
                },
                self._line_owed(row, -amount, on, label),
            ],
            on,
            label,
        )
        self._record("paid", request, on, amount, move)
        transferred = move.line_ids.filtered(lambda line: line.account_id == supplier_account)[:1]
        (items + transferred).filtered(lambda item: item.account_id == supplier_account).with_context(
            scf_payable_booking=True
        ).reconcile()

    def _take_back_payment(self, request):
        """Reverse what was booked of a payout that came back: the bill is owed to the supplier again."""
        booked = request.entry_ids.filtered(lambda entry: entry.kind == "paid")
        if not booked or request.entry_ids.filtered(lambda entry: entry.kind == "payout_failed"):
            return
        on = max(fields.Date.context_today(self), booked.value_date)
        move = booked.move_id.with_context(scf_payable_booking=True)._reverse_moves(
            [
                {
                    "date": self._open_day(on),
                    "ref": self.env._("Payout taken back: %s", booked.move_id.ref),
                }
            ],
            cancel=True,
        )
        self._record("payout_failed", request, on, exact(booked.amount, self.currency_id.name), move)

    # -- business: the bank is paid ---------------------------------------------------------------------------------

    def _take_settled(self, request, wire, *, is_taken_back):
        """Book what the bank says it was paid, as far as it is not booked: by settlements of ours, else by itself.

        :param bool is_taken_back: whether the bank says so as it took a settlement back; otherwise, where it names less
            than is booked, its word is from before its answer to a settlement
        """
        left = wire.settled.amount - self._settled()
        for line in self.env["scf.payable.settlement.line"]._waiting_for(request):
            if left < exact(line.amount, self.currency_id.name):
                break
            line._book()
            left = wire.settled.amount - self._settled()
        if left > 0 or (left < 0 and is_taken_back):
            # Below 0, what the bank was paid is owed to it again.
            self._book_settled([(request, left, None)], fields.Date.context_today(self))
        if left < 0 and is_taken_back:
            self._ask_about_settlement(request, -left)

    def _ask_about_settlement(self, request, amount):
        """Have a person look at what the bank took back: by itself it would be told to have been paid once more."""
        self.settles_by_hand = True
        self._warn(
            self.env._(
                "%(bank)s took back that it was paid %(amount)s for %(bill)s: %(why)s That much is owed to it again. "
                "Find out why, pay it, then press “Pay the Bank”.",
                bank=request.bank_id.sudo().name,
                amount=self._money(amount),
                bill=self.display_name,
                why=request.bank_row_id.message or "",
            )
        )

    def _book_settled(self, parts, on, reference=None):
        """Post one entry over what was paid to a bank, and match it with what was owed.

        :param list parts: (request, amount, line of a settlement or None), all of one company and one bank; an amount
            below 0 was taken back
        :param date on: the day on which the bank was paid
        :param str reference: the settlement's number
        """
        first = parts[0][0]
        bank = first.bank_row_id.bank_id.sudo()
        label = self.env._("Settlement %(number)s, %(bank)s", number=reference or first.name, bank=bank.name)
        lines = [
            request.payable_id._line_owed(
                request.bank_row_id, amount, on, request.payable_id.move_id.name or request.name
            )
            for request, amount, _line in parts
        ]
        clearing = self.company_id._scf_require("scf_clearing_account_id")
        total = sum((amount for _request, amount, _line in parts), Decimal(0))
        balance = self.company_id.currency_id.round(sum(line["balance"] for line in lines))
        lines.append(
            {**self._line(clearing, -total, on, label), "balance": -balance, "partner_id": lines[0]["partner_id"]}
        )
        move = self._post_books(lines, on, label)
        for request, amount, line in parts:
            request.payable_id._record("settled", request, on, amount, move, line)
        for request, _amount, _line in parts:
            request.payable_id._match_owed()

    def _match_owed(self):
        """Match what was owed to the bank for this payable with what it was paid."""
        items = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("scf_payable_id", "=", self.id),
                    ("account_id", "=", self.company_id.scf_payables_account_id.id),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                ]
            )
        )
        if any(item.amount_currency > 0 for item in items) and any(item.amount_currency < 0 for item in items):
            items.with_context(scf_payable_booking=True).reconcile()

    def _settled(self):
        """What is booked as paid to the bank, in the payable's currency."""
        return -self.entry_ids.filtered(lambda entry: entry.kind == "settled")._owed() or Decimal(0)

    def _owed(self):
        """What is owed to the bank by the books, in the payable's currency."""
        return self.entry_ids._owed()

    # -- business: entries ------------------------------------------------------------------------------------------

    def _record(self, kind, request, on, amount, move, settlement_line=None):
        return self.env["scf.payable.entry"].create(
            {
                "payable_id": self.id,
                "request_id": request.id,
                "settlement_line_id": settlement_line.id if settlement_line else False,
                "program_bank_id": request.bank_row_id.program_bank_id.id,
                "kind": kind,
                "value_date": on,
                "amount": float(amount),
                "move_id": move.id,
            }
        )

    def _line_owed(self, row, amount, on, label):
        """A journal item on the account of what is owed to banks: the bank is the partner, due as the bill was."""
        return {
            **self._line(self.company_id._scf_require("scf_payables_account_id"), amount, on, label),
            "partner_id": row.bank_id._scf_creditor().id,
            "date_maturity": self.due_date,
        }

    def _line(self, account, amount, on, label):
        company, currency = self.company_id, self.currency_id
        return {
            "account_id": account.id,
            "name": label,
            "currency_id": currency.id,
            "amount_currency": float(amount),
            "balance": currency._convert(float(amount), company.currency_id, company, on),
            "scf_payable_id": self.id,
        }

    def _post_books(self, lines, on, ref):
        """Post the lines on the first open day from `on` on; the reference says so where that is another day."""
        company, day = self.company_id, self._open_day(on)
        if day != on:
            ref = self.env._("%(ref)s (value date %(day)s, in a locked period)", ref=ref, day=format_date(self.env, on))
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.company_id._scf_require("scf_journal_id").id,
                    "date": day,
                    "ref": ref,
                    "line_ids": [Command.create(line) for line in lines],
                }
            )
        )
        move._post(soft=False)
        return move

    def _open_day(self, on):
        """The first day from `on` on that no lock date covers."""
        locks = self.company_id._get_violated_lock_dates(on, False, self.company_id._scf_require("scf_journal_id"))
        return locks[-1][0] + timedelta(days=1) if locks else on


class ScfPayableRequest(models.Model):
    _inherit = "scf.payable.request"

    entry_ids = fields.One2many("scf.payable.entry", "request_id", string="Booked", readonly=True)


class AccountMoveLine(models.Model):
    """A journal item that books a payable names it."""

    _inherit = "account.move.line"

    scf_payable_id = fields.Many2one(
        "scf.payable",
        string="Approved Payable",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The approved payable that this item books.",
        prefetch="scf",
    )

    def _copy_data_extend_business_fields(self, values):
        """What reverses an item of a payable is the payable's too; a plain copy is not."""
        result = super()._copy_data_extend_business_fields(values)
        values["scf_payable_id"] = self.scf_payable_id.id
        return result

    def _prepare_exchange_difference_move_vals(self, amounts_list, company=None, exchange_date=None, **kwargs):
        """An exchange difference on an item of a payable is the payable's too."""
        prepared = super()._prepare_exchange_difference_move_vals(
            amounts_list, company=company, exchange_date=exchange_date, **kwargs
        )
        for line, sequence in prepared["to_reconcile"] if prepared else ():
            if line.scf_payable_id:
                for _command, _id, values in prepared["move_values"]["line_ids"][sequence : sequence + 2]:
                    values["scf_payable_id"] = line.scf_payable_id.id
        return prepared
