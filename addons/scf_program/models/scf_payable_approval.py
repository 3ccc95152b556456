from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact
from odoo.addons.scf_finance.eligibility.purchase_facts import read_bill_facts

from ..payables.approvable import BillFacts, Instalment, ProgramRules, open_for_approval, why_not
from .scf_payable import OPEN_STATES

# Where neither a bank nor own cash says it.
LEAST_DAYS = 1
PAYING = ("draft", "in_process")


class ScfPayable(models.Model):
    """Approving bills for early payment: one payable for each due date of a bill."""

    _inherit = "scf.payable"

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _approve(self, bills, *, by_rule=False):
        """Approve vendor bills for early payment, as far as they may be, and register them at the banks.

        :param bills: `account.move` that the user may read
        :param bool by_rule: the program's rule approves, no person
        :return: (the payables, {bill: why it was not approved})
        """
        if not by_rule:
            self._check_may_approve()
        bills.check_access("read")
        payables, reasons = self.sudo(), {}
        for company, of_company in bills.grouped("company_id").items():
            company.sudo()._scf_prepare_payable_books()
            of_company._scf_lock()
            approved, refused = payables._approve_of_company(of_company.sudo(), by_rule)
            payables += approved
            reasons.update({bill.with_env(bills.env): why for bill, why in refused.items()})
        payables._register_at_banks()
        return payables.with_env(self.env), reasons

    @api.model
    def _check_may_approve(self):
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(
                self.env._("Only users with the role “Financing: Approver” may approve bills for early payment.")
            )

    def _approve_of_company(self, bills, by_rule):
        today = fields.Date.context_today(self)
        facts, members = self._bill_facts(bills), self._members_of(bills)
        now, user = fields.Datetime.now(), self.env.user
        values, refused = [], {}
        for bill in bills:
            member = members.get(bill)
            rules = member.program_id._payable_rules(member) if member else None
            if why := why_not(facts[bill], rules, today, self.env):
                refused[bill] = why
                continue
            for part in open_for_approval(facts[bill], rules, today):
                values.append(
                    {
                        "name": self.env["ir.sequence"].with_company(bill.company_id).next_by_code("scf.payable"),
                        "program_id": member.program_id.id,
                        "member_id": member.id,
                        "move_id": bill.id,
                        "document_number": bill.ref,
                        "amount": float(part.amount),
                        "approved_amount": float(part.amount),
                        "due_date": part.due_on,
                        "approved_by_id": False if by_rule else user.id,
                        "approved_at": now,
                    }
                )
        payables = self.create(values)
        for bill, of_bill in payables.grouped("move_id").items():
            bill.message_post(
                body=self.env._(
                    "Approved for early payment in %(program)s, due %(days)s.",
                    program=of_bill.program_id.name,
                    days=", ".join(format_date(self.env, day) for day in of_bill.mapped("due_date")),
                )
            )
        return payables, refused

    @api.model
    def _bill_facts(self, bills):
        """What the rules have to know of these bills (`payables.approvable.BillFacts`), all of one company.

        The number of queries does not depend on how many bills there are.
        """
        self.env.flush_all()
        read = dict(
            zip(
                bills,
                read_bill_facts(bills, banks=self.env["scf.bank"], today=fields.Date.context_today(self)),
                strict=True,
            )
        )
        approved = {
            payable.move_id: payable.program_id.name
            for payable in self.search([("move_id", "in", bills.ids), ("state", "in", OPEN_STATES)])
        }
        return {
            bill: BillFacts(
                number=bill.name or self.env._("The draft"),
                supplier=bill.commercial_partner_id.name or "",
                is_vendor_bill=bill.move_type == "in_invoice",
                is_posted=bill.state == "posted",
                currency=bill.currency_id.name,
                supplier_number=(bill.ref or "").strip() or None,
                issued_on=bill.invoice_date or None,
                instalments=bill._scf_instalments(),
                is_blocked=bill.payment_state == "blocked",
                payment_on_its_way=bill._scf_is_being_paid(),
                approved_in=approved.get(bill),
                claimed_by=next((claim.application_name for claim in read[bill].claims), None),
                posted_by_approver=bill._scf_poster() == self.env.user,
                duplicate=read[bill].duplicate,
            )
            for bill in bills
        }

    @api.model
    def _members_of(self, bills):
        """The member of a running program that each bill's supplier is; of several programs, the oldest that fits."""
        members = self.env["scf.program.member"].search(
            [
                ("company_id", "in", bills.company_id.ids),
                ("partner_id", "in", bills.commercial_partner_id.ids),
                ("state", "not in", ("left", "declined")),
                ("program_id.kind", "in", ("payables_finance", "dynamic_discounting")),
                ("program_id.state", "=", "active"),
            ],
            order="program_id, id",
        )
        by_partner = members.grouped("partner_id")
        found = {}
        for bill in bills:
            of_partner = by_partner.get(bill.commercial_partner_id, members.browse())
            fitting = of_partner.filtered(
                lambda member, bill=bill: (
                    member.currency_id == bill.currency_id and member.program_id._payable_rules(member).is_member
                )
            )
            if one := (fitting or of_partner)[:1]:
                found[bill] = one
        return found

    # -- business: what happens to the bill -------------------------------------------------------------------------

    def _why_held(self):
        """Why the payable can't be paid early though it is approved, as a sentence; empty where it can be."""
        self.ensure_one()
        bill = self.move_id
        if self.program_id.state != "active" or self.member_id.state not in ("approved", "financed"):
            return self.env._("Nothing is paid early in the program now.")
        if bill.state != "posted":
            return self.env._("The bill is not posted any more.")
        if bill.payment_state == "blocked":
            return self.env._("The bill is under dispute.")
        if bill._scf_is_being_paid():
            return self.env._("A payment of the bill is on its way.")
        if self.due_date <= fields.Date.context_today(self):
            return self.env._("The bill is due.")
        return ""


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_instalments(self):
        """What is open of a bill, by due date, the earliest first, in its currency.

        Credit notes of the bill that are not matched yet count as if they were, with what is due first.
        """
        self.ensure_one()
        currency = self.currency_id.name
        open_by_day = defaultdict(Decimal)
        for item in self._scf_payable_items():
            day = item.date_maturity or self.invoice_date_due or self.invoice_date
            open_by_day[day] -= exact(item.amount_residual_currency, currency)
        credit = sum((exact(note.amount_residual, currency) for note in self._scf_open_credit_notes()), Decimal(0))
        parts = []
        for day in sorted(open_by_day):
            taken = min(credit, max(open_by_day[day], Decimal(0)))
            credit -= taken
            parts.append(Instalment(day, open_by_day[day] - taken))
        return tuple(parts)

    def _scf_open_credit_notes(self):
        """Posted credit notes of the bill that nothing is matched with, or not in full."""
        return self.reversal_move_ids.filtered(
            lambda note: (
                note.move_type == "in_refund"
                and note.state == "posted"
                and note.currency_id == self.currency_id
                and note.amount_residual > 0
            )
        )

    def _scf_is_being_paid(self):
        """Whether a payment of the bill was made or drafted that is not settled."""
        self.ensure_one()
        return self.payment_state == "in_payment" or bool(
            self.matched_payment_ids.filtered(lambda payment: payment.state in PAYING)
        )


class ScfProgram(models.Model):
    _inherit = "scf.program"

    def _payable_rules(self, member):
        """The program as the rules of approving see it (`payables.approvable.ProgramRules`) for one of its members."""
        self.ensure_one()
        at_banks = member.bank_ids.filtered(lambda row: row._takes_payables())
        least = [int((row.program_bank_id.bank_terms or {}).get("min_days", LEAST_DAYS)) for row in at_banks]
        if self._pays_itself():
            least.append(self.earliest_days + LEAST_DAYS)
        return ProgramRules(
            name=self.name,
            is_running=self.state == "active",
            currency=self.currency_id.name,
            is_member=bool(least) and member.state in ("approved", "financed"),
            shortest_days=max(min(least, default=LEAST_DAYS), LEAST_DAYS),
            longest_days=self.max_tenor_days,
            approves_separately=self.approves_separately,
        )
