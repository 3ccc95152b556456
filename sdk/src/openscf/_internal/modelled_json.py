"""Canonical bytes of what a closed model has let pass, at many times the speed of a value from anywhere.

RFC 8785 sorts members by their UTF-16 units, orjson by their code points: the same for the names of our models, which
are ASCII. Texts and whole numbers up to 2**53 - 1 are written alike, and nothing else is in a model's JSON. A property
test holds these bytes to the package rfc8785.
"""

from __future__ import annotations

from typing import Any

import orjson

from openscf.canonical import canonical_bytes

# Strict integers: those that an IEEE 754 reader would round are refused.
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def modelled_bytes(value: Any) -> bytes:
    """Return the RFC 8785 bytes of JSON whose members are all named by our models.

    Raises InputInvalid, with the place, where a text holds half a surrogate pair or an integer is too large.
    """
    try:
        return orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError:
        return canonical_bytes(value)
