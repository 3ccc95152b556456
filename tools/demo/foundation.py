"""Founds the company in a fresh Odoo: chart, bank accounts, people, partners, articles and the exchange rates."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from odoo import Command

from demo.company import (
    ARTICLES,
    BUYERS,
    COMPANY,
    COMPANY_REGISTRY,
    EUR_BANK_BIC,
    EUR_BANK_NAME,
    PEOPLE,
    SUPPLIERS,
    USD_ACCOUNT_IBAN,
    Firm,
)
from demo.history import SEED, History
from demo.logo import draw_logo

CHART = "de_skr03"
WITHOUT_MAIL = {
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "no_reset_password": True,
    "tracking_disable": True,
}
FIRST_USD_RATE = 1.085
EQUITY_ACCOUNT, WAGES_ACCOUNT, RENT_ACCOUNT = "0845", "4100", "4210"


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Odoo's records of the company, each by the key that `company` and `history` use."""

    company: Any
    eur_journal: Any
    usd_journal: Any
    receipts_account: Any
    payments_account: Any
    pricelists: Mapping[str, Any]
    """By currency: an order takes its currency from its price list."""
    buyers: Mapping[str, Any]
    suppliers: Mapping[str, Any]
    articles: Mapping[str, Any]
    users: Mapping[str, Any]
    warehouse: Any


def found_company(env: Any, history: History) -> Foundation:
    env = env(context={**env.context, **WITHOUT_MAIL})
    company = _register_company(env)
    env = env(context={**env.context, "allowed_company_ids": company.ids})
    env["account.chart.template"].try_loading(CHART, company, install_demo=False)
    company = env["res.company"].browse(company.id)
    receipts = env.ref(f"account.{company.id}_account_journal_payment_debit_account_id")
    payments = env.ref(f"account.{company.id}_account_journal_payment_credit_account_id")
    eur_journal, usd_journal = _open_bank_accounts(env, company, receipts, payments)
    _quote_dollar(env, company, history)
    pricelists = _make_pricelists(env, company)
    return Foundation(
        company=company,
        eur_journal=eur_journal,
        usd_journal=usd_journal,
        receipts_account=receipts,
        payments_account=payments,
        users=_employ_people(env, company),
        buyers=_enter_buyers(env, company, pricelists),
        pricelists=pricelists,
        suppliers=_enter_suppliers(env),
        articles=_enter_articles(env),
        warehouse=env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1),
    )


def _register_company(env: Any) -> Any:
    company = env.ref("base.main_company")
    eur = env.ref("base.EUR")
    (eur | env.ref("base.USD")).active = True
    company.write(
        {
            **_firm_values(env, COMPANY),
            "currency_id": eur.id,
            "company_registry": COMPANY_REGISTRY,
            "logo": base64.b64encode(draw_logo()),
        }
    )
    if "stock_text_confirmation" in company:  # no text message for each delivery
        company.stock_text_confirmation = False
    company.partner_id.tz = "Europe/Berlin"
    env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).write(
        {"name": "Lager Hafen Hamburg", "partner_id": company.partner_id.id}
    )
    return company


def _open_bank_accounts(env: Any, company: Any, receipts: Any, payments: Any) -> tuple[Any, Any]:
    """The euro account, which is also where financing is paid to, and one in dollars for the American customer."""
    bank = env["res.bank"].create({"name": EUR_BANK_NAME, "bic": EUR_BANK_BIC, "country": env.ref("base.de").id})
    eur_journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
    eur_journal.write({"name": "Bank EUR", "bank_account_id": _company_account(env, company, bank, COMPANY.iban).id})
    usd_journal = env["account.journal"].create(
        {
            "name": "Bank USD",
            "code": "BNKUS",
            "type": "bank",
            "company_id": company.id,
            "currency_id": env.ref("base.USD").id,
            "bank_account_id": _company_account(env, company, bank, USD_ACCOUNT_IBAN).id,
        }
    )
    # With outstanding accounts a payment is first collected and cleared only when the bank statement shows it.
    for journal in eur_journal | usd_journal:
        journal.inbound_payment_method_line_ids.payment_account_id = receipts
        journal.outbound_payment_method_line_ids.payment_account_id = payments
    return eur_journal, usd_journal


def _company_account(env: Any, company: Any, bank: Any, iban: str | None) -> Any:
    return env["res.partner.bank"].create(
        {"acc_number": iban, "partner_id": company.partner_id.id, "bank_id": bank.id, "allow_out_payment": True}
    )


def _quote_dollar(env: Any, company: Any, history: History) -> None:
    """One rate a month, in dollars for a euro, that wanders within a few percent."""
    chance = random.Random(f"{SEED}/usd")  # noqa: S311 - invented rates
    rate = FIRST_USD_RATE
    quotes = []
    for month in history.months:
        quotes.append(
            {
                "currency_id": env.ref("base.USD").id,
                "company_id": company.id,
                "name": month,
                "company_rate": round(rate, 4),
            }
        )
        rate = min(1.18, max(1.03, rate * (1 + chance.uniform(-0.018, 0.021))))
    env["res.currency.rate"].create(quotes)


