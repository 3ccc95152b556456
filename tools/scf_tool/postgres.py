"""The PostgreSQL cluster private to a checkout: its own folder, port and socket.

The socket's folder belongs to the cluster's system user alone, who is trusted there; over TCP a password is asked.
A power cut may cost the cluster its content (fsync is off): it holds what the tool can make again.
"""

from __future__ import annotations

import base64
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scf_tool import ports
from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun, CommandFailed
from scf_tool.progress import run_logged, run_quietly

ROLE = "odoo"
SUPERUSER = "postgres"
MINIMUM_MAJOR = 13
"""Odoo 19's own minimum (odoo/release.py)."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
}


@dataclass(frozen=True)
class Address:
    """Where a running server listens."""

    socket_folder: str
    port: int


class Cluster:
    """A PostgreSQL server that nobody but this checkout uses."""

    def __init__(self, checkout: Checkout, *, installed: Path = Path("/usr/lib/postgresql")) -> None:
        self._checkout = checkout
        self._installed = installed
        self._log = checkout.logs / "postgres.log"

    @property
    def folder(self) -> Path:
        """`.scf/pg`; for root, whose server runs as another user, elsewhere if that user could not get there."""
        inside = self._checkout.state / "pg"
        if os.geteuid() or _reachable_by_others(self._checkout.state):
            return inside
        return Path("/var/lib/scf") / self._checkout.fingerprint

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket_folder(self) -> Path:
        """Outside the checkout: a socket's path may have 107 bytes at most."""
        return Path("/tmp") / f"scf-{self._checkout.fingerprint}"  # noqa: S108 - ours alone, checked when made

    @property
    def major(self) -> int:
        return int(self.binaries.parent.name)

    @property
    def binaries(self) -> Path:
        """The folder of the server's programs: of the cluster's own version, else the newest installed.

        :raises CannotRun: no PostgreSQL server is installed.
        """
        version = self.data / "PG_VERSION"
        wanted = version.read_text().strip() if version.exists() else "[0-9]*"
        found = [path.parent for path in self._installed.glob(f"{wanted}/bin/initdb")]
        usable = [path for path in found if path.parent.name.isdigit() and int(path.parent.name) >= MINIMUM_MAJOR]
        if not usable:
            made = f", which made {self.data}," if version.exists() else ""
            which = f"PostgreSQL {wanted if made else MINIMUM_MAJOR}{made or ' or newer'}"
            raise CannotRun(f"{which} is not installed: run 'apt-get install postgresql' and run this again.")
        return max(usable, key=lambda path: int(path.parent.name))

    def address(self) -> Address | None:
        """Where the server listens, by its own postmaster.pid; None when it does not run."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if len(lines) < 8 or lines[7].strip() != "ready" or not Path(f"/proc/{lines[0].strip()}").exists():
            return None
        return Address(socket_folder=lines[4].strip(), port=int(lines[3]))

    def ensure(self) -> str:
        """Make the cluster where there is none, and start it where it does not run.

        :returns: what was done, in words.
        :raises CannotRun: the port is taken, or PostgreSQL does not start.
        """
        running = self.address()
        if running:
            return f"running on port {running.port}"
        made = "" if (self.data / "PG_VERSION").exists() else "made, "
        ports.require_free(self._checkout.ports["SCF_PG_PORT"], variable="SCF_PG_PORT", purpose="PostgreSQL")
        if made:
            self._make()
        self._start()
        self._ensure_role()
        return f"{made}PostgreSQL {self.major} started on port {self._checkout.ports['SCF_PG_PORT']}"

    def stop(self) -> bool:
        """Stop the server; tells whether it ran."""
        if not self.address():
            return False
        self._run(self.binaries / "pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop", what="stopping PostgreSQL")
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        return True

    def required_address(self) -> Address:
        address = self.address()
        if not address:
            raise CannotRun("PostgreSQL of this checkout does not run: './scf setup' starts it.")
        return address

    def sql(self, statement: str, *, database: str = "postgres", role: str = SUPERUSER) -> list[list[str]]:
        """Run one statement and return its rows as text."""
        address = self.required_address()
        answer = run_quietly(
            [
                self.binaries / "psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1",
                "-h", address.socket_folder, "-p", str(address.port), "-U", role, "-d", database, "-f", "-",
            ],
            what="PostgreSQL",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=statement,
        )  # fmt: skip
        return [line.split("\x1f") for line in answer.splitlines()]

    def program(self, name: str) -> list[str]:
        """A client program of PostgreSQL with the arguments that lead to this cluster as the owner of the databases."""
        address = self.required_address()
        return [str(self.binaries / name), "-h", address.socket_folder, "-p", str(address.port), "-U", ROLE]

    def password(self) -> str:
        """What the role says over TCP, where a person's own tools come in; programs here use the socket."""
        path = self._checkout.state / "pg_password"
        if not path.exists():
            write_secret(path, base64.urlsafe_b64encode(os.urandom(24)).decode())
        return path.read_text(encoding="utf-8").strip()

    def conninfo(self) -> str:
        """The server in libpq's words, for programs that make databases of their own."""
        address = self.required_address()
        return f"host={address.socket_folder} port={address.port} user={ROLE}"

    def _make(self) -> None:
        partial = self.folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._give_to_server(self.folder)
        self._run(
            self.binaries / "initdb", "-D", partial, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8",
            "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync",
            what="making the cluster",
        )  # fmt: skip
        os.replace(partial, self.data)

    def _start(self) -> None:
        folder = self.socket_folder
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = folder.stat().st_uid
        if owner not in (os.geteuid(), self._server_uid()):
            raise CannotRun(
                f"{folder}, for the socket of PostgreSQL, belongs to somebody else (user {owner}): remove it."
            )
        self._give_to_server(folder)
        folder.chmod(0o700)
        settings = {**SETTINGS, "port": self._checkout.ports["SCF_PG_PORT"], "unix_socket_directories": folder}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        server_log = self.folder / "log"
        try:
            self._run(
                self.binaries / "pg_ctl", "-D", self.data, "-l", server_log, "-o", options, "-w", "-t", "60", "start",
                what="starting PostgreSQL",
            )  # fmt: skip
        except CommandFailed as error:
            last = server_log.read_text(errors="replace").splitlines()[-5:] if server_log.exists() else []
            raise CannotRun("\n".join(["PostgreSQL does not start; its log ends:", *last])) from error

    def _ensure_role(self) -> None:
        present = self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'")
        verb = "ALTER" if present else "CREATE"
        self.sql(f"{verb} ROLE {ROLE} LOGIN CREATEDB PASSWORD '{self.password()}'")

    def _run(self, *argv: str | Path, what: str) -> None:
        """As the server's user: PostgreSQL refuses to run as root."""
        prefix = [] if os.geteuid() else ["runuser", "-u", SUPERUSER, "--"]
        run_logged([*prefix, *argv], log=self._log, what=what, cwd=Path("/"), env={**os.environ, "LC_ALL": "C.UTF-8"})

    def _server_uid(self) -> int:
        if os.geteuid():
            return os.geteuid()
        try:
            return pwd.getpwnam(SUPERUSER).pw_uid
        except KeyError as error:
            raise CannotRun(
                "There is no system user 'postgres', as whom root's PostgreSQL runs: run 'apt-get install postgresql'."
            ) from error

    def _give_to_server(self, folder: Path) -> None:
        if not os.geteuid():
            os.chown(folder, self._server_uid(), 0)


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner reads, complete or not at all; two writers at once do not meet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(prefix=f"{path.name}.partial-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as secret:
            secret.write(content + "\n")
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _reachable_by_others(folder: Path) -> bool:
    """Whether every folder on the way lets other users pass."""
    folder.mkdir(parents=True, exist_ok=True)
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))
