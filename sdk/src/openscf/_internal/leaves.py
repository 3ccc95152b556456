"""Cutting sections into leaves, and putting them together again (docs/package.md, "Leaves")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openscf._internal.finding import Finding
from openscf._internal.package_form import Leaf
from openscf._internal.pointer import child

ROWS = "rows"

_Placed = tuple[int, list[str], Any]
"""A leaf of one section: its place in the file, the steps of its path below the section, and its value."""


def cut(name: str, section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each leaf of a section: its own members, its objects, the rows of its lists."""
    own: dict[str, Any] = {}
    rows: dict[str, int] = {}
    parts: list[tuple[str, Any]] = []
    for member, value in section.items():
        if isinstance(value, dict):
            parts.append((f"{name}/{member}", value))
        elif isinstance(value, list):
            rows[member] = len(value)
            parts.extend((f"{name}/{member}/{at}", row) for at, row in enumerate(value))
        else:
            own[member] = value
    yield name, {**own, ROWS: rows}
    yield from parts


def put_together(leaves: Sequence[Leaf]) -> tuple[dict[str, Any], list[Finding]]:
    """Return the sections that the leaves make, and a finding for each leaf that is missing or has no place there.

    The form of each path was checked already. A leaf taken out of a section is found here: the section's own leaf
    counts the rows, and everything else that a section has is required by its schema.
    """
    findings: list[Finding] = []
    by_section: dict[str, list[_Placed]] = {}
    seen: set[str] = set()
    for at, leaf in enumerate(leaves):
        path = leaf.path
        if path in seen:
            findings.append(_misplaced(at, f"The path {path!r} occurs twice in this file."))
            continue
        seen.add(path)
        name, *steps = path.split("/")
        by_section.setdefault(name, []).append((at, steps, leaf.value))
    sections = {}
    for name, parts in by_section.items():
        own = next((part for part in parts if not part[1]), None)
        if own is None:
            findings.append(_missing(f"/sections/{name}", "The section's own leaf is hidden, though others are there."))
            continue
        section, found = _Section(name, own, parts).put_together()
        findings += found
        if section is not None:
            sections[name] = section
    return sections, findings


class _Section:
    """One section on its way from leaves to a value."""

    def __init__(self, name: str, own: _Placed, parts: Sequence[_Placed]) -> None:
        self.name, self.parts = name, parts
        self.at, _, self.own = own
        self.pointer = child("/sections", name)
        self.findings: list[Finding] = []

    def put_together(self) -> tuple[dict[str, Any] | None, list[Finding]]:
        counts = self._counts()
        if counts is None:
            return None, self.findings
        content = {name: value for name, value in self.own.items() if name != ROWS}
        for name, value in content.items():
            if isinstance(value, (dict, list)):
                self._add(child(f"/leaves/{self.at}/value", name), f"{name!r:.60} belongs into leaves of its own.")
        rows: dict[str, dict[int, Any]] = {name: {} for name in counts}
        for at, steps, value in self.parts:
            if len(steps) == 2:
                member, row = steps[0], int(steps[1])
                if row < counts.get(member, 0):
                    rows[member][row] = value
                    continue
                message = f"The section {self.name} counts {counts.get(member, 0)} rows of {member}; this is one more."
                self.findings.append(_misplaced(at, message))
            elif steps:
                self._add_object(at, steps[0], value, content, counts)
        self._require_period(content)
        return {**content, **self._complete(rows, counts, content)}, self.findings

    def _add_object(self, at: int, member: str, value: Any, content: dict[str, Any], counts: Mapping[str, int]) -> None:
        if member in content or member in counts or not isinstance(value, dict):
            message = f"'{self.name}/{member}' is no object of the section, or the section states it elsewhere."
            self.findings.append(_misplaced(at, message))
        else:
            content[member] = value

    def _counts(self) -> dict[str, int] | None:
        counts = self.own.get(ROWS) if isinstance(self.own, dict) else None
        if not isinstance(counts, dict) or not all(type(count) is int and count >= 0 for count in counts.values()):
            self._add(f"/leaves/{self.at}/value/{ROWS}", "The section's own leaf must count the rows of each list.")
            return None
        return counts

    def _complete(
        self, rows: Mapping[str, Mapping[int, Any]], counts: Mapping[str, int], content: Mapping[str, Any]
    ) -> dict[str, list[Any]]:
        lists = {}
        for name, found in rows.items():
            if name in content:
                self._add(child(f"/leaves/{self.at}/value", name), f"{name!r:.60} is counted as a list, but is none.")
                continue
            if len(found) != counts[name]:
                first = next(at for at in range(len(found) + 1) if at not in found)
                message = f"{counts[name]} rows were sealed and {len(found)} are here; row {first} is hidden."
                self.findings.append(_missing(child(self.pointer, name), message))
            lists[name] = [found[at] for at in sorted(found)]
        return lists

    def _require_period(self, content: Mapping[str, Any]) -> None:
        """`period` is null in the section's own leaf or a leaf of its own: without it, that leaf was hidden."""
        if "period" not in content:
            self.findings.append(_missing(f"{self.pointer}/period", "The section's period is hidden."))

    def _add(self, pointer: str, message: str) -> None:
        self.findings.append(Finding(code="leaf-invalid", pointer=pointer, message=message))


def _misplaced(at: int, message: str) -> Finding:
    return Finding(code="leaf-misplaced", pointer=f"/leaves/{at}/path", message=message)


def _missing(pointer: str, message: str) -> Finding:
    return Finding(code="leaf-missing", pointer=pointer, message=message)
