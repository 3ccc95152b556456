"""Canonical JSON (RFC 8785) and its digest: the bytes that are hashed, signed and sent."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import rfc8785

from openscf._internal.pointer import pointer_of
from openscf.errors import InputInvalid

# RFC 8785 section 3.2.2.3: beyond this an integer does not survive an IEEE 754 reader.
MAX_INTEGER = 2**53 - 1

# Deeper than any message here; json and its readers elsewhere recurse.
MAX_DEPTH = 64

# Made once: a package has thousands of leaves, each canonicalised by itself.
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical_bytes(obj: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value made of dict, list, tuple, str, int, bool and None.

    Numbers with a fraction do not exist here: amounts are decimal strings. Raises InputInvalid, which names the
    place by JSON pointer, for float, Decimal, other types, keys that are no strings, integers beyond 2**53 - 1 and
    lone surrogates.
    """
    try:
        sorted_alike = _check(obj, 0)
    except _RefusedError as refusal:
        raise InputInvalid(f"{pointer_of(reversed(refusal.path)) or '/'}: {refusal}") from None
    try:
        if not sorted_alike:
            return rfc8785.dumps(obj)
        # The C encoder escapes exactly as RFC 8785 asks and sorts by code point, which is the order of UTF-16 units
        # as long as no key leaves the basic plane. A property test holds it to rfc8785.
        return _ENCODER.encode(obj).encode()
    except (UnicodeEncodeError, rfc8785.CanonicalizationError) as error:
        raise InputInvalid("A text holds half of a surrogate pair and has no UTF-8 form; correct the text.") from error


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of the bytes as 64 lower-case hex characters."""
    return hashlib.sha256(data).hexdigest()


class _RefusedError(Exception):
    """A value without canonical form; `path` collects the steps to it on the way up, innermost first."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str | int] = []


def _check(obj: Any, depth: int) -> bool:
    """Refuse what has no canonical form; tell whether code-point order and UTF-16 order of the keys agree."""
    if isinstance(obj, (dict, list, tuple)):
        if depth > MAX_DEPTH:
            raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels; flatten it.")
        return _check_members(obj, depth) if isinstance(obj, dict) else _check_elements(obj, depth)
    if obj is None or isinstance(obj, (str, bool)):
        return True
    if isinstance(obj, int):
        if -MAX_INTEGER <= obj <= MAX_INTEGER:
            return True
        raise _RefusedError("the integer is beyond 2**53 - 1; send it as a string.")
    kind = "number" if isinstance(obj, (float, Decimal)) else "value"
    raise _RefusedError(f"a {kind} of type {type(obj).__name__} has no exact JSON form; send a decimal string.")


def _check_members(obj: dict[Any, Any], depth: int) -> bool:
    agree, key = True, None
    try:
        for key, item in obj.items():
            if not isinstance(key, str):
                break
            if not key.isascii() and max(key) > "\ud7ff":
                agree = False
            if item.__class__ is not str:
                agree = _check(item, depth + 1) and agree
        else:
            return agree
    except _RefusedError as refusal:
        refusal.path.append(str(key))
        raise
    raise _RefusedError(f"the key {key!r:.80} is no string; JSON knows no other keys.")


def _check_elements(obj: list[Any] | tuple[Any, ...], depth: int) -> bool:
    agree, index = True, 0
    try:
        for item in obj:
            if item.__class__ is not str:
                agree = _check(item, depth + 1) and agree
            index += 1
    except _RefusedError as refusal:
        refusal.path.append(index)
        raise
    return agree
