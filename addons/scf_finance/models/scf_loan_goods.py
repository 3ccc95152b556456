import logging
from datetime import timedelta
from functools import partial

from openscf.errors import OpenSCFError
from openscf.wire import Money, Release, ReleaseStatus, Valuation, ValuationReceipt

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from ..amounts import wire_money
from ..eligibility.facts import INVENTORY_LOAN
from .labels import as_note
from .on_its_own import on_its_own

_logger = logging.getLogger(__name__)

# The bank is told of a new value once it has changed by this much, and once a week at the least.
CHANGE_WORTH_TELLING_PERCENT = 1
LONGEST_SILENCE = timedelta(days=7)
# What is owed is never above the lending value: the bank's terms of goods ask for as much.
COVER_OF_GOODS_PERCENT = 100.0


class ScfLoan(models.Model):
    """A loan on goods: what the bank is told of their value, what it lets go, and whether both sides agree."""

    _inherit = "scf.loan"

    value_told = fields.Monetary(readonly=True, help="Value of the goods as the bank was told last.")
    value_told_on = fields.Date(readonly=True)
    bank_lending_value = fields.Monetary(
        string="Lending Value at the Bank",
        readonly=True,
        help="What the bank lends on the goods at most, as it said last.",
    )
    goods_mismatch = fields.Text(readonly=True, help="Where the bank holds other goods than are pledged here.")

    # -- business: from grant to end --------------------------------------------------------------------------------

    def _grant(self, submission, message, wire):
        loan = super()._grant(submission, message, wire)
        pledges = loan.application_id.line_ids.pledge_id.filtered(
            lambda pledge: pledge.state == "active" and pledge.loan_id.state in (False, "failed")
        )
        if pledges:
            loan.pledge_cover_wanted = COVER_OF_GOODS_PERCENT
            pledges.loan_id = loan
            for release in pledges.release_ids.filtered(lambda release: release.state == "asked"):
                release._send()
        return loan

    def _take_event(self, kind, content, cursor):
        result = super()._take_event(kind, content, cursor)
        if self.pledge_ids:
            self._check_cover()
        return result

    def _is_on_goods(self):
        return self.application_id.technique == INVENTORY_LOAN

    def _next_step(self):
        if not self._is_on_goods() or self.state not in ("active", "overdue"):
            return super()._next_step()
        due = format_date(self.env, self.due_date) if self.due_date else ""
        if called := self.shortfall or self.margin_call:
            return self.env._("Margin call: repay at least %s.", format_amount(self.env, called, self.currency_id))
        if self.state == "overdue":
            return self.env._("The loan was due on %s. Repay it from own money; the goods stay until then.", due)
        return self.env._("What the goods bring repays the loan, which is due on %s. You may repay earlier.", due)

    # -- business: releases -----------------------------------------------------------------------------------------

    def _take_collateral(self, wire, cursor):
        """Apply an event `collateral.*` (docs/protocol.md); one that was applied before changes nothing.

        :param dict wire: the Release that it tells of
        """
        self.ensure_one()
        message = Release.model_validate(wire)
        pledge = self.pledge_ids.filtered(lambda pledge: pledge.name == message.document.number)
        if not pledge:
            self._warn(
                self.env._(
                    "%(bank)s speaks of goods %(number)s, which are not pledged for this loan. Ask the bank.",
                    bank=self.bank_id.name,
                    number=message.document.number,
                )
            )
            return
        request = pledge.release_ids.filtered(lambda release: release.name and release.name == message.release_id)
        if request:
            request._take_answer(wire, cursor)
        elif message.status is ReleaseStatus.RELEASED:
            pledge._take_release(float(message.quantity), message.reference or str(cursor))
        else:
            self._warn(
                self.env._(
                    "%(bank)s answers the request %(release)s for goods of %(pledge)s, which nobody here made. Ask the "
                    "bank.",
                    bank=self.bank_id.name,
                    release=message.release_id or "",
                    pledge=pledge.name,
                )
            )
        self._check_agreement()
        self.application_id._notify_panel()

    # -- business: valuations ---------------------------------------------------------------------------------------

    def _report_value(self):
        """Tell the bank what the goods are worth, where that has changed, or a week has passed.

        While it has not answered, it is told nothing more; what it refused is told again at the next run.
        """
        self.ensure_one()
        if self._is_value_on_its_way():
            return
        goods = self.pledge_ids.filtered(lambda pledge: pledge.state == "active")
        value, today = sum(goods.mapped("value")), fields.Date.context_today(self)
        is_new = abs(value - self.value_told) * 100 > CHANGE_WORTH_TELLING_PERCENT * self.value_told
        if not goods or (self.value_told_on and not is_new and today - self.value_told_on < LONGEST_SILENCE):
            return
        valuation = Valuation.model_validate(
            {
                "valuation_id": self.env["ir.sequence"]
                .with_company(self.company_id)
                .next_by_code("scf.pledge.valuation"),
                "as_of": today,
                "goods": [
                    {
                        "document": pledge._wire_document(),
                        "quantity": pledge._wire_quantity(pledge.held_quantity),
                        "value": wire_money(pledge.value, pledge.currency_id.name),
                    }
                    for pledge in goods.sorted("id")
                ],
            }
        )
        self.submission_id._send("value", valuation.to_wire(), addressee=self)

    def _is_value_on_its_way(self):
        of_loan = [("res_model", "=", self._name), ("res_id", "=", self.id), ("verb", "=", "value")]
        return bool(self.env["scf.message"].search_count([*of_loan, ("state", "=", "queued")], limit=1))

    def _take_valuation(self, told, receipt):
        """The bank has taken the value: only now does it know of it.

        :param told: the `openscf.wire.Valuation` that was sent
        :param receipt: the `openscf.wire.ValuationReceipt` that answers it
        """
        self.write(
            {
                "value_told": float(sum(goods.value.amount for goods in told.goods)),
                "value_told_on": told.as_of,
                "bank_lending_value": float(receipt.lending_value.amount),
            }
        )

    def _scf_on_answer(self, message, answer):
        result = super()._scf_on_answer(message, answer)
        if message.verb == "value":
            self._take_valuation(
                Valuation.model_validate_json(message.payload), ValuationReceipt.model_validate(answer)
            )
        return result

    def _scf_on_refused(self, message, problem):
        if message.verb != "value":
            super()._scf_on_refused(message, problem)
            return
        self.submission_id.delayed = False
        self._warn(
            self.env._(
                "%(bank)s did not take the value of the goods: %(detail)s",
                bank=self.bank_id.name,
                detail=problem.get("detail") or problem.get("title") or "",
            )
        )

    def _take_shortfall(self, content, is_news):
        """For goods the bank's shortfall is its margin call."""
        if not self._is_on_goods():
            super()._take_shortfall(content, is_news)
            return
        if not is_news:
            return
        self.shortfall = float(Money.model_validate(content["shortfall"]).amount)
        if not self.shortfall:
            if not self.margin_call:
                self.activity_unlink(["scf_finance.activity_margin_call"])
            self.message_post(body=self.env._("The goods carry the loan again: the bank asks for nothing more."))
            return
        sentence = self.env._(
            "%(bank)s makes a margin call: the goods carry %(amount)s less than is owed. Repay at least that. "
            "%(message)s",
            bank=self.bank_id.name,
            amount=format_amount(self.env, self.shortfall, self.currency_id),
            message=content.get("message") or "",
        )
        self.message_post(body=sentence)
        activity = self.activity_search(["scf_finance.activity_margin_call"])
        if activity:
            activity.note = as_note(sentence)
        else:
            self.activity_schedule(
                "scf_finance.activity_margin_call",
                user_id=self.application_id.requester_id.id,
                note=as_note(sentence),
            )

    # -- business: agreement ----------------------------------------------------------------------------------------

    @api.model
    def _cron_compare_goods(self):
        """Ask each bank which goods it holds, so that an event which never came holds none for ever."""
        answers = {}
        for loan in self.search(["|", ("pledge_ids.state", "=", "active"), ("goods_mismatch", "!=", False)]):
            try:
                answers[loan] = loan.bank_id._adapter().collateral(loan.bank_loan_ref)
            except (OpenSCFError, UserError) as error:
                _logger.info("%s: the bank did not say which goods it holds: %s", loan.name, error)
        # Only now is anything written: no row is locked while a bank thinks.
        for loan, collateral in answers.items():
            on_its_own(loan, partial(loan._compare_goods, collateral))

    def _compare_goods(self, collateral):
        """Take over what the bank has released, and write down where it holds something else.

        Nothing is compared while an event of this loan waits to be applied: it tells in its turn.

        :param collateral: `openscf.wire.Collateral`, as the bank signed it
        """
        self.submission_id._take_turn()
        waiting = [("channel", "=", self.submission_id.reference), ("bank_id", "=", self.bank_id.id)]
        if self.env["scf.event"].search_count([*waiting, ("state", "in", ("received", "failed"))], limit=1):
            return
        theirs = {goods.document.number: goods for goods in collateral.goods}
        differences = []
        for pledge in self.pledge_ids.filtered(lambda pledge: pledge.state in ("active", "released")):
            goods = theirs.pop(pledge.name, None)
            if goods is None:
                differences.append(self.env._("The bank does not know the goods of %s.", pledge.name))
                continue
            missing = float(goods.released) - pledge.released_quantity
            if pledge.state == "active" and pledge.product_uom_id.compare(missing, 0) > 0:
                pledge._take_over_release(missing)
            if pledge.product_uom_id.compare(float(goods.held), pledge.held_quantity):
                differences.append(
                    self.env._(
                        "Of %(pledge)s the bank holds %(theirs)s %(unit)s; here %(ours)s are held.",
                        pledge=pledge.name,
                        theirs=f"{float(goods.held):g}",
                        ours=f"{pledge.held_quantity:g}",
                        unit=pledge.product_uom_id.name,
                    )
                )
        differences += [
            self.env._("The bank holds goods %s, which are not pledged for this loan here.", number)
            for number in theirs
        ]
        self.goods_mismatch = "\n".join(differences) or False
        self._check_agreement()

    def _differences(self):
        return super()._differences() + (self.goods_mismatch.split("\n") if self.goods_mismatch else [])


