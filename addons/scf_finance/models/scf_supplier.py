"""What is shown and said where a bank pays the company's supplier, and on which account he is paid."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..eligibility.facts import DISTRIBUTOR_FINANCE
from ..eligibility.findings import Fix
from ..eligibility.supplier import check_supplier_account
from ..evidence.party import account_of, account_text


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_request(self):
        action = super().action_scf_request()
        if self._scf_is_purchase() and action.get("target") == "new":
            action["name"] = self.env._("Have the bank pay %s", self._scf_counterparty().name)
        return action

    # -- panel ------------------------------------------------------------------------------------------------------

    def _scf_panel_of_document(self, assessment):
        panel = super()._scf_panel_of_document(assessment)
        if assessment.is_eligible and self._scf_is_purchase():
            panel["headline"] = self.env._(
                "You could have %(amount)s paid to %(supplier)s today",
                amount=self._scf_money(assessment.eligible_amount),
                supplier=self._scf_counterparty().name,
            )
        return panel

    def _scf_fix(self, finding):
        if finding.fix in (Fix.SUPPLIER, Fix.SUPPLIER_ACCOUNT, Fix.BILL):
            return self._scf_fix_of_purchase(finding)
        fix = super()._scf_fix(finding)
        if fix and finding.fix is Fix.INVOICES and self._scf_is_purchase():
            fix["label"] = self.env._("Open the bills")
            fix["action"]["name"] = self.env._("Bills")
        return fix

    def _scf_fix_of_purchase(self, finding):
        model, label = {
            Fix.SUPPLIER: ("res.partner", self.env._("Open the supplier")),
            Fix.SUPPLIER_ACCOUNT: ("res.partner.bank", self.env._("Open the bank account")),
            Fix.BILL: ("account.move", self.env._("Open the other bill")),
        }[finding.fix]
        record = self.env[model].browse(finding.fix_id)
        if not record.has_access("read"):
            return None
        return {
            "label": label,
            "action": {
                "type": "ir.actions.act_window",
                "name": record.display_name,
                "res_model": model,
                "res_id": record.id,
                "views": [(False, "form")],
                "target": "current",
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_is_purchase(self):
        return bool(self) and self._scf_technique == DISTRIBUTOR_FINANCE

    def _scf_purchase_facts(self):
        """`PurchaseFacts` of the documents; none where no supplier is paid."""
        if not self._scf_is_purchase():
            return ()
        self.env.flush_all()
        return self._scf_facts(self.env["scf.bank"], fields.Date.context_today(self))

    def _scf_payee_account(self):
        """The supplier's bank account that the bank would pay to (`res.partner.bank`, read with full rights).

        Empty for what a bank does not pay a supplier for, where none is known, and where the bills name several.
        """
        ids = {document.account_id for document in self._scf_purchase_facts()}
        return self.env["res.partner.bank"].sudo().browse(ids if len(ids) == 1 else ()).filtered("id")

    def _scf_why_no_account(self):
        return super()._scf_why_no_account() or self._scf_why_no_payee()

    def _scf_why_no_payee(self):
        """Why no bank may be told of the supplier's account, as a sentence; an empty text where it may."""
        facts = self._scf_purchase_facts()
        stops = [finding for document in facts if (finding := check_supplier_account(document, self.env))]
        if refused := next((finding for finding in stops if finding.level == "stop"), None):
            return refused.sentence
        if len({document.account_id for document in facts}) > 1:
            return self.env._(
                "The bills name several bank accounts of the supplier: the bank pays to one. Choose bills of one "
                "account, or correct the account on the bills."
            )
        return ""


class ScfApplicationDocument(models.Model):
    _inherit = "scf.application.document"

    def _refuse_mixture(self):
        result = super()._refuse_mixture()
        documents = self._documents()
        if documents._scf_is_purchase() and len(suppliers := documents._scf_counterparty()) > 1:
            raise ValidationError(
                self.env._(
                    "The bank pays one supplier with a loan: %s. Make an application for each of them.",
                    ", ".join(suppliers.mapped("name")),
                )
            )
        return result


class ScfApplication(models.Model):
    _inherit = "scf.application"

    payee_account = fields.Char(
        string="Paid To",
        compute="_compute_payee_account",
        help="The supplier's account that the bank pays to.",
    )

    document_kind = fields.Char(compute="_compute_document_kind", help="What the documents are, as on the wire.")

    @api.depends("line_ids.move_id", "line_ids.purchase_order_id", "line_ids.sale_order_id", "line_ids.pledge_id")
    def _compute_document_kind(self):
        for application in self:
            documents = application._documents_read_by_drafter()
            application.document_kind = documents._scf_kind if documents else False

    @api.depends("technique", "package_id", "line_ids.move_id", "line_ids.purchase_order_id")
    def _compute_payee_account(self):
        for application in self:
            if application.technique != DISTRIBUTOR_FINANCE:
                application.payee_account = False
            elif application.package_id:
                application.payee_account = application.package_id.payout_account
            else:
                account = application._documents_read_by_drafter()._scf_payee_account()
                application.payee_account = account and account_text(account_of(account, account.partner_id.name))

    def _headline(self):
        supplier = self.partner_id.name
        if self.technique != DISTRIBUTOR_FINANCE:
            return super()._headline()
        if self.state == "accepted":
            return self.env._("Offer accepted: the bank pays %s", supplier)
        if self.state == "financed":
            return self.env._(
                "%(amount)s paid to %(supplier)s",
                amount=self._money(self.loan_ids[:1].disbursed_amount),
                supplier=supplier,
            )
        return super()._headline()


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    def _pays_supplier(self):
        return self.application_id.technique == DISTRIBUTOR_FINANCE

    def _past_due_sentence(self, amount):
        if not self._pays_supplier():
            return super()._past_due_sentence(amount)
        return self.env._("%s is past due. The goods have not brought it in, so repay it from own money.", amount)

    def _next_step(self):
        if self._pays_supplier() and self.state in ("granted", "active"):
            return self._next_step_of_purchase()
        return super()._next_step()

    def _next_step_of_purchase(self):
        supplier = self.partner_id.name
        if self.state == "granted":
            return self.env._("The bank pays %s; the payment is booked when it does.", supplier)
        return self.env._(
            "What you earn with the goods repays the loan, which is due on %s. You may repay earlier.",
            format_date(self.env, self.due_date) if self.due_date else "",
        )
