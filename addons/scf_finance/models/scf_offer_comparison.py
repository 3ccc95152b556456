from openscf.loan import LoanTerms

from odoo import fields, models

from ..eligibility.facts import DISTRIBUTOR_FINANCE, PRE_SHIPMENT, RECEIVABLES_DISCOUNTING
from ..offers.comparison import LATENESS_DAYS, by_total_cost, cost_offer
from ..offers.margin import read_margin
from ..offers.screen import OffersScreen
from .labels import label_of

# Offers that are shown with all their figures; of the others the list says what became of them.
LIVE_STATES = ("open", "accepting", "accepted")


class ScfApplication(models.Model):
    """Offers compared: what an accountant needs before he takes one."""

    _inherit = "scf.application"

    def scf_offers(self):
        """What the comparison of this application's offers shows, as JSON, the lowest total cost first.

        Computed as if each open offer were paid out today. Reads the database only, in a number of queries that does
        not depend on the number of offers or of lines.

        :raise AccessError: for a user who may not read the application
        """
        self.ensure_one()
        self.check_access("read")
        costed = by_total_cost(self._costed_offers(LATENESS_DAYS))
        margin = self._margin() if costed else None
        screen = self._offers_screen(costed, margin)
        offers = {offer.id: offer for offer in self.offer_ids}
        why_not = self._why_not_accept_by_offer()
        return {
            "today": screen.date(fields.Date.context_today(self)),
            "supplier": self._paid_supplier(),
            "margin": screen.margin_sentence(),
            "lateness": screen.lateness(),
            "offers": [self._offer_on_screen(offers[row.id], row, screen, why_not.get(row.id, "")) for row in costed],
            "ended": [
                {
                    "id": offer.id,
                    "bank": offer.bank_id.sudo().name,
                    "state_label": label_of(offer, "state"),
                    "in_hand": self._money(offer.in_hand),
                    "total_cost": self._money(offer.total_cost),
                    "reason": offer.state_reason or "",
                }
                for offer in self.offer_ids.sorted(lambda offer: (offer.total_cost, offer.id))
                if offer.state not in LIVE_STATES
            ],
        }

    def _offers_in_brief(self):
        """The same comparison for the panel: a row for each offer, the live ones first, without what-ifs."""
        costed = by_total_cost(self._costed_offers((0,)))
        screen = self._offers_screen(costed, None)
        why_not = self._why_not_accept_by_offer()
        live = {offer.id: screen.brief(offer) for offer in costed}
        ended = self.offer_ids.filtered(lambda offer: offer.state not in LIVE_STATES)
        return [
            {
                "id": offer.id,
                "bank": offer.bank_id.sudo().name,
                "payout_account": offer.payout_account,
                "supplier": self._paid_supplier(),
                "expires": offer._expires_on_screen(),
                "expires_text": offer._expires_text(),
                "can_accept": offer.state == "open" and not why_not[offer.id],
                "why_not": why_not.get(offer.id) or None,
                "state": offer.state,
                "state_label": label_of(offer, "state"),
                **(live.get(offer.id) or screen.brief_of_ended(offer)),
            }
            for offer in (
                *self.env["scf.offer"].browse(live),
                *ended.sorted(lambda offer: (offer.total_cost, offer.id)),
            )
        ]

    def _offers_screen(self, costed, margin):
        return OffersScreen(
            self.env,
            self.currency_id,
            costed,
            self._choices(costed),
            margin,
            pays_supplier=bool(self._paid_supplier()),
        )

    def _paid_supplier(self):
        """The name of the supplier whom the bank pays; empty where the company itself gets the money."""
        return (self.technique == DISTRIBUTOR_FINANCE and self.partner_id.name) or ""

    def _margin(self):
        """What the financed sales earn; None for purchases and goods, which are not sold yet."""
        if self.technique not in (PRE_SHIPMENT, RECEIVABLES_DISCOUNTING):
            return None
        lines = self.line_ids
        return read_margin(lines.sale_order_id, lines.move_id, self.company_id, self.currency_id.name)

    def _why_not_accept_by_offer(self):
        """Why this user may not accept each open offer, by its id.

        Offers that stand and pay out by the same package share their reason: it is asked for once.
        """
        reasons, found = {}, {}
        for offer in self.offer_ids.filtered(lambda offer: offer.state == "open"):
            alike = offer.submission_id.package_id if offer._seconds_left() else offer
            if alike not in found:
                found[alike] = offer._why_not_accept()
            reasons[offer.id] = found[alike]
        return reasons

    def _offer_on_screen(self, offer, costed, screen, why_not):
        return {
            "id": offer.id,
            "bank": costed.bank,
            "state": offer.state,
            "state_label": label_of(offer, "state"),
            "payout_account": offer.payout_account or "",
            "supplier": self._paid_supplier(),
            "expires": offer._expires_on_screen(),
            "can_accept": offer.state == "open" and not why_not,
            "why_not": why_not,
            "can_decline": offer.state == "open" and self._documents().has_access("read"),
            **screen.terms(costed, recourse=offer.recourse, conditions=offer.conditions or ""),
            "scenarios": [screen.scenario(costed, days) for days in LATENESS_DAYS],
        }

    def _costed_offers(self, lateness):
        """The live offers with what they cost from today, or from the day on which they were accepted."""
        return [
            cost_offer(
                offer.id,
                offer.bank_id.sudo().name,
                LoanTerms.from_wire(offer.terms),
                fields.Date.context_today(offer, offer.accepted_at or None),
                lateness,
            )
            for offer in self.offer_ids
            if offer.state in LIVE_STATES
        ]

    def _choices(self, costed):
        """Of the costed offers those that can still be taken."""
        if self.state != "offered":
            return []
        open_ids = set(self.offer_ids.filtered(lambda offer: offer._seconds_left() > 0).ids)
        return [offer for offer in costed if offer.id in open_ids]


class ScfOffer(models.Model):
    _inherit = "scf.offer"

    def _seconds_left(self):
        """How long the offer stands; 0 where it does not."""
        self.ensure_one()
        if self.state != "open" or not self.expires_at:
            return 0
        return max(0, int((self.expires_at - fields.Datetime.now()).total_seconds()))

    def _expires_on_screen(self):
        """The end of an open offer: its moment in words, and the seconds until then, counted by the server's clock."""
        if self.state != "open" or not self.expires_at:
            return None
        return {"text": self._expiry(), "seconds_left": self._seconds_left()}
