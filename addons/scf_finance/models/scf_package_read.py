from openscf.wire import PackageReadNotice

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

ACTIONS = [
    ("verified", "Checked by its programs"),
    ("opened", "Opened"),
    ("downloaded", "Downloaded"),
    ("attachment_downloaded", "Downloaded one of the files"),
]

# What a bank gives as the reader where no person read (docs/protocol.md).
SYSTEM = "system"


class ScfPackageRead(models.Model):
    """One time that a bank read what it received, as the bank told and signed it. Never changed."""

    _name = "scf.package.read"
    _description = "Reading of a package by a bank"
    _inherit = ["scf.record.unchanging"]
    _order = "read_at desc, id desc"
    _rec_name = "reader"
    _why_unchanged = _lt("What a bank read is never changed: it is a record of what happened.")
    _why_kept = _lt("What a bank read is kept: it is a record of what happened.")

    disclosure_id = fields.Many2one("scf.disclosure", required=True, readonly=True, index=True, ondelete="restrict")
    bank_id = fields.Many2one(related="disclosure_id.bank_id", store=True, precompute=True)
    application_id = fields.Many2one(related="disclosure_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="disclosure_id.company_id", store=True, index=True, precompute=True)
    read_ref = fields.Char(string="Bank's Number", required=True, readonly=True)
    read_at = fields.Datetime(string="Read On", required=True, readonly=True)
    reader = fields.Char(
        string="Read By", required=True, readonly=True, help="The officer, or “system” for the bank's programs."
    )
    reader_name = fields.Char(string="By", compute="_compute_reader_name")
    action = fields.Selection(ACTIONS, string="What Was Done", required=True, readonly=True)
    part = fields.Char(string="File", readonly=True)

    _once = models.UniqueIndex("(bank_id, read_ref)", "A reading is noted once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("reader", "bank_id.name")
    def _compute_reader_name(self):
        for read in self:
            read.reader_name = (
                self.env._("%s, automatic check", read.bank_id.sudo().name) if read.reader == SYSTEM else read.reader
            )

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _take(self, bank, wire):
        """Note a reading that a bank tells of; one that is here already is left as it is.

        :param dict wire: the data of the event `package.read` (docs/protocol.md)
        :return: False where the bank never got such a package from here
        """
        notice = PackageReadNotice.model_validate(wire)
        disclosure = self.env["scf.disclosure"].search(
            [("bank_id", "=", bank.id), ("package_id.package_ref", "=", notice.package_id)], limit=1
        )
        if not disclosure:
            return False
        known = [("bank_id", "=", bank.id), ("read_ref", "=", notice.read.read_id)]
        if not self.search_count(known, limit=1):
            self.create(
                {
                    "disclosure_id": disclosure.id,
                    "read_ref": notice.read.read_id,
                    "read_at": notice.read.read_at.replace(tzinfo=None),
                    "reader": notice.read.reader,
                    "action": notice.read.action,
                    "part": notice.read.part,
                }
            )
        return True
