from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

AMOUNTS = {"amount_untaxed", "amount_total"}


class ScfOrderChange(models.AbstractModel):
    """When the amount of a confirmed order last changed: the chatter tells, and this keeps it at hand."""

    _name = "scf.order.change"
    _description = "Order whose amount may change after its confirmation"

    # The state of confirmed orders, and the column with the time of their confirmation.
    _scf_confirmed_state = None
    _scf_confirmed_at = None

    scf_changed_at = fields.Datetime(
        string="Changed After Confirmation",
        readonly=True,
        copy=False,
        help="When the amount last changed after the order was confirmed.",
        prefetch="scf",
    )

    def _auto_init(self):
        if not self._abstract and not column_exists(self.env.cr, self._table, "scf_changed_at"):
            create_column(self.env.cr, self._table, "scf_changed_at", "timestamp")
            self._scf_read_changes_from_chatter()
        return super()._auto_init()

    def _scf_read_changes_from_chatter(self):
        """Fill in what the chatter tracked before this module was installed."""
        self.env.cr.execute(
            SQL(
                """
            UPDATE %(table)s target
               SET scf_changed_at = tracked.changed_at
              FROM (SELECT change.res_id, MAX(change.date) AS changed_at
                      FROM (SELECT message.res_id, message.date
                              FROM mail_message message
                              JOIN mail_tracking_value value ON value.mail_message_id = message.id
                              JOIN ir_model_fields field ON field.id = value.field_id
                             WHERE message.model = %(model)s AND field.model = %(model)s
                               AND field.name IN ('amount_untaxed', 'amount_total', 'state')
                             GROUP BY message.id
                            HAVING NOT BOOL_OR(field.name = 'state')) change
                      JOIN %(table)s confirmed ON confirmed.id = change.res_id
                                              AND change.date > confirmed.%(confirmed_at)s
                     GROUP BY change.res_id) tracked
             WHERE target.id = tracked.res_id AND target.state = %(state)s
            """,
                table=SQL.identifier(self._table),
                model=self._name,
                confirmed_at=SQL.identifier(self._scf_confirmed_at),
                state=self._scf_confirmed_state,
            )
        )

    def _scf_keep_changes(self, tracking):
        """The log of changes knows when the amount of a confirmed order changed; searching it for a whole history
        would take longer than everything else in a package.

        :param tracking: what `_message_track` found
        """
        changed = self.filtered(
            lambda order: (
                order.state == order._scf_confirmed_state
                and (changes := (tracking.get(order.id) or (None,))[0])
                and AMOUNTS & set(changes)
                and "state" not in changes
            )
        )
        changed.scf_changed_at = fields.Datetime.now()


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "scf.order.change"]

    _scf_confirmed_state = "sale"
    _scf_confirmed_at = "date_order"

    def _message_track(self, fields_iter, initial_values_dict):
        tracking = super()._message_track(fields_iter, initial_values_dict)
        self._scf_keep_changes(tracking)
        return tracking


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "scf.order.change"]

    _scf_confirmed_state = "purchase"
    _scf_confirmed_at = "date_approve"

    def _message_track(self, fields_iter, initial_values_dict):
        tracking = super()._message_track(fields_iter, initial_values_dict)
        self._scf_keep_changes(tracking)
        return tracking
