"""The sealed evidence: one package, a file of it for each bank, its lights, what the banks found and who read it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openscf.package import read_package
from openscf.pdf import open_pdf

from demo import desk
from demo.consenting import disclosures
from demo.erp import Row
from demo.stage import Document, Stage

ACTIONS = {
    "verified": "verified it", "opened": "opened it", "downloaded": "downloaded it",
    "attachment_downloaded": "took out",
}  # fmt: skip


def show_lights(stage: Stage, document: Document, *, only_doubts: bool = False) -> None:
    """The three lights of the document with the checks that they are made of.

    :param only_doubts: of the checks only those that are not green.
    """
    shown = stage.mia.call(document.model, "scf_panel_lights", [document.id])
    for light in shown["lights"]:
        stage.tell.line(f"{light['name']}: {light['level'].upper()}. {light['question']}")
        for check in light["checks"]:
            if not only_doubts or check["level"] != "green":
                figure = f" [{check['figure']}]" if check["figure"] else ""
                stage.tell.line(f"    {check['level']:6}{check['title']}{figure}: {check['sentence']}")


def show_package(stage: Stage, application: Row) -> None:
    """One root for all banks, and what each bank's file holds of it; checked in a process of its own, and forged."""
    package = stage.mia.read("scf.package", application["package_id"][0], "package_ref", "root")
    stage.tell.line(f"package {package['package_ref']}, root {package['root'][:24]}…, the same for every bank")
    files = {item["bank_id"][1]: _content(stage, item) for item in disclosures(stage, application)}
    packages = {bank: json.loads(_json_of(content)) for bank, content in files.items()}
    rows = [_file_row(bank, files[bank], packages[bank]) for bank in files]
    heads = ("bank", "PDF", "leaves", "of them given", "hidden", "behind hashes", "files in it")
    stage.tell.table(heads, rows, right=(1, 2, 3, 4, 5))
    stage.expect(
        {one["header"]["tree"]["root"] for one in packages.values()} == {package["root"]},
        f"{len(files)} banks hold parts of one sealed whole",
    )
    with _registered_keys(stage) as jwks:
        for bank, content in files.items():
            genuine = _verify(content, "package.pdf", jwks)
            stage.expect(
                genuine.returncode == 0,
                f"openscf verify, {bank}'s file: {_verdict(genuine)}",
            )
        _show_forgeries(stage, next(iter(files.values())), jwks)


def _content(stage: Stage, disclosure: Row) -> bytes:
    row = stage.mia.read("ir.attachment", disclosure["attachment_id"][0], "datas")
    return base64.b64decode(row["datas"], validate=True)


def _file_row(bank: str, content: bytes, package: dict[str, Any]) -> tuple[str, ...]:
    given, size = len(package["leaves"]), package["header"]["tree"]["size"]
    attachments = read_package(content).sections.attachments
    kinds = Counter(file.kind for file in attachments.files) if attachments else Counter()
    return (
        bank, f"{len(content):,} bytes", str(size), str(given), str(size - given), str(len(package["hidden"])),
        ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "none asked for",
    )  # fmt: skip


def _show_forgeries(stage: Stage, content: bytes, jwks: Path) -> None:
    """The same file with one byte of the drawing changed, and its JSON with one digit changed."""
    at = len(content) // 2
    drawing = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    forged = {
        "one byte of the PDF": _verify(drawing, "changed.pdf", jwks),
        "one digit of the JSON": _verify(_with_one_digit_changed(_json_of(content)), "changed.scf.json", jwks),
    }
    for what, run in forged.items():
        findings = [line for line in run.stdout.splitlines() if line.startswith("error")]
        where = " at ".join(findings[0].split()[1:3]) if findings else run.stderr.strip()
        stage.expect(run.returncode != 0, f"{what} changed is found: {where}")


def _json_of(content: bytes) -> bytes:

    return open_pdf(content).package or b""


