"""What could be drawn today on all documents that are open, kind by kind: candidates by SQL, then the rules at once."""

from ast import literal_eval
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..eligibility.assessment import Assessment
from ..eligibility.facts import PRE_SHIPMENT, RECEIVABLES_DISCOUNTING
from .scf_listing import Listing

# The rules take about a second for so many. Whoever has more that are open has enough to choose from.
MOST_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Drawable:
    """What the open documents of one kind, company and currency could bring today. Amounts in `currency`.

    :ivar documents: those that can be financed
    :ivar looked_at: how many candidates the rules looked at, the newest first
    :ivar found: how many candidates there are
    :ivar carried: what banks would lend on the documents, each by itself
    """

    listing: Listing
    company: object
    currency: object
    documents: object
    looked_at: int
    found: int
    carried: Decimal
    assessment: Assessment

    @property
    def at_once(self) -> Decimal:
        """The most that one bank lends on them in one loan."""
        return self.assessment.eligible_amount

    def why_not(self) -> str:
        """Why nothing can be drawn on them together, as a sentence; empty where something can."""
        hindrances = [finding.sentence for finding in self.assessment.together if finding.level == "stop"]
        return hindrances[0] if hindrances else ""


def read_drawable(env, partner=None) -> list[Drawable]:
    """What the user could draw on the documents that he may read, most first within each kind.

    The number of queries depends on the kinds, companies and currencies, never on the documents.

    :param partner: the only buyer or supplier whose documents are looked at; goods have none
    """
    found = []
    restriction = Domain("partner_id", "child_of", partner.id) if partner else Domain.TRUE
    for model in financeable_models(env):
        if partner and "partner_id" not in model._fields:
            continue
        for listing in model._scf_listings():
            groups = model._read_group(
                model._scf_listing_domain(listing) & restriction, ["company_id", "currency_id"], ["id:array_agg"]
            )
            for company, currency, ids in groups:
                newest = model.browse(sorted(ids, reverse=True)[:MOST_LOOKED_AT])
                found.append(_look_at(listing, company, currency, newest, len(ids)))
    return sorted(found, key=lambda item: (_NEAREST_MONEY.get(item.listing.technique, 2), -item.carried))


# Invoices first: their money is nearer than that of orders.
_NEAREST_MONEY = {RECEIVABLES_DISCOUNTING: 0, PRE_SHIPMENT: 1}


def financeable_models(env):
    """The models of documents that can be financed, as far as the user may read them."""
    names = sorted(env.registry.descendants(["scf.financeable"], "_inherit") - {"scf.financeable"})
    return [env[name] for name in names if not env[name]._abstract and env[name].has_access("read")]


def _look_at(listing, company, currency, documents, found):
    assessment = documents._scf_assess()
    assessed = [
        (document.id, item)
        for document, item in zip(documents, assessment.documents, strict=True)
        if item.is_financeable
    ]
    return Drawable(
        listing=listing,
        company=company,
        currency=currency,
        documents=documents.browse([document_id for document_id, _item in assessed]),
        looked_at=len(documents),
        found=found,
        carried=sum((item.eligible_amount for _id, item in assessed), Decimal(0)),
        assessment=assessment,
    )


def drawable_row(env, drawable: Drawable, partner=None) -> dict:
    """A `Drawable` as the panels and the Financing home show it, as JSON; None where nothing can be drawn.

    :param partner: the only buyer whose documents were looked at
    """
    if not drawable.carried or not drawable.at_once:
        return None

    def money(amount):
        return format_amount(env, float(amount), drawable.currency)

    indication = drawable.assessment.indication()
    detail, cost = [], None
    if drawable.at_once < drawable.carried:
        detail.append(env._("at most %s in one loan", money(drawable.at_once)))
    if indication:
        cost = {
            "cost_text": money(indication.cost.total_cost),
            "apr_text": env._("%s %% a year", f"{indication.cost.apr:.2f}"),
            "bank": indication.bank_name,
            "cash_date": format_date(env, drawable.assessment.today + timedelta(days=1)),
        }
        detail.append(env._("about %(cost_text)s (%(apr_text)s) at %(bank)s, money by %(cash_date)s", **cost))
    if drawable.looked_at < drawable.found:
        detail.append(
            env._("the newest %(looked_at)s of %(found)s", looked_at=drawable.looked_at, found=drawable.found)
        )
    return {
        "key": f"{drawable.listing.kind}_{drawable.company.id}_{drawable.currency.id}",
        "kind": drawable.listing.kind,
        "label": drawable.listing.label,
        "company": drawable.company.sudo().name,
        "currency": drawable.currency.name,
        "count": len(drawable.documents),
        "amount": money(drawable.carried),
        "at_once": money(drawable.at_once),
        "indicative": cost,
        "detail": " · ".join(detail),
        "draw": _draw_action(env, drawable, partner),
        "list": _list_action(env, drawable, partner),
    }


def _draw_action(env, drawable, partner):
    """The dialog that picks the cheapest documents for an amount, filled in with all that one loan can bring.

    None for kinds that the dialog does not know: their documents are chosen in the list.
    """
    if drawable.listing.technique not in _NEAREST_MONEY:
        return None
    return {
        **env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_reach"),
        "context": {
            "default_company_id": drawable.company.id,
            "default_technique": drawable.listing.technique,
            "default_currency_id": drawable.currency.id,
            "default_partner_id": partner.id if partner else False,
            "default_amount": float(drawable.at_once),
        },
    }


def _list_action(env, drawable, partner):
    """The list of the kind, filtered to what can be financed."""
    action = env["ir.actions.act_window"]._for_xml_id(drawable.listing.action)
    context = {key: value for key, value in literal_eval(action["context"]).items() if key.startswith("default_")}
    if partner:
        context["search_default_partner_id"] = partner.id
    context["search_default_scf_can_be_financed"] = 1
    return {**action, "context": context}
