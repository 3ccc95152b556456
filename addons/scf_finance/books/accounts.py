"""The accounts that financing is booked on, and how each is found in, or added to, a company's chart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from odoo.tools.translate import LazyGettext, LazyTranslate

_lt = LazyTranslate(__name__)

# Codes to start from in a chart that has no account of the type yet.
FIRST_CODES = {
    "liability_current": "111000",
    "liability_non_current": "112000",
    "asset_current": "103000",
    "asset_prepayments": "103500",
    "expense": "620000",
    "income_other": "440000",
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """One account of the books of loans.

    `field` of `res.company`; `account_type` as Odoo's; `beside`: patterns of names in a chart, the best first, whose
    account shows where a new one belongs. With `is_cost` such an account is taken itself: what a loan carries has an
    account of its own, so that its balance is the loans', but a cost goes where the company's costs of the kind go.
    """

    field: str
    name: LazyGettext
    used_for: LazyGettext
    account_type: str
    is_reconciled: bool = False
    is_cost: bool = False
    beside: tuple[str, ...] = ()

    @property
    def account_types(self) -> tuple[str, ...]:
        """The types of account that serve; a new one gets the first."""
        return (self.account_type, "expense_other") if self.account_type == "expense" else (self.account_type,)

    def best(self, names: Iterable[tuple[int, tuple[str, ...]]]) -> int | None:
        """The account whose name says this purpose best: of the first pattern that any has, the shortest name.

        :param names: (account id, its names in the languages at hand), in the order of the codes
        """
        candidates = list(names)
        for pattern in self.beside:
            found = [
                (min(map(len, matching)), account_id)
                for account_id, texts in candidates
                if (matching := [text for text in texts if re.search(pattern, text, re.IGNORECASE)])
            ]
            if found:
                return min(found, key=lambda pair: pair[0])[1]
        return None


_BANK_DEBT = (
    r"(liabilities to banks|kreditinstituten).*(up to 1|bis 1)",
    r"bank loan|short.term (bank )?(loan|borrowing)|liabilities to banks|kreditinstituten|établissements de crédit|"
    r"entidades de crédito|短期借款|银行借款",
)
PURPOSES = (
    Purpose(
        field="scf_loan_account_id",
        name=_lt("Bank loans (financing)"),
        used_for=_lt("What is owed to banks, by loan."),
        account_type="liability_current",
        is_reconciled=True,
        beside=_BANK_DEBT,
    ),
    Purpose(
        field="scf_clearing_account_id",
        name=_lt("Financing clearing"),
        used_for=_lt("Money between the bank's ledger and the bank statement."),
        account_type="asset_current",
        is_reconciled=True,
        beside=(
            r"(cash|funds|money|items) in transit|geldtransit|virements internes|liquidity transfer",
            r"outstanding|suspense",
        ),
    ),
    Purpose(
        field="scf_interest_account_id",
        name=_lt("Financing interest"),
        used_for=_lt("Interest on loans."),
        account_type="expense",
        is_cost=True,
        beside=(
            r"interest.*short.term|interest on debt with financial|zins.*kurzfristig|intereses.*entidades de crédito$|"
            r"intérêts bancaires|利息支出",
            r"^(bank |loan )?interest( expenses?| paid| charges?)?$|^interest and similar expenses$|"
            r"^zinsen und ähnliche aufwendungen$|charges d'intérêts|intereses|利息",
        ),
    ),
    Purpose(
        field="scf_fee_account_id",
        name=_lt("Financing fees"),
        used_for=_lt("Fees and other charges of the banks."),
        account_type="expense",
        is_cost=True,
        beside=(
            r"loan issue costs|bank (fees?|charges?)|geldverkehr|services bancaires|servicios bancarios|手续费",
            r"bank(ing)? (and similar )?services",
        ),
    ),
    Purpose(
        field="scf_penalty_account_id",
        name=_lt("Default interest"),
        used_for=_lt("Penalties on what is paid late. Without it they are fees."),
        account_type="expense",
        is_cost=True,
        beside=(r"default interest|late payment|verzugszins|intérêts moratoires|intereses de demora|滞纳金",),
    ),
    Purpose(
        field="scf_accrued_account_id",
        name=_lt("Accrued financing costs"),
        used_for=_lt("Interest, fees and penalties owed at the end of a period and not paid yet."),
        account_type="liability_current",
        beside=(r"accrued (interest|expense|liabilit)|zinsverbindlich|intérêts courus|intereses a corto|应付利息",),
    ),
    Purpose(
        field="scf_deferred_fee_account_id",
        name=_lt("Deferred financing fees"),
        used_for=_lt("Fees paid whose time has not come yet, where fees are spread."),
        account_type="asset_prepayments",
        beside=(r"prepaid|deferred expense|rechnungsabgrenzung|constatées d'avance|anticipados|待摊|预付",),
    ),
    Purpose(
        field="scf_loan_long_account_id",
        name=_lt("Bank loans due after a year (financing)"),
        used_for=_lt("At the end of a period: the principal that is due more than twelve months later."),
        account_type="liability_non_current",
        beside=(
            r"(liabilities to banks|kreditinstituten).*(1 (and|to|bis) 5|over|größer)",
            r"bank loan|long.term (bank )?(loan|borrowing)|établissements de crédit|entidades de crédito|长期借款",
        ),
    ),
    Purpose(
        field="scf_assigned_account_id",
        name=_lt("Receivables sold without recourse"),
        used_for=_lt("Stands against the receivables that are a bank's now, while the customer's account stays open."),
        account_type="asset_current",
        is_reconciled=True,
        beside=(r"receivable|forderungen|créances|clientes|应收",),
    ),
    Purpose(
        field="scf_holdback_account_id",
        name=_lt("Holdback due from banks"),
        used_for=_lt("What a bank that bought receivables pays for them once the customers have paid."),
        account_type="asset_current",
        is_reconciled=True,
        beside=(r"receivable|forderungen|créances|clientes|应收",),
    ),
    Purpose(
        field="scf_write_off_account_id",
        name=_lt("Debt given up by banks"),
        used_for=_lt("Principal that a bank gives up though it may claim it."),
        account_type="income_other",
        is_cost=True,
        beside=(r"debt forgiv|^other (operating )?income$|^sonstige erträge$|ingresos excepcionales|营业外收入",),
    ),
)