@contextmanager
def _registered_keys(stage: Stage) -> Iterator[Path]:
    """A file with the public keys that the company registered at its banks."""
    keys = [row["public_jwk"] for row in stage.admin.search("scf.key", [], "public_jwk")]
    with tempfile.TemporaryDirectory(prefix="scf-story-") as folder:
        jwks = Path(folder) / "jwks.json"
        jwks.write_text(json.dumps({"keys": keys}), encoding="utf-8")
        yield jwks


def _verify(content: bytes, name: str, jwks: Path) -> subprocess.CompletedProcess[str]:
    file = jwks.with_name(name)
    file.write_bytes(content)
    program = Path(sys.executable).with_name("openscf")
    return subprocess.run(
        [str(program), "verify", str(file), "--jwks", str(jwks)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _verdict(run: subprocess.CompletedProcess[str]) -> str:
    lines = [line.partition(": ")[2] for line in run.stdout.splitlines() if "verified, " in line]
    return lines[0] if lines else run.stderr.strip() or run.stdout.strip()


def _with_one_digit_changed(content: bytes) -> bytes:
    """Another amount in the first document's gross total: still canonical JSON, no longer what was sealed."""
    at = content.rindex(b'"gross":"') + len(b'"gross":"')
    digit = content[at : at + 1]
    return content[:at] + (b"1" if digit != b"1" else b"2") + content[at + 1 :]


def show_what_banks_found(stage: Stage, application: Row) -> None:
    """At each bank's desk: what was recomputed, the rules with their figures, and where the records disagree."""
    for submission in stage.mia.search(
        "scf.submission", [("application_id", "=", application["id"])], "bank_id", "bank_application_ref"
    ):
        bank = stage.bank_of(submission["bank_id"][0])
        page = bank.officer.page(f"applications/{submission['bank_application_ref']}")
        name = submission["bank_id"][1]
        stage.expect(desk.is_verified(page), f"{name} verified the package by itself")
        for sentence in desk.verification(page):
            stage.tell.line(f"    {sentence}")
        stage.tell.table(
            ("rule", "figure", "limit", "outcome"),
            [(rule.label, rule.figure, rule.limit, rule.outcome) for rule in desk.rules(page)],
        )
        for sentence in desk.contradictions(page):
            stage.tell.line(f"{name} sees: {sentence}")


def have_file_taken(stage: Stage, application: Row) -> None:
    """An officer downloads the file and gets, byte for byte, what the ERP keeps."""
    sent = disclosures(stage, application)[-1]
    [submission] = stage.mia.search(
        "scf.submission",
        [("application_id", "=", application["id"]), ("bank_id", "=", sent["bank_id"][0])],
        "bank_application_ref",
    )
    bank = stage.bank_of(sent["bank_id"][0])
    taken = bank.officer.fetch(f"applications/{submission['bank_application_ref']}/package").content
    stage.expect(
        taken == _content(stage, sent), f"{sent['bank_id'][1]}'s officer downloads the very file that was sent"
    )


def show_reads(stage: Stage, application: Row) -> None:
    """The access log: who at which bank read the package, and when, as the banks told and signed it."""
    banks = {item["bank_id"][0] for item in disclosures(stage, application)}

    def told() -> list[Row] | None:
        reads = _reads(stage, application)
        officers = {row["bank_id"][0] for row in reads if row["action"] == "opened"}
        return reads if officers == banks and any(row["action"] == "downloaded" for row in reads) else None

    rows = stage.until("the banks' readings to come back", told)
    stage.tell.line(f"{len(rows)} readings came back to {stage.mia.name}; the first of each kind:")
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        first.setdefault((row["bank_id"][1], row["reader"], row["action"]), row)
    stage.tell.table(
        ("bank", "reader", "what", "when (UTC)"),
        [
            (row["bank_id"][1], row["reader"], f"{ACTIONS[row['action']]} {row['part'] or ''}".strip(), row["read_at"])
            for row in first.values()
        ],
    )


def _reads(stage: Stage, application: Row) -> list[Row]:
    return stage.mia.search(
        "scf.package.read",
        [("application_id", "=", application["id"])],
        "bank_id", "reader", "action", "part", "read_at",
        order="read_at, id",
    )  # fmt: skip
