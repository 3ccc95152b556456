"""Consecutive numbers that people read, such as a loan's number."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from .db import Base


class NumberSeries(Base):
    """The last number given out in one series."""

    __tablename__ = "number_series"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    value: Mapped[int]


def next_number(session: Session, name: str) -> int:
    """The next number of the series `name`, without gaps: it belongs to the transaction that took it."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        insert(NumberSeries)
        .values(name=name, value=1)
        .on_conflict_do_update(index_elements=["name"], set_={"value": NumberSeries.value + 1})
        .returning(NumberSeries.value)
    )
    return int(session.execute(statement).scalar_one())
