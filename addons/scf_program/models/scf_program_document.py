from base64 import b64decode, b64encode

from openscf.canonical import sha256_hex

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..joining.file_type import safe_name

# A scanned page of 300 dpi has about 1 MB; a bank takes files of up to 20 MiB.
MAX_FILE_BYTES = 10 * 1024 * 1024
# Several pages photographed one by one are several files.
MAX_FILES = 30


class ScfProgramDocument(models.Model):
    """A file that a member gave so that banks know whom they deal with.

    The content is reachable neither as an attachment nor as a field, only by the page that offers it for download:
    a stranger's file is never opened within the ERP's own pages.
    """

    _name = "scf.program.document"
    _description = "Document of a program's member"
    _inherit = ["scf.record.kept"]
    _order = "id"

    joining_id = fields.Many2one("scf.program.joining", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="joining_id.company_id", store=True, index=True, precompute=True)
    kind_id = fields.Many2one("scf.kyb.kind", required=True, readonly=True, ondelete="restrict")
    name = fields.Char(required=True, readonly=True)
    media_type = fields.Char(required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    size = fields.Integer(readonly=True, help="In bytes.")
    content = fields.Binary(required=True, readonly=True, attachment=True, exportable=False, groups=fields.NO_ACCESS)
    given_by_id = fields.Many2one("res.users", required=True, readonly=True)
    given_at = fields.Datetime(string="Given On", required=True, readonly=True)
    sent_revision = fields.Integer(string="Sent With", readonly=True, help="The first revision that it went out with.")

    _once = models.UniqueIndex("(joining_id, kind_id, sha256)", "This file was given already.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_download(self):
        """Download the file."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self._path(), "target": "download"}

    # -- business ---------------------------------------------------------------------------------------------------

    def _path(self):
        """Where the file is offered for download, to whom may have it."""
        self.ensure_one()
        return f"/scf/program-document/{self.id}"

    @api.model
    @api.private
    def _give(self, joining, kind, filename, content):
        """Keep a file that the current user gives for a member.

        :param joining: the ``scf.program.joining``, with full rights
        :param kind: the ``scf.kyb.kind``
        :param str filename: as the browser says it
        :param bytes content: the file
        :rtype: scf.program.document
        :raise UserError: where it is not taken, saying what to do
        """
        media_type = kind._checked_media_type(content, MAX_FILE_BYTES)
        sha256 = sha256_hex(content)
        given = joining.document_ids
        if again := given.filtered(lambda item: item.kind_id == kind and item.sha256 == sha256):
            return again
        if len(given) >= MAX_FILES:
            raise UserError(self.env._("At most %s files can be given. Remove one, or put pages together.", MAX_FILES))
        # Odoo makes large pictures smaller; the bank checks the bytes that were given.
        kept = self.sudo().with_context(image_no_postprocess=True)
        return kept.create(
            {
                "joining_id": joining.id,
                "kind_id": kind.id,
                "name": safe_name(filename, media_type),
                "media_type": media_type,
                "sha256": sha256,
                "size": len(content),
                "content": b64encode(content),
                "given_by_id": self.env.user.id,
                "given_at": fields.Datetime.now(),
            }
        )

    def _bytes(self):
        """The file as it was given."""
        self.ensure_one()
        return b64decode(self.sudo().with_context(bin_size=False).content)

    def _wire(self):
        """The document as a bank is told of it."""
        return {"kind": self.kind_id.code, "name": self.name, "sha256": self.sha256, "media_type": self.media_type}
