from odoo import api, fields, models
from odoo.tools import format_date

from ..eligibility.facts import REVOLVING_LINE
from ..evidence.views import ALWAYS
from .labels import label_of


class ScfConsentProposal(models.Model):
    _inherit = "scf.consent.proposal"

    in_short = fields.Json(
        compute="_compute_in_short",
        help="The consent that would apply, as rows with a name, a label and a text each: what the bank asks for, what "
        "it gets, how far back, whose names, until when.",
    )

    @api.depends("asked_sections", "section_ids", "counterparties", "history_months", "expires_on", "use_standing")
    def _compute_in_short(self):
        for proposal in self:
            proposal.in_short = [
                {"name": name, "label": label, "text": text} for name, label, text in proposal._rows_in_short()
            ]

    def _rows_in_short(self):
        stands = self._uses_standing()
        applying = self.standing_id if stands else self
        months = applying.history_months
        back = self.env._("%s months", months) if months else self.env._("The running month only")
        return (
            ("asks", self.env._("Asks for"), self._asked_in_short()),
            ("gets", self.env._("Gets"), self._given_in_short(applying.section_ids)),
            ("history", self.env._("Goes back"), back),
            ("others", self.env._("Other customers"), label_of(applying, "counterparties")),
            ("until", self.env._("Until"), format_date(self.env, applying.expires_at if stands else self.expires_on)),
        )

    def _asked_in_short(self):
        nothing_more = (
            self.env._("No more than what you ask for")
            if self._is_of_line()
            else self.env._("No more than the financed documents")
        )
        return self._names(self._asked() - set(ALWAYS)) or nothing_more

    def _is_of_line(self):
        """Whether no document is financed: a line stands on all that customers pay."""
        return self.application_id.technique == REVOLVING_LINE

    def _given_in_short(self, sections):
        given, asked = ({*codes} - {*ALWAYS} for codes in (sections.mapped("code"), self._asked()))
        left_out, beyond = self._names(asked - given), self._names(given - asked)
        if self._is_of_line():
            words = self._given_of_line_in_short(given, left_out)
        elif not given:
            words = self.env._("Who you are and the financed documents")
        elif left_out:
            words = self.env._("Who you are, the financed documents, and all that it asks for but: %s", left_out)
        else:
            words = self.env._("Who you are, the financed documents, and all that it asks for")
        return self.env._("%(given)s; beyond that: %(more)s", given=words, more=beyond) if beyond else words

    def _given_of_line_in_short(self, given, left_out):
        if not given:
            return self.env._("Who you are and what you ask for")
        if left_out:
            return self.env._("Who you are, what you ask for, and all that it asks for but: %s", left_out)
        return self.env._("Who you are, what you ask for, and all that it asks for")

    def _names(self, codes):
        """Names of sections, in the package's order, as a list in words."""
        return ", ".join(self.env["scf.section"].search([("code", "in", list(codes))]).mapped("name"))
