"""How a loan comes back: customers pay, the bank statement clears it, the bank draws, and all books agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

from demo.erp import Row
from demo.stage import Document, Stage, StoryFailed
from demo.telling import exact, money

PAYS_SUPPLIER = "distributor_finance"
LOAN_FIELDS = (
    "name", "application_id", "bank_id", "bank_loan_ref", "state", "currency_id", "principal", "disbursed_amount",
    "balance_principal", "balance_interest", "balance_fee", "balance_penalty", "balance_total",
    "repaid_percent", "mismatch",
)  # fmt: skip


def show_booking(stage: Stage, loan_id: int, kind: str) -> None:
    """The journal entry of the loan's latest ledger entry of that kind."""
    entries = stage.jonas.search(
        "scf.loan.entry", [("loan_id", "=", loan_id), ("type", "=", kind)], "move_id", order="id desc", limit=1
    )
    if not entries or not entries[0]["move_id"]:
        raise StoryFailed(f"The {kind} of the loan is not booked.")
    lines = stage.jonas.search(
        "account.move.line", [("move_id", "=", entries[0]["move_id"][0])], "account_id", "debit", "credit"
    )
    rows = [
        (line["account_id"][1], money(line["debit"]) if line["debit"] else "",
         money(line["credit"]) if line["credit"] else "")
        for line in lines
    ]  # fmt: skip
    stage.tell.table((entries[0]["move_id"][1], "debit", "credit"), rows, right=(1, 2))
    stage.expect(
        sum(exact(line["debit"]) for line in lines) == sum(exact(line["credit"]) for line in lines) > 0,
        "the entry balances",
    )


def import_statement(stage: Stage) -> int:
    """Enters what the bank statement shows and matches it: payments that came, payouts, what the banks have drawn.

    :returns: how many lines were matched.
    """
    matched = 0
    [journal] = stage.jonas.search("account.journal", [("code", "=", "BNK1")], "currency_id", limit=1)
    for payment in stage.jonas.search(
        "account.payment",
        [("journal_id", "=", journal["id"]), ("is_matched", "=", False), ("state", "in", ("in_process", "paid"))],
        "name", "memo", "date", "amount", "payment_type", "partner_id", "move_id", "outstanding_account_id",
    ):  # fmt: skip
        sign = 1 if payment["payment_type"] == "inbound" else -1
        matched += _enter(
            stage,
            journal["id"],
            label=f"{payment['partner_id'][1]} {payment['memo'] or ''} {payment['name']}",
            on=payment["date"],
            amount=sign * payment["amount"],
            account_id=payment["outstanding_account_id"][0],
            move_id=payment["move_id"][0],
        )
    clearing = stage.company("scf_clearing_account_id")["scf_clearing_account_id"][0]
    for line in stage.jonas.search(
        "account.move.line",
        [
            ("account_id", "=", clearing), ("reconciled", "=", False), ("parent_state", "=", "posted"),
            ("statement_line_id", "=", False),
        ],
        "name", "date", "balance", "move_id",
    ):  # fmt: skip
        matched += _enter(
            stage,
            journal["id"],
            label=f"{line['name']} {line['move_id'][1]}",
            on=line["date"],
            amount=line["balance"],
            account_id=clearing,
            move_id=line["move_id"][0],
        )
    return matched


def _enter(stage: Stage, journal_id: int, *, label: str, on: str, amount: float, account_id: int, move_id: int) -> int:
    """One statement line on `account_id`, reconciled with that account's line of the entry `move_id`."""
    known = stage.jonas.search("account.bank.statement.line", [("payment_ref", "=", label)], "move_id", limit=1)
    if known:
        statement_move = known[0]["move_id"][0]
    else:
        line = stage.jonas.create(
            "account.bank.statement.line",
            {
                "journal_id": journal_id, "date": on, "payment_ref": label, "amount": amount,
                "counterpart_account_id": account_id,
            },
        )  # fmt: skip
        statement_move = stage.jonas.read("account.bank.statement.line", line, "move_id")["move_id"][0]
    pair = stage.jonas.search(
        "account.move.line",
        [("move_id", "in", (statement_move, move_id)), ("account_id", "=", account_id), ("reconciled", "=", False)],
    )
    if len(pair) != 2:
        raise StoryFailed(f"The bank statement's line “{label}” cannot be matched: {len(pair)} open line(s), not 2.")
    stage.jonas.call("account.move.line", "reconcile", [line["id"] for line in pair])
    return 1


