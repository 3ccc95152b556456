"""The form of a package file: header, leaves, hidden hashes and seal; and a package as it is read."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from openscf._internal.sections import Moment, Name, PackageRef, Row, Rows, Sections
from openscf.wire import Sha256

SCHEMA: Final = "openscf/package/2"
MEDIA_TYPE: Final = "application/vnd.openscf.package+json"
# The protocol's limit for a document.
MAX_PACKAGE_BYTES: Final = 20 * 1024 * 1024
# Leaves of all recipients together; with it no index is beyond an exact JSON integer.
MAX_TREE_SIZE: Final = 2**32

# A section, a member of it that is an object, or a row of one of its lists.
LeafPath = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}(/[a-z][a-z0-9_]{0,39}(/(0|[1-9][0-9]{0,8}))?)?$"),
]
# 16 bytes in base64url: of the last character only two bits are used, so that one text stands for one salt.
Salt = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
Index = Annotated[int, Field(ge=0, lt=MAX_TREE_SIZE, strict=True)]


class Issuer(Row):
    """Who sealed the package, and with which key."""

    name: Name
    tax_id: Name
    kid: Name


class TreeHead(Row):
    """How many leaves the tree has, and its root (RFC 9162 section 2.1)."""

    size: Annotated[int, Field(ge=1, le=MAX_TREE_SIZE, strict=True)]
    root: Sha256


class Header(Row):
    """What the seal covers: identity, time, and the tree over all leaves of all recipients."""

    schema_: Literal["openscf/package/2"] = Field(alias="schema")
    package_id: PackageRef
    created_at: Moment
    issuer: Issuer
    supersedes: PackageRef | None
    tree: TreeHead


class Leaf(Row):
    """A disclosed part: `index` is its place in the tree, `path` its place in the sections.

    `hash` is what path, salt and value hash to: with it a reader tells which leaf was changed.
    """

    index: Index
    path: LeafPath
    salt: Salt
    value: Any
    hash: Sha256


class PackageFile(Row):
    """One recipient's file as it is on disk."""

    header: Header
    leaves: Rows[Leaf]
    hidden: Rows[Sha256]
    seal: Name


class Package(Row):
    """A package as read, its sections put together; only `openscf.verify` tells whether it can be trusted."""

    header: Header
    sections: Sections
    seal: Name
