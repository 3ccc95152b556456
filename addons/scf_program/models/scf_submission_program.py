from openscf.errors import InputInvalid
from openscf.programs import tax_key

from odoo import models
from odoo.tools import format_amount

from odoo.addons.scf_finance.eligibility.facts import DISTRIBUTOR_FINANCE


class ScfSubmission(models.Model):
    """A purchase from a company in whose program we are a member is financed within that program."""

    _inherit = "scf.submission"

    def _apply_payload(self, request):
        payload = super()._apply_payload(request)
        application = self.application_id
        if application.technique == DISTRIBUTOR_FINANCE:
            membership = (
                application._documents()
                ._scf_distributor_memberships()
                .filtered(lambda one: one.bank_id == self.bank_id)
            )
            if membership:
                payload["program"] = membership[0].bank_program_ref
        return payload


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    def _scf_distributor_memberships(self):
        """Our memberships in force in programs of the one supplier of these documents; read with full rights."""
        memberships = self.env["scf.membership"].sudo()
        supplier = self.sudo()._scf_counterparty() if self._scf_technique == DISTRIBUTOR_FINANCE else None
        if not supplier or len(supplier) != 1 or not supplier.vat:
            return memberships
        return memberships.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "distributor_finance"),
                ("state", "=", "approved"),
                ("currency_id", "=", self.currency_id.id),
            ]
        ).filtered(lambda one: _is_same(one.anchor_tax_id, supplier.vat) and not one._is_limit_over())

    def _scf_panel_reasons(self, assessment):
        """Beside what hinders: what is free of the limits in the supplier's programs."""
        reasons = super()._scf_panel_reasons(assessment)
        for membership in self._scf_distributor_memberships():
            is_enough = not membership.has_limit or membership.free_amount >= float(assessment.eligible_amount)
            sentence = self.env._(
                "%(anchor)s's program at %(bank)s: %(limit)s.",
                anchor=membership.anchor_name,
                bank=membership.bank_name,
                limit=membership._limit_in_words() or self.env._("in force"),
            )
            if not is_enough:
                sentence += " " + self.env._(
                    "Ask for at most %s there.",
                    format_amount(self.env, membership.free_amount, membership.currency_id),
                )
            reasons.append(
                {
                    "code": "program",
                    "level": "ok" if is_enough else "warn",
                    "sentence": sentence,
                    "fix": None,
                }
            )
        return reasons


def _is_same(tax_id, other):
    try:
        return tax_key(tax_id) == tax_key(other)
    except InputInvalid:
        return False