def have_paid(stage: Stage, loan_id: int, invoice: Document, *, until_open: Decimal) -> None:
    """The customer pays until `until_open` of the invoice is left; the bank draws; the statement clears both."""
    row = stage.jonas.read("account.move", invoice.id, "amount_residual", "partner_id", "currency_id")
    amount = exact(row["amount_residual"]) - until_open
    if amount > 0:
        _register_payment(stage, invoice, amount)
        stage.tell.line(
            f"{row['partner_id'][1]} pays {money(amount, row['currency_id'][1])} on {invoice.name}, "
            f"{money(until_open)} stays open"
        )
    import_statement(stage)
    collections = stage.until("the collections to be credited to the loan", lambda: _credited(stage, loan_id))
    latest = collections[-1]
    entry = stage.jonas.read(
        "scf.loan.entry", latest["entry_id"][0], "amount", "principal", "interest", "fee", "penalty"
    )
    import_statement(stage)
    loan = loan_row(stage, loan_id)
    stage.tell.line(
        f"collection {latest['reference']} of {money(latest['amount'])} "
        f"{'cleared' if latest['cleared'] else 'not cleared yet'} → {loan['bank_id'][1]} draws "
        f"{money(entry['amount'])}: principal {money(entry['principal'])}, interest {money(entry['interest'])}, "
        f"fees {money(entry['fee'] + entry['penalty'])}; owed {money(loan['balance_total'])}, "
        f"{loan['repaid_percent']:.0f} % repaid"
    )


def _register_payment(stage: Stage, invoice: Document, amount: Decimal) -> None:
    context = {"active_model": "account.move", "active_ids": [invoice.id]}
    wizard = stage.jonas.create(
        "account.payment.register",
        {"amount": float(amount), "payment_date": today(), "payment_difference_handling": "open"},
        context=context,
    )
    stage.jonas.call("account.payment.register", "action_create_payments", [wizard], context=context)


def repay_from_own_money(stage: Stage, loan_id: int, amount: float) -> None:
    """Jonas repays so that pledged goods are released, unless he has before; the bank draws it from the account."""
    said = [
        ("verb", "=", "repay"),
        ("res_model", "=", "scf.loan"),
        ("res_id", "=", loan_id),
        ("state", "!=", "refused"),
    ]
    if stage.admin.search("scf.message", said, limit=1):
        return
    dialog = stage.jonas.create("scf.repayment", {"loan_id": loan_id, "amount": amount, "reason": "release"})
    stage.jonas.call("scf.repayment", "action_repay", [dialog])
    stage.tell.line(f"{stage.jonas.name} repays {money(amount)} from the company's own money")


def _credited(stage: Stage, loan_id: int) -> list[Row] | None:
    """All collections of the loan, once each has its ledger entry."""
    rows = stage.jonas.search(
        "scf.collection",
        [("loan_id", "=", loan_id), ("kind", "=", "payment")],
        "reference", "amount", "state", "cleared", "entry_id",
    )  # fmt: skip
    refused = [row["reference"] for row in rows if row["state"] == "refused"]
    if refused:
        raise StoryFailed(f"The bank refused the collection {', '.join(refused)}.")
    return rows if rows and all(row["entry_id"] for row in rows) else None


def loan_row(stage: Stage, loan_id: int) -> Row:
    return stage.jonas.read("scf.loan", loan_id, *LOAN_FIELDS)


