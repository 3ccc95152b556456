"""PDF/A-3b (ISO 19005-3): the drawing with an output intent, XMP metadata and files with their relationship.

What ReportLab cannot write and an archive needs is added here, with qpdf by pikepdf.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import ImageCms

from openscf.canonical import sha256_hex
from openscf.package import MEDIA_TYPE

PACKAGE_NAME: Final = "package.scf.json"
"""The name under which the PDF embeds its package."""

_PRODUCER: Final = "openscf"


def archive(
    drawing: bytes,
    *,
    package: bytes,
    attachments: Mapping[str, tuple[bytes, str]],
    title: str,
    author: str,
    created_at: dt.datetime,
) -> Pdf:
    """Return the drawing as a PDF/A-3b with its files; `attachments` gives content and media type by name."""
    pdf = Pdf.open(io.BytesIO(drawing))
    _describe(pdf, title, author, created_at)
    _declare_colours(pdf)
    # Source: the pages are drawn from it. Supplement: the same documents in another form (ISO 32000-2, 7.11.3).
    parts = {PACKAGE_NAME: (package, MEDIA_TYPE, "Source")}
    parts.update({name: (content, media_type, "Supplement") for name, (content, media_type) in attachments.items()})
    files = [_file(pdf, name, *parts[name], created_at) for name in sorted(parts)]
    names = [entry for name, file in zip(sorted(parts), files, strict=True) for entry in (String(name), file)]
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(names)))
    pdf.Root.AF = Array(files)
    pdf.Root.PageMode = Name.UseOutlines
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    return pdf


def _describe(pdf: Pdf, title: str, author: str, created_at: dt.datetime) -> None:
    """The same facts in the information dictionary and in XMP, as PDF/A asks."""
    for name in list(pdf.docinfo.keys()):
        del pdf.docinfo[name]
    stamp = pdf_date(created_at)
    facts = {"/Title": title, "/Author": author, "/Creator": _PRODUCER, "/Producer": _PRODUCER}
    for name, value in {**facts, "/CreationDate": stamp, "/ModDate": stamp}.items():
        pdf.docinfo[name] = String(value)
    moment = created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp["pdfaid:part"], xmp["pdfaid:conformance"] = "3", "B"
        xmp["dc:title"], xmp["dc:creator"], xmp["dc:format"] = title, [author], "application/pdf"
        xmp["dc:language"] = {"en"}
        xmp["xmp:CreatorTool"], xmp["pdf:Producer"] = _PRODUCER, _PRODUCER
        xmp["xmp:CreateDate"] = xmp["xmp:ModifyDate"] = moment


def _declare_colours(pdf: Pdf) -> None:
    """An output intent: the colours of the pages are sRGB."""
    profile = Stream(pdf, _srgb(), N=3, Alternate=Name.DeviceRGB)
    pdf.Root.OutputIntents = Array(
        [
            Dictionary(
                Type=Name.OutputIntent,
                S=Name.GTS_PDFA1,
                OutputConditionIdentifier=String("sRGB"),
                Info=String("sRGB IEC61966-2.1"),
                DestOutputProfile=pdf.make_indirect(profile),
            )
        ]
    )


def _srgb() -> bytes:
    """Little CMS's sRGB profile, with a creation time that is always the same (ICC.1, 7.2.8: bytes 24 to 35)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = b"".join(part.to_bytes(2, "big") for part in (2026, 1, 1, 0, 0, 0))
    return bytes(profile)


def _file(
    pdf: Pdf, name: str, content: bytes, media_type: str, relationship: str, created_at: dt.datetime
) -> pikepdf.Object:
    stamp = String(pdf_date(created_at))
    stream = Stream(pdf, content, Type=Name.EmbeddedFile, Subtype=Name(f"/{media_type}"))
    stream.Params = Dictionary(Size=len(content), CreationDate=stamp, ModDate=stamp)
    embedded = pdf.make_indirect(stream)
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(name),
            UF=String(name),
            Desc=String(f"SHA-256 {sha256_hex(content)}"),
            AFRelationship=Name(f"/{relationship}"),
            EF=Dictionary(F=embedded, UF=embedded),
        )
    )


def pdf_date(moment: dt.datetime) -> str:
    """Return a time as PDF writes it (ISO 32000-1, 7.9.4)."""
    return moment.astimezone(dt.timezone.utc).strftime("D:%Y%m%d%H%M%S+00'00'")
