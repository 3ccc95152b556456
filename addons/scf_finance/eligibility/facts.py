"""The facts that eligibility rests on, and the SQL that reads them.

Odoo's cursor turns numeric columns into floats, so figures are selected as text and become Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from odoo import fields
from odoo.tools import SQL

from .goods_claims import goods_of_invoices, goods_of_orders
from .settlements import read_order_settlements
from .statable import not_iso, rounded

PRE_SHIPMENT = "pre_shipment"
RECEIVABLES_DISCOUNTING = "receivables_discounting"
DISTRIBUTOR_FINANCE = "distributor_finance"
INVENTORY_LOAN = "inventory_loan"
REVOLVING_LINE = "revolving_line"
# Without a due date (no payment term) an invoice is payable at once; an order's buyer gets this long after delivery.
DEFAULT_CREDIT_DAYS = 30


@dataclass(frozen=True, slots=True)
class BankTerms:
    """What one connected bank publishes for one technique. Amounts in the document's currency, rates in percent.

    `limit_months` comes with a line: the advance rate is of so many months of what the company collects on average.
    """

    bank_id: int
    name: str
    currencies: tuple[str, ...]
    min_amount: Decimal
    max_amount: Decimal
    min_tenor_days: int
    max_tenor_days: int
    advance_rate: Decimal
    repayment: tuple[str, ...]
    rate_pa: Decimal | None
    fee_percent: Decimal
    limit_months: Decimal | None = None
    sweep_percent: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class Claim:
    """Another application that holds the document, or one that belongs to the same sale or the same goods.

    :ivar application_id: None where something else than an application holds it, which `application_name` names
    :ivar by_goods: whether it finances the goods that the document is about, and not the document itself
    :ivar was_given_up: whether its loan is over, and the bank wrote it off
    """

    application_id: int | None
    application_name: str
    document_name: str
    by_goods: bool = False
    was_given_up: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A document as the rules see it. Amounts in `currency`.

    The counterparty is the buyer, or the supplier of a purchase; pledged goods have none.

    `amount_decimals` is how many decimals its finest amount has; `not_iso` are other documents of the company, each
    with the currency that makes it one which no package can state.
    """

    technique: str
    kind: str
    name: str
    state: str
    move_type: str | None
    payment_state: str | None
    invoice_status: str | None
    company_id: int
    is_own_company: bool
    counterparty_name: str | None
    counterparty_tax_id: str | None
    currency: str
    amount_decimals: int
    total: Decimal
    open_amount: Decimal
    issue_date: date | None
    expected_payment: date | None
    today: date
    claims: tuple[Claim, ...]
    missing_tax_id: bool
    missing_accounts: bool
    missing_collection_account: bool
    untrusted_collection_account: bool
    not_iso: tuple[tuple[str, str], ...]
    banks: tuple[BankTerms, ...]

    @property
    def days_to_payment(self) -> int:
        return (self.expected_payment - self.today).days if self.expected_payment else 0

    @property
    def longest_tenor_days(self) -> int:
        """For how many days the banks lend at most in the document's currency; 0 where none does."""
        return max((bank.max_tenor_days for bank in self.banks if self.currency in bank.currencies), default=0)

    def in_common(self) -> dict[str, object]:
        """What all kinds of documents have, by name: for the facts of a kind that has more."""
        return {name: getattr(self, name) for name in DocumentFacts.__dataclass_fields__}


def bank_terms(banks, technique: str) -> tuple[BankTerms, ...]:
    """Published terms of the open ones among `banks` (records of scf.bank) that offer `technique`."""
    terms = []
    for bank in banks:
        profile = bank._technique(technique) if bank._is_open() else None
        if profile:
            terms.append(
                BankTerms(
                    bank_id=bank.id,
                    name=bank.name,
                    currencies=tuple(profile["currencies"]),
                    min_amount=Decimal(profile["min_amount"]),
                    max_amount=Decimal(profile["max_amount"]),
                    min_tenor_days=int(profile["min_tenor_days"]),
                    max_tenor_days=int(profile["max_tenor_days"]),
                    advance_rate=Decimal(profile["max_advance_rate"]),
                    repayment=tuple(profile["repayment"]),
                    rate_pa=Decimal(rate) if (rate := profile.get("indicative_rate_pa")) else None,
                    fee_percent=Decimal(profile.get("indicative_fee_percent") or "0"),
                    limit_months=Decimal(months) if (months := profile.get("limit_months")) else None,
                    sweep_percent=Decimal(profile.get("sweep_percent") or "100"),
                )
            )
    return tuple(terms)


