"""The JSON Schema of a package file: the models of the sections, cut into leaves as a file has them."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from openscf._internal.leaves import ROWS
from openscf._internal.package_form import PackageFile
from openscf._internal.sections import Section, Sections, section_model

_INDEX = "(0|[1-9][0-9]{0,8})"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a package file.

    Each leaf's value is described by its path. `$defs/Sections` describes the sections once they are put together.
    """
    _, definitions = models_json_schema(
        [(PackageFile, "validation"), (Sections, "validation")],
        by_alias=True,
        ref_template="#/$defs/{model}",
    )
    defs = definitions["$defs"]
    form = defs.pop("PackageFile")
    kinds = [kind for name in Sections.model_fields for kind in _leaves(name, defs)]
    defs["Leaf"]["properties"]["path"]["pattern"] = "|".join(pattern for pattern, _ in kinds)
    defs["Leaf"]["allOf"] = [
        {"if": {"properties": {"path": {"pattern": pattern}}}, "then": {"properties": {"value": value}}}
        for pattern, value in kinds
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:openscf:package:2",
        **form,
        "$defs": defs,
    }


def _leaves(name: str, defs: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the pattern of its path and the schema of its value for each kind of leaf that a section is cut into."""
    model = section_model(name)
    described = defs[model.__name__]
    own: dict[str, Any] = {}
    objects, rows = [], []
    for member, schema in described["properties"].items():
        annotation = _field(model, member)
        if schema.get("type") == "array":
            rows.append((f"^{name}/{member}/{_INDEX}$", schema["items"]))
        elif _is_model(annotation):
            objects.append((f"^{name}/{member}$", _without_null(schema)))
            if type(None) in get_args(annotation):
                own[member] = {"type": "null"}
        else:
            own[member] = schema
    lists = [member for member, schema in described["properties"].items() if schema.get("type") == "array"]
    own[ROWS] = {
        "type": "object",
        "properties": {member: {"type": "integer", "minimum": 0} for member in lists},
        "required": lists,
        "additionalProperties": False,
    }
    required = [member for member in described["required"] if member in own] + [ROWS]
    value = {"type": "object", "properties": own, "required": required, "additionalProperties": False}
    return [(f"^{name}$", value), *objects, *rows]


def _field(model: type[Section], member: str) -> Any:
    return next(field.annotation for name, field in model.model_fields.items() if member in (name, field.alias))


def _is_model(annotation: Any) -> bool:
    return any(isinstance(one, type) and issubclass(one, BaseModel) for one in (annotation, *get_args(annotation)))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    return described
