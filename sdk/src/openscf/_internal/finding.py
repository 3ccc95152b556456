"""One finding of a verification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong, where (JSON pointer), and how much it matters; `code` is stable, `message` is for people."""

    code: str
    pointer: str
    message: str
    level: Literal["error", "warning"] = "error"

    def as_dict(self) -> dict[str, str]:
        """Return the finding as a JSON value."""
        return {"level": self.level, "code": self.code, "pointer": self.pointer, "message": self.message}