def _make_pricelists(env: Any, company: Any) -> dict[str, Any]:
    env.ref("base.group_user").write({"implied_ids": [Command.link(env.ref("product.group_product_pricelist").id)]})
    euro = env["product.pricelist"].search([("company_id", "in", (company.id, False))], limit=1)
    if euro:
        euro.write({"name": "List price EUR", "currency_id": env.ref("base.EUR").id})
    else:
        euro = env["product.pricelist"].create({"name": "List price EUR", "currency_id": env.ref("base.EUR").id})
    dollar = env["product.pricelist"].create({"name": "List price USD", "currency_id": env.ref("base.USD").id})
    return {"EUR": euro, "USD": dollar}


def _employ_people(env: Any, company: Any) -> dict[str, Any]:
    users = {}
    for person in PEOPLE:
        groups = [group for name in person.groups if (group := env.ref(name, raise_if_not_found=False))]
        values = {
            "name": person.name,
            "tz": "Europe/Berlin",
            "group_ids": [Command.link(group.id) for group in groups],
        }
        user = env["res.users"].with_context(active_test=False).search([("login", "=", person.login)])
        if user:
            user.write(values)
        else:
            user = env["res.users"].create(
                {
                    **values,
                    "login": person.login,
                    "email": f"{person.login}@nordlicht.example",
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                }
            )
        users[person.login] = user
    return users


def _enter_buyers(env: Any, company: Any, pricelists: Mapping[str, Any]) -> dict[str, Any]:
    third_country = env.ref(f"account.{company.id}_fiscal_position_non_eu_partner_skr03")
    partners = {}
    for buyer in BUYERS:
        partners[buyer.key] = env["res.partner"].create(
            {
                **_firm_values(env, buyer.firm),
                "is_company": True,
                "customer_rank": 1,
                "property_payment_term_id": env.ref(f"account.account_payment_term_{buyer.terms_days}days").id,
                "property_product_pricelist": pricelists[buyer.currency].id,
                "property_account_position_id": third_country.id if buyer.firm.address.country == "US" else False,
            }
        )
    return partners


def _enter_suppliers(env: Any) -> dict[str, Any]:
    partners = {}
    for supplier in SUPPLIERS:
        terms = env.ref(f"account.account_payment_term_{supplier.terms_days}days")
        partners[supplier.key] = partner = env["res.partner"].create(
            {
                **_firm_values(env, supplier.firm),
                "is_company": True,
                "supplier_rank": 1,
                "property_supplier_payment_term_id": terms.id,
            }
        )
        env["res.partner.bank"].create(
            {"acc_number": supplier.firm.iban, "partner_id": partner.id, "allow_out_payment": True}
        )
    return partners


def _enter_articles(env: Any) -> dict[str, Any]:
    suppliers = {s.key: env["res.partner"].search([("vat", "=", s.firm.vat)], limit=1) for s in SUPPLIERS}
    lead_days = {s.key: s.lead_days for s in SUPPLIERS}
    category = env["product.category"].create({"name": "Kitchen appliances"})
    products = env["product.product"].create(
        [
            {
                "name": article.name,
                "default_code": article.code,
                "type": "consu",
                "is_storable": True,
                "categ_id": category.id,
                "list_price": float(article.price),
                "standard_price": float(article.cost),
                "weight": float(article.weight_kg),
                "invoice_policy": "delivery",
                "purchase_method": "receive",
                "seller_ids": [
                    Command.create(
                        {
                            "partner_id": suppliers[article.supplier].id,
                            "price": float(article.cost),
                            "currency_id": env.ref("base.EUR").id,
                            "delay": lead_days[article.supplier],
                        }
                    )
                ],
            }
            for article in ARTICLES
        ]
    )
    return {product.default_code: product for product in products}


def _firm_values(env: Any, firm: Firm) -> dict[str, Any]:
    country = env["res.country"].search([("code", "=", firm.address.country)])
    state = env["res.country.state"].search(
        [("country_id", "=", country.id), ("code", "=", firm.address.state)], limit=1
    )
    return {
        "name": firm.name,
        "street": firm.address.street,
        "zip": firm.address.zip,
        "city": firm.address.city,
        "country_id": country.id,
        "state_id": state.id,
        "vat": firm.vat or False,
        "email": firm.email,
        "phone": firm.phone,
        "website": firm.website or False,
    }


def account_by_code(env: Any, company: Any, code: str) -> Any:
    """The account of the company's chart with that code; a chart that lacks it is an error that names the code."""
    account = (
        env["account.account"]
        .with_company(company)
        .search([("code", "=", code), ("company_ids", "in", company.ids)], limit=1)
    )
    if not account:
        raise LookupError(f"The chart {CHART} of {company.name} has no account {code}.")
    return account


def month_end(month: date) -> date:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