def show_agreement(stage: Stage, loan_id: int) -> None:
    """The ERP's ledger, the journal, the bank statement and the bank's own desk tell the same."""
    loan = loan_row(stage, loan_id)
    company = stage.company("scf_loan_account_id", "scf_clearing_account_id")
    entries = stage.jonas.search(
        "scf.loan.entry",
        [("loan_id", "=", loan_id)],
        "type",
        "amount",
        "principal",
        "interest",
        "fee",
        "penalty",
        "move_id",
    )
    moves = sorted({entry["move_id"][0] for entry in entries})
    paid_supplier = (
        stage.jonas.read("scf.application", loan["application_id"][0], "technique")["technique"] == PAYS_SUPPLIER
    )
    in_journal = -exact(_sum(stage, company["scf_loan_account_id"][0], moves))
    cash = _cash_of(entries, paid_supplier=paid_supplier)
    on_statement = _statement_sum(stage, company["scf_clearing_account_id"][0], moves)
    at_bank = _principal_at_desk(stage, loan)
    stage.tell.table(
        ("", "loan ledger", "journal", "bank's desk", "cash by ledger", "cash on statement"),
        [(
            loan["name"], money(loan["balance_principal"]), money(in_journal), money(at_bank), money(cash),
            money(on_statement),
        )],
        right=(1, 2, 3, 4, 5),
    )  # fmt: skip
    stage.expect(not loan["mismatch"], loan["mismatch"] or "the ERP finds no difference")
    stage.expect(
        exact(loan["balance_principal"]) == in_journal == at_bank and cash == on_statement,
        f"ledger, journal, statement and {loan['bank_id'][1]} agree on {money(at_bank)} of principal",
    )
    clearing = exact(stage.jonas.total("account.move.line", _posted(company["scf_clearing_account_id"][0]), "balance"))
    stage.expect(clearing == 0, f"the clearing account stands at {money(clearing)}")


def show_closed(stage: Stage, loan_id: int) -> None:
    loan = stage.until(
        "the loan to be closed", lambda: (row := loan_row(stage, loan_id)) and row["state"] == "closed" and row
    )
    entries = stage.jonas.search(
        "scf.loan.entry", [("loan_id", "=", loan_id)], "type", "amount", "interest", "fee", "penalty"
    )
    fees = sum(exact(e["amount"]) for e in entries if e["type"] == "fee")
    paid = sum(
        exact(e["interest"]) + exact(e["fee"]) + exact(e["penalty"]) for e in entries if e["type"] == "repayment"
    )
    stage.expect(
        exact(loan["balance_total"]) == 0,
        f"loan {loan['name']} is closed with {money(loan['balance_total'])} owed; it cost {money(fees + paid)}, "
        "having been repaid on the day it was paid out" if not paid else
        f"loan {loan['name']} is closed with {money(loan['balance_total'])} owed; it cost {money(fees + paid)}",
    )  # fmt: skip


def _cash_of(entries: list[Row], *, paid_supplier: bool) -> Decimal:
    """What the loan brought to the bank account so far: payout less fee, less what was drawn.

    A payout to the supplier never came there.
    """
    payout = 0 if paid_supplier else 1
    signs = {"disbursement": payout, "fee": -payout, "repayment": -1, "repayment_reversal": 1}
    return sum((signs[entry["type"]] * exact(entry["amount"]) for entry in entries), Decimal(0))


def _statement_sum(stage: Stage, clearing_id: int, moves: list[int]) -> Decimal:
    """The bank statement's lines that are matched with the loan's entries on the clearing account."""
    lines = stage.jonas.search(
        "account.move.line",
        [("move_id", "in", moves), ("account_id", "=", clearing_id)],
        "full_reconcile_id",
    )  # fmt: skip
    groups = [line["full_reconcile_id"][0] for line in lines if line["full_reconcile_id"]]
    domain = [("full_reconcile_id", "in", groups), ("statement_line_id", "!=", False)]
    return -exact(stage.jonas.total("account.move.line", domain, "balance"))


def _sum(stage: Stage, account_id: int, moves: list[int]) -> float:
    return stage.jonas.total("account.move.line", [*_posted(account_id), ("move_id", "in", moves)], "balance")


def _posted(account_id: int) -> list[tuple[str, str, object]]:
    return [("account_id", "=", account_id), ("parent_state", "=", "posted")]


def _principal_at_desk(stage: Stage, loan: Row) -> Decimal:
    """The principal as the officer reads it on the loan's page."""
    page = stage.bank_of(loan["bank_id"][0]).officer.page(f"loans/{loan['bank_loan_ref']}")
    found = re.search(r"<span>Principal</span><strong>([^<]+)</strong>", page)
    if found is None:
        raise StoryFailed(f"The desk of {loan['bank_id'][1]} shows no principal for loan {loan['name']}.")
    return exact(unescape(found.group(1)).replace(",", "").strip())


def today() -> str:
    return datetime.now(UTC).date().isoformat()
