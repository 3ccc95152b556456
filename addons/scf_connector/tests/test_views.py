from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import ConnectorCase


@tagged('post_install', '-at_install')
class TestViews(ConnectorCase):
    def test_first_form_asks_for_the_address_only(self):
        rhone = self._open_bank()
        with Form(self.env['scf.bank'].with_user(self.people['admin']), 'scf_connector.scf_bank_view_form') as form:
            form.base_url = rhone.url
        bank = form.record
        bank.action_discover()

        self.assertEqual(bank.name, "Banque du Rhône")

    def test_every_role_opens_the_screens_it_has_and_no_other(self):
        bank = self._connect(self._open_bank())
        self._send(bank)
        for role in ('requester', 'approver', 'admin'):
            form = Form(bank.with_user(self.people[role]), 'scf_connector.scf_bank_view_form')
            self.assertEqual(form.name, "Banque du Rhône")
            self.assertEqual('client_id' in form._view['fields'], role == 'admin')
        for model in ('scf.message', 'scf.event', 'scf.key'):
            self.env[model].with_user(self.people['admin']).get_views([(False, 'list'), (False, 'form')])
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.people['approver']).web_search_read([], {})

    def test_cancelling_an_acceptance_asks_with_the_loan_that_may_follow(self):
        bank = self._connect(self._open_bank())
        for verb, warning in (('accept', "grants the loan all the same"), ('apply', "may have received a message")):
            message = self._send(bank, verb, channel=verb).with_user(self.people['admin'])
            form = Form(message, 'scf_connector.scf_message_view_form')
            [asked] = [
                button.get('confirm')
                for button in form._view['tree'].iter('button')
                if button.get('name') == 'action_cancel'
                and not safe_eval(button.get('invisible'), {'state': message.state, 'verb': message.verb})
            ]
            self.assertIn(warning, asked)

    def test_outbox_and_inbox_cost_the_same_for_one_row_and_for_many(self):
        bank = self._connect(self._open_bank())
        for number in range(12):
            self._send(bank, channel=f'channel-{number}')
        self.env['scf.event'].sudo().create(
            [
                {
                    'bank_id': bank.id,
                    'event_id': f'evt_x{number}',
                    'cursor': str(number),
                    'type': 'loan.granted',
                    'channel': 'a',
                    'jws': 'x',
                    'payload': {'jti': number},
                }
                for number in range(12)
            ]
        )
        for model in ('scf.message', 'scf.event'):
            rows = self.env[model].with_user(self.people['admin'])
            specification = {name: {} for name in ('display_name', 'state', 'channel')} | {
                'bank_id': {'fields': {'display_name': {}}}
            }
            costs = []
            for limit in (12, 1, 12):
                self.env.invalidate_all()
                count = self.cr.sql_log_count
                rows.web_search_read([('bank_id', '=', bank.id)], specification, limit=limit)
                costs.append(self.cr.sql_log_count - count)
            # Only a page that is not the last one is followed by a count of all rows.
            self.assertLessEqual(costs[2], costs[1], model)
