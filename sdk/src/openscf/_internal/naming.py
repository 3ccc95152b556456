"""What the buyers and sellers of a package are called."""

from __future__ import annotations

from collections.abc import Callable

from openscf._internal.sections import PartySection


def naming(party: PartySection) -> Callable[[str | None], str]:
    """Return what a key is called: a name, the key itself where it has none here, and nothing for no key."""
    names = {
        **{buyer.key: buyer.name or buyer.key for buyer in party.buyers},
        **{seller.key: seller.name for seller in party.sellers},
    }
    return lambda key: names.get(key, key) if key else ""
