"""The Python environment of a checkout: pinned packages from a wheelhouse that checkouts share."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tomllib
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.failure import CommandFailed
from scf_tool.odoo_source import OdooSource
from scf_tool.progress import run_logged, say

OWN_PACKAGES = ("sdk", "bank")
REQUIREMENTS = ("requirements/odoo.txt", "requirements/dev.txt")
# Installed without their own requirements, which may contradict ours: only files are read from them.
SCHEMAS = "requirements/schemas.txt"


def ensure(checkout: Checkout, source: OdooSource) -> str:
    """Make the venv hold exactly what the pins say, with Odoo and our own packages importable.

    :returns: what was done, in words.
    :raises CannotRun: no network for a wheelhouse that is not there yet, or a package that cannot be built.
    """
    key = requirements_key(checkout)
    stamp = checkout.venv / "scf-requirements"
    done = "up to date"
    if not (checkout.python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == key):
        done = _install(checkout, key)
        stamp.write_text(key, encoding="utf-8")
    _write_import_path(checkout, source)
    _link_fonts(checkout, source)
    return done


def requirements_key(checkout: Checkout) -> str:
    """What decides the venv's content: the pins, the lists, our packages' own needs, the Python and the machine."""
    digest = hashlib.sha256(f"{sys.version_info[:3]} {platform.machine()} {platform.libc_ver()}".encode())
    for name in ("constraints.txt", *REQUIREMENTS, SCHEMAS):
        digest.update((checkout.root / name).read_bytes())
    for own in own_packages(checkout):
        digest.update("\n".join(own_requirements(own)).encode())
    return digest.hexdigest()[:20]


def own_packages(checkout: Checkout) -> list[Path]:
    return [checkout.root / name for name in OWN_PACKAGES if (checkout.root / name / "pyproject.toml").is_file()]


def own_requirements(package: Path) -> list[str]:
    """What one of our packages needs by its pyproject.toml, extras included, ourselves left out."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    return sorted({line for group in groups for line in group if not line.startswith("openscf")})


def pip_environment() -> dict[str, str]:
    hidden = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def _install(checkout: Checkout, key: str) -> str:
    log = checkout.logs / "venv.log"
    if not (checkout.venv / "bin" / "pip").exists():
        shutil.rmtree(checkout.venv, ignore_errors=True)
    if not checkout.python.exists():
        run_logged(
            [sys.executable, "-m", "venv", checkout.venv], log=log, what="making the venv", env=pip_environment()
        )
    wanted, schemas = _requirement_arguments(checkout), _schema_arguments(checkout)
    wheelhouse = checkout.cache / "wheels" / key
    origin = "from the wheelhouse"
    if not wheelhouse.is_dir():
        _fill_wheelhouse(checkout, wheelhouse, (wanted, schemas), log)
        origin = "downloaded"
    offline: list[str | Path] = [
        checkout.python,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--find-links",
        wheelhouse,
    ]
    try:
        for packages in (wanted, schemas):
            run_logged([*offline, *packages], log=log, what="installing the packages", env=pip_environment())
    except CommandFailed:
        # A wheelhouse that cannot serve its own list is damaged: the next run makes it again.
        shutil.rmtree(wheelhouse)
        raise
    for own in own_packages(checkout):
        run_logged(
            [*offline, "--no-deps", "--no-build-isolation", "-e", own],
            log=log,
            what=f"installing {own.name}/",
            env=pip_environment(),
        )
    return f"{len(list(wheelhouse.glob('*.whl')))} packages, {origin}"


def _requirement_arguments(checkout: Checkout) -> list[str | Path]:
    lists = [argument for name in REQUIREMENTS for argument in ("-r", checkout.root / name)]
    own = [line for package in own_packages(checkout) for line in own_requirements(package)]
    return ["-c", checkout.root / "constraints.txt", *lists, *own]


def _schema_arguments(checkout: Checkout) -> list[str | Path]:
    return ["--no-deps", "-c", checkout.root / "constraints.txt", "-r", checkout.root / SCHEMAS]


def _fill_wheelhouse(checkout: Checkout, wheelhouse: Path, lists: tuple[list[str | Path], ...], log: Path) -> None:
    partial = wheelhouse.with_name(f"{wheelhouse.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    say("      fetching the packages into the cache")
    try:
        for wanted in lists:
            run_logged(
                [checkout.python, "-m", "pip", "wheel", "-q", "-w", partial, *wanted],
                log=log,
                what="fetching Python packages",
                env=pip_environment(),
            )
        if not wheelhouse.is_dir():  # another checkout may have been as quick
            os.replace(partial, wheelhouse)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_import_path(checkout: Checkout, source: OdooSource) -> None:
    """A .pth file puts Odoo on the path, and pip then sees it as installed."""
    site = next((checkout.venv / "lib").glob("python3*/site-packages"))
    path_file = site / "odoo.pth"
    line = f"{source.import_root}\n"
    if not path_file.exists() or path_file.read_text(encoding="utf-8") != line:
        path_file.write_text(line, encoding="utf-8")


def _link_fonts(checkout: Checkout, source: OdooSource) -> None:
    """The SDK looks for fonts in its Python environment before it looks at the system's."""
    link = checkout.venv / "share" / "fonts"
    if link.is_symlink():
        link.unlink()
    if source.fonts and not link.exists():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(source.fonts)
