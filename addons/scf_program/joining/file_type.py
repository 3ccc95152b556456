"""What a file that a stranger uploads is, by its content: its name and the browser's word say nothing."""

from __future__ import annotations

import io
import unicodedata
import warnings

from PIL import Image, UnidentifiedImageError

MAX_NAME_LENGTH = 80
IMAGES = {"PNG": "image/png", "JPEG": "image/jpeg"}
EXTENSIONS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


def media_type_of(content: bytes) -> str | None:
    """`application/pdf`, `image/png` or `image/jpeg`; None for everything else, also for what only begins like one."""
    if content.startswith(b"%PDF-"):
        return "application/pdf" if b"%%EOF" in content[-1024:] else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(IMAGES)) as image:
                image.verify()
                return IMAGES.get(image.format or "")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning):
        return None


def safe_name(name: str, media_type: str) -> str:
    """The name that a file is kept and offered under: no path, no signs that mislead, the extension of what it is."""
    plain = unicodedata.normalize("NFKC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(sign if sign.isalnum() or sign in " -_()." else "_" for sign in plain)
    stem = kept.rsplit(".", 1)[0].replace(".", "_").strip(" _")[:MAX_NAME_LENGTH]
    return f"{stem or 'document'}{EXTENSIONS[media_type]}"
