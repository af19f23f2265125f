"""Tests of dispatch.balance.turn."""

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.turn import Turn


class TurnTests(SynchronousTestCase):
    def test_a_clone_goes_on_alone(self) -> None:
        """A clone gives what the turn will give, and moves nothing of it."""
        turn = Turn(5, 4, Random(1), cursor=2)
        clone = turn.clone()
        foretold = [clone.random.random() for _ in range(3)]
        clone.cursor = 4
        self.assertEqual((turn.cursor, turn.size, turn.choices), (2, 5, 4))
        self.assertEqual((clone.size, clone.choices), (5, 4))
        self.assertEqual([turn.random.random() for _ in range(3)], foretold)
