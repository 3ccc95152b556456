import hashlib
import json
import logging

from psycopg2.errors import UniqueViolation

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_datetime

from .labels import as_note, label_of

_logger = logging.getLogger(__name__)

# A request for more documents than these takes longer to seal than somebody waits for a button.
MOST_AT_ONCE = 40
STATES = [
    ("draft", "To be confirmed"),
    ("running", "Running"),
    ("stopped", "Stopped"),
    ("done", "Done"),
]
TRANSITIONS = {"draft": {"running"}, "running": {"stopped", "done"}, "stopped": {"running", "done"}, "done": set()}
PART_STATES = [
    ("waiting", "Waiting"),
    ("asked", "Banks asked"),
    ("failed", "Not sent"),
    ("stopped", "Stopped"),
]


class ScfBulkRequest(models.Model):
    """A selection of documents asked for in one go: as many applications as it takes, sent one after the other.

    Its drafts are ordinary ones, made when it is planned: whoever confirms it has seen the amounts and what each bank
    may read. A job sends them, each in a transaction of its own, so that the screen can be left, a restart loses
    nothing, and what has not been sent can be stopped.
    """

    _name = "scf.bulk.request"
    _description = "Bulk request"
    _inherit = ["scf.record.kept"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    user_id = fields.Many2one(
        "res.users", string="Requested By", required=True, readonly=True, index=True, default=lambda self: self.env.user
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, default=lambda self: self.env.company
    )
    part_ids = fields.One2many("scf.bulk.part", "bulk_id", string="Requests", readonly=True)
    left_out_ids = fields.One2many("scf.bulk.left.out", "bulk_id", string="Documents Left Out", readonly=True)
    proposal_ids = fields.Many2many(
        "scf.consent.proposal", string="What the Banks May Read", compute="_compute_proposal_ids"
    )
    part_count = fields.Integer(compute="_compute_counts")
    settled_count = fields.Integer(compute="_compute_counts", help="Requests that were sent, or could not be.")
    asked_count = fields.Integer(compute="_compute_counts")
    failed_count = fields.Integer(compute="_compute_counts")
    document_count = fields.Integer(compute="_compute_counts")
    left_out_count = fields.Integer(compute="_compute_counts")
    summary = fields.Char(compute="_compute_summary")
    digest = fields.Char(compute="_compute_digest", help="Stands for all that is on the screen before it is confirmed.")
    state = fields.Selection(STATES, string="Status", required=True, readonly=True, default="draft", index=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("create_date")
    def _compute_name(self):
        for bulk in self:
            created = bulk.create_date or fields.Datetime.now()
            bulk.name = self.env._("Bulk request of %s", format_datetime(self.env, created, dt_format="short"))

    @api.depends("part_ids.application_id.proposal_ids")
    def _compute_proposal_ids(self):
        for bulk in self:
            drafted = bulk.part_ids.application_id.filtered(lambda application: application.state == "draft")
            # What is alike is read once.
            unlike = {(proposal.bank_id, proposal.notice): proposal.id for proposal in drafted.proposal_ids}
            bulk.proposal_ids = self.env["scf.consent.proposal"].browse(unlike.values())

    @api.depends("part_ids.state", "part_ids.document_count", "left_out_ids")
    def _compute_counts(self):
        for bulk in self:
            states = bulk.part_ids.mapped("state")
            bulk.part_count = len(states)
            bulk.asked_count = states.count("asked")
            bulk.failed_count = states.count("failed")
            bulk.settled_count = bulk.asked_count + bulk.failed_count
            bulk.document_count = sum(bulk.part_ids.mapped("document_count"))
            bulk.left_out_count = len(bulk.left_out_ids)

    @api.depends("state", "part_count", "asked_count", "failed_count", "document_count", "left_out_count")
    def _compute_summary(self):
        for bulk in self:
            bulk.summary = " ".join(bulk._sentences())

    @api.depends("part_ids.application_id")
    def _compute_digest(self):
        for bulk in self:
            shown = json.dumps([part._shown() for part in bulk.part_ids], sort_keys=True, default=str)
            bulk.digest = hashlib.sha256(shown.encode()).hexdigest()

    def _sentences(self):
        counts = {"count": self.part_count, "asked": self.asked_count, "documents": self.document_count}
        if self.state == "draft":
            yield self.env._("%(documents)s documents will be asked for in %(count)s requests.", **counts)
        elif self.state == "running":
            yield self.env._("%(asked)s of %(count)s requests have been sent.", **counts)
        elif self.state == "stopped":
            yield self.env._("Stopped after %(asked)s of %(count)s requests.", **counts)
        else:
            yield self.env._("%(asked)s of %(count)s requests have been sent. The banks decide.", **counts)
        if self.failed_count:
            yield self.env._("Could not be sent: %s.", self.failed_count)
        if self.left_out_count:
            yield self.env._("Documents left out: %s.", self.left_out_count)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_start(self):
        """Confirm what is planned: a job sends it. `scf_digest` of the context stands for what was on the screen."""
        self._check_own("draft")
        if not self.part_ids:
            raise UserError(self.env._("Nothing of the selection can be financed; the list says why."))
        digest = self.env.context.get("scf_digest")
        if digest and digest != self.digest:
            raise UserError(
                self.env._("The requests have been changed since you opened this. Look at them again before you ask.")
            )
        for part in self.part_ids:
            part.sudo().read_values = part._shown()
        self._run()
        return True

    def action_stop(self):
        """Send no more; what was sent stays sent."""
        self._check_own("running")
        bulk = self.sudo()
        bulk.part_ids.filtered(lambda part: part.state == "waiting").state = "stopped"
        bulk._set_state("stopped")
        return True

    def action_resume(self):
        """Go on with what was stopped."""
        self._check_own("stopped")
        self.sudo().part_ids.filtered(lambda part: part.state == "stopped").state = "waiting"
        self._run()
        return True

    def action_discard(self):
        """Throw the plan and its drafts away."""
        self._check_own("draft")
        drafted = self.part_ids.application_id.filtered(lambda application: application.state == "draft")
        drafted.unlink()
        self.sudo().unlink()
        return self.env["ir.actions.actions"]._for_xml_id("scf_finance.action_scf_home")

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _plan(self, documents):
        """Draft the applications that these documents take, and say of the others why they are left out.

        :param documents: documents of one model, which the user may read
        :return: the bulk request
        """
        bulk = self.sudo().create({"user_id": self.env.user.id}).sudo(False)
        for together in documents._scf_assessable():
            bulk._plan_part(together)
        return bulk

    def _plan_part(self, documents):
        assessment = documents._scf_assess()
        hindrances = [finding.sentence for finding in assessment.together if finding.level == "stop"]
        taken = documents.browse()
        left_out = []
        for document, assessed in zip(documents, assessment.documents, strict=True):
            if reasons := [finding.sentence for finding in assessed.stops[:1]] or hindrances:
                left_out.append(
                    {"bulk_id": self.id, "document_name": document.display_name, "reason": " ".join(reasons)}
                )
            else:
                taken |= document
        self.env["scf.bulk.left.out"].sudo().create(left_out)
        if taken:
            lines = [Command.create({taken._scf_field: document.id}) for document in taken]
            application = self.env["scf.application"].with_company(taken.company_id).create({"line_ids": lines})
            self.env["scf.bulk.part"].sudo().create({"bulk_id": self.id, "application_id": application.id})

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _check_own(self, state):
        """See that whoever planned it acts (nobody else may read it), and that it is where the action starts from."""
        self.ensure_one()
        self.check_access("read")
        self.env["scf.financeable"]._scf_check_requester()
        if self.state != state:
            raise UserError(self.env._("The bulk request is “%s” already.", label_of(self, "state")))

    def _run(self):
        self.sudo()._set_state("running")
        self.env.ref("scf_finance.cron_bulk_requests").sudo()._trigger()

    def _set_state(self, state):
        """The only writer of `state`: skips what can't follow, and tells the screens."""
        self.ensure_one()
        if state in TRANSITIONS[self.state]:
            self.state = state
            self._tell()

    def _tell(self):
        self.user_id.partner_id._bus_send("scf_panel", {"model": self._name, "ids": self.ids})

    def _settle(self):
        """End it when nothing waits any more, and say how it went to somebody who has left the screen."""
        if any(part.state == "waiting" for part in self.part_ids):
            self._tell()
            return
        self._set_state("done")
        reader = self.with_context(lang=self.user_id.lang)
        self.user_id.partner_id._bus_send(
            "simple_notification",
            {
                "title": reader.env._("Bulk request"),
                "message": " ".join(reader._sentences()),
                "type": "warning" if self.failed_count else "success",
            },
        )

    @api.model
    def _cron_run(self):
        """Send what waits, each request in a transaction of its own."""
        parts = self.env["scf.bulk.part"]
        waiting = [("state", "=", "waiting"), ("bulk_id.state", "=", "running")]
        remaining = parts.search_count(waiting)
        last_id = 0
        while part := parts.search([*waiting, ("id", ">", last_id)], order="id", limit=1):
            last_id = part.id
            try:
                part._send()
                part.bulk_id._settle()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same rows a moment ago, or stopped it: it is looked at again, after the others.
                self.env.cr.rollback()
                self.env.ref("scf_finance.cron_bulk_requests")._trigger()
            remaining = max(remaining - 1, 0)
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                break


class ScfBulkPart(models.Model):
    """One application of a bulk request."""

    _name = "scf.bulk.part"
    _description = "Application of a bulk request"
    _inherit = ["scf.record.kept"]
    _order = "id"
    _rec_name = "application_id"

    bulk_id = fields.Many2one("scf.bulk.request", required=True, readonly=True, index=True, ondelete="cascade")
    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="application_id.company_id")
    technique = fields.Selection(related="application_id.technique", string="Kind of Financing")
    currency_id = fields.Many2one(related="application_id.currency_id")
    document_count = fields.Integer(related="application_id.document_count")
    buyers = fields.Char(related="application_id.buyers", string="Buyer or Supplier")
    requested_amount = fields.Monetary(related="application_id.requested_amount")
    tenor_days = fields.Integer(related="application_id.tenor_days")
    bank_ids = fields.Many2many(related="application_id.bank_ids", string="Banks")
    read_values = fields.Json(readonly=True, help="What stood on the screen when it was confirmed.")
    reason = fields.Char(string="Why Not Sent", readonly=True)
    state = fields.Selection(PART_STATES, string="Status", required=True, readonly=True, default="waiting", index=True)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open(self):
        """Open the application: while it is a draft, to change it."""
        self.ensure_one()
        self.check_access("read")
        return self.application_id._open_form()

    # -- business ---------------------------------------------------------------------------------------------------

    def _shown(self):
        """What is confirmed with the part, as `scf.application._check_read` compares it."""
        application = self.application_id
        return {
            "lines": application.line_ids.ids,
            "line_count": len(application.line_ids),
            "requested_amount": application.requested_amount,
            "tenor_days": application.tenor_days,
            "repayment": application.repayment,
            "payee_account": application.payee_account,
            "words": {str(proposal.bank_id.id): proposal.notice for proposal in application.proposal_ids},
        }

    def _send(self):
        """Ask the banks in the name of whoever confirmed it; what hinders is written down, and the next one goes on."""
        self.ensure_one()
        user = self.bulk_id.user_id
        if not user.active:
            self._hand_over()
            return
        application = self.application_id.with_user(user).with_context(
            lang=user.lang,
            tz=user.tz,
            allowed_company_ids=self.application_id.company_id.ids,
            scf_read=self.read_values,
        )
        try:
            with self.env.cr.savepoint():
                application.action_submit()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except UserError as refusal:
            self._fail(str(refusal))
        except UniqueViolation:
            self._fail(application.env._("Another request for one of the documents was quicker. Look at them again."))
        except Exception:
            _logger.exception("scf.bulk.part %s could not be sent", self.id)
            self._fail(application.env._("Something went wrong; the server's log has the details."))
        else:
            self.state = "asked"

    def _hand_over(self):
        """Nobody asks in the name of a user who was archived: the draft waits for somebody else, who is told."""
        application = self.application_id
        for approver in application._approvers():
            reason = self.with_context(lang=approver.lang)._why_handed_over()
            application.activity_schedule(
                "mail.mail_activity_data_todo", user_id=approver.id, summary=application.name, note=as_note(reason)
            )
        application.message_post(body=self._why_handed_over())
        self._fail(self._why_handed_over())

    def _why_handed_over(self):
        return self.env._(
            "%s confirmed this request in a bulk request and has left before it was sent. Look at it, and ask the "
            "banks or delete it.",
            self.bulk_id.user_id.name,
        )

    def _fail(self, reason):
        self.write({"state": "failed", "reason": reason})


class ScfBulkLeftOut(models.Model):
    """A document of the selection that can't be financed, and why."""

    _name = "scf.bulk.left.out"
    _description = "Document left out of a bulk request"
    _order = "id"
    _rec_name = "document_name"

    bulk_id = fields.Many2one("scf.bulk.request", required=True, readonly=True, index=True, ondelete="cascade")
    document_name = fields.Char(string="Document", readonly=True)
    reason = fields.Char(readonly=True)


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    def _scf_request_many(self):
        """One draft where the documents fit one application and are not many, else a bulk request."""
        if len(self) <= MOST_AT_ONCE and len(self._scf_assessable()) == 1:
            lines = [Command.create({self._scf_field: document.id}) for document in self]
            return self.env["scf.application"].create({"line_ids": lines})._open_form()
        return self.env["scf.bulk.request"]._plan(self)._open_form()
