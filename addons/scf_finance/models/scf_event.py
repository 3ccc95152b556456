from odoo import models

# What the types of the events of a loan begin with (docs/protocol.md, "Events").
OF_A_LOAN = ("loan.", "repayment.", "charge.", "drawdown.", "extension.", "substitution.", "buyer_payment.")


class ScfEvent(models.Model):
    _inherit = "scf.event"

    def _apply_business(self, payload):
        if super()._apply_business(payload):
            return True
        if payload["type"] == "package.read":
            return self.env["scf.package.read"]._take(self.bank_id, payload["data"])
        subject = payload.get("subject") or {}
        submission = self._scf_submission(subject)
        if not submission:
            return False
        submission._take_turn()
        kind, content, cursor = payload["type"], payload["data"], int(payload["cursor"])
        if reference := subject.get("loan_application_id"):
            # The bank's number may come by its event before the answer that we wait for.
            submission.bank_application_ref = submission.bank_application_ref or reference
        submission.delayed = False
        if kind.startswith("loan_application."):
            submission._take(content, cursor)
        elif kind.startswith("offer."):
            self.env["scf.offer"]._take(submission, content, cursor)
        elif kind.startswith(OF_A_LOAN):
            wire = content if kind == "loan.granted" else content["loan"]
            self.env["scf.loan"]._take(submission, wire, cursor)._take_event(kind, content, cursor)
        elif kind.startswith("collateral."):
            self.env["scf.loan"]._take(submission, content["loan"], cursor)._take_collateral(content["release"], cursor)
        else:
            return False
        return True

    def _scf_submission(self, subject):
        """The submission that an event is about: by the bank's number, or by ours where the bank's is not known yet."""
        submissions = self.env["scf.submission"]
        bank = [("bank_id", "=", self.bank_id.id)]
        if reference := subject.get("loan_application_id"):
            submissions = submissions.search([*bank, ("bank_application_ref", "=", reference)], limit=1)
        if not submissions and (reference := subject.get("reference")):
            submissions = submissions.search([*bank, ("reference", "=", reference)], limit=1)
        return submissions
