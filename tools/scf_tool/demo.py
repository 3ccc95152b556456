"""`./scf demo`: a believable company in Odoo, two banks, and the main job done once, with all of it left running."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scf_tool import operations
from scf_tool.checkout import Checkout
from scf_tool.databases import UPSTREAM
from scf_tool.failure import CannotRun
from scf_tool.postgres import Cluster, write_secret
from scf_tool.progress import run_logged, run_quietly, say
from scf_tool.services import Service
from scf_tool.setup import Ready, exclusive, set_up

DATABASE = "scf_demo"
CHART_OF_ACCOUNTS = "l10n_de"
OFFICER = "officer"
# Two at each bank: what one of them proposes to give up, the other has to approve.
OFFICERS = {OFFICER: "Credit Officer", "colleague": "Second Officer"}
STEPS = 5


@dataclass(frozen=True)
class DemoFiles:
    """What the demo remembers between runs, all of it below `.scf/demo`."""

    folder: Path

    @property
    def logins(self) -> Path:
        """The company's people with their passwords; the loader writes it."""
        return self.folder / "logins.json"

    @property
    def officers(self) -> Path:
        """Bank service name → user name of each officer → password."""
        return self.folder / "desk-logins.json"

    @property
    def portal(self) -> Path:
        """Login of a supplier to the portal → name, company and password; the story writes it."""
        return self.folder / "portal-logins.json"

    @property
    def story_done(self) -> Path:
        """There once the main job has run to its end."""
        return self.folder / "story-done"

    def bank(self, name: str) -> Path:
        return self.folder / name


def run(checkout: Checkout, *, fresh: bool) -> int:
    """Bring the demo up, doing only what is not done yet, and print where everything is.

    :raises CannotRun: with one sentence; the next run goes on from there.
    """
    files = DemoFiles(checkout.state / "demo")
    if fresh:
        _start_over(checkout, files)
    elif _all_up(checkout, files):
        say("Everything is up already ('./scf demo --fresh' starts over).")
        _print_addresses(checkout, files)
        return 0
    ready, steps = set_up(checkout, further_steps=STEPS)
    with exclusive(checkout):
        with steps.step("Demo: database with our addons") as step:
            step.result = _ensure_database(ready)
        with steps.step("Demo: two banks") as step:
            banks = [_bank(ready, files, name) for name in operations.BANKS]
            step.result = ", ".join(f"{bank.name} {_start(bank)} on {bank.url}" for bank in banks)
        with steps.step("Demo: the company and its history"):
            _load_company(ready, files)
        with steps.step("Demo: Odoo") as step:
            odoo = operations.odoo_service(checkout, ready.odoo, DATABASE)
            step.result = f"{_start(odoo)} on {odoo.url}"
        with steps.step("Demo: the main job") as step:
            step.result = "done before" if files.story_done.exists() else _run_story(ready, files, odoo, banks)
    _print_addresses(checkout, files)
    return 0


