"""The story on a real Odoo and two real banks: it reaches its end, and a second run finds everything done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from openscf_bank.testing import OFFICER_PASSWORD, OFFICER_USERNAME, BankProcess

from tests.demo.conftest import LoadedBooks, rows_of
from tests.parts.odoo_server import CHECKOUT, OdooServer

STORY_SECONDS = 900


@dataclass(frozen=True)
class Stage:
    odoo: OdooServer
    banks: tuple[BankProcess, ...]
    logins_file: Path
    portal_logins: Path

    def tell(self) -> subprocess.CompletedProcess[str]:
        """Runs the story as `./scf demo` does."""
        officer = {"username": OFFICER_USERNAME, "password": OFFICER_PASSWORD}
        settings = {
            "SCF_ODOO_URL": self.odoo.url,
            "SCF_DB": self.odoo.database,
            "SCF_LOGINS": str(self.logins_file),
            "SCF_PORTAL_LOGINS": str(self.portal_logins),
            "SCF_BANKS": json.dumps([{"name": bank.name, "url": bank.url, "officer": officer} for bank in self.banks]),
        }
        argv = [sys.executable, str(CHECKOUT / "tools/demo/run_story.py")]
        return subprocess.run(
            argv, env=os.environ | settings, capture_output=True, text=True, timeout=STORY_SECONDS, check=False
        )

    def rows(self, query: str) -> list[tuple]:
        return rows_of(self.odoo.database, query)


@pytest.fixture(scope="module")
def stage(books: LoadedBooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    odoo = OdooServer(tmp_path_factory.mktemp("odoo"), template=books.database)
    try:
        with BankProcess(profile="rhone") as rhone, BankProcess(profile="hansa") as hansa:
            odoo.start()
            portal_logins = tmp_path_factory.mktemp("portal") / "logins.json"
            yield Stage(odoo=odoo, banks=(rhone, hansa), logins_file=books.logins_file, portal_logins=portal_logins)
    finally:
        odoo.remove()


@pytest.fixture(scope="module")
def told(stage: Stage) -> str:
    done = stage.tell()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{stage.odoo.log_tail()}"
    return done.stdout


def test_story_prints_each_step_with_its_figures(told: str) -> None:
    for words in (
        "Authenticity: GREEN",
        "under codes of this bank",
        "the same for every bank",
        "'s file: verified, 0 error(s)",
        "one byte of the PDF changed is found",
        "one digit of the JSON changed is found",
        "verified the package by itself",
        "Recomputed from their lines: totals of documents",
        "downloads the very file that was sent",
        "readings came back to Mia Sommer",
        "the officer reads the evidence",
        "Mia Sommer may not accept",
        "Jonas Weber accepts",
        "the entry balances",
        "is closed with 0.00 owed",
        "the clearing account stands at 0.00",
        "runs on",
        "paid to Schwarzwald Gerätebau GmbH today (80 % of",
        "has all of it: the bank's fee is repaid with the principal",
        "is left for the company to pay",
        "first in, first out: 12 of the 20",
        "is stopped: “These goods are pledged”",
        "24 Units of [NL-KG178] Fridge-freezer, built-in 178 are pledged to Hansa Handelsbank and have to stay",
        "repays 2,193.60 from the company's own money",
        "Hansa Handelsbank releases 8 (",
        "is declined and the document is free",
        "Quantity over delivered",
        "The applicant revoked its consent",
        "its desk shows",
        "Hansa Handelsbank takes it on",
        "Paolo Bellini signs for Elettrodomestici Bellini S.r.l. in the portal",
        "the officer approves Schwarzwald Gerätebau GmbH, up to 40,000.00 EUR",
        "is paid early by the bank; the company owes it now",
        "RE-PROGRAMM-2 can be paid early: it waits in Greta Faller's portal",
    ):
        assert words in told, told
    assert "\033[" not in told


def test_story_leaves_loans_closed_and_running_offers_waiting_and_a_refusal(told: str, stage: Stage) -> None:
    loans = """SELECT application.technique, loan.state, loan.balance_principal < loan.principal
                 FROM scf_loan loan JOIN scf_application application ON application.id = loan.application_id
                ORDER BY loan.id"""
    assert stage.rows(loans) == [
        ("receivables_discounting", "closed", True),
        ("pre_shipment", "active", True),
        ("distributor_finance", "active", True),
        ("inventory_loan", "active", True),
    ]
    assert stage.rows("SELECT state, COUNT(*) FROM scf_application GROUP BY 1 ORDER BY 1") == [
        ("cancelled", 1), ("declined", 1), ("financed", 3), ("offered", 1), ("repaid", 1),
    ]  # fmt: skip
    assert stage.rows("SELECT state, COUNT(*) FROM scf_consent GROUP BY 1 ORDER BY 1") == [
        ("active", 3), ("revoked", 1),
    ]  # fmt: skip
    assert stage.rows("SELECT state, held_quantity FROM scf_pledge") == [("active", 16)]
    followed = (
        "SELECT quantity_financed, quantity_received, quantity_sold FROM scf_followed_goods WHERE pledge_id IS NULL"
    )
    assert stage.rows(followed) == [(20, 20, 12)]
    [(balance,)] = stage.rows(
        """SELECT COALESCE(SUM(line.balance), 0) FROM account_move_line line
           JOIN res_company company ON company.scf_clearing_account_id = line.account_id
           WHERE line.parent_state = 'posted'"""
    )
    assert balance == 0


def test_story_leaves_a_program_with_suppliers_at_several_stages(told: str, stage: Stage) -> None:
    members = """SELECT partner.name, member.state FROM scf_program_member member
                   JOIN res_partner partner ON partner.id = member.partner_id ORDER BY partner.name"""
    assert stage.rows(members) == [
        ("Elettrodomestici Bellini S.r.l.", "submitted"),
        ("Lichtfabrik Altona OHG", "draft"),
        ("Ostsee Verpackung GmbH", "opened"),
        ("Schwarzwald Gerätebau GmbH", "financed"),
    ]
    bills = """SELECT move.ref, payable.state, move.payment_state FROM scf_payable payable
                 JOIN account_move move ON move.id = payable.move_id ORDER BY move.ref"""
    assert stage.rows(bills) == [("RE-PROGRAMM-1", "paid", "paid"), ("RE-PROGRAMM-2", "approved", "not_paid")]


def test_suppliers_come_into_the_portal_with_the_logins_that_are_kept(told: str, stage: Stage) -> None:
    logins = json.loads(stage.portal_logins.read_text())
    assert stage.portal_logins.stat().st_mode & 0o777 == 0o600
    assert {one["company"] for one in logins.values()} == {
        "Schwarzwald Gerätebau GmbH", "Elettrodomestici Bellini S.r.l.",
    }  # fmt: skip
    for login, one in logins.items():
        assert stage.odoo.login(login, one["password"]).uid


def test_second_telling_does_no_harm(told: str, stage: Stage) -> None:
    counts = """SELECT (SELECT COUNT(*) FROM scf_application), (SELECT COUNT(*) FROM scf_loan_entry),
                       (SELECT COUNT(*) FROM account_move), (SELECT COUNT(*) FROM account_payment),
                       (SELECT COUNT(*) FROM stock_picking), (SELECT COUNT(*) FROM scf_pledge_release),
                       (SELECT COUNT(*) FROM scf_program_member), (SELECT COUNT(*) FROM scf_payable_request)"""
    before = stage.rows(counts)
    again = stage.tell()
    assert again.returncode == 0, again.stdout + again.stderr
    assert stage.rows(counts) == before


def test_without_odoo_the_story_ends_with_a_sentence(told: str, stage: Stage) -> None:
    stage.odoo.kill()
    try:
        done = stage.tell()
    finally:
        stage.odoo.start()
    assert done.returncode == 1
    assert "Odoo does not answer" in done.stderr
    assert "Traceback" not in done.stderr
