"""From nothing to a checkout that can run: each step looks at what is there and does the rest."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scf_tool import apt, machine, odoo_source, venv
from scf_tool.checkout import Checkout
from scf_tool.databases import Databases
from scf_tool.failure import CannotRun
from scf_tool.odoo import Odoo
from scf_tool.postgres import Cluster
from scf_tool.progress import Steps, say

SERVER_PACKAGES = ["libmagic1", "fonts-dejavu-core"]
"""What Odoo's Python packages load, and the font of its PDF documents; our own fonts come with Odoo's source."""
BROWSER_PACKAGES = ["chromium", "fonts-liberation"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Ready:
    """A checkout that is set up, with the parts that later commands use."""

    checkout: Checkout
    cluster: Cluster
    odoo: Odoo
    databases: Databases


STEPS = 7


def set_up(checkout: Checkout, *, browser: bool = False, further_steps: int = 0) -> tuple[Ready, Steps]:
    """Bring the checkout to where Odoo can run on a database of it.

    :param browser: also have a Chromium.
    :param further_steps: how many steps the caller will add to the same numbered list.
    :returns: the parts, and the list to go on with.
    :raises CannotRun: with one sentence that says what to do; whatever was finished is kept.
    """
    steps = Steps(STEPS + further_steps)
    with steps.step("This machine") as step:
        fields = machine.require_supported_system()
        machine.require_writable(checkout.cache, setting="choose another place for the cache with XDG_CACHE_HOME")
        machine.require_writable(checkout.state, setting="the checkout must lie where you may write")
        if not checkout.python.exists():
            machine.require_space(checkout.state, machine.SPACE_FOR_CHECKOUT)
        step.result = f"{fields.get('PRETTY_NAME')}, cache {checkout.cache}"
    with exclusive(checkout):
        with steps.step("System packages") as step:
            step.result = _ensure_system_packages(checkout, browser=browser)
        with steps.step("Odoo 19") as step:
            source, step.result = odoo_source.ensure(checkout)
        with steps.step("Python packages") as step:
            step.result = venv.ensure(checkout, source)
        cluster = Cluster(checkout)
        odoo = Odoo(checkout, cluster)
        with steps.step("PostgreSQL") as step:
            step.result = cluster.ensure()
        with steps.step("Odoo's configuration") as step:
            odoo.write_config(source)
            odoo.master_key()
            step.result = str(checkout.odoo_config)
        databases = Databases(checkout, cluster, odoo, source)
        with steps.step("Database of Odoo without us") as step:
            step.result = databases.ensure_upstream()
    return Ready(checkout, cluster, odoo, databases), steps


@contextmanager
def exclusive(checkout: Checkout) -> Iterator[None]:
    """One run at a time changes what the checkout holds."""
    with (checkout.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("      another ./scf is setting this checkout up: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _ensure_system_packages(checkout: Checkout, *, browser: bool) -> str:
    wanted = apt.missing(SERVER_PACKAGES)
    had_server = bool(_installed_servers())
    if not had_server:
        wanted.append("postgresql")
    if browser and not find_browser():
        wanted += apt.missing(BROWSER_PACKAGES)
    if wanted:
        clusters_before = _system_clusters()
        apt.install(wanted, log=checkout.logs / "apt.log")
        _rest_new_system_clusters(clusters_before)
    if browser and not find_browser():
        raise CannotRun(
            "There is no Chromium for the browser tests, and this system's package brings none as a plain program: "
            "install chromium or google-chrome so that it is on the PATH."
        )
    return f"installed {' '.join(wanted)}" if wanted else "all there"


def _installed_servers() -> list[Path]:
    return list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _system_clusters() -> set[Path]:
    return set(Path("/etc/postgresql").glob("*/*/start.conf"))


def _rest_new_system_clusters(before: set[Path]) -> None:
    """Debian's server package makes and starts a cluster of its own; one that came by us is left stopped."""
    for start in sorted(_system_clusters() - before):
        version, name = start.parent.parts[-2:]
        say(f"      stopping the cluster {version}/{name} that the package has made; ours is another")
        apt.run_as_root(["sed", "-i", "s/^auto$/manual/", str(start)], what="setting its start to manual")
        if Path(f"/var/run/postgresql/{version}-{name}.pid").exists():
            apt.run_as_root(["pg_ctlcluster", version, name, "stop"], what="stopping the package's cluster")
