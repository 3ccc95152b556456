"""JSON pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def child(pointer: str, key: str | int) -> str:
    """Return the pointer of a member or element below `pointer`."""
    return f"{pointer}/{key}" if isinstance(key, int) else f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def pointer_of(path: Iterable[str | int]) -> str:
    """Return the pointer of a path of member names and indexes."""
    pointer = ""
    for key in path:
        pointer = child(pointer, key)
    return pointer
