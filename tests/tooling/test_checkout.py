"""Two checkouts share a cache and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scf_tool.checkout import Checkout
from scf_tool.databases import digest_of_tree
from scf_tool.failure import CannotRun
from scf_tool.postgres import Cluster, write_secret
from scf_tool.translations import messages


def test_two_checkouts_have_their_own_state_and_sockets(tmp_path):
    one, two = (Checkout.from_environment(tmp_path / name, {"HOME": str(tmp_path)}) for name in ("one", "two"))
    assert one.cache == two.cache == tmp_path / ".cache" / "scf"
    assert one.state != two.state
    assert Cluster(one).socket_folder != Cluster(two).socket_folder


def test_socket_s_path_is_short_however_deep_the_checkout_lies(tmp_path):
    deep = Checkout.from_environment(tmp_path.joinpath(*["a-long-name-of-a-folder"] * 8), {"HOME": str(tmp_path)})
    assert len(f"{Cluster(deep).socket_folder}/.s.PGSQL.65535") < 107


@pytest.mark.parametrize("text", ["0", "80", "65536", "-1", "8o69", "80.69"])
def test_port_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(CannotRun, match="SCF_BANK2_PORT"):
        Checkout.from_environment(tmp_path, {"HOME": "/", "SCF_BANK2_PORT": text})


def test_missing_postgresql_names_the_line_to_run(checkout, tmp_path):
    with pytest.raises(CannotRun, match="apt-get install postgresql"):
        _ = Cluster(checkout, installed=tmp_path / "none").binaries


def test_newest_postgresql_is_taken_but_an_old_cluster_keeps_its_own(checkout, tmp_path):
    for major in ("9.6", "12", "15", "17"):
        (tmp_path / "pg" / major / "bin").mkdir(parents=True)
        (tmp_path / "pg" / major / "bin" / "initdb").touch()
    cluster = Cluster(checkout, installed=tmp_path / "pg")
    assert cluster.major == 17
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("15\n")
    assert cluster.major == 15


def test_server_that_left_its_pid_file_behind_does_not_count_as_running(checkout):
    cluster = Cluster(checkout)
    cluster.data.mkdir(parents=True)
    (cluster.data / "postmaster.pid").write_text("999999999\n/x\n1\n54329\n/tmp\n127.0.0.1\n1\nready\n")
    assert cluster.address() is None


def test_secret_is_the_owner_s_alone(tmp_path):
    write_secret(tmp_path / "key", "x")
    write_secret(tmp_path / "key", "y")
    assert (tmp_path / "key").read_text() == "y\n"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_secret_written_by_many_at_once_is_one_of_theirs_and_none_of_them_fails(tmp_path):
    texts = [str(number) * 5000 for number in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda text: write_secret(tmp_path / "key", text), texts * 25))
    assert (tmp_path / "key").read_text().strip() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_template_is_made_again_for_a_changed_or_renamed_file_but_not_for_byte_code(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = digest_of_tree([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert digest_of_tree([tmp_path]) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    second = digest_of_tree([tmp_path])
    (tmp_path / "b.py").write_text("2")
    assert len({first, second, digest_of_tree([tmp_path])}) == 3


def test_translation_template_is_compared_by_terms_not_by_dates_or_line_breaks():
    one = 'msgid ""\nmsgstr ""\n"POT-Creation-Date: 2026-01-01\\n"\n\n#: a\nmsgid "Long text"\nmsgstr ""\n'
    other = 'msgid ""\nmsgstr ""\n"POT-Creation-Date: 2026-02-02\\n"\n\n#: b\nmsgid ""\n"Long "\n"text"\nmsgstr ""\n'
    assert messages(one) == messages(other) == {"Long text"}