def delivery_day(today: date, *, ordered_on: date, promised_on: date | None, lead_days: float | None) -> date:
    """The day on which an order is delivered: as promised, or else after its longest lead time; not in the past."""
    return max(promised_on or ordered_on + timedelta(days=int(lead_days or 0)), today)


def order_due_date(payment_terms, delivery: date) -> date:
    """The day on which the last instalment of an order falls due, by its payment terms (a record, or none)."""
    return max(
        (line._get_due_date(delivery) for line in payment_terms.line_ids),
        default=delivery + timedelta(days=DEFAULT_CREDIT_DAYS),
    )


def set_order_due_dates(env, rows: list[dict], today: date) -> None:
    """Set `due_date` on the rows of orders: a fixed number of queries, and each pair of terms and day computed once.

    :param rows: with `term_id`, `issue_date`, `commitment_date` and `lead_days`
    """
    terms = env["account.payment.term"].sudo()  # a requester may lack access to payment terms
    terms_of = {term.id: term for term in terms.browse(dict.fromkeys(row["term_id"] for row in rows if row["term_id"]))}
    due_dates: dict[tuple, date] = {}
    for row in rows:
        delivery = delivery_day(
            today, ordered_on=row["issue_date"], promised_on=row["commitment_date"], lead_days=row["lead_days"]
        )
        key = (row["term_id"], delivery)
        if key not in due_dates:
            due_dates[key] = order_due_date(terms_of.get(row["term_id"], terms), delivery)
        row["due_date"] = due_dates[key]


def read_order_facts(orders, *, banks, today: date) -> tuple[DocumentFacts, ...]:
    """Facts of sales orders, in their order: the same number of queries for one and for a thousand."""
    rows = orders.env.execute_query_dict(
        SQL(
            """
        SELECT so.id, so.name, so.state, so.company_id, so.invoice_status, so.amount_total::text AS total,
               so.date_order, so.commitment_date::date AS commitment_date, so.payment_term_id AS term_id,
               currency.name AS currency, commercial.name AS counterparty_name, commercial.vat AS counterparty_tax_id,
               commercial.id = company.partner_id AS is_own_company,
               GREATEST(SCALE(TRIM_SCALE(so.amount_total)), SCALE(TRIM_SCALE(so.amount_untaxed)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM sale_order_line line
                          WHERE line.order_id = so.id)) AS amount_decimals,
               (SELECT COALESCE(MAX(line.customer_lead), 0) FROM sale_order_line line
                 WHERE line.order_id = so.id) AS lead_days,
               %(setup)s
          FROM sale_order so
          JOIN res_currency currency ON currency.id = so.currency_id
          JOIN res_company company ON company.id = so.company_id
          JOIN res_partner partner ON partner.id = so.partner_id
          JOIN res_partner commercial ON commercial.id = COALESCE(partner.commercial_partner_id, partner.id)
         WHERE so.id = ANY(%(orders)s)
        """,
            orders=orders.ids,
            setup=COMPANY_SETUP,
        )
    )
    settled: dict[int, Decimal] = {}
    for part in read_order_settlements(orders.env, orders.ids):
        settled[part.order_id] = settled.get(part.order_id, Decimal(0)) + part.paid + part.credited
    for row in rows:
        row["issue_date"] = fields.Date.context_today(orders, row["date_order"])
        row["open_amount"] = Decimal(row["total"]) - settled.get(row["id"], Decimal(0))
    set_order_due_dates(orders.env, rows, today)
    same_asset = SQL(
        """
        SELECT id AS document_id, 'sale_order_id' AS field, id AS record_id FROM unnest(%(orders)s) id
         UNION
        SELECT order_line.order_id, 'move_id', line.move_id
          FROM sale_order_line order_line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
          JOIN account_move_line line ON line.id = rel.invoice_line_id
         WHERE order_line.order_id = ANY(%(orders)s)
         UNION
        %(goods)s
        """,
        orders=orders.ids,
        goods=goods_of_orders(orders.ids),
    )
    return facts_of(orders, rows, PRE_SHIPMENT, read_claims(orders.env, same_asset), banks, today)


