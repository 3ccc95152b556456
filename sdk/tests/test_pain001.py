"""Payment files: valid by ISO's schema, SEPA where it can be, and refused where a bank would refuse them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone

import pytest
from iso_schemas import assert_valid
from lxml import etree

from openscf import pain001
from openscf.errors import InputInvalid
from openscf.money import Money

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
PAYER = pain001.Payer(name="Nordlicht GmbH", account=pain001.AccountId(iban="DE89370400440532013000"))
TRANSFER = pain001.Transfer(
    end_to_end_id="BDR-2026-000001",
    amount=Money(amount="5074.38", currency="EUR"),
    creditor="Banque du Rhône & Cie",
    account=pain001.AccountId(iban="FR1420041010050500013M02606"),
    remittance="BDR-2026-000001",
)


def write(*transfers: pain001.Transfer, payer: pain001.Payer = PAYER) -> bytes:
    return pain001.write(
        message_id="PAY/2026/00001",
        created_at=datetime(2026, 11, 22, 19, tzinfo=timezone.utc),
        payer=payer,
        execute_on=date(2026, 11, 24),
        transfers=transfers,
    )


def texts(content: bytes, path: str) -> list[str]:
    return [str(text) for text in etree.fromstring(content).xpath(f"{path}/text()", namespaces=NS)]


def test_transfers_in_euro_to_ibans_are_sepa_and_add_up() -> None:
    second = replace(TRANSFER, end_to_end_id="BDR-2026-000002", amount=Money(amount="0.62", currency="EUR"))
    content = write(TRANSFER, second)
    assert_valid(content, "pain.001.001.09")
    assert texts(content, "//p:CtrlSum") == ["5075.00", "5075.00"]
    assert texts(content, "//p:InstdAmt") == ["5074.38", "0.62"]
    assert texts(content, "//p:Ustrd") == ["BDR-2026-000001"] * 2
    assert texts(content, "//p:SvcLvl/p:Cd") == ["SEPA"]
    assert texts(content, "//p:ChrgBr") == ["SLEV"]
    assert content == write(TRANSFER, second), "the same payments make the same file"


def test_names_are_as_long_as_sepa_or_the_standard_lets_them_be() -> None:
    long = "Vereinigte " * 20
    payer = replace(PAYER, name=long)
    abroad = replace(TRANSFER, creditor=long, amount=Money(amount="1.00", currency="USD"))
    for transfer, at_most in ((replace(TRANSFER, creditor=long), 70), (abroad, 140)):
        names = texts(write(transfer, payer=payer), "//p:Nm")
        assert len(names) == 3
        assert all(at_most - 11 <= len(name) <= at_most for name in names)


def test_other_currency_or_account_shares_the_charges() -> None:
    content = write(
        replace(TRANSFER, account=pain001.AccountId(other="0012345"), bic="CHASUS33"),
        payer=replace(PAYER, bic="COBADEFFXXX"),
    )
    assert_valid(content, "pain.001.001.09")
    assert texts(content, "//p:ChrgBr") == ["SHAR"]
    assert not texts(content, "//p:SvcLvl/p:Cd")
    assert texts(content, "//p:BICFI") == ["COBADEFFXXX", "CHASUS33"]


@pytest.mark.parametrize(
    ("transfers", "sentence"),
    [
        ((), "at least one"),
        ((TRANSFER, TRANSFER), "its own"),
        ((replace(TRANSFER, amount=Money(amount="0.00", currency="EUR")),), "can't be paid"),
        ((replace(TRANSFER, remittance="x" * 141),), "140"),
        ((replace(TRANSFER, remittance=""),), "140"),
        ((replace(TRANSFER, end_to_end_id="x" * 36),), "35"),
        ((replace(TRANSFER, creditor=" "),), "name"),
        ((replace(TRANSFER, bic="NOPE"),), "BIC"),
    ],
)
def test_payment_that_no_bank_would_take_is_refused(transfers: tuple[pain001.Transfer, ...], sentence: str) -> None:
    with pytest.raises(InputInvalid, match=sentence):
        write(*transfers)
