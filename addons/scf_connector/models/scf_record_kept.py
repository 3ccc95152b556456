from odoo import api, models
from odoo.tools.misc import clean_context

# Who may read a file is said with every file that is kept, so that no default of a user says it.
FILE_KEPT = {
    'type': 'binary',
    'url': False,
    'public': False,
    'access_token': False,
    'res_field': False,
    'res_id': False,
}


class ScfRecordKept(models.AbstractModel):
    """A record whose values are facts, which the system writes and nobody gives by hand.

    Odoo fills what a new record leaves open from ``default_*`` keys of the context and from the
    user's own default values (``ir.default``), fields that are read only included, and it does so
    with full rights too. Here only the defaults that the model itself declares count.
    """

    _name = 'scf.record.kept'
    _description = "Record kept by the system"

    @api.model
    def default_get(self, fields):
        """Give the model's own defaults, and the user's for what a person may write."""
        by_hand = self._fields_by_hand()
        defaults = super().default_get([name for name in fields if name in by_hand])
        # Replaced, not extended: what the caller wrote into it must go.
        record = self.with_env(self.env(context=clean_context(self.env.context)))
        for name in fields:
            field = self._fields.get(name)
            if name not in by_hand and field and field.default:
                value = field.convert_to_cache(field.default(record), record, validate=False)
                defaults[name] = field.convert_to_write(value, record)
        return defaults

    @api.model
    def _fields_by_hand(self):
        """Give the names of the fields that a person may write, and so may have defaults for.

        :rtype: set[str]
        """
        return set()

    @api.model
    def _keep_files(self, vals_list):
        """Keep files that only those may read who may read their record, whatever the user's defaults are.

        :param list vals_list: values of ``ir.attachment``
        :rtype: ir.attachment
        """
        # Odoo makes large pictures smaller; a file is kept as it is, byte by byte.
        context = {**clean_context(self.env.context), 'image_no_postprocess': True}
        attachments = self.env(context=context)['ir.attachment']
        kept = attachments.create([{**FILE_KEPT, 'res_model': self._name, **vals} for vals in vals_list])
        return kept.with_env(self.env)
