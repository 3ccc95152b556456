import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_datetime

from odoo.addons.scf_finance.models.labels import label_of

from ..inviting.columns import NAMES, REASON
from ..inviting.csv_file import FileUnreadable, read_file, write_file

_logger = logging.getLogger(__name__)

STATES = [
    ("draft", "To be confirmed"),
    ("running", "Running"),
    ("stopped", "Stopped"),
    ("done", "Done"),
]
TRANSITIONS = {"draft": {"running"}, "running": {"stopped", "done"}, "stopped": {"running", "done"}, "done": set()}
SOURCES = [("selection", "Vendor list"), ("rules", "The program's rules"), ("file", "File")]
# Companies that go in with one transaction: few enough that a restart repeats little, many enough to be quick.
CHUNK = 200
# What nobody confirmed is somebody's address book: it does not stay.
DRAFT_DAYS = 7


class ScfProgramInvitation(models.Model):
    """Companies that are invited in one go: looked at first, each with what is wrong with it, then brought in by a job.

    Nothing happens before somebody confirms it. A company goes in whole, contact and member and e-mail in one
    transaction, or not at all; a restart goes on where it was, and whoever is in is passed over.
    """

    _name = "scf.program.invitation"
    _description = "Bulk invitation"
    _inherit = ["scf.record.kept"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    program_id = fields.Many2one("scf.program", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    user_id = fields.Many2one(
        "res.users", string="Invited By", required=True, readonly=True, default=lambda self: self.env.user
    )
    source = fields.Selection(SOURCES, required=True, readonly=True)
    file_name = fields.Char(readonly=True)
    header = fields.Json(readonly=True, help="Columns of the file, in its order.")
    separator = fields.Char(readonly=True, help="What stands between the cells of the file.")
    row_ids = fields.One2many("scf.program.invitation.row", "invitation_id", readonly=True)
    good_ids = fields.One2many(
        "scf.program.invitation.row", "invitation_id", readonly=True, domain=[("state", "in", ("good", "invited"))]
    )
    bad_ids = fields.One2many(
        "scf.program.invitation.row", "invitation_id", readonly=True, domain=[("state", "=", "bad")]
    )
    row_count = fields.Integer(compute="_compute_counts")
    good_count = fields.Integer(string="Can Be Invited", compute="_compute_counts")
    invited_count = fields.Integer(string="Invited", compute="_compute_counts")
    bad_count = fields.Integer(string="Can't Be Invited", compute="_compute_counts")
    settled_count = fields.Integer(compute="_compute_counts", help="Rows that went in, or came back.")
    summary = fields.Char(compute="_compute_summary")
    bad_file = fields.Binary(string="What Can't Be Invited", compute="_compute_bad_file")
    bad_file_name = fields.Char(compute="_compute_bad_file_name")
    state = fields.Selection(STATES, string="Status", required=True, readonly=True, default="draft", index=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("create_date", "program_id")
    def _compute_name(self):
        for invitation in self:
            created = invitation.create_date or fields.Datetime.now()
            invitation.name = self.env._(
                "%(program)s, %(date)s",
                program=invitation.program_id.name,
                date=format_datetime(self.env, created, dt_format="short"),
            )

    @api.depends("row_ids.state")
    def _compute_counts(self):
        counts = {}
        for invitation, state, count in self.env["scf.program.invitation.row"]._read_group(
            [("invitation_id", "in", self.ids)], ["invitation_id", "state"], ["__count"]
        ):
            counts.setdefault(invitation.id, {})[state] = count
        for invitation in self:
            by_state = counts.get(invitation._origin.id, {})
            invitation.row_count = sum(by_state.values())
            invitation.invited_count = by_state.get("invited", 0)
            invitation.good_count = by_state.get("good", 0) + invitation.invited_count
            invitation.bad_count = by_state.get("bad", 0)
            invitation.settled_count = invitation.invited_count + invitation.bad_count

    @api.depends("state", "row_count", "good_count", "invited_count", "bad_count")
    def _compute_summary(self):
        for invitation in self:
            invitation.summary = " ".join(invitation._sentences())

    def _sentences(self):
        counts = {"good": self.good_count, "invited": self.invited_count, "bad": self.bad_count, "rows": self.row_count}
        if self.state == "draft":
            yield self.env._("%(good)s of %(rows)s companies can be invited. Nothing has been sent yet.", **counts)
        elif self.state == "running":
            yield self.env._("%(invited)s of %(good)s companies are in; their e-mails follow.", **counts)
        elif self.state == "stopped":
            yield self.env._("Stopped after %(invited)s of %(good)s companies.", **counts)
        else:
            yield self.env._("%(invited)s companies are in; their e-mails go out by themselves.", **counts)
        if self.bad_count:
            yield self.env._(
                "%(bad)s can't be invited: download them with the reasons, correct them, and come back.", **counts
            )

    def _compute_bad_file(self):
        for invitation in self:
            invitation.bad_file = base64.b64encode(invitation._write_bad()) if invitation.bad_count else False

    def _compute_bad_file_name(self):
        for invitation in self:
            stem = (invitation.file_name or "").rsplit(".", 1)[0] or invitation.program_id.name
            invitation.bad_file_name = self.env._("%s, to correct.csv", stem)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_start(self):
        """Confirm: a job brings the good ones in, and writes to them."""
        self._check_acting("draft")
        if not self.good_count:
            raise UserError(self.env._("None of the companies can be invited; the list says why."))
        self._run()
        return True

    def action_stop(self):
        """Bring no more in; whoever is in stays in."""
        self._check_acting("running")
        self.sudo()._set_state("stopped")
        return True

    def action_resume(self):
        """Go on with what was stopped."""
        self._check_acting("stopped")
        self._run()
        return True

    def action_discard(self):
        """Throw away what nobody confirmed."""
        self._check_acting("draft")
        program = self.program_id
        self.sudo().unlink()
        return program.action_open_members()

    def action_download_bad(self):
        """Download what can't be invited, with a column that says why."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/bad_file?download=true&filename_field=bad_file_name",
            "target": "download",
        }

    def action_open_members(self):
        """Open those who came in with it."""
        self.ensure_one()
        action = self.program_id.action_open_members()
        return {**action, "domain": [("id", "in", self.row_ids.member_id.ids)]}

    # -- business: looking at what is to be invited -----------------------------------------------------------------

    @api.model
    def _of_file(self, program, content, file_name):
        """Read a file and look at each of its rows; nothing else is written.

        :raise UserError: where the file as a whole can't be read
        """
        try:
            companies = read_file(content)
        except FileUnreadable as error:
            raise UserError(self._why_unreadable(error)) from None
        invitation = self.sudo().create(
            {
                "program_id": program.id,
                "user_id": self.env.uid,
                "source": "file",
                "file_name": file_name,
                "header": list(companies.header),
                "separator": companies.separator,
            }
        )
        rows = self.env["scf.program.invitation.row"].sudo()
        invitation._keep(rows._of_cells(companies))
        return invitation.sudo(False)

    @api.model
    def _of_partners(self, program, partners, source):
        """Look at companies of the contacts; nothing else is written."""
        invitation = self.sudo().create({"program_id": program.id, "user_id": self.env.uid, "source": source})
        rows = self.env["scf.program.invitation.row"].sudo()
        # As the user: what he may not read, he does not invite.
        partners.check_access("read")
        invitation._keep(rows._of_partners(partners.commercial_partner_id))
        return invitation.sudo(False)

    def _keep(self, vals_list):
        rows = self.env["scf.program.invitation.row"]
        rows.create([{**vals, "invitation_id": self.id} for vals in rows._checked(self.program_id, vals_list)])

    def _write_bad(self):
        """The rows that can't be invited as a file: the columns that came in, and the reason of each."""
        names = [name for name in self.header or NAMES if name != REASON]
        taken = [number for number, name in enumerate(self.header or NAMES) if name != REASON]
        rows = []
        for row in self.env["scf.program.invitation.row"].search(
            [("invitation_id", "=", self.id), ("state", "=", "bad")], order="number, id"
        ):
            cells = row.cells
            kept = [cells[number] if number < len(cells) else "" for number in taken]
            rows.append([*kept, row.problem])
        return write_file([*names, REASON], rows, separator=self.separator or ",")

    def _why_unreadable(self, error):
        return {
            "empty": lambda: self.env._("The file has no companies in it."),
            "too_big": lambda: self.env._("The file has more than %s MB. Split it.", error.detail),
            "too_many_rows": lambda: self.env._("The file has more than %s rows. Split it.", error.detail),
            "no_text": lambda: self.env._(
                "This is no CSV file. In your spreadsheet, save it as CSV, and choose that file."
            ),
            "broken": lambda: self.env._(
                "The file breaks off or has a quotation mark too many: %s. Save it as CSV again.", error.detail
            ),
            "no_header": lambda: self.env._(
                "The first row has to name the columns, as the template does; it reads: %s", error.detail
            ),
            "missing_columns": lambda: self.env._(
                "These columns are missing: %s. The template has them all.", error.detail
            ),
            "unknown_columns": lambda: self.env._(
                "These columns are not known: %s. Take them out, or rename them as in the template.", error.detail
            ),
            "repeated_columns": lambda: self.env._("These columns are there twice: %s.", error.detail),
        }[error.code]()

    # -- business: the job ------------------------------------------------------------------------------------------

    def _check_acting(self, state):
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise UserError(self.env._("Inviting companies takes the role Requester."))
        if self.state != state:
            raise UserError(self.env._("The invitation is “%s” already.", label_of(self, "state")))
        if state != "draft":
            return
        if not self.program_id._is_open():
            raise UserError(
                self.env._(
                    "Companies can be invited while the program runs; it is “%s”.", label_of(self.program_id, "state")
                )
            )

    def _run(self):
        self.sudo()._set_state("running")
        self.env.ref("scf_program.cron_bring_in").sudo()._trigger()

    def _set_state(self, state):
        """The only writer of `state`: skips what can't follow, and tells the screens."""
        self.ensure_one()
        if state in TRANSITIONS[self.state]:
            self.state = state
            self._tell()

    def _tell(self):
        self.user_id.partner_id._bus_send("scf_panel", {"model": self._name, "ids": self.ids})

    @api.model
    def _cron_bring_in(self):
        """Bring in what waits, a chunk in each transaction, until the job's time is up."""
        rows = self.env["scf.program.invitation.row"]
        # A program that is suspended meanwhile keeps the rest waiting.
        waiting = [
            ("state", "=", "good"),
            ("invitation_id.state", "=", "running"),
            ("invitation_id.program_id.state", "=", "active"),
        ]
        remaining = rows.search_count(waiting)
        self._settle_finished()
        while chunk := self._next_chunk(waiting):
            try:
                chunk._bring_in()
                chunk.invitation_id._tell()
                self._settle_finished()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same rows a moment ago: they are looked at again in another run.
                self.env.cr.rollback()
                self.env.ref("scf_program.cron_bring_in")._trigger()
                return
            remaining = max(remaining - len(chunk), 0)
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=remaining):
                return

    def _next_chunk(self, waiting):
        """Rows of one invitation, which this transaction holds."""
        rows = self.env["scf.program.invitation.row"]
        first = rows.search(waiting, order="id", limit=1)
        if not first:
            return rows
        invitation = first.invitation_id
        if not invitation.try_lock_for_update(allow_referencing=True):
            self.env.ref("scf_program.cron_bring_in")._trigger()
            return rows
        return rows.search([("invitation_id", "=", invitation.id), ("state", "=", "good")], order="id", limit=CHUNK)

    @api.model
    def _settle_finished(self):
        """End invitations of which nothing waits any more, and say so to somebody who has left the screen."""
        running = self.search([("state", "=", "running")])
        for invitation in running:
            if self.env["scf.program.invitation.row"].search_count(
                [("invitation_id", "=", invitation.id), ("state", "=", "good")], limit=1
            ):
                continue
            invitation._set_state("done")
            reader = invitation.with_context(lang=invitation.user_id.lang)
            invitation.user_id.partner_id._bus_send(
                "simple_notification",
                {
                    "title": reader.env._("Bulk invitation"),
                    "message": " ".join(reader._sentences()),
                    "type": "warning" if invitation.bad_count else "success",
                },
            )

    @api.autovacuum
    def _gc_unconfirmed(self):
        too_old = fields.Datetime.subtract(fields.Datetime.now(), days=DRAFT_DAYS)
        self.search([("state", "=", "draft"), ("create_date", "<", too_old)]).unlink()
