from odoo import fields, models
from odoo.tools.sql import column_exists, create_column

AMOUNTS = {"amount_untaxed", "amount_total"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    scf_changed_at = fields.Datetime(
        string="Changed After Confirmation",
        readonly=True,
        copy=False,
        help="When the amount last changed after the order was confirmed.",
    )

    def _auto_init(self):
        if not column_exists(self.env.cr, "sale_order", "scf_changed_at"):
            create_column(self.env.cr, "sale_order", "scf_changed_at", "timestamp")
            self._scf_read_changes_from_chatter()
        return super()._auto_init()

    def _scf_read_changes_from_chatter(self):
        """Fill in what the chatter tracked before this module was installed."""
        self.env.cr.execute(
            """
            UPDATE sale_order so
               SET scf_changed_at = tracked.changed_at
              FROM (SELECT change.res_id, MAX(change.date) AS changed_at
                      FROM (SELECT message.res_id, message.date
                              FROM mail_message message
                              JOIN mail_tracking_value value ON value.mail_message_id = message.id
                              JOIN ir_model_fields field ON field.id = value.field_id
                             WHERE message.model = 'sale.order' AND field.model = 'sale.order'
                               AND field.name IN ('amount_untaxed', 'amount_total', 'state')
                             GROUP BY message.id
                            HAVING NOT BOOL_OR(field.name = 'state')) change
                      JOIN sale_order so ON so.id = change.res_id AND change.date > so.date_order
                     GROUP BY change.res_id) tracked
             WHERE so.id = tracked.res_id AND so.state = 'sale'
            """
        )

    def _message_track(self, fields_iter, initial_values_dict):
        """The log of changes knows when the amount of a confirmed order changed; searching it for a whole history
        would take longer than everything else in a package.
        """
        tracking = super()._message_track(fields_iter, initial_values_dict)
        changed = self.filtered(
            lambda order: (
                order.state == "sale"
                and (changes := (tracking.get(order.id) or (None,))[0])
                and AMOUNTS & set(changes)
                and "state" not in changes
            )
        )
        changed.scf_changed_at = fields.Datetime.now()
        return tracking
