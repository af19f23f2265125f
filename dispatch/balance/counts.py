"""What is counted of the requests to a destination."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

BOUNDS: Final = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700),
    *(1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 60_000),
)
"""Milliseconds: the upper bounds of what is counted together; what takes longer counts with the last."""
_LAST: Final = len(BOUNDS) - 1


class Counts:
    """What became of the requests to a destination, or to several.

    Attributes:
        answers: final answers by class, from 2xx to 6xx.
        timeouts: requests without an answer.
        unreachable: those that the network refused.
        took: how many first answers, provisional ones included, came within each of `BOUNDS` and not the one before.
    """

    __slots__ = ("answers", "timeouts", "took", "unreachable")

    def __init__(self) -> None:
        self.answers = [0] * 5
        self.timeouts = 0
        self.unreachable = 0
        self.took = [0] * len(BOUNDS)

    def answered_after(self, seconds: float) -> None:
        """The first answer to a request came."""
        took = bisect_left(BOUNDS, seconds * 1000)
        self.took[min(took, _LAST)] += 1

    def add(self, other: Counts) -> None:
        """Count those of another one too."""
        self.answers = [one + more for one, more in zip(self.answers, other.answers, strict=True)]
        self.timeouts += other.timeouts
        self.unreachable += other.unreachable
        self.took = [one + more for one, more in zip(self.took, other.took, strict=True)]


def percentile(took: Sequence[int], percent: int) -> int:
    """The bound, in ms, within which so many of a hundred came; -1 where there were none.

    Args:
        took: as in `Counts`.
        percent: 1 to 100.
    """
    wanted, seen = sum(took) * percent, 0
    if not wanted:
        return -1
    for bound, count in zip(BOUNDS, took, strict=True):
        seen += count
        if seen * 100 >= wanted:
            return bound
    return BOUNDS[_LAST]
