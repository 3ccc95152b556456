"""Look at the objects of a PDF for what runs or carries something: a program of its own, for a process of its own.

It reads the PDF from its input and prints one word, which `pdf_check` explains. A stranger's file may be made to crash
its reader, or to unpack to more than the machine has; here that ends this process, which has no keys and no database.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Object, PasswordError, Pdf, Stream

MOST_MEMORY_BYTES = 1024 * 1024 * 1024
MOST_SECONDS = 10

# ISO 32000-2, 12.6.4: what a click or the opening of the file starts; to go to a page, or to a web page by a click of
# the reader, is no harm.
ACTIONS = {
    Name(name)
    for name in (
        "/JavaScript",
        "/Launch",
        "/GoToE",
        "/GoToR",
        "/ImportData",
        "/SubmitForm",
        "/Rendition",
        "/RichMediaExecute",
        "/Movie",
        "/Sound",
    )
}
# 12.5.6: annotations that carry a file, or play one.
ANNOTATIONS = {Name(name) for name in ("/FileAttachment", "/RichMedia", "/3D", "/Screen", "/Movie", "/Sound")}


def finding(pdf: bytes) -> str:
    """`plain`, `active`, `encrypted` or `unreadable`."""
    try:
        with Pdf.open(io.BytesIO(pdf), suppress_warnings=True) as opened:
            if opened.is_encrypted:
                return "encrypted"
            # Whatever is in the file counts, also what no page leads to: another reader may find a way there.
            is_active = _opens_something(opened.Root) or any(map(_is_active, _containers(opened)))
            return "active" if is_active else "plain"
    except PasswordError:
        return "encrypted"
    except Exception:  # noqa: BLE001 - whatever the library says of hostile bytes
        return "unreadable"


def _containers(opened: Pdf) -> Iterator[Object]:
    """Every dictionary of the file, those within others and those of streams too."""
    for indirect in opened.objects:
        inside = [indirect]
        while inside:
            one = inside.pop()
            if isinstance(one, (Dictionary, Stream)):
                yield one
                held = one.values() if isinstance(one, Dictionary) else (one.get(key) for key in one.keys())
            elif isinstance(one, Array):
                held = one
            else:
                continue
            # What is indirect comes by itself; to follow it would go round in circles.
            inside.extend(item for item in held if isinstance(item, Object) and not item.is_indirect)


def _is_active(one: Object) -> bool:
    if one.get("/S") in ACTIONS or one.get("/Type") == Name.EmbeddedFile or "/XFA" in one:
        return True
    if "/Rect" in one and one.get("/Subtype") in ANNOTATIONS:
        return True
    # A font may be called /EF or /AA too: a file specification names files, and triggers name actions.
    files, triggers = one.get("/EF"), one.get("/AA")
    if isinstance(files, Dictionary) and not {"/F", "/UF", "/DOS", "/Mac", "/Unix"}.isdisjoint(files.keys()):
        return True
    return isinstance(triggers, Dictionary) and any(
        isinstance(action, Dictionary) and isinstance(action.get("/S"), Name) for action in triggers.values()
    )


def _opens_something(root: Object) -> bool:
    """Whether the file does more, when it is opened, than to show a page."""
    action = root.get("/OpenAction")
    return isinstance(action, Dictionary) and action.get("/S") != Name.GoTo


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    sys.stdout.write(finding(sys.stdin.buffer.read()))


if __name__ == "__main__":
    _main()
