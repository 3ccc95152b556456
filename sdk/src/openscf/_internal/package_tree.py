"""The tree of a package: leaves in their places, and with the hidden hashes the root that was sealed."""

from __future__ import annotations

from collections.abc import Sequence

from openscf import merkle
from openscf._internal.finding import Finding
from openscf._internal.package_form import PackageFile
from openscf.errors import InputInvalid


def check_tree(file: PackageFile, entries: Sequence[bytes], *, sealed: bool) -> list[Finding]:
    """Return a finding for each leaf that was changed or is out of place, and one where the tree has another root.

    `entries` are the bytes that are hashed of each leaf; `sealed` tells that the seal holds, so that the root in the
    header is not what was changed. The tree is made of the hashes that the leaves state: a leaf that was changed is
    named by its own hash, and does not hide what else is wrong.
    """
    stated = [bytes.fromhex(leaf.hash) for leaf in file.leaves]
    real = [merkle.leaf_hash(entry) for entry in entries]
    changed = [at for at, (one, other) in enumerate(zip(stated, real, strict=True)) if one != other]
    misplaced = _places(file)
    if misplaced:
        return [*misplaced, *(_changed_leaf(file, at, real[at]) for at in changed)]
    try:
        root = _root(file, stated)
        if changed and root != file.header.tree.root and _root(file, real) == file.header.tree.root:
            return [_changed_hash(file, at, real[at]) for at in changed]
        findings = [] if root == file.header.tree.root else [_other_root(file, root, sealed=sealed)]
    except InputInvalid as error:
        findings = [Finding(code="tree-mismatch", pointer="/hidden", message=str(error))]
    return [*(_changed_leaf(file, at, real[at]) for at in changed), *findings]


def _root(file: PackageFile, hashes: Sequence[bytes]) -> str:
    disclosed = {leaf.index: one for leaf, one in zip(file.leaves, hashes, strict=True)}
    return merkle.root_from(file.header.tree.size, disclosed, [bytes.fromhex(one) for one in file.hidden]).hex()


def _changed_leaf(file: PackageFile, at: int, real: bytes) -> Finding:
    leaf = file.leaves[at]
    message = (
        f"The leaf {leaf.path} does not hash to {leaf.hash} but to {real.hex()}: "
        "its value, salt or path was changed after sealing."
    )
    return Finding(code="leaf-changed", pointer=f"/leaves/{at}", message=message)


def _changed_hash(file: PackageFile, at: int, real: bytes) -> Finding:
    leaf = file.leaves[at]
    message = f"The leaf {leaf.path} states the hash {leaf.hash}; it was sealed with {real.hex()}, which it hashes to."
    return Finding(code="leaf-changed", pointer=f"/leaves/{at}/hash", message=message)


def _other_root(file: PackageFile, root: str, *, sealed: bool) -> Finding:
    """Where the seal holds, the root is right: what it is made of is not."""
    stated = f"The leaves' hashes and the hidden ones give the root {root}; {file.header.tree.root} is stated."
    if not sealed:
        message = f"{stated} The root, a hidden hash, or a leaf with its hash or its index was changed."
        return Finding(code="tree-mismatch", pointer="/header/tree/root", message=message)
    if not file.hidden:
        message = f"{stated} A leaf was changed together with its hash; which one can't be told."
        return Finding(code="tree-mismatch", pointer="/leaves", message=message)
    message = f"{stated} A hidden hash, or a leaf together with its hash or its index, was changed."
    return Finding(code="tree-mismatch", pointer="/hidden", message=message)


def _places(file: PackageFile) -> list[Finding]:
    """Leaves stand in the order of their places, within the tree, each with a salt of its own."""
    findings = []
    before, salts = -1, set[str]()
    for at, leaf in enumerate(file.leaves):
        if not before < leaf.index < file.header.tree.size:
            message = (
                f"The index {leaf.index} follows {before}, in a tree of {file.header.tree.size} leaves; "
                "indices rise and stay below the size."
            )
            findings.append(Finding(code="leaf-misplaced", pointer=f"/leaves/{at}/index", message=message))
        if leaf.salt in salts:
            message = f"The salt {leaf.salt} is used twice; a hidden leaf could be guessed."
            findings.append(Finding(code="salt-repeated", pointer=f"/leaves/{at}/salt", message=message))
        before = leaf.index
        salts.add(leaf.salt)
    return findings
