"""The fonts of the drawing: TrueType files of this machine, embedded, chosen character by character.

PDF/A embeds every font, and ReportLab embeds TrueType outlines only; so Latin, Greek and Cyrillic text is set in
Roboto, Chinese, Japanese and Korean text in Droid Sans Fallback (the well-known CJK families come as CFF outlines,
which it cannot embed), and what neither has in DejaVu Sans.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from openscf.errors import OpenSCFError

FONTS_SETTING: Final = "OPENSCF_FONTS"
"""Folders to search before the system's, separated like PATH."""

# Names of our own: ReportLab keeps one register for the whole program, Odoo's other reports included.
REGULAR: Final = "openscf-regular"
MEDIUM: Final = "openscf-medium"
CJK: Final = "openscf-cjk"
OTHER: Final = "openscf-other"

_FILES: Final[dict[str, tuple[str, str]]] = {
    REGULAR: ("Roboto-Regular.ttf", "fonts-roboto-unhinted"),
    MEDIUM: ("Roboto-Medium.ttf", "fonts-roboto-unhinted"),
    CJK: ("DroidSansFallbackFull.ttf", "fonts-droid-fallback"),
    OTHER: ("DejaVuSans.ttf", "fonts-dejavu-core"),
}
# The Python environment's own first, where its maker has put fonts into it.
_KNOWN_FOLDERS: Final = (
    f"{sys.prefix}/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
)

# What a font without the character would show as an empty box; U+FFFD says the same in every font that has it.
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_registering = threading.Lock()


class FontMissing(OpenSCFError):  # noqa: N818 - it says what happened
    """A font file that the drawing needs is not on this machine; the message names the package that has it."""


def register() -> None:
    """Make the fonts known to ReportLab, once in the life of the program; FontMissing where one is not found."""
    with _registering:
        known = set(pdfmetrics.getRegisteredFontNames())
        for name, (file, package) in _FILES.items():
            if name not in known:
                path = _find(file, package)
                try:
                    pdfmetrics.registerFont(TTFont(name, str(path)))
                except TTFError as error:
                    raise FontMissing(f"The font {path} cannot be embedded ({error}); install {package}.") from error


def runs(text: str, font: str) -> Iterator[tuple[str, str]]:
    """Cut a text into runs of (font name, characters), the given font wherever it has the character."""
    if _coverage(font).issuperset(map(ord, text)):
        # Nearly every text; a book has thousands.
        if text:
            yield font, text
        return
    fonts = (font, CJK, OTHER)
    shown = "".join(character if _is_drawn(character, fonts) else _REPLACEMENT for character in text)
    for chosen, characters in groupby(shown, key=lambda character: _font_of(character, fonts)):
        yield chosen, "".join(characters)


def width(text: str, font: str, size: float) -> float:
    """Return the width of a text in points, set in runs."""
    return float(sum(pdfmetrics.stringWidth(characters, chosen, size) for chosen, characters in runs(text, font)))


def shortened(text: str, font: str, size: float, room: float) -> str:
    """Return the text, cut with an ellipsis where it is wider than `room` points."""
    if width(text, font, size) <= room:
        return text
    kept, left = 0, room - width("…", font, size)
    for chosen, characters in runs(text, font):
        for character in characters:
            left -= pdfmetrics.stringWidth(character, chosen, size)
            if left < 0:
                return f"{text[:kept].rstrip()}…"
            kept += 1
    return text


def _font_of(character: str, fonts: tuple[str, ...]) -> str:
    return next((font for font in fonts if ord(character) in _coverage(font)), fonts[-1])


def _is_drawn(character: str, fonts: tuple[str, ...]) -> bool:
    return any(ord(character) in _coverage(font) for font in fonts)


@lru_cache(maxsize=len(_FILES))
def _coverage(font: str) -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


def _find(file: str, package: str) -> Path:
    named = os.environ.get(FONTS_SETTING, "").split(os.pathsep)
    folders = [Path(folder).expanduser() for folder in (*filter(None, named), *_KNOWN_FOLDERS)]
    for folder in folders:
        for parent, _, files in os.walk(folder, followlinks=True):
            if file in files:
                return Path(parent) / file
    raise FontMissing(
        f"The font file {file} is not on this machine: install the package {package} "
        f"(apt-get install {package}), or name the folder that has it in {FONTS_SETTING}."
    )
