"""Which lines of a bank's answer are believed. That a limit is the sum of its reasons, the SDK has seen to."""

from __future__ import annotations

from collections.abc import Sequence

from openscf.programs import PrequalificationResult, ResultStatus


class ResultRefused(ValueError):
    """A line of a bank's answer that can't be believed; the message names it and says why."""


def check_results(results: Sequence[PrequalificationResult], *, after: int, refs: Sequence[str], is_last: bool) -> None:
    """See that a page answers the rows of the batch one by one, and gives a limit to nobody who was declined.

    :param after: the last row that was answered before
    :param refs: `member_ref` of all rows of the batch, in its order
    :param is_last: whether the bank says that no page follows
    :raise ResultRefused: naming the first line that can't be believed
    """
    for row, result in enumerate(results, start=after + 1):
        if result.row != row or row > len(refs):
            raise ResultRefused(f"Row {row} of {len(refs)} was next; the bank answers row {result.row}.")
        if result.member_ref != refs[row - 1]:
            raise ResultRefused(f"Row {row} is about {refs[row - 1]}; the bank answers about {result.member_ref}.")
        if result.limit < 0 or (result.limit and result.status is ResultStatus.DECLINED):
            raise ResultRefused(f"Row {row}: a limit of {result.limit} does not go with {result.status.value}.")
    answered = after + len(results)
    if is_last and answered != len(refs):
        raise ResultRefused(f"The bank answers {answered} of {len(refs)} rows.")
