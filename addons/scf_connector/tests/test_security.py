import json

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.service.model import call_kw
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import ConnectorCase

SECRETS = {'scf.key': 'private_sealed', 'scf.bank': 'webhook_token'}


class SecretsCase(ConnectorCase):
    """A connected bank whose secrets are known to the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people['settings'] = cls.env['res.users'].create(
            {
                'name': "Settings",
                'login': 'scf_settings',
                'company_id': cls.company.id,
                'company_ids': [(6, 0, cls.company.ids)],
                'group_ids': [
                    (
                        6,
                        0,
                        (
                            cls.env.ref('base.group_system')
                            | cls.env.ref('scf_connector.group_scf_admin')
                            | cls.env.ref('base.group_no_one')
                        ).ids,
                    )
                ],
            }
        )
        cls.key = cls.env['scf.key'].sudo()._for_company(cls.company)
        cls.bank = cls.env['scf.bank'].create(
            {
                'base_url': 'https://bank.example',
                'company_id': cls.company.id,
                'key_id': cls.key.id,
                'state': 'connected',
                'webhook_token': 'zq81-the-webhook-token',
            }
        )
        cls.values = (cls.key.private_sealed, 'zq81-the-webhook-token', cls.key._signing_key().private_jwk()['d'])
        cls.message = cls.bank._send('apply', {'reference': 'FIN/1'}, channel='a', addressee=cls.company.partner_id)

    def _secret_of(self, model):
        return (self.key if model == 'scf.key' else self.bank), SECRETS[model]

    def _assert_tells_nothing(self, answer, whom):
        text = repr(answer)
        for value in self.values:
            self.assertNotIn(value, text, whom)


@tagged('post_install', '-at_install')
class TestSecrets(SecretsCase):
    """What must never leave: asked over RPC as every role, in every way that RPC has."""

    def test_no_way_over_rpc_gives_a_secret_to_anybody(self):
        refused = (AccessError, UserError, ValueError, KeyError, AttributeError)
        for role, person in self.people.items():
            for model in SECRETS:
                record, secret = self._secret_of(model)
                path = {'scf.key': f'key_id.{secret}', 'scf.bank': f'bank_ids.{secret}'}[model]
                start = 'scf.bank' if model == 'scf.key' else 'scf.key'
                guess = [(secret, '=like', f'{record[secret][:4]}%')]
                attempts = {
                    'read': (model, 'read', [record.ids, [secret]], {}),
                    'web_read': (model, 'web_read', [record.ids], {'specification': {secret: {}}}),
                    'search_read': (model, 'search_read', [], {'domain': [], 'fields': [secret]}),
                    'web_search_read': (model, 'web_search_read', [[]], {'specification': {secret: {}}}),
                    'search': (model, 'search', [guess], {}),
                    'search_count': (model, 'search_count', [guess], {}),
                    'search by path': (start, 'search', [[(path, '=like', f'{record[secret][:4]}%')]], {}),
                    'search any': (start, 'search', [[(path.split('.')[0], 'any', guess)]], {}),
                    'order': (model, 'search', [[]], {'order': secret}),
                    'name_search': (model, 'name_search', [], {'domain': guess}),
                    'formatted_read_group': (model, 'formatted_read_group', [[], [secret], ['__count']], {}),
                    'aggregate': (model, 'formatted_read_group', [[], [], [f'{secret}:array_agg']], {}),
                    'web_read_group': (model, 'web_read_group', [[], [secret]], {}),
                    'export_data': (model, 'export_data', [record.ids, [secret]], {}),
                    'export by path': (
                        start,
                        'export_data',
                        [(self.bank if start == 'scf.bank' else self.key).ids, [path.replace('.', '/')]],
                        {},
                    ),
                    'mapped': (model, 'mapped', [record.ids, secret], {}),
                    'filtered_domain': (model, 'filtered_domain', [record.ids, guess], {}),
                    'copy': (model, 'copy', [record.ids], {}),
                    'copy_data': (model, 'copy_data', [record.ids], {}),
                    'onchange': (model, 'onchange', [record.ids, {}, [secret], {secret: {}}], {}),
                    'write': (model, 'write', [record.ids, {secret: 'mine'}], {}),
                    'signing key': ('scf.key', '_signing_key', [self.key.ids], {}),
                    'vault': ('scf.key', '_vault', [], {}),
                    'adapter': ('scf.bank', '_adapter', [self.bank.ids], {}),
                    'for company': ('scf.key', '_for_company', [], {'company': self.company.id}),
                }
                for name, (asked, method, args, kwargs) in attempts.items():
                    whom = f"{role} asks {asked} by {name}"
                    before = record.sudo()[secret]
                    with mute_logger('odoo.sql_db', 'odoo.http', 'odoo.models'), self.env.cr.savepoint() as savepoint:
                        try:
                            answer = call_kw(self.env[asked].with_user(person), method, args, kwargs)
                        except refused as error:
                            self._assert_tells_nothing(error, whom)
                        else:
                            self._assert_tells_nothing(answer, whom)
                            if name.startswith(('search', 'order', 'name_search', 'filtered', 'aggregate', 'mapped')):
                                self.fail(f"{whom}: was answered ({answer!r}), so a secret can be guessed")
                        savepoint.rollback()
                    record.invalidate_recordset()
                    self.assertEqual(record.sudo()[secret], before, whom)

    def test_fields_that_may_be_exported_name_no_secret(self):
        for model, secret in SECRETS.items():
            described = self.env[model].with_user(self.people['settings']).fields_get()
            self.assertNotIn(secret, described)

    def test_mail_template_renders_no_secret(self):
        for model in SECRETS:
            record, secret = self._secret_of(model)
            with (
                self.assertRaises(UserError) as caught,
                mute_logger('odoo.addons.mail.models.mail_template', 'odoo.addons.mail.models.mail_render_mixin'),
                self.env.cr.savepoint(),
            ):
                template = (
                    self.env['mail.template']
                    .with_user(self.people['settings'])
                    .create(
                        {
                            'name': "Leak",
                            'model_id': self.env['ir.model']._get_id(model),
                            'subject': f"{{{{ object.{secret} }}}}",
                            'body_html': f'<p t-out="object.{secret}"/>',
                        }
                    )
                )
                self.fail(template._render_field('subject', record.ids))
            self._assert_tells_nothing(caught.exception, f"a mail template on {model}")

    def test_duplicated_bank_shares_no_secret_and_no_trust(self):
        copy = self.bank.copy({'base_url': 'https://second.example'})

        self.assertEqual(
            (copy.webhook_token, copy.key_id.id, copy.client_id, copy.jwks, copy.state),
            (False, False, False, False, 'draft'),
        )

    def test_administrator_says_where_a_bank_is_and_nothing_of_what_it_says(self):
        foreign_key = self.env['scf.key'].sudo()._for_company(self.other_company)
        banks = self.env['scf.bank'].with_user(self.people['admin'])
        bank = banks.create({'base_url': 'https://second.example', 'name': "Second", 'color': 2})
        for values in (
            {'key_id': foreign_key.id},
            {'client_id': 'cli_of_another'},
            {'issuer': 'https://elsewhere.example'},
            {'jwks': {'keys': []}},
            {'profile': {'techniques': []}},
            {'state': 'connected'},
            {'event_cursor': '999'},
            {'last_error': "Nothing."},
        ):
            with self.subTest(values):
                with self.assertRaises(AccessError):
                    bank.write(values)
                with self.assertRaises(AccessError):
                    banks.create({'base_url': 'https://third.example', **values})
                [(name, value)] = values.items()
                third = banks.with_context(**{f'default_{name}': value}).create(
                    {'base_url': 'https://third.example', 'active': False}
                )
                self.assertEqual(third.sudo()[name], banks.sudo().new({})[name])
        bank.write({'name': "Second Bank", 'color': 3, 'active': False, 'base_url': 'https://moved.example'})
        self.assertEqual((bank.name, bank.base_url, bank.state), ("Second Bank", 'https://moved.example', 'draft'))

    def test_bank_signs_with_a_key_of_its_own_company(self):
        foreign_key = self.env['scf.key'].sudo()._for_company(self.other_company)
        with self.assertRaisesRegex(ValidationError, "another company's key"):
            self.bank.key_id = foreign_key

    def test_bank_that_refused_may_be_given_to_another_company(self):
        self.bank._set_state('discovered')
        self.bank.company_id = self.other_company
        self.assertEqual((self.bank.key_id.id, self.bank.state), (False, 'draft'))

    def test_signing_key_takes_no_defaults_of_a_user(self):
        admin = self.people['admin']
        self.env['ir.default'].with_user(admin).create(
            {
                'field_id': self.env['ir.model.fields']._get('scf.key', 'is_current').id,
                'user_id': admin.id,
                'json_value': 'false',
            }
        )
        key = self.env['scf.key'].with_user(admin)._for_company(self.other_company)
        self.assertTrue(key.sudo().is_current)

    def test_signing_key_takes_no_defaults_of_a_context(self):
        # Odoo cleans a user's context on the way to full rights; what runs with full rights already keeps its own.
        keys = self.env['scf.key'].sudo().with_context(default_is_current=False)
        self.assertTrue(keys._for_company(self.other_company).is_current)

    def test_secrets_reach_no_log(self):
        rhone = self._open_bank()
        with self.assertLogs(level='DEBUG') as logs:
            bank = self._connect(rhone)
            self._listen()
            self._send(bank)
            self._run_outbox()
            rhone.__exit__()
            self._send(bank)
            self._run_outbox()
            self._run_poll()
        text = '\n'.join(logs.output)

        for secret in (*self.values, bank.sudo().webhook_token, 'secret-token'):
            self.assertNotIn(secret, text.replace(json.dumps(secret), ''))


@tagged('post_install', '-at_install')
class TestCompanies(SecretsCase):
    """Another company's administrator sees nothing of ours."""

    def test_other_company_sees_neither_banks_nor_keys_nor_messages_nor_news(self):
        event = self.env['scf.event'].create(
            {
                'bank_id': self.bank.id,
                'event_id': 'evt_1',
                'cursor': '1',
                'type': 'client.approved',
                'channel': 'client',
                'jws': 'x',
                'payload': {'jti': 'evt_1'},
            }
        )
        for record in (self.bank, self.key, self.message, event):
            model = self._as_stranger(self.env[record._name])
            self.assertFalse(model.search(Domain('id', 'in', record.ids)), record)
            with self.assertRaises(AccessError):
                model.browse(record.id).read(['display_name'])

    def test_other_company_presses_none_of_our_buttons(self):
        for record, buttons in (
            (self.bank, ('action_discover', 'action_register', 'action_test', 'action_check_now')),
            (self.message, ('action_retry', 'action_cancel', 'action_open_addressee')),
        ):
            for button in buttons:
                with self.assertRaises(AccessError, msg=button):
                    getattr(self._as_stranger(record), button)()

    def test_person_of_both_companies_sees_both_when_both_are_chosen(self):
        both = self.company | self.other_company
        self.stranger.company_ids = both
        banks = self.env['scf.bank'].with_user(self.stranger)

        self.assertIn(self.bank, banks.with_context(allowed_company_ids=both.ids).search([]))
        self.assertNotIn(self.bank, banks.with_context(allowed_company_ids=self.other_company.ids).search([]))

    def test_documents_of_a_message_are_for_administrators_of_its_company(self):
        message = self.bank._send(
            'apply',
            {'reference': 'FIN/2'},
            channel='a',
            addressee=self.company.partner_id,
            documents=[('f' * 64, b'{}', 'application/json')],
        )
        document = message.document_ids
        self.assertTrue(document.with_user(self.people['admin']).raw)
        for reader in (document.with_user(self.people['approver']), self._as_stranger(document)):
            with self.assertRaises(AccessError):
                reader.read(['raw'])
        with self.assertRaises(AccessError):
            document.with_user(self.people['admin']).write({'raw': b'{"changed": 1}'})


