import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize, format_amount

from ..models.scf_program_member_early import SERVED, offer_key
from ..payables.quotes import cost_a_year
from .joining import PATH, Joining
from .pages import MAX_FORM_BYTES, MEMBER_ROUTE, typed

# More than somebody reads on one page; the filter finds the others.
MOST_SHOWN = 200
LAST_SHOWN = 30
NOT_OFFERED = ("agreed", "paid", "overdue", "settled")
CHEAPEST = "cheapest"


class Early(Joining):
    """Getting paid early: what each approved invoice brings, the choice, what is agreed, and the rule."""

    @http.route(f"{PATH}/early", methods=["GET"], **MEMBER_ROUTE)
    def early(self, member_id, on="", payer=CHEAPEST, number="", **_query):
        """Show the approved invoices with what they bring early."""
        member, joining = self._find(member_id)
        return self._early_page(member, joining, on=on, payer=payer, number=number)

    @http.route(f"{PATH}/early/review", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def review(self, member_id, **_rest):
        """Show what would be agreed to, before it is."""
        member, joining = self._find(member_id)
        quotes, gone = member._find_offers(request.httprequest.form.getlist("offer"))
        if not quotes or gone:
            problem = self._changed() if gone else request.env._("Choose at least one invoice.")
            return self._early_page(member, joining, problems=[problem], status=422)
        return self._page(
            "scf_program.portal_early_review",
            member,
            joining=joining,
            quotes=quotes,
            payables={item.id: item for item in member._payables("approved")},
            sums=self._sums(member, quotes),
            offer_key=offer_key,
            money=self._money(member),
        )

    @http.route(f"{PATH}/early/accept", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def accept(self, member_id, **_rest):
        """Agree to early payments, each by itself: those that can't be had any more are named, the others stand."""
        member, joining = self._find(member_id)
        quotes, gone = member._find_offers(request.httprequest.form.getlist("offer"))
        problems = [self._changed()] if gone else []
        for quote in quotes:
            payable = request.env["scf.payable"].sudo().browse(quote.payable_id)
            try:
                with request.env.cr.savepoint():
                    payable._request_early_payment(quote, quote.pay_on, self._accepted_by(), "portal")
            except UserError as error:
                problems.append(error.args[0])
        if problems:
            return self._early_page(member, joining, problems=problems, status=409)
        return request.redirect(f"/my/programs/{member.id}/early#agreed", code=303)

    @http.route(f"{PATH}/early/rule", methods=["POST"], max_content_length=MAX_FORM_BYTES, **MEMBER_ROUTE)
    def set_rule(self, member_id, **_rest):
        """Switch on or off that offers are taken without a click."""
        member, joining = self._find(member_id)
        if member.state not in SERVED:
            raise request.not_found()
        takes = bool(typed("takes"))
        from_amount, up_to_rate = _number(typed("from_amount")), _number(typed("up_to_rate"))
        if takes and (from_amount is None or up_to_rate is None or up_to_rate > 100):
            problem = request.env._("Enter amount and percent as numbers of 0 or more, or leave them empty.")
            return self._early_page(member, joining, problems=[problem], status=422)
        member._set_rule(
            takes,
            from_amount=float(from_amount or 0),
            up_to_rate=float(up_to_rate or 0),
            address=request.httprequest.remote_addr or "",
        )
        return request.redirect(f"/my/programs/{member.id}/early#rule", code=303)

    # -- who and what -----------------------------------------------------------------------------------------------

    def _accepted_by(self):
        user = request.env.user
        email = email_normalize(user.login) or email_normalize(user.email or "")
        return {
            "name": user.name,
            "at": fields.Datetime.now(),
            "address": request.httprequest.remote_addr or "",
            **({"email": email} if email else {}),
        }

    def _changed(self):
        return request.env._(
            "Some figures have changed since you looked, so those invoices were left as they are. Look at them again."
        )

    def _money(self, member):
        return lambda amount: format_amount(request.env, float(amount), member.currency_id)

    def _sums(self, member, quotes):
        """What the quotes come to: by day and payer what comes, and altogether what it costs."""
        arrivals = defaultdict(Decimal)
        for quote in quotes:
            arrivals[quote.pay_on, quote.payer] += quote.payout
        discount, payout = sum(quote.discount for quote in quotes), sum(quote.payout for quote in quotes)
        days = sum(quote.payout * quote.days for quote in quotes) / payout
        return {
            "arrivals": sorted((day, payer, amount) for (day, payer), amount in arrivals.items()),
            "discount": discount,
            "payout": payout,
            "amount": discount + payout,
            "rate_pa": cost_a_year(discount, payout, days),
        }

    # -- answers ----------------------------------------------------------------------------------------------------

    def _early_page(self, member, joining, *, on="", payer=CHEAPEST, number="", problems=(), status=200):
        today = fields.Date.context_today(member)
        day = _day(on)
        payables = member._payables("approved")
        offers = member._offers(payables, [day] if day else None)
        payers = sorted({quote.payer for quotes in offers.values() for quote in quotes})
        rows = []
        for payable in payables:
            if number and number.casefold() not in f"{payable.document_number} {payable.move_id.name}".casefold():
                continue
            quotes = offers.get(payable.id, [])
            chosen = next((quote for quote in _by_cost(quotes) if payer in (CHEAPEST, quote.payer)), None)
            rows.append({"payable": payable, "quote": chosen, "others": [one for one in quotes if one is not chosen]})
        quoted = [row["quote"] for row in rows if row["quote"]]
        return self._page(
            "scf_program.portal_early",
            member,
            status=status,
            joining=joining,
            rows=rows[:MOST_SHOWN],
            hidden=len(rows[MOST_SHOWN:]),
            offered=self._sums(member, quoted) if quoted else None,
            agreed=member._payables("agreed", "paid", "overdue", "settled").request_ids.filtered("is_live")[
                :LAST_SHOWN
            ],
            payers=payers,
            chosen={"on": day.isoformat() if day else "", "payer": payer, "number": number},
            first_day=today.isoformat(),
            last_day=(today + timedelta(days=max(member.program_id.max_tenor_days, 1))).isoformat(),
            problems=problems,
            is_served=member.state in SERVED,
            offer_key=offer_key,
            money=self._money(member),
        )


def _by_cost(quotes):
    return sorted(quotes, key=lambda quote: (quote.discount, quote.source))


def _day(text):
    """The day as a date input sends it; None where there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text):
    """A number of 0 or more as somebody types it, with a comma or a point; 0 where nothing stands, None where none."""
    plain = re.sub(r"\s", "", text).replace(",", ".")
    if not plain:
        return Decimal(0)
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < 10**12 else None
