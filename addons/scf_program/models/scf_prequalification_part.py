import json
import uuid
from datetime import timedelta, timezone

from openscf.errors import OpenSCFError
from openscf.programs import CHUNK_MEDIA_TYPE

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from odoo.addons.scf_connector.adapters.base import is_retryable, seconds_to_wait
from odoo.addons.scf_connector.models.scf_message import NOT_SENT
from odoo.addons.scf_finance.evidence.wire_text import tax_id_of

from ..prequalification.batch import batch_of
from ..prequalification.results import ResultRefused, check_results

STATES = [
    ("waiting", "To Be Sent"),
    ("queued", "On Its Way"),
    ("received", "Being Decided"),
    ("decided", "Results Being Fetched"),
    ("answered", "Answered"),
    ("rejected", "Rejected"),
    ("failed", "Not Sent"),
]
TRANSITIONS = {
    "waiting": {"queued", "failed"},
    "queued": {"waiting", "received", "decided", "rejected", "failed"},
    "received": {"decided", "rejected"},
    "decided": {"answered", "failed"},
    "failed": {"waiting", "decided"},
}
STATE_OF_STATUS = {"RECEIVED": "received", "DECIDED": "decided", "REJECTED": "rejected"}
PAGE = 1000
# A bank that can't be reached is asked again after so long, where it does not say itself when.
FETCH_AGAIN_SECONDS = 300


