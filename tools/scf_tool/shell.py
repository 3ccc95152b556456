"""Odoo's interactive shell."""

from __future__ import annotations

import subprocess

from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.setup import set_up


def run(checkout: Checkout, database: str) -> int:
    """Open Odoo's shell on `database` and return its exit status.

    :raises CannotRun: there is no such database.
    """
    ready, _ = set_up(checkout)
    if not ready.databases.exists(database):
        raise CannotRun(f"there is no database {database}: './scf demo' makes the demo's, './scf test' the template.")
    argv = ready.odoo.argv(database, "--no-http", command="shell")
    return subprocess.run(argv, env=ready.odoo.environment(), check=False).returncode
