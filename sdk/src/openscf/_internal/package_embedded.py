"""The files that come with a package: those that its PDF embeds against those that it lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from openscf._internal.finding import Finding
from openscf.canonical import sha256_hex
from openscf.package import Package


def check_embedded(package: Package, embedded: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield a finding for each embedded file that is missing, that nobody listed, or whose content is another."""
    attachments = package.sections.attachments
    listed = {file.name: file for file in attachments.files} if attachments else {}
    for name, file in listed.items():
        pointer = f"#embedded/{name}"
        if name not in embedded:
            message = f"The package lists the file {name}; it is not embedded in the PDF."
            yield Finding(code="embedded-missing", pointer=pointer, message=message)
            continue
        content = embedded[name]
        digest = sha256_hex(content)
        if (digest, len(content)) != (file.sha256, file.bytes):
            message = (
                f"{name} has {len(content)} bytes and the digest {digest}; "
                f"{file.bytes} bytes and {file.sha256} were sealed."
            )
            yield Finding(code="embedded-changed", pointer=pointer, message=message)
    for name in embedded.keys() - listed.keys():
        message = f"The PDF embeds the file {name!r:.120}; the package does not list it."
        yield Finding(code="embedded-extra", pointer=f"#embedded/{name:.120}", message=message)


def not_embedded(package: Package) -> Iterator[Finding]:
    """Yield a warning where a bare JSON file lists files that only its PDF brings."""
    attachments = package.sections.attachments
    if attachments and attachments.files:
        message = f"{len(attachments.files)} files are listed; only the PDF brings them, so they could not be checked."
        yield Finding(code="not-checked", pointer="/sections/attachments/files", message=message, level="warning")
