"""Reading JSON that two readers cannot read differently: no duplicate members, no huge integers, no NaN."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from openscf.errors import InputInvalid

TOO_DEEP = "The JSON is nested too deeply to be read."
MAX_DEPTH = 500
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def loads(data: bytes, *, fractions: bool = False) -> Any:
    """Parse UTF-8 JSON; InputInvalid for anything that RFC 8259 readers may take in more than one way.

    Numbers with a fraction are refused unless `fractions`: a newer peer may send some in members that are not known
    here and passed over.
    """
    _refuse_depth(data)
    try:
        return (_TOLERANT if fractions else _EXACT).decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputInvalid(f"The bytes are no UTF-8 text (at byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise InputInvalid(f"The text is no JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise InputInvalid(TOO_DEEP) from error


def _refuse_depth(data: bytes) -> None:
    """Refuse what is nested deeper than `MAX_DEPTH` before Python's own decoder runs out of its stack.

    There, whatever the collector happens to free would fail as well. What orjson reads is not nested that deep.
    """
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        depth = 0
        for token in _TOKENS.finditer(data):
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token.group(), 0)
            if depth > MAX_DEPTH:
                raise InputInvalid(TOO_DEEP) from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InputInvalid(f"The member {twice!r} occurs twice in one object.")
    return members


def _refuse_number(literal: str) -> Any:
    raise InputInvalid(f"The number {literal[:40]} is not a whole number; amounts are decimal strings.")


def _integer(literal: str) -> int:
    # 17 characters hold every integer that RFC 8785 allows; longer ones could cost quadratic time to read.
    if len(literal) > 17:
        raise InputInvalid(f"The integer {literal[:17]}… is beyond 2**53 - 1; send it as a string.")
    return int(literal)


_EXACT = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_refuse_number, parse_constant=_refuse_number, parse_int=_integer
)
_TOLERANT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_number, parse_int=_integer)
