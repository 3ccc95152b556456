"""One file for people and machines: a signed PDF/A-3 with the package embedded (docs/package.md).

Needs the extra `openscf[pdf]`; drawing also needs fonts (see `openscf.pdf.fonts`), opening does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from openscf.keys import SigningKey
from openscf.pdf.opening import OpenedPdf, open_pdf

__all__ = ["OpenedPdf", "draw_pdf", "open_pdf"]


def draw_pdf(package_file: bytes, *, attachments: Mapping[str, bytes], key: SigningKey) -> bytes:
    """Draw a bank's package file, embed it with its attachments, and sign all of it: a PDF/A-3b.

    `package_file` is the bare JSON; `attachments` are the files that its section `attachments` lists, by name; `key`
    is the key that sealed it. The drawing uses nothing but the package, and the same input gives the same bytes where
    the key is Ed25519 (an ES256 signature has a random part). Raises PackageInvalid for what is no package,
    InputInvalid where the attachments are not those that are listed or the key is another, and FontMissing where a
    font has to be installed.
    """
    # Only here: whoever opens packages needs neither ReportLab nor its fonts.
    from openscf.pdf.whole import draw_whole

    return draw_whole(package_file, attachments=attachments, key=key)
