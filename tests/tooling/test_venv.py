"""What decides that a venv has to be made anew."""

from __future__ import annotations

import pytest

from scf_tool import venv


@pytest.fixture
def listed(checkout):
    (checkout.root / "requirements").mkdir()
    (checkout.root / "constraints.txt").write_text("a==1\n")
    for name in (*venv.REQUIREMENTS, venv.SCHEMAS):
        (checkout.root / name).write_text("a\n")
    (checkout.root / "sdk").mkdir()
    (checkout.root / "sdk" / "pyproject.toml").write_text(
        '[project]\nname = "openscf"\ndescription = "x"\ndependencies = ["b>=1"]\n'
        '[project.optional-dependencies]\ntest = ["c", "openscf"]\n'
    )
    return checkout


def test_own_packages_needs_are_taken_from_their_pyproject(listed):
    [sdk] = venv.own_packages(listed)
    assert venv.own_requirements(sdk) == ["b>=1", "c"]


@pytest.mark.parametrize("name", ["constraints.txt", *venv.REQUIREMENTS, venv.SCHEMAS])
def test_changed_list_is_another_venv(listed, name):
    before = venv.requirements_key(listed)
    (listed.root / name).write_text("a==2\n")
    assert venv.requirements_key(listed) != before


def test_new_need_of_an_own_package_is_another_venv_but_new_words_are_not(listed):
    before = venv.requirements_key(listed)
    project = listed.root / "sdk" / "pyproject.toml"
    project.write_text(project.read_text().replace('"x"', '"y"'))
    assert venv.requirements_key(listed) == before
    project.write_text(project.read_text().replace("b>=1", "b>=2"))
    assert venv.requirements_key(listed) != before
