from __future__ import annotations

from pathlib import Path

import pytest

from scf_tool.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout in an empty folder with a cache of its own."""
    root = tmp_path / "checkout"
    root.mkdir()
    return Checkout.from_environment(root, {"XDG_CACHE_HOME": str(tmp_path / "cache")})
