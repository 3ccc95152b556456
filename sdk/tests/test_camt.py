"""Statements of ISO 20022: what is read, what is refused, and that what is written is valid."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso_schemas import assert_valid

from openscf import camt
from openscf.errors import InputInvalid

IBAN = "DE89370400440532013000"
MADE_AT = datetime(2026, 2, 1, 5, tzinfo=timezone.utc)
CAMT_053 = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
 <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-02-01T05:00:00.123+01:00</CreDtTm></GrpHdr>
 <Stmt><Id>S1</Id><CreDtTm>2026-02-01T05:00:00Z</CreDtTm>
  <Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>
  <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
   <Dt><Dt>2026-01-01</Dt></Dt></Bal>
  <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">8059.5</Amt><CdtDbtInd>CRDT</CdtDbtInd>
   <Dt><Dt>2026-01-31</Dt></Dt></Bal>
  <Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">7960.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
   <BookgDt><Dt>2026-01-05</Dt></BookgDt><ValDt><DtTm>2026-01-05T10:00:00Z</DtTm></ValDt>
   <AcctSvcrRef>BANK-77</AcctSvcrRef>
   <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
   <NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
    <RltdPties><Dbtr><Pty><Nm>Banque du Rhône</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>4711</Id></Othr></Id></DbtrAcct>
    </RltdPties><RmtInf><Ustrd>Loan BDR-2026-000001</Ustrd><Ustrd>payout</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
  <Ntry><Amt Ccy="EUR">0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
   <BkTxCd><Prtry><Cd>NCHG</Cd></Prtry></BkTxCd>
   <NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">0.20</Amt><CdtDbtInd>DBIT</CdtDbtInd>
    <RltdPties><Cdtr><Pty><Nm>Hansa</Nm></Pty></Cdtr><CdtrAcct><Id><IBAN>{IBAN}</IBAN></Id></CdtrAcct></RltdPties>
    <RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
    <TxDtls><Amt Ccy="EUR">0.30</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls></Ntry>
  <Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
   <BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>
 </Stmt></BkToCstmrStmt></Document>"""