class ScfPledge(models.Model):
    """What passes between a pledge and the bank that holds it."""

    _inherit = "scf.pledge"

    @api.model
    def _cron_revalue(self):
        result = super()._cron_revalue()
        loans = self.search([("state", "=", "active")]).loan_id
        for loan in loans.filtered(lambda loan: loan.state in ("active", "overdue")):
            on_its_own(loan, loan._report_value)
        return result

    def _wire_document(self):
        return {"kind": self._scf_kind, "number": self.name}

    def _wire_quantity(self, quantity):
        """A quantity in the product's unit, as decimal text."""
        return f"{quantity:.6f}".rstrip("0").rstrip(".")

    def _take_over_release(self, quantity):
        """The bank's list of goods says that it let this quantity go, and no event has told of it yet."""
        day, number = fields.Date.context_today(self), len(self.release_ids) + 1
        # The number keeps two lists of one day apart: a reference counts once.
        reference = self.env._("List of goods of %(day)s (%(number)s)", day=day, number=number)
        release = self._release(quantity, reference)
        release.unexplained_quantity = release.quantity

    def _take_release(self, quantity, reference, request=None):
        """The bank tells of goods that it has let go; what its list of goods told of before is not taken off again.

        :param float quantity: in the product's unit
        :param request: the `scf.pledge.release` that asked for it, where somebody did
        """
        if self.state != "active" or self.release_ids.filtered(lambda release: release.reference == reference):
            return
        told = quantity
        for release in self.release_ids.filtered("unexplained_quantity").sorted("id"):
            explained = min(quantity, release.unexplained_quantity)
            release.unexplained_quantity -= explained
            quantity -= explained
        if self.product_uom_id.compare(quantity, 0) > 0:
            self._release(quantity, reference, request=request)
        elif request:
            request._take(told, reference)
