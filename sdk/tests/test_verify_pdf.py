"""Verification of the PDF: the package inside, the files beside it, and the signature around them."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from stories import full_sections, sealed

from openscf._internal.finding import Finding
from openscf.cli import main
from openscf.errors import PackageInvalid
from openscf.keys import KeySet, SigningKey
from openscf.package import read_package
from openscf.verify import Report, verify_package

pdf = pytest.importorskip("openscf.pdf", reason="the extra openscf[pdf] is not installed")

KEY = SigningKey.generate()
KEYS = KeySet.of(KEY)
FILE = sealed(full_sections(), KEY)
ATTACHMENTS = {"invoice.xml": b"<Invoice/>"}


@pytest.fixture(scope="module")
def drawn() -> bytes:
    made: bytes = pdf.draw_pdf(FILE, attachments=ATTACHMENTS, key=KEY)
    return made


def errors(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.pointer) for finding in report.findings if finding.level == "error"}


def test_a_pdf_passes_without_a_word_and_gives_its_files(drawn: bytes) -> None:
    report = verify_package(drawn, keys=KEYS)
    assert report.ok and report.findings == ()
    assert report.embedded == ATTACHMENTS and report.as_dict()["embedded"] == ["invoice.xml"]
    assert report.package == read_package(drawn) == read_package(FILE)


def test_the_command_reads_both_forms(drawn: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, jwks = tmp_path / "package.pdf", tmp_path / "jwks.json"
    file.write_bytes(drawn)
    jwks.write_text(json.dumps(KEYS.jwks()))
    assert main(["verify", str(file), "--jwks", str(jwks)]) == 0
    assert "verified, 0 error(s), 0 warning(s)" in capsys.readouterr().out
    assert main(["show", str(file)]) == 0
    assert "INV/2026/0007" in capsys.readouterr().out


def test_a_changed_byte_of_the_drawing_is_found(drawn: bytes) -> None:
    for at in (len(drawn) // 5, len(drawn) // 2):
        changed = bytearray(drawn)
        changed[at] ^= 1
        report = verify_package(bytes(changed), keys=KEYS)
        assert not report.ok
        assert all(pointer.startswith("#") for _, pointer in errors(report))


def test_what_is_no_package_in_a_pdf_is_said(drawn: bytes, tmp_path: Path) -> None:
    for content in (b"%PDF-1.7\n", drawn[:-20], b"%PDF-" + FILE):
        report = verify_package(content, keys=KEYS)
        assert ("form", "#pdf") in errors(report) and report.package is None
        with pytest.raises(PackageInvalid, match="no package"):
            read_package(content)
        (tmp_path / "broken.pdf").write_bytes(content)
        assert main(["verify", str(tmp_path / "broken.pdf")]) == 2


def opened(monkeypatch: pytest.MonkeyPatch, drawn: bytes, **parts: Any) -> Report:
    """Verify as if the PDF, whose own form is sound, held other parts."""
    found = pdf.open_pdf(drawn)
    held = {"package": found.package, "attachments": found.attachments, "signer_kid": found.signer_kid, **parts}
    monkeypatch.setattr("openscf.pdf.open_pdf", lambda _: pdf.OpenedPdf(**held))
    return verify_package(drawn, keys=KEYS)


@pytest.mark.parametrize(
    ("attachments", "code", "name"),
    [
        ({}, "embedded-missing", "invoice.xml"),
        ({"invoice.xml": b"<Invoice />"}, "embedded-changed", "invoice.xml"),
        ({**ATTACHMENTS, "more.xml": b""}, "embedded-extra", "more.xml"),
    ],
)
def test_embedded_files_are_those_that_were_sealed(
    attachments: Mapping[str, bytes], code: str, name: str, drawn: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = opened(monkeypatch, drawn, attachments=attachments)
    assert errors(report) == {(code, f"#embedded/{name}")}
    assert name in "".join(finding.message for finding in report.findings)


def test_a_pdf_signed_by_another_key_than_the_seals_is_found(drawn: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    report = opened(monkeypatch, drawn, signer_kid=SigningKey.generate().kid)
    assert errors(report) == {("signer-mismatch", "#signature")}


def test_what_the_pdf_itself_has_wrong_is_reported(drawn: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Finding(code="signature-broken", pointer="#signature", message="Changed.")
    report = opened(monkeypatch, drawn, findings=(wrong,), signer_kid=None)
    assert not report.ok and report.findings == (wrong,) and report.package is not None


def test_without_the_extra_a_pdf_is_refused_with_the_way_out(drawn: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without_pdf(name: str, *rest: Any) -> Any:
        if name == "openscf.pdf":
            raise ModuleNotFoundError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pdf)
    report = verify_package(drawn, keys=KEYS)
    assert [(finding.code, finding.pointer) for finding in report.findings] == [("form", "#pdf")]
    assert "openscf[pdf]" in report.findings[0].message
    with pytest.raises(PackageInvalid, match="extra"):
        read_package(drawn)