def read_invoice_facts(moves, *, banks, today: date) -> tuple[DocumentFacts, ...]:
    """Facts of customer invoices, in their order: the same number of queries for one and for a thousand."""
    rows = moves.env.execute_query_dict(
        SQL(
            """
        SELECT move.id, move.name, move.state, move.move_type, move.payment_state, move.company_id,
               move.amount_total::text AS total, move.amount_residual::text AS open_amount,
               move.invoice_date AS issue_date, COALESCE(move.invoice_date_due, move.invoice_date) AS due_date,
               currency.name AS currency, commercial.name AS counterparty_name, commercial.vat AS counterparty_tax_id,
               GREATEST(SCALE(TRIM_SCALE(move.amount_total)), SCALE(TRIM_SCALE(move.amount_untaxed)),
                        SCALE(TRIM_SCALE(move.amount_residual)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM account_move_line line
                          WHERE line.move_id = move.id AND line.display_type = 'product')) AS amount_decimals,
               COALESCE(commercial.id = company.partner_id, FALSE) AS is_own_company,
               %(setup)s
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_company company ON company.id = move.company_id
          LEFT JOIN res_partner commercial ON commercial.id = move.commercial_partner_id
         WHERE move.id = ANY(%(moves)s)
        """,
            moves=moves.ids,
            setup=COMPANY_SETUP,
        )
    )
    same_asset = SQL(
        """
        SELECT id AS document_id, 'move_id' AS field, id AS record_id FROM unnest(%(moves)s) id
         UNION
        SELECT line.move_id, 'sale_order_id', order_line.order_id
          FROM account_move_line line
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
          JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
         WHERE line.move_id = ANY(%(moves)s)
         UNION
        %(goods)s
        """,
        moves=moves.ids,
        goods=SQL("(%s)", goods_of_invoices(moves.ids)),
    )
    return facts_of(moves, rows, RECEIVABLES_DISCOUNTING, read_claims(moves.env, same_asset), banks, today)


def facts_of(
    documents, rows: list[dict], technique: str, claims: dict[int, list[Claim]], banks, today: date
) -> tuple[DocumentFacts, ...]:
    """Facts from the `rows` of a query that selects `COMPANY_SETUP`, in the documents' order."""
    terms = bank_terms(banks, technique)
    currencies_of = {row["company_id"]: row["currencies"] for row in rows}
    not_iso_of = {
        company_id: read_not_iso(documents.env, company_id, currencies)
        for company_id, currencies in currencies_of.items()
    }
    facts = {
        row["id"]: DocumentFacts(
            technique=technique,
            kind=documents._scf_kind,
            name=row["name"] or "",
            state=row["state"],
            move_type=row.get("move_type"),
            payment_state=row.get("payment_state"),
            invoice_status=row.get("invoice_status"),
            company_id=row["company_id"],
            is_own_company=row["is_own_company"],
            counterparty_name=row["counterparty_name"],
            counterparty_tax_id=row["counterparty_tax_id"],
            currency=row["currency"],
            amount_decimals=row["amount_decimals"] or 0,
            total=rounded(Decimal(row["total"]), row["currency"]),
            open_amount=rounded(max(Decimal(row["open_amount"]), Decimal(0)), row["currency"]),
            issue_date=row["issue_date"],
            expected_payment=row["due_date"],
            today=today,
            claims=tuple(claims.get(row["id"], ())),
            missing_tax_id=row["missing_tax_id"],
            missing_accounts=row["missing_accounts"],
            missing_collection_account=row["missing_collection_account"],
            untrusted_collection_account=row["untrusted_collection_account"],
            not_iso=not_iso_of[row["company_id"]],
            banks=terms,
        )
        for row in rows
    }
    return tuple(facts[document_id] for document_id in documents.ids)