CAMT_054_OF_2009 = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"><BkToCstmrDbtCdtNtfctn>
 <GrpHdr><MsgId>M</MsgId><CreDtTm>2026-02-01T05:00:00</CreDtTm></GrpHdr>
 <Ntfctn><Id>N1</Id><CreDtTm>2026-02-01T05:00:00</CreDtTm><Acct><Id><Othr><Id>1</Id></Othr></Id></Acct>
  <Ntry><Amt Ccy="JPY">1200</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts><BkTxCd/>
   <NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Atlas</Nm></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>
 </Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"""


def changed(old: str, new: str) -> bytes:
    assert old in CAMT_053
    return CAMT_053.replace(old, new).encode()


FOREIGN = """<AmtDtls><InstdAmt><Amt Ccy="USD">9000.00</Amt></InstdAmt></AmtDtls>"""


@pytest.mark.parametrize(
    "details",
    [
        FOREIGN,
        FOREIGN.replace("InstdAmt", "TxAmt"),
        '<Amt Ccy="USD">9000.00</Amt>',
        "<AmtDtls><TxAmt/></AmtDtls>",
        FOREIGN.replace("</AmtDtls>", '<CntrValAmt><Amt Ccy="EUR">7960.00</Amt></CntrValAmt></AmtDtls>'),
    ],
)
def test_payment_in_another_currency_is_read_with_what_it_came_to_on_the_account(details: str) -> None:
    (statement,) = camt.read(changed("</Refs>\n    <RltdPties><Dbtr>", f"</Refs>{details}<RltdPties><Dbtr>"))
    assert [one.amount for one in statement.entries[0].transactions] == [Decimal("7960.00")]
    assert statement.entries[0].transactions[0].counterparty == "Banque du Rhône"


def test_several_payments_in_another_currency_are_one_line_of_the_account() -> None:
    (statement,) = camt.read(changed('<Amt Ccy="EUR">0.30</Amt>', '<Amt Ccy="USD">0.33</Amt>'))
    assert (statement.entries[1].amount, statement.entries[1].transactions) == (Decimal("-0.50"), ())


@pytest.mark.parametrize("amount", ["<TxAmt/>", '<TxAmt><Amt Ccy="USD">9000.00</Amt></TxAmt>'])
def test_entry_whose_details_say_no_amount_of_the_account_is_read_without_it(amount: str) -> None:
    code = "<BkTxCd><Domn><Cd>PMNT</Cd>"
    (statement,) = camt.read(changed(code, f"<AmtDtls>{amount}</AmtDtls>{code}"))
    assert (statement.entries[0].amount, statement.entries[0].transaction_amount) == (Decimal("7960.00"), None)


def test_statement_of_a_bank_is_read_with_its_payments() -> None:
    assert_valid(CAMT_053.encode(), "camt.053.001.08")
    (statement,) = camt.read(CAMT_053.encode())
    assert (statement.account.iban, statement.currency, statement.id) == (IBAN, "EUR", "S1")
    assert statement.opening and statement.closing
    assert (statement.opening.amount, statement.closing.amount) == (Decimal("100.00"), Decimal("8059.50"))
    payout, batch, pending = statement.entries
    assert (payout.amount, payout.value_on, payout.code) == (Decimal("7960.00"), date(2026, 1, 5), "PMNT-RCDT-ESCT")
    (payment,) = payout.transactions
    assert (payment.amount, payment.end_to_end_id) == (Decimal("7960.00"), "")
    assert (payment.counterparty, payment.remittance) == ("Banque du Rhône", "Loan BDR-2026-000001 payout")
    assert [part.amount for part in batch.transactions] == [Decimal("-0.20"), Decimal("-0.30")]
    assert batch.transactions[0].creditor_reference == "RF18539007547034"
    assert batch.transactions[0].counterparty_account == camt.AccountId(iban=IBAN)
    assert not pending.is_booked
    assert statement.unexplained == 0, "what is pending counts in no balance"


def test_notification_of_the_older_version_is_read_too() -> None:
    (statement,) = camt.read(CAMT_054_OF_2009.encode())
    (entry,) = statement.entries
    assert (statement.kind, statement.currency, entry.amount) == ("camt.054", "JPY", Decimal("1200"))
    assert entry.is_booked and entry.is_reversal and entry.transactions[0].counterparty == "Atlas"


def test_number_that_is_no_iban_does_not_hide_the_payment() -> None:
    (statement,) = camt.read(changed(f"<CdtrAcct><Id><IBAN>{IBAN}", "<CdtrAcct><Id><IBAN>DE00370400440532013000"))
    account = statement.entries[1].transactions[0].counterparty_account
    assert account == camt.AccountId(other="DE00370400440532013000")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html>", "no XML"),
        (b"<html/>", "no message of ISO 20022"),
        (CAMT_053.replace("camt.053.001.08", "pain.001.001.09").encode(), "pain.001.001.09"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>', "nothing to read"),
        (changed('<Amt Ccy="EUR">7960.00', '<Amt Ccy="USD">7960.00'), "'USD', but the account is in EUR"),
        (changed('<Amt Ccy="EUR">7960.00', '<Amt Ccy="EUR">-7960.00'), "no amount"),
        (changed('<Amt Ccy="EUR">7960.00', '<Amt Ccy="EUR">7960.001'), "2 decimals"),
        (changed("<Ccy>EUR</Ccy>", "<Ccy>EUX</Ccy>"), "EUX"),
        (changed("<Dt>2026-01-31</Dt>", "<Dt>tomorrow</Dt>"), "no date"),
        (changed("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<CdtDbtInd>UP</CdtDbtInd><Sts>"), "CRDT or DBIT"),
        (changed("<Id>S1</Id>", ""), "lacks Id"),
        (b" " * (camt.MAX_FILE_BYTES + 1), "MB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(InputInvalid, match=sentence):
        camt.read(content)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE Document [<!ENTITY a "x">]>',
        '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE Document [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_type_is_refused_in_any_encoding(declaration: str, encoding: str) -> None:
    content = CAMT_053.replace("?>", f"?>{declaration}", 1).replace(
        "payout", "&d;" if "ENTITY d" in declaration else ""
    )
    with pytest.raises(InputInvalid, match="document type"):
        camt.read(content.replace("UTF-8", encoding).encode(encoding))


AMOUNTS = st.decimals(min_value=Decimal("-9999999"), max_value=Decimal("9999999"), places=2)
NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20)


@st.composite
def loan_statements(draw: st.DrawFn) -> camt.Statement:
    day = draw(st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1)))
    entries = tuple(
        camt.Entry(
            amount=amount,
            reference=f"ent_{number}",
            booked_on=day,
            value_on=day + timedelta(days=number),
            is_reversal=draw(st.booleans()),
            code=draw(st.sampled_from(["disbursement", "fee", "repayment"])),
            transaction_amount=abs(amount) * 2,
            parts=tuple(
                camt.Part(kind="interest", amount=part) for part in draw(st.lists(AMOUNTS, max_size=2)) if part
            ),
            transactions=(camt.Transaction(amount=amount, end_to_end_id="COL", counterparty=draw(NAMES)),),
            information=draw(NAMES),
        )
        for number, amount in enumerate(draw(st.lists(AMOUNTS.filter(bool), max_size=5)))
    )
    opening = draw(AMOUNTS)
    closing = opening + sum((entry.amount for entry in entries), Decimal(0))
    return camt.Statement(
        id="STMT",
        account=camt.AccountId(other="BDR-2026-000001"),
        account_name=draw(NAMES),
        currency="EUR",
        created_at=MADE_AT,
        start=day,
        end=day + timedelta(days=30),
        balances=(
            camt.Balance(code="OPBD", amount=opening, on=day),
            camt.Balance(code="CLBD", amount=closing, on=day),
        ),
        entries=entries,
    )


@settings(max_examples=40, deadline=None)
@given(loan_statements())
def test_what_is_written_is_valid_and_reads_back_as_it_was(statement: camt.Statement) -> None:
    content = camt.write_statement(statement, message_id="MSG", owner="Nordlicht GmbH")
    assert_valid(content, "camt.053.001.08")
    assert camt.read(content) == (statement,)


def test_statement_that_does_not_add_up_is_not_written() -> None:
    statement = camt.Statement(
        id="S",
        account=camt.AccountId(other="L"),
        currency="EUR",
        created_at=MADE_AT,
        balances=(
            camt.Balance(code="OPBD", amount=Decimal("0.00"), on=date(2026, 1, 1)),
            camt.Balance(code="CLBD", amount=Decimal("1.00"), on=date(2026, 1, 31)),
        ),
    )
    with pytest.raises(InputInvalid, match=r"differs by 1\.00 EUR"):
        camt.write_statement(statement, message_id="M")


def test_account_is_named_by_one_number_with_right_check_digits() -> None:
    assert camt.AccountId(iban="de89 3704 0044 0532 0130 00").number == IBAN
    for iban, other in ((IBAN, "1"), ("", ""), ("DE88370400440532013000", ""), ("", "1" * 35)):
        with pytest.raises(InputInvalid):
            camt.AccountId(iban=iban, other=other)
