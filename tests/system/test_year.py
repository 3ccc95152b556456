"""A year of a company's trade on loans of two banks: every month's end ERP, journal and bank say the same, to the cent.

The year is drawn from a seed and lived through by a process of its own (`tests/system/year`), whose date moves. It
prints the seed and the figures. `SCF_YEAR_SEED` gives another year, `SCF_YEAR_LOANS` one with more loans, 22 at least,
so that everything happens that can:

    SCF_YEAR_LOANS=200 SCF_YEAR_SEED=7 ./scf test system -k year
"""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.parts.odoo_server import CHECKOUT, base_config, copy_database, drop_database

LOANS = int(os.environ.get("SCF_YEAR_LOANS", "30"))
SEED = int(os.environ.get("SCF_YEAR_SEED", "1"))
# A loan takes about four seconds of a processor; a busy machine takes much longer.
MOST_SECONDS = 300 + 60 * LOANS
SHOWN_LINES_OF_A_FAILURE = 80


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What was found in a year; the process that lives through it has ended by then."""
    folder = tmp_path_factory.mktemp("year")
    database = f"scf_year_{uuid.uuid4().hex[:8]}"
    report, log = folder / "report.json", folder / "year.log"
    copy_database(os.environ.get("SCF_TEMPLATE_DB", "scf_template"), database)
    try:
        command = [sys.executable, "-m", "tests.system.year", database, str(_configuration(folder)), str(report)]
        with log.open("wb") as output:
            ended = subprocess.run(
                [*command, str(LOANS), str(SEED)],
                cwd=CHECKOUT,
                env={"SCF_MASTER_KEY": Fernet.generate_key().decode(), **os.environ},
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=MOST_SECONDS,
                check=False,
            )
    finally:
        drop_database(database)
    said = "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN_LINES_OF_A_FAILURE:])
    assert ended.returncode == 0, f"The year with seed {SEED} broke off:\n{said}"
    found = json.loads(report.read_text(encoding="utf-8"))
    print(f"Seed {SEED}: {json.dumps({name: value for name, value in found.items() if name != 'month_ends'})}")
    yield found


def _configuration(folder: Path) -> Path:
    """The server's configuration, with files of its own and a quiet log."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(base_config())
    config["options"].update({"data_dir": str(folder / "odoo-data"), "log_level": "warn", "max_cron_threads": "0"})
    config["options"].pop("logfile", None)
    path = folder / "odoo.conf"
    with path.open("w") as file:
        config.write(file)
    return path


def test_every_month_end_erp_journal_and_bank_agree(year: dict[str, Any]) -> None:
    ends = year["month_ends"]
    assert [end["on"][5:7] for end in ends] == [f"{month:02}" for month in range(1, 13)]
    assert [sentence for end in ends for sentence in end["differences"]] == []
    assert ends[-1]["loans"] == year["loans"] == LOANS, "at the end every loan is compared, also those long repaid"


def test_each_kind_of_thing_that_happens_to_a_loan_did_happen(year: dict[str, Any]) -> None:
    assert set(year["by_bank"]) == {"rhone", "hansa"}
    assert set(year["by_currency"]) == {"EUR", "USD"}
    happened = {what for what, times in year["done"].items() if times}
    assert happened == {
        "pay", "pay_too_much", "pay_together", "undo", "credit", "top_up", "repay", "charge", "take_charge_back",
        "charge_penalty", "pay_bank", "return_by_bank", "extend", "call", "write_off",
    }  # fmt: skip
    assert set(year["entries"]) == {
        "disbursement", "fee", "repayment", "repayment_reversal", "charge", "charge_reversal", "extension", "call",
        "surplus", "write_off",
    }  # fmt: skip


def test_nothing_stays_unsaid_or_unread(year: dict[str, Any]) -> None:
    assert year["failed_events"] == []
    assert year["unsent"] == []


def test_a_bank_that_died_on_its_answer_and_events_that_come_again_change_nothing(year: dict[str, Any]) -> None:
    assert year["killed"] == ["hansa"]
    assert year["events_read_again"] > LOANS


def test_most_of_what_the_banks_moved_is_matched_with_clearing_by_itself(year: dict[str, Any]) -> None:
    assert year["matched"]["by_job"] > 3 * year["matched"]["by_hand"]
