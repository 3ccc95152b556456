"""How a bank takes members in, as its profile says it."""

from __future__ import annotations

from pydantic import Field

from ..exact import Exact, ProfileSection


class MembersSection(ProfileSection):
    """Up to `automatic_up_to` the bank approves a member by itself, at the limit of its prequalification.

    `limit_without_history` is the limit of one that was not prequalified; where nothing is said, an officer decides.
    A limit stands for `valid_days`.
    """

    automatic_up_to: Exact | None = None
    limit_without_history: Exact | None = None
    valid_days: int = Field(default=180, ge=1, le=1825)
