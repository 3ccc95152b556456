from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .common import ConnectorCase


@tagged('post_install', '-at_install')
class TestNeutralize(ConnectorCase):
    def test_neutralised_copy_talks_to_no_bank(self):
        rhone = self._open_bank()
        bank = self._connect(rhone)
        message = self._send(bank)
        self.env.flush_all()
        for query in get_neutralization_queries(['scf_connector']):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self._run_outbox()
        self._run_poll()

        self.assertFalse(rhone.calls)
        self.assertEqual((message.state, bank.state, bank._is_open()), ('cancelled', 'draft', False))
        self.assertFalse(self.env['scf.key'].sudo().search([('is_current', '=', True)]))
        with self.assertRaisesRegex(UserError, "neutralised copy"):
            self.env['scf.key'].sudo().search([('company_id', '=', self.company.id)])._signing_key()
