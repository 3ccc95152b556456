"""Where things lie: the checkout, its private state, the shared cache and the ports."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scf_tool.failure import CannotRun

DEFAULT_PORTS = {
    "SCF_ODOO_PORT": 8069,
    "SCF_BANK1_PORT": 8701,
    "SCF_BANK2_PORT": 8702,
    "SCF_PG_PORT": 54329,
}


@dataclass(frozen=True)
class Checkout:
    """One clone of the project. Everything that it makes lies in `state`; what clones may share lies in `cache`."""

    root: Path
    cache: Path
    ports: Mapping[str, int]
    odoo_path: Path | None = None
    debian_mirror: str | None = None

    @classmethod
    def from_environment(cls, root: Path, environ: Mapping[str, str] = os.environ) -> Checkout:
        """Read the settings that a user may give.

        :raises CannotRun: a port that is no port, or an SCF_ODOO_PATH that does not exist.
        """
        home = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
        source = environ.get("SCF_ODOO_PATH")
        return cls(
            root=root.resolve(),
            cache=Path(home).absolute() / "scf",
            ports={name: _port(environ, name, default) for name, default in DEFAULT_PORTS.items()},
            odoo_path=Path(source).absolute() if source else None,
            debian_mirror=environ.get("SCF_DEBIAN_MIRROR") or None,
        )

    @property
    def state(self) -> Path:
        return self.root / ".scf"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def venv(self) -> Path:
        return self.state / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def odoo_config(self) -> Path:
        return self.state / "odoo.conf"

    @property
    def addons(self) -> Path:
        return self.root / "addons"

    @property
    def test_addons(self) -> Path:
        return self.root / "tests" / "addons"

    @property
    def fingerprint(self) -> str:
        """Short name of this checkout for the places outside it: the socket folder, root's cluster."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:10]


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise CannotRun(f"{name}={text!r} is not a port: give a number from 1024 to 65535 (default {default}).")
    return int(text)
