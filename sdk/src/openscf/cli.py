"""The command `openscf`: check and read packages, print the schema, make a key. Needs no network."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from openscf import __version__
from openscf._internal import strict_json
from openscf.errors import OpenSCFError
from openscf.keys import KeySet, SigningKey
from openscf.package import MAX_PACKAGE_BYTES, Package, Sections, Sum, json_schema, read_package
from openscf.verify import Report, verify_package

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 (fine), 1 (verification found errors) or 2 (no package, no file, no key)."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except OpenSCFError as error:
        print(f"openscf: {error}", file=sys.stderr)
    except OSError as error:
        print(f"openscf: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    return EXIT_UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="openscf", description=__doc__)
    parser.add_argument("--version", action="version", version=f"openscf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    verify = commands.add_parser("verify", help="check a package file: form, seal, digests, totals, references")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--jwks", type=Path, metavar="FILE", help="the issuer's registered keys (a JWKS)")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    verify.set_defaults(command=_verify)

    show = commands.add_parser("show", help="print what a package says, unverified")
    show.add_argument("file", type=Path, metavar="FILE")
    show.set_defaults(command=_show)

    schema = commands.add_parser("schema", help="print the JSON Schema of a package")
    schema.set_defaults(command=_schema)

    keygen = commands.add_parser("keygen", help="make a signing key")
    keygen.add_argument("--alg", choices=("EdDSA", "ES256"), default="EdDSA")
    keygen.add_argument("--out", type=Path, required=True, metavar="FILE", help="new file for the private JWK (0600)")
    keygen.set_defaults(command=_keygen)
    return parser


def _verify(options: argparse.Namespace) -> int:
    keys = KeySet.from_jwks(strict_json.loads(_read_file(options.jwks))) if options.jwks else None
    report = verify_package(_read_file(options.file), keys=keys)
    if options.json:
        _print_json(report.as_dict())
    else:
        _print_report(options.file, report, sys.stdout)
    if any(finding.code == "form" for finding in report.findings):
        return EXIT_UNUSABLE
    return EXIT_OK if report.ok else EXIT_FINDINGS


def _show(options: argparse.Namespace) -> int:
    package = read_package(_read_file(options.file))
    for label, text in _summary(package):
        print(_printable(f"{label:<12}{text}"))
    return EXIT_OK


def _schema(options: argparse.Namespace) -> int:
    _print_json(json_schema())
    return EXIT_OK


def _keygen(options: argparse.Namespace) -> int:
    """Write the private key to a new file and print the public one, so that no secret passes the screen."""
    key = SigningKey.generate(options.alg)
    options.out.touch(mode=0o600, exist_ok=False)
    options.out.write_text(json.dumps(key.private_jwk(), indent=2) + "\n", encoding="utf-8")
    _print_json(KeySet.of(key).jwks())
    return EXIT_OK


def _read_file(path: Path) -> bytes:
    """Return the bytes, one more than a package may have at most: the reader then says that it is too large."""
    with path.open("rb") as stream:
        return stream.read(MAX_PACKAGE_BYTES + 1)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _print_report(path: Path, report: Report, stream: TextIO) -> None:
    for finding in report.findings:
        line = f"{finding.level:<8}{finding.code:<22}{finding.pointer or '/'}  {finding.message}"
        print(_printable(line), file=stream)
    errors = sum(finding.level == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    verdict = "verified" if report.ok else "NOT verified"
    print(f"{path}: {verdict}, {errors} error(s), {warnings} warning(s)", file=stream)
    if report.kid and report.issued_at:
        print(f"sealed {report.issued_at:%Y-%m-%d %H:%M:%S} UTC by key {report.kid}", file=stream)


def _printable(text: str) -> str:
    """Return the text with control characters escaped: a hostile file must not steer the reader's terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _money(value: Sum) -> str:
    return f"{value.amount} {value.currency}"


def _summary(package: Package) -> list[tuple[str, str]]:
    header, transaction = package.header, package.sections.transaction
    rows = [
        ("package", header.package_id),
        ("issuer", f"{header.issuer.name} ({header.issuer.tax_id})"),
        ("created", f"{header.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("supersedes", header.supersedes or "nothing"),
        (
            "asks for",
            f"{transaction.requested.amount} {transaction.requested.currency} for {transaction.tenor_days} days",
        ),
        ("eligible", f"{transaction.eligible.amount} {transaction.eligible.currency}"),
        ("technique", transaction.technique),
        ("sections", ", ".join(name for name in Sections.model_fields if getattr(package.sections, name))),
    ]
    for document in transaction.documents:
        totals = document.totals
        money = f"{totals.gross} {document.currency}, outstanding {totals.outstanding}"
        rows.append(("document", f"{document.kind} {document.number} of {document.issue_date}: {money}"))
    return [*rows, ("", "Not verified; run `openscf verify` on this file.")]


if __name__ == "__main__":
    sys.exit(main())
