"""The small parts: columns, clock, nudges, migrations, the command."""

from __future__ import annotations

import asyncio
import http.server
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from erp import Erp
from hypothesis import given, settings
from hypothesis import strategies as st
from openscf import wire
from openscf.keys import KeySet, SigningKey
from openscf.webhook import verify_nudge
from openscf_bank.cli import main
from openscf_bank.clients.models import Client
from openscf_bank.desk.approval import Asked, TermsRefused, read_terms
from openscf_bank.events import nudge
from openscf_bank.events.nudge import AddressRefused, Nudger
from openscf_bank.kit.clock import BusinessClock
from openscf_bank.kit.columns import ExactDecimal, UtcTime
from openscf_bank.kit.db import Database
from openscf_bank.kit.signing import load_or_create_key
from openscf_bank.loans.models import Loan
from openscf_bank.migrations import config, upgrade
from openscf_bank.profile import load_profile
from openscf_bank.tables import metadata
from openscf_bank.testing import COLLEAGUE_USERNAME, OFFICER_USERNAME, PROFILES
from packages import Sale
from plain_loans import granted
from server import Bank


class TestColumns:
    @pytest.mark.parametrize("text", ["0.10", "1234567890123456.78", "0", "-5.5", "100.000"])
    def test_a_decimal_comes_back_digit_for_digit(self, bank: Bank, text: str) -> None:
        table = sa.Table(f"exact_{abs(hash(text))}", sa.MetaData(), sa.Column("value", ExactDecimal()))
        with bank.gateway.db.write() as session:
            table.create(session.connection())
            session.execute(table.insert().values(value=Decimal(text)))
            assert str(session.execute(sa.select(table.c.value)).scalar_one()) == text
            table.drop(session.connection())

    def test_a_float_is_refused(self, bank: Bank) -> None:
        with pytest.raises(sa.exc.StatementError, match="must be a Decimal"), bank.gateway.db.write() as session:
            session.execute(sa.update(Loan).values(principal=0.1))

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(TypeError, match="needs its zone"):
            UtcTime().process_bind_param(datetime(2026, 1, 1), sa.create_engine("sqlite://").dialect)  # noqa: DTZ001


class TestClock:
    def test_a_file_moves_the_business_date_and_nothing_else(self, tmp_path: Path) -> None:
        clock = BusinessClock(tmp_path / "clock")
        real = datetime.now(timezone.utc)
        assert abs(clock.now() - real) < timedelta(seconds=3)
        (tmp_path / "clock").write_text("2030-02-28")
        assert clock.today() == date(2030, 2, 28)
        (tmp_path / "clock").write_text("2030-02-28T23:30:00-02:00")
        assert clock.now() == datetime(2030, 3, 1, 1, 30, tzinfo=timezone.utc)
        (tmp_path / "clock").write_text("")
        assert abs(clock.now() - datetime.now(timezone.utc)) < timedelta(seconds=3)


class TestMigrations:
    def test_the_migrations_make_what_the_models_say(self, bank: Bank) -> None:
        with bank.gateway.db.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_migrating_again_changes_nothing(self, bank: Bank, erp: Erp) -> None:
        upgrade(bank.gateway.db)
        assert erp.http.client().status == "APPROVED"

    def test_write_offs_stand_as_they_stood_after_the_migration_of_the_proposals(self, bank: Bank, erp: Erp) -> None:
        """A charge to take back is nothing that the version before knows of, and is not kept for it."""
        loan = granted(erp)
        bank.officer.propose_write_off(loan.id, "Lost.")
        bank.colleague.drop_proposal(loan.id)
        bank.officer.charge(loan.id, "5000.01")
        bank.officer.take_back_charge(loan.id, 2, "Charged on the wrong loan.")
        bank.officer.propose_write_off(loan.id, "The estate pays nothing.")
        query = sa.text(
            "SELECT sequence, act, subject, content, status, proposed_by, decided_by, decided_at IS NOT NULL AS decided"
            " FROM loan_proposals WHERE loan_id = :loan ORDER BY sequence"
        ).columns(content=sa.JSON(), decided=sa.Boolean())
        configuration = config(bank.gateway.db)
        # One transaction that is never committed: what fails half-way leaves the bank of the other tests as it was.
        with bank.gateway.db.engine.connect() as connection, connection.begin() as uncommitted:
            before = connection.execute(query, {"loan": loan.id}).all()
            configuration.attributes["connection"] = connection
            command.downgrade(configuration, "0008")
            command.upgrade(configuration, "head")
            after = connection.execute(query, {"loan": loan.id}).all()
            uncommitted.rollback()
        dropped = (1, "write_off", "", {}, "DROPPED", OFFICER_USERNAME, COLLEAGUE_USERNAME, True)
        waiting = (3, "write_off", "", {}, "PROPOSED", OFFICER_USERNAME, None, False)
        assert after == [dropped, waiting]
        assert before == [
            dropped, (2, "charge_reversal", "2", {}, "PROPOSED", OFFICER_USERNAME, None, False), waiting
        ]  # fmt: skip


