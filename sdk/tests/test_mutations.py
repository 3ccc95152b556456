"""Every place of a package for two banks, changed once: each change is found, and its place is named.

The bytes are canonical again after each change, so that only the change itself can give it away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import drawn
import pytest
from asset_stories import goods_sections, purchase_sections
from stories import BANK, full_sections, hash_of, leaf_at, sealed, sealed_for, with_consent

from openscf.canonical import canonical_bytes
from openscf.keys import KeySet, SigningKey
from openscf.merkle import hidden
from openscf.package import Sections
from openscf.verify import verify_package

KEY = SigningKey.generate()
KEYS = KeySet.of(KEY)
OTHER_BANK = "https://second-bank.example"
HIDDEN = ("tree-mismatch", "/hidden")
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


def found(file: dict[str, Any], keys: KeySet = KEYS) -> set[tuple[str, str]]:
    report = verify_package(canonical_bytes(file), keys=keys)
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


def at_path(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at the path; what lies beside the path is shared."""
    if not path:
        return new
    made = value.copy()
    made[path[0]] = changed(value[path[0]], path[1:], new)
    return made


def changed_leaf(at: int) -> tuple[str, str]:
    return ("leaf-changed", f"/leaves/{at}")


def named(file: dict[str, Any], keys: KeySet = KEYS) -> set[tuple[str, str]]:
    """What is found about leaves and tree."""
    return {(code, pointer) for code, pointer in found(file, keys) if code in {"leaf-changed", "tree-mismatch"}}


def test_the_two_files_are_honest_to_begin_with() -> None:
    for file in FILES.values():
        assert verify_package(canonical_bytes(file), keys=KEYS).ok
        assert file["hidden"]


@pytest.mark.parametrize("bank", FILES)
def test_every_changed_value_names_its_leaf_though_others_are_hidden(bank: str) -> None:
    file = FILES[bank]
    for at, leaf in enumerate(file["leaves"]):
        for path in scalars(leaf["value"]):
            for new in other(at_path(leaf["value"], path)):
                results = named(changed(file, ("leaves", at, "value", *path), new))
                assert results == {changed_leaf(at)}, (leaf["path"], path, new)


def test_a_thousand_changed_values_of_a_whole_package_name_their_leaf() -> None:
    """A package with every section, as an officer reads it, each of its values changed once."""
    file, keys = json.loads(drawn.sealed(documents=3)), KeySet.of(drawn.KEY)
    assert {leaf["path"].partition("/")[0] for leaf in file["leaves"]} == set(Sections.model_fields)
    mutations = 0
    for at, leaf in enumerate(file["leaves"]):
        for path in scalars(leaf["value"]):
            new = other(at_path(leaf["value"], path))[0]
            assert named(changed(file, ("leaves", at, "value", *path), new), keys) == {changed_leaf(at)}, (
                leaf["path"],
                path,
            )
            mutations += 1
    assert mutations > 1000


@pytest.mark.parametrize("sections", [purchase_sections, goods_sections])
def test_every_changed_value_of_purchases_and_goods_names_its_leaf(sections: Callable[[], dict[str, Any]]) -> None:
    file = json.loads(sealed(sections(), KEY))
    for at, leaf in enumerate(file["leaves"]):
        for path in scalars(leaf["value"]):
            new = other(at_path(leaf["value"], path))[0]
            results = named(changed(file, ("leaves", at, "value", *path), new))
            assert results == {changed_leaf(at)}, (leaf["path"], path, new)


def test_every_changed_salt_path_and_hash_names_its_leaf() -> None:
    for file in FILES.values():
        for at, leaf in enumerate(file["leaves"]):
            salt, path, stated = leaf["salt"], leaf["path"], leaf["hash"]
            swapped = ("B" if salt[0] == "A" else "A") + salt[1:]
            assert found(changed(file, ("leaves", at, "salt"), swapped)) == {changed_leaf(at)}
            for bad in (salt[:-1], salt + "A", salt[:-1] + "B", "+" + salt[1:]):
                assert found(changed(file, ("leaves", at, "salt"), bad)) == {("schema", f"/leaves/{at}/salt")}
            elsewhere = path[:-1] + str((int(path[-1]) + 1) % 10) if path[-1].isdigit() else path + "_2"
            assert named(changed(file, ("leaves", at, "path"), elsewhere)) == {changed_leaf(at)}
            for bad in ("/" + path, path + "/", path.upper(), path + "/0/0/0", ""):
                assert found(changed(file, ("leaves", at, "path"), bad)) == {("schema", f"/leaves/{at}/path")}
            swapped = ("0" if stated[0] != "0" else "1") + stated[1:]
            assert found(changed(file, ("leaves", at, "hash"), swapped)) == {("leaf-changed", f"/leaves/{at}/hash")}
            for bad in (stated.upper() + "G", stated[:-1], "", None, 7):
                assert found(changed(file, ("leaves", at, "hash"), bad)) == {("schema", f"/leaves/{at}/hash")}


