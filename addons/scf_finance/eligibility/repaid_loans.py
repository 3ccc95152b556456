"""Which loans a reconciliation may repay: one look, which finds nothing where nothing is financed."""

from __future__ import annotations

from dataclasses import dataclass, field

from odoo.tools import SQL

from .settlements import OrderShare, read_order_shares, read_purchase_shares

WATCHED_STATES = ("granted", "active", "overdue")
"""Loans that a payment may concern: what is found before the payout is kept and reported after it."""


@dataclass(slots=True)
class RepaidLoans:
    """The loans that money on some invoices or bills may repay.

    :ivar by_move: by move id the loans' ids, each with the shares of the loan's orders in the invoice; None where the
        invoice or bill itself is financed
    :ivar known_to: by loan id the reconciliations that are recorded, or that the bank knew of when it decided
    :ivar line_ids: loans of the companies that all customers' money repays, in their order
    :ivar has_goods: whether the goods of any loan are followed
    """

    by_move: dict[int, dict[int, list[OrderShare] | None]] = field(default_factory=dict)
    known_to: dict[int, set[int]] = field(default_factory=dict)
    line_ids: list[int] = field(default_factory=list)
    has_goods: bool = False

    def __bool__(self) -> bool:
        return bool(self.by_move or self.line_ids or self.has_goods)


def read_repaid_loans(env, invoices, bills, partial_ids: list[int]) -> RepaidLoans:
    """The loans that these reconciliations may repay: one query, and one more where an order is financed.

    A loan that came back and could not hold its document again is left out: the money is its new financier's.

    :param invoices: customer invoices, `account.move`, that the reconciliations are on
    :param bills: vendor bills likewise
    """
    repaid = RepaidLoans()
    of_sale: dict[int, int] = {}
    of_purchase: dict[int, int] = {}
    _flush(env)
    for what, move_id, sale_id, purchase_id, loan_id, told, recorded in env.execute_query(
        _statement(invoices, bills, partial_ids)
    ):
        if what == "line":
            repaid.line_ids.append(loan_id)
        elif what == "goods":
            repaid.has_goods = True
        else:
            repaid.known_to[loan_id] = {*(told or ()), *recorded}
            if move_id:
                repaid.by_move.setdefault(move_id, {})[loan_id] = None
            elif sale_id:
                of_sale[sale_id] = loan_id
            else:
                of_purchase[purchase_id] = loan_id
    _take_shares(env, repaid, of_sale, read_order_shares, invoices)
    _take_shares(env, repaid, of_purchase, read_purchase_shares, bills)
    return repaid


def _take_shares(env, repaid: RepaidLoans, of_order: dict[int, int], read_shares, moves) -> None:
    """Note which part of these invoices, or bills, belongs to which financed order."""
    if not of_order:
        return
    env["account.move.line"].flush_model(["price_total"])
    env["account.move"].flush_model(["amount_total", "state", "move_type"])
    for order_share in read_shares(env, move_ids=moves.ids):
        if order_share.order_id not in of_order:
            continue
        # An invoice that is financed itself repays its own loan, whatever order it belongs to.
        of_loans = repaid.by_move.setdefault(order_share.move_id, {})
        if (of_loan := of_loans.setdefault(of_order[order_share.order_id], [])) is not None:
            of_loan.append(order_share)


def _flush(env) -> None:
    for model, names in {
        "scf.loan": ["state", "application_id", "submission_id", "is_line", "company_id"],
        "scf.application.document": [
            "is_open",
            "standing",
            "application_id",
            "move_id",
            "sale_order_id",
            "purchase_order_id",
        ],
        "scf.submission": ["package_id"],
        "scf.package": ["settled_partials"],
        "scf.collection": ["loan_id", "partial_id"],
        "scf.followed.goods": ["is_open"],
    }.items():
        env[model].flush_model(names)


def _statement(invoices, bills, partial_ids) -> SQL:
    return SQL(
        """
        WITH claim AS (
            SELECT application_id, move_id, NULL::integer AS sale_order_id, NULL::integer AS purchase_order_id
              FROM scf_application_document
             WHERE is_open AND standing = 'held' AND move_id = ANY(%(moves)s)
             UNION
            SELECT document.application_id, NULL, document.sale_order_id, NULL
              FROM account_move_line line
              JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
              JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
              JOIN scf_application_document document ON document.sale_order_id = order_line.order_id
             WHERE line.move_id = ANY(%(invoices)s) AND document.is_open AND document.standing = 'held'
             UNION
            SELECT document.application_id, NULL, NULL, document.purchase_order_id
              FROM account_move_line line
              JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
              JOIN scf_application_document document ON document.purchase_order_id = order_line.order_id
             WHERE line.move_id = ANY(%(bills)s) AND document.is_open AND document.standing = 'held'
        )
        SELECT 'document', claim.move_id, claim.sale_order_id, claim.purchase_order_id, loan.id,
               package.settled_partials,
               ARRAY(SELECT partial_id FROM scf_collection
                      WHERE loan_id = loan.id AND partial_id = ANY(%(partials)s))
          FROM claim
          JOIN scf_loan loan ON loan.application_id = claim.application_id AND loan.state IN %(states)s
          JOIN scf_submission submission ON submission.id = loan.submission_id
          LEFT JOIN scf_package package ON package.id = submission.package_id
         UNION ALL
        (SELECT 'line', NULL, NULL, NULL, id, NULL, NULL
           FROM scf_loan
          WHERE is_line AND state IN ('active', 'overdue') AND company_id = ANY(%(companies)s)
          ORDER BY id)
         UNION ALL
        (SELECT 'goods', NULL, NULL, NULL, NULL, NULL, NULL
           FROM scf_followed_goods
          WHERE is_open AND %(has_invoices)s
          LIMIT 1)
        """,
        moves=[*invoices.ids, *bills.ids],
        invoices=invoices.ids,
        bills=bills.ids,
        partials=partial_ids,
        companies=invoices.company_id.ids,
        has_invoices=bool(invoices),
        states=WATCHED_STATES,
    )
