"""What a bank offers anchors in one kind of program, as its profile says it."""

from __future__ import annotations

from openscf.programs import KybKind, ProgramKind
from openscf.wire import DayCount
from pydantic import Field, model_validator

from ..exact import Exact, ProfileSection


class ProgramSection(ProfileSection):
    """One kind of program: limits in each listed currency, rate (a year) and fee in percent.

    Up to `automatic_up_to` the bank takes a program on by itself, on these terms; above it, or where nothing is said,
    an officer decides. `max_member_limit` is of one member in one program, `max_supplier_limit` of one company in all
    of them. A program stands for `valid_days`.
    """

    kind: ProgramKind
    currencies: tuple[str, ...] = Field(min_length=1)
    max_anchor_limit: Exact = Field(gt=0)
    max_member_limit: Exact = Field(gt=0)
    max_supplier_limit: Exact = Field(gt=0)
    min_days: int = Field(ge=0)
    max_tenor_days: int = Field(ge=1)
    rate_pa: Exact = Field(ge=0)
    fee_percent: Exact = Field(ge=0)
    day_count: DayCount
    recourse: bool = False
    documents: tuple[KybKind, ...] = ()
    conditions: tuple[str, ...] = ()
    automatic_up_to: Exact | None = None
    valid_days: int = Field(default=365, ge=1, le=1825)

    @model_validator(mode="after")
    def _limits_nest(self) -> ProgramSection:
        if not self.max_member_limit <= self.max_anchor_limit:
            raise ValueError("max_member_limit is above max_anchor_limit")
        if not self.min_days < self.max_tenor_days:
            raise ValueError("min_days has to be below max_tenor_days")
        return self
