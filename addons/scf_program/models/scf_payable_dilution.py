from decimal import Decimal

from openscf.payables import MAX_PAYABLES

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, format_list

from odoo.addons.scf_finance.amounts import exact
from odoo.addons.scf_finance.models.on_its_own import on_its_own

from .scf_payable import OPEN_STATES


class ScfPayable(models.Model):
    """What a dispute, a credit note or a payment of the bill does to an approved payable.

    Until somebody is to pay it early, less is told to the banks, or the approval is taken back. After that the company
    owes the payer all the same, and the credit is the supplier's to make good.
    """

    _inherit = "scf.payable"

    told_credit = fields.Monetary(readonly=True, help="Credit notes that came after the early payment, as was told.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_withdraw(self):
        """Take the approval back, as far as no early payment was agreed."""
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(self.env._("Only an approver may take an approval back."))
        self.check_access("read")
        for payable in self.sudo().filtered(lambda payable: payable.state in OPEN_STATES):
            if payable.state != "approved":
                raise UserError(payable._why_bill_stays())
            payable._withdraw(self.env._("%s took the approval back.", self.env.user.name))

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_follow_bills(self):
        """Bring every approved payable in step with its bill and the calendar, and register what a bank lacks."""
        left = self.search([("state", "in", OPEN_STATES)])
        while left:
            part, left = left[:MAX_PAYABLES], left[MAX_PAYABLES:]
            for payable in part:
                on_its_own(payable, payable._reconsider)
            on_its_own(part[:1], part._register_at_banks)
            if not self.env["ir.cron"]._commit_progress(len(part), remaining=len(left)):
                return

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _open_of(self, bills):
        """Payables of bills that are not over."""
        return self.search(Domain("move_id", "in", bills.ids) & Domain("state", "in", OPEN_STATES))

    def _reconsider(self):
        """Follow what became of the bills: reduce, withdraw or end what is only approved; tell of credit after that."""
        for payable in self:
            if payable.state == "approved":
                payable._reconsider_approved()
            elif payable.state in OPEN_STATES:
                payable._tell_of_credit()

    def _reconsider_approved(self):
        bill = self.move_id
        left = next((part.amount for part in bill._scf_instalments() if part.due_on == self.due_date), Decimal(0))
        # Another instalment may have been brought forward to the same day.
        currency = self.currency_id.name
        left = min(left, -sum(exact(item.amount_residual_currency, currency) for item in self._payable_items()))
        if bill.payment_state == "blocked":
            self._withdraw(self.env._("The bill is under dispute."))
        elif left <= 0:
            self._withdraw(self.env._("The bill was paid or credited."), state="ended")
        elif self.due_date <= fields.Date.context_today(self):
            self._withdraw(self.env._("The bill is due: it is paid as usual."), state="ended")
        elif left < exact(self.amount, self.currency_id.name):
            self._reduce(left)

    def _withdraw(self, reason, state="withdrawn"):
        """End approvals, here and at the banks."""
        for payable in self:
            if payable._set_state(state, reason):
                payable.bank_ids._withdraw(reason)
                payable.message_post(body=reason)

    def _reduce(self, left):
        """Less is owed than was approved."""
        before = self.amount
        self.amount = float(left)
        reason = self.env._(
            "%(before)s became %(after)s by a credit note or a payment.",
            before=self._money(before),
            after=self._money(left),
        )
        self.bank_ids._reduce(reason)
        self.message_post(body=reason)

    def _tell_of_credit(self):
        """Tell the user and the supplier once of credit that came when somebody relied on the bill already."""
        credit = self._credit_too_late()
        if self.currency_id.compare_amounts(credit, self.told_credit) <= 0:
            return
        self.told_credit = credit
        amount, day = self._money(credit), format_date(self.env, self.due_date)
        if not self._live_request().bank_row_id:
            self._warn(
                self.env._(
                    "%(supplier)s credited %(amount)s of %(bill)s after its early payment from own cash was agreed. "
                    "What is matched with the bill is paid less on %(day)s; the agreed discount stays.",
                    supplier=self.partner_id.name,
                    amount=amount,
                    bill=self.move_id.name,
                    day=format_date(self.env, self._live_request().pay_on),
                )
            )
            return
        self._warn(
            self.env._(
                "%(supplier)s credited %(amount)s of %(bill)s after its early payment was agreed: the whole bill is "
                "owed on %(day)s all the same. The credit note stays open: match it with the supplier's next bills.",
                supplier=self.partner_id.name,
                amount=amount,
                bill=self.move_id.name,
                day=day,
            )
        )
        self._tell_supplier(
            self.env._(
                "Your credit note of %(amount)s for %(bill)s came after its early payment was agreed. It will be set "
                "off against your next bills.",
                amount=amount,
                bill=self.document_number,
            )
        )

    def _credit_too_late(self):
        """What the supplier credited of the bill since its early payment was agreed, in the bill's currency.

        Posting a credit note matches it with what is still open of its bill: one that is used up counts, too.
        """
        request = self._live_request()
        notes = self.move_id.reversal_move_ids.filtered(
            lambda note: (
                note.move_type == "in_refund"
                and note.state == "posted"
                and note.currency_id == self.currency_id
                and note not in self.move_id.scf_payable_ids.request_ids.credit_note_id
            )
        )
        late = notes.filtered(lambda note: note.create_date >= request.create_date) if request else notes.browse()
        earlier = self.move_id._scf_open_credit_notes() - late
        return sum(late.mapped("amount_total")) + sum(earlier.mapped("amount_residual"))

    def _tell_change_refused(self, row):
        """A bank no longer took a change: somebody asked it to pay early in the same moment."""
        self.message_post(
            body=self.env._(
                "%(bank)s did not take the change: %(why)s", bank=row.bank_id.sudo().name, why=row.message or ""
            )
        )

    def _why_bill_stays(self):
        """Why the bill can't be taken back, in words."""
        request = self._live_request()
        payer = request.bank_id.sudo().name or self.company_id.name
        if self.state == "agreed":
            return self.env._(
                "%(payer)s has agreed to pay %(bill)s early on %(day)s: it can't be reset to draft, cancelled or "
                "withdrawn. To correct it, enter the supplier's credit note: it is set off against the next bills.",
                payer=payer,
                bill=self.move_id.name,
                day=format_date(self.env, request.pay_on),
            )
        return self.env._(
            "%(payer)s has paid %(bill)s to the supplier, and is owed it: it can't be reset to draft, cancelled or "
            "withdrawn. To correct it, enter the supplier's credit note: it is set off against the next bills.",
            payer=payer,
            bill=self.move_id.name,
        )

    def _why_not_paid_twice(self):
        """Why the company does not pay a bill that a bank is about to pay."""
        request = self._live_request()
        return self.env._(
            "%(bank)s pays %(bill)s to the supplier on %(day)s. Pay the bank on the due date instead.",
            bank=request.bank_id.sudo().name,
            bill=self.move_id.name,
            day=format_date(self.env, request.pay_on),
        )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        if not self.env.context.get("scf_payable_booking"):
            # Whoever reconciles need not see programs.
            moves = partials.sudo().mapped("debit_move_id.move_id") | partials.sudo().mapped("credit_move_id.move_id")
            bills = moves.filtered(lambda move: move.move_type == "in_invoice")
            if bills:
                bills._scf_payables()._reconsider()
        return partials

    def unlink(self):
        # Whoever undoes a payment need not see programs.
        moves = self.sudo().mapped("debit_move_id.move_id") | self.sudo().mapped("credit_move_id.move_id")
        result = super().unlink()
        if bills := moves.exists().filtered(lambda move: move.move_type == "in_invoice"):
            self.env["scf.payable"].sudo().search(
                [("move_id", "in", bills.ids), ("state", "=", "settled")]
            )._reopen_own_cash()
        return result


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    @api.depends("line_ids")
    def _compute_scf_warning(self):
        """Of each supplier's credit once, however many of its bills are paid."""
        result = super()._compute_scf_warning()
        for wizard in self:
            bills = wizard.line_ids.move_id.filtered(lambda move: move.move_type == "in_invoice")
            of_suppliers = bills.grouped(lambda bill: (bill.company_id, bill.commercial_partner_id)).values()
            late = (wizard._scf_late_credit_warning(of_supplier[:1]) for of_supplier in of_suppliers)
            wizard.scf_warning = "\n".join(filter(None, (wizard.scf_warning, *late)))
        return result

    def _scf_warning_of(self, bill):
        """Of a bill that somebody is to pay early, or has paid."""
        payable = bill._scf_payables().filtered(lambda payable: payable.state == "agreed")[:1]
        if payable and payable._live_request().bank_row_id:
            return self.env._(
                "%(bank)s is about to pay %(supplier)s for %(bill)s (%(payable)s). Do not pay it, too: you pay the "
                "bank on the due date.",
                bank=payable._live_request().bank_id.name,
                supplier=bill.commercial_partner_id.name,
                bill=bill.name,
                payable=payable.name,
            )
        return super()._scf_warning_of(bill)

    def _scf_late_credit_warning(self, bill):
        """Credit notes of bills that a bank had paid in full: nobody but the supplier's next bills makes them good."""
        # Whoever pays need not see programs.
        notes = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("company_id", "=", bill.company_id.id),
                    ("commercial_partner_id", "=", bill.commercial_partner_id.id),
                    ("move_type", "=", "in_refund"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                    ("reversed_entry_id.scf_payable_ids.told_credit", ">", 0),
                ]
            )
        )
        if not notes:
            return ""
        return self.env._(
            "%(supplier)s was paid in full for bills that it credited afterwards (%(notes)s). Match these credit notes "
            "with %(bill)s before you pay, or they are paid out.",
            supplier=bill.commercial_partner_id.name,
            notes=format_list(self.env, notes.mapped("name")),
            bill=bill.name,
        )

    def action_create_payments(self):
        """Refuse what would pay a supplier twice."""
        for bill in self.line_ids.move_id:
            payables = bill._scf_payables().filtered(lambda payable: payable.state == "agreed")
            if payables._live_request().bank_row_id:
                raise UserError(payables[:1]._why_not_paid_twice())
        return super().action_create_payments()
