"""Tests of dispatch.balance.algorithms.random."""

from collections import Counter
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.random import RANDOM
from dispatch.balance.turn import Turn
from dispatch.test.balance.make import FakeRequest
from dispatch.test.vectors import statistics


class RandomTests(SynchronousTestCase):
    def test_even(self) -> None:
        """All members that are picked directly come equally often, and the cursor stays."""
        turn = Turn(8, 7, Random(5060), cursor=3)
        counts = Counter(RANDOM.pick(turn, FakeRequest()) for _ in range(50_000))
        self.assertTrue(statistics.fits(counts, dict.fromkeys(range(7), 1 / 7)))
        self.assertEqual(turn.cursor, 3)

    def test_source_is_passed_in(self) -> None:
        """The same source gives the same numbers."""
        once, again = (
            [RANDOM.pick(turn, FakeRequest()) for _ in range(50)]
            for turn in (Turn(9, 9, Random(1)), Turn(9, 9, Random(1)))
        )
        self.assertEqual(once, again)
