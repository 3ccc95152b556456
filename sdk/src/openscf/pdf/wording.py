"""Values in words: amounts, dates, shares, and texts made safe for ReportLab's markup."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from babel.dates import format_date, format_datetime, get_month_names
from babel.numbers import format_currency, format_decimal

from openscf.money import decimals
from openscf.pdf.fonts import REGULAR, runs

LOCALE: Final = "en_GB"
NOTHING: Final = "–"
LONGEST_TEXT: Final = 300
"""Characters that a cell shows of a text: more, in a narrow column, would not fit a page."""
LONGEST_NAME: Final = 100
MINUS: Final = "\N{MINUS SIGN}"

_BLANKS = re.compile(r"[ \u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def plain(text: str) -> str:
    """Return a text on one line, composed (NFC), without control characters and half surrogates."""
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", _CONTROL.sub(" ", text))).strip()


def clipped(text: str, at_most: int) -> str:
    """Return a text on one line, cut with an ellipsis where it is longer; the package has all of it."""
    whole = plain(text)
    return whole if len(whole) <= at_most else f"{whole[: at_most - 1]}…"


def markup(text: str, font: str = REGULAR, *, at_most: int = LONGEST_TEXT) -> str:
    """Return ReportLab markup for a text of others: escaped, each run in a font that has its characters."""
    return "".join(
        escape(characters) if chosen == font else f'<font name="{chosen}">{escape(characters)}</font>'
        for chosen, characters in runs(clipped(text, at_most), font)
    )


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency code, with the decimals that ISO 4217 gives it: `EUR 1,234.50`."""
    pattern = f"¤¤ {_number_pattern(currency)};¤¤ {MINUS}{_number_pattern(currency)}"
    return format_currency(amount, currency, pattern, locale=LOCALE, currency_digits=False)


def amount(value: Decimal, currency: str) -> str:
    """Return an amount without its currency, for columns and pictures that name it once."""
    return format_decimal(value, _number_pattern(currency), locale=LOCALE, decimal_quantization=False).replace(
        "-", MINUS
    )


def number(value: Decimal) -> str:
    """Return a quantity, with the decimals that it has."""
    return format_decimal(value, locale=LOCALE, decimal_quantization=False).replace("-", MINUS)


def brief(value: float) -> str:
    """Return a number for the axis of a chart, exact enough to place a bar: `250k`, `1.2M`."""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}".replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)


def day(date: dt.date | None) -> str:
    """Return a day as `3 Oct 2026`."""
    return format_date(date, "d MMM y", locale=LOCALE) if date else NOTHING


def month(text: str) -> str:
    """Return a month, `2026-10`, as `Oct 26`."""
    return f"{get_month_names('abbreviated', locale=LOCALE)[int(text[5:7])]} {text[2:4]}"


def moment(time: dt.datetime) -> str:
    """Return a time as `3 Oct 2026, 14:05 UTC`."""
    return f"{format_datetime(time.astimezone(dt.timezone.utc), 'd MMM y, HH:mm', locale=LOCALE)} UTC"


def share(part: Decimal, whole: Decimal) -> str:
    """Return what part of a whole it is, in percent."""
    return f"{number((part * 100 / whole).quantize(Decimal(1)))} %" if whole else NOTHING


def words(code: str) -> str:
    """Return a code of the package in words: `invoice_discounting` as `Invoice discounting`."""
    text = plain(code).replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def listed(names: list[str], *, at_most: int) -> str:
    """Return names as a list in a sentence, the ones that are too many as a number."""
    kept = [clipped(name, LONGEST_NAME) for name in names[:at_most]]
    left = len(names) - len(kept)
    if left:
        return f"{', '.join(kept)} and {left} more"
    return " and ".join(filter(None, [", ".join(kept[:-1]), kept[-1]])) if kept else NOTHING


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{format_decimal(count, locale=LOCALE)} {one if count == 1 else many}"


def _number_pattern(currency: str) -> str:
    digits = decimals(currency)
    return f"#,##0.{'0' * digits}" if digits else "#,##0"
