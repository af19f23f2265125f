"""How fast a destination answers (`ds_ping_latency_stats`)."""

from __future__ import annotations

from math import sqrt
from typing import Final

_MOST: Final = 1 << 21  # samples
_FIRST: Final = 10  # samples after which the estimate goes its own way
_TRAINED: Final = 10_000
_STEADY: Final = 0.5  # ms of deviation


class Latency:
    """Milliseconds from a probe to its answer.

    Args:
        known: what the list says (``latency=``); 0 where it says nothing.

    Attributes:
        samples: how many there were; 10,000 where the average is known to be good.
        average: of all samples.
        estimate: of what it is now: the later a sample, the more it weighs.
        deviation: standard deviation.
        least: the shortest.
        most: the longest.
        timeouts: probes without an answer.
    """

    __slots__ = ("_squares", "average", "deviation", "estimate", "least", "most", "samples", "timeouts")

    def __init__(self, known: int = 0) -> None:
        self.samples = _TRAINED if known else 0
        self.average = self.estimate = float(known)
        self.least = self.most = known
        self.deviation = self._squares = 0.0
        self.timeouts = 0

    def add(self, value: int, alpha: float) -> None:
        """An answer came.

        Args:
            value: ms.
            alpha: weight of the estimate before, 0 to 1 (`ds_latency_estimator_alpha` is in thousandths).
        """
        self._count()
        if self.samples == 1:
            self.average = self.estimate = float(value)
            self.least = self.most = value
            return
        self.least, self.most = min(self.least, value), max(self.most, value)
        distance = value - self.average
        self.average += distance / self.samples
        self._squares += distance * (value - self.average)
        self.deviation = sqrt(self._squares / (self.samples - 1))
        if self.samples < _FIRST:
            self.estimate = self.average
        else:
            self.estimate = self.estimate * alpha + value * (1 - alpha)

    def _count(self) -> None:
        if self.samples < _MOST:
            self.samples += 1
        else:
            self._squares -= self._squares / self.samples
        if _FIRST < self.samples < _TRAINED and self.deviation < _STEADY:
            self.samples = _TRAINED

    @property
    def congestion(self) -> float:
        """How much longer it takes now than usual, in ms."""
        return max(0.0, self.estimate - self.average)
