"""The command: its exit codes, and what it prints."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from stories import PACKAGE_ID, honest_sections, sealed

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
    for text in (PACKAGE_ID, "Nordlicht GmbH", "720.00 EUR for 45 days", "INV/2026/0007", "Not verified"):
        assert text in shown


def test_a_hostile_file_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = honest_sections()
    sections["transaction"]["technique"] = "\x1b]0;owned\x07\x1b[2J"
    file = tmp_path / "hostile.scf.json"
    file.write_bytes(sealed(sections, KEY).replace(b'"city"', b'"\\u001b[2Jcity"'))
    main(["verify", str(file)])
    file.write_bytes(sealed(sections, KEY))
    main(["show", str(file)])
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
