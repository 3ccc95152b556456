"""Every place of a package for two banks, changed once: each change is found, and its place is named.

The bytes are canonical again after each change, so that only the change itself can give it away.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from stories import BANK, full_sections, leaf_at, sealed_for, with_consent

from openscf.canonical import canonical_bytes
from openscf.keys import KeySet, SigningKey
from openscf.merkle import hidden, leaf_hash
from openscf.verify import verify_package

KEY = SigningKey.generate()
KEYS = KeySet.of(KEY)
OTHER_BANK = "https://second-bank.example"
ROOT = ("tree-mismatch", "/header/tree/root")
SEAL = ("seal-invalid", "/seal")
# Optional objects are looked for by name; the schema misses all others.
MISSING = {"leaf-missing", "section-missing", "schema"}


def two_banks() -> dict[str, dict[str, Any]]:
    shared = full_sections()
    less = {name: part for name, part in shared.items() if name not in ("exposure", "cash_flow", "checks")}
    more = {name: part for name, part in shared.items() if name not in ("inventory", "forecast")}
    more["tax_flow"] = {**more["tax_flow"], "period": {"from": "2026-10-01", "to": "2026-11-22"}}
    return {BANK: with_consent(more, KEY), OTHER_BANK: with_consent(less, KEY, bank=OTHER_BANK)}


PACKAGE = sealed_for(two_banks(), KEY)
FILES = {bank: json.loads(PACKAGE.file_for(bank)) for bank in PACKAGE.recipients}
FILE, OTHER = FILES[BANK], FILES[OTHER_BANK]


def found(file: dict[str, Any]) -> set[tuple[str, str]]:
    report = verify_package(canonical_bytes(file), keys=KEYS)
    assert not report.ok
    return {(finding.code, finding.pointer) for finding in report.findings if finding.level == "error"}


def scalars(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value that has no parts."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield path
    else:
        for step, part in parts:
            yield from scalars(part, (*path, step))


def other(value: Any) -> list[Any]:
    """Values like this one, but others."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, 0 if value else 2]
    if value is None:
        return ["2026-01-01"]
    if value[-1:].isdigit():
        return [value[:-1] + str((int(value[-1]) + 1) % 10), "1" + value]
    return [value + "x", value[:-1]]


