"""Tests of dispatch.balance.algorithms.random."""

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.random import RANDOM
from dispatch.test.balance.make import FakeRequest, turn
from dispatch.test.vectors import statistics


class RandomTests(SynchronousTestCase):
    def test_even(self) -> None:
        """All members that are picked directly come equally often, and the cursor stays."""
        one = turn(*(0,) * 8, use_default=True, seed=5060, cursor=3)
        counts = Counter(RANDOM.pick(one, FakeRequest()) for _ in range(50_000))
        self.assertTrue(statistics.fits(counts, dict.fromkeys(range(7), 1 / 7)))
        self.assertEqual(one.cursor, 3)

    def test_source_is_passed_in(self) -> None:
        """The same source gives the same numbers."""
        once, again = (
            [RANDOM.pick(one, FakeRequest()) for _ in range(50)] for one in (turn(*(0,) * 9), turn(*(0,) * 9))
        )
        self.assertEqual(once, again)
