from openscf.errors import OpenSCFError
from openscf.package import read_package

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_list

from ..checks.lights import make_checks
from ..checks.screen import live_lights, sealed_lights
from ..checks.thresholds import thresholds_of
from ..evidence.sealing import why_unstated
from ..evidence.sections import read_evidence
from .scf_application import OPEN_STATES
from .scf_consent_proposal import HISTORY_MONTHS

HIDDEN = {"visible": False}
# Orders that are confirmed, invoices and bills that are posted, goods that nobody holds yet.
STATED = ("sale", "purchase", "posted", "proposed")


class ScfFinanceable(models.AbstractModel):
    """The three lights of a document: what a bank would find if it were asked now, or what the banks were told."""

    _inherit = "scf.financeable"

    def scf_panel_lights(self):
        """The lights below the Financing panel, as JSON; `{"visible": False}` where the panel shows none.

        A call of its own after `scf_panel`: the evidence costs more to read than all the rest, and no form waits for
        it. The number of queries does not depend on the history.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester") or not self._scf_is_candidate():
            return HIDDEN
        application = self._scf_application()
        if application and application.state in (*OPEN_STATES, "repaid"):
            return application._sealed_lights()
        return self._scf_live_lights()

    def _scf_live_lights(self):
        """The lights of a request for all that could be had today, with the history that is given by default."""
        assessment = self._scf_assess()
        stated = self.filtered(lambda document: document.state in STATED)
        if not stated:
            return HIDDEN
        if set(assessment.unstatable) & set(assessment.stops):
            return HIDDEN  # the panel says why no evidence can be written
        free = self.browse(
            document.id for document, item in zip(self, assessment.documents, strict=True) if item.is_financeable
        )
        try:
            evidence = read_evidence(
                free or stated,
                company=self.company_id,
                technique=assessment.technique,
                requested=assessment.eligible_amount,
                eligible=assessment.eligible_amount,
                tenor_days=max(assessment.tenor_days, 1),
                as_of=fields.Datetime.now(),
                today=assessment.today,
                history_months=HISTORY_MONTHS,
                for_checks=True,
            )
        except OpenSCFError as error:
            raise UserError(why_unstated(self, error)) from error
        checked = make_checks(evidence.sections, assessment.today, thresholds_of(self.company_id))
        return {"visible": True, "origin": "", "lights": live_lights(checked, self.env)}


class ScfApplication(models.Model):
    """The checks of an application: live while it is a draft, as sealed once the banks were asked."""

    _inherit = "scf.application"

    def scf_lights(self):
        """What `scf_panel_lights` gives of the document, for this application and whatever became of it."""
        self.ensure_one()
        self.check_access("read")
        if self.package_id:
            return self._sealed_lights()
        documents = self._documents()
        return documents._scf_live_lights() if documents and documents.has_access("read") else HIDDEN

    def _sealed_lights(self):
        """The lights in the files that the banks have by now; where they differ, the worse result."""
        sections = {}
        # Whoever may read the application may know what was said for it.
        disclosures = self.sudo().submission_ids.sorted("id").disclosure_id
        for disclosure in disclosures:
            if section := read_package(disclosure.attachment_id.raw).sections.checks:
                sections[disclosure.bank_id.name] = section
        if not sections:
            return HIDDEN
        origin = self.env._(
            "As sealed for %(banks)s on %(date)s.",
            banks=format_list(self.env, list(sections)),
            date=format_date(self.env, max(disclosures.mapped("created_at"))),
        )
        return {"visible": True, "origin": origin, "lights": sealed_lights(sections, self.env)}
