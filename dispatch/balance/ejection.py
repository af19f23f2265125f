"""Outlier ejection: which destinations live traffic shows to be bad, and for how long they are kept out.

Nothing here knows the time but by what it is told.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ejection:
    """``[health.ejection]``: when a destination is taken out because of what becomes of calls there.

    Attributes:
        consecutive_failures: so many failures in a row eject; 0: none do.
        codes: answers that are failures.
        timeouts: whether no answer is one.
        unreachable: whether a network that refuses is one.
        success_rate_factor: a success rate below the mean of its set by more than so many standard deviations ejects;
            0: none does.
        minimum_calls: requests in an interval without which a success rate says nothing.
        minimum_destinations: destinations of a set with that many requests, without which there is no mean.
        interval: seconds from one look at the success rates to the next.
        base_time: seconds out, times how often it was ejected lately.
        max_time: seconds out, at most.
        max_ejected_percent: of a set, at most.
    """

    consecutive_failures: int = 0
    codes: tuple[int, ...] = (500, 502, 503, 504)
    timeouts: bool = True
    unreachable: bool = True
    success_rate_factor: float = 0.0
    minimum_calls: int = 100
    minimum_destinations: int = 5
    interval: float = 10.0
    base_time: float = 30.0
    max_time: float = 300.0
    max_ejected_percent: int = 50

    @property
    def is_on(self) -> bool:
        """Whether anything can be ejected."""
        return self.consecutive_failures > 0 or self.success_rate_factor > 0
