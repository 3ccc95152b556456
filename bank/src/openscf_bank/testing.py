"""A bank for the tests of others: a real server in a process of its own, with an officer and a clock that can be set.

>>> with BankProcess(profile="rhone") as bank:
...     bank.url
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import date, datetime
from html import escape, unescape
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from . import jobs
from .desk.service import create_officer
from .gateway import Gateway, build_gateway
from .migrations import upgrade
from .profile import load_profile
from .settings import Settings, default_key_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROFILES = Path(__file__).parents[2] / "profiles"

OFFICER_USERNAME = "officer"
OFFICER_PASSWORD = "correct horse battery"  # noqa: S105  # of a bank that lives as long as its test
OFFICER_NAME = "Camille Moreau"
# Some decisions take two.
COLLEAGUE_USERNAME = "colleague"
COLLEAGUE_NAME = "Henri Blanc"

START_SECONDS = 90


class BankProcessError(Exception):
    """The bank did not start, or an officer's click was refused; the message has what the bank said."""


class BankProcess:
    """A gateway on a free port with its own SQLite database (or `database_url`, already created and empty).

    `profile` is `"rhone"`, `"hansa"`, or a mapping that is laid over one of them (`{"base": "hansa", "offers":
    {"valid_days": 1}}`, base rhone by default). `issuer` is the address that ERPs ask, where a relay stands before it.
    `kill` and `stop` leave data and port; `start` goes on with both. Threads may call them at once: one acts at a time.
    """

    def __init__(
        self,
        profile: str | Mapping[str, Any] = "rhone",
        *,
        port: int | None = None,
        issuer: str | None = None,
        database_url: str | None = None,
        worker_seconds: float = 1.0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="openscf-bank-")
        folder = Path(self._folder.name)
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.issuer = issuer or self.url
        self.database_url = database_url or f"sqlite:///{folder / 'bank.sqlite'}"
        self.log_file = folder / "bank.log"
        self._clock_file = folder / "clock"
        self._key_file = folder / "signing-key.json" if database_url else default_key_file(self.database_url)
        self._profile_file = folder / "profile.json"
        self._profile_file.write_text(json.dumps(_profile(profile)), encoding="utf-8")
        self._worker_seconds = worker_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.RLock()
        self.gateway = self._build_gateway()
        upgrade(self.gateway.db)
        create_officer(self.gateway.db, OFFICER_USERNAME, OFFICER_NAME, OFFICER_PASSWORD)
        create_officer(self.gateway.db, COLLEAGUE_USERNAME, COLLEAGUE_NAME, OFFICER_PASSWORD)
        self.officer = OfficerAtDesk(self.url)
        self.colleague = OfficerAtDesk(self.url, COLLEAGUE_USERNAME)

    def __enter__(self) -> BankProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The bank's name."""
        return self.gateway.profile.bank.name

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Start the server on the same port and the same data, and wait until it answers."""
        with self._changing:
            if self.running:
                return
            command = [
                sys.executable, "-m", "openscf_bank.cli", "serve",
                "--profile", str(self._profile_file), "--port", str(self.port), "--database-url", self.database_url,
                "--issuer", self.issuer, "--key-file", str(self._key_file), "--clock-file", str(self._clock_file),
                "--worker-seconds", str(self._worker_seconds), "--no-migrate",
            ]  # fmt: skip
            with self.log_file.open("ab") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline and self.running:
                try:
                    requests.get(f"{self.url}/.well-known/openscf", timeout=2).raise_for_status()
                    return
                except requests.RequestException:
                    time.sleep(0.05)
            self.kill()
            raise BankProcessError(f"The bank did not start on port {self.port}:\n{self.log()}")

    def stop(self) -> None:
        """End the server in good order."""
        with self._changing:
            if self._process is not None:
                self._process.terminate()
                try:
                    self._process.wait(15)
                except subprocess.TimeoutExpired:
                    self.kill()
                self._process = None

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        with self._changing:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def close(self) -> None:
        """End the server and remove its data."""
        self.stop()
        self.gateway.db.dispose()
        self._folder.cleanup()

    def log(self) -> str:
        """What the server has logged."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def set_clock(self, day: date | datetime | None) -> None:
        """Set the business date, or the business time (an aware datetime), or go back to the wall clock (None)."""
        text = "" if day is None else day.isoformat()
        fresh = self._clock_file.with_suffix(".new")
        fresh.write_text(text, encoding="ascii")
        fresh.replace(self._clock_file)

    def run_jobs(self) -> None:
        """Do now what is due (expired offers, payments under way), whether the server runs or not."""
        jobs.run_due(self.gateway)

    def approve_client(self, client_id: str) -> None:
        """Let an officer approve a registered ERP."""
        self.officer.approve_client(client_id)

    def _build_gateway(self) -> Gateway:
        settings = Settings(
            issuer=self.issuer,
            database_url=self.database_url,
            key_file=self._key_file,
            clock_file=self._clock_file,
            worker_seconds=0,
        )
        return build_gateway(settings, load_profile(self._profile_file))