def _start_over(checkout: Checkout, files: DemoFiles) -> None:
    for service in operations.known_services(checkout):
        service.stop()
    cluster = Cluster(checkout)
    if (cluster.data / "PG_VERSION").exists():
        cluster.ensure()
        cluster.sql(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
    shutil.rmtree(files.folder, ignore_errors=True)


def _all_up(checkout: Checkout, files: DemoFiles) -> bool:
    return (
        files.story_done.exists()
        and Cluster(checkout).address() is not None
        and all(service.pid() and service.healthy() for service in operations.known_services(checkout))
    )


def _start(service: Service) -> str:
    return "started" if service.start() else "running"


def _ensure_database(ready: Ready) -> str:
    databases, key = ready.databases, ready.databases.product_key()
    known = databases.comment(DATABASE)
    if known == key:
        return f"{DATABASE} up to date"
    addons = databases.product_addons()
    if known:
        operations.odoo_service(ready.checkout, ready.odoo, DATABASE).stop()
        ready.odoo.update(DATABASE, addons, what="updating our addons")
        databases.set_comment(DATABASE, key)
        return f"{DATABASE} updated"
    making = f"{DATABASE}_making"
    databases.copy(UPSTREAM, making)
    ready.odoo.install(making, [CHART_OF_ACCOUNTS, *addons], what=f"installing {', '.join(addons)}")
    databases.publish(making, DATABASE, key)
    return f"{DATABASE} made"


def _bank(ready: Ready, files: DemoFiles, name: str) -> Service:
    """A bank's gateway on SQLite, with officers who can log in at its desk."""
    checkout = ready.checkout
    profile, variable = operations.BANKS[name]
    folder = files.bank(name)
    folder.mkdir(parents=True, exist_ok=True)
    program = str(checkout.venv / "bin" / "openscf-bank")
    database = f"sqlite:///{folder / 'bank.sqlite'}"
    environment = ready.odoo.environment()
    officers = json.loads(files.officers.read_text(encoding="utf-8")) if files.officers.exists() else {}
    if name not in officers:
        passwords = {username: secrets.token_urlsafe(12) for username in OFFICERS}
        for username, full_name in OFFICERS.items():
            hire = [program, "create-officer", username, "--name", full_name, "--password-stdin"]
            run_quietly(
                [*hire, "--database-url", database],
                what=f"making the officers of {name}",
                env=environment,
                stdin=passwords[username] + "\n",
            )
        write_secret(files.officers, json.dumps({**officers, name: passwords}))
    port = checkout.ports[variable]
    serve = [program, "serve", "--profile", str(checkout.root / "bank" / "profiles" / f"{profile}.toml")]
    return Service(
        name=name,
        argv=[*serve, "--port", str(port), "--database-url", database, "--key-file", str(folder / "signing-key.json")],
        port=port,
        variable=variable,
        health="/.well-known/openscf",
        folder=checkout.state,
        environment=environment,
    )


def _load_company(ready: Ready, files: DemoFiles) -> None:
    loader = ready.checkout.root / "tools" / "demo" / "load_company.py"
    argv = [
        str(ready.checkout.python), str(loader), "--config", str(ready.checkout.odoo_config),
        "--database", DATABASE, "--logins", str(files.logins),
    ]  # fmt: skip
    run_logged(
        argv, log=ready.checkout.logs / "demo-company.log", what="loading the company", env=ready.odoo.environment()
    )


def _run_story(ready: Ready, files: DemoFiles, odoo: Service, banks: list[Service]) -> str:
    officers = json.loads(files.officers.read_text(encoding="utf-8"))
    environment = ready.odoo.environment() | {
        "SCF_ODOO_URL": odoo.url,
        "SCF_DB": DATABASE,
        "SCF_LOGINS": str(files.logins),
        "SCF_PORTAL_LOGINS": str(files.portal),
        "SCF_BANKS": json.dumps(
            [
                {
                    "name": bank.name,
                    "url": bank.url,
                    "officer": {"username": OFFICER, "password": officers[bank.name][OFFICER]},
                }
                for bank in banks
            ]
        ),
    }
    story = ready.checkout.root / "tools" / "demo" / "run_story.py"
    status = subprocess.run([str(ready.checkout.python), str(story)], env=environment, check=False).returncode
    if status:
        raise CannotRun(
            f"the main job ended with status {status}; its last words are above. Odoo and the banks are up: "
            "'./scf logs' shows theirs, './scf demo' tries again, './scf demo --fresh' starts over."
        )
    files.story_done.touch()
    return "done"


def _print_addresses(checkout: Checkout, files: DemoFiles) -> None:
    odoo, *banks = operations.known_services(checkout)
    officers = json.loads(files.officers.read_text(encoding="utf-8"))
    company = json.loads(files.logins.read_text(encoding="utf-8"))
    say(f"\nOdoo, {company['name']}: {odoo.url}")
    for login in company["logins"].values():
        say(f"    {login['login']:28} password {login['password']:16} {login['name']}, {login['role']}")
    if files.portal.exists():
        say(f"The suppliers' portal: {odoo.url}/my/programs")
        for login, supplier in json.loads(files.portal.read_text(encoding="utf-8")).items():
            say(f"    {login:44} password {supplier['password']:16} {supplier['name']}, {supplier['company']}")
    for bank in banks:
        profile, _ = operations.BANKS[bank.name]
        say(f"Bank {profile.title()}: {bank.url}, its desk {bank.url}/desk")
        for username, password in officers[bank.name].items():
            say(f"    {username:28} password {password:16} {OFFICERS[username]}")
    say("'./scf stop' ends them, './scf status' shows them.")
