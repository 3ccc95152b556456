"""A port that somebody else holds."""

from __future__ import annotations

import os
import socket

import pytest

from scf_tool import ports
from scf_tool.failure import CannotRun


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_taken_port_names_its_holder_and_the_setting(taken):
    with pytest.raises(CannotRun) as refusal:
        ports.require_free(taken, variable="SCF_ODOO_PORT", purpose="Odoo")
    assert f"Port {taken}, wanted for Odoo, is in use" in str(refusal.value)
    assert f"(process {os.getpid()})" in str(refusal.value)
    assert "SCF_ODOO_PORT" in str(refusal.value)


def test_port_held_on_all_addresses_is_taken_too():
    with socket.socket() as server:
        server.bind(("0.0.0.0", 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


def test_free_port_is_free():
    ports.require_free(ports.any_free(), variable="SCF_PG_PORT", purpose="PostgreSQL")


def test_holder_that_the_kernel_hides_is_not_guessed(taken, tmp_path):
    (tmp_path / "net").mkdir()
    assert ports.who_listens(taken, proc=tmp_path) is None
