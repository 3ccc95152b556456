"""The bytes of a package file and of its leaves, each canonicalised once.

In RFC 8785 an object's bytes are its members' bytes in the order of their names, so that a file is put together from
its parts, and a leaf in the file from `hash` and `index`, which sort first, and from what is hashed (`path`, `salt`,
`value`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from openscf._internal.modelled_json import OPTIONS, modelled_bytes
from openscf._internal.package_form import MAX_PACKAGE_BYTES
from openscf.canonical import canonical_bytes
from openscf.errors import InputInvalid

_HASHED_MEMBERS = ("path", "salt", "value")
_LEAF_MEMBERS = {"hash", "index", *_HASHED_MEMBERS}
_FILE_MEMBERS = {"header", "hidden", "leaves", "seal"}


def leaf_entry(path: str, salt: str, value: bytes) -> bytes:
    """Return what is hashed of a leaf; path and salt have no character that JSON escapes."""
    return b'{"path":"%b","salt":"%b","value":%b}' % (path.encode(), salt.encode(), value)


def leaf_in_file(index: int, entry: bytes, stated: str) -> bytes:
    """Return a leaf as it stands in the file: in front the hash that it states, in hex, and its index."""
    return b'{"hash":"%b","index":%d,%b' % (stated.encode(), index, entry[1:])


def whole_file(*, header: bytes, hidden: bytes, leaves: Sequence[bytes], seal: bytes) -> bytes:
    """Return the file's bytes from the canonical bytes of its parts."""
    return b'{"header":%b,"hidden":%b,"leaves":[%b],"seal":%b}' % (header, hidden, b",".join(leaves), seal)


@dataclass(frozen=True, kw_only=True)
class CanonicalParts:
    """A package's JSON value, the canonical bytes of header and whole, and what is hashed of each leaf."""

    members: Mapping[str, Any]
    header: bytes
    entries: Sequence[bytes] | None
    whole: bytes


def parts_as_written(file: bytes) -> CanonicalParts | None:
    """Return the parts of a file whose bytes are canonical already; None for any other.

    Read without looking for doubled members and the like: had the reader lost or misread anything, its bytes would be
    others. That holds for what our models name only, so whoever calls must read the file once more, by
    `canonical_parts`, where its members turn out not to be of their form.
    """
    if len(file) > MAX_PACKAGE_BYTES:
        return None
    try:
        members = orjson.loads(file)
        if orjson.dumps(members, option=OPTIONS) != file:
            return None
        header, leaves = members["header"], members["leaves"]
        entries = [modelled_bytes({name: leaf[name] for name in _HASHED_MEMBERS}) for leaf in leaves]
        return CanonicalParts(members=members, header=modelled_bytes(header), entries=entries, whole=file)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, InputInvalid, KeyError, TypeError):
        return None


def canonical_parts(members: dict[str, Any]) -> CanonicalParts:
    """Return the canonical bytes of each part and of the whole; InputInvalid where there are none.

    `entries` is None where the members are not those of a package: the check of the form names the place.
    """
    header = canonical_bytes(members.get("header"))
    leaves = members.get("leaves")
    if not isinstance(leaves, list) or members.keys() != _FILE_MEMBERS or not all(map(_is_leaf, leaves)):
        return CanonicalParts(members=members, header=header, entries=None, whole=canonical_bytes(members))
    entries = [canonical_bytes({name: leaf[name] for name in _HASHED_MEMBERS}) for leaf in leaves]
    whole = whole_file(
        header=header,
        hidden=canonical_bytes(members["hidden"]),
        leaves=[leaf_in_file(leaf["index"], entry, leaf["hash"]) for leaf, entry in zip(leaves, entries, strict=True)],
        seal=canonical_bytes(members["seal"]),
    )
    return CanonicalParts(members=members, header=header, entries=entries, whole=whole)


def _is_leaf(leaf: Any) -> bool:
    """Tell whether it has the members of a leaf, and a hash and an index that can be joined to the others."""
    if not isinstance(leaf, dict) or leaf.keys() != _LEAF_MEMBERS or type(leaf["index"]) is not int:
        return False
    return isinstance(leaf["hash"], str) and leaf["hash"].isascii() and leaf["hash"].isalnum()
