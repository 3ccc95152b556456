from datetime import timedelta

from openscf.fingerprint import fingerprints

from odoo import Command, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import SQL, format_amount, format_date

from ..amounts import exact
from ..eligibility.assessment import assess
from ..eligibility.company_setup import check_collection_account
from ..eligibility.findings import Fix
from ..evidence.wire_text import tax_id_of
from .labels import label_of
from .scf_application import OPEN_STATES

TONES = {
    "created": "info",
    "processing": "info",
    "action_required": "warning",
    "offered": "success",
    "offer_accepted": "success",
    "granted": "success",
    "disbursement_initiated": "success",
    "disbursement_completed": "success",
    "disbursed_failed": "danger",
    "rejected": "danger",
    "cancelled": "muted",
    "closed": "muted",
}


class ScfFinanceable(models.AbstractModel):
    """A document that can be turned into working capital, or paid with a bank's money.

    The model that inherits this says what it is (`_scf_field`, `_scf_kind`) and reads its own facts (`_scf_facts`).
    """

    _name = "scf.financeable"
    _description = "Document that can be financed"

    # Name of the many2one in scf.application.document, the kind on the wire, and the technique that finances it. A
    # model whose records are of several kinds tells kind and technique by a property, of the first record.
    _scf_field = None
    _scf_kind = None
    _scf_technique = None

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_request(self):
        """Open the request: for one document as a dialog, for several as a page that lists all of them."""
        self._scf_check_requester()
        if len(self) > 1:
            return self._scf_request_many()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Get paid early"),
            "res_model": "scf.application",
            "view_mode": "form",
            "views": [(self.env.ref("scf_finance.view_scf_application_request_form").id, "form")],
            "target": "new",
            "context": {
                "default_line_ids": [Command.create({self._scf_field: document.id}) for document in self],
            },
        }

    def action_scf_open(self):
        """Open the latest financing of the document."""
        self.ensure_one()
        self._scf_check_requester()
        application = self._scf_application()
        if not application:
            raise UserError(self.env._("No financing has been requested for this document yet."))
        return application._open_form()

    # -- panel ------------------------------------------------------------------------------------------------------

    def scf_panel(self):
        """What the Financing panel of this document shows, as JSON; `{"visible": False}` for users without the role.

        Reads the database only: it never waits for a bank. Money comes formatted, beside a decimal string where a
        picture needs the figure.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester") or not self._scf_is_candidate():
            return {"visible": False}
        application = self._scf_application()
        if application and application.state in (*OPEN_STATES, "repaid"):
            return self._scf_panel_of_application(application, None)
        assessment = self._scf_assess()
        if application and application.state != "draft":
            return self._scf_panel_of_application(application, assessment)
        return self._scf_panel_of_document(assessment)

    def _scf_panel_of_document(self, assessment):
        """The panel while nothing has been asked: what could be received, or why not."""
        banks = len(assessment.quotes)
        if assessment.is_eligible:
            headline = self.env._("You could receive %s today", self._scf_money(assessment.eligible_amount))
            subline = self.env._(
                "%(rate)s %% of %(amount)s, banks that could finance it: %(banks)s",
                rate=f"{assessment.best.bank.advance_rate.normalize():f}",
                amount=self._scf_money(assessment.open_amount),
                banks=banks,
            )
            next_step = self.env._("Ask the banks: it costs nothing and binds nobody.")
        else:
            headline = self.env._("Financing is not possible now")
            subline = next_step = assessment.stops[0].sentence
        return {
            **self._scf_panel_frame(assessment.technique),
            "state": "eligible" if assessment.is_eligible else "ineligible",
            "headline": headline,
            "subline": subline,
            "eligible": self._scf_panel_eligible(assessment),
            "indicative": self._scf_panel_indication(assessment),
            "reasons": self._scf_panel_reasons(assessment),
            "next_step": next_step,
            "actions": self._scf_panel_request_actions(assessment, "primary"),
        }

    def _scf_panel_of_application(self, application, assessment):
        """The panel of a document with an application; `assessment` is given where it may be requested again."""
        loan = application.loan_ids[:1]
        actions = [{"name": "action_scf_open", "label": self.env._("Open the financing"), "kind": "secondary"}]
        if assessment:
            actions = self._scf_panel_request_actions(assessment, "primary") + actions
        return {
            **self._scf_panel_frame(application.technique),
            "state": application.state,
            "headline": application._headline(),
            "subline": " · ".join(filter(None, (application._subline(), application._with_others()))),
            "eligible": self._scf_panel_eligible(assessment) if assessment else None,
            "indicative": self._scf_panel_indication(assessment) if assessment else None,
            "reasons": self._scf_panel_reasons(assessment) if assessment else [],
            "application": {
                "id": application.id,
                "name": application.name,
                "state_label": label_of(application, "state"),
            },
            "submissions": [self._scf_panel_submission(submission) for submission in application.submission_ids],
            "offers": application._offers_in_brief(),
            "loan": self._scf_panel_loan(loan) if loan else None,
            "next_step": application._next_step(),
            "actions": actions,
        }

    def _scf_panel_frame(self, technique):
        labels = dict(self.env["scf.application"]._fields["technique"]._description_selection(self.env))
        return {
            "visible": True,
            "technique": technique,
            "technique_label": labels[technique],
            "eligible": None,
            "indicative": None,
            "reasons": [],
            "application": None,
            "submissions": [],
            "offers": [],
            "loan": None,
            "rows": [],
        }

    def _scf_panel_eligible(self, assessment):
        if not assessment.is_eligible:
            return None
        return {"text": self._scf_money(assessment.eligible_amount), "value": str(assessment.eligible_amount)}

    def _scf_panel_indication(self, assessment):
        indication = assessment.indication() if assessment.is_eligible else None
        if not indication:
            return None
        return {
            "cost_text": self._scf_money(indication.cost.total_cost),
            "apr_text": self.env._("%s %% a year", f"{indication.cost.apr:.2f}"),
            "bank": indication.bank_name,
            "cash_date": format_date(self.env, assessment.today + timedelta(days=1)),
        }

    def _scf_panel_reasons(self, assessment):
        return [
            {"code": finding.code, "level": finding.level, "sentence": finding.sentence, "fix": self._scf_fix(finding)}
            for finding in assessment.findings
        ]

    def _scf_panel_request_actions(self, assessment, kind):
        if not assessment.is_eligible:
            return []
        return [{"name": "action_scf_request", "label": self.env._("Ask the banks"), "kind": kind}]

    def _scf_panel_submission(self, submission):
        return {
            "id": submission.id,
            "bank": submission.bank_id.sudo().name,
            "state": submission.state,
            "state_label": label_of(submission, "state"),
            "message": submission.state_message,
            "tone": "warning" if submission.delayed else TONES[submission.state],
        }

    def _scf_panel_loan(self, loan):
        return {
            "id": loan.id,
            "name": loan.name,
            "state_label": label_of(loan, "state"),
            "principal": self._scf_money(loan.principal),
            "repaid": self._scf_money(loan.principal - loan.balance_principal),
            "remaining": self._scf_money(loan.balance_total),
            "repaid_percent": round(loan.repaid_percent, 2),
            "due_date": format_date(self.env, loan.due_date) if loan.due_date else "",
            "next_step": loan._next_step(),
        }

    def _scf_fix(self, finding):
        """The action that helps against `finding`, where this user may open it."""
        is_admin = self.env.user.has_group("scf_connector.group_scf_admin")
        if finding.fix is Fix.SETTINGS and self.env.user.has_group("base.group_system"):
            return {
                "label": self.env._("Open settings"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Settings"),
                    "res_model": "res.config.settings",
                    "views": [(False, "form")],
                    "target": "current",
                    "context": {"module": "scf_finance", "bin_size": False},
                },
            }
        if finding.fix is Fix.COMPANY and self.env.user.has_group("base.group_system"):
            return {
                "label": self.env._("Open the company"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Company"),
                    "res_model": "res.company",
                    "res_id": self.company_id.id,
                    "views": [(False, "form")],
                    "target": "current",
                },
            }
        if finding.fix is Fix.BANKS and is_admin:
            return {
                "label": self.env._("Open banks"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Banks"),
                    "res_model": "scf.bank",
                    "views": [(False, "list"), (False, "form")],
                    "target": "current",
                },
            }
        if finding.fix is Fix.APPLICATION:
            application = self.env["scf.application"].browse(finding.fix_id)
            if application.has_access("read"):
                return {"label": self.env._("Open %s", application.name), "action": application._open_form()}
        if finding.fix is Fix.INVOICES and (invoices := self._scf_invoices()):
            return {
                "label": self.env._("Open the invoices"),
                "action": {
                    "type": "ir.actions.act_window",
                    "name": self.env._("Invoices"),
                    "res_model": "account.move",
                    "views": [(False, "list"), (False, "form")],
                    "target": "current",
                    "domain": [("id", "in", invoices.ids)],
                },
            }
        return None

    def _scf_money(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_is_candidate(self):
        """Whether the panel has anything to say on this document at all: of a cancelled one, only its history."""
        return self.state != "cancel" or bool(self._scf_application())

    def _scf_invoices(self):
        """Invoices of the same sale, where there are any."""
        return self.env["account.move"]

    def _scf_facts(self, banks, today):
        """`DocumentFacts` of these documents, in their order."""
        raise NotImplementedError

    def _scf_open_domain(self):
        """Which documents of the model somebody still has to pay; the rules look closer."""
        raise NotImplementedError

    def _scf_application(self):
        """The open application of the document, else the latest one that was sent."""
        applications = self.env["scf.application"].search(
            [("line_ids", "any", [(self._scf_field, "in", self.ids)]), ("state", "!=", "draft")],
            order="id desc",
        )
        return applications.filtered(lambda item: item.state in OPEN_STATES)[:1] or applications[:1]

    def _scf_assess(self):
        """Run the eligibility rules on these documents together (`eligibility.assessment.Assessment`).

        They are of one company and one currency, at least one; the number of queries does not depend on how many.
        """
        self.check_access("read")  # the facts are read by SQL, which asks nobody
        self.env.flush_all()
        # A requester reads names and terms of banks; the profile is read with full rights to need no more of him.
        banks = self.env["scf.bank"].sudo().search([("company_id", "=", self.company_id.id)], order="id")
        return assess(self._scf_facts(banks, fields.Date.context_today(self)), self.env)

    def _scf_why_unstatable(self):
        """Why no bank and no buyer can be told of the document, as sentences; an empty text where they can."""
        assessment = self._scf_assess()
        return "\n".join(finding.sentence for finding in assessment.stops if finding in assessment.unstatable)

    def _scf_why_no_account(self):
        """Why no bank may be told of the company's collection account, as a sentence; an empty text where it may."""
        self.env.flush_all()
        [facts] = self[:1]._scf_facts(self.env["scf.bank"], fields.Date.context_today(self))
        account = check_collection_account(facts, self.env)
        return account.sentence if account.level == "stop" else ""

    def _scf_lock(self):
        """Make concurrent requests on the same sales run one after the other, all in the same order.

        The row is written, not only locked: under snapshot isolation a second transaction that merely waited would
        still not see the first one's claim. A written row makes it fail and be tried again by the server.
        """
        for records in self._scf_sale():
            try:
                records.lock_for_update(allow_referencing=True)
            except LockError:
                raise UserError(
                    self.env._(
                        "Somebody else is working on the financing of this sale right now. Try again in a moment."
                    )
                ) from None
            if records:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %(table)s SET write_date = write_date WHERE id IN %(ids)s",
                        table=SQL.identifier(records._table),
                        ids=tuple(sorted(records.ids)),
                    )
                )

    def _scf_sale(self):
        """Recordsets whose rows stand for the sales, in the order in which they are locked against double financing."""
        return [self]

    def _scf_asset_key(self):
        """What only one open application may hold of the document: its fingerprint F1."""
        return self._scf_fingerprints().f1

    def _scf_fingerprints(self):
        """F1 to F3 of the document (`openscf.fingerprint`), as in docs/package.md."""
        self.ensure_one()
        counterparty = self._scf_counterparty()
        return fingerprints(
            issuer=self.company_id.sudo().vat,
            kind=self._scf_kind,
            number=self.name,
            fiscal_year=self._scf_fiscal_year(),
            counterparty=tax_id_of(counterparty.vat) or counterparty.name,
            issue_date=self._scf_issue_date(),
            currency=self.currency_id.name,
            amount=exact(self.amount_total, self.currency_id.name),
        )

    def _scf_counterparty(self):
        """The companies that pay for the documents, or are paid for them; none for goods."""
        return self.partner_id.commercial_partner_id

    def _scf_issue_date(self):
        raise NotImplementedError

    def _scf_fiscal_year(self):
        """The year in which the document's fiscal year ends, as text."""
        return str(self.company_id.compute_fiscalyear_dates(self._scf_issue_date())["date_to"].year)

    def _scf_check_requester(self):
        if self:  # without documents, which model it is says nothing
            self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise AccessError(
                self.env._(
                    "Only users with the role “Financing: Requester” may do this. Ask your administrator for the role."
                )
            )

    def _scf_open_claim(self):
        """Open claims on these documents themselves, read with full rights: who may not see them is bound too."""
        return (
            self.env["scf.application.document"]
            .sudo()
            .search(
                [(self._scf_field, "in", self.ids), ("is_open", "=", True)],
                limit=1,
            )
        )
