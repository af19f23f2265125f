"""Tests of dispatch.test.vectors.statistics."""

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.vectors import statistics


class FitsTests(SynchronousTestCase):
    def test_known_bounds(self) -> None:
        """The bound is not below what tables give for one in a million, and not far above."""
        for kinds, known in ((2, 23.9), (10, 45.1), (100, 176.0)):
            bound = statistics.bound(dict.fromkeys(range(kinds), 1 / kinds))
            self.assertTrue(known * 0.97 < bound < known * 1.2, bound)

    def test_fair(self) -> None:
        """A fair sample fits."""
        random = Random(1)
        counts = dict.fromkeys(range(6), 0)
        for _ in range(60_000):
            counts[random.randrange(6)] += 1
        self.assertTrue(statistics.fits(counts, dict.fromkeys(range(6), 1 / 6)))

    def test_unfair(self) -> None:
        """One that is 3% off does not, nor one with something that can't come."""
        self.assertFalse(statistics.fits({1: 51_500, 2: 48_500}, {1: 0.5, 2: 0.5}))
        self.assertFalse(statistics.fits({1: 50, 2: 50, 3: 1}, {1: 0.5, 2: 0.5, 3: 0.0}))

    def test_only_one(self) -> None:
        """Where only one thing can come, it must."""
        self.assertTrue(statistics.fits({1: 100}, {1: 1.0}))
        self.assertFalse(statistics.fits({2: 100}, {1: 1.0}))
