"""The command: its exit codes, and what it prints."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from stories import BANK, PACKAGE_ID, full_sections, honest_sections, sealed

from openscf.cli import main
from openscf.keys import KeySet, SigningKey
from openscf.package import json_schema

KEY = SigningKey.generate()


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    file = tmp_path / "honest.scf.json"
    file.write_bytes(sealed(honest_sections(), KEY))
    return file


@pytest.fixture
def dishonest(tmp_path: Path) -> Path:
    sections = honest_sections()
    sections["transaction"]["documents"][0]["totals"]["net"] = "999.00"
    file = tmp_path / "dishonest.scf.json"
    file.write_bytes(sealed(sections, KEY))
    return file


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(KeySet.of(KEY).jwks()))
    return file


def test_an_honest_package_exits_with_0(honest: Path, jwks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(honest), "--jwks", str(jwks)]) == 0
    shown = capsys.readouterr().out
    assert "verified, 0 error(s), 0 warning(s)" in shown and KEY.kid in shown


def test_without_registered_keys_it_warns(honest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(honest)]) == 0
    assert "key-not-pinned" in capsys.readouterr().out


def test_findings_exit_with_1_and_name_their_places(dishonest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(dishonest), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False and report["package_id"] == PACKAGE_ID
    assert "/sections/transaction/documents/0/totals/net" in [finding["pointer"] for finding in report["findings"]]
    assert main(["verify", str(dishonest)]) == 1
    assert "NOT verified" in capsys.readouterr().out


def test_what_cannot_be_used_exits_with_2(honest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n")
    assert main(["verify", str(picture)]) == 2
    assert main(["verify", str(tmp_path / "absent")]) == 2
    assert main(["verify", str(honest), "--jwks", str(picture)]) == 2
    assert main(["verify", str(honest), "--jwks", str(honest)]) == 2
    assert main(["show", str(picture)]) == 2
    assert main(["verify", str(tmp_path)]) == 2
    assert "No such file" in capsys.readouterr().err


def test_show_tells_what_a_package_says_and_that_it_was_not_verified(
    honest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(honest)]) == 0
    shown = capsys.readouterr().out
    for text in (PACKAGE_ID, "Nordlicht GmbH", "720.00 EUR for 45 days", "INV/2026/0007", BANK, "Not verified"):
        assert text in shown


@pytest.fixture
def full(tmp_path: Path) -> Path:
    sections = full_sections()
    sections["evidence"]["contradictions"] = [
        {"document": "INV/2026/0007", "line": 2, "code": "price-differs", "sentence": "10 % more than ordered."}
    ]
    sections["party"]["buyers"][1]["name"] = "上海灯具有限公司"
    file = tmp_path / "full.scf.json"
    file.write_bytes(sealed(sections, KEY))
    return file


def test_show_tells_what_speaks_for_and_against(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(full)]) == 0
    shown = capsys.readouterr().out
    for text in (
        "INV/2026/0007  customer invoice  2026-10-01  2026-12-30  Atelier Lumière SARL  1,200.00  200.00",
        "INV/2026/0007 line 2  price-differs: 10 % more than ordered.",
        "AMBER  self liquidation",
        "amber  buyer-late: The buyer pays late.",
        "2026-12-28  EUR               2  1,400.00    900.00",
        "Luc Martin",
    ):
        assert text in shown


@pytest.mark.parametrize("name", list(full_sections()) + ["consent"])
def test_show_prints_each_section_in_full(name: str, full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(full), "--section", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == name and len(lines) > 8
    assert all(line == line.rstrip() for line in lines)


def test_show_prints_the_lines_of_the_documents(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", str(full), "--section", "transaction"])
    shown = capsys.readouterr().out
    assert "documents INV/2026/0007\n  line  description" in shown
    assert "   2  Desk lamp no. 2        10      12.345                 0  600.00  120.00  720.00  S20" in shown


def test_columns_stand_below_each_other_in_wide_scripts_too(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", str(full), "--section", "party"])
    lines = capsys.readouterr().out.splitlines()
    heading, french, chinese = lines[lines.index("buyers (2)") + 1 :][:3]
    assert heading.index("tax id") == french.index("FR40303265045")
    assert chinese.strip() == "b2   上海灯具有限公司"


def test_show_prints_the_sections_as_json(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(full), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inventory"]["totals"] == [{"currency": "EUR", "amount": "500.50"}]
    assert main(["show", str(full), "--json", "--section", "inventory"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"] == [{"currency": "EUR", "amount": "500.50"}]


def test_show_says_which_section_is_not_there(honest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(honest), "--section", "inventory"]) == 2
    assert "no section inventory" in capsys.readouterr().err


def test_the_report_says_for_whom_the_file_is(honest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", str(honest)])
    shown = capsys.readouterr().out
    for text in (PACKAGE_ID, "First Bank (https://bank.example)", "Nordlicht GmbH (DE136695976)"):
        assert text in shown


def test_a_hostile_file_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = honest_sections()
    sections["transaction"]["technique"] = "\x1b]0;owned\x07\x1b[2J"
    file = tmp_path / "hostile.scf.json"
    file.write_bytes(sealed(sections, KEY).replace(b'"city"', b'"\\u001b[2Jcity"'))
    main(["verify", str(file)])
    file.write_bytes(sealed(sections, KEY))
    main(["show", str(file)])
    main(["show", str(file), "--section", "transaction"])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\\x1b" in shown


def test_schema_prints_the_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_keygen_keeps_the_private_key_off_the_screen(
    alg: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.json"
    assert main(["keygen", "--alg", alg, "--out", str(file)]) == 0
    private = json.loads(file.read_text())
    shown = capsys.readouterr().out
    assert SigningKey.from_private_jwk(private).kid in [key.kid for key in KeySet.from_jwks(json.loads(shown))]
    assert private["d"] not in shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["keygen", "--out", str(file)]) == 2
    assert json.loads(file.read_text()) == private


def test_the_command_runs_by_itself(honest: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and file
        [sys.executable, "-m", "openscf.cli", "verify", str(honest)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "verified" in done.stdout and done.stderr == ""