def changed(file: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(file)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


def test_the_two_files_are_honest_to_begin_with() -> None:
    for file in FILES.values():
        assert verify_package(canonical_bytes(file), keys=KEYS).ok
        assert file["hidden"]


def test_every_changed_value_of_a_leaf_is_found() -> None:
    """The root tells that a leaf was changed, not which one; where the new value has no form, its place is named."""
    mutations = 0
    for bank, file in FILES.items():
        for at, leaf in enumerate(file["leaves"]):
            for path in scalars(leaf["value"]):
                value = leaf["value"]
                for step in path:
                    value = value[step]
                for new in other(value):
                    assert ROOT in found(changed(file, ("leaves", at, "value", *path), new)), (bank, leaf["path"], path)
                    mutations += 1
    assert mutations > 1000


def test_every_changed_salt_path_and_index_is_found() -> None:
    for file in FILES.values():
        for at, leaf in enumerate(file["leaves"]):
            salt, path, index = leaf["salt"], leaf["path"], leaf["index"]
            swapped = ("B" if salt[0] == "A" else "A") + salt[1:]
            assert ROOT in found(changed(file, ("leaves", at, "salt"), swapped))
            for bad in (salt[:-1], salt + "A", salt[:-1] + "B", "+" + salt[1:]):
                assert ("schema", f"/leaves/{at}/salt") in found(changed(file, ("leaves", at, "salt"), bad))
            elsewhere = path[:-1] + str((int(path[-1]) + 1) % 10) if path[-1].isdigit() else path + "_2"
            assert ROOT in found(changed(file, ("leaves", at, "path"), elsewhere))
            for bad in ("/" + path, path + "/", path.upper(), path + "/0/0/0", ""):
                assert ("schema", f"/leaves/{at}/path") in found(changed(file, ("leaves", at, "path"), bad))
            places = {("leaf-misplaced", f"/leaves/{at + step}/index") for step in (0, 1)}
            for step in (-1, 1):
                results = found(changed(file, ("leaves", at, "index"), index + step))
                assert results & {*places, ROOT, ("tree-mismatch", "/hidden"), ("schema", f"/leaves/{at}/index")}


def test_every_changed_dropped_or_doubled_hidden_hash_is_found() -> None:
    for file in FILES.values():
        for at, digest in enumerate(file["hidden"]):
            swapped = ("0" if digest[0] != "0" else "1") + digest[1:]
            assert found(changed(file, ("hidden", at), swapped)) == {ROOT}
            assert found(changed(file, ("hidden", at), digest.upper() + "g")) == {("schema", f"/hidden/{at}")}
            without = [*file["hidden"][:at], *file["hidden"][at + 1 :]]
            assert found({**file, "hidden": without}) == {("tree-mismatch", "/hidden")}
            assert found({**file, "hidden": [*without, digest, digest]}) == {("tree-mismatch", "/hidden")}
        if len(file["hidden"]) > 1:
            assert found({**file, "hidden": file["hidden"][::-1]}) == {ROOT}


def test_every_changed_member_of_the_header_breaks_the_seal() -> None:
    for path in scalars(FILE["header"]):
        value = FILE["header"]
        for step in path:
            value = value[step]
        for new in other(value):
            assert SEAL in found(changed(FILE, ("header", *path), new)), path
    assert SEAL in found({**FILE, "header": {**FILE["header"], "note": "x"}})


def test_every_changed_character_of_the_seal_breaks_it() -> None:
    seal = FILE["seal"]
    for at, character in enumerate(seal):
        swapped = seal[:at] + ("A" if character != "A" else "B") + seal[at + 1 :]
        assert found({**FILE, "seal": swapped}) & {SEAL, ("seal-mismatch", "/seal")}, at


def test_every_dropped_leaf_is_found() -> None:
    for file in FILES.values():
        for at in range(len(file["leaves"])):
            without = {**file, "leaves": [*file["leaves"][:at], *file["leaves"][at + 1 :]]}
            assert found(without) & {ROOT, ("tree-mismatch", "/hidden")}


def entry(leaf: dict[str, Any]) -> bytes:
    return canonical_bytes({name: leaf[name] for name in ("path", "salt", "value")})


def disclosing(indices: set[int]) -> dict[str, Any]:
    """A file of the same tree that discloses these leaves: what somebody can make who has both files."""
    every = {leaf["index"]: leaf for file in FILES.values() for leaf in file["leaves"]}
    assert sorted(every) == list(range(FILE["header"]["tree"]["size"]))
    proof = hidden([leaf_hash(entry(every[index])) for index in sorted(every)], indices)
    leaves = [every[index] for index in sorted(indices)]
    return {**FILE, "leaves": leaves, "hidden": [one.hex() for one in proof]}


def test_every_leaf_hidden_with_a_proof_that_fits_is_missed_where_it_was() -> None:
    for file in FILES.values():
        indices = {leaf["index"] for leaf in file["leaves"]}
        for leaf in file["leaves"]:
            results = found(disclosing(indices - {leaf["index"]}))
            section, _, rest = leaf["path"].partition("/")
            place = f"/sections/{section}" + (f"/{rest.partition('/')[0]}" if rest else "")
            assert {pointer for code, pointer in results if code in MISSING} & {place}, leaf["path"]
            assert not results & {ROOT, SEAL, ("tree-mismatch", "/hidden")}


@pytest.mark.parametrize(("mine", "theirs"), [(FILE, OTHER), (OTHER, FILE)])
def test_every_leaf_of_another_bank_added_with_a_proof_that_fits_is_found(
    mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    indices = {leaf["index"] for leaf in mine["leaves"]}
    for leaf in theirs["leaves"]:
        if leaf["index"] in indices:
            continue
        file = disclosing(indices | {leaf["index"]})
        places = {f"/leaves/{at}/path" for at, one in enumerate(file["leaves"]) if one["path"] == leaf["path"]}
        section = leaf["path"].partition("/")[0]
        assert {pointer for _, pointer in found(file)} & {*places, f"/sections/{section}"}, leaf["path"]


@pytest.mark.parametrize(("mine", "theirs"), [(FILE, OTHER), (OTHER, FILE)])
def test_a_file_under_the_consent_of_another_bank_is_found(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    def of(file: dict[str, Any], *, consent: bool) -> set[int]:
        return {leaf["index"] for leaf in file["leaves"] if leaf["path"].startswith("consent") is consent}

    results = found(disclosing(of(mine, consent=False) | of(theirs, consent=True)))
    assert {code for code, _ in results} == {"consent-exceeded", "section-missing"}


def test_every_doubled_leaf_is_found() -> None:
    for at, leaf in enumerate(FILE["leaves"]):
        doubled = {**FILE, "leaves": [*FILE["leaves"][: at + 1], leaf, *FILE["leaves"][at + 1 :]]}
        assert ("leaf-misplaced", f"/leaves/{at + 1}/index") in found(doubled)


def test_every_value_moved_to_the_place_of_another_is_found() -> None:
    """Two rows that change places, each with its own salt: the hash covers the path."""
    for at in range(len(FILE["leaves"]) - 1):
        first, second = FILE["leaves"][at], FILE["leaves"][at + 1]
        swapped = copy.deepcopy(FILE)
        swapped["leaves"][at]["value"], swapped["leaves"][at + 1]["value"] = second["value"], first["value"]
        assert ROOT in found(swapped)


def test_a_file_of_another_package_with_the_seal_of_this_one_is_found() -> None:
    again = json.loads(sealed_for(two_banks(), KEY).file_for(BANK))
    assert again["header"]["package_id"] == FILE["header"]["package_id"]
    assert found({**again, "seal": FILE["seal"]}) == {SEAL}
    assert ROOT in found({**FILE, "leaves": again["leaves"]})
    assert leaf_at(again, "party")["salt"] != leaf_at(FILE, "party")["salt"]
