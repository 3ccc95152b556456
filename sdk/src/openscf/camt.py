"""Account statements of ISO 20022: camt.053 and camt.054 read, camt.053 of a loan written.

Amounts are from the view of the account's owner: what is credited is positive. A file is read without entities,
document types or network (OWASP, "XML External Entity Prevention"), up to MAX_FILE_BYTES.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from openscf._internal.iso20022 import (
    MAX_FILE_BYTES,
    AccountId,
    Builder,
    Node,
    identifier,
    is_iban,
    moment,
    parse,
    prose,
    utc,
)
from openscf.errors import InputInvalid
from openscf.money import decimals, to_amount

__all__ = [
    "MAX_FILE_BYTES",
    "AccountId",
    "Balance",
    "Entry",
    "Part",
    "Statement",
    "Transaction",
    "read",
    "write_statement",
]

VERSION = "camt.053.001.08"
# Version 2 is the one that European banks sent for a decade; what is read here is alike in all of them.
_READABLE = re.compile(r"camt\.05([34])\.001\.(0[2-9]|1[0-4])")
_CONTAINERS = {"3": ("BkToCstmrStmt", "Stmt"), "4": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}
_NOT_PROVIDED = "NOTPROVIDED"
# Where a payment's amount may stand: banks give that of foreign payments as a counter value, or beside the original.
_OWN_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt")
_BOOKED = "BOOK"


@dataclass(frozen=True, kw_only=True)
class Balance:
    """A balance of the account: `code` such as OPBD or CLBD, `amount` with credit positive, at the end of `on`."""

    code: str
    amount: Decimal
    on: date


@dataclass(frozen=True, kw_only=True)
class Part:
    """A named part of an entry's amount (`AmtDtls/PrtryAmt`); a negative one has a minus before its name there."""

    kind: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One payment of an entry. `counterparty` is whoever paid a credit, or was paid by a debit."""

    amount: Decimal
    servicer_reference: str = ""
    end_to_end_id: str = ""
    counterparty: str = ""
    counterparty_account: AccountId | None = None
    remittance: str = ""
    creditor_reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a statement.

    `transaction_amount` is the money that moved where that is another amount than the account's change (not negative,
    `AmtDtls/TxAmt`); `code` is the bank's own code of the transaction, else the domain's as `PMNT-RCDT-ESCT`.
    """

    amount: Decimal
    reference: str = ""
    servicer_reference: str = ""
    is_reversal: bool = False
    status: str = _BOOKED
    booked_on: date | None = None
    value_on: date | None = None
    code: str = ""
    transaction_amount: Decimal | None = None
    parts: tuple[Part, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    information: str = ""

    @property
    def is_booked(self) -> bool:
        """Whether the entry counts in the balances; pending and informative ones do not."""
        return self.status == _BOOKED


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The entries of one account, in the order of the file. `kind` is `camt.053` or `camt.054` (without balances)."""

    id: str
    account: AccountId
    currency: str
    created_at: datetime | None = None
    kind: str = "camt.053"
    account_name: str = ""
    start: date | None = None
    end: date | None = None
    is_complete: bool = True
    balances: tuple[Balance, ...] = ()
    entries: tuple[Entry, ...] = ()

    def balance(self, code: str) -> Balance | None:
        """The first balance of that code."""
        return next((balance for balance in self.balances if balance.code == code), None)

    @property
    def opening(self) -> Balance | None:
        """The booked balance before the first entry (OPBD, or the previous closing one PRCD)."""
        return self.balance("OPBD") or self.balance("PRCD")

    @property
    def closing(self) -> Balance | None:
        """The booked balance after the last entry (CLBD)."""
        return self.balance("CLBD")

    @property
    def unexplained(self) -> Decimal:
        """By how much the closing balance differs from the opening one and the booked entries; 0 without balances."""
        if not (self.opening and self.closing):
            return Decimal(0)
        booked = sum((entry.amount for entry in self.entries if entry.is_booked), Decimal(0))
        return self.closing.amount - self.opening.amount - booked


# --- reading -------------------------------------------------------------------------------------------------------


def read(content: bytes) -> tuple[Statement, ...]:
    """Read a camt.053 or camt.054 file (versions 2 to 14): one statement for each account and period.

    Raises InputInvalid with the place and what to do, for a file that is too large, has a document type, is another
    message, lacks what the standard demands, or has entries in another currency than its account.
    """
    name, root = parse(content, what="a bank's camt.053 or camt.054 file")
    readable = _READABLE.fullmatch(name)
    if not readable:
        raise InputInvalid(f"The file is a {name[:40]}; choose a camt.053 (statement) or camt.054 (notification) file.")
    message, container = _CONTAINERS[readable[1]]
    statements = tuple(_statement(node, kind=f"camt.05{readable[1]}") for node in root.all(f"{message}/{container}"))
    if not statements:
        raise InputInvalid(f"The {name} file has no {container}, so that there is nothing to read. Ask the bank.")
    return statements


def _statement(node: Node, *, kind: str) -> Statement:
    account, entries = _account(node.first("Acct/Id")), node.all("Ntry")
    if account is None:
        raise InputInvalid(f"{node.place} does not name its account (Acct/Id). Ask the bank for a complete file.")
    amounts = [*node.all("Bal"), *entries]
    currency = node.text("Acct/Ccy") or (amounts[0].money("Amt")[1] if amounts else "")
    if not currency:
        raise InputInvalid(f"{node.place} does not name the account's currency (Acct/Ccy). Ask the bank.")
    decimals(currency)
    created = node.text("CreDtTm")
    return Statement(
        id=node.needed("Id"),
        kind=kind,
        account=account,
        account_name=node.text("Acct/Nm", "Acct/Ownr/Nm"),
        currency=currency,
        created_at=moment(created, node.place) if created else None,
        start=node.day("FrToDt/FrDtTm"),
        end=node.day("FrToDt/ToDtTm"),
        is_complete=node.text("StmtPgntn/LastPgInd", "NtfctnPgntn/LastPgInd") not in ("false", "0"),
        balances=tuple(_balance(balance, currency) for balance in node.all("Bal")),
        entries=tuple(_entry(entry, currency) for entry in entries),
    )


def _balance(node: Node, currency: str) -> Balance:
    on = node.day("Dt")
    if on is None:
        raise InputInvalid(f"{node.place} has no day (Dt). Ask the bank for a complete file.")
    return Balance(code=node.needed("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry"), amount=_signed(node, currency), on=on)


def _entry(node: Node, currency: str) -> Entry:
    amount = _signed(node, currency)
    return Entry(
        amount=amount,
        reference=node.text("NtryRef"),
        servicer_reference=node.text("AcctSvcrRef"),
        is_reversal=node.text("RvslInd") in ("true", "1"),
        status=node.needed("Sts/Cd", "Sts/Prtry", "Sts"),
        booked_on=node.day("BookgDt"),
        value_on=node.day("ValDt"),
        code=node.text("BkTxCd/Prtry/Cd") or _domain_code(node),
        transaction_amount=_amount_in(node, currency, "AmtDtls/TxAmt/Amt"),
        parts=tuple(_part(part, currency) for part in node.all("AmtDtls/PrtryAmt")),
        transactions=_transactions(node.all("NtryDtls/TxDtls"), amount, currency),
        information=node.text("AddtlNtryInf"),
    )


def _domain_code(node: Node) -> str:
    names = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
    return "-".join(filter(None, map(node.text, names)))


def _part(node: Node, currency: str) -> Part:
    kind, amount = node.needed("Tp"), node.money("Amt", currency=currency)[0]
    return Part(kind=kind.removeprefix("-"), amount=-amount if kind.startswith("-") else amount)


def _transactions(nodes: list[Node], entry_amount: Decimal, currency: str) -> tuple[Transaction, ...]:
    """The entry's payments; none of them where one of several is stated in another currency than the account's only.

    One without an amount, and a single one in another currency, is the whole entry.
    """
    transactions = []
    for node in nodes:
        amount = _amount_in(node, currency, *_OWN_AMOUNTS)
        if amount is None and len(nodes) > 1 and node.first(*_OWN_AMOUNTS):
            return ()
        transactions.append(_transaction(node, abs(entry_amount) if amount is None else amount, entry_amount))
    return tuple(transactions)


def _amount_in(node: Node, currency: str, *paths: str) -> Decimal | None:
    """The first of these amounts that is in the currency; None where there is none."""
    for path in paths:
        found = node.first(path)
        if found and found.currency == currency:
            return node.money(path)[0]
    return None


def _transaction(node: Node, amount: Decimal, entry_amount: Decimal) -> Transaction:
    """Without a direction of its own it has the entry's."""
    is_debit = node.text("CdtDbtInd") == "DBIT" if node.text("CdtDbtInd") else entry_amount < 0
    party = "Cdtr" if is_debit else "Dbtr"
    structured = [part.text("CdtrRefInf/Ref") for part in node.all("RmtInf/Strd")]
    end_to_end_id = node.text("Refs/EndToEndId")
    return Transaction(
        amount=-amount if is_debit else amount,
        servicer_reference=node.text("Refs/AcctSvcrRef"),
        end_to_end_id="" if end_to_end_id == _NOT_PROVIDED else end_to_end_id,
        counterparty=node.text(f"RltdPties/{party}/Pty/Nm", f"RltdPties/{party}/Nm"),
        counterparty_account=_account(node.first(f"RltdPties/{party}Acct/Id")),
        remittance=" ".join(part.own_text for part in node.all("RmtInf/Ustrd")),
        creditor_reference=next(filter(None, structured), ""),
    )


def _account(node: Node | None) -> AccountId | None:
    if node is None:
        return None
    number = node.needed("IBAN", "Othr/Id")
    # What a bank writes as the IBAN of somebody else's account is not always one: no reason to refuse its statement.
    plain = "".join(number.split()).upper()
    return AccountId(iban=plain) if node.text("IBAN") and is_iban(plain) else AccountId(other=number[:34])


def _signed(node: Node, currency: str) -> Decimal:
    amount, direction = node.money("Amt", currency=currency)[0], node.needed("CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise InputInvalid(f"{node.place}: CdtDbtInd is {direction[:10]!r}; CRDT or DBIT is expected.")
    return amount if direction == "CRDT" else -amount


# --- writing -------------------------------------------------------------------------------------------------------


def write_statement(statement: Statement, *, message_id: str, owner: str = "") -> bytes:
    """Write a camt.053.001.08 of one account; `read` gives the same statement back.

    `message_id` names the file (at most 35 characters), `owner` is the account owner's name. Raises InputInvalid where
    a reference does not fit the standard's 35 characters, or where balances and entries do not add up.
    """
    if statement.unexplained:
        raise InputInvalid(
            f"Statement {statement.id}: the closing balance differs by {statement.unexplained} {statement.currency} "
            "from the opening one and the entries."
        )
    if statement.created_at is None or not statement.balances:
        raise InputInvalid(f"Statement {statement.id}: give the time of its making and its balances.")
    build = Builder(VERSION)
    message = build.add(build.root, "BkToCstmrStmt")
    header = build.add(message, "GrpHdr")
    build.add(header, "MsgId", identifier(message_id, what="The message id"))
    build.add(header, "CreDtTm", utc(statement.created_at))
    node = build.add(message, "Stmt")
    build.add(node, "Id", identifier(statement.id, what="The statement's id"))
    build.add(node, "CreDtTm", utc(statement.created_at))
    if statement.start and statement.end:
        period = build.add(node, "FrToDt")
        build.add(period, "FrDtTm", f"{statement.start}T00:00:00Z")
        build.add(period, "ToDtTm", f"{statement.end}T23:59:59Z")
    account = build.account(node, "Acct", statement.account)
    build.add(account, "Ccy", statement.currency)
    if statement.account_name:
        build.add(account, "Nm", prose(statement.account_name, 70))
    if owner:
        build.add(account, "Ownr/Nm", prose(owner, 140))
    for balance in statement.balances:
        _write_balance(build, node, balance, statement.currency)
    for entry in statement.entries:
        _write_entry(build, node, entry, statement.currency)
    return build.to_bytes()


def _write_balance(build: Builder, parent: object, balance: Balance, currency: str) -> None:
    node = build.add(parent, "Bal")
    build.add(node, "Tp/CdOrPrtry/Cd", balance.code)
    _write_amount(build, node, balance.amount, currency)
    build.add(node, "Dt/Dt", balance.on.isoformat())


def _write_entry(build: Builder, parent: object, entry: Entry, currency: str) -> None:
    node = build.add(parent, "Ntry")
    if entry.reference:
        build.add(node, "NtryRef", identifier(entry.reference, what="The entry's reference"))
    _write_amount(build, node, entry.amount, currency)
    if entry.is_reversal:
        build.add(node, "RvslInd", "true")
    build.add(node, "Sts/Cd", entry.status)
    for name, day in (("BookgDt", entry.booked_on), ("ValDt", entry.value_on)):
        if day:
            build.add(node, f"{name}/Dt", day.isoformat())
    if entry.servicer_reference:
        build.add(node, "AcctSvcrRef", identifier(entry.servicer_reference, what="The servicer's reference"))
    build.add(node, "BkTxCd/Prtry/Cd", identifier(entry.code, what="The transaction's code"))
    if entry.transaction_amount is not None or entry.parts:
        details = build.add(node, "AmtDtls")
        if entry.transaction_amount is not None:
            build.add(details, "TxAmt/Amt", to_amount(entry.transaction_amount, currency), Ccy=currency)
        for part in entry.parts:
            _write_part(build, details, part, currency)
    for transaction in entry.transactions:
        _write_transaction(build, build.add(node, "NtryDtls/TxDtls"), transaction, currency)
    if entry.information:
        build.add(node, "AddtlNtryInf", prose(entry.information, 500))


def _write_part(build: Builder, parent: object, part: Part, currency: str) -> None:
    node = build.add(parent, "PrtryAmt")
    build.add(node, "Tp", f"-{part.kind}" if part.amount < 0 else part.kind)
    build.add(node, "Amt", to_amount(abs(part.amount), currency), Ccy=currency)


def _write_transaction(build: Builder, node: object, transaction: Transaction, currency: str) -> None:
    references = _filled(("AcctSvcrRef", transaction.servicer_reference), ("EndToEndId", transaction.end_to_end_id))
    if references:
        parent = build.add(node, "Refs")
        for name, reference in references:
            build.add(parent, name, identifier(reference, what=f"The reference {name}"))
    _write_amount(build, node, transaction.amount, currency)
    party = "Cdtr" if transaction.amount < 0 else "Dbtr"
    if transaction.counterparty or transaction.counterparty_account:
        parties = build.add(node, "RltdPties")
        if transaction.counterparty:
            build.add(parties, f"{party}/Pty/Nm", prose(transaction.counterparty, 140))
        if transaction.counterparty_account:
            build.account(parties, f"{party}Acct", transaction.counterparty_account)
    if transaction.remittance or transaction.creditor_reference:
        remittance = build.add(node, "RmtInf")
        if transaction.remittance:
            build.add(remittance, "Ustrd", prose(transaction.remittance, 140))
        if transaction.creditor_reference:
            reference = identifier(transaction.creditor_reference, what="The creditor's reference")
            build.add(remittance, "Strd/CdtrRefInf/Ref", reference)


def _write_amount(build: Builder, node: object, amount: Decimal, currency: str) -> None:
    build.add(node, "Amt", to_amount(abs(amount), currency), Ccy=currency)
    build.add(node, "CdtDbtInd", "DBIT" if amount < 0 else "CRDT")


def _filled(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in pairs if text]
