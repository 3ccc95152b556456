"""Odoo as this checkout runs it: its configuration file, its environment and its command lines."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.odoo_source import OdooSource
from scf_tool.postgres import ROLE, Cluster, write_secret
from scf_tool.progress import run_logged

HIDDEN_FROM_CHILDREN = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"}
"""Of the tool's own Python; without byte code on disk every start of Odoo compiles 3,000 files."""


class Odoo:
    """Runs Odoo's commands on databases of the checkout's cluster."""

    def __init__(self, checkout: Checkout, cluster: Cluster) -> None:
        self._checkout = checkout
        self._cluster = cluster

    def write_config(self, source: OdooSource) -> None:
        """Write `.scf/odoo.conf`: no database is named in it, nor a secret."""
        options = self.options([*source.addons_paths, self._checkout.addons])
        self.write_options(self._checkout.odoo_config, options)

    def options(self, addons_paths: list[Path]) -> dict[str, str]:
        address = self._cluster.required_address()
        return {
            "addons_path": ",".join(map(str, addons_paths)),
            "admin_passwd": secrets.token_urlsafe(24),
            "db_host": address.socket_folder,
            "db_port": str(address.port),
            "db_user": ROLE,
            "data_dir": str(self._checkout.state / "odoo-data"),
            "http_interface": "127.0.0.1",
            "http_port": str(self._checkout.ports["SCF_ODOO_PORT"]),
            "list_db": "False",
            # The discard service, which nobody runs: no mail of a demo or a test leaves the machine.
            "smtp_server": "127.0.0.1",
            "smtp_port": "9",
        }

    @staticmethod
    def write_options(path: Path, options: dict[str, str]) -> None:
        write_secret(path, "\n".join(["[options]", *(f"{name} = {value}" for name, value in options.items())]))

    def environment(self) -> dict[str, str]:
        """What every child sees: the venv first on the path, the sealing key, and how to reach the cluster."""
        address = self._cluster.required_address()
        kept = {name: value for name, value in os.environ.items() if name not in HIDDEN_FROM_CHILDREN}
        return kept | {
            "PATH": f"{self._checkout.venv / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            "PGHOST": address.socket_folder,
            "PGPORT": str(address.port),
            "PGUSER": ROLE,
            "SCF_MASTER_KEY": self.master_key(),
            "SCF_ODOO_CONF": str(self._checkout.odoo_config),
        }

    def master_key(self) -> str:
        """The Fernet key under which the connector seals private keys, made once per checkout."""
        path = self._checkout.state / "master.key"
        if not path.exists():
            write_secret(path, base64.urlsafe_b64encode(os.urandom(32)).decode())
        return path.read_text(encoding="utf-8").strip()

    def argv(self, database: str, *options: str, command: str | None = None, config: Path | None = None) -> list[str]:
        """A command line of Odoo; `command` is one of its subcommands, in words, and the server without it."""
        head = [str(self._checkout.python), "-m", "odoo", *(command or "").split()]
        return [*head, "-c", str(config or self._checkout.odoo_config), "-d", database, *options]

    def install(self, database: str, modules: list[str], *, what: str, config: Path | None = None) -> None:
        """Install modules and leave.

        :raises CommandFailed: Odoo ended badly.
        """
        self._change_modules("-i", database, modules, what, config)

    def update(self, database: str, modules: list[str], *, what: str) -> None:
        """Bring installed modules, and what depends on them, to what their files say now; install those that are new.

        :raises CommandFailed: Odoo ended badly.
        """
        self._change_modules("-u", database, modules, what, None)
        self._change_modules("-i", database, modules, what, None)

    def _change_modules(self, option: str, database: str, modules: list[str], what: str, config: Path | None) -> None:
        run_logged(
            self.argv(
                database, option, ",".join(modules), "--stop-after-init", "--no-http", "--log-level=warn", config=config
            ),
            log=self._checkout.logs / f"install-{database}.log",
            what=what,
            env=self.environment(),
        )

    def run_script(
        self,
        database: str,
        script: Path,
        *,
        what: str,
        config: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Run a Python file in Odoo's shell, where `env` is the superuser's; the file commits by itself.

        :raises CommandFailed: an exception in it.
        """
        run_logged(
            self.argv(database, "--no-http", "--log-level=warn", command="shell", config=config),
            log=self._checkout.logs / f"{script.stem}-{database}.log",
            what=what,
            env=self.environment() | dict(extra or {}),
            stdin=script,
        )
