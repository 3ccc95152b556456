"""Loads the demonstration company into an Odoo database that has sales, purchases, stock and l10n_de installed.

As a command, which is how `./scf demo` runs it:

    python tools/demo/load_company.py --config odoo.conf --database DB --logins logins.json [--today 2026-11-22]

or from an Odoo process that already has an environment: `from demo.load_company import load; load(env, today=…)`,
then commit. Running it again changes nothing but the logins, and reports what is there.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run by its path: make the package `demo` importable
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo.company import PEOPLE

PARAMETER = "scf_demo.company"
"""The system parameter that says that the company is there, and which of its documents the story uses."""
API_KEY_NAME = "Demo story"
API_KEY_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Login:
    login: str
    name: str
    role: str
    password: str
    api_key: str


@dataclass(frozen=True, kw_only=True)
class LoadedCompany:
    """`documents` maps the names in `history` (`open_order`, …) to `{"model", "id", "name"}`."""

    name: str
    today: str
    created: bool
    figures: Mapping[str, Any]
    documents: Mapping[str, Mapping[str, Any]]
    logins: tuple[Login, ...]


def load(
    env: Any,
    *,
    today: date,
    known_logins: Mapping[str, Mapping[str, str]] | None = None,
    say: Callable[[str], None] = print,
) -> LoadedCompany:
    """Makes the company and its history up to `today`, in the caller's transaction, which the caller commits.

    :param env: an Odoo environment of the superuser.
    :param known_logins: passwords and API keys handed out before, by login; kept as far as they still work.
    :raises RuntimeError: a module is missing, or the books already hold other documents.
    """
    marker = env["ir.config_parameter"].sudo().get_param(PARAMETER)
    created = not marker
    if created:
        _check_ready(env)
        marker = json.dumps(_make(env, today, say))
        env["ir.config_parameter"].sudo().set_param(PARAMETER, marker)
    content = json.loads(marker)
    if not created:
        say(f"{content['name']} is already there, with history until {content['today']}.")
    return LoadedCompany(
        name=content["name"],
        today=content["today"],
        created=created,
        figures=content["figures"],
        documents=content["documents"],
        logins=_logins(env, known_logins or {}),
    )


def _check_ready(env: Any) -> None:
    needed = {"sale_stock", "purchase_stock", "stock_account", "l10n_de"}
    installed = set(env["ir.module.module"].search([("state", "=", "installed")]).mapped("name"))
    if missing := sorted(needed - installed):
        raise RuntimeError(f"Install {', '.join(missing)} before the demonstration company is loaded.")
    if env["account.move"].search_count([], limit=1):
        raise RuntimeError("This database has journal entries already; load the company into a fresh database.")


def _make(env: Any, today: date, say: Callable[[str], None]) -> dict[str, Any]:
    # These pull in Odoo and freezegun, which a second run and `--help` do without.
    from demo.clock import replay_clock
    from demo.foundation import found_company
    from demo.history import plan_history
    from demo.replay import Replay

    history = plan_history(today)
    with replay_clock(history.start) as clock:
        foundation = found_company(env, history)
        say(f"{foundation.company.name}: {len(foundation.buyers)} customers, {len(foundation.articles)} articles")
        company_env = env(
            user=foundation.users["admin"], su=True,
            context={
                **foundation.company.env.context,
                "allowed_company_ids": foundation.company.ids,
                "tz": "Europe/Berlin",
            },
        )  # fmt: skip
        replay = Replay(company_env, foundation, history, clock)
        replay.run(say)
        env.flush_all()
    return {
        "name": foundation.company.name,
        "today": today.isoformat(),
        "figures": {
            "months": len(history.months),
            "customers": len(foundation.buyers),
            "orders": len(replay.orders),
            "deliveries": len(replay.deliveries),
            "invoices": len(replay.invoices),
            "payments": env["account.payment"].search_count([("payment_type", "=", "inbound")]),
            "invoiced_eur": f"{sum(replay.invoices[k].amount_total_signed for k in replay.invoices):.2f}",
        },
        "documents": _documents(replay),
    }


def _documents(replay: Any) -> dict[str, dict[str, Any]]:
    from demo import history

    documents = {}
    for key in (
        history.OPEN_INVOICE, history.WAITING_INVOICE, history.USD_INVOICE,
        history.BAD_PAYER_INVOICE, history.OVERDUE_INVOICE, history.SHORT_INVOICE,
    ):  # fmt: skip
        documents[key] = replay.invoices[f"{key}/1"]
    documents[history.OPEN_ORDER] = replay.orders[history.OPEN_ORDER]
    return {key: {"model": r._name, "id": r.id, "name": r.name} for key, r in documents.items()}


def _logins(env: Any, known: Mapping[str, Mapping[str, str]]) -> tuple[Login, ...]:
    """Sets a password and makes an API key for each person who has none that works."""
    logins = []
    for person in PEOPLE:
        user = env["res.users"].search([("login", "=", person.login)])
        user.write({"group_ids": [(4, g.id) for n in person.groups if (g := env.ref(n, raise_if_not_found=False))]})
        given = known.get(person.login, {})
        password = given.get("password") or secrets.token_urlsafe(9)
        if not _password_works(env, person.login, password):
            user.password = password
        api_key = given.get("api_key", "")
        if not api_key or env["res.users.apikeys"]._check_credentials(scope="rpc", key=api_key) != user.id:
            until = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=API_KEY_DAYS)
            api_key = env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", API_KEY_NAME, until)
        logins.append(Login(login=person.login, name=person.name, role=person.role, password=password, api_key=api_key))
    return tuple(logins)


def _password_works(env: Any, login: str, password: str) -> bool:
    env.flush_all()
    env.cr.execute("SELECT COALESCE(password, '') FROM res_users WHERE login = %s", [login])
    [hashed] = env.cr.fetchone()
    return bool(hashed) and env["res.users"]._crypt_context().verify(password, hashed)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Load the demonstration company into an Odoo database.")
    parser.add_argument("--config", required=True, help="Odoo's configuration file")
    parser.add_argument("--database", required=True)
    parser.add_argument("--logins", required=True, type=Path, help="JSON file to read and write the logins in")
    parser.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    arguments = parser.parse_args(argv)

    from odoo import api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(["-c", arguments.config, "-d", arguments.database, "--no-http"], setup_logging=True)
    logging.getLogger("odoo").setLevel(logging.WARNING)
    known = json.loads(arguments.logins.read_text()) if arguments.logins.exists() else {}
    with Registry(arguments.database).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {"lang": "en_US"})
        try:
            loaded = load(
                env,
                today=arguments.today,
                known_logins=known.get("logins"),
                say=lambda line: print(f"  {line}", flush=True),
            )
        except RuntimeError as error:
            print(f"load_company: {error}", file=sys.stderr)
            return 1
        _write_private(arguments.logins, json.dumps(_as_json(loaded), indent=2))
        cr.commit()
        env.registry.signal_changes()  # a server that runs forgets what rights the people had
    print("  " + ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in loaded.figures.items()))
    return 0


def _as_json(loaded: LoadedCompany) -> dict[str, Any]:
    content = asdict(loaded)
    content["logins"] = {login.login: asdict(login) for login in loaded.logins}
    return content


def _write_private(path: Path, text: str) -> None:
    """Only the owner may read the file: it holds passwords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
