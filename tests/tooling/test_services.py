"""Servers that are started, found again and stopped, for real."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from scf_tool import ports
from scf_tool.failure import CannotRun
from scf_tool.services import Service, process_start


@pytest.fixture
def service(tmp_path):
    port = ports.any_free()
    server = Service(
        name="server",
        argv=[sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)],
        port=port,
        variable="SCF_ODOO_PORT",
        health="/",
        folder=tmp_path / ".scf",
        environment=dict(os.environ),
    )
    yield server
    server.stop()


def test_second_start_finds_the_first(service):
    assert service.start() is True
    pid = service.pid()
    assert service.start() is False
    assert service.pid() == pid


def test_stop_ends_it_and_says_whether_it_ran(service):
    service.start()
    assert service.stop() is True
    assert service.stop() is False
    assert ports.is_free(service.port)


def test_killed_server_can_be_started_again(service):
    service.start()
    pid = service.pid()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert service.pid() is None
    assert service.start() is True


def test_port_of_somebody_else_is_left_to_them(service):
    with socket.socket() as other:
        other.bind(("127.0.0.1", service.port))
        other.listen()
        with pytest.raises(CannotRun, match="SCF_ODOO_PORT"):
            service.start()
    assert service.pid() is None


def test_server_that_ends_at_once_shows_its_last_words(service, tmp_path):
    broken = Service(
        name="broken",
        argv=[sys.executable, "-c", "raise SystemExit('no such profile')"],
        port=ports.any_free(),
        variable="SCF_BANK1_PORT",
        health="/",
        folder=tmp_path / ".scf",
        environment=dict(os.environ),
    )
    with pytest.raises(CannotRun, match="(?s)ended at once.*no such profile"):
        broken.start()


def test_number_that_another_process_got_since_is_not_ours(service):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        service.pid_file.parent.mkdir(parents=True)
        service.pid_file.write_text(f"{bystander.pid} 12345")
        assert service.pid() is None
        assert service.stop() is False
        assert process_start(bystander.pid) is not None
    finally:
        bystander.kill()
        bystander.wait()
