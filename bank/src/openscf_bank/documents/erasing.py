"""Erasing a package that came under a consent which is not this bank's, or is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..access import SignedPost
from ..kit.problems import ProblemError
from . import repository


@contextmanager
def forgotten_where_not_ours(post: SignedPost, package_sha256: str | None) -> Iterator[None]:
    """Erase a package that its consent does not let this bank read; the refusal itself goes on to the client."""
    try:
        yield
    except ProblemError as refusal:
        if refusal.code == "consent-invalid" and package_sha256 is not None:
            with post.gateway.db.write() as session:
                repository.erase(session, post.client_id, package_sha256)
        raise
