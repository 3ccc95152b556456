"""The tree of a package: leaves in their places, and with the hidden hashes the root that was sealed."""

from __future__ import annotations

from collections.abc import Sequence

from openscf import merkle
from openscf._internal.finding import Finding
from openscf._internal.package_form import PackageFile
from openscf.errors import InputInvalid


def check_tree(file: PackageFile, entries: Sequence[bytes]) -> list[Finding]:
    """Return a finding for each leaf out of place, else one where leaves and hashes do not give the root.

    `entries` are the bytes that are hashed of each leaf. Which of them was changed cannot be told: only that the root
    is another one.
    """
    findings = _places(file)
    if findings:
        return findings
    disclosed = {leaf.index: merkle.leaf_hash(entry) for leaf, entry in zip(file.leaves, entries, strict=True)}
    hidden = [bytes.fromhex(one) for one in file.hidden]
    try:
        root = merkle.root_from(file.header.tree.size, disclosed, hidden).hex()
    except InputInvalid as error:
        return [Finding(code="tree-mismatch", pointer="/hidden", message=str(error))]
    if root == file.header.tree.root:
        return []
    message = (
        f"The leaves and the hidden hashes give the root {root}; {file.header.tree.root} was sealed. "
        "A leaf or a hash was changed."
    )
    return [Finding(code="tree-mismatch", pointer="/header/tree/root", message=message)]


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
