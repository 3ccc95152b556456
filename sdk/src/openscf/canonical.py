"""Canonical JSON (RFC 8785) and its digest: the bytes that are hashed, signed and sent."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import rfc8785

from openscf._internal.pointer import child
from openscf.errors import InputInvalid

# RFC 8785 section 3.2.2.3: beyond this an integer does not survive an IEEE 754 reader.
MAX_INTEGER = 2**53 - 1

# Deeper than any message here; json and its readers elsewhere recurse.
MAX_DEPTH = 64


def canonical_bytes(obj: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value made of dict, list, tuple, str, int, bool and None.

    Numbers with a fraction do not exist here: amounts are decimal strings. Raises InputInvalid, which names the
    place by JSON pointer, for float, Decimal, other types, keys that are no strings, integers beyond 2**53 - 1 and
    lone surrogates.
    """
    sorted_alike = _check(obj, "", 0)
    try:
        if not sorted_alike:
            return rfc8785.dumps(obj)
        # The C encoder escapes exactly as RFC 8785 asks and sorts by code point, which is the order of UTF-16 units
        # as long as no key leaves the basic plane. A property test holds it to rfc8785.
        text = json.dumps(obj, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise InputInvalid("A text holds half of a surrogate pair and has no UTF-8 form; correct the text.") from error


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of the bytes as 64 lower-case hex characters."""
    return hashlib.sha256(data).hexdigest()


def _check(obj: Any, pointer: str, depth: int) -> bool:
    """Refuse what has no canonical form; tell whether code-point order and UTF-16 order of the keys agree."""
    if obj is None or isinstance(obj, (str, bool)):
        return True
    if isinstance(obj, int):
        if -MAX_INTEGER <= obj <= MAX_INTEGER:
            return True
        raise InputInvalid(f"{pointer or '/'}: the integer {obj} is beyond 2**53 - 1; send it as a string.")
    if depth > MAX_DEPTH:
        raise InputInvalid(f"{pointer}: nested deeper than {MAX_DEPTH} levels; flatten it.")
    if isinstance(obj, dict):
        return _check_members(obj, pointer, depth)
    if isinstance(obj, (list, tuple)):
        agree = True
        for index, item in enumerate(obj):
            if item.__class__ is not str:
                agree = _check(item, child(pointer, index), depth + 1) and agree
        return agree
    kind = "number" if isinstance(obj, (float, Decimal)) else "value"
    raise InputInvalid(
        f"{pointer or '/'}: a {kind} of type {type(obj).__name__} has no exact JSON form; send a decimal string."
    )


def _check_members(obj: dict[Any, Any], pointer: str, depth: int) -> bool:
    agree = True
    for key, item in obj.items():
        if not isinstance(key, str):
            raise InputInvalid(f"{pointer or '/'}: the key {key!r} is no string; JSON knows no other keys.")
        if not key.isascii() and max(key) > "\ud7ff":
            agree = False
        if item.__class__ is not str:
            agree = _check(item, child(pointer, key), depth + 1) and agree
    return agree
