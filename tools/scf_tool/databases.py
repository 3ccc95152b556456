"""Templates, and the databases copied from them. What a template was made from stands in its comment.

`scf_upstream` is Odoo without us, `scf_template` with us. A template is made under another name and renamed when it is
whole, so that whoever finds it can use it. Attachments lie in the database: a copy needs no file store.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.odoo import Odoo
from scf_tool.odoo_source import OdooSource
from scf_tool.postgres import Cluster
from scf_tool.progress import run_logged, run_quietly

UPSTREAM = "scf_upstream"
TEMPLATE = "scf_template"
UPSTREAM_MODULES = (
    "sale_management",
    "purchase",
    "stock",
    "account",
    "sale_stock",
    "purchase_stock",
    "stock_account",
    "sale_edi_ubl",
    "account_edi_ubl_cii",
)
TEST_ADDONS = ("scf_test_assets",)


class Databases:
    """Makes, copies and drops the databases of one checkout."""

    def __init__(self, checkout: Checkout, cluster: Cluster, odoo: Odoo, source: OdooSource) -> None:
        self._checkout = checkout
        self._cluster = cluster
        self._odoo = odoo
        self.source = source

    def exists(self, name: str) -> bool:
        return bool(self._cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def comment(self, name: str) -> str | None:
        """What `name` was made from; None where it is not there or was made by somebody else."""
        rows = self._cluster.sql(
            f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
        )
        return rows[0][0] or None if rows else None

    def set_comment(self, name: str, comment: str) -> None:
        self._cluster.sql(f"COMMENT ON DATABASE \"{name}\" IS '{comment}'")

    def drop(self, name: str) -> None:
        self._cluster.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def copy(self, template: str, name: str) -> None:
        """Make `name` anew as a copy of `template`."""
        self.drop(name)
        self._disconnect(template)
        run_quietly([*self._cluster.program("createdb"), "-T", template, name], what=f"copying {template} to {name}")

    def ensure_upstream(self) -> str:
        """Have `scf_upstream`: from the dump that checkouts share, or installed and then dumped.

        :returns: what was done, in words.
        """
        key = self._upstream_key()
        if self.comment(UPSTREAM) == key:
            return f"{UPSTREAM} up to date"
        dump = self._checkout.cache / "databases" / f"upstream-{key}-pg{self._cluster.major}.dump"
        making = f"{UPSTREAM}_making"
        self.drop(making)
        run_quietly([*self._cluster.program("createdb"), "-T", "template0", making], what=f"making {making}")
        if dump.exists():
            self._restore(dump, making)
            done = "restored from the cache"
        else:
            self._odoo.install(making, list(UPSTREAM_MODULES), what="installing Odoo's modules")
            self._store_attachments(making)
            self._dump(making, dump)
            done = "installed, and kept in the cache"
        self.publish(making, UPSTREAM, key)
        return done

    def ensure_template(self) -> str:
        """Have `scf_template`, made again whenever a file of the addons has changed.

        :returns: what was done, in words.
        """
        key = f"{self._upstream_key()}-{digest_of_tree(self._own_addons())}"
        if self.comment(TEMPLATE) == key:
            return f"{TEMPLATE} up to date"
        making = f"{TEMPLATE}_making"
        self.copy(UPSTREAM, making)
        self.install_own_addons(making)
        self._generate_assets(making)
        self.publish(making, TEMPLATE, key)
        return f"{TEMPLATE} made from {UPSTREAM}"

    def publish(self, making: str, name: str, key: str) -> None:
        """Give a finished database its name and say in its comment what it was made from."""
        self.drop(name)
        self._disconnect(making)
        self._cluster.sql(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
        self.set_comment(name, key)

    def product_key(self) -> str:
        """Changes whenever Odoo or a file of our addons does."""
        return f"{self._upstream_key()}-{digest_of_tree([self._checkout.addons])}"

    def install_own_addons(self, database: str, *, ours: bool = True) -> None:
        """Install our addons, if `ours`, and the addons for tests, which no configuration file of the product names."""
        modules = [*(self.product_addons() if ours else []), *TEST_ADDONS]
        self._odoo.install(database, modules, what=f"installing {', '.join(modules)}", config=self.test_config())

    def install_test_addon(self, database: str, addon: str) -> None:
        """Install an addon for tests that is not in the template, with what of Odoo it depends on."""
        self._odoo.install(database, [addon], what=f"installing {addon}", config=self.test_config())

    def product_addons(self) -> list[str]:
        return sorted(path.parent.name for path in self._checkout.addons.glob("*/__manifest__.py"))

    def test_config(self) -> Path:
        """`.scf/odoo-test.conf`: the product's configuration with the addons for tests on the path."""
        path = self._checkout.state / "odoo-test.conf"
        self._odoo.write_options(path, self.test_options())
        return path

    def test_options(self) -> dict[str, str]:
        return self._odoo.options([*self.source.addons_paths, *self._own_addons()])

    def _own_addons(self) -> list[Path]:
        return [self._checkout.addons, self._checkout.test_addons]

    def _upstream_key(self) -> str:
        source = hashlib.sha256(f"{self.source.import_root} {UPSTREAM_MODULES}".encode()).hexdigest()[:12]
        return f"{self.source.version}-{source}"

    def _store_attachments(self, database: str) -> None:
        script = Path(__file__).with_name("store_attachments_in_database.py")
        self._odoo.run_script(database, script, what="moving attachments into the database")

    def _generate_assets(self, database: str) -> None:
        script = Path(__file__).with_name("generate_assets_in_database.py")
        self._odoo.run_script(database, script, what="generating what browsers load", config=self.test_config())

    def _restore(self, dump: Path, database: str) -> None:
        restore = [*self._cluster.program("pg_restore"), "-d", database, "-j", "2", "--no-owner", str(dump)]
        run_logged(restore, log=self._checkout.logs / "databases.log", what="restoring Odoo's modules from the cache")

    def _dump(self, database: str, dump: Path) -> None:
        dump.parent.mkdir(parents=True, exist_ok=True)
        partial = dump.with_name(f"{dump.name}.partial-{os.getpid()}")
        run_logged(
            [*self._cluster.program("pg_dump"), "-F", "c", "-Z", "1", "-f", str(partial), database],
            log=self._checkout.logs / "databases.log",
            what="keeping Odoo's modules in the cache",
        )
        os.replace(partial, dump)

    def _disconnect(self, name: str) -> None:
        self._cluster.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def digest_of_tree(folders: list[Path]) -> str:
    """A name for the content of all files below `folders`: relative names and bytes, byte code left out."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(folder)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