def test_the_banks_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "bank" / "key.json"
    key = load_or_create_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_key(path).kid == key.kid


class Receiver(http.server.BaseHTTPRequestHandler):
    """An ERP's webhook."""

    received: list[tuple[dict[str, str], bytes]] = []
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@dataclass
class Answer:
    """A webhook that begins its answer and never ends it, for ANSWER_SECONDS at most."""

    url: str
    hung_up: threading.Event = field(default_factory=threading.Event)
    request: bytes = b""


# Without a deadline the call lasts so long, and the test fails instead of hanging.
ANSWER_SECONDS = 4


@contextmanager
def answering(beginning: bytes, chunk: bytes, *, every: float) -> Iterator[Answer]:
    """A server of one call that sends `beginning`, then `chunk` again and again, `every` so many seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = Answer(f"http://127.0.0.1:{server.getsockname()[1]}/scf/nudge/1")

        def serve() -> None:
            connection, _ = server.accept()
            end = time.monotonic() + ANSWER_SECONDS
            with connection:
                answer.request = connection.recv(65_536)
                try:
                    connection.sendall(beginning)
                    while time.monotonic() < end:
                        connection.sendall(chunk)
                        time.sleep(every)
                except OSError:
                    answer.hung_up.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield answer
        thread.join(ANSWER_SECONDS * 2)


class TestNudges:
    @pytest.fixture
    def webhook(self) -> Iterator[str]:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Receiver.received.clear()
        yield f"http://127.0.0.1:{server.server_port}/scf/nudge/1"
        server.shutdown()

    def test_a_nudge_is_signed_and_carries_no_fact(self, webhook: str) -> None:
        key = SigningKey.generate()
        nudger = Nudger(key=key, allow_private_addresses=True)
        nudger.start()
        nudger.nudge(webhook)
        nudger.stop()
        headers, body = Receiver.received[0]
        verify_nudge(headers, body, keys=KeySet.of(key), now=int(time.time()))
        assert body == b'{"type":"events.available"}'

    def test_a_redirect_is_not_followed(self, webhook: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Receiver, "status", 307)
        nudger = Nudger(key=SigningKey.generate(), allow_private_addresses=True)
        nudger.start()
        nudger.nudge(webhook)
        nudger.stop()
        assert len(Receiver.received) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "https://127.0.0.1/x",
            "https://10.0.0.1/x",
            "https://224.0.1.1/x",
            "https://[::1]/x",
            "https://[::7f00:1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[64:ff9b::a9fe:a9fe]/x",
            "https://[64:ff9b:1::a00:1]/x",
            "https://[2002:7f00:1::1]/x",
            "https://[fec0::1]/x",
            "https://[ff0e::1]/x",
            "http://192.0.2.1/x",
            "file:///etc/x",
        ],
    )
    def test_a_webhook_may_not_lead_into_the_banks_own_network(self, url: str) -> None:
        nudger = Nudger(key=SigningKey.generate(), allow_private_addresses=False)
        with pytest.raises(AddressRefused):
            nudger._send(url)

    @pytest.mark.parametrize("address", ["193.0.6.139", "2001:67c:2e8:22::c100:68b"])
    def test_a_public_webhook_may_be_called(self, address: str) -> None:
        nudger = Nudger(key=SigningKey.generate(), allow_private_addresses=False)
        host = f"[{address}]" if ":" in address else address
        assert nudger._checked_address(httpx.URL(f"https://{host}/x")) == address

    def test_an_answer_without_end_is_not_read(self) -> None:
        """Its body is hung up on: read whole, it would fill the memory, the more so decompressed."""
        with answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b"\x1f" * 65_536, every=0) as answer:
            Nudger(key=SigningKey.generate(), allow_private_addresses=True)._send(answer.url)
            assert answer.hung_up.wait(5)
        assert b"accept-encoding: identity" in answer.request.lower()

    def test_an_answer_that_trickles_is_given_up_at_the_deadline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each byte arrives in good time, so that no single read times out."""
        monkeypatch.setattr(nudge, "TIMEOUT_SECONDS", 0.5)
        with answering(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a", every=0.05) as answer:
            began = time.monotonic()
            with pytest.raises((TimeoutError, asyncio.TimeoutError)):
                Nudger(key=SigningKey.generate(), allow_private_addresses=True)._send(answer.url)
            assert time.monotonic() - began < 3
            assert answer.hung_up.wait(5)

    def test_an_event_nudges_after_its_commit_and_a_dead_receiver_blocks_nothing(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nudged: list[str] = []
        monkeypatch.setattr(bank.gateway.nudger, "nudge", nudged.append)
        erp = Erp(bank)
        with bank.gateway.db.write() as session:
            session.get_one(Client, erp.client_id).webhook_url = "http://127.0.0.1:9/x"
        bank.approve(erp.client_id)
        assert nudged == ["http://127.0.0.1:9/x"]


class TestCommand:
    def test_an_officer_is_created_from_the_command_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        url = f"sqlite:///{tmp_path / 'bank.sqlite'}"
        monkeypatch.setattr("sys.stdin", io.StringIO("a long enough word\n"))
        command = ["create-officer", "Marie", "--name", "Marie Curie", "--password-stdin", "--database-url", url]
        assert main(command) == 0
        assert "marie can log in" in capsys.readouterr().out
        assert main(["disable-officer", "Marie", "--database-url", url]) == 0
        assert "marie is logged out" in capsys.readouterr().out
        assert main(["disable-officer", "Pierre", "--database-url", url]) == 2
        assert "There is no officer 'pierre'" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("command", "sentence"),
        [
            (["serve", "--profile", "/nowhere.toml", "--database-url", "sqlite:////tmp/x.sqlite"], "/nowhere.toml"),
            (["migrate", "--database-url", "sqlite:////nowhere/bank.sqlite"], "unable to open database file"),
            (["migrate", "--database-url", "nonsense"], "Could not parse"),
            (
                ["run-jobs", "--profile", str(PROFILES / "rhone.toml"), "--database-url", "postgresql:///x"],
                "Give --key-file",
            ),
        ],
    )
    def test_what_cannot_work_is_said_in_a_sentence(
        self, command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(command) == 2
        error = capsys.readouterr().err
        assert sentence in error and "Traceback" not in error


RHONE = load_profile(PROFILES / "rhone.toml")


@settings(deadline=None)  # a busy machine is no fault
@given(
    principal=st.decimals(0, 20_000, places=2),
    advance_rate=st.decimals(0, 100, places=2),
    fee=st.decimals(0, 20_000, places=2),
)
def test_an_officer_can_never_offer_more_than_asked_nor_than_the_documents_carry(
    principal: Decimal, advance_rate: Decimal, fee: Decimal
) -> None:
    sale = Sale()
    technique = RHONE.technique(sale.technique)
    assert technique is not None
    fields = {
        "principal": format(principal, "f"), "advance_rate": format(advance_rate, "f"), "fee": format(fee, "f"),
        "rate_pa": "7.90", "penalty_rate_pa": "5.00", "tenor_days": "45",
    }  # fmt: skip
    requested = wire.Money(amount=sale.requested, currency="EUR")
    asked = Asked(requested, tenor_days=45, repayment="bullet", recourse=None, carried=sale.gross)
    try:
        terms = read_terms(fields, profile=RHONE, technique=technique, asked=asked)
    except TermsRefused as refused:
        assert refused.errors
        return
    assert terms.principal.amount <= sale.requested
    assert terms.principal.amount <= sale.gross * terms.advance_rate / 100 + Decimal("0.01")
    assert terms.fee.amount < terms.principal.amount
    assert terms.advance_rate <= technique.max_advance_rate


def test_a_database_is_read_on_one_snapshot(bank: Bank, erp: Erp) -> None:
    with bank.gateway.db.read() as reader:
        before = reader.execute(sa.select(Client.status).where(Client.id == erp.client_id)).scalar_one()
        bank.suspend(erp.client_id)
        assert reader.execute(sa.select(Client.status).where(Client.id == erp.client_id)).scalar_one() == before
    bank.approve(erp.client_id)


def test_a_url_without_a_driver_means_psycopg_3() -> None:
    assert Database("postgresql://x@/y").url.drivername == "postgresql+psycopg"
