"""The columns of a file of companies to invite: their names, and how much each takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`max_length` in characters; `example` stands in the template."""

    name: str
    max_length: int
    example: str
    required: bool = False


COLUMNS = (
    Column("name", 128, "Steelworks NV", required=True),
    Column("email", 254, "finance@steelworks.example", required=True),
    Column("vat", 32, "BE0477472701"),
    Column("country", 64, "BE"),
    Column("language", 8, "fr"),
    Column("contact", 128, "Ada Peeters"),
    Column("phone", 32, "+32 2 555 12 34"),
    Column("street", 128, "Rue du Port 1"),
    Column("zip", 16, "1000"),
    Column("city", 64, "Brussels"),
    Column("iban", 42, "BE68 5390 0754 7034"),
)
NAMES = tuple(column.name for column in COLUMNS)
REQUIRED = tuple(column.name for column in COLUMNS if column.required)
# The column in which a row comes back with what is wrong with it; it is passed over when the file is read again.
REASON = "reason"
