"""Debian packages: what the system lacks is installed, by apt-get and after saying so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from scf_tool.failure import CannotRun
from scf_tool.progress import run_logged, run_quietly, say


def is_installed(package: str) -> bool:
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True, check=False
    )
    return answer.returncode == 0 and answer.stdout.strip() == "installed"


def missing(packages: Iterable[str]) -> list[str]:
    return [package for package in packages if not is_installed(package)]


def install(packages: list[str], *, log: Path) -> None:
    """Install system packages without their recommendations, as root or by sudo.

    :raises CannotRun: no right to install (the sentence names the line to run), or apt-get failed.
    """
    line = f"apt-get install --no-install-recommends {' '.join(packages)}"
    prefix = _root_prefix(line)
    say(f"      installing {' '.join(packages)} with apt-get{' by sudo' if prefix else ''}")
    # apt-get is the system's own: it must not see a Python or pager setting of ours.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_logged([*prefix, "apt-get", "update", "-q"], log=log, what="reading the package lists", env=environment)
    run_logged(
        [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *line.split(), "-q", "-y"],
        log=log,
        what=f"installing {' '.join(packages)}",
        env=environment,
    )


def run_as_root(argv: list[str], *, what: str) -> None:
    run_quietly([*_root_prefix(" ".join(argv)), *argv], what=what)


def _root_prefix(line: str) -> list[str]:
    if os.geteuid() == 0:
        return []
    ask = f"have an administrator run\n    {line}\nand run this again."
    if not shutil.which("sudo"):
        raise CannotRun(f"System packages are missing and there is no sudo: {ask}")
    prefix = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    if subprocess.run([*prefix, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise CannotRun(f"System packages are missing and sudo refuses: {ask}")
    return prefix
