"""Work that makes hundreds of thousands of objects and no cycle, without the search for cycles among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold back Python's cyclic garbage collector while a package is read or sealed.

    It would go through a large package, and through all that its host keeps (an ERP's registry), again and again:
    half of the time that verifying takes. What is no longer referred to is freed at once all the same. Threads may
    overlap: whoever found the collector running lets it run again.
    """
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()
