"""Table of the applications, and then loans, that distributors have in programs."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Json, Key
from ..kit.db import Base


class ProgramLoan(Base):
    """An application for a loan in a program, and the loan that it leads to.

    `documents` are what the loan pays for (openscf.distributors.BoughtDocument). The anchor was told of the loan's
    ledger up to `told_sequence`; `bought_back_on` is the day on which it was asked to take the goods back.
    """

    __tablename__ = "program_loans"

    application_id: Mapped[Key] = mapped_column(sa.ForeignKey("applications.id"))
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), index=True)
    documents: Mapped[Json]
    told_sequence: Mapped[int]
    bought_back_on: Mapped[date | None]
