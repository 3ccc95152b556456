from markupsafe import escape
from openscf.errors import AnswerInvalid, BankRefused, BankUnreachable, OpenSCFError, SignatureInvalid

from odoo import models
from odoo.exceptions import UserError

from .scf_bank import ADMIN


class ScfBank(models.Model):
    """What a person reads when something is wrong with a bank, or when a button has done its work."""

    _inherit = 'scf.bank'

    # === BUSINESS METHODS === #

    def _notification(self, sentence, kind):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': sentence,
                'type': kind,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _sentence(self, error):
        """Put an error of the adapter into a sentence that says what to do; it quotes no secret and no body."""
        self.ensure_one()
        name, address = self.name, self.base_url
        if isinstance(error, BankUnreachable):
            return self.env._(
                "%(bank)s cannot be reached at %(address)s at the moment: %(reason)s Nothing is lost; "
                "try again later or ask the bank.",
                bank=name,
                address=address,
                reason=error,
            )
        if isinstance(error, SignatureInvalid):
            return self.env._(
                "What came from %(address)s is not signed with the keys of %(bank)s that are trusted here: %(reason)s "
                "Nothing of it was used. Ask the bank whether it has new keys, then use Discover to compare them.",
                bank=name,
                address=address,
                reason=error,
            )
        if isinstance(error, AnswerInvalid):
            return self.env._(
                "%(address)s gave an answer that is not OpenSCF: %(reason)s Check the address with the bank.",
                address=address,
                reason=error,
            )
        if isinstance(error, BankRefused):
            return self.env._("%(bank)s refused: %(reason)s", bank=name, reason=error.problem.detail or error)
        if isinstance(error, (OpenSCFError, UserError)):
            return str(error)
        return self.env._(
            "An unexpected error (%(kind)s) came up with %(bank)s; the server's log has the details.",
            kind=type(error).__name__,
            bank=name,
        )

    def _warn_administrators(self, summary, note):
        """Put an activity on the bank for every financing administrator of its company, one per kind and person."""
        self.ensure_one()
        admins = self.env.ref(ADMIN).all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        told = self.activity_ids.filtered(lambda activity: activity.summary == summary).user_id
        for user in admins - told:
            self.activity_schedule(
                'mail.mail_activity_data_warning', summary=summary, note=escape(note), user_id=user.id
            )
