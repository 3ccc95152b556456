"""Which ports are taken, and by whom."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from scf_tool.failure import CannotRun

LISTEN = "0A"


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, *, variable: str, purpose: str) -> None:
    """Check that `port` can be had.

    :raises CannotRun: naming who holds it, where that can be seen, and the variable that chooses another.
    """
    if is_free(port):
        return
    owner = who_listens(port)
    by = f" by {owner}" if owner else ""
    raise CannotRun(f"Port {port}, wanted for {purpose}, is in use{by}: stop that, or choose another with {variable}.")


def who_listens(port: int, proc: Path = Path("/proc")) -> str | None:
    """The listening process as "name (process 123)", or None where the kernel does not let us see it."""
    inodes = _listening_inodes(port, proc)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.iterdir():
        if process.name.isdigit() and _holds(process, wanted):
            name = (process / "comm").read_text(errors="replace").strip()
            return f"{name} (process {process.name})"
    return None


def _listening_inodes(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in (proc / "net/tcp", proc / "net/tcp6"):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def _holds(process: Path, wanted: set[str]) -> bool:
    try:
        return any(os.readlink(handle) in wanted for handle in (process / "fd").iterdir())
    except OSError:
        # Another user's process, or one that ended while we looked: it cannot be named.
        return False
