from odoo import fields, models


class ScfSection(models.Model):
    """A part of a package that a consent may cover, in words that an accountant reads (docs/package.md, "Sections")."""

    _name = "scf.section"
    _description = "Section of a package"
    _order = "sequence, id"

    code = fields.Char(required=True, readonly=True, help="The section's name in the package.")
    name = fields.Char(required=True, readonly=True, translate=True)
    sentence = fields.Char(string="What the Bank Reads", required=True, readonly=True, translate=True)
    sequence = fields.Integer(required=True, readonly=True)
    is_always = fields.Boolean(string="In Every Package", readonly=True)

    _code_unique = models.Constraint("unique(code)", "A section is described once.")