@tagged('post_install', '-at_install')
class TestJson2(HttpCase):
    """The same over the JSON-2 API, from outside."""

    def test_json2_gives_no_secret(self):
        admin = self.env.ref('base.user_admin')
        bank = self.env['scf.bank'].create(
            {
                'base_url': 'https://bank.example',
                'webhook_token': 'zq81-the-webhook-token',
                'company_id': admin.company_id.id,
            }
        )
        key = self.env['res.users.apikeys'].with_user(admin)._generate('rpc', "test", None)
        headers = {'Authorization': f'Bearer {key}', 'Content-Type': 'application/json'}
        for model, method, body in (
            ('scf.bank', 'read', {'ids': bank.ids, 'fields': ['webhook_token']}),
            ('scf.bank', 'search', {'domain': [['webhook_token', '=like', 'zq81%']]}),
            ('scf.bank', '_adapter', {'ids': bank.ids}),
            ('scf.bank', '_send', {'ids': bank.ids, 'verb': 'apply', 'payload': {}, 'channel': 'a', 'addressee': 1}),
            ('scf.message', '_send_due', {}),
            ('scf.bank', '_poll_banks', {}),
            ('scf.key', '_vault', {}),
        ):
            response = self.url_open(f'/json/2/{model}/{method}', data=json.dumps(body), headers=headers)
            self.assertGreaterEqual(response.status_code, 400, f"{model}.{method}")
            self.assertNotIn('zq81-the-webhook-token', response.text)

        visible = self.url_open(
            '/json/2/scf.bank/read', data=json.dumps({'ids': bank.ids, 'fields': ['name']}), headers=headers
        )
        self.assertEqual(visible.json()[0]['name'], 'bank.example')
