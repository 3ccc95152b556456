"""The whole file: drawn, with its parts embedded, signed."""

from __future__ import annotations

from collections.abc import Mapping

from openscf.canonical import sha256_hex
from openscf.errors import InputInvalid, PackageInvalid
from openscf.keys import SigningKey
from openscf.package import MAX_PACKAGE_BYTES, Package, is_pdf, read_package
from openscf.pdf.archive import archive
from openscf.pdf.drawing import draw
from openscf.pdf.signing import sign
from openscf.pdf.wording import plain


def draw_whole(package_file: bytes, *, attachments: Mapping[str, bytes], key: SigningKey) -> bytes:
    """Return the signed PDF of a package file; see `openscf.pdf.draw_pdf`."""
    if is_pdf(package_file):
        raise InputInvalid("The package is a PDF already; give its JSON, as seal_package made it.")
    package = read_package(package_file)
    header = package.header
    if key.kid != header.issuer.kid:
        raise InputInvalid(f"The package was sealed by the key {header.issuer.kid}; sign its PDF with the same key.")
    listed = _listed(package, attachments)
    name = plain(header.issuer.name)
    pdf = archive(
        draw(header, package.sections),
        package=package_file,
        attachments=listed,
        title=f"Evidence package of {plain(package.sections.party.applicant.name)}",
        author=name,
        created_at=header.created_at,
    )
    file = sign(pdf, key=key, name=name, tax_id=plain(header.issuer.tax_id), at=header.created_at)
    if len(file) > MAX_PACKAGE_BYTES:
        raise PackageInvalid(f"The PDF has {len(file)} bytes, at most {MAX_PACKAGE_BYTES} are taken; attach less.")
    return file


def _listed(package: Package, attachments: Mapping[str, bytes]) -> dict[str, tuple[bytes, str]]:
    """Return content and media type of each listed file, which must be the files that were given."""
    section = package.sections.attachments
    listed = {file.name: file for file in section.files} if section else {}
    if listed.keys() != attachments.keys():
        wrong = ", ".join(sorted(listed.keys() ^ attachments.keys()))
        raise InputInvalid(f"The attachments are not those that the package lists; see to {wrong:.200}.")
    for name, content in attachments.items():
        if sha256_hex(content) != listed[name].sha256:
            raise InputInvalid(
                f"The attachment {name} has another digest than the package lists; attach the same file."
            )
    return {name: (content, listed[name].media_type) for name, content in attachments.items()}
