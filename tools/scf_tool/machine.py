"""What the machine must offer: a supported system, room on the disk, folders that can be written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from scf_tool.failure import CannotRun

GIB = 1024**3
SPACE_FOR_CACHE = 4 * GIB
"""Odoo's packages (130 MB), its tree (1.3 GB), the wheels and the dump, with their temporary twins."""
SPACE_FOR_CHECKOUT = 2 * GIB
"""The venv (0.6 GB) and about ten databases of 60 MB."""

MINIMUM_VERSION = {"debian": 12.0, "ubuntu": 22.04}


def read_os_release(text: str) -> dict[str, str]:
    """Parse os-release(5): shell-like assignments, comments and blank lines."""
    fields = {}
    for line in text.splitlines():
        match = re.fullmatch(r"\s*([A-Z0-9_]+)=(.*)", line)
        if match:
            fields[match[1]] = "".join(shlex.split(match[2], posix=True))
    return fields


def require_supported_system(
    os_release: Path = Path("/etc/os-release"), platform: str = sys.platform
) -> dict[str, str]:
    """Check that this is Debian 12 or newer, or Ubuntu 22.04 or newer.

    :returns: the fields of os-release.
    :raises CannotRun: it is not.
    """
    wanted = "supported are Debian 12+ and Ubuntu 22.04+ (elsewhere, docker-compose.yml runs the same parts)."
    if platform != "linux" or not os_release.is_file():
        raise CannotRun(f"This system ({platform}) is not supported: {wanted}")
    fields = read_os_release(os_release.read_text(encoding="utf-8"))
    family = fields.get("ID", "")
    least = MINIMUM_VERSION.get(family)
    name = fields.get("PRETTY_NAME") or family or "unknown"
    if least is None:
        raise CannotRun(f"This system ({name}) is not supported: {wanted}")
    version = fields.get("VERSION_ID", "")
    # Debian testing and sid have no VERSION_ID: they are newer than any release.
    if version and float(version) < least:
        raise CannotRun(f"{name} is too old: {wanted}")
    return fields


def require_writable(folder: Path, *, setting: str) -> None:
    """Make `folder` where it is missing and check that files can be made in it.

    :raises CannotRun: naming the setting that moves it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotRun(f"Cannot write to {folder} ({error.strerror}): {setting}.") from error


def require_space(folder: Path, needed: int) -> None:
    """Check the room on the disk that holds `folder`.

    :param needed: bytes.
    :raises CannotRun: there is less.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CannotRun(
            f"{needed / GIB:.0f} GB of free disk are needed at {folder}, and there are {free / GIB:.1f}: make room, "
            "or move the cache with XDG_CACHE_HOME."
        )
