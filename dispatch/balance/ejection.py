"""Outlier ejection: which destinations live traffic shows to be bad, and for how long they are kept out.

Nothing here knows the time but by what it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, pstdev

from dispatch.balance.conduct import Conduct


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


def note(conduct: Conduct, settings: Ejection, *, is_failure: bool) -> bool:
    """Count the outcome of a request; True when there have been too many failures in a row."""
    conduct.calls += 1
    if not is_failure:
        conduct.in_a_row = 0
        return False
    conduct.failed += 1
    conduct.in_a_row += 1
    return 0 < settings.consecutive_failures <= conduct.in_a_row


def outliers(conducts: Sequence[Conduct], settings: Ejection) -> list[tuple[Conduct, float, float]]:
    """Those of a set whose success rate in this interval is too far below the mean, the worst first.

    Returns:
        Each with its rate and the rate below which it is an outlier, both 0.0 to 1.0.
    """
    rates = [
        ((one.calls - one.failed) / one.calls, one)
        for one in conducts
        if not one.is_out and one.calls >= settings.minimum_calls
    ]
    if not settings.success_rate_factor or len(rates) < settings.minimum_destinations:
        return []
    values = [rate for rate, _ in rates]
    least = mean(values) - settings.success_rate_factor * pstdev(values)
    found = [(one, rate, least) for rate, one in rates if rate < least]
    return sorted(found, key=lambda row: row[1])


def begin_interval(conduct: Conduct) -> None:
    """Count anew; one interval that it was not out for makes up for one ejection."""
    conduct.calls = conduct.failed = 0
    if conduct.ejections and not conduct.is_out:
        conduct.ejections -= 1


def may_eject(out: int, size: int, settings: Ejection) -> bool:
    """Whether one more of a set may be ejected.

    Args:
        out: how many are.
        size: of the set.
        settings: the most in percent.
    """
    return (out + 1) * 100 <= settings.max_ejected_percent * size


def eject(conduct: Conduct, settings: Ejection) -> float:
    """It is ejected once more; for how many seconds."""
    conduct.ejections += 1
    conduct.in_a_row = 0
    return min(settings.base_time * conduct.ejections, max(settings.max_time, settings.base_time))
