"""The tree against published vectors, and proofs that fit what they prove and nothing else.

The eight entries and the roots are those of the reference implementation of Certificate Transparency
(google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc), whose trees RFC 6962 section 2.1 and RFC 9162
section 2.1 define alike. The audit paths (kSHA256Paths) are its, too.
"""

from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openscf.errors import InputInvalid
from openscf.merkle import hidden, leaf_hash, node_hash, root, root_from

ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (index from 1, size, audit path)
AUDIT_PATHS: list[tuple[int, int, list[str]]] = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        2,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(entry) for entry in ENTRIES[:size]]


def test_the_roots_of_the_reference_tree() -> None:
    assert root([]).hex() == EMPTY_ROOT
    assert [root(leaves(size)).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "path"), AUDIT_PATHS)
def test_for_one_leaf_the_hidden_hashes_are_its_audit_path(index: int, size: int, path: list[str]) -> None:
    hashes = leaves(size)
    proof = hidden(hashes, [index - 1])
    assert sorted(one.hex() for one in proof) == sorted(path)
    assert root_from(size, {index - 1: hashes[index - 1]}, proof).hex() == ROOTS[size - 1]


def test_the_example_of_rfc_9162_section_2_1_5() -> None:
    """Seven leaves d0 to d6; the audit paths of d0, d3, d4 and d6 in the RFC's letters, from left to right here."""
    a, b, c, d, e, f, j = (leaf_hash(bytes([number])) for number in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741 - the RFC's letter
    hashes = [a, b, c, d, e, f, j]
    assert root(hashes) == node_hash(k, l)
    assert hidden(hashes, [0]) == [b, h, l]
    assert hidden(hashes, [3]) == [g, c, l]
    assert hidden(hashes, [4]) == [k, f, j]
    assert hidden(hashes, [6]) == [k, i]


def test_leaves_and_nodes_are_told_apart() -> None:
    """Without the prefixes of RFC 9162 a node could be passed off as a leaf."""
    left, right = leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()


HASHES = st.integers(1, 70).map(lambda size: [leaf_hash(bytes([number])) for number in range(size)])


@st.composite
def disclosures(draw: st.DrawFn) -> tuple[list[bytes], list[int]]:
    hashes = draw(HASHES)
    return hashes, sorted(draw(st.sets(st.integers(0, len(hashes) - 1))))


def recursive_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 9162 section 2.1.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    left = max(2**power for power in range(10) if 2**power < len(hashes))
    return node_hash(recursive_root(hashes[:left]), recursive_root(hashes[left:]))


@given(HASHES)
def test_pairing_by_levels_is_the_rfcs_recursion(hashes: list[bytes]) -> None:
    assert root(hashes) == recursive_root(hashes)


@given(disclosures())
def test_any_disclosure_gives_the_root(disclosure: tuple[list[bytes], list[int]]) -> None:
    hashes, indices = disclosure
    proof = hidden(hashes, indices)
    assert root_from(len(hashes), {at: hashes[at] for at in indices}, proof) == root(hashes)
    assert bool(proof) == (len(indices) < len(hashes))


@given(disclosures(), st.data())
def test_another_hash_or_place_gives_another_root_or_is_refused(
    disclosure: tuple[list[bytes], list[int]], draw: st.DataObject
) -> None:
    hashes, indices = disclosure
    known, proof = {at: hashes[at] for at in indices}, hidden(hashes, indices)
    at = draw.draw(st.integers(0, len(known) + len(proof) - 1))
    other = leaf_hash(b"something else")
    if at < len(known):
        known[indices[at]] = other
    else:
        proof[at - len(known)] = other
    assert root_from(len(hashes), known, proof) != root(hashes)


@given(disclosures())
def test_too_many_and_too_few_hidden_hashes_are_refused(disclosure: tuple[list[bytes], list[int]]) -> None:
    hashes, indices = disclosure
    known, proof = {at: hashes[at] for at in indices}, hidden(hashes, indices)
    with pytest.raises(InputInvalid, match="hidden"):
        root_from(len(hashes), known, [*proof, hashes[0]])
    if proof:
        with pytest.raises(InputInvalid, match="hidden"):
            root_from(len(hashes), known, proof[:-1])


def test_what_is_no_tree_is_refused() -> None:
    (only,) = leaves(1)
    with pytest.raises(InputInvalid):
        root_from(0, {}, [])
    for index in (-1, 1):
        with pytest.raises(InputInvalid):
            root_from(1, {index: only}, [])
        with pytest.raises(InputInvalid):
            hidden([only], [index])


def test_a_huge_tree_costs_nothing() -> None:
    """A hostile header may claim any size."""
    with pytest.raises(InputInvalid, match="more are needed"):
        root_from(2**32, {0: leaf_hash(b"")}, [])
    scattered = {at << 14: b"" for at in range(2**18)}
    begun = time.process_time()
    with pytest.raises(InputInvalid, match="more are needed"):
        root_from(2**32, scattered, [b""] * 9)
    assert time.process_time() - begun < 1
