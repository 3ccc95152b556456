"""Odoo's source: from Debian's signed packages into a private folder, or an existing tree that the user names.

No PyPI package holds Odoo; Debian's `odoo-19` does, with Odoo's own tests. It is taken through an apt state of
our own, so that the system's package set stays as it is, whatever its suite.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.machine import SPACE_FOR_CACHE, read_os_release, require_space
from scf_tool.progress import run_logged, run_quietly, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ODOO_SUITE = "sid"
ODOO_PACKAGE = "odoo-19"
FROM_SID = (
    ODOO_PACKAGE,
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
    "fonts-glyphicons-halflings",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
)
FROM_STABLE = ("fonts-font-awesome", "fonts-inconsolata")
"""Odoo's links name files of these older versions; sid's packages have moved them."""
FONTS = ("fonts-droid-fallback", "fonts-dejavu-core")
"""What the SDK draws packages with, beside Odoo's own Roboto; from here no user needs an administrator for them."""
STABLE_SUITE = "bookworm"
RECIPE = hashlib.sha256(" ".join((*FROM_SID, *FROM_STABLE, *FONTS)).encode()).hexdigest()[:8]
"""Ends a tree's name: one that was extracted from other packages may lack files, and may be in use elsewhere."""
IMPORT_ROOT = Path("usr/lib/python3/dist-packages")


@dataclass(frozen=True)
class OdooSource:
    """An Odoo 19 that can be imported from `import_root`."""

    import_root: Path
    version: str

    @property
    def addons_paths(self) -> list[Path]:
        """One folder in a package of Odoo, two in its git tree: the framework's own addons and the applications."""
        inside, beside = self.import_root / "odoo" / "addons", self.import_root / "addons"
        return [inside] if (inside / "web").is_dir() else [inside, beside]

    def has_addon(self, name: str) -> bool:
        return any((path / name / "__manifest__.py").is_file() for path in self.addons_paths)

    @property
    def fonts(self) -> Path | None:
        """The fonts that were extracted with it; a tree that the user names has none."""
        if not self.import_root.match(str(IMPORT_ROOT)):
            return None
        fonts = self.import_root.parents[2] / "share" / "fonts"
        return fonts if (fonts / "truetype" / "droid").is_dir() else None


def read_source(tree: Path) -> OdooSource | None:
    """Recognise an Odoo tree: a git checkout, a site-packages folder, or an extracted package.

    :returns: None where there is no Odoo.
    :raises CannotRun: an Odoo of another series.
    """
    for root in (tree, tree / IMPORT_ROOT):
        release = root / "odoo" / "release.py"
        if release.is_file():
            match = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text(encoding="utf-8"), re.M)
            version = f"{match[1]}.{match[2]}" if match else "unknown"
            if version != "19.0":
                raise CannotRun(f"The Odoo at {tree} is {version}; this project needs 19.0.")
            return OdooSource(root, version)
    return None


def find_cached(checkout: Checkout) -> OdooSource | None:
    """The newest extracted tree in the cache; a tree is there complete or not at all."""
    trees = sorted((checkout.cache / "odoo").glob(f"19*.{RECIPE}"), key=lambda path: path.stat().st_mtime)
    return read_source(trees[-1]) if trees else None


def ensure(checkout: Checkout) -> tuple[OdooSource, str]:
    """Find or fetch Odoo 19.

    :returns: the source, and what was done in words.
    :raises CannotRun: SCF_ODOO_PATH holds no Odoo; no mirror, no network, no room.
    """
    if checkout.odoo_path:
        source = read_source(checkout.odoo_path)
        if not source:
            raise CannotRun(
                f"SCF_ODOO_PATH={checkout.odoo_path} holds no Odoo: it must be the folder above odoo/release.py."
            )
        return source, f"the tree named by SCF_ODOO_PATH, {source.import_root}"
    found = find_cached(checkout)
    if found:
        return found, f"in the cache, {found.import_root}"
    with _cache_lock(checkout):
        found = find_cached(checkout)  # another checkout may have fetched it while we waited
        if found:
            return found, f"in the cache, {found.import_root}"
        require_space(checkout.cache, SPACE_FOR_CACHE)
        tree = _fetch(checkout)
    source = read_source(tree)
    if not source:
        raise CannotRun(f"The package {ODOO_PACKAGE} was extracted to {tree} and holds no Odoo: report this.")
    return source, f"fetched and extracted to {tree}"


def debian_mirror(checkout: Checkout, os_release: Path = Path("/etc/os-release")) -> str:
    """The archive that apt on this machine takes Debian itself from, or the one that the user names.

    :raises CannotRun: neither; the sentence names the setting.
    """
    if checkout.debian_mirror:
        return checkout.debian_mirror.rstrip("/") + "/"
    fields = read_os_release(os_release.read_text(encoding="utf-8"))
    ask = "name a Debian mirror in SCF_DEBIAN_MIRROR (its address up to /debian), or an Odoo 19 in SCF_ODOO_PATH."
    if fields.get("ID") != "debian":
        system = fields.get("PRETTY_NAME", "not Debian")
        raise CannotRun(f"Odoo comes from Debian's archive, and this system is {system}: {ask}")
    listing = run_quietly(
        ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"],
        what="reading apt's own set-up",
    )
    mirror = choose_mirror(listing, fields.get("VERSION_CODENAME", ""))
    if not mirror:
        raise CannotRun(f"apt on this machine names no Debian archive: {ask}")
    return mirror


