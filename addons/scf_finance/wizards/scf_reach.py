from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..eligibility.enough import most, reach
from ..eligibility.facts import PRE_SHIPMENT, RECEIVABLES_DISCOUNTING


class ScfReach(models.TransientModel):
    """Asks how much is needed, and picks the documents that reach it at the least cost."""

    _name = "scf.reach"
    _description = "Reach an amount"

    application_id = fields.Many2one(
        "scf.application", help="The draft whose documents are chosen anew; a new one is made where there is none."
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    technique = fields.Selection(
        selection="_selection_technique",
        string="Kind of Financing",
        required=True,
        default=lambda self: self._default_technique(),
    )
    partner_id = fields.Many2one("res.partner", string="Only From", help="Only documents of this buyer.")
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    amount = fields.Monetary(string="Amount Needed")
    order_ids = fields.Many2many("sale.order", string="Sales Orders", compute="_compute_mix")
    move_ids = fields.Many2many("account.move", string="Customer Invoices", compute="_compute_mix")
    answer = fields.Text(compute="_compute_mix")

    def _selection_technique(self):
        """The kinds that are repaid by the documents' own payment: its day is what the cheapest mix rests on."""
        labels = dict(self.env["scf.application"]._fields["technique"]._description_selection(self.env))
        return [(code, labels[code]) for code in (PRE_SHIPMENT, RECEIVABLES_DISCOUNTING)]

    def _default_technique(self):
        """Invoices, where the user may read them: their money is nearer than that of orders."""
        return RECEIVABLES_DISCOUNTING if self.env["account.move"].has_access("read") else PRE_SHIPMENT

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("company_id", "technique", "partner_id", "currency_id", "amount")
    def _compute_mix(self):
        for wizard in self:
            chosen, _reached, answer = wizard._choose()
            wizard.order_ids = chosen if chosen._name == "sale.order" else False
            wizard.move_ids = chosen if chosen._name == "account.move" else False
            wizard.answer = answer

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_use(self):
        """Put the chosen documents into the draft, or into a new one, with amount, days and the banks that lend it."""
        self.ensure_one()
        chosen, reached, answer = self._choose()
        if not reached:
            raise UserError(answer or self.env._("Say how much you need."))
        application = self.application_id or self.env["scf.application"].create({})
        lines = application.line_ids
        application.write(
            {
                "line_ids": [
                    *(Command.delete(line.id) for line in lines if line._documents() not in chosen),
                    *(
                        Command.create({document._scf_field: document.id})
                        for document in chosen
                        if document not in lines._documents()
                    ),
                ]
            }
        )
        quotes = chosen._scf_assess().banks_for(exact(self.amount, self.currency_id.name), reached.tenor_days)
        application.write(
            {
                "requested_amount": self.amount,
                "tenor_days": reached.tenor_days,
                "bank_ids": [Command.set([item.bank.bank_id for item in quotes])],
            }
        )
        application.message_post(body=answer)
        return {"type": "ir.actions.act_window_close"} if self.application_id else application._open_form()

    # -- business ---------------------------------------------------------------------------------------------------

    def _choose(self):
        """The documents that reach the amount (none where nothing does), how (`Reached`), and in words."""
        documents = self._open_documents()
        none = documents.browse()
        wanted = exact(self.amount, self.currency_id.name) if self.currency_id else Decimal(0)
        if wanted <= 0:
            return none, None, ""
        if not documents:
            return none, None, self.env._("There is no open document in %s that you may read.", self.currency_id.name)
        assessment = documents._scf_assess()
        hindrances = [finding.sentence for finding in assessment.together if finding.level == "stop"]
        if hindrances:
            return none, None, hindrances[0]
        facts = {
            document.id: item.facts
            for document, item in zip(documents, assessment.documents, strict=True)
            if item.is_financeable
        }
        reached = reach(facts, wanted, assessment.today)
        if not reached:
            return none, None, self._why_not(facts, wanted)
        return documents.browse(reached.mix.document_ids), reached, self._why(reached)

    def _open_documents(self):
        """The documents of the kind that are open, as far as the user may read them."""
        model = self.env["sale.order" if self.technique == PRE_SHIPMENT else "account.move"]
        if not model.has_access("read"):
            return model
        domain = (
            Domain(model._scf_open_domain())
            & Domain("company_id", "=", self.company_id.id)
            & Domain("currency_id", "=", self.currency_id.id)
        )
        if self.partner_id:
            domain &= Domain("partner_id", "child_of", self.partner_id.commercial_partner_id.id)
        return model.search(domain)

    def _why(self, reached):
        """What was chosen, and how much dearer the obvious choice would be."""
        count, largest = len(reached.mix.candidates), len(reached.largest.candidates)
        words = {
            "amount": self._money(self.amount),
            "day": format_date(self.env, reached.mix.last_payment),
            "count": count,
        }
        if count == 1:
            text = self.env._("One document reaches %(amount)s; it is expected to be paid on %(day)s.", **words)
        elif self.technique == PRE_SHIPMENT:
            text = self.env._("%(count)s orders reach %(amount)s; the last one is expected on %(day)s.", **words)
        else:
            text = self.env._("%(count)s invoices reach %(amount)s; the last one is expected on %(day)s.", **words)
        if not reached.dearer_by:
            return text
        dearer = self._money(reached.dearer_by)
        if largest == 1:
            compared = self.env._("Taking the largest one instead would cost about %s more.", dearer)
        else:
            compared = self.env._(
                "Taking the %(count)s largest instead would cost about %(dearer)s more.", count=largest, dearer=dearer
            )
        return f"{text} {compared}"

    def _why_not(self, facts, wanted):
        together = most(facts)
        if together < wanted:
            return self.env._(
                "What can be financed carries %(most)s together: %(missing)s less than you need.",
                most=self._money(together),
                missing=self._money(wanted - together),
            )
        lowest = min(bank.min_amount for bank in next(iter(facts.values())).banks)
        return self.env._(
            "No bank lends %(amount)s: they lend from %(lowest)s.",
            amount=self._money(wanted),
            lowest=self._money(lowest),
        )

    def _money(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)
