"""Which lines of a bank's answer are believed. That a limit is the sum of its reasons, the SDK has seen to."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from openscf.programs import PrequalificationResult, ResultStatus


class ResultRefused(ValueError):
    """A line of a bank's answer that can't be believed; the message names it and says why."""


def check_results(results: Sequence[PrequalificationResult], *, rows: int, known_refs: Collection[str]) -> None:
    """See that a page is about members of the batch, each of them once, and gives a limit to nobody who was declined.

    :param rows: how many the batch has
    :param known_refs: `member_ref` of those that no earlier page was about
    :raise ResultRefused: naming the first line that can't be believed
    """
    left = set(known_refs)
    for result in results:
        if result.row > rows:
            raise ResultRefused(f"Line {result.row}: the batch has {rows} rows only.")
        if result.member_ref not in left:
            raise ResultRefused(f"Line {result.row}: nobody was asked about {result.member_ref!r}, or not twice.")
        if result.limit < 0 or (result.limit and result.status is ResultStatus.DECLINED):
            raise ResultRefused(f"Line {result.row}: a limit of {result.limit} does not go with {result.status.value}.")
        left.remove(result.member_ref)
