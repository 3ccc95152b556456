from odoo import api, models
from odoo.exceptions import AccessError

THREAD_MODELS = ("mail.thread", "mail.activity.mixin")


class ScfProgramGuarded(models.AbstractModel):
    """A record of which a person may write what is a person's to say, and the system alone the rest.

    States, links, limits and answers of banks are facts. A field that is merely shown as read-only can still be written
    over RPC; here it can't.
    """

    _name = "scf.program.guarded"
    _description = "Record of a program, part of which the system keeps"
    _inherit = ["scf.record.kept"]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_writable(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_writable(vals)
        return super().write(vals)

    @api.model
    def _check_writable(self, vals):
        """Refuse, without full rights, to write what the system keeps.

        :raise AccessError: naming the fields
        """
        if self.env.su:
            return
        threads = {name for model in THREAD_MODELS for name in self.env[model]._fields} - {"id", "display_name"}
        if kept := {name for name in vals if name in self._fields} - self._fields_by_hand() - threads:
            raise AccessError(
                self.env._(
                    "These fields of “%(record)s” are kept by the system: %(fields)s",
                    record=self._description,
                    fields=", ".join(sorted(kept)),
                )
            )
