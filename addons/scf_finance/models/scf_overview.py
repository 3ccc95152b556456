from odoo import models
from odoo.tools import format_date

from .labels import label_of
from .scf_application import OPEN_STATES
from .scf_application_document import DOCUMENT_FIELDS

HIDDEN = {"visible": False}
# A screen that stands for many financings names the newest of them and links to the rest.
MOST_NAMED = 5


class ScfOverview(models.AbstractModel):
    """A screen that is no document, and whose Financing panel says what is financed around it.

    The panel is the one of documents (`scf.financeable.scf_panel`), with `rows` in place of an application: each has
    `key`, `label`, `value`, `detail`, `progress` (`{"percent", "text"}` or None) and `action` (or None). The model that
    inherits this says what there is to tell (`_scf_overview`); where that is nothing, the panel draws nothing.
    """

    _name = "scf.overview"
    _description = "Screen with an overview of financing"

    # -- panel ------------------------------------------------------------------------------------------------------

    def scf_panel(self):
        """What the Financing panel of this screen shows, as JSON; `{"visible": False}` where there is nothing to say.

        Asked for after the form is on screen. Reads the database only, with the user's own rights, and as many times
        for one document as for many.
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            return HIDDEN
        told = self._scf_overview()
        if not told:
            return HIDDEN
        return {
            "visible": True,
            "technique": False,
            "technique_label": "",
            "eligible": None,
            "indicative": None,
            "reasons": [],
            "application": None,
            "submissions": [],
            "offers": [],
            "loan": None,
            "next_step": "",
            "actions": [],
            **told,
        }

    def _scf_overview(self):
        """What is told: `state` ("eligible", "financed"), `headline`, `subline` and `rows`; None for nothing."""
        raise NotImplementedError

    def _scf_row(self, key, label, value, detail="", *, progress=None, action=None):
        return {"key": key, "label": label, "value": value, "detail": detail, "progress": progress, "action": action}

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_applications(self, domain):
        """The open applications on documents that the user may read: a fixed number of queries.

        An application is told of by the documents that lead to it; whoever may read none of them learns nothing.

        :param domain: on `scf.application.document`
        """
        lines = self.env["scf.application.document"].search([("is_open", "=", True), *domain], order="id desc")
        applications = self.env["scf.application"]
        for name in DOCUMENT_FIELDS:
            readable = lines[name]._filtered_access("read")
            applications |= lines.filtered(
                lambda line, name=name, readable=readable: line[name] & readable
            ).application_id
        return applications.filtered(lambda application: application.state in OPEN_STATES).sorted("id", reverse=True)

    def _scf_application_rows(self, applications):
        """One row for each of the newest applications, and one for the others."""
        rows = [self._scf_application_row(application) for application in applications[:MOST_NAMED]]
        if others := applications[MOST_NAMED:]:
            rows.append(
                self._scf_row(
                    "others",
                    self.env._("Others"),
                    self.env._("%s more financings", len(others)),
                    action={
                        "type": "ir.actions.act_window",
                        "name": self.env._("Applications"),
                        "res_model": "scf.application",
                        "views": [(False, "list"), (False, "form")],
                        "domain": [("id", "in", applications.ids)],
                    },
                )
            )
        return rows

    def _scf_application_row(self, application):
        loan = application.loan_ids[:1]
        detail = [application.document_name, application._next_step()]
        progress = None
        if loan and loan.state in ("active", "overdue"):
            detail[1] = self._scf_still_owed(loan)
            progress = {
                "percent": round(loan.repaid_percent, 2),
                "text": self.env._(
                    "Repaid %(repaid)s of %(principal)s",
                    repaid=application._money(loan.principal - loan.balance_principal),
                    principal=application._money(loan.principal),
                ),
            }
        return self._scf_row(
            f"application_{application.id}",
            f"{application.name} · {label_of(application, 'state')}",
            application._headline(),
            " · ".join(filter(None, detail)),
            progress=progress,
            action=application._open_form(),
        )

    def _scf_still_owed(self, loan):
        owed = loan.currency_id.format(loan.balance_total)
        if not loan.due_date:
            return self.env._("still to repay: %s", owed)
        if loan.state == "overdue":
            day = format_date(self.env, loan.due_date)
            return self.env._("overdue since %(day)s: repay %(owed)s from own money", day=day, owed=owed)
        return self.env._(
            "still to repay: %(owed)s, due on %(day)s", owed=owed, day=format_date(self.env, loan.due_date)
        )
