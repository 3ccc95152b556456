"""Why the tool stops: one clear sentence for a person, and exit status 2."""

from __future__ import annotations

from pathlib import Path


class CannotRun(Exception):
    """The surroundings do not allow it. The message says what is wrong and what to do."""


class CommandFailed(CannotRun):
    """A command that a step needs ended badly; `tail` holds the last lines it printed."""

    def __init__(self, message: str, *, status: int, tail: str, log: Path | None = None) -> None:
        where = f"\n(whole output: {log})" if log else ""
        super().__init__(f"{message}\n{tail.rstrip()}{where}" if tail.strip() else f"{message}{where}")
        self.status = status
        self.tail = tail
        self.log = log
