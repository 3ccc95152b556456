"""Merkle trees of RFC 9162 section 2.1 over SHA-256, and proofs for any set of disclosed leaves at once.

`hidden` gives the hashes of the largest subtrees without any disclosed leaf, from left to right; `root_from` puts them
together with the disclosed leaves. For one disclosed leaf they are the hashes of its audit path (section 2.1.3).
Written here on hashlib: the library for it, pymerkle, is under the GPL.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from openscf.errors import InputInvalid

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes; for no leaves the hash of the empty text."""
    if not leaf_hashes:
        return hashlib.sha256().digest()
    level = list(leaf_hashes)
    # Pairing from the left and passing an odd last node up gives the RFC's tree, whose left part is a full one.
    while len(level) > 1:
        pairs = iter(level)
        above = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def hidden(leaf_hashes: Sequence[bytes], disclosed: Collection[int]) -> list[bytes]:
    """Return the hashes that stand for all leaves but the disclosed ones; InputInvalid for an index of no leaf."""
    indices = _ascending(disclosed, len(leaf_hashes))
    return [
        root(leaf_hashes[start : start + size])
        for start, size, known in _subtrees(indices, 0, len(leaf_hashes))
        if not known
    ]


def root_from(size: int, disclosed: Mapping[int, bytes], hidden: Sequence[bytes]) -> bytes:
    """Return the root of a tree of `size` leaves from the disclosed leaves' hashes and the hidden ones.

    Raises InputInvalid where they do not fit: too few or too many hidden hashes, an index beyond the tree, an empty
    tree. Whether it is the right root is for the caller to compare.
    """
    if size < 1:
        raise InputInvalid("A tree without leaves proves nothing.")
    indices = _ascending(disclosed, size)
    gaps = (start for start, _, known in _subtrees(indices, 0, size) if not known)
    # Not counted beyond what is given: a hostile size would make millions of them.
    expected = sum(1 for _ in islice(gaps, len(hidden) + 1))
    if expected != len(hidden):
        needed = f"{expected} are needed" if expected < len(hidden) else "more are needed"
        raise InputInvalid(f"{len(hidden)} hashes stand for what is hidden; {needed}.")
    hashes = [disclosed[index] for index in indices]
    return _fold(indices, hashes, iter(hidden), 0, size)


def _ascending(disclosed: Collection[int], size: int) -> list[int]:
    indices = sorted(disclosed)
    if indices and not 0 <= indices[0] <= indices[-1] < size:
        raise InputInvalid(f"The tree has the leaves 0 to {size - 1}; {indices[0]} to {indices[-1]} are disclosed.")
    return indices


def _left_size(size: int) -> int:
    """Return the largest power of two below `size`: how many leaves are in the left subtree."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtrees(indices: Sequence[int], start: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, size, disclosed) of the largest subtrees that are wholly disclosed or wholly hidden."""
    known = bisect_left(indices, start + size) - bisect_left(indices, start)
    if known in (0, size):
        if size:
            yield start, size, bool(known)
        return
    left = _left_size(size)
    yield from _subtrees(indices, start, left)
    yield from _subtrees(indices, start + left, size - left)


def _fold(indices: Sequence[int], hashes: Sequence[bytes], hidden: Iterator[bytes], start: int, size: int) -> bytes:
    first, last = bisect_left(indices, start), bisect_left(indices, start + size)
    if first == last:
        return next(hidden)
    if last - first == size:
        return root(hashes[first:last])
    left = _left_size(size)
    return node_hash(
        _fold(indices, hashes, hidden, start, left), _fold(indices, hashes, hidden, start + left, size - left)
    )
