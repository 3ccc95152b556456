"""How figures of the ERP are written in a package."""

from decimal import Decimal


def plain(number: Decimal) -> str:
    """A quantity, unit price or percentage as decimal text, without exponent and without trailing zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def day(value) -> str | None:
    """A date as `2026-11-22`, None where there is none."""
    return value.isoformat() if value else None


def instant(value) -> str:
    """A naive UTC time as `2026-11-22T05:55:49Z`."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def without_none(row: dict) -> dict:
    """The row without members that have no value: a package leaves out what is not known."""
    return {key: value for key, value in row.items() if value is not None}
