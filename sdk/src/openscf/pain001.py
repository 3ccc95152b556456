"""Credit transfers of ISO 20022: a pain.001.001.09 that a person gives to the bank where the account is.

One payment instruction from one account; SEPA where every transfer is in euro to an IBAN (EPC115-06), with shared
charges and no service level otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from openscf._internal.iso20022 import AccountId, Builder, identifier, prose, utc
from openscf.errors import InputInvalid
from openscf.money import Money

__all__ = ["AccountId", "Payer", "Transfer", "write"]

VERSION = "pain.001.001.09"
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
# What the standard's optional agent needs where only the IBAN is known (EPC: "IBAN only").
_NOT_PROVIDED = "NOTPROVIDED"
_NAME_MAX = 140
# EPC115-06, AT-02 and AT-21: banks refuse a SEPA file with longer names, though the standard's schema allows them.
_SEPA_NAME_MAX = 70


@dataclass(frozen=True, kw_only=True)
class Payer:
    """Who pays, and from which account; `bic` (ISO 9362) only where the bank asks for it."""

    name: str
    account: AccountId
    bic: str = ""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One payment: `end_to_end_id` comes back on both sides' statements, `remittance` is what the creditor reads."""

    end_to_end_id: str
    amount: Money
    creditor: str
    account: AccountId
    remittance: str
    bic: str = ""


def write(
    *, message_id: str, created_at: datetime, payer: Payer, execute_on: date, transfers: Sequence[Transfer]
) -> bytes:
    """Write a pain.001.001.09 with one instruction; the same arguments give the same bytes.

    Names are cut to the 70 characters of SEPA, or to the 140 of the standard otherwise.

    Raises InputInvalid for no transfer at all, an amount that is not above 0, a reference of more than 35 characters or
    given twice, a remittance of more than 140 characters, or a name that is empty.
    """
    _check(transfers)
    is_sepa = all(transfer.amount.currency == "EUR" and transfer.account.iban for transfer in transfers)
    longest = _SEPA_NAME_MAX if is_sepa else _NAME_MAX
    build = Builder(VERSION)
    message = build.add(build.root, "CstmrCdtTrfInitn")
    total = _plain(sum((transfer.amount.amount for transfer in transfers), Decimal(0)))
    header = build.add(message, "GrpHdr")
    build.add(header, "MsgId", identifier(message_id, what="The message id"))
    build.add(header, "CreDtTm", utc(created_at))
    build.add(header, "NbOfTxs", str(len(transfers)))
    build.add(header, "CtrlSum", total)
    build.add(header, "InitgPty/Nm", _name(payer.name, longest))
    instruction = build.add(message, "PmtInf")
    build.add(instruction, "PmtInfId", message_id)
    build.add(instruction, "PmtMtd", "TRF")
    build.add(instruction, "NbOfTxs", str(len(transfers)))
    build.add(instruction, "CtrlSum", total)
    if is_sepa:
        build.add(instruction, "PmtTpInf/SvcLvl/Cd", "SEPA")
    build.add(instruction, "ReqdExctnDt/Dt", execute_on.isoformat())
    build.add(instruction, "Dbtr/Nm", _name(payer.name, longest))
    build.account(instruction, "DbtrAcct", payer.account)
    _agent(build, instruction, "DbtrAgt", payer.bic, needed=True)
    build.add(instruction, "ChrgBr", "SLEV" if is_sepa else "SHAR")
    for transfer in transfers:
        _transfer(build, build.add(instruction, "CdtTrfTxInf"), transfer, longest)
    return build.to_bytes()


def _transfer(build: Builder, node: object, transfer: Transfer, longest_name: int) -> None:
    build.add(node, "PmtId/EndToEndId", identifier(transfer.end_to_end_id, what="The end-to-end reference"))
    money = transfer.amount
    build.add(node, "Amt/InstdAmt", _plain(money.amount), Ccy=money.currency)
    _agent(build, node, "CdtrAgt", transfer.bic, needed=False)
    build.add(node, "Cdtr/Nm", _name(transfer.creditor, longest_name))
    build.account(node, "CdtrAcct", transfer.account)
    build.add(node, "RmtInf/Ustrd", transfer.remittance)


def _agent(build: Builder, parent: object, name: str, bic: str, *, needed: bool) -> None:
    code = bic.replace(" ", "").upper()
    if code and not _BIC.fullmatch(code):
        raise InputInvalid(f"{bic[:20]!r} is no BIC (ISO 9362) of 8 or 11 characters; leave it out where in doubt.")
    if code:
        build.add(parent, f"{name}/FinInstnId/BICFI", code)
    elif needed:
        build.add(parent, f"{name}/FinInstnId/Othr/Id", _NOT_PROVIDED)


def _check(transfers: Sequence[Transfer]) -> None:
    if not transfers:
        raise InputInvalid("A payment file needs at least one transfer.")
    references = [transfer.end_to_end_id for transfer in transfers]
    if len(set(references)) != len(references):
        raise InputInvalid("Two transfers of one file have the same end-to-end reference; give each its own.")
    for transfer in transfers:
        if transfer.amount.amount <= 0:
            raise InputInvalid(
                f"Transfer {transfer.end_to_end_id}: {transfer.amount} can't be paid; it must be above 0."
            )
        if prose(transfer.remittance, 140) != transfer.remittance or not transfer.remittance:
            raise InputInvalid(
                f"Transfer {transfer.end_to_end_id}: the remittance must be one line of 1 to 140 characters, or the "
                "creditor could not read what is paid."
            )


def _name(text: str, longest: int) -> str:
    name = prose(text, longest)
    if not name:
        raise InputInvalid("A payer and a creditor need a name.")
    return name


def _plain(amount: Decimal) -> str:
    return format(amount, "f")
