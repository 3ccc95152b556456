"""Reads as the protocol shows them."""

from __future__ import annotations

from openscf import wire

from .models import PackageRead


def as_wire(read: PackageRead) -> wire.PackageRead:
    """One read."""
    return wire.PackageRead.model_validate(
        {
            "read_id": read.id,
            "read_at": read.read_at,
            "reader": read.reader,
            "action": read.action,
            "part": read.part,
        }
    )
