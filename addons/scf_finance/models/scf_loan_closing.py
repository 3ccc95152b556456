"""The end of a period: what loans cost until then, what is due when, and what foreign currencies are worth."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.loan import schedule

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..books.period_end import Due, Fee, period_end

KINDS = [
    ("interest", "Interest accrued"),
    ("penalty", "Penalty accrued"),
    ("fee", "Fees accrued"),
    ("deferred_fee", "Fees whose time has come"),
    ("long_term", "Due after a year"),
    ("revaluation", "Loans at the day's rate"),
    ("revaluation_holdback", "Holdback at the day's rate"),
    ("revaluation_clearing", "Money on its way at the day's rate"),
]
# What is debited and what is credited with a sum, as fields of the company.
POSTINGS = {
    "interest": ("scf_interest_account_id", "scf_accrued_account_id"),
    "penalty": ("scf_penalty_account_id", "scf_accrued_account_id"),
    "fee": ("scf_fee_account_id", "scf_accrued_account_id"),
    "deferred_fee": ("scf_fee_account_id", "scf_deferred_fee_account_id"),
    "long_term": ("scf_loan_account_id", "scf_loan_long_account_id"),
}
REVALUED = {
    "scf_loan_account_id": "revaluation",
    "scf_holdback_account_id": "revaluation_holdback",
    "scf_clearing_account_id": "revaluation_clearing",
}
# Those who may close a period: Odoo's accountant, and the administrator of accounting.
CLOSERS = ("account.group_account_user", "account.group_account_manager")
AT_A_TIME = 1000
# Entries after which the bank tells another schedule.
MOVES_DUE_DATES = ("disbursement", "extension", "call")


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum of one loan at a period's end. `amount` in `currency`; `balance` in the company's, debit of its first
    account positive. A revaluation changes the company's currency alone: its amount is zero.
    """

    kind: str
    loan_id: int | None
    currency_id: int
    amount: float
    balance: float


@dataclass(frozen=True, slots=True)
class Item:
    """A journal item of the entry: the sum of one kind on one account in one currency."""

    kind: str
    account_id: int
    currency_id: int
    amount: float
    balance: float
    loan_count: int