def read_not_iso(env, company_id: int, currencies: list[str]) -> tuple[tuple[str, str], ...]:
    """(number, currency) of the newest document in each of the `currencies` that are none of ISO 4217."""
    return tuple(
        row
        for code in not_iso(currencies)
        for row in env.execute_query(
            SQL(
                """
            SELECT move.name, currency.name
              FROM account_move move
              JOIN res_currency currency ON currency.id = move.currency_id
             WHERE move.company_id = %s AND move.state = 'posted' AND currency.name = %s
             ORDER BY move.date DESC, move.id DESC
             LIMIT 1
            """,
                company_id,
                code,
            )
        )
    )


COMPANY_SETUP = SQL(
    """ARRAY(SELECT known.name FROM res_currency known WHERE known.active) AS currencies,
       (company.scf_journal_id IS NULL OR company.scf_loan_account_id IS NULL
        OR company.scf_interest_account_id IS NULL OR company.scf_fee_account_id IS NULL
        OR company.scf_clearing_account_id IS NULL) AS missing_accounts,
       company.scf_collection_bank_account_id IS NULL AS missing_collection_account,
       NOT EXISTS (SELECT FROM res_partner_bank account
                    WHERE account.id = company.scf_collection_bank_account_id
                      AND account.partner_id = company.partner_id AND account.active
                      AND account.allow_out_payment) AS untrusted_collection_account,
       (SELECT COALESCE(own.vat, '') !~ '[[:alnum:]]' OR own.country_id IS NULL FROM res_partner own
         WHERE own.id = company.partner_id) AS missing_tax_id"""
)


def read_claims(env, same_asset: SQL) -> dict[int, list[Claim]]:
    """Open claims by document, and after them those whose loan a bank wrote off.

    :param same_asset: rows of `document_id`, `field` and `record_id`: the documents (by a field of a line of an
        application, and its value) that are the same asset in another form, whose claims exclude each `document_id`;
        or, as `claim_id`, the line itself whose goods the document is about (`goods_claims`)
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH asset AS (%s)
        SELECT DISTINCT asset.document_id, claim.id AS claim_id, application.id, application.name,
               COALESCE(so.name, move.name, po.name, pledge.name, line.name) AS document_name,
               asset.field = 'claim_id' AS by_goods, NOT claim.is_open AS was_given_up
          FROM asset
          JOIN scf_application_document claim
            ON (   claim.is_open
                OR (claim.standing = 'held' AND asset.field IN ('sale_order_id', 'move_id', 'purchase_order_id')
                    AND EXISTS (SELECT FROM scf_loan loan WHERE loan.application_id = claim.application_id
                                   AND loan.written_off_on IS NOT NULL)))
           AND (   (asset.field = 'sale_order_id' AND claim.sale_order_id = asset.record_id)
                OR (asset.field = 'move_id' AND claim.move_id = asset.record_id)
                OR (asset.field = 'purchase_order_id' AND claim.purchase_order_id = asset.record_id)
                OR (asset.field = 'pledge_id' AND claim.pledge_id = asset.record_id)
                OR (asset.field = 'credit_line_id' AND claim.credit_line_id = asset.record_id)
                OR (asset.field = 'claim_id' AND claim.id = asset.record_id))
          JOIN scf_application application ON application.id = claim.application_id
          LEFT JOIN sale_order so ON so.id = claim.sale_order_id
          LEFT JOIN account_move move ON move.id = claim.move_id
          LEFT JOIN purchase_order po ON po.id = claim.purchase_order_id
          LEFT JOIN scf_pledge pledge ON pledge.id = claim.pledge_id
          LEFT JOIN scf_credit_line line ON line.id = claim.credit_line_id
         ORDER BY was_given_up, by_goods, claim_id
        """,
            same_asset,
        )
    )
    claims: dict[int, list[Claim]] = {}
    for row in rows:
        claim = Claim(row["id"], row["name"], row["document_name"], row["by_goods"], row["was_given_up"])
        claims.setdefault(row["document_id"], []).append(claim)
    return claims
