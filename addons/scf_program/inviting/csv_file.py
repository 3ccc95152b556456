"""Files of companies to invite: reading one as spreadsheets of any country write it, and writing rows back.

Encoding and separator are found out, not asked for. A row keeps its cells as they came, so that it comes back as it
was.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import chardet

from .columns import COLUMNS, NAMES, REASON, REQUIRED

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
# What the Sniffer is asked about: it reads slowly, and a header with a few rows tells all.
SAMPLE_CHARACTERS = 8192
SAMPLE_BYTES = 64 * 1024
SEPARATORS = ",;\t|"
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# A spreadsheet takes a cell that begins so for a formula; an apostrophe before it says that it is text. Signs of full
# width are the same to it (OWASP, CSV Injection).
FORMULA_STARTS = ("=", "@", "+", "-", "\t", "\r", "\n", "＝", "＠", "＋", "－")


class FileUnreadable(Exception):
    """The file as a whole can't be read. `code` says why: empty, too_big, too_many_rows, no_text, no_header, broken,
    missing_columns, unknown_columns or repeated_columns; `detail` names what it is about.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: `number` as a spreadsheet counts it, the header being 1; `cells` as they came."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompanyFile:
    """`header` has the names of the columns, in the file's order; rows that are empty are left out."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str

    def values_of(self, row: Row) -> dict[str, str]:
        """A row's cells by column, without blanks around them; columns that the file does not have are empty."""
        cells = {name: _as_text(cell) for name, cell in zip(self.header, row.cells, strict=False)}
        return {name: cells.get(name, "") for name in NAMES}

    def has_right_width(self, row: Row) -> bool:
        """Whether the row has a cell for each column; empty ones at its end don't count."""
        surplus = row.cells[len(self.header) :]
        return len(row.cells) >= len(self.header) and not any(cell.strip() for cell in surplus)


def read_file(content: bytes) -> CompanyFile:
    """Read a file of companies. Raises FileUnreadable where it is none as a whole; rows are not looked at."""
    if not content.strip():
        raise FileUnreadable("empty")
    if len(content) > MAX_BYTES:
        raise FileUnreadable("too_big", str(MAX_BYTES // 2**20))
    text = _text(content)
    separator = _separator(text)
    lines = _lines(text, separator)
    header = next(lines, None)
    if header is None:
        raise FileUnreadable("empty")
    names = _header(header.cells)
    rows = []
    for row in lines:
        if len(rows) == MAX_ROWS:
            raise FileUnreadable("too_many_rows", str(MAX_ROWS))
        rows.append(row)
    if not rows:
        raise FileUnreadable("empty")
    return CompanyFile(header=names, rows=tuple(rows), separator=separator)


def write_file(header: Sequence[str], rows: Iterable[Sequence[str]], *, separator: str = ",") -> bytes:
    """A file that spreadsheets open by a double click (UTF-8 with a mark), and that can be read again.

    `separator` is the one of the file that the rows came from: by another one, the spreadsheet that wrote that file
    would cut cells in two, and what follows a cut is looked at as a formula again.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(header)
    writer.writerows([_as_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def template() -> bytes:
    """The file to fill in: the columns, and one row as an example."""
    return write_file(NAMES, [[column.example for column in COLUMNS]])


def _text(content: bytes) -> str:
    encoding = next((encoding for mark, encoding in MARKS if content.startswith(mark)), None)
    if not encoding:
        encoding = "utf-8" if _is_utf8(content) else chardet.detect(content[:SAMPLE_BYTES])["encoding"] or "cp1252"
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        # Every byte is a sign here, and a company sees at once if it is not the one that it wrote.
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise FileUnreadable("no_text")
    return text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str, separator: str):
    try:
        for cells in (reader := csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)):
            if any(cell.strip() for cell in cells):
                yield Row(number=reader.line_num, cells=tuple(cells))
    except csv.Error as error:
        raise FileUnreadable("broken", str(error)) from None


def _separator(text: str) -> str:
    """By the header, which has no text with commas in it; by the Sniffer where that does not tell."""
    first = text.split("\n", 1)[0]
    counts = {sign: first.count(sign) for sign in SEPARATORS}
    likely = max(counts, key=counts.__getitem__)
    if counts[likely] and list(counts.values()).count(counts[likely]) == 1:
        return likely
    try:
        return csv.Sniffer().sniff(text[:SAMPLE_CHARACTERS], SEPARATORS).delimiter
    except csv.Error:
        return ","


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = [cell.strip().strip("﻿").lower().replace("-", "").replace(" ", "_") for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not set(names) & set(NAMES):
        raise FileUnreadable("no_header", ", ".join(cell.strip()[:40] for cell in cells[:5]))
    if missing := [name for name in REQUIRED if name not in names]:
        raise FileUnreadable("missing_columns", ", ".join(missing))
    if unknown := [name for name in names if name not in (*NAMES, REASON)]:
        raise FileUnreadable("unknown_columns", ", ".join(name[:40] or "?" for name in unknown))
    if repeated := {name for name in names if names.count(name) > 1}:
        raise FileUnreadable("repeated_columns", ", ".join(sorted(repeated)))
    return tuple(names)


def _as_cell(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _as_text(cell: str) -> str:
    plain = cell.strip(" \u00a0")
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(FORMULA_STARTS) else plain
