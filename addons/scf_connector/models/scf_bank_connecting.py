import secrets
import time
from urllib.parse import urlsplit

from openscf.errors import OpenSCFError

from odoo import fields, models
from odoo.exceptions import UserError

from ..adapters.base import BUTTON_PATIENCE
from .scf_bank_address import LOOPBACK

CLIENT_STATES = {
    'PENDING': 'pending',
    'APPROVED': 'connected',
    'DECLINED': 'declined',
    'SUSPENDED': 'suspended',
}


class ScfBank(models.Model):
    """Connecting: discover a bank, register this company with it, and ask how it sees this company."""

    _inherit = 'scf.bank'

    # === ACTION METHODS === #

    def action_discover(self):
        """Ask the bank at the address who it is and what it finances: one short call, bounded in time and size."""
        self.ensure_one()
        self.check_access('write')
        if problem := self._address_problem():
            raise UserError(problem)
        try:
            found = self._adapter(BUTTON_PATIENCE).discover()
        except OpenSCFError as error:
            raise UserError(self._sentence(error)) from None
        self._take_profile(found)

    def action_register(self):
        """Queue the registration of this company; the bank's officer decides on it."""
        self.ensure_one()
        self.check_access('write')
        if self.state not in ('discovered', 'declined'):
            raise UserError(self.env._("Discover the bank first: its name and its keys are shown to be checked."))
        if not self.company_id.vat:
            raise UserError(
                self.env._(
                    "A bank knows a company by its tax ID. Fill in the Tax ID of %(company)s first.",
                    company=self.company_id.name,
                )
            )
        self.sudo().write(
            {
                'key_id': self.env['scf.key']._for_company(self.company_id).id,
                'last_error': False,
            }
        )
        self.sudo().webhook_token = self.sudo().webhook_token or secrets.token_urlsafe(24)
        self._set_state('pending', self.env._("The registration is on its way to the bank."))
        self._send('register', self._registration(), channel='client', addressee=self)

    def action_test(self):
        """Ask the bank how it sees this company: one short call, and a sentence either way."""
        self.ensure_one()
        self.check_access('write')
        if not self.client_id:
            raise UserError(
                self.env._(
                    "%(bank)s has not taken the registration yet. It is sent by itself; look again in a minute.",
                    bank=self.name,
                )
                if self.state == 'pending'
                else self.env._("Discover the bank and register with it first.")
            )
        started = time.monotonic()
        try:
            status = self._adapter(BUTTON_PATIENCE).client_status()
        except OpenSCFError as error:
            raise UserError(self._sentence(error)) from None
        seconds = time.monotonic() - started
        self._set_state(CLIENT_STATES.get(status, self.state))
        sentences = {
            'PENDING': self.env._(
                "%(bank)s answered in %(seconds).1f s. Its officer has not decided yet.",
                bank=self.name,
                seconds=seconds,
            ),
            'APPROVED': self.env._(
                "%(bank)s answered in %(seconds).1f s and knows this company. All is well.",
                bank=self.name,
                seconds=seconds,
            ),
            'DECLINED': self.env._(
                "%(bank)s answered in %(seconds).1f s: it declined this company.", bank=self.name, seconds=seconds
            ),
            'SUSPENDED': self.env._(
                "%(bank)s answered in %(seconds).1f s: it suspended this company for now.",
                bank=self.name,
                seconds=seconds,
            ),
        }
        return self._notification(
            sentences.get(status, self.env._("%(bank)s answered: %(status)s.", bank=self.name, status=status)),
            'success' if status == 'APPROVED' else 'warning',
        )

    # === BUSINESS METHODS === #

    def _registration(self):
        """Give the body of ``POST /v1/clients`` for this bank's company."""
        company = self.company_id.sudo()
        party = {'name': company.name, 'tax_id': company.vat}
        if company.country_id:
            party['country'] = company.country_id.code
        registration = {
            'client_name': company.name,
            'software': self._software(),
            'party': party,
            'jwks': {'keys': [self.sudo().key_id.public_jwk]},
        }
        if company.email:
            registration['contact_email'] = company.email
        if webhook_url := self._webhook_url():
            registration['webhook_url'] = webhook_url
        return registration

    def _webhook_url(self):
        """Give the address that the bank may nudge, or None when it cannot be reached from outside safely."""
        base_url = self.sudo().get_base_url()
        if urlsplit(base_url).scheme != 'https' and urlsplit(self.base_url).hostname not in LOOPBACK:
            return None
        return f"{base_url}/scf/nudge/{self.id}/{self.sudo().webhook_token}"

    def _take_profile(self, found):
        """Record what a bank says of itself. Keys that differ from the trusted ones wait for a person's word."""
        self.ensure_one()
        values = {'profile': found.profile, 'profile_read_at': fields.Datetime.now(), 'last_error': False}
        if self.state in ('draft', 'discovered'):
            values |= {'name': found.name, 'issuer': found.issuer, 'jwks': found.jwks, 'jwks_offered': False}
        elif self._fingerprints(found.jwks) != self._fingerprints(self.jwks):
            values['jwks_offered'] = found.jwks
        else:
            values['jwks_offered'] = False
        self.sudo().write(values)
        if self.state == 'draft':
            self._set_state('discovered')

    def _scf_on_answer(self, message, answer):
        """Record the bank's name for this company and how it sees it."""
        if message.verb == 'register':
            self.client_id = answer['client_id']
            self._set_state(CLIENT_STATES[answer['status']], answer.get('status_reason'))
            self._trigger_poll()

    def _scf_on_refused(self, message, problem):
        """Go back to before the registration, with the bank's reason."""
        if message.verb == 'register':
            self._set_state('discovered', problem.get('detail') or problem.get('title'))

    def _scf_on_delayed(self, message):
        """Say that the registration is still on its way, and why."""
        if message.verb == 'register':
            self.state_reason = self.env._(
                "The registration has not reached the bank yet: %(error)s", error=message.last_error
            )
