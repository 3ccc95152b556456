"""Where Odoo comes from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scf_tool import odoo_source
from scf_tool.failure import CannotRun

LISTING = """\
http://security.example/debian-security/ bookworm-security main
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/debian/ bookworm contrib
http://mirror.example/debian/ bookworm main
http://other.example/debian/ sid main
cdrom:[Debian] bookworm main
"""


def make_odoo(tree, version="(19, 0, 0, FINAL, 0, '')"):
    package = tree / "odoo"
    (package / "addons" / "web").mkdir(parents=True)
    (package / "release.py").write_text(f"version_info = {version}\n")
    return tree


def test_mirror_is_the_main_archive_of_this_suite():
    assert odoo_source.choose_mirror(LISTING, "bookworm") == "http://mirror.example/debian/"


def test_mirror_of_another_suite_serves_where_this_one_has_none():
    assert odoo_source.choose_mirror(LISTING, "trixie") == "http://mirror.example/debian/"


@pytest.mark.parametrize("listing", ["", "http://security.example/ bookworm-security main\n", "rubbish"])
def test_security_archive_alone_is_no_mirror(listing):
    assert odoo_source.choose_mirror(listing, "bookworm") is None


def test_mirror_named_by_the_user_wins(checkout):
    named = replace(checkout, debian_mirror="http://mine.example/debian")
    assert odoo_source.debian_mirror(named) == "http://mine.example/debian/"


def test_ubuntu_without_a_named_mirror_is_asked_for_one(checkout, tmp_path):
    release = tmp_path / "os-release"
    release.write_text('ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04"\n')
    with pytest.raises(CannotRun, match="SCF_DEBIAN_MIRROR"):
        odoo_source.debian_mirror(checkout, release)


def test_tree_of_the_user_is_used_as_it_is(checkout, tmp_path):
    tree = make_odoo(tmp_path / "src")
    source, _ = odoo_source.ensure(replace(checkout, odoo_path=tree))
    assert source.import_root == tree
    assert source.addons_paths == [tree / "odoo" / "addons"]
    assert not checkout.cache.exists()


def test_git_tree_has_two_addons_folders(tmp_path):
    tree = make_odoo(tmp_path)
    (tree / "odoo" / "addons" / "web").rmdir()
    assert odoo_source.read_source(tree).addons_paths == [tree / "odoo" / "addons", tree / "addons"]


def test_addon_that_odoo_ships_is_found(tmp_path):
    source = odoo_source.OdooSource(make_odoo(tmp_path), "19.0")
    manifest = tmp_path / "odoo" / "addons" / "mrp" / "__manifest__.py"
    manifest.parent.mkdir()
    manifest.write_text("{}")
    assert source.has_addon("mrp")
    assert not source.has_addon("web")


def test_tree_without_odoo_is_refused_by_the_setting_s_name(checkout, tmp_path):
    with pytest.raises(CannotRun, match="SCF_ODOO_PATH"):
        odoo_source.ensure(replace(checkout, odoo_path=tmp_path))


def test_other_series_is_refused(tmp_path):
    with pytest.raises(CannotRun, match=r"is 18\.0; this project needs 19\.0"):
        odoo_source.read_source(make_odoo(tmp_path, "(18, 0, 0, FINAL, 0, '')"))


def test_half_extracted_tree_is_not_taken_for_odoo(checkout):
    whole = checkout.cache / "odoo" / f"19.0.0+dfsg-1.{odoo_source.RECIPE}"
    make_odoo(whole.with_name(f"{whole.name}.partial") / odoo_source.IMPORT_ROOT)
    assert odoo_source.find_cached(checkout) is None
    make_odoo(whole / odoo_source.IMPORT_ROOT)
    assert odoo_source.find_cached(checkout).import_root == whole / odoo_source.IMPORT_ROOT


def test_tree_that_was_made_of_other_packages_is_not_taken(checkout):
    make_odoo(checkout.cache / "odoo" / "19.0.0+dfsg-1" / odoo_source.IMPORT_ROOT)
    make_odoo(checkout.cache / "odoo" / "19.0.0+dfsg-1.0123abcd" / odoo_source.IMPORT_ROOT)
    assert odoo_source.find_cached(checkout) is None


def test_fonts_come_with_an_extracted_tree_only(tmp_path):
    make_odoo(tmp_path / "git")
    assert odoo_source.read_source(tmp_path / "git").fonts is None
    make_odoo(tmp_path / "tree" / odoo_source.IMPORT_ROOT)
    assert odoo_source.read_source(tmp_path / "tree").fonts is None
    (tmp_path / "tree/usr/share/fonts/truetype/droid").mkdir(parents=True)
    assert odoo_source.read_source(tmp_path / "tree").fonts == tmp_path / "tree/usr/share/fonts"


def test_dangling_link_is_found(tmp_path):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "there.ttf").touch()
    (tmp_path / "fonts" / "good.ttf").symlink_to("there.ttf")
    (tmp_path / "fonts" / "bad.ttf").symlink_to("gone.ttf")
    (tmp_path / "bad-folder").symlink_to("nowhere")
    assert odoo_source.dangling_links(tmp_path) == [tmp_path / "bad-folder", tmp_path / "fonts" / "bad.ttf"]


def test_unreachable_mirror_is_said_in_one_sentence_and_leaves_no_tree(checkout):
    unreachable = replace(checkout, debian_mirror="http://127.0.0.1:9/debian")
    with pytest.raises(CannotRun, match="the network cannot be reached"):
        odoo_source.ensure(unreachable)
    assert odoo_source.find_cached(checkout) is None
