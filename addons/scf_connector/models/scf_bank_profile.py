from decimal import Decimal

from odoo import api, fields, models


class ScfBank(models.Model):
    """What a bank finances, for a person to read."""

    _inherit = 'scf.bank'

    profile_summary = fields.Html(string="What It Finances", compute='_compute_profile_summary', sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends('profile')
    @api.depends_context('lang')
    def _compute_profile_summary(self):
        for bank in self:
            bank.profile_summary = bank.profile and self.env['ir.qweb']._render(
                'scf_connector.bank_profile',
                {
                    'techniques': [
                        bank._technique_facts(technique) for technique in bank.profile.get('techniques', [])
                    ],
                    'country': self.env['res.country']
                    .search([('code', '=', bank.profile.get('country'))], limit=1)
                    .name,
                    'contact': bank.profile.get('contact'),
                },
            )

    # === BUSINESS METHODS === #

    @api.model
    def _technique_facts(self, technique):
        """Put a technique of the profile into words and figures of the user's language."""
        lang = self.env['res.lang']._lang_get(self.env.lang or 'en_US')
        labels = {
            'receivables_discounting': self.env._("Receivables discounting"),
            'pre_shipment': self.env._("Order (pre-shipment) finance"),
            'distributor_finance': self.env._("Distributor finance"),
            'payables_finance': self.env._("Payables finance"),
            'dynamic_discounting': self.env._("Dynamic discounting"),
            'inventory_loan': self.env._("Inventory loan"),
            'revolving_line': self.env._("Revolving line"),
        }

        def figure(text, digits=2):
            if not text:
                return ''
            return lang.format(f'%.{digits}f', Decimal(text), grouping=True)

        return {
            'label': labels.get(technique['code'], technique['code']),
            'currencies': ', '.join(technique['currencies']),
            'amounts': f"{figure(technique['min_amount'], 0)} – {figure(technique['max_amount'], 0)}",
            'tenor': self.env._(
                "%(shortest)s – %(longest)s days",
                shortest=technique['min_tenor_days'],
                longest=technique['max_tenor_days'],
            ),
            'advance': figure(technique['max_advance_rate'], 0),
            'rate': figure(technique.get('indicative_rate_pa')),
            'fee': figure(technique.get('indicative_fee_percent')),
            'recourse': {
                'with': self.env._("with recourse"),
                'without': self.env._("without recourse"),
                'both': self.env._("with or without recourse"),
            }.get(technique.get('recourse'), ''),
        }
