"""Reading a file quickly, by its canonical bytes, finds what reading it strictly finds."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import drawn
import pytest
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories import full_sections, sealed

from openscf import verify
from openscf._internal.package_bytes import parts_as_written
from openscf.canonical import canonical_bytes
from openscf.keys import KeySet, SigningKey
from openscf.package import MAX_PACKAGE_BYTES
from openscf.verify import Report, verify_package

KEY = SigningKey.generate()
KEYS = KeySet.of(KEY)
FILE = sealed(full_sections(), KEY)
MARK = "a-mark-that-is-nowhere-else"


def read_strictly(file: bytes) -> Report:
    with mock.patch.object(verify, "parts_as_written", return_value=None):
        return verify_package(file, keys=KEYS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value, the whole ones before their parts."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from places(part, (*path, step))


PLACES = [path for path in places(json.loads(FILE)) if path]


def with_literal(path: tuple[Any, ...], literal: bytes) -> bytes:
    """The file with other JSON text at a place, the rest canonical as it was."""
    package = json.loads(FILE)
    place = package
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = MARK
    return canonical_bytes(package).replace(f'"{MARK}"'.encode(), literal)


def test_an_honest_file_is_read_once() -> None:
    for file in (FILE, drawn.sealed()):
        assert parts_as_written(file) is not None
        with mock.patch.object(verify, "canonical_parts", side_effect=AssertionError):
            assert verify_package(file).ok
    assert read_strictly(FILE) == verify_package(FILE, keys=KEYS)


@pytest.mark.parametrize("literal", [b"1.5", b"1.0", b"9007199254740993"])
def test_a_number_that_readers_take_differently_is_refused_wherever_it_stands(literal: bytes) -> None:
    for path in PLACES:
        report = verify_package(with_literal(path, literal), keys=KEYS)
        # A place in the tree has limits of its own, which are named before those of all numbers.
        expected = "schema" if path[-1] == "index" and b"." not in literal else "form"
        assert [finding.code for finding in report.findings] == [expected], path


def test_a_member_stated_twice_is_refused_wherever_it_stands() -> None:
    starts = [at for at in range(len(FILE)) if FILE[at : at + 2] == b'{"']
    assert len(starts) > 50
    for at in starts:
        name_end = FILE.index(b'"', at + 2) + 1
        doubled = FILE[: at + 1] + FILE[at + 1 : name_end] + b":0," + FILE[at + 1 :]
        report = verify_package(doubled, keys=KEYS)
        assert [(finding.code, "twice" in finding.message) for finding in report.findings] == [("form", True)]


def test_names_beyond_the_basic_plane_are_ordered_by_utf16_units() -> None:
    """By code points U+FB33 comes first, by UTF-16 units U+1F600: only the latter is canonical."""
    canonical = FILE.replace(b'"leaves":[', '"leaves":[{"\U0001f600":1,"\ufb33":2},'.encode())
    other = FILE.replace(b'"leaves":[', '"leaves":[{"\ufb33":2,"\U0001f600":1},'.encode())
    assert canonical_bytes(json.loads(canonical)) == canonical
    assert "not-canonical" not in {finding.code for finding in verify_package(canonical, keys=KEYS).findings}
    assert "not-canonical" in {finding.code for finding in verify_package(other, keys=KEYS).findings}


def test_a_file_beyond_the_limit_is_not_read() -> None:
    assert parts_as_written(b'"' + b"x" * MAX_PACKAGE_BYTES + b'"') is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), JSON | st.sampled_from(["0.00", "2026-01-01", "party", "EUR"]), st.booleans())
def test_any_value_anywhere_gives_the_report_of_a_strict_reading(path: tuple[Any, ...], value: Any, tidy: bool) -> None:
    separators = (",", ":") if tidy else None
    text = json.dumps(value, sort_keys=tidy, ensure_ascii=not tidy, separators=separators)
    file = with_literal(path, text.encode("utf-8", "surrogatepass"))
    assert verify_package(file, keys=KEYS) == read_strictly(file)


@settings(max_examples=examples(300))
@given(st.data())
def test_any_changed_byte_gives_the_report_of_a_strict_reading(draw: st.DataObject) -> None:
    file = bytearray(FILE)
    at = draw.draw(st.integers(0, len(file) - 1))
    file[at] = draw.draw(st.integers(0, 255))
    assert verify_package(bytes(file), keys=KEYS) == read_strictly(bytes(file))


@pytest.mark.parametrize("file", [FILE, b"{", b"%PDF-"])
def test_the_garbage_collector_runs_again_afterwards_if_it_ran_before(file: bytes) -> None:
    verify_package(file)
    assert gc.isenabled()
    gc.disable()
    try:
        verify_package(file)
        assert not gc.isenabled()
    finally:
        gc.enable()
