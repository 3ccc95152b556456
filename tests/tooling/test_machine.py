"""What the machine must offer, and what a person reads where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scf_tool import machine
from scf_tool.failure import CannotRun

ROOT = Path(__file__).parents[2]


def os_release(folder: Path, text: str) -> Path:
    path = folder / "os-release"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
        'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\n',
        'ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n',
    ],
)
def test_supported_systems_pass(tmp_path, text):
    assert machine.require_supported_system(os_release(tmp_path, text), "linux")["ID"] in ("debian", "ubuntu")


@pytest.mark.parametrize(
    ("text", "platform", "words"),
    [
        ("ID=fedora\nPRETTY_NAME='Fedora Linux 44'\n", "linux", "Fedora Linux 44"),
        ('ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n', "linux", "too old"),
        ('ID=ubuntu\nVERSION_ID="20.04"\n', "linux", "too old"),
        ("", "darwin", "darwin"),
    ],
)
def test_unsupported_system_is_named_with_what_is_supported(tmp_path, text, platform, words):
    with pytest.raises(CannotRun, match="Debian 12") as refusal:
        machine.require_supported_system(os_release(tmp_path, text), platform)
    assert words in str(refusal.value)


def test_os_release_is_read_as_a_shell_would(tmp_path):
    text = "# comment\n\nNAME='It'\\''s'\nID=debian\nPRETTY_NAME=\"A \\\"B\\\"\"\n"
    assert machine.read_os_release(text) == {"NAME": "It's", "ID": "debian", "PRETTY_NAME": 'A "B"'}


def test_too_little_disk_says_how_much_is_there(tmp_path):
    with pytest.raises(CannotRun, match=r"1000000 GB of free disk are needed at .*, and there are \d"):
        machine.require_space(tmp_path, 10**6 * machine.GIB)


def test_cache_that_cannot_be_written_ends_with_a_sentence():
    """The whole command, as a person runs it; /proc refuses new folders even to root."""
    answer = run_scf("setup", XDG_CACHE_HOME="/proc/no-place")
    assert answer.returncode == 2
    assert "Cannot write to /proc/no-place/scf" in answer.stderr
    assert "XDG_CACHE_HOME" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_setting_that_is_no_port_is_refused_before_anything_happens():
    answer = run_scf("setup", SCF_PG_PORT="eighty")
    assert answer.returncode == 2
    assert "SCF_PG_PORT='eighty' is not a port" in answer.stderr
    assert answer.stdout == ""


def test_unknown_command_is_usage():
    answer = run_scf("fly")
    assert answer.returncode == 2
    assert "invalid choice: 'fly'" in answer.stderr


def run_scf(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scf"), *arguments],
        env={**os.environ, "SCF_PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