class OfficerAtDesk:
    """An officer who clicks at the desk over HTTP, as a browser would: login, forms, CSRF tokens."""

    def __init__(self, url: str, username: str = OFFICER_USERNAME, password: str = OFFICER_PASSWORD) -> None:
        self._desk = f"{url}/desk"
        self._credentials = {"username": username, "password": password}
        self._http = requests.Session()

    def approve_client(self, client_id: str) -> None:
        """Approve a client that waits."""
        self._client_status(client_id, "APPROVED", "")

    def decline_client(self, client_id: str, reason: str) -> None:
        """Decline a client that waits."""
        self._client_status(client_id, "DECLINED", reason)

    def suspend_client(self, client_id: str, reason: str) -> None:
        """Suspend an approved client."""
        self._client_status(client_id, "SUSPENDED", reason)

    def approve(self, application_id: str, **terms: object) -> None:
        """Offer the prefilled terms, changed by `terms` (principal, rate_pa, fee, advance_rate, tenor_days, …)."""
        page = self.page(f"applications/{application_id}")
        fields = _form_fields(page, f"/desk/applications/{application_id}/approve")
        fields |= {name: str(value) for name, value in terms.items()}
        self._send(f"applications/{application_id}/approve", fields)

    def ask(self, application_id: str, message: str) -> None:
        """Ask the applicant for more."""
        self._send(f"applications/{application_id}/ask", {"message": message})

    def decline(self, application_id: str, message: str, reason: str = "OTHERS") -> None:
        """Decline with one of OCEN's reasons."""
        self._send(f"applications/{application_id}/decline", {"reason": reason, "message": message})

    def withdraw(self, application_id: str, offer_id: str, reason: str = "") -> None:
        """Take an open offer back."""
        self._send(f"applications/{application_id}/offers/{offer_id}/withdraw", {"reason": reason})

    def release_goods(self, loan_id: str, release_id: str) -> None:
        """Release pledged goods that wait, by the applicant's own id of the release."""
        number = self._waiting(loan_id, "release", release_id)
        self._send(f"loans/{loan_id}/releases/{number}/release", {})

    def decline_release(self, loan_id: str, release_id: str, reason: str) -> None:
        """Decline to release pledged goods that wait, by the applicant's own id of the release."""
        number = self._waiting(loan_id, "release", release_id)
        self._send(f"loans/{loan_id}/releases/{number}/decline", {"reason": reason})

    def offer_extension(
        self, loan_id: str, extension_id: str, *, fee: str = "0.00", due_date: date | None = None, message: str = ""
    ) -> None:
        """Offer the extension that waits, by the applicant's own id: as it was asked for, unless `due_date` differs."""
        number = self._waiting(loan_id, "extension", extension_id)
        action = f"loans/{loan_id}/extensions/{number}/offer"
        fields = _form_fields(self.page(f"loans/{loan_id}"), f"/desk/{action}") | {"fee": fee, "message": message}
        if due_date is not None:
            fields["due_date"] = due_date.isoformat()
        self._send(action, fields)

    def decline_extension(self, loan_id: str, extension_id: str, reason: str) -> None:
        """Decline the extension that waits."""
        number = self._waiting(loan_id, "extension", extension_id)
        self._send(f"loans/{loan_id}/extensions/{number}/decline", {"reason": reason})

    def grant_substitution(self, loan_id: str, substitution_id: str) -> None:
        """Look at the package of the substitution that waits, and grant it."""
        number = self._waiting(loan_id, "substitution", substitution_id)
        self.page(f"loans/{loan_id}/substitutions/{number}")
        self._send(f"loans/{loan_id}/substitutions/{number}/grant", {})

    def decline_substitution(self, loan_id: str, substitution_id: str, reason: str) -> None:
        """Decline the substitution that waits."""
        number = self._waiting(loan_id, "substitution", substitution_id)
        self._send(f"loans/{loan_id}/substitutions/{number}/decline", {"reason": reason})

    def record_buyer_payment(
        self,
        loan_id: str,
        number: str,
        amount: str,
        *,
        received_on: date,
        reference: str,
        payer: str = "",
        kind: str = "customer_invoice",
    ) -> None:
        """Book what a buyer paid the bank for the document `number` of a loan, in the loan's currency."""
        fields = {
            "document": f"{kind} {number}", "amount": amount, "received_on": received_on.isoformat(), "payer": payer,
            "reference": reference,
        }  # fmt: skip
        self._send(f"loans/{loan_id}/buyer-payments", fields)

    def return_buyer_payment(self, loan_id: str, sequence: int, *, returned_on: date, reason: str) -> None:
        """Return the payment with this number in the loan's list."""
        fields = {"returned_on": returned_on.isoformat(), "reason": reason}
        self._send(f"loans/{loan_id}/buyer-payments/{sequence}/return", fields)

    def charge(self, loan_id: str, amount: str, *, component: str = "fee", reason: str = "Dunning letter") -> None:
        """Charge a fee or a penalty, in the loan's currency."""
        self._send(f"loans/{loan_id}/charges", {"component": component, "amount": amount, "reason": reason})

    def take_back_charge(self, loan_id: str, sequence: int, reason: str = "Charged by mistake.") -> None:
        """Take a charge back, by its number in the loan's ledger."""
        self._send(f"loans/{loan_id}/charges/{sequence}/take-back", {"reason": reason})

    def call_loan(self, loan_id: str, reason: str) -> None:
        """Make everything due today."""
        self._send(f"loans/{loan_id}/call", {"reason": reason})

    def propose_write_off(self, loan_id: str, reason: str) -> None:
        """Propose to give up what a loan owes."""
        self._send(f"loans/{loan_id}/write-offs", {"reason": reason})

    def proposals(self, loan_id: str) -> list[int]:
        """The numbers of what waits for a second officer's word about a loan, oldest first."""
        return _proposals(self.page(f"loans/{loan_id}"))

    def approve_proposal(self, loan_id: str) -> None:
        """Approve what a colleague proposed, the oldest of what waits, for the amount that the loan's page shows."""
        page = self.page(f"loans/{loan_id}")
        action = f"loans/{loan_id}/proposals/{_oldest_proposal(page)}/approve"
        self._send(action, _form_fields(page, f"/desk/{action}"))

    def drop_proposal(self, loan_id: str) -> None:
        """Drop what was proposed, the oldest of what waits."""
        number = _oldest_proposal(self.page(f"loans/{loan_id}"))
        self._send(f"loans/{loan_id}/proposals/{number}/drop", {})

    def approve_program(self, program_id: str, **terms: object) -> None:
        """Take a program on, on the prefilled terms, changed by `terms` (anchor_limit, member_limit, rate_pa, …)."""
        self._send_prefilled(f"programs/{program_id}", "approve", terms)

    def change_program(self, program_id: str, message: str, **terms: object) -> None:
        """Give a program other limits, another price or more time."""
        self._send_prefilled(f"programs/{program_id}", "change", {"message": message, **terms})

    def say_of_program(self, program_id: str, action: str, reason: str) -> None:
        """`decline`, `suspend`, `resume` or `close` a program."""
        self._send(f"programs/{program_id}/{action}", {"reason": reason})

    def approve_member(self, member_id: str, **given: object) -> None:
        """Take a member in, at the limit by the rules, changed by `given` (limit, valid_until, rate_pa, message)."""
        self._send_prefilled(f"members/{member_id}", "approve", given)

    def change_member(self, member_id: str, message: str, **given: object) -> None:
        """Give a member another limit, rate or time."""
        self._send_prefilled(f"members/{member_id}", "change", {"message": message, **given})

    def say_of_member(self, member_id: str, action: str, reason: str) -> None:
        """`ask`, `decline`, `suspend` or `resume` a member."""
        self._send(f"members/{member_id}/{action}", {"reason": reason})

    def cap_company(self, member_id: str, cap: str) -> None:
        """Limit a member's company over all programs."""
        self._send(f"members/{member_id}/cap", {"cap": cap})

    def take_back_settlement(self, payable_id: str, settlement_id: str, reason: str) -> None:
        """Take a settlement of a payable back as a whole, by the anchor's own id of it."""
        path = rf'action="/desk/([^"]+)" data-settlement-id="{re.escape(escape(settlement_id))}"'
        found = re.search(path, self.page(f"payables/{payable_id}"))
        if found is None:
            raise BankProcessError(f"No settlement {settlement_id!r} of the payable {payable_id} can be taken back.")
        self._send(found.group(1), {"reason": reason})

    def log_in(self) -> None:
        """Begin a session; it is done by itself where one is needed."""
        form = self._http.get(f"{self._desk}/login", timeout=20).text
        token = _hidden(form, "login_token")
        answer = self._http.post(
            f"{self._desk}/login",
            {**self._credentials, "login_token": token, "next": "/desk/"},
            timeout=20,
            allow_redirects=False,
        )
        if answer.status_code != 303:
            raise BankProcessError(f"The officer could not log in ({answer.status_code}): {_text(answer.text)}")

    def _client_status(self, client_id: str, status: str, reason: str) -> None:
        self._send(f"clients/{client_id}/status", {"status": status, "reason": reason})

    def _waiting(self, loan_id: str, what: str, identifier: str) -> str:
        """The number of what waits on the page of a loan, by the applicant's own id of it."""
        shown = self.page(f"loans/{loan_id}")
        found = re.search(rf'data-{what}-id="{re.escape(escape(identifier))}" data-number="([0-9]+)"', shown)
        if found is None:
            raise BankProcessError(f"No {what} {identifier!r} of the loan {loan_id} waits.")
        return found.group(1)

    def page(self, path: str) -> str:
        """The HTML of a page of the desk, `loans/…` for example."""
        return self.fetch(path).text

    def fetch(self, path: str) -> requests.Response:
        """What the desk answers to a click: a page, or a file such as `applications/…/package`."""
        answer = self._http.get(f"{self._desk}/{path}", timeout=20, allow_redirects=False)
        if answer.status_code == 303:
            self.log_in()
            answer = self._http.get(f"{self._desk}/{path}", timeout=20, allow_redirects=False)
        if answer.status_code != 200:
            raise BankProcessError(f"/desk/{path} answered {answer.status_code}: {_text(answer.text)}")
        return answer

    def refused(self, path: str, fields: Mapping[str, str]) -> str:
        """The page on which a form comes back that cannot stand."""
        answer = self._post(path, fields)
        if answer.status_code != 422:
            raise BankProcessError(f"/desk/{path} answered {answer.status_code}: {_text(answer.text)}")
        return answer.text

    def _post(self, path: str, fields: Mapping[str, str]) -> requests.Response:
        sent = {**fields, "csrf_token": _hidden(self.page("audit"), "csrf_token")}
        return self._http.post(f"{self._desk}/{path}", sent, timeout=20, allow_redirects=False)

    def _send_prefilled(self, path: str, action: str, changes: Mapping[str, object]) -> None:
        """Send the form of a page as the page fills it in, but for some fields."""
        fields = _form_fields(self.page(path), f"/desk/{path}/{action}")
        self._send(f"{path}/{action}", fields | {name: str(value) for name, value in changes.items()})

    def _send(self, path: str, fields: Mapping[str, str]) -> None:
        answer = self._post(path, fields)
        if answer.status_code != 303:
            raise BankProcessError(f"/desk/{path} answered {answer.status_code}: {_text(answer.text)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _profile(profile: str | Mapping[str, Any]) -> dict[str, Any]:
    overrides = {} if isinstance(profile, str) else dict(profile)
    base = profile if isinstance(profile, str) else str(overrides.pop("base", "rhone"))
    path = PROFILES / f"{base}.toml"
    if not path.exists():
        raise BankProcessError(f"There is no profile {path}; use 'rhone' or 'hansa', or install the bank editable.")
    return _merged(tomllib.loads(path.read_text(encoding="utf-8")), overrides)


def _merged(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        present = merged.get(name)
        merged[name] = _merged(present, value) if isinstance(present, dict) and isinstance(value, Mapping) else value
    return merged


def _hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', html)
    if found is None:
        raise BankProcessError(f"The page has no field {name!r}: {_text(html)}")
    return found.group(1)


def _proposals(html: str) -> list[int]:
    """The numbers of what waits for a second officer on the page of a loan, oldest first."""
    return [int(number) for number in re.findall(r'data-proposal="([0-9]+)"', html)]


def _oldest_proposal(html: str) -> int:
    waiting = _proposals(html)
    if not waiting:
        raise BankProcessError(f"Nobody proposed anything that waits: {_text(html)}")
    return waiting[0]


def _form_fields(html: str, action: str) -> dict[str, str]:
    """The values that a form is prefilled with."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    if found is None:
        raise BankProcessError(f"The page has no form {action}: {_text(html)}")
    fields = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', found.group(0)))
    fields |= dict(re.findall(r'<textarea[^>]*name="([a-z_]+)"[^>]*>([^<]*)</textarea>', found.group(0)))
    return {name: unescape(value) for name, value in fields.items()}


def _text(html: str) -> str:
    """What a page says: the sentences beside its fields where a form came back, else its beginning."""
    marked = re.findall(r'<span class="error"[^>]*>(.*?)</span>', html, re.DOTALL)
    if marked:
        return unescape("; ".join(marked))
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())[:600]