class ScfPrequalificationPart(models.Model):
    """A pre-approval at one bank: what was sent, and how far its answer has been taken in."""

    _name = "scf.prequalification.part"
    _description = "Pre-approval at a bank"
    _inherit = ["scf.addressee", "scf.program.guarded"]
    _order = "id"
    _rec_name = "program_bank_id"

    prequalification_id = fields.Many2one(
        "scf.prequalification", required=True, readonly=True, index=True, ondelete="restrict"
    )
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="prequalification_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="prequalification_id.currency_id")
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    batch_ref = fields.Char(string="Our Number", readonly=True, index="btree_not_null", help="A new one for each try.")
    bank_batch_ref = fields.Char(string="Bank's Number", readonly=True)
    state = fields.Selection(STATES, string="Status", required=True, readonly=True, default="waiting", index=True)
    state_message = fields.Char(string="What Is Going On", compute="_compute_state_message")
    row_count = fields.Integer(string="Suppliers", readonly=True)
    named_partner_ids = fields.Json(readonly=True, help="Whom the batch names, as they consented.")
    fetched_row = fields.Integer(string="Answers Taken In", readonly=True, help="The results are known up to this row.")
    next_fetch_at = fields.Datetime(string="Asked Again On", readonly=True)
    approved_count = fields.Integer(string="Pre-approved", readonly=True)
    referred_count = fields.Integer(string="To Be Decided", readonly=True)
    declined_count = fields.Integer(string="Declined", readonly=True)
    limit_total = fields.Monetary(string="Limits Together", readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words, or why there is none.")
    delayed = fields.Boolean(readonly=True, help="The bank can't be reached; what we sent waits in the outbox.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")

    _bank_once = models.UniqueIndex("(prequalification_id, program_bank_id)", "A pre-approval is once at each bank.")
    _ref_once = models.UniqueIndex("(batch_ref)", "A batch's number is used once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("state", "row_count", "fetched_row", "approved_count", "limit_total", "message", "delayed")
    @api.depends_context("lang")
    def _compute_state_message(self):
        for part in self:
            part.state_message = part._sentence()

    def _sentence(self):
        bank = self.bank_id.sudo().name
        if self.delayed or self.next_fetch_at:
            return self.env._("%s can't be reached. It goes on by itself once it can.", bank)
        counts = {
            "bank": bank,
            "count": self.row_count,
            "done": self.fetched_row,
            "approved": self.approved_count,
            "referred": self.referred_count,
            "declined": self.declined_count,
            "limits": format_amount(self.env, self.limit_total, self.currency_id),
            "why": self.message or "",
        }
        sentences = {
            "waiting": lambda: self.env._("It will be sent to %(bank)s.", **counts),
            "queued": lambda: self.env._("Figures on %(count)s suppliers are on their way to %(bank)s.", **counts),
            "received": lambda: self.env._("%(bank)s decides on %(count)s suppliers.", **counts),
            "decided": lambda: self.env._(
                "%(bank)s has decided: %(done)s of %(count)s answers are taken in.", **counts
            ),
            "answered": lambda: self.env._(
                "%(bank)s pre-approved %(approved)s of %(count)s suppliers, up to %(limits)s together; an officer "
                "decides on %(referred)s; %(declined)s were declined.",
                **counts,
            ),
            "rejected": lambda: self.env._("%(bank)s did not take it: %(why)s", **counts),
            "failed": lambda: self.env._("%(bank)s: %(why)s", **counts),
        }
        return sentences[self.state]()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_retry(self):
        """Send it, or fetch its results, again after what hindered it was mended."""
        self.ensure_one()
        self.check_access("read")
        self.env["scf.financeable"]._scf_check_requester()
        part = self.sudo()
        part.lock_for_update()
        if not part._set_state("decided" if part.bank_batch_ref else "waiting"):
            raise UserError(self.env._("It is on its way: nothing is to be tried again."))
        part.write({"message": False, "next_fetch_at": False})
        part.prequalification_id._trigger()
        return True

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state):
        """The only writer of `state`: skips what can't follow; gives whether anything changed."""
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        self.state = state
        self.prequalification_id._end_if_answered()
        return True

    def _fail(self, why):
        """Stop, with the reason, until somebody tries again."""
        self.message = why
        if self._set_state("failed"):
            self.prequalification_id.program_id._tell(f"{self.bank_id.name}: {why}", act=True)

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _refs(self):
        """The included lines by the code under which this bank knows their suppliers, in the order of the batch.

        :rtype: dict[str, scf.prequalification.line]
        """
        pseudonym = self.bank_id._scf_pseudonym(self.bank_id._scf_pseudonym_secret())
        lines = self.prequalification_id.line_ids.filtered("is_included")
        return dict(sorted((pseudonym(line.partner_id.id), line) for line in lines))

    def _named_now(self):
        """Ids of the batch's partners that have consented that this bank reads their names, and have a tax id."""
        batch = self.prequalification_id
        consenting = batch._consents(batch.line_ids.partner_id)[self.program_bank_id]
        partners = self.env["res.partner"].browse(consenting)
        return {partner.id for partner in partners if tax_id_of(partner.vat)}

    def _send(self):
        """Queue the batch: its rows as documents of one message, which only goes out when all of them are there."""
        self.ensure_one()
        batch, currency = self.prequalification_id, self.currency_id.name
        named = self._named_now()
        rows = [line._wire_row(ref, named=line.partner_id.id in named) for ref, line in self._refs().items()]
        content = batch_of(rows, currency)
        self.write(
            {
                "batch_ref": str(uuid.uuid4()),
                "row_count": content.rows,
                "named_partner_ids": sorted(named),
                "message": False,
            }
        )
        self.program_bank_id._send(
            "prequalify",
            {
                "batch_id": self.batch_ref,
                "as_of": batch.as_of.isoformat(),
                "period": {"from": batch.start_on.isoformat(), "to": batch.as_of.isoformat()},
                "rows": content.rows,
                "chunks": [{"sha256": piece.sha256, "rows": piece.rows} for piece in content.pieces],
                "totals": content.totals,
                "requested_by": batch.requested_by_id.name,
                "requested_at": batch.requested_at.replace(tzinfo=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            addressee=self,
            documents=[(piece.sha256, piece.content, CHUNK_MEDIA_TYPE) for piece in content.pieces],
        )
        self._set_state("queued")

    def _scf_target(self, verb):
        return self.program_bank_id.bank_program_ref or None

    def _scf_before_send(self, message):
        if set(self.named_partner_ids or ()) - self._named_now():
            return self.env._("A supplier has taken its consent back since: the batch is made again without its name.")
        return None

    def _scf_on_answer(self, message, answer):
        self.delayed = False
        if json.loads(message.payload)["batch_id"] == self.batch_ref:
            self._take(answer)

    def _scf_on_refused(self, message, problem):
        self.delayed = False
        if problem.get("type") == NOT_SENT:
            self._set_state("waiting")
            self.prequalification_id._trigger()
            return
        self._fail(problem.get("detail") or problem.get("title") or "")

    def _scf_on_delayed(self, message):
        self.delayed = True

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, wire, cursor=None):
        """Apply a Batch of docs/protocol.md; an older word than the last one changes nothing.

        :param dict wire: the Batch
        :param int cursor: place of the event in the bank's feed; None for an answer, which an event overtakes
        """
        self.ensure_one()
        if self.last_cursor and (cursor is None or int(self.last_cursor) >= cursor):
            return
        self.write(
            {
                "bank_batch_ref": wire["id"],
                "message": wire.get("message") or False,
                "delayed": False,
                **({"last_cursor": str(cursor)} if cursor else {}),
            }
        )
        state = STATE_OF_STATUS[wire["status"]]
        if not self._set_state(state):
            return
        if state == "decided":
            self.prequalification_id._trigger()
        elif state == "rejected":
            self.prequalification_id.program_id._tell(self._sentence(), act=True)

    def _fetch_page(self):
        """Fetch the next page of results and take it in, both or neither.

        :return: whether there may be another page at once
        """
        self.ensure_one()
        try:
            results = self.bank_id._adapter().prequalification_results(self.bank_batch_ref, self.fetched_row, PAGE)
            refs = self._refs()
            check_results(results, after=self.fetched_row, refs=list(refs), is_last=len(results) < PAGE)
        except ResultRefused as error:
            self._fail(self.env._("The bank's answer can't be believed, so none of this page was taken in. %s", error))
            return False
        except OpenSCFError as error:
            if is_retryable(error):
                seconds = seconds_to_wait(error) or FETCH_AGAIN_SECONDS
                self.next_fetch_at = fields.Datetime.now() + timedelta(seconds=seconds)
                self.prequalification_id._trigger(self.next_fetch_at)
            else:
                self._fail(self.bank_id._sentence(error))
            return False
        self._take_results(results, refs)
        return len(results) == PAGE

    def _take_results(self, results, refs):
        """Give each member of a page its limit; one that a later batch has told of already keeps that."""
        lines = {result.member_ref: refs[result.member_ref] for result in results}
        members = self.env["scf.program.member"].browse(line.member_id.id for line in lines.values())
        opened = self.env["scf.program.member.bank"]._open(members, self.program_bank_id)
        at_bank = {record.member_id: record for record in opened}
        statuses = []
        for result in results:
            record, line = at_bank[lines[result.member_ref].member_id], lines[result.member_ref]
            record._take_result(result, line, self)
            statuses.append(result.status.value)
        approved = sum(result.limit for result in results if result.status.value == "APPROVED")
        self.write(
            {
                "fetched_row": results[-1].row if results else self.fetched_row,
                "next_fetch_at": False,
                "approved_count": self.approved_count + statuses.count("APPROVED"),
                "referred_count": self.referred_count + statuses.count("REFERRED"),
                "declined_count": self.declined_count + statuses.count("DECLINED"),
                "limit_total": self.limit_total + float(approved),
            }
        )
        if len(results) < PAGE and self._set_state("answered"):
            self.prequalification_id.program_id._tell(self._sentence())
        self.prequalification_id._tell_screens()

    @api.model
    @api.private
    def _by_subject(self, bank, subject, wire):
        """The part that an event is about; empty where the number is of an earlier try, or nobody's."""
        reference = wire.get("batch_id") or subject.get("batch_id")
        return self.search([("bank_id", "=", bank.id), ("batch_ref", "=", reference)], limit=1)
