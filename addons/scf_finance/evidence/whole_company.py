"""A line for the company as a whole: no document is financed, its history alone speaks for it."""

from __future__ import annotations

from .headers import Header
from .orders import Orders
from .scope import Linked, Reduction, Scope
from .trade import Trade


def read_no_headers(_lines, **_asked) -> tuple[Header, ...]:
    """A package for a line names no document."""
    return ()


def read_linked(_lines) -> Linked:
    """No order and no invoice belongs to a line."""
    return Linked((), ())


def read_reductions(_lines) -> tuple[Reduction, ...]:
    """Nothing of it is paid by a buyer before it is drawn."""
    return ()


def read_trade(scope: Scope) -> Trade:
    """No trade in particular. No queries."""
    return Trade(scope, {}, Orders({}, {}, ()), (), [])


def no_contradictions(_trade, _confirmations: list[dict]) -> list[dict]:
    """Without documents there is nothing to contradict."""
    return []
