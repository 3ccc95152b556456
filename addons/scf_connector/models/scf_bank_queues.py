from odoo import api, fields, models

from .scf_bank import ADMIN


class ScfBank(models.Model):
    """What was sent to a bank and what it said, in figures that an administrator can open."""

    _inherit = 'scf.bank'

    outbox_ids = fields.One2many('scf.message', 'bank_id', groups=ADMIN)
    inbox_ids = fields.One2many('scf.event', 'bank_id', groups=ADMIN)
    queued_count = fields.Integer(compute='_compute_outbox_counts', groups=ADMIN)
    dead_count = fields.Integer(string="Dead Letters", compute='_compute_outbox_counts', groups=ADMIN)
    event_count = fields.Integer(string="Events", compute='_compute_inbox_counts', groups=ADMIN)
    failed_event_count = fields.Integer(string="Failed Events", compute='_compute_inbox_counts', groups=ADMIN)

    # === COMPUTE METHODS === #

    @api.depends('outbox_ids.state')
    def _compute_outbox_counts(self):
        counts = {
            (bank.id, state): count
            for bank, state, count in self.env['scf.message']._read_group(
                [('bank_id', 'in', self.ids), ('state', 'in', ('queued', 'dead'))], ['bank_id', 'state'], ['__count']
            )
        }
        for bank in self:
            bank.queued_count = counts.get((bank.id, 'queued'), 0)
            bank.dead_count = counts.get((bank.id, 'dead'), 0)

    @api.depends('inbox_ids.state')
    def _compute_inbox_counts(self):
        counts = {
            (bank.id, state): count
            for bank, state, count in self.env['scf.event']._read_group(
                [('bank_id', 'in', self.ids)], ['bank_id', 'state'], ['__count']
            )
        }
        states = dict(self.env['scf.event']._fields['state'].selection)
        for bank in self:
            bank.event_count = sum(counts.get((bank.id, state), 0) for state in states)
            bank.failed_event_count = counts.get((bank.id, 'failed'), 0)

    # === ACTION METHODS === #

    def action_open_outbox(self):
        return self._open_rows('scf_connector.action_scf_message')

    def action_open_inbox(self):
        return self._open_rows('scf_connector.action_scf_event')

    def _open_rows(self, action):
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(action),
            'domain': [('bank_id', '=', self.id)],
            'context': {'search_default_pending': 0},
        }
