"""What financing keeps as facts: no default of a user reaches these records when they are made."""

from odoo import api, models

from .scf_application import REQUESTER_FIELDS


class ScfApplication(models.Model):
    _name = "scf.application"
    _inherit = ["scf.application", "scf.record.kept"]

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | REQUESTER_FIELDS


class ScfApplicationDocument(models.Model):
    _name = "scf.application.document"
    _inherit = ["scf.application.document", "scf.record.kept"]


class ScfPackage(models.Model):
    _name = "scf.package"
    _inherit = ["scf.package", "scf.record.kept"]


class ScfSubmission(models.Model):
    _name = "scf.submission"
    _inherit = ["scf.submission", "scf.record.kept"]


class ScfOffer(models.Model):
    _name = "scf.offer"
    _inherit = ["scf.offer", "scf.record.kept"]


class ScfLoan(models.Model):
    _name = "scf.loan"
    _inherit = ["scf.loan", "scf.record.kept"]


class ScfLoanEntry(models.Model):
    _name = "scf.loan.entry"
    _inherit = ["scf.loan.entry", "scf.record.kept"]


class ScfCollection(models.Model):
    _name = "scf.collection"
    _inherit = ["scf.collection", "scf.record.kept"]