def choose_mirror(listing: str, codename: str) -> str | None:
    """Pick the main archive from lines of "URI RELEASE COMPONENT".

    Security, updates and backports live elsewhere or under suffixed names; this system's own suite is preferred.
    """
    preferred, others = [], []
    for line in listing.splitlines():
        columns = line.split()
        if len(columns) != 3 or columns[2] != "main" or not re.match(r"(https?|file|copy|mirror|tor)", columns[0]):
            continue
        uri, release = columns[0], columns[1].strip("/")
        if release == codename:
            preferred.append(uri)
        elif release in {"stable", "oldstable", "testing", "unstable", "sid", STABLE_SUITE, "trixie", "forky"}:
            others.append(uri)
    return next(iter([*preferred, *others]), None)


def _fetch(checkout: Checkout) -> Path:
    mirror = debian_mirror(checkout)
    if not KEYRING.exists():
        raise CannotRun(
            f"Debian's archive keys are not at {KEYRING}, so its packages cannot be checked: run "
            "'apt-get install debian-archive-keyring' and run this again."
        )
    log = checkout.logs / "odoo-source.log"
    apt = _private_apt(checkout, mirror)
    run_logged([*apt, "update", "-q"], log=log, what="reading Debian's package index")
    packages = [*FROM_SID, *(f"{name}/{STABLE_SUITE}" for name in (*FROM_STABLE, *FONTS))]
    debs = _download(checkout, apt, packages, log)
    version = re.fullmatch(rf"{ODOO_PACKAGE}_(.+)_all\.deb", debs[0].name)
    if not version:
        raise CannotRun(f"Debian offers {debs[0].name} where {ODOO_PACKAGE} was asked for: report this.")
    return _extract(checkout.cache / "odoo" / f"{version[1]}.{RECIPE}", debs, log)


def _private_apt(checkout: Checkout, mirror: str) -> list[str]:
    """An apt-get with its own sources, lists and cache, which trusts Debian's archive keys only."""
    home = checkout.cache / "apt"
    for name in ("state/lists/partial", "cache/archives/partial", "etc/parts"):
        (home / name).mkdir(parents=True, exist_ok=True)
    signed = f"[signed-by={KEYRING}]"
    (home / "sources.list").write_text(
        "".join(f"deb {signed} {mirror} {suite} main\n" for suite in (ODOO_SUITE, STABLE_SUITE)), encoding="utf-8"
    )
    (home / "status").touch()
    options = {
        "Dir::State": home / "state",
        "Dir::State::Lists": home / "state/lists",
        "Dir::State::status": home / "status",
        "Dir::Cache": home / "cache",
        "Dir::Etc::SourceList": home / "sources.list",
        "Dir::Etc::SourceParts": home / "etc/parts",
        "Dir::Etc::Preferences": home / "etc/preferences",
        "Dir::Etc::PreferencesParts": home / "etc/parts",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
    }
    return ["apt-get", *(f"-o{name}={value}" for name, value in options.items())]


def _download(checkout: Checkout, apt: list[str], packages: list[str], log: Path) -> list[Path]:
    """Download what the cache lacks; apt checks each file against the signed index.

    :returns: the packages' files, in the order asked for.
    """
    finished = checkout.cache / "debs"
    partial = checkout.cache / "debs.partial"
    finished.mkdir(parents=True, exist_ok=True)
    partial.mkdir(parents=True, exist_ok=True)
    files = []
    for package in packages:
        listing = run_quietly([*apt, "download", "--print-uris", package], what=f"looking up {package}", cwd=partial)
        match = re.search(r"^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})", listing, re.M)
        if not match:
            raise CannotRun(f"Debian's archive offers no {package} with a SHA-256 sum: try another SCF_DEBIAN_MIRROR.")
        name, size, digest = match[1], int(match[2]), match[3]
        kept = finished / name
        if not (kept.is_file() and sha256(kept) == digest):
            say(f"      downloading {name} ({size / 1e6:.1f} MB)")
            run_logged([*apt, "download", "-q", package], log=log, what=f"downloading {package}", cwd=partial)
            os.replace(partial / name, kept)
        files.append(kept)
    shutil.rmtree(partial)
    return files


def sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _extract(tree: Path, debs: list[Path], log: Path) -> Path:
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    say("      extracting")
    for deb in debs:
        run_logged(["dpkg", "-x", deb, partial], log=log, what=f"extracting {deb.name}")
    dangling = dangling_links(partial / IMPORT_ROOT)
    if dangling:
        raise CannotRun(
            f"Odoo's package links to files that no fetched package has ({dangling[0]} and {len(dangling) - 1} more): "
            "Debian has changed them; report this."
        )
    os.replace(partial, tree)
    return tree


def dangling_links(tree: Path) -> list[Path]:
    """Symbolic links that lead nowhere: one of them is a 500 on Odoo's login page."""
    links = (Path(folder) / name for folder, folders, files in os.walk(tree) for name in [*folders, *files])
    return sorted(link for link in links if link.is_symlink() and not link.exists())


@contextmanager
def _cache_lock(checkout: Checkout) -> Iterator[None]:
    """One checkout at a time fills the cache; the others wait and find it filled."""
    checkout.cache.mkdir(parents=True, exist_ok=True)
    with (checkout.cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("      another checkout is filling the cache: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
