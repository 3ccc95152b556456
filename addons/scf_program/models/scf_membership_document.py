from openscf.canonical import sha256_hex
from openscf.programs import MAX_KYB_BYTES

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..joining.file_type import media_type_of


class ScfMembershipDocument(models.Model):
    """A document about our company that a bank asks for before it lets us into a program."""

    _name = "scf.membership.document"
    _description = "Document for a membership"
    _order = "membership_id, id"

    membership_id = fields.Many2one("scf.membership", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="membership_id.company_id", store=True, index=True, precompute=True)
    kind_id = fields.Many2one("scf.kyb.kind", required=True, ondelete="restrict")
    name = fields.Char(string="File Name", required=True)
    content = fields.Binary(string="File", required=True, attachment=True)

    # -- constrains -------------------------------------------------------------------------------------------------

    @api.constrains("content")
    def _check_content(self):
        for document in self:
            try:
                document.kind_id._checked_media_type(document._bytes(), MAX_KYB_BYTES)
            except UserError as error:
                sentence = f"{document.name}: {error.args[0]}"
                raise ValidationError(sentence) from None

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        documents._refuse_after_sending()
        return documents

    def write(self, vals):
        self._refuse_after_sending()
        if "membership_id" in vals and any(vals["membership_id"] != document.membership_id.id for document in self):
            raise UserError(self.env._("A document stays with its membership. Attach it to the other one, too."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_before_sending(self):
        self._refuse_after_sending()

    def _refuse_after_sending(self):
        if not self.env.su:
            self.membership_id.check_access("write")
            self.membership_id._refuse_unless_writable()

    # -- business ---------------------------------------------------------------------------------------------------

    def _attachment(self):
        attachments = self.env["ir.attachment"].sudo()  # with the rights to the document come those to its file
        return attachments.search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", "content")], limit=1
        )

    def _bytes(self):
        return self._attachment().raw or b""

    def _wire(self):
        """What the bank is told of the document, and what is put there before.

        :return: the row of the message, and (SHA-256, bytes, media type)
        """
        content = self._bytes()
        digest, media_type = sha256_hex(content), media_type_of(content)
        row = {"kind": self.kind_id.code, "name": self.name, "sha256": digest, "media_type": media_type}
        return row, (digest, content, media_type)
