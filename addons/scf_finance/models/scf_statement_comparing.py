from decimal import Decimal

from odoo import fields, models
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..statements.comparison import (
    AGREED,
    MOVES_MONEY,
    PARTS,
    Booked,
    Told,
    find_cause,
    principal_change,
    status_of,
    told_by_bank,
)


class ScfStatement(models.Model):
    """The comparison of a statement: its lines written anew, in a number of queries that does not grow with them."""

    _inherit = "scf.statement"

    def _compare(self):
        """Write down how each statement compares now, whoever looks at it."""
        for statement in self.sudo():
            statement._compare_one()

    def _compare_one(self):
        source, loan = self._own_statement(), self.loan_id
        rows = self._rows_of_entries(source)
        rows += self._rows_of_totals(source, rows)
        rows += loan._rows_of_clearing(self.date_to)
        self._write_lines(rows)
        statuses = {row["status"] for row in rows}
        self.write(
            {
                "compared_at": fields.Datetime.now(),
                "difference_count": sum(row["status"] == "different" for row in rows),
                "clearing_open": sum(row["book_amount"] for row in rows if row["about"] == "clearing"),
                "state": next(
                    status for status in ("different", "explained", "agreed") if status in statuses | {AGREED}
                ),
            }
        )

    # -- lines of the ledger ----------------------------------------------------------------------------------------

    def _rows_of_entries(self, source):
        """A row for each entry that the bank tells in this period, and for each of ours that it does not tell."""
        theirs = {entry.reference: told_by_bank(entry) for entry in source.entries if entry.is_booked}
        entries = {entry.bank_entry_ref: entry for entry in self.loan_id.entry_ids}
        ours = {
            reference: entry
            for reference, entry in entries.items()
            if reference in theirs or self.date_from <= entry.value_date <= self.date_to
        }
        booked = self._booked()
        events = self._waiting_events() if theirs.keys() - ours.keys() else {}
        return [
            self._row(
                number,
                theirs.get(reference),
                ours.get(reference, self.env["scf.loan.entry"]),
                booked.get(ours[reference].move_id) if reference in ours else None,
                events.get(reference),
            )
            for number, reference in enumerate([*theirs, *(ours.keys() - theirs.keys())], start=1)
        ]

    def _row(self, number, theirs, entry, booked, event):
        ours = self._told(entry) if entry else None
        booked = booked or Booked()
        cause = find_cause(theirs, ours, booked)
        if cause == "missing_here":
            cause = "stopped" if event else "not_arrived"
        elif cause == "missing_there" and entry.create_date >= self.received_at:
            cause = "later"
        told = theirs or ours
        is_booked = ours and booked.state == "posted"
        as_told = is_booked and booked.agrees
        return {
            "about": "entry",
            "sequence": number,
            "bank_ref": told.reference,
            "type": self._type_label(told.kind),
            "value_date": told.value_on,
            "bank_amount": float(theirs.amount) if theirs else 0.0,
            "ledger_amount": float(ours.amount) if ours else 0.0,
            "book_amount": float(ours.amount if as_told else abs(booked.money or 0)) if is_booked else 0.0,
            "bank_principal": float(theirs.principal_change) if theirs else 0.0,
            "ledger_principal": float(ours.principal_change) if ours else 0.0,
            "book_principal": float(ours.principal_change if as_told else booked.principal_change)
            if is_booked
            else 0.0,
            "entry_id": entry.id,
            "move_id": entry.move_id.id,
            "event_id": event.id if event else False,
            "bank_line_id": False,
            "cause": cause,
            "status": status_of(cause),
            "explanation": self._explain(cause, theirs, ours, booked, event),
        }

    def _told(self, entry):
        amounts = {name: self._exact(entry[name]) for name in PARTS}
        amount = self._exact(entry.amount)
        return Told(
            reference=entry.bank_entry_ref,
            kind=entry.type,
            value_on=entry.value_date,
            amount=amount,
            principal_change=principal_change(entry.type, amount, amounts["principal"]),
            parts=amounts if any(amounts.values()) else None,
        )

    def _booked(self):
        """What the journal says, by journal entry: several entries that were told together share one."""
        loan, booked = self.loan_id, {}
        loan_items = loan._loan_items()
        open_items = loan_items.filtered(lambda item: not item.reconciled).grouped("account_id")
        for move, entries in loan.entry_ids.grouped("move_id").items():
            if not move:
                continue
            told = [self._told(entry) for entry in entries]
            items = move.line_ids & loan_items
            booked[move] = Booked(
                state=move.state,
                on=move.date,
                wanted_on=max(entries.mapped("value_date")),
                principal_change=-sum((self._exact(item.amount_currency) for item in items), Decimal(0)),
                wanted_principal_change=sum((entry.principal_change for entry in told), Decimal(0)),
                money=self._money_in(move, told),
                wanted_money=sum((MOVES_MONEY.get(entry.kind, 0) * entry.amount for entry in told), Decimal(0)),
                is_matched="disbursement" in entries.mapped("type") or not _could_be_matched(items, open_items),
                off=self._rounded_by(move, max(entries.mapped("value_date"))),
            )
        return booked

    def _money_in(self, move, told):
        """What came (positive) or went by the journal: on clearing, or straight to a supplier; None where unknown."""
        clearing = self.company_id.scf_clearing_account_id
        lines = move.line_ids.filtered(
            lambda line: line.account_id == clearing or line.account_id.account_type == "liability_payable"
        )
        if not lines or any(entry.kind not in MOVES_MONEY for entry in told):
            return None
        return sum((self._exact(line.amount_currency) for line in lines), Decimal(0))

    def _rounded_by(self, move, on):
        """By how much the company's amounts differ from converting each by itself, at most a unit for each item.

        What is more comes from rates that were entered later, and is no rounding. Reads the rate of each day once.
        """
        company, currency = self.company_id, self.currency_id
        ours = company.currency_id
        items = move.line_ids.filtered(lambda item: item.currency_id == currency)
        if ours == currency or not items:
            return Decimal(0)
        off = [item.balance - currency._convert(item.amount_currency, ours, company, on) for item in items]
        if max(map(abs, off)) > ours.rounding * len(items) + ours.rounding / 2:
            return Decimal(0)
        return exact(sum(map(abs, off)), ours.name)

    def _waiting_events(self):
        """Events of this loan that came and were not applied, by the ledger entries that they tell of."""
        submission = self.loan_id.submission_id
        events = self.env["scf.event"].search(
            [
                ("bank_id", "=", self.bank_id.id),
                ("channel", "=", submission.reference),
                ("state", "in", ("received", "failed")),
            ],
            order="id",
        )
        by_entry = {}
        for event in events:
            content = event.payload.get("data") or {}
            for entry in [*(content.get("entries") or ()), *([content["entry"]] if content.get("entry") else ())]:
                by_entry.setdefault(entry.get("id"), event)
        return by_entry

    # -- totals -----------------------------------------------------------------------------------------------------

    def _rows_of_totals(self, source, rows):
        """Write opening and closing of the three sides; a row for each total that no line explains."""
        loan, bank = self.loan_id, {"opening": -source.opening.amount, "closing": -source.closing.amount}
        entries, items = loan.entry_ids, loan._loan_items()
        ledger = {
            "opening": self._principal_of(entries.filtered(lambda entry: entry.value_date < self.date_from)),
            "closing": self._principal_of(entries.filtered(lambda entry: entry.value_date <= self.date_to)),
        }
        book = {
            "opening": self._carried(items.filtered(lambda item: item.date < self.date_from)),
            "closing": self._carried(items.filtered(lambda item: item.date <= self.date_to)),
        }
        self.write(
            {
                f"{side}_{when}": float(amounts[when])
                for side, amounts in (("bank", bank), ("ledger", ledger), ("book", book))
                for when in ("opening", "closing")
            }
        )
        found = []
        if bank["opening"] != ledger["opening"]:
            found.append(
                self._total_row("earlier", self.date_from, bank["opening"], ledger["opening"], book["opening"])
            )
        if source.unexplained:
            found.append(self._total_row("sums", self.date_to, bank["closing"], ledger["closing"], book["closing"]))
        # What no entry of the ledger booked, as where somebody reversed a journal entry, no line shows.
        others = items.filtered(lambda item: item.date <= self.date_to) - entries.move_id.line_ids
        if self._carried(others):
            row = self._total_row("changed", self.date_to, bank["closing"], ledger["closing"], book["closing"])
            found.append({**row, "bank_ref": "books", "move_id": others.move_id[-1:].id})
        return found

    def _total_row(self, cause, day, bank, ledger, book):
        label = self.env._("Opening balance") if cause == "earlier" else self.env._("Closing balance")
        return {
            "about": "entry",
            "sequence": 0,
            "bank_ref": cause,
            "type": label,
            "value_date": day,
            "bank_amount": float(bank),
            "ledger_amount": float(ledger),
            "book_amount": float(book),
            "cause": cause,
            "status": status_of(cause),
            "explanation": {
                "earlier": self.env._(
                    "Before this period the bank counts another principal. Ask for the statement from the first day."
                ),
                "sums": self.env._("Opening balance and lines do not give the closing balance. Ask the bank."),
                "changed": self._explain(
                    "changed", None, None, Booked(principal_change=book, wanted_principal_change=ledger), None
                ),
            }[cause],
        }

    def _principal_of(self, entries):
        return sum((self._told(entry).principal_change for entry in entries), Decimal(0))

    def _carried(self, items):
        return -sum((self._exact(item.amount_currency) for item in items), Decimal(0))

    # -- words ------------------------------------------------------------------------------------------------------

    def _explain(self, cause, theirs, ours, booked, event):
        """What differs with the figures of both sides, and what to do next; empty where all agree."""
        both = {"theirs": "", "ours": ""}
        if cause == "amount":
            both = {"theirs": self._shown(theirs.amount), "ours": self._shown(ours.amount)}
        elif cause == "value_date":
            both = {"theirs": self._day(theirs.value_on), "ours": self._day(ours.value_on)}
        elif cause == "type":
            both = {"theirs": self._type_label(theirs.kind), "ours": self._type_label(ours.kind)}
        elif cause == "allocation":
            both = {"theirs": self._allocation(theirs), "ours": self._allocation(ours)}
        elif cause == "changed":
            both = {
                "theirs": self._shown(booked.wanted_principal_change),
                "ours": self._shown(booked.principal_change),
            }
        elif cause == "moved":
            both = {"theirs": self._day(booked.wanted_on), "ours": self._day(booked.on)}
        return {
            "not_arrived": lambda: self.env._("The bank booked it, and its news has not come. Fetch the events now."),
            "stopped": lambda: self.env._("The news came and can't be applied: %s", event.error or event.state),
            "missing_there": lambda: self.env._("It is in our ledger and not on the statement. Ask the bank."),
            "later": lambda: self.env._("It came after the bank made this statement. Fetch the statement again."),
            "type": lambda: self.env._("The bank calls it %(theirs)s, its event %(ours)s. Ask the bank.", **both),
            "amount": lambda: self.env._("The bank states %(theirs)s, its event told %(ours)s. Ask the bank.", **both),
            "value_date": lambda: self.env._("The bank states %(theirs)s, its event %(ours)s. Ask the bank.", **both),
            "allocation": lambda: self.env._("The bank states %(theirs)s; its event: %(ours)s. Ask the bank.", **both),
            "unbooked": lambda: self.env._(
                "There is no journal entry. Set up the accounts, then apply the event again."
            ),
            "draft": lambda: self.env._("The journal entry was reset or cancelled. Open and post it."),
            "changed": lambda: self.env._(
                "The journal carries a principal of %(ours)s instead of %(theirs)s, or other money. Open the entry.",
                **both,
            ),
            "unmatched": lambda: self.env._("The match with the payout was undone. Match it again."),
            "moved": lambda: self.env._(
                "Its value date is %(theirs)s; booked on %(ours)s, the first open day.", **both
            ),
            "rounding": lambda: self.env._(
                "In the company's currency %s of rounding; in the loan's currency all agree.",
                format_amount(self.env, float(booked.off), self.company_id.currency_id),
            ),
        }.get(cause, lambda: False)()

    def _shown(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)

    def _day(self, day):
        return format_date(self.env, day) if day else ""

    def _allocation(self, told):
        if told.parts is None:
            return self.env._("principal %s", self._shown(abs(told.principal_change)))
        labels = {
            "penalty": self.env._("penalty"),
            "fee": self.env._("fees"),
            "interest": self.env._("interest"),
            "principal": self.env._("principal"),
        }
        return ", ".join(f"{labels[name]} {self._shown(amount)}" for name, amount in told.parts.items() if amount)

    def _type_label(self, kind):
        return dict(self.env["scf.loan.entry"]._fields["type"]._description_selection(self.env)).get(kind, kind)

    # -- writing ----------------------------------------------------------------------------------------------------

    def _write_lines(self, rows):
        """Bring the lines in step: what is there stays the same record, what is gone goes."""
        kept = {(line.about, line.bank_ref): line for line in self.line_ids}
        new = []
        for row in rows:
            line = kept.pop((row["about"], row["bank_ref"]), None)
            if line:
                line.write(row)
            else:
                new.append({"statement_id": self.id, **row})
        self.env["scf.statement.line"].union(*kept.values()).unlink()
        self.env["scf.statement.line"].create(new)
        self.invalidate_recordset(["line_ids", "entry_line_ids", "difference_line_ids", "clearing_line_ids"])


def _could_be_matched(items, open_items):
    """Whether one of the items is open beside open ones of the other side, on the same account.

    :param dict open_items: open items of the loan by account
    """
    return any(
        not item.reconciled
        and any(
            other.amount_residual_currency * item.amount_residual_currency < 0 for other in open_items[item.account_id]
        )
        for item in items
    )
