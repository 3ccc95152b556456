"""Alembic's entry: runs on the connection that `openscf_bank.migrations` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from openscf_bank.kit.columns import ExactDecimal, UtcTime
from openscf_bank.tables import metadata


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name in generated migrations."""
    if kind == "type" and isinstance(item, (ExactDecimal, UtcTime)):
        autogen_context.imports.add("from openscf_bank.kit.columns import ExactDecimal, UtcTime")
        return f"{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
