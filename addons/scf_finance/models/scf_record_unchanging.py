from odoo import api, models
from odoo.exceptions import UserError

from ..checks.wording import term_on_screen


class ScfRecordUnchanging(models.AbstractModel):
    """A record of something that happened: it is written once, never changed, and never deleted, with any rights.

    The model that inherits this says why, in the words for whoever tries: `_why_unchanged` and `_why_kept`.
    """

    _name = "scf.record.unchanging"
    _description = "Record that never changes"
    _inherit = ["scf.record.kept"]

    _why_unchanged = None
    _why_kept = None

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        if vals:
            raise UserError(term_on_screen(self._why_unchanged, self.env))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(term_on_screen(self._why_kept, self.env))
