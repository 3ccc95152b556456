from openscf.canonical import canonical_bytes, sha256_hex

from odoo import api, fields, models
from odoo.tools import get_lang


class ScfProgramTerms(models.Model):
    """A version of a program's terms as it came into force: the words that a signature stands for, in all languages.

    Its SHA-256 is that of the canonical JSON (RFC 8785) of the program's number, the version and the texts. Whoever
    signs names it, whichever language he reads, and the banks get the bytes behind it.
    """

    _name = "scf.program.terms"
    _description = "Version of a program's terms"
    _inherit = ["scf.record.kept"]
    _order = "program_id, version desc"
    _rec_name = "version"

    program_id = fields.Many2one("scf.program", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    version = fields.Integer(required=True, readonly=True)
    texts = fields.Json(required=True, readonly=True, help="The words by language; the first one stands for the rest.")
    text = fields.Html(compute="_compute_text", help="In the reader's language.")
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True, index=True)
    requested_by_id = fields.Many2one("res.users", readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    in_force_since = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)

    _version_once = models.UniqueIndex("(program_id, version)", "A version of the terms is made once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("version")
    def _compute_display_name(self):
        for terms in self:
            terms.display_name = self.env._("Version %s", terms.version)

    @api.depends("texts")
    @api.depends_context("lang")
    def _compute_text(self):
        for terms in self:
            terms.text = terms._text_in(self.env.lang)

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _publish(self, program, *, requested_by, approved_by):
        """Bring the program's present words into force as its next version."""
        version = max(program.terms_ids.mapped("version"), default=0) + 1
        texts = program._terms_by_language()
        return self.sudo().create(
            {
                "program_id": program.id,
                "version": version,
                "texts": texts,
                "sha256": sha256_hex(_document(program.reference, version, texts)),
                "requested_by_id": requested_by.id,
                "approved_by_id": approved_by.id,
            }
        )

    def _document(self):
        """The bytes whose SHA-256 a signature names.

        :rtype: bytes
        """
        self.ensure_one()
        return _document(self.program_id.reference, self.version, self.texts)

    def _text_in(self, lang):
        """The words in a language, or in the language that stands for the rest."""
        texts = self.texts or {}
        return texts.get(lang or get_lang(self.env).code) or next(iter(texts.values()), "")


def _document(reference, version, texts):
    return canonical_bytes({"program_id": reference, "terms": texts, "version": version})