def test_every_changed_index_is_found() -> None:
    """Beside a gap no neighbour contradicts an index: the tree tells that what is hidden does not fit."""
    for file in FILES.values():
        for at, leaf in enumerate(file["leaves"]):
            places = {("leaf-misplaced", f"/leaves/{at + step}/index") for step in (0, 1)}
            for step in (-1, 1):
                results = found(changed(file, ("leaves", at, "index"), leaf["index"] + step))
                assert results & {*places, HIDDEN, ("schema", f"/leaves/{at}/index")}


def test_a_leaf_changed_together_with_its_hash_is_found_by_the_tree() -> None:
    """Which one it was can't be told; without any hidden hash it can only have been a leaf."""
    whole = json.loads(sealed_for({BANK: two_banks()[BANK]}, KEY).file_for(BANK))
    for file, place in ((FILE, "/hidden"), (whole, "/leaves")):
        for at, leaf in enumerate(file["leaves"]):
            salted = {**leaf, "salt": ("B" if leaf["salt"][0] == "A" else "A") + leaf["salt"][1:]}
            forged = {**salted, "hash": hash_of(salted).hex()}
            assert found(changed(file, ("leaves", at), forged)) == {("tree-mismatch", place)}


def test_two_changed_leaves_and_a_changed_hidden_hash_are_all_named() -> None:
    file = FILE
    for at in (1, 4):
        file = changed(file, ("leaves", at, "salt"), "A" * 21 + "Qg"[at == 4])
    assert named(file) == {changed_leaf(1), changed_leaf(4)}
    assert named(changed(file, ("hidden", 0), "00" * 32)) == {changed_leaf(1), changed_leaf(4), HIDDEN}


def test_every_changed_dropped_or_doubled_hidden_hash_is_found() -> None:
    for file in FILES.values():
        for at, digest in enumerate(file["hidden"]):
            swapped = ("0" if digest[0] != "0" else "1") + digest[1:]
            assert found(changed(file, ("hidden", at), swapped)) == {HIDDEN}
            assert found(changed(file, ("hidden", at), digest.upper() + "g")) == {("schema", f"/hidden/{at}")}
            without = [*file["hidden"][:at], *file["hidden"][at + 1 :]]
            assert found({**file, "hidden": without}) == {HIDDEN}
            assert found({**file, "hidden": [*without, digest, digest]}) == {HIDDEN}
        if len(file["hidden"]) > 1:
            assert found({**file, "hidden": file["hidden"][::-1]}) == {HIDDEN}


def test_every_changed_member_of_the_header_breaks_the_seal() -> None:
    for path in scalars(FILE["header"]):
        for new in other(at_path(FILE["header"], path)):
            assert SEAL in found(changed(FILE, ("header", *path), new)), path
    root = FILE["header"]["tree"]["root"]
    swapped = ("0" if root[0] != "0" else "1") + root[1:]
    assert ("tree-mismatch", "/header/tree/root") in found(changed(FILE, ("header", "tree", "root"), swapped))
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
            assert HIDDEN in found(without)


def disclosing(indices: set[int]) -> dict[str, Any]:
    """A file of the same tree that discloses these leaves: what somebody can make who has both files."""
    every = {leaf["index"]: leaf for file in FILES.values() for leaf in file["leaves"]}
    assert sorted(every) == list(range(FILE["header"]["tree"]["size"]))
    proof = hidden([hash_of(every[index]) for index in sorted(every)], indices)
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
            assert not {code for code, _ in results} & {"leaf-changed", "tree-mismatch", "seal-invalid"}


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
        if first["value"] != second["value"]:
            swapped = changed(FILE, ("leaves", at, "value"), second["value"])
            swapped = changed(swapped, ("leaves", at + 1, "value"), first["value"])
            assert named(swapped) == {changed_leaf(at), changed_leaf(at + 1)}


def test_a_file_of_another_package_with_the_seal_of_this_one_is_found() -> None:
    again = json.loads(sealed_for(two_banks(), KEY).file_for(BANK))
    assert again["header"]["package_id"] == FILE["header"]["package_id"]
    assert found({**again, "seal": FILE["seal"]}) == {SEAL}
    assert found({**FILE, "leaves": again["leaves"]}) == {HIDDEN}
    assert leaf_at(again, "party")["salt"] != leaf_at(FILE, "party")["salt"]
