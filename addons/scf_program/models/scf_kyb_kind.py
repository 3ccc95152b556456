from odoo import fields, models


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