class ScfLoanClosing(models.Model):
    """A period's end of a company: one journal entry, taken back the next day, and what each loan has in it.

    Its sums are those of the bank's ledger on that day. As the entry is taken back, payments are booked as ever, and
    the next period's end starts from nothing: nothing piles up, and what changed meanwhile needs no correction.
    """

    _name = "scf.loan.closing"
    _description = "Period end of loans"
    _inherit = ["mail.thread", "scf.record.kept"]
    _order = "date desc, id desc"

    name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="Period End", required=True, readonly=True)
    is_booked = fields.Boolean(readonly=True, default=True, help="Off once it was taken back.")
    state = fields.Selection([("booked", "Booked"), ("taken_back", "Reversed")], compute="_compute_state", store=True)
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, ondelete="restrict")
    reversal_move_id = fields.Many2one(
        "account.move", string="Entry of the Next Day", readonly=True, ondelete="restrict"
    )
    line_ids = fields.One2many("scf.loan.closing.line", "closing_id", string="By Loan", readonly=True)

    _once = models.UniqueIndex("(company_id, date) WHERE is_booked", "This period is closed already.")

    @api.depends("is_booked")
    def _compute_state(self):
        for closing in self:
            closing.state = "booked" if closing.is_booked else "taken_back"

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A period's end is never deleted: it can be taken back, which leaves a trail."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_moves(self):
        """Open the journal entries."""
        self.ensure_one()
        moves = self.move_id | self.reversal_move_id
        moves |= self.env["account.move"].search([("reversed_entry_id", "in", moves.ids)])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal entries of %s", self.name),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", moves.ids)],
        }

    def action_take_back(self):
        """Reverse both entries on their days, so that the period can be closed again; the last one only."""
        self.ensure_one()
        self.check_access("read")
        self._check_closer(self.company_id)
        closing = self.sudo()  # the role was checked; the rows are written by the system only
        if not closing.is_booked:
            return
        if closing != self._closed(closing.company_id, closing.date, last=True):
            raise UserError(self.env._("A later period has been closed: take that one back first."))
        self._check_open(closing.company_id, closing.date)
        for move in (closing.reversal_move_id, closing.move_id):
            if move:
                ref = self.env._("%s, taken back", move.ref)
                move._reverse_moves([{"date": move.date, "ref": ref}], cancel=True)
        closing.is_booked = False
        closing.line_ids.is_booked = False
        closing.company_id.scf_closed_until = self._closed(closing.company_id, date.min, last=True).date
        closing.message_post(body=self.env._("%s took the period's end back.", self.env.user.name))

    # -- business: closing ------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _close(self, company, day):
        """Book the end of the period on `day`; a period that is closed is left as it is.

        :return: the closing, the new one or the one that was there
        :raise AccessError: for whoever is no accountant of the company
        :raise UserError: for a day to come, one before the last period's end, and one in a locked period
        """
        self._check_closer(company)
        closings = self.sudo().with_company(company)
        if known := closings.search([("company_id", "=", company.id), ("date", "=", day), ("is_booked", "=", True)]):
            return known
        if why_not := closings._why_not(company, day):
            raise UserError(why_not)
        # Whoever closes, or books, at the same moment waits here, and starts over when this is committed.
        company.sudo().scf_closed_until = day
        self.env.flush_all()
        figures = closings._figures(company, day)
        closing = closings.create(
            {
                "name": self.env._("Period end %s", format_date(self.env, day)),
                "company_id": company.id,
                "date": day,
            }
        )
        for start in range(0, len(figures), AT_A_TIME):
            self.env["scf.loan.closing.line"].sudo().create(
                [closing._line_values(figure) for figure in figures[start : start + AT_A_TIME]]
            )
        if items := closings._items(company, figures):
            closing._post(items)
        closing.message_post(body=self.env._("Closed by %s.", self.env.user.name))
        return closing

    @api.model
    def _check_closer(self, company):
        if not any(self.env.user.has_group(group) for group in CLOSERS) or company not in self.env.companies:
            raise AccessError(self.env._("Only an accountant of the company may close a period of its loans."))

    @api.model
    def _why_not(self, company, day):
        """Why the period can't be closed on `day`, as a sentence; empty where it can."""
        if day > fields.Date.context_today(self):
            return self.env._("%s is still to come: close a period when it is over.", format_date(self.env, day))
        last = self._closed(company, day)
        if last and last.date != day:
            return self.env._(
                "%(last)s has been closed: close a later day, or take that one back first.",
                last=format_date(self.env, last.date),
            )
        return self._why_locked(company, day)

    def _why_locked(self, company, day):
        locks = company._get_violated_lock_dates(day, False, company.scf_journal_id)
        if not locks:
            return ""
        return self.env._(
            "The books are locked until %s: ask for an exception, or close a later day.",
            format_date(self.env, locks[-1][0]),
        )

    def _check_open(self, company, day):
        if why_locked := self._why_locked(company, day):
            raise UserError(why_locked)

    @api.model
    def _hold(self, company):
        """Keep periods of the company as they are while something is booked.

        Whoever closes at this moment writes this row: one of the two waits, and starts over.
        """
        self.env.cr.execute(SQL("SELECT scf_closed_until FROM res_company WHERE id = %s FOR SHARE", company.id))

    @api.model
    def _closed(self, company, on, *, last=False):
        """The booked closing that closed the day `on`: the earliest entry that may be booked is of the day after it.

        :param bool last: the last one of all, whatever it closed
        """
        domain = [("company_id", "=", company.id), ("is_booked", "=", True)]
        if not last:
            domain.append(("date", ">=", on))
        return self.sudo().search(domain, order="date desc", limit=1)

    def _post(self, items):
        """One journal entry on the day, and the entry of the next day that takes it back."""
        company, day = self.company_id, self.date
        journal = company.scf_journal_id
        moves = self.env["account.move"].with_company(company)
        move = moves.create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": day,
                "ref": self.env._("Financing: %s", self.name),
                "line_ids": [(0, 0, self._item_values(item)) for item in items],
            }
        )
        move._post(soft=False)
        reversal = move._reverse_moves(
            [{"date": day + timedelta(days=1), "ref": self.env._("Financing: %s, taken back", self.name)}], cancel=True
        )
        self.write({"move_id": move.id, "reversal_move_id": reversal.id})

    def _item_values(self, item):
        kinds = self.env["scf.loan.closing.line"]._fields["kind"]
        label = dict(kinds._description_selection(self.env))[item.kind]
        return {
            "account_id": item.account_id,
            "name": self.env._("%(kind)s (loans: %(count)s)", kind=label, count=item.loan_count),
            "currency_id": item.currency_id,
            "amount_currency": item.amount,
            "balance": item.balance,
        }

    def _line_values(self, figure):
        return {
            "closing_id": self.id,
            "company_id": self.company_id.id,
            "date": self.date,
            "loan_id": figure.loan_id,
            "kind": figure.kind,
            "loan_currency_id": figure.currency_id,
            "amount": figure.amount,
            "balance": figure.balance,
        }

    # -- business: the figures --------------------------------------------------------------------------------------

    @api.model
    def _figures(self, company, day):
        """All sums of the company's loans on `day`, as :class:`Figure`; the database is asked per thousand loans."""
        figures = []
        deferred = self._booked(company, day, company.scf_deferred_fee_account_id)
        rates = _Rates(company, day)
        loans = self.env["scf.loan"].search(
            [
                ("company_id", "=", company.id),
                ("start_date", "<=", day),
                "|",
                ("state", "in", ("active", "overdue")),
                ("entry_ids.value_date", ">", day),
            ],
            order="id",
        )
        # Where loans keep the rate of their day, what is due after a year does so, too.
        kept = {} if company.scf_revalues_loans else self._booked(company, day, company.scf_loan_account_id)
        for loan in loans:
            figures += self._of_loan(loan, day, deferred.get(loan.id, {}), kept.get(loan.id, {}), rates)
        if company.scf_revalues_loans:
            figures += self._revaluations(company, day, rates)
        return figures

    def _of_loan(self, loan, day, deferred, kept, rates):
        currency = loan.currency_id
        parts = loan._due_parts(day)
        sums = period_end(loan._balance(day), loan._fee_until(day), parts, is_called=loan._is_called(day))
        for kind in POSTINGS:
            amount = float(getattr(sums, kind))
            if not amount or (kind == "long_term" and loan.sells_receivables):
                continue
            balance = rates.converted(currency, amount)
            if kind == "long_term" and kept.get(currency.id):
                booked, amount_booked = kept[currency.id]
                if amount_booked:
                    balance = loan.company_id.currency_id.round(booked * amount / amount_booked)
            if kind == "deferred_fee":
                # Fees paid stay at the rate of their day: nobody owes them.
                booked, amount_booked = deferred.get(currency.id, (0.0, 0.0))
                amount = min(amount, amount_booked)
                if not amount:
                    continue
                balance = loan.company_id.currency_id.round(booked * amount / amount_booked)
            yield Figure(kind, loan.id, currency.id, amount, balance)

    def _revaluations(self, company, day, rates):
        """What the rate of the day changes of the loans, holdbacks and money on its way that the books carry."""
        for field, kind in REVALUED.items():
            account = company[field]
            for loan_id, sums in self._booked(company, day, account, by_loan=kind != "revaluation_clearing").items():
                for currency_id, (balance, amount) in sums.items():
                    currency = self.env["res.currency"].browse(currency_id)
                    if currency == company.currency_id:
                        continue
                    change = company.currency_id.round(rates.converted(currency, amount) - balance)
                    if change:
                        yield Figure(kind, loan_id, currency_id, 0.0, change)

    def _booked(self, company, day, account, *, by_loan=True):
        """What an account carries at the end of `day`: {loan id: {currency id: (company's currency, currency)}}."""
        if not account:
            return {}
        self.env["account.move.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
            SELECT %(loan)s, item.currency_id, SUM(item.balance)::float, SUM(item.amount_currency)::float
              FROM account_move_line item
             WHERE item.company_id = %(company)s AND item.account_id = %(account)s AND item.parent_state = 'posted'
               AND item.date <= %(day)s AND %(chosen)s
             GROUP BY 1, 2
            """,
                loan=SQL("item.scf_loan_id") if by_loan else SQL("NULL::integer"),
                chosen=SQL("item.scf_loan_id IS NOT NULL") if by_loan else SQL("TRUE"),
                company=company.id,
                account=account.id,
                day=day,
            )
        )
        booked = defaultdict(dict)
        for loan_id, currency_id, balance, amount in rows:
            booked[loan_id][currency_id] = (balance, amount)
        return booked

    @api.model
    def _items(self, company, figures):
        """The items of the journal entry, which add up to zero, as :class:`Item`.

        :raise UserError: where an account that is needed is not set
        """
        sums = defaultdict(lambda: [0.0, 0.0, 0])
        for figure in figures:
            for account, sign in self._accounts(company, figure):
                of_account = sums[figure.kind, account.id, figure.currency_id, sign]
                of_account[0] += sign * figure.amount
                of_account[1] += sign * figure.balance
                of_account[2] += 1
        own = company.currency_id
        return [
            # A revaluation is a matter of the company's currency alone.
            Item(kind, account_id, currency_id, round(amount, 6), own.round(balance), count)
            if amount
            else Item(kind, account_id, own.id, own.round(balance), own.round(balance), count)
            for (kind, account_id, currency_id, _sign), (amount, balance, count) in sums.items()
        ]

    def _accounts(self, company, figure):
        """The account that is debited with the figure, and the one that is credited, with their signs."""
        if figure.kind in POSTINGS:
            debit, credit = (self._account(company, field) for field in POSTINGS[figure.kind])
            return (debit, 1), (credit, -1)
        field = next(field for field, kind in REVALUED.items() if kind == figure.kind)
        gain = figure.balance > 0
        result = company.income_currency_exchange_account_id if gain else company.expense_currency_exchange_account_id
        if not result:
            raise UserError(
                self.env._(
                    "%s has no accounts for gains and losses of exchange rates. Set them in the accounting settings.",
                    company.name,
                )
            )
        return (company[field], 1), (result, -1)

    def _account(self, company, field):
        if field == "scf_penalty_account_id" and not company[field]:
            field = "scf_fee_account_id"
        if not company[field]:
            raise UserError(
                self.env._(
                    "%(company)s has no “%(field)s”. Set it up under Financing › Configuration › Set Up the Books.",
                    company=company.name,
                    field=company._fields[field]._description_string(self.env),
                )
            )
        return company[field]


class ScfLoanClosingLine(models.Model):
    """What one loan has in a period's end; the lines add up to the journal entry."""

    _name = "scf.loan.closing.line"
    _description = "Loan at a period's end"
    _inherit = ["scf.record.kept"]
    _order = "date desc, kind, loan_id, id"
    _rec_name = "loan_id"

    closing_id = fields.Many2one(
        "scf.loan.closing", string="Period", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="Period End", required=True, readonly=True)
    is_booked = fields.Boolean(readonly=True, default=True)
    loan_id = fields.Many2one("scf.loan", readonly=True, index="btree_not_null", ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    loan_currency_id = fields.Many2one("res.currency", string="Currency of the Loan", readonly=True)
    amount = fields.Monetary(currency_field="loan_currency_id", readonly=True, string="In the Loan's Currency")
    balance = fields.Monetary(readonly=True, string="In the Company's Currency")

    _once = models.UniqueIndex(
        "(company_id, date, loan_id, kind) WHERE is_booked", "A loan's period end is booked already."
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A period's end is never deleted: it can be taken back, which leaves a trail."))


class ScfLoan(models.Model):
    """What a period's end asks of a loan."""

    _inherit = "scf.loan"

    closing_line_ids = fields.One2many(
        "scf.loan.closing.line",
        "loan_id",
        string="Period Ends",
        readonly=True,
        domain=[("is_booked", "=", True)],
    )

    def _fee_until(self, day):
        spread = self._fee_to_spread()
        paid = min(max(self._fees_paid(until=day), Decimal(0)), spread) if spread else spread
        terms = self._terms()
        accrues = self.fees_spread and terms.fee_timing == "periodic" and not self._is_called(day)
        periodic = terms.fee if accrues else Decimal(0)
        return Fee(amount=spread, paid=paid, start=self.start_date, periodic=periodic)

    def _due_parts(self, day):
        """The principal by the bank's schedule as it was at the end of `day`; in one sum where it tells none.

        The bank tells today's: where drawdowns, extensions or a call changed it since, the one before is worked out.
        """
        if self.entry_ids.filtered(lambda entry: entry.type in MOVES_DUE_DATES and entry.value_date > day):
            told = [event for event in self._events() if event.on <= day]
            return [Due(part.due_date, part.principal) for part in schedule(self._terms(), self.start_date, told)]
        parts = [Due(date.fromisoformat(row["due_date"]), Decimal(row["principal"])) for row in self.schedule or ()]
        if not any(part.principal for part in parts):
            return [Due(self.due_date, self._terms().principal)] if self.due_date else []
        return parts

    def _is_called(self, day):
        return any(entry.type == "call" and entry.value_date <= day for entry in self.entry_ids)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_refuse_while_financed(self):
        result = super()._scf_refuse_while_financed()
        # Read with full rights: the journal entries are bound whoever may see the loans.
        journals = self.company_id.sudo().scf_journal_id
        of_loans = self.sudo().filtered(lambda move: move.journal_id in journals and move.state == "posted")
        closings = self.env["scf.loan.closing"].sudo()
        asked = (of_loans | of_loans.reversed_entry_id).ids
        if closing := closings.search(["|", ("move_id", "in", asked), ("reversal_move_id", "in", asked)], limit=1):
            raise UserError(
                self.env._(
                    "This entry books “%s” of the company's loans. It can't be changed: take the period's end back.",
                    closing.name,
                )
            )
        if loans := of_loans.line_ids.scf_loan_id:
            raise UserError(
                self.env._(
                    "This entry books loan %s by the bank's ledger. It can't be changed; a correction comes from the "
                    "bank as a further entry.",
                    loans[0].name,
                )
            )
        return result


class _Rates:
    """The day's rates into a company's currency, each asked for once."""

    def __init__(self, company, day):
        self._company, self._day, self._rates = company, day, {}

    def converted(self, currency, amount):
        own = self._company.currency_id
        if currency == own:
            return own.round(amount)
        if currency not in self._rates:
            self._rates[currency] = currency._get_conversion_rate(currency, own, self._company, self._day)
        return own.round(amount * self._rates[currency])
