"""Tests of dispatch.balance.latency."""

from __future__ import annotations

from statistics import mean, stdev

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.latency import Latency


class LatencyTests(SynchronousTestCase):
    @given(st.lists(st.integers(0, 10_000), min_size=2, max_size=9))
    def test_of_few(self, values: list[int]) -> None:
        """Of few samples average, deviation and bounds are what they are, and the estimate is the average."""
        one = Latency()
        for value in values:
            one.add(value, 0.9)
        self.assertAlmostEqual(one.average, mean(values), places=6)
        self.assertAlmostEqual(one.deviation, stdev(values), places=4)
        self.assertEqual((one.least, one.most, one.estimate), (min(values), max(values), one.average))

    def test_first(self) -> None:
        """The first sample is everything."""
        one = Latency()
        one.add(40, 0.9)
        self.assertEqual((one.average, one.estimate, one.least, one.most, one.deviation), (40, 40, 40, 40, 0))

    def test_estimate(self) -> None:
        """Later the estimate follows what comes now, the average hardly does; the difference is congestion."""
        one = Latency()
        for value in [100, 110] * 6:
            one.add(value, 0.9)
        before = one.estimate
        one.add(1000, 0.9)
        self.assertAlmostEqual(one.estimate, before * 0.9 + 100)
        self.assertAlmostEqual(one.congestion, one.estimate - one.average)
        self.assertEqual(Latency().congestion, 0)

    def test_known(self) -> None:
        """What the list says counts as well known, and a deviation that stays small makes it so too."""
        one = Latency(50)
        self.assertEqual((one.average, one.estimate, one.least, one.most, one.samples), (50, 50, 50, 50, 10_000))
        steady = Latency()
        for _ in range(11):
            steady.add(20, 0.9)
        self.assertEqual(steady.samples, 10_000)

    def test_bounded(self) -> None:
        """The number of samples ends somewhere, and the deviation goes on to follow."""
        one = Latency(50)
        one.samples = 1 << 21
        one.add(70, 0.9)
        self.assertEqual(one.samples, 1 << 21)
        self.assertGreater(one.deviation, 0)
