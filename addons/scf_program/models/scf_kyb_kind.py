from odoo import api, fields, models
from odoo.exceptions import UserError

from ..joining.file_type import media_type_of
from ..joining.pdf_check import pdf_finding


class ScfKybKind(models.Model):
    """A kind of document by which a bank gets to know a company: the words of OpenSCF, in the reader's language."""

    _name = "scf.kyb.kind"
    _description = "Kind of document that a bank asks of a company"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, readonly=True, help="What it is called on the wire.")
    hint = fields.Char(translate=True, help="What to upload, for somebody who was never asked for it before.")
    sequence = fields.Integer(default=10)

    _code_once = models.UniqueIndex("(code)", "A kind of document is listed once.")

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _checked_media_type(self, content, most_bytes):
        """What a file is, by its content, where it may be given to a bank as a document.

        :param bytes content: the file
        :param int most_bytes: how large it may be
        :rtype: str
        :raise UserError: where it is not taken, saying what to do
        """
        if not content:
            raise UserError(self.env._("The file is empty. Choose another one."))
        if len(content) > most_bytes:
            raise UserError(
                self.env._("The file is larger than %s MB. Scan it in lower quality.", most_bytes // 1024 // 1024)
            )
        media_type = media_type_of(content)
        if not media_type:
            raise UserError(self.env._("Only PDF files and pictures (JPEG or PNG) are taken. Save it as one of them."))
        if media_type == "application/pdf" and (why_not := self._why_not_pdf(content)):
            raise UserError(why_not)
        return media_type

    @api.model
    def _why_not_pdf(self, content):
        return {
            "plain": None,
            "active": self.env._(
                "This PDF contains a program or other files, which nobody takes for safety. Print it to a new PDF, or "
                "take a picture of it."
            ),
            "encrypted": self.env._(
                "This PDF is encrypted: it is protected by a password, or against printing or changing. Save it "
                "without protection, or take a picture of it."
            ),
            "unreadable": self.env._(
                "This PDF is damaged, or too complicated to be looked through. Print it to a new PDF, or take a "
                "picture of it."
            ),
        }[pdf_finding(content)]
