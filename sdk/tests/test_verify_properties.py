"""What always holds: honest packages of any shape pass, and no change of a sealed file goes unseen."""

from __future__ import annotations

import json
from typing import Any

from asset_stories import goods_sections, purchase_sections
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapes import shapes
from stories import honest_sections, sealed, sealed_for

from openscf.canonical import canonical_bytes
from openscf.keys import KeySet, SigningKey
from openscf.package import Sections
from openscf.verify import verify_package

KEYS = {"EdDSA": SigningKey.generate(), "ES256": SigningKey.generate("ES256")}
REGISTERED = KeySet.of(*KEYS.values())
FILES = {
    **{alg: sealed(honest_sections(), key) for alg, key in KEYS.items()},
    "purchase": sealed(purchase_sections(), KEYS["EdDSA"]),
    "goods": sealed(goods_sections(), KEYS["ES256"]),
}


@settings(max_examples=examples(250), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.sampled_from(sorted(KEYS)), st.data())
def test_honest_packages_of_any_shape_pass_for_every_bank(alg: str, draw: st.DataObject) -> None:
    shape = draw.draw(shapes(KEYS[alg]))
    package = sealed_for(shape.views, KEYS[alg])
    for bank in package.recipients:
        file = package.file_for(bank)
        report = verify_package(file, keys=REGISTERED)
        assert report.ok, report.findings
        assert {finding.code for finding in report.findings} <= {"not-checked"}
        assert canonical_bytes(json.loads(file)) == file
        assert report.package is not None
        assert report.package.sections == Sections.model_validate(shape.views[bank])
        assert report.package.header.tree.root == package.root
        assert [word for word in shape.secrets[bank] if word.encode() in file] == []


@settings(max_examples=examples(400))
@given(st.sampled_from(sorted(FILES)), st.data())
def test_one_changed_byte_anywhere_is_found(alg: str, draw: st.DataObject) -> None:
    file = bytearray(FILES[alg])
    at = draw.draw(st.integers(0, len(file) - 1))
    file[at] ^= draw.draw(st.integers(1, 255))
    assert not verify_package(bytes(file), keys=REGISTERED).ok


@given(st.sampled_from(sorted(FILES)), st.data())
def test_bytes_taken_out_put_in_or_swapped_are_found(alg: str, draw: st.DataObject) -> None:
    file = FILES[alg]
    at, to = sorted(draw.draw(st.tuples(st.integers(0, len(file)), st.integers(0, len(file)))))
    inserted = draw.draw(st.binary(max_size=3))
    changed = file[:at] + inserted + file[to:]
    if changed != file:
        assert not verify_package(changed, keys=REGISTERED).ok


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value that has no parts."""
    if isinstance(value, dict):
        return [found for name, part in value.items() for found in leaves(part, (*path, name))]
    if isinstance(value, list):
        return [found for at, part in enumerate(value) for found in leaves(part, (*path, at))]
    return [path]


LEAVES = [(name, path) for name in ("EdDSA", "purchase", "goods") for path in leaves(json.loads(FILES[name]))]


@given(
    st.sampled_from(LEAVES),
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.just("0.00") | st.just({}) | st.just([]),
)
def test_one_changed_value_is_found_though_the_bytes_are_canonical_again(
    leaf: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    name, path = leaf
    place = package = json.loads(FILES[name])
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == value and type(place[path[-1]]) is type(value):
        return
    place[path[-1]] = value
    assert not verify_package(canonical_bytes(package), keys=REGISTERED).ok


@given(st.sampled_from(LEAVES))
def test_one_member_taken_out_is_found(leaf: tuple[str, tuple[Any, ...]]) -> None:
    name, path = leaf
    place = package = json.loads(FILES[name])
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    assert not verify_package(canonical_bytes(package), keys=REGISTERED).ok


@given(st.binary(max_size=200))
def test_any_bytes_at_all_give_a_report(file: bytes) -> None:
    assert not verify_package(file).ok


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([leaf for leaf in LEAVES if leaf[1] != ("seal",)]), JSON, st.booleans())
def test_any_json_anywhere_gives_a_report_never_an_exception(
    leaf: tuple[str, tuple[Any, ...]], value: Any, early: bool
) -> None:
    name, path = leaf
    package = json.loads(FILES[name])
    steps = path[: max(1, len(path) // 2)] if early else path
    place = package
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    verify_package(json.dumps(package).encode())
