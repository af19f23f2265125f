"""Tests of what is counted of requests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.counts import BOUNDS, Counts, percentile


def took(*milliseconds: float) -> list[int]:
    counts = Counts()
    for one in milliseconds:
        counts.answered_after(one / 1000)
    return counts.took


class PercentileTests(SynchronousTestCase):
    def test_bounds(self) -> None:
        """A time counts with the lowest bound that is not below it; what is beyond all of them with the last."""
        for milliseconds, bound in ((0, 1), (1, 1), (1.5, 2), (8, 10), (60_000, 60_000), (600_000, 60_000)):
            self.assertEqual(percentile(took(milliseconds), 50), bound)

    def test_parts(self) -> None:
        """Of a hundred times each percentile is the bound of the one that is so far up."""
        times = took(*[4.0] * 50, *[40.0] * 45, *[400.0] * 4, 4000.0)
        self.assertEqual([percentile(times, one) for one in (50, 51, 95, 96, 99, 100)], [5, 50, 50, 500, 500, 5000])

    def test_none(self) -> None:
        """Without a time there is no percentile."""
        self.assertEqual(percentile(took(), 50), -1)

    @given(st.lists(st.floats(0, 59_000), min_size=1), st.integers(1, 100))
    def test_is_no_less_than_the_exact_one(self, times: list[float], percent: int) -> None:
        """A percentile is the bound that the exact one lies below, and the next lower bound lies below it."""
        ordered = sorted(times)
        exact = ordered[-(-len(times) * percent // 100) - 1]
        bound = percentile(took(*times), percent)
        index = BOUNDS.index(bound)
        self.assertLessEqual(exact, bound * 1.000001)
        self.assertTrue(index == 0 or exact > BOUNDS[index - 1] * 0.999999)


class AddTests(SynchronousTestCase):
    def test_sum(self) -> None:
        """Several destinations together have the sum of each number."""
        one, other = Counts(), Counts()
        one.answers, one.timeouts, one.took[3] = [1, 2, 3, 4, 5], 6, 7
        other.answers, other.unreachable, other.took[3] = [10, 0, 0, 0, 1], 8, 1
        one.add(other)
        self.assertEqual((one.answers, one.timeouts, one.unreachable, one.took[3]), ([11, 2, 3, 4, 6], 6, 8, 8))
