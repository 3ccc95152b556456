from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError

from ..eligibility.facts import INVENTORY_LOAN


class ScfApplication(models.Model):
    """Stock finance: the goods are held from the moment in which an offer is accepted, and only while it counts."""

    _inherit = "scf.application"

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def unlink(self):
        proposals = self.line_ids._proposals_of_their_own()
        deleted = super().unlink()
        proposals._delete_unused()
        return deleted

    # -- what the panel says ----------------------------------------------------------------------------------------

    def _subline(self):
        loan = self.loan_ids[:1]
        if self.technique == INVENTORY_LOAN and loan and (loan.shortfall or loan.margin_call):
            return loan._next_step()
        return super()._subline()

    # -- business ---------------------------------------------------------------------------------------------------

    def _set_state(self, state, reason=None):
        changed = super()._set_state(state, reason)
        if changed and self.technique == INVENTORY_LOAN:
            self._move_goods()
        return changed

    def _tell_documents(self, body):
        # Whoever works in the stock reads the messages of a pledge: what is borrowed is not for him.
        return None if self.technique == INVENTORY_LOAN else super()._tell_documents(body)

    def _move_goods(self):
        """Hold the goods, or let them go, as the application's new state says.

        :raise UserError: where an offer is being accepted and its goods are not there any more
        """
        pledges = self.line_ids.sudo().pledge_id
        if self.state == "accepted":
            self._hold_goods(pledges)
        elif self.state in ("requested", "offered"):
            pledges.filtered(lambda pledge: pledge.application_id != self).application_id = self
            pledges._stand_down("proposed")
        elif self.state in ("declined", "expired", "cancelled"):
            pledges._stand_down("dropped")

    def _hold_goods(self, pledges):
        offer = self.offer_ids.filtered(lambda offer: offer.state in ("accepting", "accepted"))[:1]
        haircut = Decimal(100) - Decimal(str(offer.advance_rate))
        try:
            with self.env.cr.savepoint():
                pledges._check_available()
                pledges._activate(bank=offer.bank_id, haircut=float(haircut))
        except UserError as error:
            if self.loan_ids:
                # The bank has granted it: refusing would only hide the loan.
                self.loan_ids[:1].goods_mismatch = self.env._(
                    "The goods that this loan rests on are not all there: %s", str(error)
                )
                return
            raise UserError(
                self.env._(
                    "The offer can't be accepted, because the goods are not all there any more. %(why)s Cancel the "
                    "application, and borrow against the goods that are there.",
                    why=str(error),
                )
            ) from None


class ScfApplicationDocument(models.Model):
    """Goods that were proposed for one draft leave with it."""

    _inherit = "scf.application.document"

    def unlink(self):
        proposals = self._proposals_of_their_own()
        deleted = super().unlink()
        proposals._delete_unused()
        return deleted

    def _proposals_of_their_own(self):
        """Proposals that were made for the drafts of these lines, and not by hand."""
        return self.pledge_id.filtered(
            lambda pledge: pledge.state == "proposed" and pledge.application_id in self.application_id
        )


class ScfPledge(models.Model):
    _inherit = "scf.pledge"

    def _delete_unused(self):
        """Delete those of these proposals that no application names any more."""
        self.exists().filtered(lambda pledge: pledge.state == "proposed" and not pledge.scf_claim_ids).unlink()
