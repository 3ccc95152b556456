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
from openscf._internal.show import summary, whole_section
from openscf._internal.text_table import printable
from openscf.errors import OpenSCFError, PackageInvalid
from openscf.keys import KeySet, SigningKey
from openscf.package import MAX_PACKAGE_BYTES, Sections, json_schema, read_package
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

    verify = commands.add_parser(
        "verify", help="check a package file, PDF or JSON: form, seal, proofs, consent, totals"
    )
    verify.add_argument("file", type=Path, metavar="FILE", help="*.pdf or *.scf.json")
    verify.add_argument("--jwks", type=Path, metavar="FILE", help="the issuer's registered keys (a JWKS)")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    verify.set_defaults(command=_verify)

    show = commands.add_parser("show", help="print what a package says, unverified")
    show.add_argument("file", type=Path, metavar="FILE")
    show.add_argument("--section", choices=tuple(Sections.model_fields), metavar="NAME", help="one section, in full")
    show.add_argument("--json", action="store_true", help="print the sections, put together, as JSON")
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
    section = getattr(package.sections, options.section) if options.section else None
    if options.section and section is None:
        raise PackageInvalid(f"The package has no section {options.section}.", pointer="/sections")
    if options.json:
        value = package.sections if section is None else section
        _print_json(value.model_dump(mode="json", by_alias=True, exclude_none=True))
        return EXIT_OK
    for line in summary(package) if section is None else whole_section(options.section, section):
        print(line)
    print("\nNot verified; run `openscf verify` on this file.")
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
    """Print errors before warnings, each with its place, and then what the file is."""
    for finding in sorted(report.findings, key=lambda finding: finding.level):
        line = f"{finding.level:<8}{finding.code:<22}{finding.pointer or '/'}  {finding.message}"
        print(printable(line), file=stream)
    errors = sum(finding.level == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    verdict = "verified" if report.ok else "NOT verified"
    print(f"{path}: {verdict}, {errors} error(s), {warnings} warning(s)", file=stream)
    if report.kid and report.issued_at:
        print(f"sealed {report.issued_at:%Y-%m-%d %H:%M:%S} UTC by key {report.kid}", file=stream)
    if report.package:
        header, consent = report.package.header, report.package.sections.consent
        for label, text in (
            ("package", header.package_id),
            ("issuer", f"{header.issuer.name} ({header.issuer.tax_id})"),
            ("for", f"{consent.recipient.name} ({consent.recipient.issuer})"),
            ("root", header.tree.root),
            ("files", ", ".join(sorted(report.embedded)) or "none embedded"),
        ):
            print(printable(f"{label:<8}{text}"), file=stream)


if __name__ == "__main__":
    sys.exit(main())
