from urllib.parse import urlsplit

from odoo import api, models
from odoo.exceptions import ValidationError

LOOPBACK = frozenset({'localhost', '127.0.0.1', '::1'})


class ScfBank(models.Model):
    """A bank's address: what may be asked, and how a pasted one is completed."""

    _inherit = 'scf.bank'

    # === CONSTRAINT METHODS === #

    @api.constrains('base_url')
    def _check_address(self):
        for bank in self:
            if problem := bank._address_problem():
                raise ValidationError(problem)

    # === BUSINESS METHODS === #

    def _address_problem(self):
        """Say in a sentence why the address may not be asked, or give None."""
        address = urlsplit(self.base_url)
        try:
            has_host = bool(address.hostname) and (address.port or 1) > 0
        except ValueError:
            has_host = False
        if not has_host or address.scheme not in ('http', 'https'):
            return self.env._(
                "“%(address)s” is not an address. A bank's address looks like https://scf.bank.example",
                address=self.base_url,
            )
        if address.username or address.password:
            return self.env._("A bank's address carries no user name and no password. Remove what stands before the @.")
        if address.scheme == 'http' and address.hostname not in LOOPBACK and not self._allows_http():
            return self.env._(
                "%(address)s is not encrypted, so anybody between here and the bank could read along. Use the "
                "https:// address. (For a test network, set the system parameter scf_connector.allow_http to True.)",
                address=self.base_url,
            )
        return None

    @api.model
    def _allows_http(self):
        return self.env['ir.config_parameter'].sudo().get_param('scf_connector.allow_http', '').lower() in ('true', '1')

    @api.model
    def _normalised_address(self, address):
        """Complete a pasted address: https when it names no scheme, and only scheme, host and port of it."""
        address = (address or '').strip()
        if not address:
            return ''
        if '://' not in address:
            address = f'https://{address}'
        parts = urlsplit(address)
        return f'{parts.scheme.lower()}://{parts.netloc.lower()}'
