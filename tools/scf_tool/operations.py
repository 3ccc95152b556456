"""What is running: the services of the checkout, and the commands that stop them, list them and show their logs."""

from __future__ import annotations

from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.odoo import Odoo
from scf_tool.postgres import Cluster
from scf_tool.progress import say
from scf_tool.services import Service

LOG_LINES = 30
BANKS = {"bank1": ("rhone", "SCF_BANK1_PORT"), "bank2": ("hansa", "SCF_BANK2_PORT")}
"""Service name → its profile in bank/profiles and the setting of its port."""


def odoo_service(checkout: Checkout, odoo: Odoo, database: str) -> Service:
    """Odoo on one database, which is the only one that it serves."""
    return Service(
        name="odoo",
        argv=odoo.argv(database, f"--db-filter=^{database}$", f"--http-port={checkout.ports['SCF_ODOO_PORT']}"),
        port=checkout.ports["SCF_ODOO_PORT"],
        variable="SCF_ODOO_PORT",
        health="/web/health",
        folder=checkout.state,
        environment=odoo.environment(),
    )


def known_services(checkout: Checkout) -> list[Service]:
    """The services by name, for looking at them and stopping them; without what is needed to start them."""
    ports = {"odoo": ("SCF_ODOO_PORT", "/web/health")}
    ports |= {name: (variable, "/.well-known/openscf") for name, (_, variable) in BANKS.items()}
    return [
        Service(
            name=name, argv=[], port=checkout.ports[variable], variable=variable, health=health, folder=checkout.state
        )
        for name, (variable, health) in ports.items()
    ]


def stop(checkout: Checkout) -> int:
    """End Odoo, the banks and PostgreSQL, in this order; says which of them ran."""
    for service in known_services(checkout):
        say(f"{service.name}: {'stopped' if service.stop() else 'was not running'}")
    say(f"postgres: {'stopped' if Cluster(checkout).stop() else 'was not running'}")
    return 0


def status(checkout: Checkout) -> int:
    """Print what runs where; exit status 1 when something that runs does not answer."""
    sick = 0
    for service in known_services(checkout):
        pid = service.pid()
        answers = bool(pid) and service.healthy()
        sick += bool(pid) and not answers
        words = f"answers on {service.url}" if answers else f"does not answer on {service.url}"
        say(f"{service.name:9} {f'process {pid}, {words}' if pid else 'not running'}")
    address = Cluster(checkout).address()
    say(f"{'postgres':9} {f'port {address.port}, socket in {address.socket_folder}' if address else 'not running'}")
    return 1 if sick else 0


def logs(checkout: Checkout, name: str | None) -> int:
    """Print the last lines of one log or of all."""
    places = {service.name: service.log for service in known_services(checkout)}
    places["postgres"] = Cluster(checkout).folder / "log"
    if name and name not in places:
        raise CannotRun(f"there is no log of {name}: choose among {', '.join(places)}.")
    for log in [places[name]] if name else places.values():
        if log.exists():
            say(f"==> {log}")
            say("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]))
    return 0
