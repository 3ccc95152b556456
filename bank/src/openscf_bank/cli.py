"""The command `openscf-bank`: serve, migrate, create-officer, disable-officer, run-jobs, openapi."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from pathlib import Path

import uvicorn
from openscf.errors import OpenSCFError
from sqlalchemy.exc import SQLAlchemyError

from . import jobs
from .app import build_api, build_app
from .desk.service import OfficerError, create_officer, disable_officer
from .gateway import Gateway, build_gateway
from .kit.db import Database
from .migrations import upgrade
from .profile import ProfileError, load_profile
from .settings import Settings, default_key_file

DEFAULT_DATABASE = "sqlite:///openscf-bank.sqlite"
DEFAULT_PORT = 8701


class UsageError(Exception):
    """The command cannot be carried out; the message says what to change."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 for success, 2 with a sentence on standard error for anything that the operator can mend."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (UsageError, ProfileError, OfficerError, OpenSCFError, OSError, ValueError) as error:
        print(f"openscf-bank: {error}", file=sys.stderr)
        return 2
    except SQLAlchemyError as error:
        print(f"openscf-bank: the database cannot be used: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="openscf-bank", description="A bank's gateway for OpenSCF 1.0.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the API and the desk")
    serve.add_argument("--host", default=os.environ.get("OPENSCF_BANK_HOST", "127.0.0.1"))
    serve.add_argument("--worker-seconds", type=float, default=1.0, help="how often due work is looked for; 0: never")
    serve.add_argument("--proxy", metavar="ADDRESSES", help="trust X-Forwarded-For from these addresses")
    serve.add_argument("--no-migrate", action="store_true", help="do not bring the schema up to date first")
    _bank(serve)
    serve.set_defaults(run=_serve)

    migrate = commands.add_parser("migrate", help="bring the database schema up to date")
    _database(migrate)
    migrate.set_defaults(run=lambda options: upgrade(Database(options.database_url)))

    officer = commands.add_parser("create-officer", help="create an officer, or replace the password of one")
    officer.add_argument("username")
    officer.add_argument("--name", required=True)
    officer.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    _database(officer)
    officer.set_defaults(run=_create_officer)

    former = commands.add_parser("disable-officer", help="shut an officer out and end their sessions")
    former.add_argument("username")
    _database(former)
    former.set_defaults(run=_disable_officer)

    due = commands.add_parser("run-jobs", help="do what is due once (expiry, payments), for a cron")
    _bank(due)
    due.set_defaults(run=_run_jobs)

    openapi = commands.add_parser("openapi", help="print the OpenAPI document")
    openapi.set_defaults(run=lambda _options: print(openapi_text(), end=""))
    return parser


def _database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database-url", default=os.environ.get("OPENSCF_BANK_DATABASE_URL", DEFAULT_DATABASE))


def _bank(parser: argparse.ArgumentParser) -> None:
    _database(parser)
    profile = os.environ.get("OPENSCF_BANK_PROFILE")
    parser.add_argument("--profile", type=Path, default=profile, required=not profile, help="the bank's TOML file")
    parser.add_argument("--key-file", type=Path, default=os.environ.get("OPENSCF_BANK_KEY_FILE"))
    parser.add_argument("--clock-file", type=Path, help="tests only: a file with the business date")
    parser.add_argument("--issuer", default=os.environ.get("OPENSCF_BANK_ISSUER"), help="address that ERPs ask")
    parser.add_argument("--port", type=int, default=int(os.environ.get("OPENSCF_BANK_PORT", str(DEFAULT_PORT))))


def _gateway(options: argparse.Namespace) -> Gateway:
    settings = Settings(
        issuer=(options.issuer or f"http://127.0.0.1:{options.port}").rstrip("/"),
        database_url=options.database_url,
        key_file=Path(options.key_file) if options.key_file else default_key_file(options.database_url),
        clock_file=options.clock_file,
        worker_seconds=getattr(options, "worker_seconds", 0.0),
    )
    return build_gateway(settings, load_profile(Path(options.profile)))


def _serve(options: argparse.Namespace) -> None:
    gateway = _gateway(options)
    if not options.no_migrate:
        upgrade(gateway.db)
    print(f"{gateway.profile.bank.name}: {gateway.settings.issuer} (desk: {gateway.settings.issuer}/desk)", flush=True)
    uvicorn.run(
        build_app(gateway),
        host=options.host,
        port=options.port,
        log_level="info",
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.proxy),
        forwarded_allow_ips=options.proxy or "",
    )


def _create_officer(options: argparse.Namespace) -> None:
    database = Database(options.database_url)
    upgrade(database)
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise UsageError("The passwords differ.")
    create_officer(database, options.username, options.name, password)
    print(f"Officer {options.username.strip().lower()} can log in at the desk.")


def _disable_officer(options: argparse.Namespace) -> None:
    database = Database(options.database_url)
    upgrade(database)
    disable_officer(database, options.username)
    print(f"Officer {options.username.strip().lower()} is logged out and cannot log in any more.")


def _run_jobs(options: argparse.Namespace) -> None:
    gateway = _gateway(options)
    jobs.run_due(gateway)
    jobs.prune(gateway)


def openapi_text() -> str:
    """The OpenAPI document as committed in bank/openapi.json."""
    return json.dumps(build_api().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
