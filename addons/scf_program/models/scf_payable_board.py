from decimal import Decimal

from odoo import fields, models
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact

from ..discounting.achieved import Placed, achieved_return
from ..payables.board import due_by_week, percent_of

# Members whose limits are shown: those that use most of them.
MOST_MEMBERS = 5


class ScfProgram(models.Model):
    """The home of a program: what can be paid early, what is due to banks, how far limits and cash are used."""

    _inherit = "scf.program"

    payables_board = fields.Json(compute="_compute_payables_board")

    def _compute_payables_board(self):
        for program in self:
            shows = program.state != "draft" and program.kind != "distributor_finance"
            program.payables_board = program._origin.scf_payables_board() if shows and program._origin else False

    def scf_payables_board(self):
        """What the program's home shows of payables, as JSON; money comes formatted, beside lengths of bars.

        The number of queries does not depend on how many bills there are.
        """
        self.ensure_one()
        self.check_access("read")
        today = fields.Date.context_today(self)
        return {
            "early": self._board_early(),
            "weeks": self._board_weeks(today),
            "caps": self._board_caps(),
            "cash": self._board_cash() if self._pays_itself() else None,
            "suppliers": self._board_suppliers(),
        }

    def _board_early(self):
        [(count, amount)] = self.env["scf.payable"]._read_group(
            [("program_id", "=", self.id), ("state", "=", "approved")], aggregates=["__count", "amount:sum"]
        )
        return {"count": count, "amount": self._board_money(amount or 0)}

    def _board_weeks(self, today):
        rows = self.env["scf.payable"]._read_group(
            [("program_id", "=", self.id), ("state", "in", ("paid", "overdue"))], ["due_date:day"], ["amount:sum"]
        )
        weeks = due_by_week(((day, exact(amount, self.currency_id.name)) for day, amount in rows), today)
        highest = max(week.amount + week.overdue for week in weeks)
        return [
            {
                "label": format_date(self.env, week.start, date_format="d MMM"),
                "amount": self._board_money(week.amount) if week.amount else "",
                "overdue": self._board_money(week.overdue) if week.overdue else "",
                "percent": percent_of(week.amount, highest),
                "overdue_percent": percent_of(week.overdue, highest),
            }
            for week in weeks
        ]

    def _board_caps(self):
        """Used and free of each limit: of the program, of its banks, and of the members that use most of theirs."""
        used = self.env["scf.payable"].search([("program_id", "=", self.id)], limit=1)._read_used()
        rows = [self._board_cap(self.name, self.anchor_limit, used["program", self.id])]
        rows += [
            self._board_cap(bank.bank_id.sudo().name, bank.limit_amount, used["bank", bank.id])
            for bank in self.bank_ids
        ]
        by_member = sorted(
            ((amount, member_id) for (kind, member_id), amount in used.items() if kind == "member"), reverse=True
        )
        for amount, member_id in by_member[:MOST_MEMBERS]:
            member = self.env["scf.program.member"].browse(member_id)
            agreed = sum(row.limit_amount for row in member.bank_ids if row.status == "approved")
            limit = min(filter(None, (self.member_limit, agreed)), default=0.0)
            rows.append(self._board_cap(member.partner_id.name, limit, amount))
        return [row for row in rows if row]

    def _board_cap(self, label, limit, used):
        if not limit:
            return None
        whole = exact(limit, self.currency_id.name)
        return {
            "label": label,
            "used": self._board_money(used),
            "free": self._board_money(max(whole - used, Decimal(0))),
            "limit": self._board_money(whole),
            "percent": percent_of(used, whole),
        }

    def _board_cash(self):
        """Budgets, and the return that was achieved against the one wanted."""
        currency = self.currency_id.name
        requests = self.env["scf.payable.request"].search(
            [("program_id", "=", self.id), ("bank_row_id", "=", False), ("is_live", "=", True)]
        )
        achieved = achieved_return(
            Placed(exact(one.payout, currency), exact(one.discount, currency), one.days_early) for one in requests
        )
        target = Decimal(f"{self.target_return_pa:.2f}")
        highest = max(target, achieved or Decimal(0))
        return {
            "budgets": [
                {
                    "label": self.env._(
                        "%(first)s to %(last)s",
                        first=format_date(self.env, budget.date_from),
                        last=format_date(self.env, budget.date_to),
                    ),
                    "used": self._board_money(budget.used),
                    "free": self._board_money(budget.free),
                    "limit": self._board_money(budget.amount),
                    "percent": percent_of(exact(budget.used, currency), exact(budget.amount, currency)),
                }
                for budget in self.budget_ids
            ],
            "target": f"{target} %",
            "target_percent": percent_of(target, highest),
            "achieved": f"{achieved} %" if achieved is not None else "",
            "achieved_percent": percent_of(achieved or Decimal(0), highest),
            "earned": self._board_money(sum(requests.mapped("discount"))),
        }

    def _board_suppliers(self):
        """What suppliers got early, and what it cost them."""
        [(count, payout, discount, days)] = self.env["scf.payable.request"]._read_group(
            [("program_id", "=", self.id), ("state", "=", "paid")],
            aggregates=["__count", "payout:sum", "discount:sum", "days_early:avg"],
        )
        return {
            "count": count,
            "payout": self._board_money(payout or 0),
            "discount": self._board_money(discount or 0),
            "days": round(days or 0),
        }

    def _board_money(self, amount):
        return self.currency_id.format(float(amount))
